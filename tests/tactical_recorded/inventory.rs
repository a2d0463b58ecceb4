//! `/clients/` and `/agents/`.

use super::*;

#[test]
fn agents_say_what_the_list_says() {
    for scenario in ["fleet", "cold-cache", "key-clients", "key-sites", "key-listonly", "key-agentsonly"] {
        let records = devices(scenario);
        let rows = rows(scenario, "/agents/");
        assert_eq!(records.len(), rows.len(), "{scenario}");
        for (record, row) in records.iter().zip(&rows) {
            compare_agent(record, row);
        }
    }
}

fn compare_agent(record: &DeviceRecord, row: &Value) {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    assert_eq!(*record.id.0, *text("agent_id"));
    assert_eq!(record.name, Label::new(text("hostname")));
    assert_eq!(&*record.client.0, text("client_name"));
    assert_eq!(record.client_name, Some(Label::new(text("client_name"))));
    assert_eq!(record.site, SiteKey::from_names(text("client_name"), text("site_name")));
    assert_eq!(record.site_name, Some(Label::new(text("site_name"))));
    assert_eq!(record.kind.map(Kind::name), row["monitoring_type"].as_str());
    assert_eq!(record.online, Some(row["status"] == "online"));
    assert_eq!(record.overdue, Some(row["status"] == "overdue"));
    assert_eq!(record.maintenance, row["maintenance_mode"].as_bool());
    assert_eq!(record.reboot_required, row["needs_reboot"].as_bool());
    assert_eq!(record.pending_actions, row["pending_actions_count"].as_u64());
    assert_eq!(record.patches_pending, row["has_patches_pending"].as_bool());
    assert_eq!(record.last_seen.map(Timestamp::as_microsecond), micros(&row["last_seen"]));
    match (record.boot, row["boot_time"].as_f64().filter(|seconds| *seconds > 0.0)) {
        (Some(boot), Some(seconds)) => {
            #[expect(clippy::cast_precision_loss, reason = "a microsecond more or less")]
            let boot = boot.as_microsecond() as f64 / 1e6;
            assert!((boot - seconds).abs() < 1e-5, "{boot} {seconds}");
        }
        (boot, seconds) => assert_eq!((boot, seconds), (None, None)),
    }
    let info = record.info.as_ref().expect("info");
    assert_eq!(info.os, Label::new(text("operating_system")));
    assert_eq!(info.os_family.name(), text("plat").replace("darwin", "macos"));
    assert_eq!(info.agent_version.as_str(), text("version"));
    assert_eq!(info.model.as_str(), text("make_model").replace("unknown make/model", ""));
    assert_eq!(info.manufacturer.as_str(), "");
    let count = |name: &str| row["checks"][name].as_u64().expect("a count");
    let counts = StatusCounts {
        passing: Some(count("passing")),
        failing: Some(count("failing") + count("warning") + count("info")),
        cleared: None,
        pending: None,
    };
    assert_eq!(record.checks, (count("total") > 0).then_some(counts), "{}", record.id.0);
}

#[test]
fn some_agents_by_hand() {
    let devices = devices("fleet");
    let device = |id: &str| devices.iter().find(|device| *device.id.0 == *id).expect("a device");
    let mac = device("HAvmqbOSIqaWUSLOWCNjqWNloCPPXkGkEmeOejrj");
    assert_eq!(mac.name.as_str(), "Karens-MacBook-Air.local");
    assert_eq!(mac.client_name.as_ref().map(Label::as_str), Some("日本電気サービス"));
    assert_eq!((mac.kind, mac.online, mac.overdue), (Some(Kind::Server), Some(true), Some(false)));
    assert_eq!(mac.boot.map(Timestamp::as_second), Some(1_793_373_851));
    assert_eq!(mac.last_seen.map(Timestamp::as_second), Some(1_795_227_832));
    let counts = StatusCounts { passing: Some(7), failing: Some(0), cleared: None, pending: None };
    assert_eq!(mac.checks, Some(counts));
    let offline = device("voWNhAkINHUZvWkpAccSjSPMfILHVDBZQSyoQFIA");
    assert_eq!((offline.online, offline.overdue), (Some(false), Some(false)));
    assert_eq!(offline.checks.and_then(|counts| counts.failing), Some(3));
    assert_eq!(offline.info.as_ref().map(|info| info.model.as_str()), Some(""));
    let overdue = device("yuNBRiLTowXlOmPhpEzasaxmGCeiUlZUqyWwhqPs");
    assert_eq!((overdue.online, overdue.overdue), (Some(false), Some(true)));
    let number = |test: fn(&DeviceRecord) -> bool| devices.iter().filter(|device| test(device)).count();
    assert_eq!(number(|device| device.online == Some(true)), 28);
    assert_eq!(number(|device| device.overdue == Some(true)), 11);
    assert_eq!(number(|device| device.kind == Some(Kind::Workstation)), 18);
    assert_eq!(number(|device| device.info.as_ref().is_some_and(|info| info.os_family == OsFamily::MacOs)), 3);
    assert_eq!(number(|device| device.patches_pending == Some(true)), 20);
    assert_eq!(number(|device| device.reboot_required == Some(true)), 11);
    assert_eq!(devices.iter().filter_map(|device| device.pending_actions).sum::<u64>(), 7);
    let sum = |count: fn(&StatusCounts) -> Option<u64>| {
        devices.iter().filter_map(|device| device.checks.as_ref().and_then(count)).sum::<u64>()
    };
    assert_eq!((sum(|counts| counts.passing), sum(|counts| counts.failing)), (265, 38));
}

