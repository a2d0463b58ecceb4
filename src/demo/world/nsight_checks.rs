//! Checks, automated tasks and daily histories of N-sight devices.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::nsight::{ACCOUNT_ZONE, NsightCheck, NsightDevice, NsightHistory, NsightKind};
use super::{World, last_tick, time, whole_second};

/// A check as it is set up: type, class, description.
type Plan = (u32, u8, &'static str);

const SERVER: [Plan; 16] = [
    (1001, 2, "Antivirus Update Check - Managed Antivirus"),
    (1002, 6, "Backup Check - Backup & Recovery"),
    (1003, 2, "Drive Space Change Check - drive D:"),
    (1004, 1, "Disk Space Check - drive C:"),
    (1004, 1, "Disk Space Check - drive \"D:\""),
    (1006, 2, "Failed Login Check"),
    (1007, 1, "Performance Monitoring Check - CPU & RAM"),
    (1008, 2, "Physical Disk Health Check"),
    (1010, 1, "Ping Check - gateway <192.0.2.1>"),
    (1013, 1, "Windows Service Check - Print Spooler"),
    (1014, 2, "Critical Events Check - System"),
    (1023, 3, "Automated Task - Temporäre Dateien löschen"),
    (1024, 1, "Skriptüberprüfung - Lizenzen prüfen ✓"),
    (1026, 4, "Managed Antivirus Check"),
    (1031, 1, "Bandwidth Check - eth0 ]]> 10 €"),
    (1005, 2, "Exchange Store Size Check"),
];

const WORKSTATION: [Plan; 7] = [
    (1001, 2, "Antivirus Update Check - Managed Antivirus"),
    (1002, 2, "Backup Check - Dokumente"),
    (1004, 1, "Disk Space Check - drive C:"),
    (1013, 1, "Windows Service Check - Windows Update"),
    (1023, 3, "Automated Task - Neustart, wenn nötig"),
    (1024, 1, "Script Check - BitLocker"),
    (1007, 1, "Performance Monitoring Check - CPU"),
];

/// Number of days in a history.
const DAYS: i64 = 90;

impl World {
    /// The checks and tasks of a device.
    #[must_use]
    pub fn nsight_checks(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightCheck> {
        let plans: &[Plan] = match device.kind {
            NsightKind::Server => &SERVER,
            NsightKind::Workstation => &WORKSTATION,
            NsightKind::Mobile | NsightKind::Agentless => &[],
        };
        plans
            .iter()
            .zip(0..)
            .filter(|(plan, _)| has_check(device, **plan))
            .map(|(plan, number)| self.nsight_check(device, *plan, number, at))
            .collect()
    }

    fn nsight_check(&self, device: &NsightDevice, plan: Plan, number: u64, at: Timestamp) -> NsightCheck {
        let (check_type, class, description) = plan;
        let chance = device.chance.of(100 + number);
        let period = if class == 1 { self.report_period(device) } else { self.minutes(6) };
        let until = device.silent_since.map_or(at.as_millisecond(), |since| since - 1_000);
        // A check changes only when it runs, so its state is the one of its last run.
        let run = last_tick(chance.of(1), period, until);
        let window = self.minutes(8 + u32::try_from(chance.of(2).below(30)).unwrap_or(0));
        let failing = chance.of(3).episode(window, 45, run);
        let never_ran = chance.of(4).happens(15) || (device.last_report.is_none() && device.active_247);
        let (status, consecutive_fails) = match failing {
            _ if never_ran => (0, 0),
            // A status that the reference does not explain.
            _ if check_type == 1031 && chance.of(6).fails(500) => (2, 0),
            None => (5, 0),
            Some(since) => {
                let cleared = chance.of(5).of(since.unsigned_abs()).happens(250);
                (if cleared { 4 } else { 1 }, ((run - since).max(0) / period + 1).unsigned_abs())
            }
        };
        NsightCheck {
            id: device.id * 100 + number,
            check_type,
            class,
            description: description.to_owned(),
            status,
            consecutive_fails,
            last_run: (!never_ran).then(|| time(run)),
            failing_since: failing.filter(|_| matches!(status, 1 | 4)).map(whole_second),
        }
    }

    /// The antivirus update history. Newest day first.
    #[must_use]
    pub fn nsight_antivirus(&self, device: &NsightDevice, at: Timestamp) -> NsightHistory {
        let check = self.check_of_type(device, 1001, at);
        if check.is_none() && device.kind == NsightKind::Workstation {
            // Without the check some devices have an empty history, others one of UNKNOWN days.
            return NsightHistory { checks: Vec::new(), days: days(at).map(|day| (day, "UNKNOWN")).collect() };
        }
        history(device, check, 200, "OVERDUE", at)
    }

    /// The backup history. Oldest day first.
    #[must_use]
    pub fn nsight_backup(&self, device: &NsightDevice, at: Timestamp) -> NsightHistory {
        let check = self.check_of_type(device, 1002, at);
        let mut history = history(device, check, 300, "DEVICEOVERDUE", at);
        history.days.reverse();
        history
    }

    fn check_of_type(&self, device: &NsightDevice, check_type: u32, at: Timestamp) -> Option<NsightCheck> {
        self.nsight_checks(device, at).into_iter().find(|check| check.check_type == check_type)
    }
}

/// The days of one kind of check, today first. Nothing without such a check.
fn history(
    device: &NsightDevice,
    check: Option<NsightCheck>,
    stream: u64,
    overdue: &'static str,
    at: Timestamp,
) -> NsightHistory {
    let Some(check) = check else { return NsightHistory::default() };
    let chance = device.chance.of(stream);
    // Some devices are in trouble for days.
    let stale_days = if chance.of(1).fails(80) { 2 + chance.of(2).below(5) } else { 0 };
    let mut statuses = Vec::new();
    for (day, age) in days(at).zip(0..) {
        let luck = chance.of(3).of(u64::from(day.day_of_year().unsigned_abs()));
        let status = if day < device.installed {
            "NOTINSTALLED"
        } else if age == 0 {
            today(check.status, device.silent_since.is_some())
        } else if check.status == 0 {
            "NOTRUN"
        } else if age <= stale_days {
            "FAIL"
        } else if !luck.fails(100) {
            "PASS"
        } else {
            luck.of(1).pick(&[
                "FAIL",
                "FAIL",
                "PASSINACTIVE",
                "CLEARED",
                "CLEAREDINACTIVE",
                "FAILINACTIVE",
                overdue,
                "NOTRUN",
                "UNKNOWN",
            ])
        };
        statuses.push((day, status));
    }
    NsightHistory { checks: vec![check.description], days: statuses }
}

/// Backup, antivirus, Exchange and, on workstations, performance checks exist only where somebody set them up.
fn has_check(device: &NsightDevice, (check_type, _, _): Plan) -> bool {
    let often = match (check_type, device.kind) {
        (1001, _) => 850,
        (1002, NsightKind::Server) => 900,
        (1002, _) => 150,
        (1005, _) if device.os.contains("Windows") => 400,
        (1005, _) => 0,
        (1007, NsightKind::Workstation) => 250,
        _ => 1_000,
    };
    device.chance.of(u64::from(check_type)).happens(often)
}

/// The days of a history, today in the account's zone first.
fn days(at: Timestamp) -> impl Iterator<Item = jiff::civil::Date> {
    let zone = TimeZone::get(ACCOUNT_ZONE).unwrap_or(TimeZone::UTC);
    let today = at.to_zoned(zone).date();
    (0..DAYS).map(move |age| today.saturating_sub(age.days()))
}

/// The status of today, from the state of the check.
const fn today(status: u8, silent: bool) -> &'static str {
    match (status, silent) {
        (0, _) => "NOTRUN",
        (1, false) => "FAIL",
        (1, true) => "FAILINACTIVE",
        (4, false) => "CLEARED",
        (4, true) => "CLEAREDINACTIVE",
        (_, false) => "PASS",
        (_, true) => "PASSINACTIVE",
    }
}
