//! Configuration by the environment, and what needs no file of its own.

use std::collections::HashMap;
use std::path::Path;

use super::*;
use crate::clock::processor_time;
use crate::collector::Collector;

const SECRET: &str = "TOPSECRET";

fn environment<'v>(variables: &'v [(&'v str, &'v str)]) -> impl Fn(&str) -> Option<String> + 'v {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    move |name| variables.get(name).map(|value| (*value).to_owned())
}

fn configure(variables: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    environment::configure(&environment(variables))
}

fn messages(variables: &[(&str, &str)]) -> String {
    let message = configure(variables).expect_err("invalid").to_string();
    assert!(!message.contains(SECRET), "{message}");
    message
}

#[test]
fn the_environment_alone_is_enough() {
    let config = configure(&[
        ("RMM_NSIGHT_REGION", "uk"),
        ("RMM_NSIGHT_API_KEY", SECRET),
        ("RMM_TACTICAL_SERVER", "api.example.com"),
        ("RMM_TACTICAL_API_KEY", SECRET),
        ("RMM_TACTICAL_MONITORING_TOKEN", SECRET),
    ])
    .expect("valid");
    let [nsight, tactical] = config.accounts.as_slice() else { panic!("two accounts") };
    assert_eq!((nsight.name.as_str(), tactical.name.as_str()), ("nsight", "tactical"));
    assert_eq!(nsight.server.as_str(), "https://www.systemmonitor.co.uk/");
    assert_eq!(tactical.server.as_str(), "https://api.example.com/");
    assert!(matches!(&nsight.api_key, KeySource::Environment(name) if name == "RMM_NSIGHT_API_KEY"));
    assert_eq!((nsight.requests_per_minute, tactical.requests_per_minute), (30, 120));
    assert_eq!((nsight.min_interval.as_secs(), tactical.min_interval.as_secs()), (90, 60));
    assert!(!nsight.collectors.contains_key(&Collector::Checks) && nsight.collectors.len() == 5);
    let token = tactical.tactical().monitoring_token;
    assert!(matches!(token, Some(KeySource::Environment(name)) if name == "RMM_TACTICAL_MONITORING_TOKEN"));
    assert_eq!(tactical.collectors[&Collector::Server].interval.as_secs(), 300);
    assert_eq!(config.warnings, Vec::<String>::new());
    assert!(!format!("{config:?}").contains(SECRET));
}

#[test]
fn a_key_file_may_stand_for_the_key() {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), format!("{SECRET}\n")).expect("write");
    let path = file.path().display().to_string();
    let variables = [("RMM_NSIGHT_SERVER", "http://127.0.0.1:9"), ("RMM_NSIGHT_API_KEY_FILE", path.as_str())];
    let config = configure(&variables).expect("valid");
    assert!(matches!(&config.accounts[0].api_key, KeySource::File(used) if used == file.path()));
    assert!(config.accounts[0].is_loopback());
}

