//! The real Prometheus.

#![allow(dead_code)] // not every test program uses it

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::child::Process;

/// Starts it with this configuration, on a port that it finds itself; its data are kept beside the file.
pub fn start(config: &Path) -> (Process, SocketAddr) {
    let mut command = Command::new("prometheus");
    command.arg(format!("--config.file={}", config.display()));
    command.arg(format!("--storage.tsdb.path={}", config.with_file_name("data").display()));
    command.arg("--web.listen-address=127.0.0.1:0").env("GOMAXPROCS", "2");
    let mut process = Process::start(&mut command);
    let address = process.address_in("Listening on");
    (process, address)
}
