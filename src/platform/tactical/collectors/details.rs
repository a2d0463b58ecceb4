//! Collector `details`: `/agents/{id}/`.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::super::call::Call;
use super::super::decode::Decoder;
use super::super::wire::array::{ArrayError, one_object, read_object};
use super::super::wire::detail::{Detail, Disk};
use super::{ratio, sweep};
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{Details, Drive, View, disk_label};
use crate::planner::{ReadCall, Want};
use crate::platform::bounds;

const GIB: u64 = 1 << 30;

/// One call for each agent.
pub fn wants(config: CollectorConfig, known: &View) -> impl Iterator<Item = Want<Call>> {
    sweep(Collector::Details, config, known, |_| true, Call::Agent)
}

/// Keeps a few fields of a large answer.
pub fn decode(decoder: &Decoder, call: &Call, body: &str, now: Timestamp) -> Result<Details, ArrayError> {
    let detail: Detail = one_object(body)?;
    Ok(Details {
        disks: disks(decoder, call, &detail.disks.unwrap_or_default())?,
        // No machine runs on less than a gigabyte that was rounded down to nothing: 0 is what the agent could not tell.
        memory_bytes: detail.total_ram.and_then(|size| bounds::memory(size.checked_mul(GIB)?)),
        offline_after: detail.offline_time.and_then(bounds::minutes),
        overdue_after: detail.overdue_time.and_then(bounds::minutes),
        patches_last_installed: detail.patches_last_installed.and_then(|time| bounds::reported(time.0, now)),
    })
}

/// A disk that is mounted twice is listed twice; it is one disk.
fn disks(decoder: &Decoder, call: &Call, records: &[&RawValue]) -> Result<Vec<Drive>, ArrayError> {
    if records.len() > call.max_records() {
        return Err(ArrayError::TooMany(call.max_records()));
    }
    let (mut bad, mut first) = (0_usize, String::new());
    let (mut drives, mut seen) = (Vec::new(), HashSet::new());
    for record in records {
        match read_object::<Disk<'_>>(record).map(|disk| drive(&disk)) {
            Ok(drive) if !drive.disk.as_str().is_empty() => {
                if seen.insert(drive.disk.clone()) {
                    drives.push(drive);
                }
            }
            other => {
                bad += 1;
                first = other.err().unwrap_or_else(|| "the disk has no name".to_owned());
            }
        }
    }
    decoder.notices.bad_records(call.name(), bad, records.len(), &first);
    Ok(drives)
}

fn drive(disk: &Disk<'_>) -> Drive {
    Drive {
        disk: disk_label(&disk.device),
        used_bytes: disk.used.as_deref().and_then(bytes),
        size_bytes: disk.total.as_deref().and_then(bytes),
        used_ratio: disk.percent.and_then(ratio),
    }
}

/// A size as agents write it for people: a number, then the unit, with or without blank, `B` or `iB`. Units are powers of
/// 1024, whatever they are called. Without a unit it is bytes.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let unit = unit.trim().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let power = match unit.strip_suffix('i').filter(|prefix| !prefix.is_empty()).unwrap_or(unit) {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return None,
    };
    let size: f64 = decimal(number)?.parse().ok()?;
    let size = (size * 1024_f64.powi(power)).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number in range, never negative"
    )]
    (size < 2_f64.powi(63)).then_some(size as u64).and_then(bounds::bytes)
}

