//! The built program as a child process that ends with the test, also when the test fails.

#![allow(dead_code)] // not every test program uses all of it

use std::io::Read;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::stopwatch::Stopwatch;
use super::{PATIENCE, get};

/// A running program, and what it wrote so far.
pub struct Process {
    child: Child,
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

/// How a program ended.
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// The program under test, without the surroundings' configuration.
pub fn exporter() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmm-exporter"));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("RMM_"));
    ours.for_each(|name| _ = command.env_remove(name));
    command.current_dir(std::env::temp_dir()).env("TOKIO_WORKER_THREADS", "2");
    command
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        let (stdout, stderr) = (Arc::default(), Arc::default());
        let readers = vec![
            collect(child.stdout.take().expect("pipe"), &stdout),
            collect(child.stderr.take().expect("pipe"), &stderr),
        ];
        Self { child, stdout, stderr, readers }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.lock().expect("lock")).into_owned()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("asked").is_none()
    }

    /// Where the exporter serves, from its log.
    pub fn address(&mut self) -> SocketAddr {
        self.address_in("serving")
    }

    /// The address on this machine in the first line of its log with these words.
    pub fn address_in(&mut self, words: &str) -> SocketAddr {
        let end = Instant::now() + PATIENCE;
        loop {
            let log = self.stderr();
            // A line that is whole.
            let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
            let mut lines = whole.lines().filter(|line| line.contains(words));
            if let Some((_, rest)) = lines.find_map(|line| line.split_once("127.0.0.1:")) {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                return format!("127.0.0.1:{port}").parse().expect("address");
            }
            assert!(self.is_running() && Instant::now() < end, "it does not serve: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until this path answers 200.
    pub fn until_ok(&mut self, address: SocketAddr, path: &str) {
        let end = Instant::now() + PATIENCE;
        while !matches!(get(address, path, &[]), Ok((200, _, _))) {
            assert!(self.is_running() && Instant::now() < end, "{path} is not well: {}", self.stderr());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().expect("kill");
        assert!(kill.success());
    }

    /// Waits for its end, at most so long on a machine that runs.
    pub fn end(mut self, limit: Duration) -> Ended {
        let waiting = Stopwatch::start();
        let status = loop {
            match self.child.try_wait().expect("asked") {
                Some(status) => break status,
                None => assert!(waiting.elapsed() < limit, "still there after {limit:?}: {}", self.stderr()),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        self.readers.drain(..).for_each(|reader| reader.join().expect("read"));
        let stdout = String::from_utf8(self.stdout.lock().expect("lock").clone()).expect("UTF-8");
        Ended { status, stdout, stderr: self.stderr() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where that was waited for.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn collect(mut pipe: impl Read + Send + 'static, into: &Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            into.lock().expect("lock").extend_from_slice(&buffer[..read]);
        }
    })
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ended {
    Process::start(command).end(Duration::from_mins(1))
}
