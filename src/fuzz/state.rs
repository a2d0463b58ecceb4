//! The state file.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::account::fleet_options;
use crate::config;
use crate::planner::Ledger as _;
use crate::state::untrusted::{file_of, read};

/// Where records end when the bytes are not a file but its records.
const SEPARATOR: [u8; 4] = [0xa5, 0x5a, 0xa5, 0x5a];

/// Reads the bytes as a state file; when the first one is odd, as the records of a file whose head and checksums are right.
///
/// # Panics
///
/// When what comes of it is larger than what is in it, or cannot be used.
pub fn state(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let file = if first % 2 == 0 { rest.to_vec() } else { file_of(records(rest).into_iter()) };
    let yaml = "accounts:\n  - name: a\n    platform: nsight\n    server: http://127.0.0.1:1\n    api_key: abcdef\n";
    let Ok(config) = config::parse(yaml, Path::new("fuzz"), &|_| None) else { return };
    let Some(account) = config.accounts.first() else { return };
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000);
    let read = read(&file, &fleet_options(account), now);
    assert!(read.ledger.entries().len() <= file.len(), "more calls than bytes");
    let _ = read.ledger.recent(now);
    if let Some(mut fleet) = read.fleet {
        assert!(!file.is_empty() || fleet.is_empty(), "something came of nothing");
        for time in [now, Timestamp::MIN, Timestamp::MAX] {
            let view = fleet.current(time);
            let label = view.devices.iter().map(|device| device.record.name.as_str().len()).max().unwrap_or_default();
            assert!(label <= 200, "a label of {label} bytes");
        }
        let _ = fleet.known();
        fleet.prune(now);
        let Ok(bytes) = fleet.to_bytes() else { return };
        assert!(crate::fleet::Fleet::from_bytes(&bytes, fleet_options(account)).is_ok(), "it cannot be stored again");
    }
}

fn records(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    while let Some(end) = bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        let (record, rest) = bytes.split_at(end);
        records.push(record);
        bytes = rest.get(SEPARATOR.len()..).unwrap_or_default();
    }
    records.push(bytes);
    records
}