/// A number in the form that can be parsed. A comma is the mark of thousands when nothing but groups of three digits
/// follows, else that of decimals.
fn decimal(number: &str) -> Option<String> {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut groups = whole.split(',');
    let head = groups.next().filter(|head| !head.is_empty())?;
    let rest: Vec<&str> = groups.collect();
    let thousands = head.len() <= 3 && !head.starts_with('0') && rest.iter().all(|group| group.len() == 3);
    let (whole, fraction) = match (rest.as_slice(), fraction) {
        ([], fraction) => (head.to_owned(), fraction),
        (rest, fraction) if thousands => (format!("{head}{}", rest.concat()), fraction),
        ([decimals], None) if decimals.len() != 3 => (head.to_owned(), Some(*decimals)),
        _ => return None,
    };
    Some(fraction.map_or_else(|| whole.clone(), |fraction| format!("{whole}.{fraction}")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::ChecksMode;
    use crate::fleet::{DeviceId, Label};

    const NOW: &str = "2026-11-21T02:23:52Z";

    fn read(body: &str) -> Result<Details, ArrayError> {
        decode(
            &Decoder::new("test", ChecksMode::Failing),
            &Call::Agent(DeviceId::new("a")),
            body,
            NOW.parse().expect("time"),
        )
    }

    fn disks_of(disks: &str) -> Vec<Drive> {
        read(&format!(r#"{{"agent_id":"a","disks":{disks}}}"#)).expect("an agent").disks
    }

    #[test]
    fn sizes_in_every_style() {
        const KIB: u64 = 1024;
        for (text, size) in [
            ("0 B", Some(0)),
            ("512", Some(512)),
            ("512K", Some(512 * KIB)),
            ("512 KiB", Some(512 * KIB)),
            ("481.6 MB", Some(504_994_202)),
            ("84.2G", Some(90_409_061_581)),
            ("109.0 GB", Some(109 * GIB)),
            ("1.2T", Some(1_319_413_953_331)),
            ("1.0 TB", Some(1024 * GIB)),
            ("2 pb", Some(2 * 1024 * 1024 * GIB)),
            (" 7\u{a0}GiB ", Some(7 * GIB)),
            ("1,024.0 MB", Some(GIB)),
            ("1,048,576 K", Some(GIB)),
            ("1,024 MB", Some(GIB)),
            ("1,5 GB", Some(GIB + GIB / 2)),
            ("0,5G", Some(GIB / 2)),
            ("5.", Some(5)),
            // Either could be meant.
            ("0,512 GB", None),
            ("1,02,4 MB", None),
            ("1,5.0 GB", None),
            ("", None),
            ("GB", None),
            (".", None),
            (",5 GB", None),
            ("1.2.3 GB", None),
            ("-1 GB", None),
            ("12 X", None),
            ("12 iB", None),
            ("12 GBB", None),
            ("unknown", None),
            ("9999999999999 PB", None),
            ("1024 PB", Some(bounds::MOST_BYTES)),
            ("1025 PB", None),
        ] {
            assert_eq!(bytes(text), size, "{text:?}");
        }
    }

    #[test]
    fn a_full_record() {
        let body = r#"{"agent_id":"a","hostname":"PC","total_ram":16,"offline_time":4,"overdue_time":30,
            "patches_last_installed":"2026-09-21T21:23:37.752366Z","services":[{"name":"x","deep":[[{"a":1}]]}],
            "wmi_detail":{"cpu":[[{"Name":"\ud800"}]]},"all_timezones":["UTC"],"disks":[
            {"free":"84.2G","used":"34.4G","total":"118.6G","device":"c","fstype":"NTFS","percent":29},
            {"free":"0 B","used":"10 GB","total":"10 GB","device":"/dev/mapper/vg-\"data\"","fstype":"xfs","percent":100}]}"#;
        let drive = |disk, used, size, ratio| Drive {
            disk: Label::new(disk),
            used_bytes: Some(used),
            size_bytes: Some(size),
            used_ratio: Some(ratio),
        };
        let expected = Details {
            disks: vec![
                drive("c:", 36_936_718_746, 127_345_780_326, 0.29),
                drive("/dev/mapper/vg-\"data\"", 10 * GIB, 10 * GIB, 1.0),
            ],
            memory_bytes: Some(16 * GIB),
            offline_after: Some(Duration::from_mins(4)),
            overdue_after: Some(Duration::from_mins(30)),
            patches_last_installed: "2026-09-21T21:23:37.752366Z".parse().ok(),
        };
        assert_eq!(read(body), Ok(expected));
    }

    #[test]
    fn what_is_null_missing_or_odd_is_unknown() {
        for fields in [
            r#""disks":null,"total_ram":null,"offline_time":null,"overdue_time":null,"patches_last_installed":null"#,
            r#""disks":{},"total_ram":"16","offline_time":-1,"overdue_time":1.5,"patches_last_installed":"soon""#,
            r#""total_ram":0,"disks":[]"#,
            r#""total_ram":1048577,"overdue_time":527041,"patches_last_installed":"2026-11-22T02:23:53Z""#,
            r#""total_ram":18446744073709551615,"overdue_time":18446744073709551615"#,
            r#""agent_id":"a""#,
        ] {
            assert_eq!(read(&format!("{{{fields}}}")), Ok(Details::default()), "{fields}");
        }
        assert_eq!(read("[]"), Err(ArrayError::NotAnObject));
        assert_eq!(read(r#"{"disks":["#), Err(ArrayError::CutOff));
    }

    #[test]
    fn a_bad_disk_spoils_itself_and_a_bad_size_only_the_size() {
        let disks = disks_of(
            r#"[7, [], {"device":null}, {"device":" "}, {"percent":5}, {"device":"D:","percent":"5","used":7,"total":"big"},
            {"device":"E:","percent":101,"used":"1G","total":null}, {"device":"E:","percent":1}]"#,
        );
        let drive = |disk, used_bytes| Drive { disk: Label::new(disk), used_bytes, size_bytes: None, used_ratio: None };
        assert_eq!(disks, [drive("D:", None), drive("E:", Some(GIB))], "the first entry of a disk counts");
    }

    #[test]
    fn the_number_of_disks_is_bounded() {
        let disks = vec!["{}"; 20_001].join(",");
        assert_eq!(read(&format!(r#"{{"disks":[{disks}]}}"#)), Err(ArrayError::TooMany(20_000)));
    }
}
