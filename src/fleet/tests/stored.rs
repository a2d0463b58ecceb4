//! A fleet that was stored goes on as if it had never been.

mod damage;
mod guard;
mod replay;
mod sample;

use super::*;
use crate::fleet::stored::change;

/// Whether two fleets know the same; options apart.
fn same(one: &Fleet, other: &Fleet) -> bool {
    let Fleet {
        options: _,
        most_devices: _,
        places: _,
        listed_checks: _,
        revision,
        clients,
        sites,
        lists,
        failing,
        checks,
        tasks,
        antivirus,
        backup,
        patches,
        readings,
        licenses,
        directories,
        antivirus_products,
        antivirus_definitions,
        server,
        alerts,
        field_names,
        time_zone,
        counters_when_read,
        lacking,
        denied,
        duplicates,
        unnamed,
    } = one;
    *revision == other.revision
        && *clients == other.clients
        && *sites == other.sites
        && *lists == other.lists
        && *failing == other.failing
        && *checks == other.checks
        && *tasks == other.tasks
        && *antivirus == other.antivirus
        && *backup == other.backup
        && *patches == other.patches
        && *readings == other.readings
        && *licenses == other.licenses
        && *directories == other.directories
        && *antivirus_products == other.antivirus_products
        && *antivirus_definitions == other.antivirus_definitions
        && *server == other.server
        && *alerts == other.alerts
        && *field_names == other.field_names
        && *time_zone == other.time_zone
        && *counters_when_read == other.counters_when_read
        && *lacking == other.lacking
        && *denied == other.denied
        && *duplicates == other.duplicates
        && *unnamed == other.unnamed
}

/// A view in words. Nothing of a view is hidden from its words but the texts of custom fields, which are compared elsewhere.
fn words(view: &View) -> String {
    format!("{view:?}")
}

fn stored(fleet: &Fleet) -> Fleet {
    let bytes = fleet.to_bytes().expect("stored");
    Fleet::from_bytes(&bytes, fleet.options.clone()).expect("a fleet")
}

/// The same knowledge, the same view at every moment, the same when it is pruned.
fn assert_same(one: &Fleet, other: &Fleet) {
    assert!(same(one, other), "{one:#?}\n{other:#?}");
    assert_eq!(words(&one.known()), words(&other.known()));
    for minute in [-1, 0, 1, 20, 44, 45, 46, 60, 90, 10_000] {
        let now = at(minute * MINUTE);
        assert_eq!(words(&one.current(now)), words(&other.current(now)), "minute {minute}");
        let (mut one, mut other) = (one.clone(), other.clone());
        one.prune(now);
        other.prune(now);
        assert!(same(&one, &other), "pruned in minute {minute}");
    }
    assert_eq!(one.unmatched_checks(), other.unmatched_checks());
    assert_eq!(one.unmatched_fields(), other.unmatched_fields());
}

/// Options by which the custom fields of the samples are kept.
fn looking_at_fields(platform: PlatformName) -> FleetOptions {
    let mapping = Mapping {
        checks: None,
        date_field: Some("Is gold".into()),
        status_field: Some("Tier ".into()),
        status_passing: Regex::new("^gold$").expect("valid"),
    };
    FleetOptions { mappings: Mappings { antivirus: Some(mapping), backup: None }, ..options(platform) }
}

/// What a fleet is told after it was stored.
fn later() -> Vec<Update> {
    sample::updates().into_iter().rev().collect()
}

#[test]
fn fleets_made_by_every_sort_of_update_go_on_as_before() {
    for platform in [PlatformName::Nsight, PlatformName::Tactical] {
        for (index, update) in sample::updates().into_iter().enumerate() {
            let mut fleet = if platform == PlatformName::Nsight { nsight() } else { Fleet::new(options(platform)) };
            fleet.apply(sample::names(), at(0));
            fleet.apply(update, at(10 * MINUTE));
            let mut restored = stored(&fleet);
            assert_same(&fleet, &restored);
            for update in later() {
                let now = at(30 * MINUTE);
                assert_eq!(fleet.apply(update.clone(), now), restored.apply(update, now), "update {index}");
            }
            for gone in sample::gone() {
                fleet.forget(&gone, at(31 * MINUTE));
                restored.forget(&gone, at(31 * MINUTE));
            }
            assert!(same(&fleet, &restored), "update {index}");
            assert_eq!(words(&fleet.current(at(32 * MINUTE))), words(&restored.current(at(32 * MINUTE))));
        }
    }
}

