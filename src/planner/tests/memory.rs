//! What survives a restart.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::planner::memory::{Paused, StillRunning, SwitchedOff};

const REFUSED: Finish = Finish::Failed { outcome: Outcome::AuthError, retry_after: None };

fn told(time: u64) -> Finish {
    Finish::Failed { outcome: Outcome::Throttled, retry_after: Some(seconds(time)) }
}

fn patches(device: u32) -> Want<Call> {
    want(call("patches", device), Collector::Patches, 86_400, Priority::Sweep)
}

fn all() -> Vec<Want<Call>> {
    [sweeps(50), (0..50).map(patches).collect()].concat()
}

/// Calls that nobody made before.
fn fresh() -> Vec<Want<Call>> {
    let device = |device: u32| [sweep(1000 + device), patches(1000 + device)];
    (0..5).flat_map(device).chain([inventory(1000)]).collect()
}

/// What the planner does first after a restart: how long it waits, and whether it is careful then.
fn after_restart(desk: &mut Desk, finish: Finish) -> (Duration, bool) {
    let (_, call) = desk.wait_and_start();
    desk.finish(call, finish);
    desk.pass(seconds(10));
    desk.restart_remembering(fresh());
    let (wait, _) = desk.wait_and_start();
    (wait, desk.start().is_none())
}

#[test]
fn an_account_without_troubles_remembers_nothing() {
    let mut desk = Desk::planning(real(), all());
    desk.run(seconds(100), |_| Finish::Ok);
    assert_eq!(desk.planner.memory(desk.now), Memory::default());
    assert_eq!(serde_json::from_str::<Memory>("{}").unwrap(), Memory::default());
}

#[test]
fn a_restart_does_not_try_a_refused_key() {
    let mut desk = Desk::planning(real(), sweeps(50));
    let (wait, careful) = after_restart(&mut desk, REFUSED);
    assert_key_pause(Some(wait + seconds(10)));
    assert!(careful && desk.planner.is_key_refused());
    // Nor does a loop of restarts.
    let since = desk.now;
    for _ in 0..100 {
        desk.pass(seconds(8));
        desk.restart_remembering(fresh());
        assert_eq!(desk.start(), None);
    }
    assert!(desk.now.steady - since.steady < seconds(900));
    desk.planner.key_changed(desk.now);
    assert!(desk.start().is_some(), "another key");
}

#[test]
fn a_restart_leaves_a_throttled_account_alone() {
    let mut desk = Desk::planning(real(), sweeps(50));
    let (wait, careful) = after_restart(&mut desk, told(3600));
    assert!((seconds(3590)..=seconds(3620)).contains(&wait) && careful, "{wait:?}");
    let mut desk = Desk::planning(real(), sweeps(50));
    let (wait, careful) = after_restart(&mut desk, failed(Outcome::Throttled));
    assert_pauses(&[wait.as_secs() + 10], &[30]);
    assert!(careful);
}

#[test]
fn pauses_go_on_growing_after_a_restart() {
    let mut desk = Desk::planning(real(), all());
    desk.planner.hurry(&patches(0).call, desk.now);
    let fail = |desk: &mut Desk| {
        let (wait, call) = desk.wait_and_start();
        desk.fail(call, Outcome::ConnectError);
        wait.as_secs()
    };
    // Until the pause is set there is nothing to remember.
    assert_eq!([fail(&mut desk), fail(&mut desk)], [0, 0]);
    assert_eq!(desk.planner.memory(desk.now), Memory::default());
    fail(&mut desk);
    assert!(desk.status().backoff_until.is_some());
    let mut waits = Vec::new();
    for _ in 0..5 {
        desk.restart_remembering([all(), fresh()].concat());
        waits.push(fail(&mut desk));
    }
    assert_pauses(&waits, &[30, 60, 120, 240, 300]);
}

#[test]
fn a_name_that_pauses_does_so_after_a_restart() {
    let mut desk = Desk::planning(real(), sweeps(50));
    for _ in 0..6 {
        let (_, call) = desk.wait_and_start();
        desk.fail(call, Outcome::HttpError);
    }
    let until = desk.planner.memory(desk.now).names["checks"];
    assert_eq!(until.times, 2);
    desk.restart_remembering(vec![sweep(1000), sweep(1001), patches(1)]);
    assert_eq!(desk.starts(), [patches(1).call], "others go on");
    let (wait, call) = desk.wait_and_start();
    assert_pauses(&[wait.as_secs()], &[60]);
    assert_eq!(desk.wait(), None, "one goes first");
    desk.fail(call, Outcome::HttpError);
    assert_pauses(&[desk.wait_and_start().0.as_secs()], &[120]);
}

