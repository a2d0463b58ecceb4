//! Bytes that are damaged, however: an error or a fleet, soon, and no memory that the bytes do not pay for.

use proptest::prelude::*;

use super::super::*;
use super::sample;
use crate::clock::processor_time;
use crate::fleet::stored::{StoredError, change};

fn bytes() -> Vec<u8> {
    sample::fleet(options(PlatformName::Nsight)).to_bytes().expect("stored")
}

fn read(bytes: &[u8]) -> Result<Fleet, StoredError> {
    Fleet::from_bytes(bytes, options(PlatformName::Nsight))
}

#[test]
fn cut_or_continued_it_is_no_fleet() {
    let mut bytes = bytes();
    for length in 0..bytes.len() {
        assert!(matches!(read(&bytes[..length]), Err(StoredError::Unreadable(_))), "{length} bytes");
    }
    bytes.push(0);
    assert!(matches!(read(&bytes), Err(StoredError::TooLong)));
    let mut updates = change::updates_to_bytes(&sample::updates()).expect("stored");
    for length in 0..updates.len() {
        change::updates_from_bytes(&updates[..length]).expect_err("cut");
    }
    updates.push(0);
    assert!(matches!(change::updates_from_bytes(&updates), Err(StoredError::TooLong)));
}

/// The place of `Update::Antivirus` among its variants.
const ANTIVIRUS: u32 = 8;

/// The largest length that there is, wherever a length may stand.
#[test]
fn lengths_that_are_not_true_cost_nothing() {
    let began = processor_time();
    let bytes = bytes();
    for place in 0..bytes.len() {
        for length in
            [&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01][..], &[0xff, 0xff, 0xff, 0xff, 0x07]]
        {
            let damaged = [&bytes[..place], length, &bytes[place + 1..]].concat();
            drop(read(&damaged));
        }
    }
    let took = processor_time().saturating_sub(began);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn times_and_days_outside_the_calendar_are_errors() {
    // A part of the client list is its value and its time: one client less is none.
    let with_time = |seconds: i64, nanoseconds: i32| {
        let fleet = postcard::to_stdvec(&(1_u64, Some((Vec::<u8>::new(), (seconds, nanoseconds))))).expect("bytes");
        let empty = Fleet::new(options(PlatformName::Nsight)).to_bytes().expect("stored");
        // The rest of an empty fleet, after its revision and missing clients.
        read(&[&fleet[..], &empty[2..]].concat())
    };
    assert!(with_time(1_772_600_000, 5).is_ok());
    for (seconds, nanoseconds) in
        [(i64::MAX, 0), (i64::MIN, 0), (253_402_300_800, 0), (0, 1_000_000_000), (0, i32::MIN)]
    {
        assert!(with_time(seconds, nanoseconds).is_err(), "{seconds} {nanoseconds}");
    }
    let with_day = |days: &[(i32, DayStatus)]| {
        let history = (None::<bool>, None::<i32>, None::<u64>, days.to_vec());
        let bytes = postcard::to_stdvec(&(1_usize, ANTIVIRUS, "100", Some(history))).expect("bytes");
        change::updates_from_bytes(&bytes)
    };
    let day = |year: i32, month: i32, day: i32| (year * 12 + month - 1) * 31 + day - 1;
    let status = DayStatus::Pass;
    assert!(with_day(&[(day(2026, 3, 4), status), (-1, status)]).is_ok());
    for first in [day(2026, 2, 29), day(10_000, 1, 1), day(-10_000, 12, 31), i32::MAX, i32::MIN] {
        assert!(with_day(&[(first, status)]).is_err(), "{first}");
    }
    assert!(with_day(&[(day(2026, 3, 4), status), (i32::MAX, status)]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = bytes();
        for (place, mask) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= mask;
        }
        if let Ok(fleet) = read(&bytes) {
            // What can be read can be used.
            drop((fleet.known(), fleet.current(at(60))));
        }
    }

    #[test]
    fn anything(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop((read(&bytes), change::updates_from_bytes(&bytes), change::gone_from_bytes(&bytes)));
    }
}
