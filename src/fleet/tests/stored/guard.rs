//! What is stored holds to its format number.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_reflection::{Registry, Tracer, TracerConfig};

use super::super::*;
use super::{same, sample};
use crate::fleet::stored::{FORMAT, change};

/// What to do when a test here fails.
const REMEDY: &str = "what is stored changed its meaning: raise FORMAT in src/fleet/stored.rs, so that fleets of before are not \
                      misread, and write the new fixtures with UPDATE_FIXTURES=1 (unless FORMAT was raised since the last release)";

/// Compares with the committed file of this format, or writes it.
fn hold(name: &str, extension: &str, now: &[u8]) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state");
    let path = folder.join(format!("{name}-{FORMAT}.{extension}"));
    if std::env::var_os("UPDATE_FIXTURES").is_some_and(|value| value == "1") {
        std::fs::write(&path, now).expect("written");
    }
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: {REMEDY}", path.display()))
}

#[test]
fn a_fleet_with_everything_is_stored_as_ever() {
    let fleet = sample::fleet(options(PlatformName::Nsight));
    let bytes = fleet.to_bytes().expect("stored");
    let committed = hold("fleet", "bin", &bytes);
    assert!(bytes == committed, "{REMEDY}");
    let read = Fleet::from_bytes(&committed, options(PlatformName::Nsight)).expect("a fleet");
    // Custom fields that nothing looks at are dropped when the names are known.
    let mut expected = fleet;
    expected.keep_by(options(PlatformName::Nsight));
    assert!(same(&read, &expected), "{REMEDY}\n{read:#?}");
}

#[test]
fn changes_with_everything_are_stored_as_ever() {
    let updates = sample::updates();
    let bytes = change::updates_to_bytes(&updates).expect("stored");
    let committed = hold("updates", "bin", &bytes);
    assert!(bytes == committed, "{REMEDY}");
    assert_eq!(change::updates_from_bytes(&committed).expect("updates"), updates, "{REMEDY}");

    let gone = sample::gone();
    let bytes = gone.each_ref().map(|gone| change::gone_to_bytes(gone).expect("stored"));
    let committed = hold("gone", "bin", &bytes.concat());
    assert!(bytes.concat() == committed, "{REMEDY}");
    let mut rest = &committed[..];
    for (gone, bytes) in gone.iter().zip(bytes) {
        let (one, after) = rest.split_at(bytes.len());
        assert_eq!(change::gone_from_bytes(one).expect("gone"), *gone, "{REMEDY}");
        rest = after;
    }
}

/// The samples have every variant; a new one does not compile until it is counted here.
#[test]
fn the_samples_have_every_variant() {
    let update = |update: &Update| match update {
        Update::Clients(..) => 0,
        Update::ClientsAndSites(..) => 1,
        Update::Sites(..) => 2,
        Update::Devices(DeviceList::Account, _) => 3,
        Update::Devices(DeviceList::Client(..), _) => 4,
        Update::Devices(DeviceList::Site(..), _) => 5,
        Update::Failing(..) => 6,
        Update::FailingAt(..) => 7,
        Update::Checks(..) => 8,
        Update::Tasks(..) => 9,
        Update::Antivirus(..) => 10,
        Update::Backup(..) => 11,
        Update::Patches(..) => 12,
        Update::Reading(..) => 13,
        Update::Selections(..) => 14,
        Update::TimeZone(..) => 15,
        Update::AntivirusProducts(..) => 16,
        Update::AntivirusDefinitions(..) => 17,
        Update::Licenses(..) => 18,
        Update::Directory(..) => 19,
        Update::Server(..) => 20,
        Update::Alerts(..) => 21,
        Update::FieldNames(..) => 22,
        Update::Incomplete(..) => 23,
    };
    let reading = |reading: &Reading| match reading {
        Reading::Threats(..) => 0,
        Reading::Quarantined(..) => 1,
        Reading::Scans(..) => 2,
        Reading::Sessions(..) => 3,
        Reading::Selection(..) => 4,
        Reading::Outages(..) => 5,
        Reading::Performance(..) => 6,
        Reading::Drives(..) => 7,
        Reading::Stores(..) => 8,
        Reading::Assets(..) => 9,
        Reading::Details(..) => 10,
    };
    let mut updates: Vec<i32> = sample::updates().iter().map(update).collect();
    updates.sort_unstable();
    updates.dedup();
    assert_eq!(updates, (0..=23).collect::<Vec<_>>());
    assert_eq!(sample::readings().iter().map(reading).collect::<Vec<_>>(), (0..=10).collect::<Vec<_>>());
    let gone = |gone: &Gone| match gone {
        Gone::Device(_) => 0,
        Gone::Site(_) => 1,
        Gone::Client(_) => 2,
    };
    assert_eq!(sample::gone().each_ref().map(gone), [0, 1, 2]);
}

/// Every type that is stored with its fields and variants in their order, whatever values a sample happens to have.
fn model() -> Registry {
    // A text that every reader of a text takes: a label, an id, the name of a zone.
    let config = TracerConfig::default().default_borrowed_str_value("UTC").default_string_value("UTC".to_owned());
    let mut tracer = Tracer::new(config);
    let samples = serde_reflection::Samples::new();
    macro_rules! trace {
        ($($traced:ty),+ $(,)?) => {
            $(tracer.trace_type::<$traced>(&samples).unwrap_or_else(|error| panic!(concat!(stringify!($traced), ": {}"), error));)+
        };
    }
    // Enums must be named each; the registry refuses one that is left out.
    trace!(
        Kind,
        OsFamily,
        Feature,
        AntivirusEngine,
        CustomValue,
        CheckState,
        Severity,
        DayStatus,
        ScanType,
        SessionStatus,
        DeviceList,
        Reading,
        Gone,
        Update,
        Fleet,
    );
    tracer.registry().expect("every enum is traced to its last variant")
}

#[test]
fn the_model_is_the_one_of_the_format() {
    let mut text = String::new();
    for (name, format) in model() {
        writeln!(text, "{name} {format:?}").expect("written");
    }
    // Numbers by place: the order of the names is the meaning.
    writeln!(text, "patches {:?} {:?}", PatchStatus::LABELS, PatchSeverity::LABELS).expect("written");
    writeln!(text, "threats {:?}", ThreatStatus::LABELS).expect("written");
    writeln!(text, "directory {:?}", DirectoryStatus::LABELS).expect("written");
    writeln!(text, "outages {:?}", OutageReason::LABELS).expect("written");
    writeln!(text, "pings {:?}", ServerState::PINGED).expect("written");
    let alerts: Vec<_> = OpenAlerts::default().all().map(|(severity, kind, _)| (severity, kind)).collect();
    writeln!(text, "alerts {alerts:?}").expect("written");
    let committed = String::from_utf8(hold("model", "txt", text.as_bytes())).expect("UTF-8");
    let difference: Vec<_> = committed.lines().zip(text.lines()).find(|(old, new)| old != new).into_iter().collect();
    assert!(text == committed, "{REMEDY}\nfirst difference: {difference:?}");
}
