//! Runs the built program and reads what it says.

use std::process::Command;

use rmm_exporter::demo::{self, Demo, DemoOptions};
use serde_json::Value;

use crate::support::child::exporter;

pub async fn start_demo() -> Demo {
    // Two runs find the same only where devices hardly ever come and go.
    demo::start(DemoOptions { devices: 40, seed: 3, speed: 0.01, ..DemoOptions::default() })
        .await
        .expect("simulated servers")
}

/// What one run said, both ways.
pub struct Said {
    pub success: bool,
    pub text: String,
    pub json: Value,
}

impl Said {
    /// The lines of an account as (verdict, step and subject, finding, remedy).
    pub fn lines(&self, account: usize) -> Vec<[String; 4]> {
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let lines = self.json["accounts"][account]["lines"].as_array().expect("lines");
        lines
            .iter()
            .map(|line| {
                let what = format!("{} {}", text(line, "step"), text(line, "subject")).trim_end().to_owned();
                [text(line, "verdict"), what, text(line, "finding"), text(line, "remedy")]
            })
            .collect()
    }

    /// The verdict of the first line of that step, with finding and remedy.
    pub fn line(&self, what: &str) -> [String; 3] {
        let lines = self.lines(0);
        let line = lines.iter().find(|line| line[1] == what).unwrap_or_else(|| panic!("no {what}: {lines:#?}"));
        [line[0].clone(), line[2].clone(), line[3].clone()]
    }

    /// Asserts verdict, and words of finding and remedy.
    #[track_caller]
    pub fn assert(&self, what: &str, verdict: &str, finding: &str, remedy: &str) {
        let line = self.line(what);
        assert_eq!(line[0], verdict, "{what}: {line:?}");
        assert!(line[1].contains(finding), "{what}: {line:?}");
        assert!(line[2].contains(remedy), "{what}: {line:?}");
    }

    /// The steps with that verdict.
    pub fn with(&self, account: usize, verdict: &str) -> Vec<String> {
        self.lines(account).into_iter().filter(|line| line[0] == verdict).map(|line| line[1].clone()).collect()
    }
}

/// Runs `doctor` twice with that configuration, for text and for JSON, and checks what holds for every report.
pub async fn doctor(config: &str, secrets: &[&str]) -> Said {
    let (config, secrets) = (config.to_owned(), secrets.iter().map(|secret| (*secret).to_owned()).collect::<Vec<_>>());
    tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("rmm-exporter.yml");
        std::fs::write(&file, config).expect("written");
        let run = |arguments: &[&str]| {
            let mut command: Command = exporter();
            let proxies = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
            for name in proxies {
                command.env_remove(name);
            }
            let output = command.arg("doctor").args(arguments).arg("--config.file").arg(&file).output().expect("ran");
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            let text = String::from_utf8(output.stdout).expect("text");
            assert!(!text.is_empty(), "{stderr}");
            for secret in &secrets {
                assert!(!text.contains(secret) && !stderr.contains(secret), "{text}\n{stderr}");
            }
            // The words of a server may hold the request; then without the key.
            assert!(!text.replace("apikey=***", "").contains("apikey="), "{text}");
            (output.status.success(), text)
        };
        let (success, text) = run(&[]);
        let (also, json) = run(&["--json"]);
        assert_eq!(success, also, "{text}\n{json}");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
        assert!(!text.contains('\u{1b}'), "colour is for terminals");
        let json: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["ok"], success);
        let said = Said { success, text, json };
        for account in 0..said.json["accounts"].as_array().expect("accounts").len() {
            for line in said.lines(account) {
                let needs_remedy = ["warn", "bad"].contains(&line[0].as_str());
                assert_eq!(!line[3].is_empty(), needs_remedy, "{line:?}");
                assert!(!line[2].is_empty(), "{line:?}");
            }
            assert!(said.json["accounts"][account]["calls"].as_u64().expect("calls") <= 33);
        }
        assert_eq!((0..2).any(|account| said.json["accounts"][account]["verdict"] == "bad"), !success);
        said
    })
    .await
    .expect("finished")
}
