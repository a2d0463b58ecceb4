//! The web configuration file through its public surface: every fixture, the exact messages, no secrets; and what promtool
//! says of the valid ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

#[path = "common/tool.rs"]
mod tool;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rmm_exporter::config::web::{RateLimit, WebConfig, load, read};

/// What the fixtures' keys and passwords contain, and what therefore must not appear anywhere.
const SECRETS: [&str; 2] = ["TOPSECRET", "$2"];

/// The fixtures whose names start with `prefix`. Paths are relative to the package, so messages are the same anywhere.
fn fixtures(prefix: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/fixtures/web");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| folder.join(entry.unwrap().file_name()));
    let fits = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(prefix) && name.ends_with(".yml")
    };
    let mut paths: Vec<PathBuf> = entries.filter(fits).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no fixture {prefix}");
    paths
}

fn valid(name: &str) -> WebConfig {
    load(&Path::new("tests/fixtures/web").join(name)).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Set `UPDATE_FIXTURES=1` to write the messages anew; review the difference.
fn expect(path: &Path, message: &str) {
    // "$2y$" and its like are part of a remedy, without a hash.
    let without_remedy = message.replace("$2y$, $2b$ or $2a$", "");
    assert!(SECRETS.iter().all(|secret| !without_remedy.contains(secret)), "{}: {message}", path.display());
    let expected = path.with_extension("txt");
    if std::env::var_os("UPDATE_FIXTURES").is_some() && !message.is_empty() {
        std::fs::write(&expected, message).unwrap();
    }
    assert_eq!(message, std::fs::read_to_string(&expected).unwrap_or_default(), "{}", path.display());
}

#[test]
fn every_invalid_file_gives_its_exact_messages() {
    for path in fixtures("invalid-") {
        let Err(errors) = load(&path) else { panic!("{} is taken", path.display()) };
        expect(&path, &format!("{errors}\n"));
    }
}

#[test]
fn every_valid_file_is_taken_with_its_exact_warnings() {
    for path in fixtures("valid-") {
        let config = load(&path).unwrap_or_else(|errors| panic!("{}: {errors}", path.display()));
        let warnings: Vec<String> = config.warnings.iter().map(|warning| format!("{warning}\n")).collect();
        expect(&path, &warnings.concat());
    }
}

#[test]
fn every_key_arrives() {
    let plain = valid("valid-plain.yml");
    assert!(plain.tls.is_none() && plain.rate_limit.is_none());
    assert_eq!(plain.users.keys().collect::<Vec<_>>(), ["anna", "bert"]);
    let headers: Vec<_> = plain.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let expected = [
        ("content-security-policy", "default-src 'self'"),
        ("x-frame-options", "sameorigin"),
        ("x-content-type-options", "nosniff"),
        ("x-xss-protection", "0"),
    ];
    assert_eq!(headers, expected, "what has no value is not set");

    let limit = RateLimit { interval: Duration::from_millis(100), burst: 20 };
    assert_eq!(valid("valid-rate-limit.yml").rate_limit, Some(limit));
    let off = valid("valid-rate-limit-off.yml");
    assert!(off.rate_limit.is_none() && off.tls.is_none());

    let tls = valid("valid-tls.yml").tls.expect("TLS");
    let suites: Vec<_> =
        tls.crypto_provider().cipher_suites.iter().map(|suite| format!("{:?}", suite.suite())).collect();
    assert_eq!(
        suites[3..],
        ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"]
    );
    let curves: Vec<_> = tls.crypto_provider().kx_groups.iter().map(|curve| format!("{:?}", curve.name())).collect();
    assert_eq!(curves, ["X25519", "secp256r1"]);
    assert!(tls.ignore_client_order && tls.alpn_protocols == [b"http/1.1"]);
    let inline = valid("valid-inline.yml").tls.expect("TLS");
    assert_eq!(inline.crypto_provider().cipher_suites.len(), 9, "an empty list leaves all");

    let empty = valid("valid-empty.yml");
    assert!(empty.tls.is_none() && empty.users.is_empty() && empty.headers.is_empty() && empty.rate_limit.is_none());
}

#[test]
fn a_change_of_any_of_its_files_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["valid-tls.yml", "server.crt", "server.key", "ca.crt"] {
        std::fs::copy(Path::new("tests/fixtures/web").join(name), folder.path().join(name)).unwrap();
    }
    let path = folder.path().join("valid-tls.yml");
    for name in ["valid-tls.yml", "server.crt", "server.key", "ca.crt"] {
        let reading = read(&path);
        assert!(reading.result.is_ok() && !reading.files.changed());
        let file = folder.path().join(name);
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push('\n');
        std::fs::write(&file, text).unwrap();
        assert!(reading.files.changed(), "{name}");
    }
    std::fs::remove_file(folder.path().join("server.key")).unwrap();
    let reading = read(&path);
    assert!(reading.result.is_err() && !reading.files.changed(), "a fault is read once");
    std::fs::copy("tests/fixtures/web/server.key", folder.path().join("server.key")).unwrap();
    assert!(reading.files.changed(), "its end is noticed");
}

#[test]
fn a_file_that_is_not_there() {
    let message = |path| load(Path::new(path)).err().expect("an error").to_string();
    assert!(message("no/such.yml").starts_with("no/such.yml: cannot read the file: No such file"));
    assert!(message("tests").contains("it is a directory"));
}

#[test]
fn promtool_takes_what_we_take() {
    let promtool = || {
        let mut command = Command::new("promtool");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    if tool::is_missing("promtool") {
        return;
    }
    let mut taken = 0;
    for path in fixtures("valid-") {
        let output = promtool().args(["check", "web-config"]).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // Older ones do not know the newest keys.
        let older = said.contains("not found in type");
        assert!(output.status.success() || older, "{}: {said}", path.display());
        taken += usize::from(output.status.success());
    }
    assert!(taken >= 3, "{taken}");
}
