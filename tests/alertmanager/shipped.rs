//! The files of `alerts/`, and what tests change in them: only by rules that hold for any text, so that what is tested is what is shipped.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use regex::Regex;

/// A file of `alerts/`.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("alerts").join(name)
}

/// Its text.
pub fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

/// Replaces every occurrence, and there must be one.
pub fn replace(text: &str, pattern: &str, by: &str) -> String {
    let pattern = Regex::new(pattern).unwrap();
    assert!(pattern.is_match(text), "nothing to replace: {pattern}");
    pattern.replace_all(text, by).into_owned()
}

/// The part of a file between a key at the start of a line and the next one.
pub fn section<'a>(text: &'a str, key: &str) -> &'a str {
    let start = text.find(&format!("\n{key}:")).unwrap_or_else(|| panic!("no {key}")) + 1;
    let rest = &text[start..];
    let end = Regex::new(r"\n[a-z#]").unwrap().find(rest).map_or(rest.len(), |next| next.start() + 1);
    &rest[..end]
}

/// The names of all receivers.
pub fn receivers(text: &str) -> Vec<String> {
    let names = Regex::new(r"(?m)^  - name: (\S+)$").unwrap();
    names.captures_iter(section(text, "receivers")).map(|found| found[1].to_owned()).collect()
}

/// The configuration with waiting times of seconds, all hours being office hours, and templates where they are.
fn hurried(text: &str, wait: &str) -> String {
    let text = replace(text, r"group_wait: \w+", &format!("group_wait: {wait}"));
    let text = replace(&text, r"group_interval: \w+", "group_interval: 1s");
    let text = replace(&text, r"weekdays: .*", "weekdays: [\"sunday:saturday\"]");
    let text = replace(&text, r"times: .*", "times: [{ start_time: \"00:00\", end_time: \"24:00\" }]");
    replace(&text, "- templates/", &format!("- {}/", path("templates").display()))
}

/// The same, with each receiver a webhook at its name below an address. Whether ends are sent stays.
pub fn webhooks(catcher: SocketAddr, wait: &str) -> String {
    let text = hurried(&read("alertmanager.yml"), wait);
    let mut receivers = "receivers:\n".to_owned();
    for (index, name) in self::receivers(&text).iter().enumerate() {
        let own = section(&text, "receivers").split("  - name: ").nth(index + 1).unwrap();
        // Writing to a String cannot fail.
        let _ = writeln!(receivers, "  - name: {name}");
        if own.contains("_configs:") {
            let end = own.contains("send_resolved: true");
            let _ = writeln!(
                receivers,
                "    webhook_configs: [{{ url: 'http://{catcher}/{name}', send_resolved: {end} }}]"
            );
        }
    }
    let text = text.replace(section(&text, "receivers"), &receivers);
    text.replace(section(&text, "global"), "")
}

/// The same, when nobody is in the office and no digest is due.
pub fn at_night(config: &str) -> String {
    let never = "weekdays: [\"sunday:saturday\"]\n        years: [\"2000\"]";
    config.replace("weekdays: [\"sunday:saturday\"]", never)
}

/// The shipped receivers, with their servers at an address and their secrets in a directory.
pub fn endpoints(http: SocketAddr, mail: SocketAddr, directory: &Path) -> String {
    let text = hurried(&read("alertmanager.yml"), "1s");
    let secrets = Regex::new(r"/etc/alertmanager/secrets/(\w+)").unwrap();
    for secret in secrets.captures_iter(&text) {
        let value =
            if &secret[1] == "slack_url" { format!("http://{http}/slack") } else { format!("the-{}", &secret[1]) };
        std::fs::write(directory.join(&secret[1]), value).unwrap();
    }
    let text = secrets.replace_all(&text, format!("{}/$1", directory.display())).into_owned();
    let text = replace(&text, r"(?m)^  smtp_auth_.*\n", "");
    let own = format!(
        "  smtp_smarthost: {mail}\n  smtp_require_tls: false\n  pagerduty_url: http://{http}/pagerduty\n  \
         opsgenie_api_url: http://{http}/opsgenie/"
    );
    let text = replace(&text, r"(?m)^  smtp_smarthost: .*", &own);
    replace(&text, "https://tickets.example.com/", &format!("http://{http}/"))
}
