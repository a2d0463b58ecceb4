//! What the operating system knows about this process.

#[cfg(target_os = "linux")]
use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    sync::{LazyLock, Mutex, PoisonError},
};

#[cfg(target_os = "linux")]
use rustix::{
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

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

#[cfg(target_os = "linux")]
impl Process {
    /// Asks the kernel. `None` where /proc cannot be read.
    ///
    /// That is done at every scrape, so the shortest source of each value is taken, not `/proc/stat` or
    /// `/proc/self/limits`.
    pub(super) fn read() -> Option<Self> {
        static STARTED: LazyLock<Option<f64>> = LazyLock::new(|| {
            let ticks = procfs::process::Process::myself().and_then(|process| process.stat()).ok()?.starttime;
            Some(ticks as f64 / procfs::ticks_per_second() as f64)
        });
        Some(Self {
            cpu_seconds: seconds(ClockId::ProcessCPUTime),
            resident_bytes: resident_pages()?.saturating_mul(procfs::page_size()),
            open_files: open_files(),
            max_files: getrlimit(Resource::Nofile).current,
            start_seconds: unix_time((*STARTED)?),
        })
    }
}

/// The second number of `statm`. The file stays open, and says something new whenever it is read from its start.
#[cfg(target_os = "linux")]
fn resident_pages() -> Option<u64> {
    static FILE: LazyLock<Option<File>> = LazyLock::new(|| File::open("/proc/self/statm").ok());
    let mut text = [0; 256];
    let length = FILE.as_ref()?.read_at(&mut text, 0).ok()?;
    std::str::from_utf8(text.get(..length)?).ok()?.split(' ').nth(1)?.parse().ok()
}

/// From Linux 6.2 on the size of the directory is the number of its entries; before, it is 0.
#[cfg(target_os = "linux")]
fn open_files() -> Option<u64> {
    match std::fs::metadata("/proc/self/fd").map(|directory| directory.len()) {
        Ok(0) | Err(_) => {
            let process = procfs::process::Process::myself().ok()?;
            process.fd_count().ok().and_then(|count| u64::try_from(count).ok())
        }
        Ok(count) => Some(count),
    }
}

/// The Unix time of a moment, given in seconds since the machine started. It is the same at every call, to the last digit, until
/// the machine's clock is set.
#[cfg(target_os = "linux")]
fn unix_time(since_boot: f64) -> f64 {
    static KNOWN: Mutex<Option<f64>> = Mutex::new(None);
    let now = boot_time() + since_boot;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match *known {
        Some(time) if (time - now).abs() < 0.5 => time,
        // What the kernel counts in is hundredths.
        _ => *known.insert((now * 100.0).round() / 100.0),
    }
}

/// The Unix time at which the machine started, by its clock of now. The thread may be held up between the readings of two
/// clocks: of some pairs the one that was read fastest counts.
#[cfg(target_os = "linux")]
fn boot_time() -> f64 {
    let read = |_| {
        let (before, now, after) = (seconds(ClockId::Boottime), seconds(ClockId::Realtime), seconds(ClockId::Boottime));
        (after - before, now - before)
    };
    (0..3).map(read).fold((f64::INFINITY, 0.0), |best, next| if next.0 < best.0 { next } else { best }).1
}

#[cfg(target_os = "linux")]
fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(not(target_os = "linux"))]
impl Process {
    /// `None`: only Linux is asked.
    pub(super) fn read() -> Option<Self> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// By the files that are for people, and that take longer to read.
    #[test]
    fn it_says_what_proc_says() {
        use procfs::process::{LimitValue, Process as Directory};
        let directory = Directory::myself().unwrap();
        let ticks = procfs::ticks_per_second() as f64;
        let read = |_| (Process::read().expect("/proc"), directory.stat().unwrap());
        // Other tests use memory and processors between the two.
        let (process, stat) = (0..10)
            .map(read)
            .find(|(process, stat)| {
                let cpu = (stat.utime + stat.stime) as f64 / ticks;
                let resident = (stat.rss * procfs::page_size()) as f64;
                process.cpu_seconds > 0.0
                    && (process.cpu_seconds - cpu).abs() < 0.5
                    && (0.8..1.25).contains(&(process.resident_bytes as f64 / resident))
            })
            .expect("both say the same");
        let began = procfs::boot_time_secs().unwrap() as f64 + stat.starttime as f64 / ticks;
        assert!((process.start_seconds - began).abs() < 1.1, "{} {began}", process.start_seconds);
        assert_eq!(Process::read().unwrap().start_seconds.to_bits(), process.start_seconds.to_bits());
        match directory.limits().unwrap().max_open_files.soft_limit {
            LimitValue::Value(limit) => assert_eq!(process.max_files, Some(limit)),
            LimitValue::Unlimited => assert_eq!(process.max_files, None),
        }
        // Other tests open and close files meanwhile.
        let files: Vec<_> = (0..200).map(|_| std::fs::File::open("/proc/self/stat").unwrap()).collect();
        let (before, after) = (process.open_files.unwrap(), Process::read().unwrap().open_files.unwrap());
        assert!(before >= 3 && (100..300).contains(&(after - before)), "{before} {after}");
        drop(files);
    }
}
