//! How full the drives and Exchange stores of N-sight devices are, day by day.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::nsight::{NsightCheck, NsightDevice};
use super::{World, time};

/// Days in a history.
const DAYS: i64 = 40;

/// A drive or an Exchange store with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightVolume {
    /// The check that measures it.
    pub check_id: u64,
    /// Its name, as it is sent: `C`, `C:`, `/`, the name of a store.
    pub name: String,
    /// Name of the element that holds the name.
    pub element: &'static str,
    /// Days of UTC with the space used in MB, in the order of the answer.
    pub days: Vec<(Date, u64)>,
}

impl World {
    /// The drives of a device that has a drive space check.
    #[must_use]
    pub fn nsight_drives(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightVolume> {
        let names: &[&str] = match device.os.as_str() {
            os if os.contains("Server") => &["C", "D", "E"],
            os if os.contains("Windows") => &["C", "X"],
            _ => &["/", "/srv/Bücher & mehr"],
        };
        let element = device.chance.of(850).pick(&["letter", "drive", "name"]);
        let colon = device.chance.of(851).happens(500);
        let spelled =
            |name: &str| if colon && name.len() == 1 && name != "/" { format!("{name}:") } else { name.to_owned() };
        self.volumes(device, (1004, 860), names, at)
            .map(|volume| NsightVolume { name: spelled(&volume.name), element, ..volume })
            .collect()
    }

    /// The stores of a Windows server that has an Exchange check.
    #[must_use]
    pub fn nsight_stores(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightVolume> {
        let element = device.chance.of(852).pick(&["store", "name", "database"]);
        let names = ["Mailbox Database 0815", "Öffentliche Ordner & mehr", "Archiv <alt>"];
        self.volumes(device, (1005, 870), &names, at).map(|volume| NsightVolume { element, ..volume }).collect()
    }

    /// The first of these always, each of the others on half of the devices.
    fn volumes(
        &self,
        device: &NsightDevice,
        (check_type, stream): (u32, u64),
        names: &[&str],
        at: Timestamp,
    ) -> impl Iterator<Item = NsightVolume> {
        let check = self.nsight_checks(device, at).into_iter().find(|check| check.check_type == check_type);
        let volumes = names.iter().zip(0..).filter_map(move |(name, index)| {
            let check = check.as_ref()?;
            let listed = index == 0 || device.chance.of(stream).of(index).happens(500);
            listed.then(|| NsightVolume {
                check_id: check.id,
                name: (*name).to_owned(),
                element: "",
                days: days(device, check, stream + index, at),
            })
        });
        volumes.collect::<Vec<_>>().into_iter()
    }
}

fn days(device: &NsightDevice, check: &NsightCheck, stream: u64, at: Timestamp) -> Vec<(Date, u64)> {
    if check.status == 0 {
        return Vec::new(); // It never ran.
    }
    let chance = device.chance.of(stream);
    let newest = time(device.awake_until(at)).to_zoned(TimeZone::UTC).date();
    let (first, growth) = (10_000 + chance.of(1).below(900_000), 1 + chance.of(2).below(500));
    let days = (0..DAYS).rev().map(|age| newest.saturating_sub(age.days())).filter(|day| *day >= device.installed);
    let mut days: Vec<_> = days
        .map(|day| {
            let number = u64::from(day.day_of_year().unsigned_abs());
            (day, first + number * growth + chance.of(3).of(number).below(2_000))
        })
        .collect();
    // Nothing is said about the order.
    if device.chance.of(853).happens(400) {
        days.reverse();
    }
    days
}