#[test]
fn awkward_names_become_clean_labels_and_stay_exact_keys() {
    let devices = devices("fleet");
    let named = |name: &str| devices.iter().filter(|device| device.name.as_str() == name).collect::<Vec<_>>();
    for name in ["nl host", "WS-\"QUOTED\"", "HOST\\BACK", "O'HOST", "🖥️-kiosk", "ホスト01", "srv-münchen"] {
        assert_eq!(named(name).len(), 1, "{name}");
    }
    let twins = named("DESKTOP-DUPLICATE");
    assert_eq!(twins.len(), 2);
    assert_ne!(twins[0].id, twins[1].id);
    let trailing = named("nl host")[0];
    assert_eq!(&*trailing.client.0, "Trailing space ");
    assert_eq!(trailing.client_name.as_ref().map(Label::as_str), Some("Trailing space"));
    assert_eq!(trailing.site, SiteKey::from_names("Trailing space ", " lead"));
    assert_eq!(devices.iter().map(|device| device.name.as_str().len()).max(), Some(200));
    let zero_width = devices.iter().filter(|device| device.client.0.contains('\u{200d}')).count();
    assert_eq!(zero_width, 5);
}

#[test]
fn clients_and_sites_are_all_there_and_every_agent_finds_its_own() {
    for (scenario, client_count, site_count) in [("fleet", 13, 21), ("key-listonly", 13, 21), ("down-redis", 13, 21)] {
        let (clients, sites) = clients(scenario);
        assert_eq!((clients.len(), sites.len()), (client_count, site_count), "{scenario}");
    }
    for scenario in ["fleet", "cold-cache", "key-clients", "key-sites", "key-listonly"] {
        let (clients, sites) = clients(scenario);
        let mut expected_sites = Vec::new();
        for (client, row) in clients.iter().zip(rows(scenario, "/clients/")) {
            let name = row["name"].as_str().expect("a name");
            assert_eq!((&*client.key.0, client.id.as_str()), (name, row["id"].to_string().as_str()));
            assert_eq!((client.name.as_str(), client.timezone.is_none()), (Label::new(name).as_str(), true));
            for site in row["sites"].as_array().expect("sites") {
                let site_name = site["name"].as_str().expect("a name");
                expected_sites.push(SiteRecord {
                    key: SiteKey::from_names(name, site_name),
                    client: client.key.clone(),
                    id: Label::new(&site["id"].to_string()),
                    name: Label::new(site_name),
                    connection_up: None,
                });
            }
        }
        assert_eq!(sites, expected_sites, "{scenario}");
        for device in devices(scenario) {
            assert!(clients.iter().any(|client| client.key == device.client), "{scenario} {}", device.id.0);
            let site = sites.iter().find(|site| site.key == device.site).expect("a site");
            assert_eq!((&site.client, Some(&site.name)), (&device.client, device.site_name.as_ref()));
        }
    }
}

#[test]
fn a_cold_cache_is_unknown_and_not_healthy() {
    let cold = devices("cold-cache");
    assert_eq!(cold.len(), 40);
    assert!(cold.iter().all(|device| device.checks.is_none()));
    // Everything but the counters is as true as ever.
    let warm: BTreeMap<_, _> = devices("fleet").into_iter().map(|device| (device.id.clone(), device)).collect();
    for device in &cold {
        let warm = warm.get(&device.id).expect("the same fleet");
        assert_eq!(
            (&device.name, &device.info, device.pending_actions),
            (&warm.name, &warm.info, warm.pending_actions)
        );
    }
    // The checks themselves are counted by the server as it answers.
    let id = "druoNbMKlBYdtzjgQfAbQQFzobfieDUzBIVrIbaP";
    let counts = checks("cold-cache", id, ChecksMode::Failing).counts;
    assert_eq!(counts, checks("fleet", id, ChecksMode::Failing).counts);
    assert_eq!(counts.failing, Some(1));
}

#[test]
fn restricted_keys_see_less_and_that_is_no_error() {
    for (scenario, device_count, client_count, site_count) in [("key-clients", 9, 2, 5), ("key-sites", 3, 3, 3)] {
        let (clients, sites) = clients(scenario);
        let found = (devices(scenario).len(), clients.len(), sites.len());
        assert_eq!(found, (device_count, client_count, site_count), "{scenario}");
    }
    for (scenario, path, permission) in [
        ("key-agentsonly", "/clients/", "can_list_clients"),
        ("key-agentsonly", "/agents/ShbjUrHXrwkWEXHXzEQqQRNISrKSkpZbWrHdmQus/checks/", "can_list_checks"),
        ("key-agentsonly", "/agents/ShbjUrHXrwkWEXHXzEQqQRNISrKSkpZbWrHdmQus/tasks/", "can_list_autotasks"),
        ("key-listonly", "/winupdate/ShbjUrHXrwkWEXHXzEQqQRNISrKSkpZbWrHdmQus/", "can_manage_winupdates"),
    ] {
        let failure = answer(scenario, path).decode(ChecksMode::Failing).expect_err("forbidden");
        assert_eq!((failure.outcome, failure.gone.is_none()), (Outcome::Forbidden, true), "{path}");
        assert!(failure.message.contains(permission), "{failure}");
    }
    assert_eq!(devices("key-agentsonly").len(), 40);
}
