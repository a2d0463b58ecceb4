//! The files load, and belong together.

use std::process::Command;

use regex::Regex;
use tempfile::TempDir;

use crate::support::child::run;
use crate::{is_missing, shipped};

fn check(config: &std::path::Path) -> Result<String, String> {
    let ended = run(Command::new("amtool").arg("check-config").arg(config));
    if ended.status.success() { Ok(ended.stdout) } else { Err(ended.stdout + &ended.stderr) }
}

#[test]
fn the_configuration_loads() {
    if is_missing(&["amtool"]) {
        return;
    }
    let said = check(&shipped::path("alertmanager.yml")).unwrap();
    assert!(said.contains("1 templates") && said.contains("SUCCESS"), "{said}");
}

/// The configuration with the receivers for Teams in place of those of the same names.
fn with_teams() -> String {
    let text = shipped::read("alertmanager.yml");
    let text = text.replace("- templates/", &format!("- {}/", shipped::path("templates").display()));
    let (all, teams) = (shipped::section(&text, "receivers"), shipped::read("alertmanager-teams.yml"));
    let names = shipped::receivers(&teams);
    assert_eq!(names, ["operations", "warnings"]);
    let kept = all.split("\n  - name: ").skip(1).filter(|receiver| {
        let name = receiver.lines().next().unwrap();
        !names.iter().any(|replaced| replaced == name)
    });
    let kept: Vec<_> = kept.map(|receiver| format!("  - name: {}\n", receiver.trim_end())).collect();
    text.replace(all, &format!("{}{}\n", shipped::section(&teams, "receivers"), kept.concat()))
}

/// Versions before 0.28 do not know Teams: for them that part is left out.
#[test]
fn the_configuration_loads_with_the_receivers_for_teams() {
    if is_missing(&["amtool"]) {
        return;
    }
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("alertmanager.yml");
    let text = with_teams();
    std::fs::write(&file, &text).unwrap();
    let Err(said) = check(&file) else { return };
    assert!(said.contains("field msteamsv2_configs not found"), "{said}");
    let part = r"(?m)^    msteamsv2_configs:\n      - webhook_url_file: .*\n        send_resolved: true\n        title: .*\n        text: .*\n";
    std::fs::write(&file, shipped::replace(&text, part, "")).unwrap();
    check(&file).unwrap();
}

/// Alertmanager looks for a template when it sends something, not when it loads.
#[test]
fn every_template_that_is_named_exists() {
    let templates = shipped::read("templates/rmm.tmpl");
    let call = Regex::new("template \"([^\"]+)\"").unwrap();
    for file in ["alertmanager.yml", "alertmanager-teams.yml", "templates/rmm.tmpl"] {
        let text = shipped::read(file);
        let names: Vec<_> = call.captures_iter(&text).map(|found| found[1].to_owned()).collect();
        assert!(!names.is_empty(), "{file}");
        for name in names {
            assert!(templates.contains(&format!("define \"{name}\"")), "{file}: {name}");
        }
    }
}

#[test]
fn secrets_are_files_and_users_text_is_never_called_safe() {
    let secret = Regex::new(
        r"(?m)^\s*-? *(\w*(?:password|api_key|api_url|routing_key|service_key|credentials|webhook_url|token))\s*:",
    )
    .unwrap();
    for file in ["alertmanager.yml", "alertmanager-teams.yml"] {
        let text = shipped::read(file);
        assert!(!secret.is_match(&text), "{file}: {:?}", secret.find(&text));
    }
    let templates = shipped::read("templates/rmm.tmpl");
    assert_eq!(templates.matches("safeHtml").count(), 1, "in the comment that forbids it");
}
