//! The checks, tasks and updates of each agent.

use super::*;

#[test]
fn checks_are_counted_as_a_recount_says() {
    let (mut all, mut kept) = (0, 0);
    for id in agent_ids("fleet") {
        let mut expected = (0, 0, 0);
        let rows = rows("fleet", &format!("/agents/{id}/checks/"));
        let counted: Vec<&Value> = rows.iter().filter(|row| row["overridden_by_policy"] == false).collect();
        let mut never_ran = 0;
        for row in &counted {
            match row["check_result"]["status"].as_str() {
                Some("passing") => expected.0 += 1,
                Some("failing") => expected.1 += 1,
                Some("pending") => expected.2 += 1,
                _ => never_ran += 1,
            }
        }
        let found = checks("fleet", &id, ChecksMode::All);
        let (passing, failing, pending) = expected;
        let counts = StatusCounts {
            passing: Some(passing),
            failing: Some(failing),
            cleared: None,
            pending: Some(pending + never_ran),
        };
        assert_eq!(found.counts, counts, "{id}");
        for (check, row) in found.checks.iter().zip(&counted) {
            compare_check(check, row);
        }
        assert_eq!(found.checks.len(), counted.len());
        all += found.checks.len();
        // The list counts a check that never ran as passing.
        let listed = devices("fleet").into_iter().find(|device| *device.id.0 == *id).expect("listed").checks;
        let expected = listed.map(|counts| (counts.passing, counts.failing));
        let none = (counts.passing, counts.failing, counts.pending) == (Some(0), Some(0), Some(0));
        assert_eq!(expected, (!none).then_some((Some(passing + never_ran), Some(failing))), "{id}");
        let failing_only = checks("fleet", &id, ChecksMode::Failing);
        assert!(failing_only.checks.iter().all(|check| check.state == CheckState::Failing));
        assert_eq!(failing_only.checks.len() as u64, failing);
        kept += failing_only.checks.len();
        let none = checks("fleet", &id, ChecksMode::None);
        assert_eq!((none.counts, none.checks.len()), (counts, 0));
    }
    assert_eq!((all, kept), (306, 38));
}

fn compare_check(check: &rmm_exporter::fleet::Check, row: &Value) {
    let result = &row["check_result"];
    let state = match result["status"].as_str() {
        Some("passing") => CheckState::Passing,
        Some("failing") => CheckState::Failing,
        _ => CheckState::Pending,
    };
    assert_eq!((check.id.as_str(), check.state), (row["id"].to_string().as_str(), state));
    assert_eq!(check.consecutive_failures, result["fail_count"].as_u64());
    assert_eq!(check.last_run.map(Timestamp::as_microsecond), micros(&result["last_run"]));
    let by_result = ["memory", "cpuload", "diskspace", "script"].contains(&row["check_type"].as_str().expect("a type"));
    let severity = if state == CheckState::Failing && by_result { result } else { row };
    assert_eq!(Some(check.severity.name()), severity["alert_severity"].as_str());
    assert!(!check.name.as_str().is_empty() && !check.name.as_str().contains("Threshold"), "{}", check.name.as_str());
}

