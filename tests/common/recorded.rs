//! Recorded answers of a Tactical RMM server (`tests/fixtures/tactical`), as the decoder gets them.

#![allow(dead_code, reason = "not every test needs every helper")]

use std::path::PathBuf;

use jiff::Timestamp;
use rmm_exporter::config::ChecksMode;
use rmm_exporter::fleet::{DeviceId, Mappings};
use rmm_exporter::platform::tactical::{Call, Decoder};
use rmm_exporter::platform::transport::RawAnswer;
use rmm_exporter::platform::{Answer, Failure};
use serde_json::Value;

/// Every scenario.
pub const SCENARIOS: [&str; 10] = [
    "cold-cache",
    "down-app",
    "down-database",
    "down-redis",
    "errors",
    "fleet",
    "key-agentsonly",
    "key-clients",
    "key-listonly",
    "key-sites",
];

/// One recorded answer.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What was asked, with the query if there was one.
    pub path: String,
    /// HTTP status.
    pub status: u16,
    /// Content-Type.
    pub content_type: String,
    /// Name of the body's file; unique within the scenario.
    pub file: String,
    /// What is special about it.
    pub note: String,
    /// When the scenario was recorded: "now" for whoever judges ages.
    pub captured_at: Timestamp,
    /// The body.
    pub body: Vec<u8>,
}

/// Every answer of a scenario, in the order of its index.
pub fn answers(scenario: &str) -> Vec<Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tactical").join(scenario);
    let index = std::fs::read(folder.join("index.json")).unwrap_or_else(|error| panic!("{scenario}: {error}"));
    let index: Value = serde_json::from_slice(&index).expect("index.json");
    let captured_at = text(&index["captured_at"]).parse().expect("captured_at");
    let answers = index["answers"].as_array().expect("answers");
    let recording = |answer: &Value| Recording {
        path: text(&answer["path"]),
        status: u16::try_from(answer["status"].as_u64().expect("status")).expect("a status"),
        content_type: text(&answer["content_type"]),
        file: text(&answer["file"]),
        note: answer["note"].as_str().unwrap_or_default().to_owned(),
        captured_at,
        body: std::fs::read(folder.join("bodies").join(text(&answer["file"]))).expect("a body"),
    };
    answers.iter().map(recording).collect()
}

/// The answer to `path` in a scenario; the first one where there are several.
pub fn answer(scenario: &str, path: &str) -> Recording {
    let found = answers(scenario).into_iter().find(|recording| recording.path == path);
    found.unwrap_or_else(|| panic!("{scenario} has no answer to {path}"))
}

impl Recording {
    /// The answer as the transport hands it on.
    pub fn raw(&self) -> RawAnswer {
        RawAnswer {
            status: self.status,
            content_type: self.content_type.clone(),
            retry_after: None,
            date: None,
            body: self.body.clone(),
        }
    }

    /// The call that it answers. Paths that no collector asks for stand for the nearest call.
    pub fn call(&self) -> Call {
        let segments: Vec<&str> = self.path.split(['/', '?']).filter(|segment| !segment.is_empty()).collect();
        match segments.as_slice() {
            ["clients", ..] => Call::Clients,
            ["agents", id, "tasks"] => Call::AgentTasks(DeviceId::new(id)),
            ["agents", id, "checks"] => Call::AgentChecks(DeviceId::new(id)),
            ["agents", id] if !id.contains('=') => Call::Agent(DeviceId::new(id)),
            ["winupdate", id, ..] => Call::AgentUpdates(DeviceId::new(id)),
            ["alerts"] => Call::Alerts,
            ["core", "v2", "status"] => Call::Status,
            ["core", "dashinfo"] => Call::DashInfo,
            ["core", "customfields"] => Call::CustomFields,
            _ => Call::Agents,
        }
    }

    /// What the platform makes of it.
    pub fn decode(&self, mode: ChecksMode) -> Result<Answer, Failure> {
        self.decode_mapped(mode, Mappings::default())
    }

    /// The same, where something says whether antivirus and backup are well.
    pub fn decode_mapped(&self, mode: ChecksMode, mappings: Mappings) -> Result<Answer, Failure> {
        Decoder::new("recorded", mode).mapping(mappings).decode(&self.call(), self.raw(), self.captured_at)
    }

    /// The body as JSON, for the truth that a test computes by itself.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
