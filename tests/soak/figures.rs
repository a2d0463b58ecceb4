//! What the exporter uses, over time.

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::{get, parse, value};

/// The part of the time in which everything is read for the first time and buffers take their size.
const WARM_UP: f64 = 1.0 / 3.0;
/// How much a fitted line may rise from the end of the warm-up to the end, as a part of the mean.
const MOST_RISE: f64 = 0.05;
/// And how much in the unit of the figure, for those that are small.
const SMALL_RISE: f64 = 2.0;

/// What it uses at one moment.
pub struct Sample {
    hours: f64,
    resident_kilobytes: f64,
    open_files: f64,
    tasks: f64,
    threads: f64,
    cpu_seconds: f64,
}

impl Sample {
    /// Asks the exporter itself, and the operating system for its threads.
    pub async fn take(address: SocketAddr, process: u32, since: Duration) -> Self {
        let answer =
            tokio::task::spawn_blocking(move || get(address, "/metrics?collect[]=licenses", &[])).await.unwrap();
        let all = parse(&String::from_utf8(answer.unwrap().2).unwrap());
        let own = |name| value(&all, name, &[]).expect(name);
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let threads = status.lines().find_map(|line| line.strip_prefix("Threads:")).unwrap();
        Self {
            hours: since.as_secs_f64() / 3600.0,
            resident_kilobytes: own("process_resident_memory_bytes") / 1024.0,
            open_files: own("process_open_fds"),
            tasks: own("rmm_exporter_tasks"),
            threads: threads.trim().parse().unwrap(),
            cpu_seconds: own("process_cpu_seconds_total"),
        }
    }
}

/// A column of the samples: its name, its unit, how to read it, and what it may never exceed.
type Column = (&'static str, &'static str, fn(&Sample) -> f64, f64);

const COLUMNS: [Column; 4] = [
    ("resident memory", "kB", |sample| sample.resident_kilobytes, 300_000.0),
    ("open files", "", |sample| sample.open_files, 120.0),
    ("tasks", "", |sample| sample.tasks, 120.0),
    ("threads", "", |sample| sample.threads, 80.0),
];

/// All samples, in the order of time.
#[derive(Default)]
pub struct Figures(Vec<Sample>);

impl Figures {
    pub fn add(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    fn warm(&self) -> &[Sample] {
        let start = self.0.last().expect("samples").hours * WARM_UP;
        &self.0[self.0.partition_point(|sample| sample.hours < start)..]
    }

    pub fn print(&self) {
        let (warm, last) = (self.warm(), self.0.last().expect("samples"));
        println!(
            "{} samples, {} of them after the warm-up; {:.1} s of CPU",
            self.0.len(),
            warm.len(),
            last.cpu_seconds
        );
        for (name, unit, read, _) in COLUMNS {
            let values = || self.0.iter().map(read);
            let most = values().fold(0.0, f64::max);
            let Line { mean, slope, rise } = Line::fit(warm, read);
            println!(
                "{name}: mean {mean:.0} {unit}, most {most:.0} {unit}, last {:.0} {unit}, slope {slope:+.0} {unit}/h \
                 ({rise:+.1} {unit} in the time measured)",
                read(last)
            );
        }
    }

    /// Nothing is ever more than an exporter of this size can need.
    pub fn bounded(&self) {
        for (name, unit, read, bound) in COLUMNS {
            let most = self.0.iter().map(read).fold(0.0, f64::max);
            assert!(most <= bound, "{name}: {most} {unit}, more than {bound}");
        }
    }

    /// Nothing grows.
    pub fn flat(&self) {
        for (name, unit, read, _) in COLUMNS {
            let Line { mean, rise, .. } = Line::fit(self.warm(), read);
            let bound = (mean * MOST_RISE).max(SMALL_RISE);
            assert!(rise <= bound, "{name} grows: by {rise} {unit} in the time measured, more than {bound}");
        }
    }
}

/// A line fitted by least squares.
struct Line {
    mean: f64,
    /// Per hour.
    slope: f64,
    /// From the first to the last sample.
    rise: f64,
}

impl Line {
    fn fit(samples: &[Sample], read: fn(&Sample) -> f64) -> Self {
        let count = samples.len() as f64;
        let mean_of = |read: &dyn Fn(&Sample) -> f64| samples.iter().map(read).sum::<f64>() / count;
        let (hours, mean) = (mean_of(&|sample| sample.hours), mean_of(&read));
        let covariance = mean_of(&|sample| (sample.hours - hours) * (read(sample) - mean));
        let variance = mean_of(&|sample| (sample.hours - hours).powi(2));
        let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
        let length = samples.last().map_or(0.0, |last| last.hours) - samples.first().map_or(0.0, |first| first.hours);
        Self { mean, slope, rise: slope * length }
    }
}
