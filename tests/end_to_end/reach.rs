//! What the platform does not let one read, or not at once: it is asked in another way, or seldom, and nothing else suffers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rmm_exporter::demo::world::tactical::Permission;
use rmm_exporter::demo::{Audit, Fault, Scope};
use tracing::Level;

use crate::captured::Captured;
use crate::harness::{BOTH, NOW, Running, Settings, TestClock, failed_collectors, of_account, start_demo};
use crate::support::stopwatch::Stopwatch;
use crate::support::{SeriesMap, difference, fleet_only, value};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selection_that_is_refused_for_all_is_read_of_each() {
    let settings = Settings { devices: 50, ..Settings::default() };
    let demo = start_demo(&settings).await;
    demo.world.set_selection_per_device(true);
    let running = Running::around(demo, settings).await;
    running.until_true().await;
    running.until_well(BOTH[0]).await;
    let calls = running.demo.nsight.handle.audit().calls();
    let calls = calls.iter().filter(|call| call.target == "mob/mob_list_selection_size");
    let (account, single): (Vec<_>, Vec<_>) = calls.partition(|call| call.identity.contains("deviceid=0&"));
    let truth = running.demo.world.truth(NOW.parse().unwrap());
    let devices = truth.nsight.devices.iter().filter(|device| device.device.features.contains(&"mob")).count();
    assert_eq!((account.len(), single.len()), (1, devices));
    running.stop().await;
}

/// What list_failing_checks alone tells: the time at which a check failed last only list_checks knows.
fn failing(all: &SeriesMap) -> SeriesMap {
    let names = [
        "rmm_check_failing",
        "rmm_check_consecutive_failures",
        "rmm_task_failing",
        "rmm_task_consecutive_failures",
        "rmm_device_online",
        "rmm_device_overdue",
    ];
    let all = of_account(all, BOTH[0]).into_iter();
    all.filter(|((name, _), _)| names.contains(&name.as_str())).collect()
}

fn failing_calls(audit: &Audit) -> (usize, usize) {
    let calls = audit.calls();
    let of_clients = calls.iter().filter(|call| call.identity.starts_with("GET list_failing_checks?clientid="));
    let of_account = calls.iter().filter(|call| call.identity == "GET list_failing_checks?");
    (of_account.count(), of_clients.count())
}

// One thread, of which the lines are kept.
#[tokio::test]
async fn failing_checks_that_never_come_for_all_come_client_by_client() {
    let log = Captured::from(Level::INFO);
    let clock = TestClock::at(NOW);
    // What changes is read by the collectors inventory and failing_checks alone.
    let settings =
        Settings { clock: Arc::new(clock.clone()), devices: 60, fast: 800, timeout: 2_000, ..Settings::default() };
    let demo = start_demo(&settings).await;
    demo.nsight.handle.set_fault(Fault::NeverAnswer, Scope::identity("GET list_failing_checks?"));
    let running = Running::around(demo, settings).await;
    let until_failing_is_right = async || {
        let expected = failing(&running.expected());
        running
            .until(|all| {
                let difference = difference(&failing(all), &expected);
                let failed = failed_collectors(all, BOTH[0]).contains(&"failing_checks");
                (failed || !difference.is_empty()).then(|| format!("failed: {failed}, {difference}"))
            })
            .await;
    };
    until_failing_is_right().await;
    let before = failing(&running.expected());
    clock.advance(Duration::from_mins(4));
    assert!(difference(&before, &failing(&running.expected())).len() > 200, "this world is too quiet");
    until_failing_is_right().await;
    let audit = running.demo.nsight.handle.audit();
    let (of_account, of_clients) = failing_calls(audit);
    let clients = running.demo.world.nsight_layout().clients.len();
    assert!((1..=4).contains(&of_account), "{of_account}");
    assert!(of_clients >= 2 * clients, "{of_clients} calls for {clients} clients");
    let told = log.with("one call for each client");
    assert_eq!(told.len(), 1, "{told:?}");
    // It stays like this for a while.
    audit.clear();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(failing_calls(audit).0, 0, "the call for all is left alone");
    // And then the one call is tried again.
    running.demo.nsight.handle.clear_faults();
    clock.leap(Duration::from_mins(61));
    running
        .until(|_| (log.with("one call for the whole account again").len() != 1).then(|| "not yet".to_owned()))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    audit.clear();
    clock.advance(Duration::from_mins(4));
    until_failing_is_right().await;
    let (of_account, of_clients) = failing_calls(audit);
    assert!(of_account >= 1 && of_clients == 0, "{of_account} of all, {of_clients} of clients");
    running.stop().await;
}

/// Permission, the collector that needs it, and how the paths of its calls end or begin.
const ROLES: [(Permission, &str, &str); 4] = [
    (Permission::ListChecks, "checks", "/checks/"),
    (Permission::ManageUpdates, "patches", "/winupdate/"),
    (Permission::ListAlerts, "alerts", "/alerts/"),
    (Permission::ViewCustomFields, "inventory", "/core/customfields/"),
];

