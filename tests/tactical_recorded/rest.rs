//! Alerts, the server, details of agents, custom fields.

use super::*;

fn number(value: &Value) -> Option<u64> {
    value.as_u64().filter(|number| *number > 0)
}

#[test]
fn details_say_what_the_record_says() {
    let mut read = 0;
    for recording in SCENARIOS.iter().flat_map(|scenario| answers(scenario)) {
        if recording.status != 200 || !matches!(recording.call(), Call::Agent(_)) {
            continue;
        }
        let Update::Reading(id, Reading::Details(details)) = update(&recording, ChecksMode::Failing) else {
            panic!("{}", recording.path)
        };
        let row = recording.json();
        assert_eq!(Some(&*id.0), row["agent_id"].as_str());
        assert_eq!(details.memory_bytes, number(&row["total_ram"]).map(|size| size * 1024 * 1024 * 1024));
        let minutes = |duration: Option<Duration>| duration.map(|duration| duration.as_secs() / 60);
        assert_eq!(minutes(details.offline_after), number(&row["offline_time"]));
        assert_eq!(minutes(details.overdue_after), number(&row["overdue_time"]));
        assert_eq!(
            details.patches_last_installed.map(Timestamp::as_microsecond),
            micros(&row["patches_last_installed"])
        );
        let rows = row["disks"].as_array().cloned().unwrap_or_default();
        assert_eq!(details.disks.len(), rows.len());
        for (drive, row) in details.disks.iter().zip(&rows) {
            assert_eq!(Some(drive.disk.as_str()), row["device"].as_str());
            assert_eq!(drive.used_ratio, row["percent"].as_f64().map(|percent| percent / 100.0));
            // Sizes are rounded to a tenth of their unit.
            let (used, size) = (drive.used_bytes.expect("used"), drive.size_bytes.expect("size"));
            #[expect(clippy::cast_precision_loss, reason = "a byte more or less")]
            let ratio = used as f64 / size as f64;
            assert!((ratio - drive.used_ratio.expect("a ratio")).abs() < 0.04, "{row}");
        }
        read += 1;
    }
    assert_eq!(read, 19);
}

#[test]
fn alerts_are_counted_as_the_server_counts_them() {
    let open = |scenario| match update(&answer(scenario, "/alerts/"), ChecksMode::Failing) {
        Update::Alerts(alerts) => alerts.all().filter(|(.., count)| *count > 0).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    for scenario in ["fleet", "key-clients", "key-listonly", "key-sites"] {
        let mut expected = BTreeMap::new();
        for row in rows(scenario, "/alerts/").iter().filter(|row| row["hidden"] == false) {
            let word = |name: &str| row[name].as_str().expect("a word").to_owned();
            *expected.entry((word("severity"), word("alert_type"))).or_insert(0) += 1;
        }
        let found = open(scenario).into_iter().map(|(severity, kind, n)| ((severity.to_owned(), kind.to_owned()), n));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), expected, "{scenario}");
    }
    // The server's own count of them (`{"top": 10}`).
    assert_eq!(open("fleet").iter().map(|(.., count)| count).sum::<u64>(), 13);
    let failure = answer("key-agentsonly", "/alerts/").decode(ChecksMode::Failing).expect_err("forbidden");
    assert!(failure.message.contains("needs can_list_alerts"), "{failure}");
}

#[test]
fn the_server_says_how_it_is() {
    let server = |scenario, path| match update(&answer(scenario, path), ChecksMode::Failing) {
        Update::Server(server) => server,
        other => panic!("{other:?}"),
    };
    let well = server("fleet", "/core/v2/status/");
    assert_eq!((well.agents, well.clients, well.sites), (Some(40), Some(13), Some(21)));
    assert_eq!((well.version.as_ref().map(Label::as_str), well.components.len()), (Some("1.5.1"), 7));
    assert_eq!((well.pings[0], well.celery_queue_length), (Some(true), Some(0)));
    let without_redis = server("down-redis", "/core/v2/status/");
    assert_eq!((without_redis.pings[0], without_redis.celery_queue_length), (Some(false), None), "-1 is unknown");
    let version_only = ServerState { version: Some(Label::new("1.5.1")), ..ServerState::default() };
    assert_eq!(server("fleet", "/core/dashinfo/"), version_only);
    let refusals: Vec<_> =
        answers("errors").into_iter().filter(|recording| recording.path == "/core/v2/status/").collect();
    assert_eq!(refusals.len(), 2);
    for refusal in refusals {
        let failure = refusal.decode(ChecksMode::Failing).expect_err("refused");
        assert!(failure.outcome == Outcome::AuthError && failure.spares_key, "{failure}");
    }
}

#[test]
fn custom_fields_have_names_and_values_where_a_mapping_looks_at_them() {
    let Update::FieldNames(names) = update(&answer("fleet", "/core/customfields/"), ChecksMode::Failing) else {
        panic!("no names")
    };
    let expected =
        ["Asset Tag", "Warranty Years", "Tier \"class\"", "Rôles\\multi", "Backup OK", "Last Audit", "hidden 🔑"];
    assert_eq!(names.iter().map(|(_, name)| &**name).collect::<Vec<_>>(), expected);

    assert!(devices("fleet").iter().all(|device| device.custom_fields.is_none()));
    let status_passing = Regex::new("^ok$").expect("valid");
    let backup = Mapping { checks: None, date_field: None, status_field: Some("Backup OK".into()), status_passing };
    let mappings = Mappings { antivirus: None, backup: Some(backup) };
    let answer = answer("fleet", "/agents/").decode_mapped(ChecksMode::Failing, mappings).expect("a list");
    let Some(Update::Devices(_, devices)) = answer.updates.into_iter().next() else { panic!("no list") };
    for (device, row) in devices.iter().zip(rows("fleet", "/agents/")) {
        let values = row["custom_fields"].as_array().expect("a list").iter().filter_map(|field| {
            let value = match &field["value"] {
                Value::Bool(flag) => CustomValue::Flag(*flag),
                Value::String(text) if !text.trim().is_empty() => CustomValue::Text(Label::new(text)),
                _ => return None,
            };
            Some(CustomField { definition: field["field"].as_u64().expect("a number"), value })
        });
        assert_eq!(device.custom_fields.as_deref(), Some(values.collect::<Vec<_>>().as_slice()), "{}", device.id.0);
    }
}
