//! One full collection.

use super::*;

#[tokio::test(start_paused = true)]
async fn collect_makes_every_call_once() {
    let platform = paused();
    let results = account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    let calls: Vec<Call> = platform.script().calls.iter().map(|(_, call)| call.clone()).collect();
    assert_eq!(calls, [Call::List, Call::Checks(DeviceId::new("a"))]);
    assert!(results.iter().all(|result| result.missed == 0), "{results:?}");
}

#[tokio::test(start_paused = true)]
async fn collect_gives_up_at_a_refused_key_and_when_it_may_not_go_on() {
    let platform = paused();
    platform.script().fails = Some((Outcome::AuthError, None));
    let before = platform.clock.now().steady;
    let results = account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    assert_eq!(platform.script().calls.len(), 1);
    assert!(platform.clock.now().steady < before + Duration::from_secs(1), "at once");
    assert!(results.iter().any(|result| result.collector == Collector::Inventory && result.missed == 1));

    // The server wants to be left alone for an hour: nobody waits for that.
    let platform = Scripted { failing: Some(Duration::from_mins(3)), ..paused() };
    platform.script().fails = Some((Outcome::Throttled, Some(Duration::from_hours(1))));
    let before = platform.clock.now().steady;
    let results = account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    assert!(platform.clock.now().steady < before + Duration::from_mins(2));
    assert!(results.iter().map(|result| result.missed).sum::<u64>() >= 1, "{results:?}");
}

#[tokio::test(start_paused = true)]
async fn collect_does_not_wait_for_what_the_key_may_not_read() {
    let platform = paused();
    (platform.script().refuses, platform.script().devices) = (Some("checks"), 50);
    let before = platform.clock.now().steady;
    let results = account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    assert!(platform.clock.now().steady < before + Duration::from_secs(1), "at once");
    let missed = |collector| results.iter().find(|result| result.collector == collector).map(|result| result.missed);
    assert_eq!((missed(Collector::Checks), missed(Collector::Inventory)), (Some(50), Some(0)));
}