#[test]
fn a_fleet_with_parts_of_every_age_is_stored() {
    let mut fleet = nsight();
    fleet.apply(sample::names(), at(0));
    for (minute, update) in (0..).zip(sample::updates()) {
        fleet.apply(update, at(minute * 2 * MINUTE));
    }
    assert_same(&fleet, &stored(&fleet));
    let everything = sample::fleet(looking_at_fields(PlatformName::Tactical));
    let restored = stored(&everything);
    assert_eq!(words(&restored.current(at(30))), words(&everything.current(at(30))));
    assert_same(&Fleet::new(options(PlatformName::Nsight)), &stored(&Fleet::new(options(PlatformName::Nsight))));
}

#[test]
fn equal_texts_are_one_allocation_again() {
    let mut fleet = Fleet::new(options(PlatformName::Tactical));
    fleet.apply(Update::Devices(DeviceList::Account, vec![sample::record(); 1]), at(0));
    fleet.apply(Update::Checks(DeviceId::new("100"), sample::device_checks()), at(0));
    let restored = stored(&fleet);
    let listed = &restored.lists[&DeviceList::Account].value[0];
    let (read, _) = restored.checks.get_key_value(&listed.id).expect("checks");
    assert!(Arc::ptr_eq(&listed.id.0, &read.0));
    let again = stored(&fleet);
    assert!(!Arc::ptr_eq(&read.0, &again.checks.keys().next().expect("checks").0), "each reading for itself");
}

#[test]
fn labels_are_cleaned_and_keys_are_not() {
    /// The same bytes as a client's record begins with.
    fn bytes(key: &str, text: &str) -> Vec<u8> {
        postcard::to_stdvec(&vec![(key, text, text, None::<&str>, None::<KindCounts>)]).expect("bytes")
    }
    let mut update = vec![1, 0];
    update.extend(bytes("Acme \u{0}", "  a\nb\u{1b}  "));
    let updates = change::updates_from_bytes(&update).expect("updates");
    let [Update::Clients(clients)] = &updates[..] else { panic!("{updates:?}") };
    assert_eq!((&*clients[0].key.0, clients[0].id.as_str(), clients[0].name.as_str()), ("Acme \u{0}", "a b", "a b"));
}

#[test]
fn a_collector_that_is_switched_off_shows_nothing_of_before() {
    let mut fleet = nsight();
    fleet.apply(Update::Backup(DeviceId::new("200"), Some(sample::history())), at(5));
    fleet.apply(Update::Reading(DeviceId::new("200"), Reading::Quarantined(3)), at(5));
    let shows = |fleet: &Fleet, second| {
        let view = fleet.current(at(second));
        let device = find(&view, "200");
        (device.backup.is_some(), device.readings.quarantined.is_some())
    };
    assert_eq!(shows(&fleet, 10), (true, true));
    let mut fewer = options(PlatformName::Nsight);
    fewer.stale_after.remove(&Collector::Backup);
    fewer.stale_after.remove(&Collector::ManagedAntivirus);
    let fewer = Fleet::from_bytes(&fleet.to_bytes().expect("stored"), fewer).expect("a fleet");
    assert_eq!(shows(&fewer, 10), (false, false));
    // Nor when the clock was set back meanwhile.
    assert_eq!(shows(&fewer, 4), (false, false));
}

#[test]
fn what_comes_from_the_future_is_not_fresh_until_it_is_the_past() {
    let mut fleet = nsight();
    fleet.apply(Update::Reading(DeviceId::new("200"), Reading::Quarantined(3)), at(90 * MINUTE));
    let shown = |minute: i64| {
        let mut fleet = stored(&fleet);
        let now = at(minute * MINUTE);
        fleet.apply(Update::Devices(roster("2", Kind::Server), vec![device("200", "2", "20", Kind::Server)]), now);
        find(&fleet.current(now), "200").readings.quarantined
    };
    let shown = [0, 45, 46, 90, 134, 135].map(shown);
    assert_eq!(shown, [None, None, Some(3), Some(3), Some(3), None]);
}