#[test]
fn some_failing_checks_by_hand() {
    let failing = |id: &str| checks("fleet", id, ChecksMode::Failing).checks;
    let seen = |id: &str| {
        let of = |check: &rmm_exporter::fleet::Check| {
            let run = check.last_run.map(|time| time.to_string()).unwrap_or_default();
            let failures = check.consecutive_failures.expect("a count");
            format!(
                "{} {} {} {:?} {failures} {run}",
                check.id.as_str(),
                check.name.as_str(),
                check.check_type,
                check.severity
            )
        };
        failing(id).iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(
        seen("voWNhAkINHUZvWkpAccSjSPMfILHVDBZQSyoQFIA"),
        [
            "60 CPU load cpu_load Error 2 2026-11-21T02:20:23.752366Z",
            "61 Memory memory Warning 7 2026-11-21T02:15:31.752366Z",
            "62 Script Check: Script \"quoted\" \\ back script Error 1 2026-11-21T02:15:33.752366Z",
        ]
    );
    assert_eq!(
        seen("dtFzGiservHsXWGVPACRtcGINprFnwsChhHHuaKH"),
        ["79 Disk D: disk_space Warning 6 2026-11-21T02:18:43.752366Z"]
    );
    assert_eq!(
        seen("tuoBDfCSnpYeaxmjtXwJnCDpXIwYpPmPUnhEruil"),
        [
            "9 Service Windows \"Time\" service Error 8 2026-11-21T02:09:59.752366Z",
            "4 Script Check: Check storage pool health script Error 8 2026-11-21T02:09:40.752366Z",
        ]
    );
    assert_eq!(
        seen("yuNBRiLTowXlOmPhpEzasaxmGCeiUlZUqyWwhqPs"),
        ["220 NAS \"1\" ping Error 5 2026-11-21T02:18:13.752366Z"]
    );
    // Its one failing check is overridden by a policy.
    assert!(failing("VUUedDlNFolcdTFHCLHTbrWpdcZYIgFwVbMgivAG").iter().all(|check| check.id.as_str() != "128"));
    let mut severities = BTreeMap::<&str, u32>::new();
    for check in agent_ids("fleet").iter().flat_map(|id| failing(id)) {
        *severities.entry(check.severity.name()).or_default() += 1;
    }
    assert_eq!(severities, BTreeMap::from([("error", 18), ("info", 5), ("warning", 15)]));
}

#[test]
fn tasks_are_counted_as_a_recount_says() {
    let mut failing_ids = Vec::new();
    let mut sums = [0, 0, 0, 0];
    for id in agent_ids("fleet") {
        let rows = rows("fleet", &format!("/agents/{id}/tasks/"));
        let enabled: Vec<&Value> = rows.iter().filter(|row| row["enabled"] == true).collect();
        let status = |word: &str| enabled.iter().filter(|row| row["task_result"]["status"] == word).count() as u64;
        let (passing, failing) = (status("passing"), status("failing"));
        let found = tasks("fleet", &id, ChecksMode::All);
        let pending = enabled.len() as u64 - passing - failing;
        let counts =
            StatusCounts { passing: Some(passing), failing: Some(failing), cleared: None, pending: Some(pending) };
        assert_eq!(found.counts, counts, "{id}");
        for (task, row) in found.tasks.iter().zip(&enabled) {
            assert_eq!(task.id.as_str(), row["id"].to_string());
            assert_eq!(task.name, Label::new(row["name"].as_str().expect("a name")));
            assert_eq!(Some(task.severity.name()), row["alert_severity"].as_str());
            assert_eq!(task.consecutive_failures, None);
        }
        assert_eq!(found.tasks.len(), enabled.len());
        let failing_only = tasks("fleet", &id, ChecksMode::Failing).tasks;
        failing_ids.extend(failing_only.iter().map(|task| (task.id.as_str().to_owned(), task.severity)));
        for (sum, count) in sums.iter_mut().zip([rows.len() as u64, passing, failing, pending]) {
            *sum += count;
        }
    }
    assert_eq!(sums, [80, 63, 6, 7]);
    failing_ids.sort_by(|left, right| left.0.cmp(&right.0));
    let expected = [("1", Severity::Warning); 5].into_iter().chain([("18", Severity::Error)]);
    assert_eq!(failing_ids, expected.map(|(id, severity)| (id.to_owned(), severity)).collect::<Vec<_>>());
}

#[test]
fn updates_are_counted_as_a_recount_says() {
    let mut sums = [0; 8];
    let mut without = 0;
    for id in agent_ids("fleet") {
        let rows = rows("fleet", &format!("/winupdate/{id}/"));
        let found = patches("fleet", &id);
        assert_eq!(found.is_none(), rows.is_empty(), "{id}");
        let Some(found) = found else {
            without += 1;
            continue;
        };
        let open: Vec<&Value> = rows.iter().filter(|row| row["installed"] == false).collect();
        let ignored = open.iter().filter(|row| row["action"] == "ignore").count() as u64;
        let failed = open.iter().filter(|row| row["action"] != "ignore" && row["result"] == "failed").count() as u64;
        let pending = open.iter().filter(|row| row["action"] == "approve" && row["result"] != "failed").count() as u64;
        let installed = (rows.len() - open.len()) as u64;
        let missing = open.len() as u64 - ignored - failed - pending;
        assert_eq!(found.by_status, [missing, pending, 0, installed, failed, ignored, 0, 0], "{id}");
        let severity = |word: &str| {
            let outstanding = open.iter().filter(|row| row["action"] != "ignore");
            outstanding.filter(|row| row["severity"].as_str().unwrap_or_default() == word).count() as u64
        };
        let by_severity = ["Critical", "Important", "Moderate", "Low", ""].map(severity);
        assert_eq!(found.outstanding, by_severity, "{id}");
        assert_eq!((found.last_installed, found.reboot_required), (None, None));
        for (sum, count) in sums.iter_mut().zip(found.by_status) {
            *sum += count;
        }
    }
    assert_eq!((sums, without), ([54, 27, 0, 258, 8, 7, 0, 0], 8));
    let one = patches("fleet", "RNtvRGIvSRwsgVwjVLYUIsPzaiyHthcAdCMzlmAi").expect("updates");
    assert_eq!((one.by_status, one.outstanding), ([4, 0, 0, 12, 1, 1, 0, 0], [2, 0, 1, 1, 1]));
}
