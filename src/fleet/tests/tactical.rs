//! Tactical RMM: every device in one list, keys are names.

use super::*;

/// A Tactical RMM account: every device in one list, keys are names.
fn tactical(agents: Vec<DeviceRecord>) -> Fleet {
    let mut fleet = Fleet::new(options(PlatformName::Tactical));
    let named = |name: &str, id: &str| ClientRecord {
        key: ClientKey::new(name),
        devices: None,
        timezone: None,
        ..client(id, name, 0, 0)
    };
    let site =
        SiteRecord { key: SiteKey::from_names("Acme ", "HQ"), client: ClientKey::new("Acme "), ..site("5", "", "HQ") };
    fleet.apply(Update::ClientsAndSites(vec![named("Acme ", "1"), named("Empty", "2")], vec![site]), at(0));
    fleet.apply(Update::Devices(DeviceList::Account, agents), at(1));
    fleet
}

fn agent(id: &str, failing: Option<u64>) -> DeviceRecord {
    let checks =
        failing.map(|failing| StatusCounts { passing: Some(3), failing: Some(failing), ..StatusCounts::default() });
    let check_counters = failing.map(|failing| [3 + failing, 3, failing, 0, 0]);
    let mut record = device(id, "Acme ", "", Kind::Workstation);
    record.site = SiteKey::from_names("Acme ", "HQ");
    DeviceRecord { checks, check_counters, ..record }
}

#[test]
fn tactical_devices_are_counted_by_client_and_an_empty_client_has_none() {
    let fleet = tactical(vec![agent("a", None), agent("b", None)]);
    let view = fleet.current(at(2));
    let counts: Vec<_> = view.clients.iter().map(|client| (client.name.as_str(), client.devices)).collect();
    let of = |workstation| KindCounts { server: Some(0), workstation: Some(workstation), mobile: None };
    assert_eq!(counts, [("Acme", of(2)), ("Empty", of(0))]);
    assert_eq!(find(&view, "a").site.as_str(), "HQ");
}

#[test]
fn devices_do_not_depend_on_the_client_list() {
    let mut fleet = Fleet::new(options(PlatformName::Tactical));
    fleet.apply(Update::Devices(DeviceList::Account, vec![agent("a", None)]), at(1));
    let view = fleet.current(at(2));
    assert_eq!(find(&view, "a").client.as_str(), "old client name");
    assert!(view.clients.is_empty());
}

#[test]
fn an_agent_missing_from_a_list_is_gone_and_finds_its_data_when_it_returns_before_they_are_stale() {
    for (back, found) in [(5, true), (46 * MINUTE, false)] {
        let mut fleet = tactical(vec![agent("a", None), agent("b", None)]);
        fleet.apply(Update::Checks(DeviceId::new("b"), DeviceChecks::default()), at(2));
        fleet.apply(Update::Devices(DeviceList::Account, vec![agent("a", None)]), at(3));
        fleet.prune(at(3));
        assert_eq!(ids(&fleet.current(at(4))), ["a"]);
        fleet.prune(at(back));
        fleet.apply(Update::Devices(DeviceList::Account, vec![agent("a", None), agent("b", None)]), at(back));
        assert_eq!(find(&fleet.current(at(back + 1)), "b").record.checks.is_some(), found);
        assert_eq!(fleet.checks.len(), usize::from(found));
    }
}

#[test]
fn a_warning_that_becomes_an_error_is_a_change() {
    let mut fleet = tactical(vec![agent("a", Some(1))]);
    fleet.apply(Update::Checks(DeviceId::new("a"), DeviceChecks::default()), at(3));
    let worse = DeviceRecord { check_counters: Some([4, 3, 0, 1, 0]), ..agent("a", Some(1)) };
    assert_eq!(fleet.apply(Update::Devices(DeviceList::Account, vec![worse]), at(4)).hurry, [DeviceId::new("a")]);
}

#[test]
fn own_checks_replace_the_counters_of_the_list_also_while_its_cache_is_cold() {
    let mut fleet = tactical(vec![agent("a", None)]);
    assert_eq!(find(&fleet.current(at(2)), "a").record.checks, None, "a cold cache is unknown, not zero");
    let counts = StatusCounts { passing: Some(2), failing: Some(0), cleared: None, pending: Some(1) };
    fleet.apply(Update::Checks(DeviceId::new("a"), DeviceChecks { counts, ..DeviceChecks::default() }), at(3));
    assert_eq!(find(&fleet.current(at(4)), "a").record.checks, Some(counts));
}

