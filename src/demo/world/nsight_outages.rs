//! Outages of N-sight devices: the ones that are open, and those of the last two months.

use jiff::Timestamp;

use super::nsight::{NsightCheck, NsightDevice, NsightKind, ProblemKind};
use super::{World, whole_second};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Days that a closed outage stays in the list.
const KEPT: i64 = 61;

/// A time in which something was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightOutage {
    /// The outage id.
    pub id: u64,
    /// `CHECK_FAILURE`, `DEVICE_OFFLINE`, `DEVICE_OVERDUE`, `SITE_DOWN`, `UPLOAD_ERROR`, or a word that nobody knows.
    pub reason: &'static str,
    /// Begin.
    pub start: Timestamp,
    /// End; `None` while it is open.
    pub end: Option<Timestamp>,
    /// The check that failed: id, type, description.
    pub check: Option<(u64, u32, String)>,
}

/// Reason, how many of 1,000 stretches of six days have one, the longest in hours.
const PAST: [(&str, u64, u64); 6] = [
    ("CHECK_FAILURE", 450, 200),
    ("DEVICE_OFFLINE", 250, 2),
    ("DEVICE_OVERDUE", 150, 2),
    ("SITE_DOWN", 80, 2),
    ("UPLOAD_ERROR", 100, 170),
    ("AGENT_STUCK", 40, 90),
];

impl World {
    /// The open outages of a device and those that ended within 61 days.
    #[must_use]
    pub fn nsight_outages(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightOutage> {
        if !matches!(device.kind, NsightKind::Server | NsightKind::Workstation) {
            return Vec::new();
        }
        let mut outages = Vec::new();
        if let Some(problem) = device.problem {
            let reason = match problem.kind {
                ProblemKind::Overdue => "DEVICE_OVERDUE",
                ProblemKind::Offline => "DEVICE_OFFLINE",
                ProblemKind::Unreachable => "SITE_DOWN",
            };
            outages.push(outage(device, reason, problem.since.as_millisecond(), None, None));
        }
        let checks = self.nsight_checks(device, at);
        for check in &checks {
            if let (1, Some(since)) = (check.status, check.failing_since) {
                outages.push(outage(device, "CHECK_FAILURE", since.as_millisecond(), None, Some(check)));
            }
        }
        outages.extend(past(device, &checks, at.as_millisecond()));
        outages
    }
}

/// What was before. It goes by the calendar, whatever the pace: reports look at days.
fn past<'a>(
    device: &'a NsightDevice,
    checks: &'a [NsightCheck],
    now: i64,
) -> impl Iterator<Item = NsightOutage> + use<'a> {
    let step = 6 * DAY;
    let regular = PAST.into_iter().zip(0..).flat_map(move |((reason, often, hours), part)| {
        let chance = device.chance.of(700).of(part);
        let window = chance.window(step, now);
        (0..=KEPT / 6 + 2).filter_map(move |back| {
            let luck = chance.of((window.number - back).unsigned_abs());
            if !luck.of(1).fails(often) {
                return None;
            }
            let part_of =
                |luck: super::chance::Chance, limit: i64| i64::try_from(luck.below(limit.unsigned_abs())).unwrap_or(0);
            let start = window.start - back * step + part_of(luck.of(2), step);
            // Much longer than the stretch: then it overlaps the next one of its kind.
            let end = start + 5 * 60_000 + part_of(luck.of(3), i64::try_from(hours).unwrap_or(1) * HOUR);
            let check = (reason == "CHECK_FAILURE").then(|| checks.first()).flatten();
            // The device's own state is told by what it is now: only an ended trouble of that kind is a past one.
            let own = matches!(reason, "DEVICE_OFFLINE" | "DEVICE_OVERDUE" | "SITE_DOWN");
            let over = end <= now;
            let listed = start <= now && end > now - KEPT * DAY && (over || !own);
            listed.then(|| outage(device, reason, start, over.then_some(end), check))
        })
    });
    // One that nobody attends to.
    let long = device.chance.of(701);
    let forgotten = long.fails(80).then(|| long.window(90 * DAY, now).start);
    regular.chain(forgotten.map(move |start| outage(device, "UPLOAD_ERROR", start, None, None)))
}

fn outage(
    device: &NsightDevice,
    reason: &'static str,
    start: i64,
    end: Option<i64>,
    check: Option<&NsightCheck>,
) -> NsightOutage {
    let part = check.map_or(reason.len() as u64, |check| check.id);
    NsightOutage {
        id: device.chance.of(702).of(part).of(start.unsigned_abs()).below(1_000_000_000),
        reason,
        start: whole_second(start),
        end: end.map(whole_second),
        check: check.map(|check| (check.id, check.check_type, check.description.clone())),
    }
}
