//! What the operating system knows about this process.

/// Resources of this process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Process {
    pub(super) cpu_seconds: f64,
    pub(super) resident_bytes: u64,
    pub(super) open_files: Option<u64>,
    /// `None` is "no limit".
    pub(super) max_files: Option<u64>,
    /// Unix time.
    pub(super) start_seconds: f64,
}

impl Process {
    /// Reads /proc. `None` elsewhere than on Linux, and where /proc cannot be read.
    #[cfg(target_os = "linux")]
    pub(super) fn read() -> Option<Self> {
        use procfs::process::LimitValue;
        let process = procfs::process::Process::myself().ok()?;
        let stat = process.stat().ok()?;
        let ticks = procfs::ticks_per_second() as f64;
        let boot = procfs::boot_time_secs().ok()?;
        let max_files = match process.limits().ok().map(|limits| limits.max_open_files.soft_limit) {
            Some(LimitValue::Value(limit)) => Some(limit),
            Some(LimitValue::Unlimited) | None => None,
        };
        Some(Self {
            cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
            resident_bytes: stat.rss.saturating_mul(procfs::page_size()),
            open_files: process.fd_count().ok().and_then(|count| u64::try_from(count).ok()),
            max_files,
            start_seconds: boot as f64 + stat.starttime as f64 / ticks,
        })
    }

    /// Reads /proc. `None` elsewhere than on Linux, and where /proc cannot be read.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn read() -> Option<Self> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_files_and_started_before_now() {
        let process = Process::read().expect("/proc");
        assert!(process.resident_bytes > 1_000_000, "{process:?}");
        assert!(process.open_files.is_some_and(|count| count >= 3), "{process:?}");
        let now = jiff::Timestamp::now().as_second() as f64;
        assert!(process.start_seconds <= now + 1.0 && process.start_seconds > now - 86_400.0, "{process:?}");
    }
}