/// The checks cannot be read any more, and the list goes on.
#[test]
fn counters_that_changed_since_the_checks_were_read_are_newer_than_them() {
    for mode in [ChecksMode::Failing, ChecksMode::All] {
        let mut fleet = tactical(vec![agent("a", Some(1))]);
        fleet.options.checks_mode = mode;
        let check = |id: &str, state| Check {
            id: id.into(),
            name: id.into(),
            check_type: "ping".into(),
            state,
            severity: Severity::Error,
            consecutive_failures: Some(2),
            last_run: None,
        };
        let counts = StatusCounts { passing: Some(2), failing: Some(1), cleared: None, pending: Some(1) };
        let checks = vec![check("1", CheckState::Failing), check("2", CheckState::Passing)];
        fleet.apply(
            Update::Checks(DeviceId::new("a"), DeviceChecks { counts, checks, ..DeviceChecks::default() }),
            at(3),
        );
        let seen = |fleet: &Fleet| {
            let view = fleet.current(at(20));
            let device = find(&view, "a");
            let failing: Vec<_> =
                device.checks.iter().map(|check| (check.id.as_str().to_owned(), check.failing)).collect();
            (device.record.checks.expect("counts"), failing)
        };
        let all = mode == ChecksMode::All;
        let list = |fleet: &mut Fleet, failing, second| {
            fleet.apply(Update::Devices(DeviceList::Account, vec![agent("a", failing)]), at(second));
        };
        let with = |second: Option<bool>| {
            let mut expected = vec![("1".to_owned(), Some(true))];
            expected.extend(all.then(|| ("2".to_owned(), second)));
            expected
        };
        for same in [Some(1), None] {
            list(&mut fleet, same, 4);
            assert_eq!(seen(&fleet), (counts, with(Some(false))), "the same counters, and a cold cache");
        }
        list(&mut fleet, Some(3), 5);
        let listed = agent("a", Some(3)).checks.expect("counts");
        assert_eq!(seen(&fleet), (listed, with(None)), "which ones fail now is not known");
        list(&mut fleet, Some(0), 6);
        let none = [("1", Some(false)), ("2", Some(false))].map(|(id, failing)| (id.to_owned(), failing));
        let none = if all { none.to_vec() } else { Vec::new() };
        assert_eq!(seen(&fleet), (agent("a", Some(0)).checks.expect("counts"), none), "nothing fails any more");
        fleet.apply(Update::Checks(DeviceId::new("a"), DeviceChecks { counts, ..DeviceChecks::default() }), at(7));
        assert_eq!(seen(&fleet), (counts, vec![]), "read again");
    }
}

#[test]
fn changed_counters_hurry_the_checks_of_that_agent() {
    let mut fleet = tactical(vec![agent("a", Some(0)), agent("b", Some(0))]);
    for id in ["a", "b"] {
        fleet.apply(Update::Checks(DeviceId::new(id), DeviceChecks::default()), at(3));
    }
    let list = |a, b| Update::Devices(DeviceList::Account, vec![agent("a", a), agent("b", b)]);
    assert_eq!(fleet.apply(list(Some(0), Some(0)), at(4)).hurry, []);
    assert_eq!(fleet.apply(list(Some(0), Some(1)), at(5)).hurry, [DeviceId::new("b")]);
    assert_eq!(fleet.apply(list(None, None), at(6)).hurry, [], "a cold cache is no change");
    fleet.apply(Update::Checks(DeviceId::new("a"), DeviceChecks::default()), at(7));
    assert_eq!(fleet.apply(list(Some(0), Some(0)), at(8)).hurry, [], "nor is the end of one");
    assert_eq!(fleet.apply(list(Some(2), Some(0)), at(9)).hurry, [DeviceId::new("a")]);
}

