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
