//! The configuration through its public surface: every fixture, the exact messages, no secrets, the example file.

#![allow(clippy::expect_used, reason = "a test that cannot read its fixtures has failed")]

use std::path::{Path, PathBuf};

use rmm_exporter::config::{ChecksMode, Config, ConfigErrors, KeySource, PlatformOptions, load};

/// What the fixtures' keys contain, and what therefore must not appear anywhere.
const SECRET: &str = "TOPSECRET";

fn environment(name: &str) -> Option<String> {
    match name {
        "TRMM_KEY" => Some(format!("{SECRET}environment")),
        "EMPTY_KEY" => Some(" ".to_owned()),
        _ => None,
    }
}

fn load_fixture(path: &Path) -> Result<Config, ConfigErrors> {
    load(Some(path), &environment)
}

/// The fixtures whose names start with `prefix`. Paths are relative to the package, so messages are the same anywhere.
fn fixtures(prefix: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/fixtures/config");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("fixtures")
        .map(|entry| folder.join(entry.expect("entry").file_name()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no fixture {prefix}");
    paths
}

/// Set `UPDATE_FIXTURES=1` to write the messages anew; review the difference.
#[test]
fn every_invalid_file_gives_its_exact_messages() {
    for path in fixtures("invalid-") {
        let message = format!("{}\n", load_fixture(&path).expect_err(&path.display().to_string()));
        assert!(!message.contains(SECRET), "{}: {message}", path.display());
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::write(&expected, &message).expect("write");
        }
        assert_eq!(message, std::fs::read_to_string(&expected).unwrap_or_default(), "{}", path.display());
    }
}

#[test]
fn every_valid_file_is_accepted_and_shows_no_secret() {
    for path in fixtures("valid-") {
        let config = load_fixture(&path).unwrap_or_else(|errors| panic!("{}: {errors}", path.display()));
        assert!(!config.accounts.is_empty());
        let shown = format!("{config:?} {config:#?}");
        assert!(!shown.contains(SECRET), "{shown}");
        let warnings = config.warnings.join("\n") + "\n";
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_FIXTURES").is_some() && !config.warnings.is_empty() {
            std::fs::write(&expected, &warnings).expect("write");
        }
        assert_eq!(
            warnings.trim(),
            std::fs::read_to_string(&expected).unwrap_or_default().trim(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_key_arrives() {
    let config = load_fixture(Path::new("tests/fixtures/config/valid-full.yml")).expect("valid");
    let [nsight, tactical, simulator] = config.accounts.as_slice() else { panic!("three accounts") };

    assert_eq!(nsight.name, "msp-uk");
    assert_eq!(nsight.server.as_str(), "https://www.systemmonitor.co.uk/");
    assert!(matches!(&nsight.api_key, KeySource::File(path) if path == Path::new("tests/fixtures/config/keys/nsight")));
    assert_eq!((nsight.requests_per_minute, nsight.max_concurrent_requests, nsight.max_series), (60, 16, 5000));
    assert_eq!((nsight.min_interval.as_secs(), nsight.timeout.as_secs()), (120, 600));
    assert!(nsight.filter.clients.admits("Müller & Söhne") && !nsight.filter.clients.admits("Test"));
    assert!(!nsight.filter.devices.admits("DEMO-1") && nsight.filter.devices.admits("MY-DEMO-1"));
    assert_eq!(nsight.filter.kinds.len(), 2);
    assert_eq!(nsight.checks_mode, ChecksMode::All);
    assert!(nsight.metrics_exclude[0].is_match("rmm_backup_daily_results"));
    assert!(!nsight.metrics_exclude[0].is_match("rmm_backup_daily_results_total"));
    let PlatformOptions::Nsight(options) = &nsight.platform else { panic!("nsight") };
    assert_eq!(options.time_zone.as_ref().and_then(|zone| zone.iana_name()), Some("Europe/London"));
    assert_eq!(options.offline_after.map(|duration| duration.as_secs()), Some(7200));
    assert_eq!(options.antivirus_products, ["sophos", "Trend Micro"]);
    assert_eq!(nsight.user_agent, "Mozilla/5.0 (compatible; test)");
    let collectors: Vec<_> = nsight
        .collectors
        .iter()
        .map(|(collector, config)| (collector.name(), config.interval.as_secs(), config.stale_after.as_secs()))
        .collect();
    assert_eq!(
        collectors,
        [
            ("inventory", 1800, 172_800),
            ("failing_checks", 180, 172_800),
            ("checks", 5400, 172_800),
            ("antivirus_definitions", 86_400, 172_800),
            ("backup", 86_400, 172_800),
            ("patches", 43_200, 172_800),
            ("exchange", 43_200, 172_800),
        ]
    );

    assert_eq!(tactical.name, "2024");
    assert!(matches!(&tactical.api_key, KeySource::Environment(name) if name == "TRMM_KEY"));
    assert_eq!(tactical.console_url, "https://rmm.example.com");
    assert_eq!(
        (tactical.requests_per_minute, tactical.min_interval.as_secs(), tactical.timeout.as_secs()),
        (120, 60, 60)
    );
    assert!(tactical.tls.ca_file.is_some() && !tactical.tls.insecure_skip_verify);
    assert_eq!(tactical.proxy.as_ref().and_then(|proxy| proxy.password()), Some("TOPSECRETproxy"));
    assert!(tactical.user_agent.starts_with("Mozilla/5.0 (compatible; rmm-exporter/"), "{}", tactical.user_agent);
    assert_eq!(tactical.collectors.len(), 6, "the token switches the collector server on");
    let PlatformOptions::Tactical(options) = &tactical.platform else { panic!("tactical") };
    assert!(matches!(&options.monitoring_token, Some(KeySource::File(path)) if path.ends_with("keys/nsight")));
    assert_eq!(options.time_zone.as_ref().and_then(|zone| zone.iana_name()), Some("America/New_York"));
    let antivirus = options.mappings.antivirus.as_ref().expect("a mapping");
    let checks = antivirus.checks.as_ref().expect("checks");
    assert!(checks.name.as_ref().is_some_and(|name| name.is_match("Windows Defender status")), "found anywhere");
    assert_eq!((checks.check_type.as_deref(), checks.script), (Some("script"), Some(42)));
    assert_eq!((antivirus.date_field.as_deref(), antivirus.status_field.as_deref()), (None, Some("AV State")));
    assert!(antivirus.status_passing.is_match("good") && !antivirus.status_passing.is_match("not good"), "whole texts");
    let backup = options.mappings.backup.as_ref().expect("a mapping");
    assert!(backup.checks.is_none() && backup.status_passing.is_match("TRUE") && !backup.status_passing.is_match("0"));
    assert_eq!(
        (backup.date_field.as_deref(), backup.status_field.as_deref()),
        (Some("Last Backup"), Some("Backup OK"))
    );

    assert!(simulator.is_loopback() && matches!(simulator.api_key, KeySource::Inline(_)));
    assert!(simulator.min_interval.is_zero());
    assert_eq!(simulator.requests_per_minute, 100_000);
}

#[test]
fn files_that_are_no_configuration_at_all() {
    let message = |path: &Path| load_fixture(path).expect_err("invalid").to_string();
    let file = |content: &[u8]| {
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), content).expect("write");
        file
    };
    assert!(message(Path::new("no/such.yml")).contains("no/such.yml: cannot read the file: No such file"));
    assert!(message(Path::new("tests")).contains("cannot read the file"));
    let latin = file(b"accounts:\n  - name: M\xfcller\n");
    assert!(message(latin.path()).contains("line 2 is not UTF-8"));
    let large = file(&b"#".repeat(1024 * 1024 + 1));
    assert!(message(large.path()).contains("larger than 1 MiB"));
    assert!(message(Path::new("/dev/zero")).contains("not a regular file"));
    let filled = file(&b"#".repeat(1024 * 1024));
    assert!(message(filled.path()).contains("names no account"));
}

/// Whether a comment is a key that was commented out, and no sentence.
fn is_key(text: &str) -> bool {
    text.trim_start().split_once(':').is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

#[test]
fn the_example_file_is_valid_and_names_every_key() {
    let text = std::fs::read_to_string("rmm-exporter.example.yml").expect("example");
    let documentation = std::fs::read_to_string("docs/configuration.md").expect("documentation");
    // The files that the example names exist only on its reader's machine.
    let folder = tempfile::tempdir().expect("folder");
    let key = folder.path().join("key");
    std::fs::write(&key, SECRET).expect("key");
    let certificate = folder.path().join("ca.pem");
    std::fs::write(&certificate, "-----BEGIN CERTIFICATE-----").expect("certificate");
    let adapted = text
        .replace("/run/secrets/nsight_key", &key.display().to_string())
        .replace("/run/secrets/trmm_monitoring_token", &key.display().to_string())
        .replace("/etc/ssl/private-ca.pem", &certificate.display().to_string());
    let path = folder.path().join("rmm-exporter.yml");
    std::fs::write(&path, &adapted).expect("write");
    let config = load_fixture(&path).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.accounts.len(), 2);
    assert_eq!(config.warnings, Vec::<String>::new());
    for account in &config.accounts {
        assert!(
            account.filter.clients.admits("any")
                && account.filter.kinds.is_empty()
                && account.metrics_exclude.is_empty()
        );
        assert!(account.proxy.is_none() && account.tls.ca_file.is_none() && account.console_url.is_empty());
    }
    // What is commented out is valid as well, once its reader has the files.
    let all = adapted.lines().map(|line| match line.split_once("# ") {
        Some((blanks, rest)) if blanks.len() >= 4 && blanks.trim().is_empty() && is_key(rest) => {
            format!("{blanks}{rest}")
        }
        _ => line.to_owned(),
    });
    let alternatives = [
        "    server: https://www",
        "    api_key_env: NSIGHT",
        "    api_key: ",
        "    monitoring_token_env: ",
        "    monitoring_token: ",
        "      server: { enabled: false",
    ];
    let all: Vec<String> = all.filter(|line| !alternatives.iter().any(|other| line.starts_with(other))).collect();
    std::fs::write(&path, all.join("\n")).expect("write");
    let full = load_fixture(&path).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(!full.accounts[0].filter.clients.admits("any") && full.accounts[1].proxy.is_some());
    let mappings = full.accounts[1].tactical().mappings;
    assert!(mappings.antivirus.is_some_and(|mapping| mapping.checks.is_some()) && mappings.backup.is_some());
    for key in [
        "name",
        "platform",
        "region",
        "server",
        "allow_http",
        "console_url",
        "api_key",
        "api_key_file",
        "api_key_env",
        "requests_per_minute",
        "max_concurrent_requests",
        "min_interval",
        "timeout",
        "stale_after",
        "max_series",
        "filter",
        "clients",
        "sites",
        "devices",
        "device_kinds",
        "checks",
        "mode",
        "metrics",
        "time_zone",
        "antivirus_products",
        "monitoring_token",
        "monitoring_token_file",
        "monitoring_token_env",
        "mappings",
        "check_name",
        "check_type",
        "script",
        "date_field",
        "status_field",
        "status_passing",
        "offline_after",
        "user_agent",
        "tls",
        "ca_file",
        "insecure_skip_verify",
        "proxy",
        "collectors",
        "enabled",
        "interval",
    ] {
        assert!(text.contains(&format!("{key}:")), "the example lacks {key}");
        assert!(documentation.contains(&format!("`{key}`")), "the documentation lacks {key}");
    }
}
