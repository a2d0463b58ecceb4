//! The documents tell the truth where a machine can tell: their links lead somewhere, and the configurations that they show
//! are valid.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

#[path = "documents/limits.rs"]
mod limits;

use std::fs;
use std::path::{Path, PathBuf};

use rmm_exporter::config::plan::{self, FleetSize};
use rmm_exporter::config::{Config, load};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown file of the project, as path and text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/decisions"] {
        for entry in fs::read_dir(root().join(folder)).expect("folder") {
            let path = entry.expect("entry").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).expect("text");
                found.push((path, text));
            }
        }
    }
    found
}

/// The targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// The anchor that a heading gets: lower case, blanks as hyphens, without punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    let mut seen = 0;
    for (path, text) in documents() {
        for link in links(&text).filter(|link| !link.starts_with("http")) {
            seen += 1;
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            let leads = if fragment.is_empty() {
                target.exists()
            } else {
                let text = fs::read_to_string(&target).unwrap_or_default();
                text.lines().any(|line| line.starts_with('#') && anchor(line) == fragment)
            };
            if !leads {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(seen > 20, "only {seen} links found: is the search right?");
    assert!(dead.is_empty(), "{dead:#?}");
}

/// Loads `text` as a configuration, with its key files replaced by ones that exist.
fn configuration(text: &str) -> Config {
    let folder = tempfile::tempdir().expect("folder");
    for key in ["nsight_key", "tactical_key"] {
        fs::write(folder.path().join(key), format!("{key}\n")).expect("key");
    }
    let file = folder.path().join("rmm-exporter.yml");
    fs::write(&file, text.replace("/run/secrets", &folder.path().display().to_string())).expect("file");
    load(Some(&file), &|_| None).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

#[test]
fn the_configuration_of_the_readme_is_valid() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README");
    let blocks: Vec<_> = readme
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(block, _)| block)
        .filter(|block| block.starts_with("accounts:"))
        .collect();
    assert!(!blocks.is_empty(), "the README shows no configuration");
    for block in blocks {
        let config = configuration(block);
        assert_eq!(config.accounts.len(), 2);
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    }
}

#[test]
fn the_configuration_to_deploy_is_valid() {
    let text = fs::read_to_string(root().join("deploy/rmm-exporter.yml")).expect("file");
    let config = configuration(&text);
    let names: Vec<_> = config.accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["msp-uk", "helpdesk"]);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

/// `1609` as `1,609`.
fn grouped(number: u64) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}

#[test]
fn the_first_sweep_of_the_documents_is_the_one_that_check_config_tells() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let operations = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let config = configuration(
        "accounts:\n- {name: n, platform: nsight, region: uk, api_key: k}\n- {name: t, platform: tactical, server: api.example.com, api_key: k}",
    );
    for (account, fleet, documents) in [
        (0, FleetSize::new(500, None, None), &[&readme, &operations][..]),
        (0, FleetSize::new(500, Some(50), Some(80)), &[&operations]),
        (1, FleetSize::new(250, None, None), &[&operations]),
        (1, FleetSize::new(2000, None, None), &[&operations]),
    ] {
        let plan = plan::plan_account(&config.accounts[account], fleet);
        let text = plan::render(std::slice::from_ref(&plan));
        let time = text.split("first sweep: done after ").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
        let calls = format!("{} calls, done after {time}", grouped(plan.first_sweep_calls));
        for document in documents {
            assert!(document.contains(&calls), "{calls}");
        }
    }
}
