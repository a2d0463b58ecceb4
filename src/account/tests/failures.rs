//! Calls that fail, and what the key may not read.

use super::*;

/// One call takes a secret of its own, which is refused: nothing else is held up by that, and the key is not doubted.
#[tokio::test(start_paused = true)]
async fn a_refused_secret_of_one_call_concerns_that_call_alone() {
    let platform = Scripted { failing: Some(Duration::from_mins(5)), list: Duration::from_mins(2), ..paused() };
    platform.script().fails = Some((Outcome::AuthError, None));
    platform.script().spares_key = true;
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_mins(2)).await;
        let status = status(&publisher);
        assert!(status.up && status.ready && status.backoff_until.is_none());
    }
    assert_eq!(platform.script().reloads, 0);
    let lists = platform.calls_of(&Call::List).len();
    assert!((29..=31).contains(&lists), "the list is read at its own pace: {lists}");
    // It is off, but for a try now and then.
    let refused = platform.calls_of(&Call::Failing).len();
    assert!((4..=6).contains(&refused), "{refused}");
    let text = status(&publisher).last_error.clone().unwrap_or_default();
    assert!(text.contains("auth_error"), "{text}");
    shutdown.cancel();

    // Nor does a single collection stop at it.
    let platform = Scripted { failing: Some(Duration::from_mins(5)), ..paused() };
    platform.script().fails = Some((Outcome::AuthError, None));
    platform.script().spares_key = true;
    self::account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    let called = |call: &Call| platform.calls_of(call).len();
    assert!([Call::List, Call::Failing, Call::Checks(DeviceId::new("a"))].iter().all(|call| called(call) > 0));
}

/// The call that decides `rmm_up` has a long interval; another one fails again and again long before.
#[tokio::test(start_paused = true)]
async fn an_outage_shows_before_the_deciding_call_is_due() {
    let platform = Scripted { failing: Some(Duration::from_mins(3)), ..paused() };
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(status(&publisher).up);
    platform.script().fails = Some((Outcome::ConnectError, None));
    platform.script().calls.clear();
    tokio::time::sleep(Duration::from_mins(6)).await;
    assert!(!status(&publisher).up, "{:?}", platform.script().calls);
    let calls = platform.script().calls.len();
    assert!(calls <= 8, "{calls} calls");
    // And it does not stay unnoticed when all is well again.
    platform.script().fails = None;
    tokio::time::sleep(Duration::from_mins(6)).await;
    assert!(status(&publisher).up);
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_reading_is_a_failed_call_and_no_more() {
    let platform = paused();
    platform.script().panics = true;
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    platform.asked.notified().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let error = status(&publisher).last_error.clone().unwrap_or_default();
    assert!(error.ends_with(": the answer cannot be read (invalid_response)"), "{error}");
    platform.script().panics = false;
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert!(status(&publisher).up);
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn what_the_key_may_not_read_is_off_and_the_rest_goes_on() {
    let platform = paused();
    (platform.script().refuses, platform.script().devices) = (Some("checks"), 300);
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    let checks =
        |platform: &Scripted| platform.script().calls.iter().filter(|(_, call)| call.name() == "checks").count();
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert!((2..=3).contains(&checks(&platform)), "{} calls", checks(&platform));
    let state = status(&publisher);
    assert!(state.up && state.ready && state.backoff_until.is_none());
    assert_eq!((state.queue_length, state.oldest_due), (0, Duration::ZERO));
    let report = checks_report(&state);
    assert_eq!((report.success, report.targets), (false, 300));
    assert_eq!(state.last_error.as_deref(), Some("checks: the key may not read this (forbidden)"));
    let error = report.last_error.expect("known");
    assert_eq!((error.call, error.outcome), ("checks", Outcome::Forbidden));
    assert!(
        state
            .collectors
            .iter()
            .all(|(collector, report)| *collector == Collector::Checks || report.last_error.is_none())
    );
    // Granted: the probe finds out, at the latest two hours after the one before.
    platform.script().refuses = None;
    tokio::time::sleep(Duration::from_mins(75)).await;
    let state = status(&publisher);
    let report = checks_report(&state);
    assert_eq!((report.success, report.fresh, state.last_error.clone()), (true, 300, None));
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn records_that_cannot_be_read_take_nothing_away_and_are_told() {
    let platform = Scripted { list: Duration::from_mins(5), ..paused() };
    platform.script().devices = 3;
    let (account, publisher) = account(&platform);
    let (fleet, clock) = (Arc::clone(&account.fleet), Arc::clone(&platform.clock));
    let devices = move || lock(&fleet).current(clock.now().wall).devices.len();
    let inventory = |status: &AccountStatus| {
        let found = status.collectors.iter().find(|(collector, _)| *collector == Collector::Inventory).unwrap();
        (found.1.success, found.1.last_error.map(|error| error.outcome))
    };
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!((devices(), inventory(&status(&publisher))), (3, (true, None)));
    (platform.script().devices, platform.script().incomplete) = (2, true);
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!((devices(), inventory(&status(&publisher))), (3, (false, Some(Outcome::InvalidResponse))));
    assert!(status(&publisher).up, "the platform answers");
    tokio::time::sleep(Duration::from_mins(30)).await;
    assert_eq!(devices(), 2, "stale");
    platform.script().devices = 3;
    tokio::time::sleep(Duration::from_mins(6)).await;
    (platform.script().devices, platform.script().incomplete) = (1, false);
    tokio::time::sleep(Duration::from_mins(6)).await;
    assert_eq!((devices(), inventory(&status(&publisher)).0), (1, true), "a whole list withdraws");
    shutdown.cancel();
}