/// Calls at such a path that were refused.
fn refused(audit: &Audit, path: &str) -> usize {
    audit.calls().iter().filter(|call| call.target.contains(path) && call.status == Some(403)).count()
}

/// Says so unless the calls of exactly these collectors of the account fail.
fn only_failed(all: &SeriesMap, collectors: &[&str]) -> Option<String> {
    let failed: BTreeSet<&str> = failed_collectors(all, BOTH[1]).into_iter().collect();
    let expected: BTreeSet<&str> = collectors.iter().copied().collect();
    (failed != expected).then(|| format!("failed: {failed:?}, not {expected:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_role_may_not_read_is_seldom_asked() {
    // Sweeps often enough to see the permission return.
    let settings = Settings { devices: 60, slow: 1_500, ..Settings::default() };
    let demo = start_demo(&settings).await;
    let agents = demo.world.truth(NOW.parse().unwrap()).tactical.agents.len();
    let few = agents / 2;
    for (permission, ..) in ROLES {
        demo.world.tactical_switches().set_permission(permission, false);
    }
    let running = Running::around(demo, settings).await;
    let (switches, audit) = (running.demo.world.tactical_switches(), running.demo.tactical.handle.audit());
    let watch = Stopwatch::start();
    let collectors = ROLES.map(|(_, collector, _)| collector);
    let few_refused = || {
        for (_, collector, path) in ROLES {
            let refused = refused(audit, path);
            // One a sweep.
            let few = few.max(4 + watch.seconds());
            assert!((1..=few).contains(&refused), "{collector}: {refused} of {agents} agents refused");
        }
    };
    // From the start: what could not be read does not exist, everything else is right.
    let needs = |name: &str| {
        let names = ["rmm_device_checks", "rmm_patches", "rmm_patches_outstanding", "rmm_alerts_open"];
        let prefixes = ["rmm_check_", "rmm_antivirus_", "rmm_backup_"];
        names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
    };
    let is_told = |name: &str| !needs(name) || name == "rmm_device_checks";
    let without_needy = |all: &SeriesMap| -> SeriesMap {
        of_account(all, BOTH[1]).into_iter().filter(|((name, _), _)| !needs(name)).collect()
    };
    let expected = without_needy(&running.expected());
    let all = running
        .until(|all| {
            let difference = difference(&without_needy(&fleet_only(all)), &expected);
            let failed = only_failed(all, &collectors);
            if difference.is_empty() { failed } else { Some(difference) }
        })
        .await;
    // The agent list counts checks, too.
    let made_up = of_account(&fleet_only(&all), BOTH[1]).into_keys().find(|(name, _)| !is_told(name));
    assert_eq!(made_up, None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    few_refused();
    for (permission, ..) in ROLES {
        switches.set_permission(permission, true);
    }
    running.until_true().await;
    running.until_well(BOTH[1]).await;
    // Taken away from what worked: the data stay as long as they are young.
    audit.clear();
    for (permission, ..) in ROLES {
        switches.set_permission(permission, false);
    }
    running.until(|all| only_failed(all, &collectors)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let all = running.scrape().await;
    assert_eq!(difference(&fleet_only(&all), &running.expected()), "");
    assert_eq!(only_failed(&all, &collectors), None);
    assert_eq!(value(&all, "rmm_up", &[("account", BOTH[1])]), Some(1.0));
    assert_eq!(failed_collectors(&all, BOTH[0]), [""; 0]);
    few_refused();
    // One of them alone, while the others are allowed again.
    for (permission, ..) in &ROLES[1..] {
        switches.set_permission(*permission, true);
    }
    running.until(|all| only_failed(all, &collectors[..1])).await;
    switches.set_permission(ROLES[0].0, true);
    running.until_well(BOTH[1]).await;
    running.until_true().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_monitoring_token_hides_the_server_and_nothing_else() {
    let settings = Settings { devices: 30, fast: 500, wrong_token: true, ..Settings::default() };
    let running = Running::start(settings).await;
    let mut expected = running.expected();
    expected.retain(|(name, _), _| !name.starts_with("rmm_server_"));
    running
        .until(|all| {
            let difference = difference(&fleet_only(all), &expected);
            if difference.is_empty() { only_failed(all, &["server"]) } else { Some(difference) }
        })
        .await;
    let audit = running.demo.tactical.handle.audit();
    audit.clear();
    let watch = Stopwatch::start();
    tokio::time::sleep(Duration::from_secs(3)).await;
    running.until(|_| (audit.summary().calls <= 12).then(|| "the others go on".to_owned())).await;
    let all = running.scrape().await;
    assert_eq!(only_failed(&all, &["server"]), None);
    assert_eq!(value(&all, "rmm_up", &[("account", BOTH[1])]), Some(1.0));
    let calls = audit.calls();
    let (status, others): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.target == "/core/v2/status/");
    assert!(status.len() <= 3.max(watch.seconds()), "{} times", status.len());
    assert!(others.len() > 5 && others.iter().all(|call| call.key_accepted), "{}", others.len());
    running.stop().await;
}