#[test]
fn nothing_at_all_tells_both_ways_and_the_demo() {
    for variables in [&[][..], &[("RMM_NSIGHT_API_KEY", "")], &[("PATH", "/bin")]] {
        let message = messages(variables);
        for part in
            ["rmm-exporter.yml", "--config.file", "RMM_NSIGHT_REGION", "RMM_TACTICAL_SERVER", "rmm-exporter demo"]
        {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}

#[test]
fn all_that_is_wrong_in_the_environment_is_told_at_once() {
    let message = messages(&[
        ("RMM_NSIGHT_REGION", "mars"),
        ("RMM_NSIGHT_API_KEY", SECRET),
        ("RMM_NSIGHT_API_KEY_FILE", "/nonexistent"),
        ("RMM_TACTICAL_API_KEY_FILE", "/nonexistent"),
    ]);
    let expected = [
        "environment: RMM_NSIGHT_REGION: mars is no region",
        "environment: RMM_NSIGHT_API_KEY: RMM_NSIGHT_API_KEY_FILE is set as well. Keep one of them.",
        "environment: RMM_TACTICAL_SERVER: not set.",
        "environment: RMM_TACTICAL_API_KEY_FILE: cannot read the file /nonexistent",
        "4 errors",
    ];
    for part in expected {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn half_an_account_is_an_error() {
    assert!(messages(&[("RMM_NSIGHT_API_KEY", SECRET)]).contains("RMM_NSIGHT_REGION: not set"));
    assert!(messages(&[("RMM_NSIGHT_REGION", "uk")]).contains("RMM_NSIGHT_API_KEY: not set"));
    let both = [("RMM_NSIGHT_REGION", "uk"), ("RMM_NSIGHT_SERVER", "a.example"), ("RMM_NSIGHT_API_KEY", SECRET)];
    assert!(messages(&both).contains("RMM_NSIGHT_REGION is set as well"));
    let http = [("RMM_TACTICAL_SERVER", "http://api.example.com"), ("RMM_TACTICAL_API_KEY", SECRET)];
    assert!(messages(&http).contains("Write https://"));
}

#[test]
fn a_misspelt_variable_is_named_with_what_was_meant() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let set = names(&["PATH", "RMM_TACTICAL_SERVR", "RMM_TACTICAL_API_KEY", "RMM_TACTICAL_PORT_80_TCP"]);
    let warnings = environment::unknown_variables(set, None);
    let expected = "environment: RMM_TACTICAL_SERVR is no variable of rmm-exporter and is ignored. Did you mean RMM_TACTICAL_SERVER?";
    assert_eq!(warnings, [expected]);
    let text = ACCOUNT.replace("RMM_TACTICAL_API_KEY", "RMM_TACTICAL_OTHER_KEY");
    let config = parse_text(&text, &[("RMM_TACTICAL_OTHER_KEY", SECRET)]).expect("valid");
    let set = names(&["RMM_TACTICAL_OTHER_KEY", "RMM_NSIGHT_0123456789ABCDEF"]);
    let warnings = environment::unknown_variables(set, Some(&config));
    assert!(warnings.len() == 1 && !warnings[0].contains("0123"), "{warnings:?}");
}

#[test]
fn errors_of_the_environment_come_with_its_misspelt_variables() {
    let names = || ["RMM_NSIGHT_REGON".to_owned()];
    let errors = load_with_names(None, &|_| None, names()).expect_err("nothing").to_string();
    assert!(errors.starts_with("warning: environment: RMM_NSIGHT_REGON is no variable"), "{errors}");
    let missing = load_with_names(Some(Path::new("no/such.yml")), &|_| None, names()).expect_err("no file");
    assert_eq!(missing.warnings, Vec::<String>::new());
}

#[test]
fn a_dashboard_as_server_is_told() {
    let variables = [("RMM_TACTICAL_SERVER", "rmm.example.com"), ("RMM_TACTICAL_API_KEY", SECRET)];
    let config = configure(&variables).expect("valid");
    assert!(config.warnings[0].starts_with("environment: RMM_TACTICAL_SERVER: rmm.… is"), "{:?}", config.warnings);
    let text = ACCOUNT.replace("api.example.com", "https://api.example.com/login");
    let config = parse_text(&text, &variables[1..]).expect("valid");
    assert!(config.warnings[0].starts_with("rmm-exporter.yml:4:5: accounts[0].server: this is the address of a page"));
}

#[test]
fn a_name_like_a_key_is_warned_of_without_showing_it() {
    let text = ACCOUNT.replace("name: a", "name: Zq9SekretValue77XyAbCdEf");
    let config = parse_text(&text, &[("RMM_TACTICAL_API_KEY", SECRET)]).expect("valid");
    assert!(config.warnings.len() == 1 && config.warnings[0].contains("looks like a key"), "{:?}", config.warnings);
    assert!(!config.warnings[0].contains("Zq9"), "{:?}", config.warnings);
}

#[test]
fn tens_of_thousands_of_wrong_keys_are_reported_at_once_and_in_short() {
    use std::fmt::Write as _;
    let mut text = ACCOUNT.to_owned();
    for number in 0..60_000 {
        writeln!(text, "    k{number}: 1").expect("String");
    }
    let start = processor_time();
    let message = parse_text(&text, &[("RMM_TACTICAL_API_KEY", SECRET)]).expect_err("invalid").to_string();
    let took = processor_time().saturating_sub(start);
    assert!(took.as_secs() < 10, "{took:?}");
    assert!(message.ends_with("and 59900 more\n60000 errors"), "{}", message.len());
    assert_eq!(message.lines().count(), 102);
}

#[test]
fn a_secret_under_any_wrong_name_is_not_shown() {
    let key = "Zq9SekretValue77XyAbCdEf01234567";
    for line in [
        "name: KEY\n  - name: KEY",
        "min_interval: KEY",
        "offline_after: KEY",
        "time_zone: KEY",
        "region: KEY",
        "server: KEY",
        "tls: { ca_file: KEY }",
        "tls: { ca_file: KEY.pem }",
        "api_key_env: lower_KEY",
        "api_key_file: sk-KEY",
        "collectors: { inventory: { interval: KEY } }",
        "mappings: { backup: { check_type: KEY } }",
        "mappings: { backup: { check_name: x, KEY: x } }",
        "mappings: { backup: { script: KEY } }",
        "monitoring_token_file: KEY",
        "monitoring_token_env: KEY",
        "antivirus_products: [KEY, KEY]",
        "checks: { mode: KEY }",
        "platform: KEY",
    ] {
        let base = "accounts:\n  - platform: nsight\n    ".to_owned();
        let message = parse_text(&(base + &line.replace("KEY", key) + "\n"), &[]).expect_err(line).to_string();
        assert!(!message.to_lowercase().contains(&key.to_lowercase()), "{line}: {message}");
    }
}

#[test]
fn a_token_switches_the_server_on_and_an_explicit_setting_wins() {
    let server = |extra: &str| {
        let text = format!("{ACCOUNT}{extra}");
        let config = parse_text(&text, &[("RMM_TACTICAL_API_KEY", SECRET), ("TOKEN", SECRET)]).expect("valid");
        let interval = config.accounts[0].collectors.get(&Collector::Server).map(|config| config.interval.as_secs());
        (interval, config.accounts[0].tactical().monitoring_token.is_some(), config.warnings.len())
    };
    let token = "    monitoring_token_env: TOKEN\n";
    let with = |wish: &str| format!("    collectors: {{ server: {{ {wish} }} }}\n");
    assert_eq!(server(""), (None, false, 0));
    assert_eq!(server(token), (Some(300), true, 0));
    assert_eq!(server(&format!("{token}{}", with("interval: 2m"))), (Some(120), true, 0), "on, so an interval will do");
    assert_eq!(server(&format!("{token}{}", with("enabled: false"))), (None, true, 1));
    assert_eq!(server(&with("enabled: true")), (Some(3600), false, 0), "the version alone, hourly");
    assert_eq!(server(&with("enabled: true, interval: 10m")), (Some(3600), false, 1));
    assert_eq!(server(&with("enabled: true, interval: 2h")), (Some(7200), false, 0));
    assert_eq!(server(&with("interval: 10m")), (None, false, 1));
}

#[test]
fn the_variable_of_the_token_is_in_use() {
    let text = format!("{ACCOUNT}    monitoring_token_env: RMM_TACTICAL_MONITORING_TOKEN\n");
    let variables = [("RMM_TACTICAL_API_KEY", SECRET), ("RMM_TACTICAL_MONITORING_TOKEN", SECRET)];
    assert_eq!(parse_text(&text, &variables).expect("valid").warnings, Vec::<String>::new());
    let text = text.replace("RMM_TACTICAL_MONITORING_TOKEN", "RMM_TACTICAL_OTHER");
    let config = parse_text(&text, &[variables[0], ("RMM_TACTICAL_OTHER", SECRET)]).expect("valid");
    assert_eq!(environment::unknown_variables(["RMM_TACTICAL_OTHER".to_owned()], Some(&config)), Vec::<String>::new());
}

#[test]
fn a_token_file_may_stand_for_the_token() {
    let variables = [
        ("RMM_TACTICAL_SERVER", "api.example.com"),
        ("RMM_TACTICAL_API_KEY", SECRET),
        ("RMM_TACTICAL_MONITORING_TOKEN_FILE", "/nonexistent"),
    ];
    assert!(messages(&variables).contains("RMM_TACTICAL_MONITORING_TOKEN_FILE: cannot read the file /nonexistent"));
}

fn parse_text(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    parse(text, Path::new("rmm-exporter.yml"), &environment(variables))
}

const ACCOUNT: &str = "accounts:\n  - name: a\n    platform: tactical\n    server: api.example.com\n    api_key_env: RMM_TACTICAL_API_KEY\n";

#[test]
fn variables_that_a_file_makes_idle_are_named() {
    let variables = [("RMM_TACTICAL_API_KEY", SECRET), ("RMM_NSIGHT_REGION", "uk")];
    let config = parse_text(ACCOUNT, &variables).expect("valid");
    assert_eq!(config.warnings, ["environment: RMM_NSIGHT_REGION ignored, because rmm-exporter.yml configures."]);
}

#[test]
fn a_raised_floor_raises_the_default_intervals_with_it() {
    let text = format!("{ACCOUNT}    min_interval: 5m\n");
    let config = parse_text(&text, &[("RMM_TACTICAL_API_KEY", SECRET)]).expect("valid");
    assert_eq!(config.accounts[0].collectors[&Collector::Inventory].interval.as_secs(), 300);
    assert_eq!(config.accounts[0].collectors[&Collector::Checks].interval.as_secs(), 1800);
}

#[test]
fn a_syntax_error_shows_place_and_no_content() {
    let text = format!("{ACCOUNT}    proxy: [{SECRET}\n    checks: {{}}\n");
    let message = parse_text(&text, &[]).expect_err("invalid").to_string();
    assert!(message.starts_with("rmm-exporter.yml:") && message.contains("not valid YAML"), "{message}");
    assert!(!message.contains(SECRET), "{message}");
}

proptest::proptest! {
    #[test]
    fn no_text_panics_and_no_key_leaks(tail in "[ -~\n]{0,120}") {
        let text = format!("{ACCOUNT}    api_key: {SECRET}\n{tail}");
        if let Err(errors) = parse_text(&text, &[("RMM_TACTICAL_API_KEY", SECRET)]) {
            proptest::prop_assert!(!errors.to_string().contains(SECRET));
        }
    }
}

#[test]
fn a_list_has_a_bound() {
    let with = |entries: usize| {
        let list = (0..entries).map(|entry| format!("x{entry}")).collect::<Vec<_>>().join(", ");
        let account = "name: a, platform: nsight, region: uk, api_key: 0a1b2c3d4e5f6a7b";
        let text = format!("accounts:\n  - {{ {account}, antivirus_products: [{list}] }}\n");
        parse(&text, Path::new("x.yml"), &|_| None)
    };
    assert!(with(1000).is_ok());
    let errors = with(1001).expect_err("too many").to_string();
    assert!(errors.contains("antivirus_products: the list has 1001 entries. At most 1000"), "{errors}");
}
