//! A server as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The first argument of this program when it is to serve.
pub const SERVE: &str = "serve";

/// A running server; ends with this.
pub struct Served {
    process: Child,
    pub port: u16,
}

impl Served {
    /// Starts one and waits until it answers.
    pub fn start(kind: &str, devices: usize, directory: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args([SERVE, kind, &devices.to_string()])
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut answers = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("a line");
        Self { port: line.trim().parse().expect("a port"), process }
    }

    /// Processor time of all its threads until now.
    pub fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("Linux");
        let times = tasks.filter_map(|task| {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(times.sum())
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).expect("Linux");
        let kilobytes =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse().ok());
        kilobytes.unwrap_or(0_u64) * 1024
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
