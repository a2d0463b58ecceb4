use super::*;
use crate::fleet::{ClientKey, DeviceId, SiteKey};
use crate::platform::nsight::tests::account;

const TIMEOUT: Duration = Duration::from_mins(1);
const QUICK: Duration = Duration::from_secs(2);
const HOUR: Duration = Duration::from_hours(1);
const SECOND: Duration = Duration::from_secs(1);

/// The state, and the time, which each call takes two seconds of.
struct Desk {
    state: FallbackState,
    now: Duration,
}

impl Desk {
    fn new() -> Self {
        let config = AccountConfig { timeout: TIMEOUT, ..account("http://127.0.0.1:9/".parse().unwrap()) };
        Self { state: FallbackState::new(&config), now: Duration::from_secs(1000) }
    }

    fn end(&mut self, call: &Call, outcome: Outcome, status: Option<u16>, took: Duration) -> Option<Change> {
        self.now += QUICK;
        self.state.ended(Ended { call, outcome, status, is_empty: false, took, at: self.now })
    }

    fn report(&mut self, outcome: Outcome) -> Option<Change> {
        self.end(&Call::ListFailingChecks, outcome, None, QUICK)
    }

    fn other(&mut self, outcome: Outcome) -> Option<Change> {
        self.end(&Call::ListClients, outcome, None, QUICK)
    }

    fn selection(&mut self, outcome: Outcome) -> Option<Change> {
        let whole = Call::MobListSelectionSize(SelectionTarget { device: None, zone: None });
        self.end(&whole, outcome, None, QUICK)
    }

    /// An account that asks client by client.
    fn fallen_back() -> Self {
        let mut desk = Self::new();
        desk.report(Outcome::Timeout);
        desk.other(Outcome::Ok);
        assert_eq!(desk.report(Outcome::Timeout), Some(Change::ClientByClient(HOUR)));
        desk
    }

    fn is_by_client(&mut self) -> bool {
        self.state.for_plan(self.now).failing_checks
    }
}

#[test]
fn two_reports_in_a_row_that_time_out_are_enough() {
    let mut desk = Desk::new();
    assert_eq!(desk.report(Outcome::Timeout), None);
    desk.other(Outcome::Ok);
    assert_eq!(desk.report(Outcome::Ok), None, "not in a row");
    assert_eq!(desk.report(Outcome::Timeout), None);
    assert_eq!(desk.other(Outcome::Ok), None);
    assert!(!desk.state.plan_changed(desk.now));
    assert_eq!(desk.report(Outcome::TooLarge), Some(Change::ClientByClient(HOUR)));
    assert!(desk.state.plan_changed(desk.now));
    assert!(desk.is_by_client());
    assert!(!desk.state.plan_changed(desk.now));
}

#[test]
fn without_the_inventory_there_is_nobody_to_ask_one_by_one() {
    let mut config = account("http://127.0.0.1:9/".parse().unwrap());
    config.collectors.remove(&Collector::Inventory);
    let mut desk = Desk { state: FallbackState::new(&config), ..Desk::new() };
    for _ in 0..5 {
        desk.report(Outcome::Timeout);
        assert_eq!(desk.other(Outcome::Ok), None);
    }
    assert!(!desk.is_by_client());
}

#[test]
fn a_gateway_that_gives_up_is_a_timeout_and_another_error_is_not() {
    for (status, falls_back) in [(504, true), (524, true), (500, false), (502, false)] {
        let mut desk = Desk::new();
        for _ in 0..2 {
            desk.end(&Call::ListFailingChecks, Outcome::HttpError, Some(status), QUICK);
            desk.other(Outcome::Ok);
        }
        assert_eq!(desk.is_by_client(), falls_back, "{status}");
    }
}

#[test]
fn two_good_answers_that_take_most_of_the_time_are_enough() {
    let mut desk = Desk::new();
    let report = |desk: &mut Desk, took| desk.end(&Call::ListFailingChecks, Outcome::Ok, Some(200), took);
    assert_eq!(report(&mut desk, TIMEOUT / 2 + QUICK), None);
    assert_eq!(report(&mut desk, TIMEOUT / 2), None, "not in a row");
    assert_eq!(report(&mut desk, TIMEOUT / 2 + QUICK), None);
    assert_eq!(report(&mut desk, TIMEOUT / 2 + QUICK), Some(Change::ClientByClient(HOUR)));
}

#[test]
fn a_platform_that_cannot_be_reached_is_no_reason() {
    let mut desk = Desk::new();
    for _ in 0..5 {
        assert_eq!(desk.report(Outcome::ConnectError), None);
        assert_eq!(desk.other(Outcome::ConnectError), None);
    }
    // Nor is one that answers nothing in time, whatever it is asked …
    for _ in 0..5 {
        assert_eq!(desk.report(Outcome::Timeout), None);
        assert_eq!(desk.other(Outcome::Timeout), None);
    }
    // … until it answers the others again.
    assert_eq!(desk.other(Outcome::ApiError), Some(Change::ClientByClient(HOUR)));

    let mut desk = Desk::new();
    desk.report(Outcome::Timeout);
    desk.other(Outcome::Ok);
    desk.report(Outcome::ConnectError);
    assert_eq!(desk.report(Outcome::Timeout), None, "not in a row");
}

