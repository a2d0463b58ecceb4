//! The configuration file, without any file or environment of this machine.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::config::plan::{self, FleetSize, Verdict};
use crate::config::{self, Config, ConfigErrors};

/// What stands in files and variables. It must be in no message.
const SECRET: &str = "TOPSECRETkey0123456789";

/// Reads the bytes as a configuration file.
///
/// # Panics
///
/// When faults are reported without place or with a secret, or an accepted configuration breaks its own rules or cannot be
/// planned.
pub fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let said = match config::parse_with(&text, Path::new("fuzz.yml"), &environment, &files) {
        Ok(config) => accepted(&config),
        Err(errors) => refused(&errors),
    };
    assert!(text.contains(SECRET) || !said.contains(SECRET), "a secret in {said}");
}

fn environment(name: &str) -> Option<String> {
    match name {
        "KEY" | "RMM_NSIGHT_API_KEY" => Some(SECRET.to_owned()),
        "EMPTY" => Some(String::new()),
        "SPACES" => Some(format!("{SECRET} {SECRET}")),
        "VARIABLE" => Some("$KEY".to_owned()),
        _ => None,
    }
}

fn files(path: &Path, _most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let certificate = "-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n";
    let bytes = match path.file_name().and_then(|name| name.to_str()) {
        Some("key") => format!("\u{feff}{SECRET}\r\n").into_bytes(),
        Some("ca.pem") => certificate.as_bytes().to_vec(),
        Some("binary") => vec![0xff, 0, b'\n'],
        Some("large") => vec![b'x'; 2 * 1024 * 1024],
        _ => return Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    Ok(Zeroizing::new(bytes))
}

fn accepted(config: &Config) -> String {
    assert!(!config.accounts.is_empty(), "no account");
    for (index, account) in config.accounts.iter().enumerate() {
        let name = &account.name;
        assert!(!name.is_empty() && name.len() <= 200 && !name.contains(char::is_control), "{name:?}");
        assert!(config.accounts.iter().skip(index + 1).all(|other| other.name != *name), "{name:?} twice");
        assert!((1..=1_000_000).contains(&account.requests_per_minute), "{}", account.requests_per_minute);
        assert!(account.max_concurrent_requests >= 1 && !account.timeout.is_zero(), "{name:?}");
        assert!(!account.console_url.contains(char::is_control), "{:?}", account.console_url);
        for settings in account.collectors.values() {
            assert!(settings.interval >= account.min_interval, "an interval under the floor");
        }
    }
    let plans = plan::plan(config, FleetSize::from_devices(500));
    for plan in &plans {
        assert!(plan.budget_used_ratio.is_finite() && plan.budget_used_ratio >= 0.0, "{}", plan.budget_used_ratio);
        assert!((plan.verdict == Verdict::Fits) == plan.advice.is_empty(), "advice for what fits, or none");
    }
    let json = serde_json::to_string(&plans);
    assert!(json.is_ok(), "the plan cannot be written: {json:?}");
    let table = plan::render(&plans);
    assert!(table.matches("verdict: ").count() >= config.accounts.len(), "{table}");
    format!("{table}{}{config:?}", plan::render_warnings(&config.warnings))
}

fn refused(errors: &ConfigErrors) -> String {
    assert!(!errors.errors.is_empty(), "refused without a reason");
    for error in &errors.errors {
        assert!(error.position.is_some_and(|(line, column)| line > 0 && column > 0), "{error}");
        assert!(!error.message.is_empty() && !error.message.contains('\n'), "{error:?}");
    }
    let said = errors.to_string();
    // A hundred and one lines, of which none repeats much of what was written.
    assert!(said.len() < 400_000, "{} bytes", said.len());
    said
}