/// Names and values come from different calls, of which either can be missing, refused or late.
#[test]
fn a_mapped_field_says_something_once_its_name_and_its_value_are_known() {
    let passing = Regex::new("^ok$").expect("valid");
    let backup =
        Mapping { checks: None, date_field: None, status_field: Some("Backup".into()), status_passing: passing };
    let mappings = Mappings { antivirus: None, backup: Some(backup) };
    let mut fleet = Fleet::new(FleetOptions { mappings, ..options(PlatformName::Tactical) });
    let field = |definition| CustomField { definition, value: CustomValue::Text("ok".into()) };
    let fields: Arc<[CustomField]> = Arc::new([field(3), field(4)]);
    let agents = vec![DeviceRecord { custom_fields: Some(fields), ..agent("a", None) }, agent("b", None)];
    fleet.apply(Update::Devices(DeviceList::Account, agents), at(0));
    let backup = |fleet: &Fleet| {
        let view = fleet.current(at(1));
        ["a", "b"].map(|id| find(&view, id).backup.and_then(|backup| backup.up_to_date))
    };
    let kept = |fleet: &Fleet| find(&fleet.known(), "a").record.custom_fields.clone();
    assert_eq!(backup(&fleet), [None, None], "the names are not known");
    assert_eq!(kept(&fleet).map(|fields| fields.len()), Some(2), "they may be on their way");
    fleet.apply(Update::FieldNames(Arc::new([(3, "Backup".into()), (4, "Other".into())])), at(0));
    assert_eq!(backup(&fleet), [Some(true), None]);
    assert_eq!(kept(&fleet).as_deref(), Some(&[field(3)][..]), "what nobody asked for is not kept");
    fleet.apply(Update::FieldNames(Arc::new([(5, "Backup".into()), (4, "Other".into())])), at(0));
    assert_eq!(backup(&fleet), [None, None], "another field is called so");
    let agents = |fields: &[u64]| {
        let custom_fields = Some(fields.iter().copied().map(field).collect());
        Update::Devices(DeviceList::Account, vec![DeviceRecord { custom_fields, ..agent("a", None) }, agent("b", None)])
    };
    fleet.apply(agents(&[3, 4]), at(0));
    assert_eq!(kept(&fleet).as_deref(), Some(&[][..]), "no mapping looks at these");
    fleet.apply(Update::FieldNames(Arc::new([(3, "Backup".into()), (4, "Other".into())])), at(0));
    fleet.apply(agents(&[3, 4]), at(0));
    assert_eq!(backup(&fleet), [Some(true), None]);
    assert_eq!(kept(&fleet).as_deref(), Some(&[field(3)][..]));
    fleet.apply(Update::FieldNames(Arc::new([(3, "Else".into()), (4, "Other".into())])), at(0));
    assert_eq!((backup(&fleet), kept(&fleet).as_deref()), ([None, None], Some(&[][..])), "renamed");
}

/// The key may read agents and not the definitions of their fields.
#[test]
fn custom_fields_are_not_kept_while_their_names_cannot_be_had() {
    let mapping = |field: &str| Mapping {
        checks: None,
        date_field: None,
        status_field: Some(field.into()),
        status_passing: Regex::new("^ok$").expect("valid"),
    };
    let mappings = Mappings { antivirus: None, backup: Some(mapping("Backup")) };
    let mut fleet = Fleet::new(FleetOptions { mappings, ..options(PlatformName::Tactical) });
    let agents = || {
        let fields = [CustomField { definition: 3, value: CustomValue::Text("private".into()) }];
        let device = DeviceRecord { custom_fields: Some(Arc::new(fields)), ..agent("a", None) };
        Update::Devices(DeviceList::Account, vec![device])
    };
    let kept = |fleet: &Fleet| find(&fleet.known(), "a").record.custom_fields.is_some();
    fleet.apply(agents(), at(0));
    assert!(kept(&fleet));
    for second in 1..4 {
        fleet.apply(agents(), at(second));
        assert!(!kept(&fleet), "the names did not come in time for list {second}");
    }
    fleet.apply(Update::FieldNames(Arc::new([(3, "Backup".into())])), at(4));
    fleet.apply(agents(), at(5));
    assert!(kept(&fleet), "now they may be read");
}

/// Where the list has a device is remembered from one check to the next, and the list changes in between.
#[test]
fn counters_are_those_of_the_device_wherever_the_list_has_it() {
    let mut fleet = tactical(vec![agent("a", Some(0)), agent("b", Some(1))]);
    let read = |fleet: &mut Fleet, id: &str, second| {
        fleet.apply(Update::Checks(DeviceId::new(id), DeviceChecks::default()), at(second));
        fleet.counters_when_read[&DeviceId::new(id)].map(|counters| counters[2])
    };
    assert_eq!((read(&mut fleet, "b", 2), read(&mut fleet, "a", 3)), (Some(1), Some(0)));
    let others = vec![agent("c", Some(7)), agent("b", Some(2)), agent("a", Some(3))];
    fleet.apply(Update::Devices(DeviceList::Account, others), at(4));
    assert_eq!(
        (read(&mut fleet, "a", 5), read(&mut fleet, "c", 6), read(&mut fleet, "b", 7)),
        (Some(3), Some(7), Some(2))
    );
    assert_eq!(read(&mut fleet, "d", 8), None);
    fleet.apply(Update::Devices(DeviceList::Account, vec![agent("a", Some(4))]), at(9));
    assert_eq!((read(&mut fleet, "b", 10), read(&mut fleet, "a", 11)), (None, Some(4)));
}