#[test]
fn after_an_hour_the_whole_account_is_tried_once() {
    let mut desk = Desk::fallen_back();
    assert!(desk.is_by_client());
    desk.now += HOUR.saturating_sub(SECOND);
    assert!(!desk.state.plan_changed(desk.now));
    desk.now += SECOND;
    assert!(desk.state.plan_changed(desk.now));
    assert!(!desk.is_by_client());
    assert_eq!(desk.report(Outcome::Ok), Some(Change::WholeAccount));
    assert!(!desk.state.plan_changed(desk.now));
    assert_eq!(desk.report(Outcome::Timeout), None, "from the beginning");
}

#[test]
fn a_trial_that_fails_makes_the_next_stay_twice_as_long() {
    let mut desk = Desk::fallen_back();
    for hours in [1, 2, 4, 8, 16, 24, 24] {
        assert!(desk.is_by_client());
        desk.now += Duration::from_hours(hours).saturating_sub(SECOND);
        assert!(desk.is_by_client(), "{hours} hours");
        desk.now += SECOND;
        assert!(!desk.is_by_client(), "{hours} hours");
        assert_eq!(desk.report(Outcome::Timeout), None, "that is no news");
    }
}

#[test]
fn a_trial_that_fails_for_another_reason_is_repeated_as_soon() {
    let mut desk = Desk::fallen_back();
    for _ in 0..3 {
        desk.now += HOUR;
        assert!(!desk.is_by_client());
        desk.report(Outcome::ConnectError);
        assert!(desk.is_by_client());
    }
}

#[test]
fn an_answer_from_before_the_switch_changes_nothing() {
    let mut desk = Desk::fallen_back();
    assert_eq!(desk.report(Outcome::Ok), None);
    assert!(desk.is_by_client());
}

#[test]
fn a_refused_selection_is_asked_device_by_device_for_a_day_and_then_longer() {
    let day = 24 * HOUR;
    let mut desk = Desk::new();
    let single = Some((ClientKey::new("1"), SiteKey::new("2"), DeviceId::new("3")));
    let single = Call::MobListSelectionSize(SelectionTarget { device: single, zone: None });
    assert_eq!(desk.end(&single, Outcome::ApiError, None, QUICK), None);
    assert_eq!(desk.selection(Outcome::ApiError), Some(Change::DeviceByDevice(day)));
    assert!(desk.state.plan_changed(desk.now));
    assert_eq!(
        desk.state.for_plan(desk.now),
        Fallbacks { failing_checks: false, backup_selection: true },
        "one has nothing to do with the other"
    );
    for stay in [1, 2, 4, 7, 7] {
        desk.now += stay * day;
        desk.now = desk.now.saturating_sub(SECOND);
        assert!(desk.state.for_plan(desk.now).backup_selection);
        desk.now += SECOND;
        assert!(desk.state.plan_changed(desk.now));
        assert!(!desk.state.for_plan(desk.now).backup_selection);
        assert_eq!(desk.selection(Outcome::ApiError), None, "told already");
    }
    desk.now += 7 * day;
    assert!(!desk.state.for_plan(desk.now).backup_selection);
    assert_eq!(desk.selection(Outcome::Ok), Some(Change::WholeSelection));
    assert_eq!(desk.selection(Outcome::Ok), None);
}

#[test]
fn a_selection_that_never_comes_is_asked_device_by_device() {
    let mut desk = Desk::new();
    assert_eq!(desk.selection(Outcome::Timeout), None);
    assert_eq!(desk.selection(Outcome::Ok), None, "not in a row");
    assert_eq!(desk.selection(Outcome::TooLarge), None);
    assert_eq!(desk.selection(Outcome::ConnectError), None);
    assert_eq!(desk.selection(Outcome::Timeout), None);
    assert!(matches!(desk.selection(Outcome::Timeout), Some(Change::DeviceByDevice(_))));
}

#[test]
fn a_selection_that_names_no_device_is_asked_device_by_device_too() {
    let mut desk = Desk::new();
    let call = Call::MobListSelectionSize(SelectionTarget { device: None, zone: None });
    let ended =
        |is_empty, at| Ended { call: &call, outcome: Outcome::Ok, status: Some(200), is_empty, took: QUICK, at };
    assert_eq!(desk.state.ended(ended(false, desk.now)), None);
    assert!(matches!(desk.state.ended(ended(true, desk.now)), Some(Change::DeviceByDevice(_))));
    assert!(desk.state.for_plan(desk.now).backup_selection);
}

#[test]
fn many_clients_are_asked_less_often() {
    let config = account("http://127.0.0.1:9/".parse().unwrap());
    let paced = |clients: u32| {
        let want = |call, priority| Want {
            call,
            collector: Collector::FailingChecks,
            interval: Duration::from_mins(3),
            priority,
            after: None,
        };
        let mut wants: Vec<_> = (0..clients)
            .map(|client| want(Call::ListFailingChecksOf(ClientKey::new(&client.to_string())), Priority::Failing))
            .collect();
        wants.push(want(Call::ListClients, Priority::Failing));
        pace(&mut wants, &config);
        let last = wants.pop().unwrap();
        assert_eq!((last.interval, last.priority), (Duration::from_mins(3), Priority::Failing));
        assert!(wants.iter().all(|want| want.priority == Priority::Inventory && want.interval == wants[0].interval));
        wants[0].interval.as_secs()
    };
    // 30 calls a minute, of which these may have 15.
    assert_eq!([1, 45, 60, 67, 1000].map(paced), [180, 180, 240, 268, 4000]);
}
