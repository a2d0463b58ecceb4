//! A list of 50,000 agents (about 70 MB) is read without keeping what is not used. Alone in its process, because it
//! looks at the memory of the whole process.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests")]

use jiff::Timestamp;
use rmm_exporter::config::ChecksMode;
use rmm_exporter::fleet::Update;
use rmm_exporter::platform::tactical::{Call, Decoder};
use rmm_exporter::platform::transport::RawAnswer;

#[path = "common/recorded.rs"]
mod recorded;

/// Fewer without optimization: reading takes several times as long there.
const AGENTS: usize = if cfg!(debug_assertions) { 10_000 } else { 50_000 };

/// The recorded agents again and again, each with an id of its own.
fn list() -> Vec<u8> {
    let recorded = recorded::answer("fleet", "/agents/").json();
    let mut agents = recorded.as_array().expect("an array").clone();
    let mut body = vec![b'['];
    for number in 0..AGENTS {
        if number > 0 {
            body.push(b',');
        }
        let index = number % agents.len();
        let agent = &mut agents[index];
        agent["agent_id"] = format!("{number:040}").into();
        agent["hostname"] = format!("HOST-{number}").into();
        serde_json::to_writer(&mut body, agent).expect("JSON");
    }
    body.push(b']');
    body.shrink_to_fit();
    body
}

/// Resident memory in bytes: now, and at its highest since [`forget_peak`].
fn memory() -> (u64, u64) {
    let status = procfs::process::Process::myself().and_then(|process| process.status()).expect("own status");
    (status.vmrss.expect("VmRSS") * 1024, status.vmhwm.expect("VmHWM") * 1024)
}

fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("the peak is reset");
}

#[test]
fn memory_grows_by_the_fleet_and_not_by_the_answer() {
    let decoder = Decoder::new("large", ChecksMode::Failing);
    let body = list();
    let length = body.len() as u64;
    assert!(length > AGENTS as u64 * 1000, "{length} bytes are no real list");
    let raw =
        RawAnswer { status: 200, content_type: "application/json".to_owned(), retry_after: None, date: None, body };
    forget_peak();
    let (before, _) = memory();
    let started = std::time::Instant::now();
    let answer = decoder.decode(&Call::Agents, raw, Timestamp::from_second(1_795_227_872).expect("a time"));
    let took = started.elapsed();
    let (_, peak) = memory();
    let answer = answer.expect("a good answer");
    let [Update::Devices(_, devices)] = answer.updates.as_slice() else { panic!("a device list") };
    assert_eq!((devices.len(), answer.bytes), (AGENTS, length));
    assert_eq!(devices.last().map(|device| device.name.as_str().to_owned()), Some(format!("HOST-{}", AGENTS - 1)));
    // The records that stay, twice while their vector grows.
    let extra = peak.saturating_sub(before);
    let allowed = AGENTS as u64 * 1000;
    println!("{AGENTS} agents, {length} bytes, {took:?}, {extra} bytes more at the peak");
    assert!(extra < allowed, "{extra} bytes more for {AGENTS} agents in {length} bytes");
}