#[test]
fn what_the_key_may_not_read_stays_off() {
    let mut desk = Desk::planning(Limits { max_concurrent: 1, ..real() }, sweeps(50));
    desk.run(seconds(60), |_| failed(Outcome::Forbidden));
    assert_eq!(desk.collector(Collector::Checks).off, 50);
    let until = desk.collector(Collector::Checks).off_until;
    for plan_first in [false, true] {
        if plan_first {
            let memory = desk.planner.memory(desk.now);
            desk.restart(sweeps(50));
            desk.planner.recall(&memory, desk.now);
        } else {
            desk.restart_remembering(sweeps(50));
        }
        let status = desk.collector(Collector::Checks);
        assert_eq!((status.off, status.off_until, status.success), (50, until, false), "plan first: {plan_first}");
        assert_eq!(desk.status().queue_length, 0);
    }
    let (wait, probe) = desk.wait_and_start();
    assert!(wait > seconds(3500));
    desk.finish(probe, Finish::Ok);
    assert_eq!(desk.switched, Some(Switched::On));
}

#[test]
fn a_call_that_timed_out_lingers_over_a_restart() {
    let limits = Limits { linger_after_timeout: seconds(300), ..real() };
    let mut desk = Desk::planning(limits, sweeps(50));
    desk.make(sweep(0).call, seconds(30), failed(Outcome::Timeout));
    desk.pass(seconds(10));
    desk.restart_remembering([sweeps(50), vec![patches(0), patches(1)]].concat());
    assert_eq!(desk.starts(), [patches(0).call], "one place is taken, and its name");
    desk.finish(patches(0).call, Finish::Ok);
    desk.finish(patches(1).call, Finish::Ok);
    desk.plan(sweeps(50));
    assert_eq!(desk.planner.memory(desk.now).lingering.len(), 1);
    assert_eq!(desk.wait_and_start().0, seconds(290));
    assert_eq!(desk.planner.memory(desk.now).lingering, [], "over");
}

/// Calls are cut off at every stop; were each to count as running for a minute, nothing would be asked for that long.
#[test]
fn a_call_cut_off_by_the_end_of_the_process_holds_up_no_other() {
    let mut desk = Desk::planning(real(), sweeps(9));
    assert_eq!(desk.starts().len(), 2);
    desk.pass(seconds(20));
    desk.restart_remembering(sweeps(9));
    let started = desk.starts();
    assert_eq!(started.len(), 2, "both places are free");
    assert!(!started.contains(&sweep(0).call) && !started.contains(&sweep(1).call), "but not for the same again");
}

#[test]
fn what_is_over_still_makes_careful() {
    for finish in [REFUSED, told(100), failed(Outcome::Throttled)] {
        let mut desk = Desk::planning(real(), sweeps(50));
        let (_, call) = desk.wait_and_start();
        desk.finish(call, finish);
        desk.pass(seconds(3 * 3600));
        desk.restart_remembering(fresh());
        let first = desk.start().expect("the pause is over");
        assert_eq!(desk.wait(), None, "one goes first");
        desk.finish(first, Finish::Ok);
        assert_eq!(desk.starts().len(), 2);
        assert_eq!(desk.planner.memory(desk.now), Memory::default());
    }
}

#[test]
fn memory_is_the_same_until_something_changes() {
    let limits = Limits { linger_after_timeout: seconds(300), ..real() };
    let mut desk = Desk::planning(limits, all());
    for finish in [failed(Outcome::Timeout), told(7200)] {
        let call = desk.start().unwrap();
        desk.finish(call, finish);
    }
    let memory = desk.planner.memory(desk.now);
    assert!(memory.throttled.is_some() && memory.careful && memory.lingering.len() == 1);
    for _ in 0..100 {
        desk.pass(seconds(2));
        // The clocks are never read in quite the same moment, and the wall clock is being corrected.
        desk.set_wall_clock(SignedDuration::from_micros(900));
        desk.wait();
        assert_eq!(desk.planner.memory(desk.now), memory);
    }
    // Once it was set, all times move with it.
    desk.set_wall_clock(SignedDuration::from_hours(3));
    let moved = desk.planner.memory(desk.now).throttled.unwrap();
    let ahead = moved.until.duration_since(memory.throttled.unwrap().until);
    assert!((ahead - SignedDuration::from_hours(3)).abs() < SignedDuration::from_secs(1), "{ahead:?}");
    desk.pass(seconds(200));
    assert_eq!(desk.planner.memory(desk.now).lingering, []);
}