#[test]
fn another_filter_shows_what_it_admits_at_once() {
    let bytes = nsight().to_bytes().expect("stored");
    let expression = |text: &str| Regex::new(&format!("^(?:{text})$")).expect("valid");
    let clients = NameFilter { include: vec![expression("Bolt")], exclude: Vec::new() };
    let only_bolt = FleetOptions { filter: Filter { clients, ..Filter::default() }, ..options(PlatformName::Nsight) };
    let mut fleet = Fleet::from_bytes(&bytes, only_bolt).expect("a fleet");
    assert_eq!(ids(&fleet.current(at(10))), ["200"]);
    fleet.keep_by(options(PlatformName::Nsight));
    assert_same(&fleet, &nsight());
}

#[test]
fn the_configured_time_zone_goes_with_the_configuration() {
    let zone = |name: &str| TimeZone::get(name).expect("a zone");
    let with = |zone: Option<TimeZone>| FleetOptions { time_zone: zone, ..options(PlatformName::Nsight) };
    let mut fleet = nsight();
    fleet.keep_by(with(Some(zone("Asia/Tokyo"))));
    assert_eq!(fleet.known().time_zone, Some(zone("Asia/Tokyo")));
    let bytes = fleet.to_bytes().expect("stored");
    let without = Fleet::from_bytes(&bytes, with(None)).expect("a fleet");
    assert_eq!(without.known().time_zone, None, "the platform was not asked yet");
    fleet.apply(Update::TimeZone(zone("Europe/London")), at(5));
    assert_eq!(fleet.known().time_zone, Some(zone("Asia/Tokyo")), "what is configured comes first");
    let bytes = fleet.to_bytes().expect("stored");
    for (configured, known) in [(None, "Europe/London"), (Some("America/New_York"), "America/New_York")] {
        let fleet = Fleet::from_bytes(&bytes, with(configured.map(zone))).expect("a fleet");
        assert_eq!(fleet.known().time_zone, Some(zone(known)));
    }
}

#[test]
fn another_mapping_does_not_take_over_what_the_one_before_said() {
    let mapping = |name: &str, field: Option<&str>| Mapping {
        checks: Some(CheckSelector { name: Regex::new(name).ok(), check_type: None, script: None }),
        date_field: None,
        status_field: field.map(Into::into),
        status_passing: Regex::new("^gold$").expect("valid"),
    };
    let by = |antivirus: Mapping| FleetOptions {
        mappings: Mappings { antivirus: Some(antivirus), backup: None },
        ..options(PlatformName::Tactical)
    };
    let mut fleet = Fleet::new(by(mapping("Defender", Some("Tier "))));
    let names: FieldNames = Arc::new([(9, "Is gold".into()), (10, "Tier ".into())]);
    fleet.apply(Update::FieldNames(names), at(0));
    fleet.apply(Update::Devices(DeviceList::Account, vec![sample::record()]), at(0));
    let selector = fleet.options.mappings.antivirus.as_ref().and_then(|mapping| mapping.checks.as_ref()).expect("set");
    let said = Signal { selector: selector.digest(), matched: true, well: Some(true), last_pass: None };
    let signals = Signals { antivirus: Some(said), backup: None };
    fleet.apply(Update::Checks(DeviceId::new("100"), DeviceChecks { signals, ..DeviceChecks::default() }), at(0));
    let bytes = fleet.to_bytes().expect("stored");
    let restored = |options| Fleet::from_bytes(&bytes, options).expect("a fleet");
    let well = |fleet: &Fleet| {
        let view = fleet.current(at(1));
        find(&view, "100").antivirus.and_then(|antivirus| antivirus.up_to_date)
    };

    let same = restored(by(mapping("Defender", None)));
    assert_eq!((well(&same), same.unmatched_checks()), (Some(true), Some(Vec::new())));
    let other = restored(by(mapping("Bitdefender", None)));
    assert_eq!((well(&other), other.unmatched_checks()), (None, None), "nothing is known of it yet");
    let field_of = |fleet: &Fleet| fleet.lists[&DeviceList::Account].value[0].custom_fields.clone().expect("known");
    assert_eq!(field_of(&restored(by(mapping("Defender", Some("Tier "))))).len(), 1);
    assert_eq!(field_of(&same).len(), 0, "nothing looks at it any more");
}
