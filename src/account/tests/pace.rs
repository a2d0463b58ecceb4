//! When it plans, calls and reports.

use super::*;

#[tokio::test]
async fn many_new_objects_share_one_plan_and_none_waits_for_ever() {
    let clock = PinnedClock::at(START.parse().unwrap());
    let platform = Scripted::new(Arc::new(clock.clone()));
    let (mut account, _) = account(&platform);
    account.step();
    assert_eq!(platform.script().plans, 1);
    // A plan that took 100 ms may be made every 2 s.
    account.journal.planned(&View::default(), Duration::from_millis(100));
    let first = clock.now();
    account.plan_soon(first);
    for _ in 0..19 {
        clock.advance(Duration::from_millis(100));
        account.plan_soon(clock.now());
        account.step();
    }
    assert_eq!((platform.script().plans, account.plan_due), (1, Some(first.steady + Duration::from_secs(2))));
    clock.advance(Duration::from_millis(100));
    account.step();
    assert_eq!((platform.script().plans, account.plan_due), (2, None));
}

#[tokio::test]
async fn the_state_is_published_soon_after_a_change_and_now_and_then_without_one() {
    let clock = PinnedClock::at(START.parse().unwrap());
    let platform = Scripted::new(Arc::new(clock.clone()));
    let (mut account, publisher) = account(&platform);
    let now = clock.now();
    account.report(now);
    assert_eq!(account.report_due, Some(now.steady + Duration::from_secs(15)), "nothing waits");
    account.changed(now);
    account.changed(Moment { steady: now.steady + Duration::from_millis(100), ..now });
    assert_eq!(account.report_due, Some(now.steady + Duration::from_millis(250)), "a later change does not postpone");
    // Two calls at once are under way; the third waits, and how late it is changes with time alone.
    account.planner.plan(
        Vec::from(["a", "b", "c"].map(|id| Want {
            call: Call::Checks(DeviceId::new(id)),
            collector: Collector::Checks,
            interval: Duration::from_hours(1),
            priority: Priority::Sweep,
            after: None,
        })),
        now,
    );
    account.start_calls(now);
    account.report(now);
    assert_eq!(account.report_due, Some(now.steady + Duration::from_secs(1)));
    assert_eq!(status(&publisher).queue_length, 1);
}

#[tokio::test(start_paused = true)]
async fn changed_counters_bring_the_checks_forward() {
    let platform = Scripted { list: Duration::from_mins(2), ..paused() };
    let shutdown = running(account(&platform).0);
    let checks = Call::Checks(DeviceId::new("a"));
    tokio::time::sleep(Duration::from_secs(130)).await;
    assert_eq!(platform.calls_of(&Call::List).len(), 2);
    assert_eq!(platform.calls_of(&checks).len(), 1, "the list says the same as before");
    platform.script().failing = 1;
    tokio::time::sleep(Duration::from_mins(2)).await;
    let list = platform.calls_of(&Call::List)[2];
    let read = platform.calls_of(&checks)[1];
    assert!((list..list + Duration::from_secs(1)).contains(&read), "{list:?} {read:?}");
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_collector_without_metrics_makes_no_calls_and_is_well() {
    let platform = paused();
    let (account, publisher) = account_excluding(&platform, "\"rmm_(device_)?check.*\"");
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert!(platform.script().calls.iter().all(|(_, call)| *call == Call::List));
    let state = status(&publisher);
    let report = checks_report(&state);
    assert_eq!((state.ready, report.success, report.targets), (true, true, 0));
    shutdown.cancel();
}

#[tokio::test]
async fn the_first_data_are_rendered_at_once_and_then_once_a_second_at_most() {
    let clock = PinnedClock::at(START.parse().unwrap());
    let platform = Scripted::new(Arc::new(clock.clone()));
    let (mut account, publisher) = account(&platform);
    let rendered_in = async |account: &mut Account<Scripted>, time| {
        account.render(clock.now());
        assert_eq!(account.next_render(), None, "while one is under way");
        let result = account.renders.join_next().await.unwrap();
        clock.advance(time);
        account.rendered(result);
        account.render_soon(clock.now());
        account.next_render().unwrap().saturating_sub(clock.now().steady)
    };
    let rendered = async |account: &mut Account<Scripted>| rendered_in(account, Duration::from_millis(50)).await;
    assert_eq!(rendered(&mut account).await, Duration::from_millis(200), "nothing was there");
    let device = DeviceRecord::new(DeviceId::new("a"), "a".into(), ClientKey::new("c"), SiteKey::new("s"));
    let device = DeviceRecord { online: Some(true), ..device };
    let list = DeviceList::Client(ClientKey::new("c"), Kind::Server);
    account.fleet().apply(Update::Devices(list, vec![device]), START.parse().unwrap());
    assert_eq!(rendered(&mut account).await, Duration::from_millis(950), "a second after it began");
    assert_eq!(publisher.snapshot().account("msp").unwrap().rendered().unwrap().series, 1, "it is online");
    let slept = rendered_in(&mut account, Duration::from_mins(10)).await;
    assert_eq!(slept, Duration::from_millis(200), "a machine that sleeps meanwhile does no work");
    // What goes stale is withdrawn all the same.
    clock.advance(account.valid_until.unwrap().duration_since(clock.now().wall).unsigned_abs());
    rendered(&mut account).await;
    assert_eq!(publisher.snapshot().account("msp").unwrap().rendered().unwrap().series, 0);
    account.valid_until = Some(clock.now().wall);
    account.render_rested = clock.now().steady + Duration::from_mins(1);
    account.step();
    assert_eq!(account.render_began, clock.now().steady);
}

/// Its answer was there, and the machine slept before it was looked at.
#[tokio::test]
async fn an_answer_from_before_a_sleep_is_as_old_as_that_and_asked_for_once_more() {
    let clock = PinnedClock::at(START.parse().unwrap());
    let platform = Scripted { list: Duration::from_hours(1), ..Scripted::new(Arc::new(clock.clone())) };
    let mut good_for = None;
    for slept in [Duration::from_secs(50), Duration::from_mins(30)] {
        let (mut account, _) = account(&platform);
        account.step();
        let began = clock.now();
        let ended = account.calls.join_next_with_id().await.unwrap();
        clock.advance(slept);
        account.finish(ended);
        let now = clock.now();
        let is_old = slept > Duration::from_mins(1);
        let dated = if is_old { began.wall } else { now.wall };
        let until = account.fleet().current(now.wall).valid_until.unwrap();
        assert_eq!(until.duration_since(dated), *good_for.get_or_insert(until.duration_since(dated)), "{slept:?}");
        clock.advance(Duration::from_secs(15));
        account.step();
        let is_asked = account.calls_by_task.values().any(|(call, _)| *call == Call::List);
        assert_eq!(is_asked, is_old, "{slept:?}: as soon as the floor allows");
        account.calls.shutdown().await;
    }
}
