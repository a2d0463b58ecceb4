//! Collector `server`: `/core/v2/status/` with the monitoring token, else `/core/dashinfo/`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::value::RawValue;

use super::super::call::Call;
use super::super::wire::array::{ArrayError, one_object};
use super::super::wire::status::{DashInfo, Status};
use super::ratio;
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{Label, ServerState};
use crate::planner::{Priority, Want};

/// Without the token only the version can be read, at most hourly: for it the server asks its vendor each time.
const LEAST_DASHINFO_INTERVAL: Duration = Duration::from_hours(1);

/// Services that become series at most. The server has seven.
const MAX_COMPONENTS: usize = 64;

const SECONDS_A_DAY: f64 = 86_400.0;

/// The call.
pub fn wants(config: CollectorConfig, has_token: bool) -> impl Iterator<Item = Want<Call>> {
    let (call, interval) = if has_token {
        (Call::Status, config.interval)
    } else {
        (Call::DashInfo, config.interval.max(LEAST_DASHINFO_INTERVAL))
    };
    std::iter::once(Want { call, collector: Collector::Server, interval, priority: Priority::Inventory, after: None })
}

/// More days than any certificate has.
const MOST_DAYS: f64 = 100_000.0;

/// What `/core/v2/status/` says.
pub fn status(body: &str) -> Result<ServerState, ArrayError> {
    let status: Status = one_object(body)?;
    known(ServerState {
        version: status.version.as_deref().and_then(version),
        agents: status.agent_count,
        clients: status.client_count,
        sites: status.site_count,
        certificate_expiry_seconds: status
            .days_until_cert_expires
            .filter(|days| days.abs() <= MOST_DAYS)
            .map(|days| days * SECONDS_A_DAY),
        disk_usage: status.disk_usage_percent.and_then(ratio),
        memory_usage: status.mem_usage_percent.and_then(ratio),
        pings: [status.redis_ping, status.nats_std_ping, status.nats_ws_ping, status.mesh_ping],
        components: components(&status.services_running.unwrap_or_default()),
        celery_queue_length: status.celery_queue_len,
    })
}

/// What `/core/dashinfo/` says: the version.
pub fn dash_info(body: &str) -> Result<ServerState, ArrayError> {
    let info: DashInfo = one_object(body)?;
    known(ServerState { version: info.trmm_version.as_deref().and_then(version), ..ServerState::default() })
}

/// An object that says nothing at all of the server is some other answer, not news of it.
fn known(state: ServerState) -> Result<ServerState, ArrayError> {
    if state == ServerState::default() { Err(ArrayError::NothingKnown) } else { Ok(state) }
}

fn version(text: &str) -> Option<Label> {
    Some(Label::new(text)).filter(|version| !version.as_str().is_empty())
}

/// Every service that is on or off, whatever it is called: servers differ in what they run.
fn components(services: &BTreeMap<String, &RawValue>) -> Vec<(Label, bool)> {
    let mut components: Vec<(Label, bool)> = Vec::new();
    for (name, runs) in services {
        let (name, runs) = (Label::new(name), serde_json::from_str(runs.get()));
        let is_new = !name.as_str().is_empty() && components.iter().all(|(known, _)| *known != name);
        if let (true, Ok(runs)) = (is_new && components.len() < MAX_COMPONENTS, runs) {
            components.push((name, runs));
        }
    }
    components
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(fields: &str) -> ServerState {
        status(&format!(r#"{{"version":"1.5.1",{fields}}}"#)).expect("a status")
    }

    fn running(services: &str) -> Vec<(String, bool)> {
        let components = with(&format!(r#""services_running":{services}"#)).components;
        components.into_iter().map(|(name, runs)| (name.as_str().to_owned(), runs)).collect()
    }

    #[test]
    fn a_full_status() {
        let body = r#"{"version":"1.5.1","latest_agent_version":"2.11.0","agent_count":40,"client_count":13,
            "site_count":21,"disk_usage_percent":21,"mem_usage_percent":50.5,"days_until_cert_expires":76,
            "cert_expired":false,"redis_ping":true,"celery_queue_len":3,"celery_queue_health":"healthy",
            "nats_std_ping":false,"nats_ws_ping":true,"mesh_ping":false,"services_running":{"nats-api":true,"mesh":false}}"#;
        let expected = ServerState {
            version: Some(Label::new("1.5.1")),
            agents: Some(40),
            clients: Some(13),
            sites: Some(21),
            certificate_expiry_seconds: Some(6_566_400.0),
            disk_usage: Some(0.21),
            memory_usage: Some(0.505),
            pings: [Some(true), Some(false), Some(true), Some(false)],
            components: vec![(Label::new("mesh"), false), (Label::new("nats-api"), true)],
            celery_queue_length: Some(3),
        };
        assert_eq!(status(body), Ok(expected));
        assert_eq!(with(r#""days_until_cert_expires":-2"#).certificate_expiry_seconds, Some(-172_800.0));
    }

    #[test]
    fn what_is_null_missing_or_odd_is_unknown() {
        let bare = ServerState { version: Some(Label::new("1.5.1")), ..ServerState::default() };
        for fields in [
            r#""agent_count":null,"redis_ping":null,"services_running":null,"disk_usage_percent":null"#,
            r#""celery_queue_len":-1"#,
            r#""agent_count":"40","mesh_ping":"yes","days_until_cert_expires":"soon","mem_usage_percent":[]"#,
            r#""disk_usage_percent":101,"mem_usage_percent":-1"#,
            r#""services_running":"not available in docker""#,
            r#""services_running":["mesh"]"#,
            r#""services_running":{}"#,
        ] {
            assert_eq!(with(fields), bare, "{fields}");
        }
    }

    #[test]
    fn every_service_becomes_a_component_with_a_clean_name() {
        let services = r#"{"mesh":true," new\none ":false,"odd":"running","none":null,"":true,"new one":true}"#;
        assert_eq!(running(services), [("new one".to_owned(), false), ("mesh".to_owned(), true)]);
        let many: Vec<String> = (0..100).map(|n| format!(r#""s{n:03}":true"#)).collect();
        let kept = running(&format!("{{{}}}", many.join(",")));
        assert_eq!((kept.len(), kept.last().map(|(name, _)| name.as_str())), (64, Some("s063")));
    }

    #[test]
    fn the_version_alone() {
        let state = dash_info(r#"{"trmm_version":"1.5.1","latest_trmm_ver":"error","dark_mode":true}"#).expect("info");
        assert_eq!(state, ServerState { version: Some(Label::new("1.5.1")), ..ServerState::default() });
        for body in [r#"{"trmm_version":null}"#, r#"{"trmm_version":" "}"#, r#"{"detail":"Not found."}"#] {
            assert_eq!(dash_info(body), Err(ArrayError::NothingKnown), "{body}");
            assert_eq!(status(body), Err(ArrayError::NothingKnown), "{body}");
        }
        assert_eq!(status("[]"), Err(ArrayError::NotAnObject));
    }

    #[test]
    fn without_the_token_the_version_is_asked_for_at_most_hourly() {
        let every = |minutes, has_token| {
            let interval = Duration::from_mins(minutes);
            let wants: Vec<_> = wants(CollectorConfig { interval, stale_after: interval * 3 }, has_token).collect();
            wants.into_iter().map(|want| (want.call, want.interval.as_secs() / 60)).collect::<Vec<_>>()
        };
        assert_eq!(every(5, true), [(Call::Status, 5)]);
        assert_eq!(every(5, false), [(Call::DashInfo, 60)]);
        assert_eq!(every(90, false), [(Call::DashInfo, 90)]);
    }
}
