//! Keys that are refused, and keys that change.

use super::*;
use crate::planner::BackoffReason;

const REFUSED: Option<(Outcome, Option<Duration>)> = Some((Outcome::AuthError, None));

fn times(platform: &Scripted) -> Vec<Duration> {
    platform.script().calls.iter().map(|(at, _)| *at).collect()
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_tried_every_quarter_of_an_hour_and_looked_for_meanwhile() {
    let platform = paused();
    platform.script().fails = REFUSED;
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_hours(1)).await;
    let tried = times(&platform);
    assert_eq!(tried.len(), 4, "{tried:?}");
    assert!(tried.windows(2).all(|pair| (900..=931).contains(&(pair[1] - pair[0]).as_secs())), "{tried:?}");
    let reloads = platform.script().reloads;
    assert!((235..=245).contains(&reloads), "at once and every 15 s: {reloads} times");
    let state = status(&publisher);
    assert!(!state.up && state.backoff_until.is_some());
    assert_eq!(state.backoff_reason, Some(BackoffReason::KeyRefused));
    assert!(state.last_error.as_ref().is_some_and(|error| error.contains("auth_error")));
    // The key is accepted all of a sudden, as when its user was activated again.
    platform.script().fails = None;
    tokio::time::sleep(Duration::from_mins(16)).await;
    let state = status(&publisher);
    assert!(state.up && state.ready && state.last_error.is_none() && state.backoff_until.is_none());
    let reloads = platform.script().reloads;
    tokio::time::sleep(Duration::from_mins(16)).await;
    assert_eq!(platform.script().reloads, reloads, "a good key is left alone");
    shutdown.cancel();
}

/// The call that decides `rmm_up` has a long interval; another one is refused long before.
#[tokio::test(start_paused = true)]
async fn an_account_is_down_as_soon_as_any_call_finds_the_key_refused() {
    let platform = Scripted { failing: Some(Duration::from_mins(2)), list: Duration::from_hours(2), ..paused() };
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(status(&publisher).up);
    platform.script().fails = REFUSED;
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(platform.calls_of(&Call::List).len(), 1);
    assert!(!status(&publisher).up, "no list can be read now");
    platform.script().new_key = Some(true);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(status(&publisher).up, "and nobody waits two hours to see that it can: {:?}", times(&platform));
    shutdown.cancel();
}

/// A good key is replaced by a wrong one while the first inventory is under way.
#[tokio::test(start_paused = true)]
async fn what_is_not_ready_because_of_a_refused_key_says_so() {
    let platform = Scripted { checks_of: Collector::Inventory, ..paused() };
    platform.script().devices = 300;
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(status(&publisher).not_ready_reason.as_deref(), Some("the first inventory is under way"));
    platform.script().fails = REFUSED;
    tokio::time::sleep(Duration::from_mins(1)).await;
    let state = status(&publisher);
    let reason = state.not_ready_reason.clone().unwrap();
    let until = state.backoff_until.unwrap().strftime("%H:%M:%S UTC").to_string();
    assert!(reason.starts_with("the first inventory is not complete; no calls until 2026-03-04 09:3"), "{reason}");
    assert!(reason.ends_with(&format!("{until}, because the server does not accept the key")), "{reason}");
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_fleet_that_is_due_makes_no_more_calls_with_a_refused_key() {
    let platform = Scripted { list: Duration::from_mins(2), ..paused() };
    platform.script().devices = 300;
    let shutdown = running(account(&platform).0);
    tokio::time::sleep(Duration::from_mins(1)).await;
    platform.script().fails = REFUSED;
    platform.script().calls.clear();
    tokio::time::sleep(Duration::from_hours(1)).await;
    let tried = times(&platform);
    assert!((4..=6).contains(&tried.len()), "{} calls", tried.len());
    // Two may have been under way.
    assert!(tried[2..].windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_mins(15)), "{tried:?}");
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_key_that_changed_before_it_was_refused_is_used_at_the_floor() {
    let platform = paused();
    platform.script().fails = REFUSED;
    platform.script().new_key = Some(true);
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let lists = platform.calls_of(&Call::List);
    assert_eq!(lists.len(), 2, "{lists:?}");
    assert_eq!((lists[1] - lists[0]).as_secs(), 15, "the floor");
    assert!(status(&publisher).up && status(&publisher).ready);
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_key_that_changes_later_is_found_within_seconds() {
    let platform = paused();
    platform.script().fails = REFUSED;
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(times(&platform).len(), 1);
    let before = platform.clock.now().steady;
    platform.script().new_key = Some(true);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let tried = times(&platform);
    assert!(tried.len() > 1 && tried[1] - before <= Duration::from_secs(16), "{tried:?}");
    let state = status(&publisher);
    assert!(state.up && state.ready && state.backoff_until.is_none() && state.last_error.is_none());
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn another_key_that_is_refused_too_pauses_again() {
    let platform = paused();
    platform.script().fails = REFUSED;
    let shutdown = running(account(&platform).0);
    tokio::time::sleep(Duration::from_mins(5)).await;
    for count in 2..5 {
        platform.script().new_key = Some(false);
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!(times(&platform).len(), count, "one call for each key");
    }
    shutdown.cancel();
}

/// The file is on a mount that hangs: nothing else waits for it, and the account ends all the same.
#[test]
fn a_key_file_that_hangs_holds_nothing_up() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let platform =
        Scripted { failing: Some(Duration::from_mins(5)), ..Scripted::new(Arc::new(crate::clock::SystemClock)) };
    platform.script().fails = REFUSED;
    let hangs = Arc::new(Mutex::new(()));
    platform.script().key_hangs = Some(Arc::clone(&hangs));
    let hanging = hangs.lock().unwrap();
    runtime.block_on(async {
        let (account, publisher) = account(&platform);
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(account.run(shutdown.clone()));
        let reported = async {
            while status(&publisher).last_error.is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), reported).await.expect("the account goes on");
        shutdown.cancel();
        tokio::time::timeout(Duration::from_mins(1), running).await.expect("the account ends").unwrap();
    });
    drop(hanging);
}
