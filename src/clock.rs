//! Time as an argument, so that tests can move it.

use std::time::Duration;

use jiff::Timestamp;

/// How many times longer than elsewhere a unit test waits for a disk: machines that run tests stand still for seconds at times.
pub(crate) const STANDSTILLS: u32 = if cfg!(test) { 12 } else { 1 };

/// Two clocks that were read within this time were read together.
const TOGETHER: Duration = Duration::from_millis(100);

/// One reading of both clocks.
///
/// `steady` never goes back and decides when a call may start; `wall` is what people and Prometheus call the time, and
/// dates the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Time since some fixed point, counting also while the machine sleeps.
    pub steady: Duration,
    /// Time of day, UTC.
    pub wall: Timestamp,
}

/// More than lies between what ends and its being looked at.
const SLEEP: Duration = Duration::from_mins(1);

impl Moment {
    /// Whether the machine slept since `began`, though only `awake` went by in this process. By the clock that shows more of it:
    /// inside a machine that sleeps the steady one sleeps too, and the other one is set.
    pub(crate) fn slept_since(self, began: Self, awake: Duration) -> bool {
        let by_wall = Duration::try_from(self.wall.duration_since(began.wall)).unwrap_or_default();
        self.steady.saturating_sub(began.steady).max(by_wall).saturating_sub(awake) > SLEEP
    }

    /// When it was as an answer says that is taken in now: it may lie here since before the machine slept.
    pub(crate) fn of_answer(self, began: Self, awake: Duration) -> Timestamp {
        if self.slept_since(began, awake) { began.wall.min(self.wall) } else { self.wall }
    }
}

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Moment;
}

/// The machine's own clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let read = || Moment { steady: since_boot(), wall: Timestamp::now() };
        let mut now = read();
        for _ in 0..3 {
            if since_boot().saturating_sub(now.steady) < TOGETHER {
                break;
            }
            // The machine stood still between the two.
            now = read();
        }
        now
    }
}

/// Time since the machine started. A laptop that slept for an hour must poll at once when it wakes, so sleep counts.
fn since_boot() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    read(clock)
}

fn read(clock: rustix::time::ClockId) -> Duration {
    rustix::time::clock_gettime(clock).try_into().unwrap_or_default()
}

/// The processor time that this thread has used so far: how much work something is, whatever else the machine does, and however
/// long it sleeps meanwhile.
pub(crate) fn processor_time() -> Duration {
    read(rustix::time::ClockId::ThreadCPUTime)
}

/// Follows tokio's clock, which tests pause and advance (`tokio::time::pause`).
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: tokio::time::Instant,
    wall: Timestamp,
}

impl TokioClock {
    /// A clock that reads `wall` now.
    #[must_use]
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { start: tokio::time::Instant::now(), wall }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Moment {
        let steady = self.start.elapsed();
        Moment { steady, wall: self.wall.saturating_add(steady).unwrap_or(self.wall) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_from_before_a_sleep_is_of_the_time_when_it_was_asked_for() {
        let began = Moment { steady: Duration::from_secs(1000), wall: "2026-03-04T10:00:00Z".parse().expect("time") };
        let later = |steady: u64, wall: i64| Moment {
            steady: began.steady + Duration::from_secs(steady),
            wall: began.wall + jiff::SignedDuration::from_secs(wall),
        };
        let awake = Duration::from_secs(40);
        for (now, slept) in [
            (later(40, 40), false),
            (later(90, 90), false),
            // A laptop that slept; a virtual machine whose host did.
            (later(3600, 3600), true),
            (later(40, 3600), true),
            // The wall clock was set back meanwhile.
            (later(40, -3600), false),
        ] {
            assert_eq!(now.slept_since(began, awake), slept, "{now:?}");
            assert_eq!(now.of_answer(began, awake), if slept { began.wall } else { now.wall }, "{now:?}");
        }
        let now = later(3600, -3600);
        assert_eq!(now.of_answer(began, awake), now.wall, "nothing is of the future");
    }
}
