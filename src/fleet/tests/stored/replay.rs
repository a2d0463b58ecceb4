//! A stored fleet and the changes after it make the fleet that was never stored.

use proptest::prelude::*;

use super::super::*;
use super::{assert_same, looking_at_fields, same, sample};
use crate::fleet::stored::change;

/// Something that happens to a fleet.
#[derive(Clone, Debug)]
enum Change {
    Answer(Vec<Update>),
    Gone(Gone),
}

/// A small world in which objects come, move and go.
fn change() -> impl Strategy<Value = Change> {
    let id = || (0..6_u8).prop_map(|n| n.to_string());
    let kind = || prop_oneof![Just(Kind::Server), Just(Kind::Workstation)];
    let devices = || {
        let record =
            (id(), 0..3_u8, 0..4_u8, kind(), any::<Option<[u64; 5]>>()).prop_map(|(id, client, site, kind, seen)| {
                let (client, site) = (client.to_string(), site.to_string());
                DeviceRecord { check_counters: seen, ..device(&id, &client, &site, kind) }
            });
        prop::collection::vec(record, 0..5)
    };
    let clients = prop::collection::vec((0..3_u8, 0..2_u64), 0..4).prop_map(|all| {
        Update::Clients(all.into_iter().map(|(n, servers)| client(&n.to_string(), "Acme", servers, 1)).collect())
    });
    let sites = (0..3_u8, prop::collection::vec(0..4_u8, 0..3)).prop_map(|(client, all)| {
        let client = client.to_string();
        let sites = all.into_iter().map(|n| site(&n.to_string(), &client, &format!("{client} HQ"))).collect();
        Update::Sites(ClientKey::new(&client), sites)
    });
    let list = prop_oneof![
        Just(DeviceList::Account),
        (0..3_u8, kind()).prop_map(|(n, kind)| roster(&n.to_string(), kind)),
        (0..4_u8, kind()).prop_map(|(n, kind)| details(&n.to_string(), kind)),
    ];
    let listed = (list, devices()).prop_map(|(list, devices)| Update::Devices(list, devices));
    let failed = |device: DeviceRecord| FailingDevice { device, ..failing("0", true, false, false) };
    let reported = (prop::option::of(0..3_u8), devices()).prop_map(move |(client, devices)| {
        let devices = devices.into_iter().map(failed).collect();
        match client {
            Some(client) => Update::FailingAt(ClientKey::new(&client.to_string()), devices),
            None => Update::Failing(devices),
        }
    });
    let checked = id().prop_map(|id| Update::Checks(DeviceId::new(&id), DeviceChecks::default()));
    let update = prop_oneof![
        2 => clients,
        2 => sites,
        6 => listed,
        2 => reported,
        2 => checked,
        3 => prop::sample::select(sample::updates()),
    ];
    let update = (update, prop::bool::weighted(0.2))
        .prop_map(|(update, incomplete)| if incomplete { Update::Incomplete(Box::new(update)) } else { update });
    let gone = prop_oneof![
        id().prop_map(|id| Gone::Device(DeviceId::new(&id))),
        (0..4_u8).prop_map(|n| Gone::Site(SiteKey::new(&n.to_string()))),
        (0..3_u8).prop_map(|n| Gone::Client(ClientKey::new(&n.to_string()))),
    ];
    prop_oneof![
        5 => prop::collection::vec(update, 0..4).prop_map(Change::Answer),
        1 => gone.prop_map(Change::Gone),
    ]
}

/// A change as it is written down: its bytes, the revision that it leads to, its time.
enum Written {
    Answer(Vec<u8>, u64, Timestamp),
    Gone(Vec<u8>, u64, Timestamp),
}

fn make(fleet: &mut Fleet, change: &Change, at: Timestamp) -> Written {
    match change {
        Change::Answer(updates) => {
            let bytes = change::updates_to_bytes(updates).expect("stored");
            for update in updates {
                fleet.apply(update.clone(), at);
            }
            Written::Answer(bytes, fleet.revision(), at)
        }
        Change::Gone(gone) => {
            let bytes = change::gone_to_bytes(gone).expect("stored");
            fleet.forget(gone, at);
            Written::Gone(bytes, fleet.revision(), at)
        }
    }
}

fn replay(fleet: &mut Fleet, written: &Written) {
    match written {
        Written::Answer(bytes, revision, at) => {
            fleet.replay(*revision, change::updates_from_bytes(bytes).expect("updates"), *at);
        }
        Written::Gone(bytes, revision, at) => {
            fleet.replay_gone(*revision, &change::gone_from_bytes(bytes).expect("gone"), *at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever a fleet is stored, and however many of the changes before are replayed again.
    #[test]
    fn stored_anywhere_and_replayed(
        tactical in any::<bool>(),
        changes in prop::collection::vec(change(), 1..25),
        cut in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
    ) {
        let options = looking_at_fields(if tactical { PlatformName::Tactical } else { PlatformName::Nsight });
        let mut fleet = Fleet::new(options.clone());
        // Fields whose names are not known are not stored.
        fleet.apply(sample::names(), at(0));
        let cut = cut.index(changes.len() + 1);
        let mut bytes = fleet.to_bytes().expect("stored");
        let mut written = Vec::new();
        for (minute, change) in (0..).zip(&changes) {
            written.push(make(&mut fleet, change, at(minute * MINUTE)));
            if written.len() == cut {
                bytes = fleet.to_bytes().expect("stored");
            }
        }
        let mut restored = Fleet::from_bytes(&bytes, options).expect("a fleet");
        let from = from.index(cut + 1);
        for written in &written[from..] {
            replay(&mut restored, written);
        }
        assert_same(&fleet, &restored);
        // Whatever is replayed now is known already.
        for written in &written {
            replay(&mut restored, written);
        }
        prop_assert!(same(&fleet, &restored));
    }
}

#[test]
fn an_answer_of_which_a_fleet_has_a_part_is_taken_up_where_it_was_left() {
    let reading = |n| Update::Reading(DeviceId::new("200"), Reading::Quarantined(n));
    let mut fleet = nsight();
    let before = fleet.revision();
    fleet.apply(reading(7), at(5));
    // The stored fleet has the first of three; had it been applied again, its time would be that of the replay.
    fleet.replay(before + 3, vec![reading(1), reading(2), Update::AntivirusProducts(Arc::new([]))], at(6));
    assert_eq!(fleet.revision(), before + 3);
    let view = fleet.current(at(10));
    assert_eq!(find(&view, "200").readings.quarantined, Some(2));
    fleet.replay(before + 2, vec![reading(9)], at(7));
    assert_eq!(find(&fleet.current(at(10)), "200").readings.quarantined, Some(2));
}

#[test]
fn changes_that_were_not_kept_leave_a_gap_and_no_more() {
    let mut fleet = nsight();
    let revision = fleet.revision() + 10;
    fleet.replay(revision, vec![Update::Reading(DeviceId::new("200"), Reading::Quarantined(1))], at(6));
    assert_eq!(fleet.revision(), revision);
    fleet.replay_gone(revision + 5, &Gone::Device(DeviceId::new("200")), at(7));
    assert_eq!(fleet.revision(), revision + 5);
    assert!(!ids(&fleet.current(at(10))).contains(&"200"));
}
