//! How long something took, where a test claims that it is done within a time.

#![allow(dead_code)] // not every test program uses it

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(5);
/// What a step may take on a busy machine. One that takes longer counts as this.
const LONGEST: Duration = Duration::from_millis(50);

/// Measures the time in which the machine runs. Those that run tests stand still for seconds at times; what is claimed of a
/// program is not claimed of that.
pub struct Stopwatch {
    running: Duration,
    real: Instant,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self { running: running_time(), real: Instant::now() }
    }

    pub fn elapsed(&self) -> Duration {
        running_time().saturating_sub(self.running)
    }

    /// Whole seconds, with those in which it stood still.
    pub fn seconds(&self) -> usize {
        usize::try_from(self.real.elapsed().as_secs()).expect("soon")
    }

    /// How long it stood still meanwhile.
    pub fn lost(&self) -> Duration {
        self.real.elapsed().saturating_sub(self.elapsed())
    }
}

/// Counted by a thread, step by step.
fn running_time() -> Duration {
    static MICROSECONDS: AtomicU64 = AtomicU64::new(0);
    static COUNTING: LazyLock<()> = LazyLock::new(|| {
        std::thread::spawn(|| {
            let mut before = Instant::now();
            loop {
                std::thread::sleep(STEP);
                let now = Instant::now();
                let step = (now - before).min(LONGEST);
                MICROSECONDS.fetch_add(u64::try_from(step.as_micros()).expect("short"), Ordering::Relaxed);
                before = now;
            }
        });
    });
    LazyLock::force(&COUNTING);
    Duration::from_micros(MICROSECONDS.load(Ordering::Relaxed))
}