#[test]
fn a_pause_is_no_longer_than_it_can_be_when_the_clock_was_set_back() {
    let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let far =
        |since: u64, until: u64| Some(Paused { since: now + seconds(since), until: now + seconds(until), times: 3 });
    let year = 365 * 86_400;
    let one = |name: &str, paused: Option<Paused>| [(name.to_owned(), paused.unwrap())].into();
    let off = SwitchedOff { since: now, until: now + seconds(year), pause: seconds(7 * 86_400), worked: true };
    let running = StillRunning { name: "checks".to_owned(), until: now + seconds(year) };
    let none = Memory::default;
    let cases = [
        (Memory { key: far(year, year + 900), ..none() }, 900..=930),
        (Memory { key: far(0, year), ..none() }, 900..=930),
        (Memory { throttled: far(year, year + 77), ..none() }, 77..=77),
        (Memory { throttled: far(0, year), ..none() }, 86_400..=86_430),
        (Memory { unreachable: far(year, year + 300), ..none() }, 300..=375),
        (Memory { unreachable: far(0, year), ..none() }, 300..=375),
        (Memory { names: one("checks", far(0, year)), ..none() }, 300..=375),
        (Memory { off: [("checks".to_owned(), off)].into(), ..none() }, 86_400..=86_400),
        (Memory { lingering: vec![running], ..none() }, 300..=300),
    ];
    for (memory, expected) in cases {
        let mut desk = Desk::new(Limits { linger_after_timeout: seconds(300), ..real() });
        assert_eq!(desk.now.wall, now);
        desk.restart_with(&memory, sweeps(3));
        let wait = desk.wait().unwrap().as_secs();
        assert!(expected.contains(&wait), "{wait} s for {memory:?}");
    }
}

#[test]
fn names_that_nobody_knows_are_kept_and_do_no_harm() {
    let mut desk = Desk::new(real());
    let now = desk.now.wall;
    let paused = Paused { since: now - seconds(10), until: now + seconds(20), times: 1 };
    let off = SwitchedOff { since: now, until: now + seconds(900), pause: seconds(900), worked: false };
    let name = "of a newer version".to_owned();
    let memory =
        Memory { names: [(name.clone(), paused)].into(), off: [(name.clone(), off)].into(), ..Memory::default() };
    desk.restart_with(&memory, sweeps(3));
    assert_eq!(desk.planner.memory(desk.now), memory);
    assert_eq!(desk.starts().len(), 2);
}

/// What is switched off, and until when.
fn off(desk: &Desk) -> Vec<(Collector, u64, Option<Timestamp>)> {
    let planned = desk.status().collectors.into_iter().filter(|(_, status)| status.targets > 0);
    planned.map(|(collector, status)| (collector, status.off, status.off_until)).collect()
}

/// When the first call of that name started.
fn first(starts: &[(Duration, Call)], name: &str) -> Duration {
    starts.iter().find(|(_, call)| call.name == name).map(|(at, _)| *at).unwrap()
}

/// How a server answers each name for some minutes.
fn phase() -> impl Strategy<Value = (u64, [Finish; 3])> {
    let bad = prop_oneof![
        3 => (1..Outcome::ALL.len()).prop_map(|outcome| failed(Outcome::ALL[outcome])),
        1 => (1_u64..2000).prop_map(told)
    ];
    let finish = prop_oneof![1 => Just(Finish::Ok), 2 => bad];
    (10_u64..1500, [finish.clone(), finish.clone(), finish])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened: a new process that recalls it knows the same, and starts calls when the old one would have.
    #[test]
    fn a_process_that_recalls_goes_on_as_the_old_one(phases in vec(phase(), 1..5), linger in 0_u64..400) {
        // Whose turn it is, and so who gets the last of the budget, may differ.
        let limits = Limits { linger_after_timeout: seconds(linger), requests_per_minute: 1000, ..real() };
        let mut old = Desk::planning(limits, [all(), vec![inventory(1)]].concat());
        let answer = |finishes: [Finish; 3]| move |call: Call| match call.name {
            "checks" => finishes[0],
            "patches" => finishes[1],
            _ => finishes[2],
        };
        let mut last = answer([Finish::Ok; 3]);
        for (time, finishes) in phases {
            last = answer(finishes);
            old.run(seconds(time), last);
        }
        while let Some((end, call)) = old.running.pop() {
            old.pass(end.saturating_sub(old.now.steady));
            old.finish(call, last(call));
        }
        let memory = old.planner.memory(old.now);
        let stored: Memory = serde_json::from_str(&serde_json::to_string(&memory).unwrap()).unwrap();
        prop_assert_eq!(&stored, &memory);
        let mut new = Desk { ledger: old.ledger.clone(), now: old.now, ..Desk::new(old.limits.clone()) };
        new.restart_with(&stored, fresh());
        old.plan(fresh());
        prop_assert_eq!(&new.planner.memory(new.now), &memory);
        prop_assert_eq!(new.status().backoff_until, old.status().backoff_until);
        prop_assert_eq!(new.planner.is_key_refused(), old.planner.is_key_refused());
        prop_assert_eq!(off(&new), off(&old));
        let three_days = |desk: &mut Desk| desk.run(seconds(3 * 86_400), |_| Finish::Ok);
        let (olds, news) = (three_days(&mut old), three_days(&mut new));
        prop_assert_eq!(olds[0].0, news[0].0, "{:?} {:?}", olds[0], news[0]);
        for name in ["checks", "patches", "inventory"] {
            let (old, new) = (first(&olds, name), first(&news, name));
            prop_assert!(old.abs_diff(new) <= seconds(15), "{name}: {old:?} {new:?}");
        }
    }
}
