//! What happened to a call, and what to do about it, in two parts.

use crate::config::AccountConfig;
use crate::planner::Outcome;
use crate::platform::nsight::region::{REGIONS, names};
use crate::platform::{Failure, PlatformName};

/// What happened. Messages of failures say it before a semicolon.
#[must_use]
pub fn finding(failure: &Failure) -> &str {
    parts(failure).map_or(failure.message.as_str(), |(finding, _)| finding)
}

/// What to do: what the message says after the semicolon, else what usually helps.
#[must_use]
pub fn remedy(account: &AccountConfig, failure: &Failure) -> String {
    let told = parts(failure).map(|(_, remedy)| remedy.to_owned());
    // What the message itself says of a wrong status is that the server may be the wrong one.
    let doubts_server = told.is_some() && matches!(failure.outcome, Outcome::HttpError | Outcome::Blocked);
    let remedy = told.unwrap_or_else(|| usual(account, failure.outcome));
    match (account.platform_name(), failure.outcome) {
        (PlatformName::Nsight, Outcome::AuthError) => format!("{remedy}. Configured is {}", region(account)),
        (PlatformName::Nsight, _) if doubts_server => {
            format!("{remedy}. Configured is {}; the regions are {}", region(account), names())
        }
        _ => remedy,
    }
}

/// A message in two parts, if it has them. What the server said stands in brackets, or is all there is of a refusal.
fn parts(failure: &Failure) -> Option<(&str, &str)> {
    if failure.outcome == Outcome::ApiError {
        return None;
    }
    let mut open = 0_usize;
    let at = failure.message.char_indices().find_map(|(at, c)| {
        match c {
            '(' => open += 1,
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        (open == 0 && c == ';').then_some(at)
    })?;
    let (finding, rest) = failure.message.split_at(at);
    Some((finding, rest.trim_start_matches(';').trim_start()))
}

fn usual(account: &AccountConfig, outcome: Outcome) -> String {
    let nsight = account.platform_name() == PlatformName::Nsight;
    match outcome {
        Outcome::Ok | Outcome::ApiError => "look up the message in the documentation of the RMM",
        Outcome::AuthError => "check the key",
        Outcome::Forbidden if nsight => "give the Agent Key user the permission in N-sight",
        Outcome::Forbidden => "give the role of the key's user the permission under Settings > Permissions Manager",
        Outcome::HttpError => "look at the server's own log",
        Outcome::Throttled => "lower requests_per_minute, or wait: does something else use this key?",
        Outcome::Blocked => "check server and user_agent, and any firewall or login page in between",
        Outcome::Timeout => "raise timeout (30s and more), or look why the server is slow",
        Outcome::ConnectError => "check network, firewall and proxy",
        Outcome::InvalidResponse => "look for a proxy that changes answers; else please report it",
        Outcome::TooLarge => "please report it with the size of your fleet",
    }
    .to_owned()
}

/// The region that is configured, in words.
fn region(account: &AccountConfig) -> String {
    let host = account.server.host_str().unwrap_or_default();
    let is_here = |server: &str| server.strip_prefix("https://") == Some(host);
    match REGIONS.iter().find(|region| is_here(region.server)) {
        Some(region) => format!("region {} ({host})", region.name),
        None => format!("the server {host}, of none of the known regions"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::platform::nsight::call::Call;
    use crate::platform::nsight::error::Error;
    use crate::platform::transport::TransportError;

    #[test]
    fn messages_fall_into_two_parts() {
        let config = crate::config::parse(
            "accounts: [{name: n, platform: nsight, region: uk, api_key: k}]",
            std::path::Path::new("test"),
            &|_| None,
        );
        let account = &config.expect("valid").accounts[0];
        let refused = Error::Unauthorized("Login; failed".to_owned()).into_failure(&Call::ListClients, 0);
        assert_eq!(finding(&refused), "the API key is not accepted (Login; failed)");
        let told = remedy(account, &refused);
        assert!(told.starts_with("check the key (regenerating"), "{told}");
        assert!(told.ends_with("looks the same. Configured is region uk (www.systemmonitor.co.uk)"), "{told}");
        let lost = Error::Http(404).into_failure(&Call::ListClients, 0);
        let told = remedy(account, &lost);
        assert!(
            told.contains("Configured is region uk (www.systemmonitor.co.uk); the regions are americas, asia"),
            "{told}"
        );
        let broken = Error::Http(500).into_failure(&Call::ListClients, 0);
        assert_eq!(remedy(account, &broken), "look at the server's own log");
        let said = Error::from_fail(Some(5), "no; never").into_failure(&Call::ListClients, 0);
        assert_eq!(finding(&said), said.message, "these are the server's words");
        assert!(remedy(account, &said).contains("documentation"));
        let slow = Error::from(TransportError::Timeout(Duration::from_secs(5))).into_failure(&Call::ListClients, 0);
        assert_eq!(finding(&slow), "no whole answer within 5s");
        assert!(remedy(account, &slow).contains("raise timeout"));
    }
}
