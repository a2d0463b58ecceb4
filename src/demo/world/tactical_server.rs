//! How the Tactical RMM server itself is.

use jiff::Timestamp;

use super::World;
use super::tactical_switches::ServicesForm;

/// Version of the server.
pub const VERSION: &str = "1.5.1";

const DAY: i64 = 86_400_000;
/// Days for which a certificate is valid when it comes; the next one comes some days late.
const CERTIFICATE: i64 = 83;
const RENEWAL: i64 = 90;
const SERVICES: [&str; 7] = ["mesh", "daphne", "celery", "celerybeat", "redis", "nats", "nats-api"];

/// `services_running`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServicesRunning {
    /// Each service and whether it runs.
    Each(Vec<(&'static str, bool)>),
    /// A text in place of them, in containers of older versions.
    Text(&'static str),
}

/// The fields of `/core/v2/status/`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the platform has them")]
pub struct ServerStatus {
    /// `version`.
    pub version: &'static str,
    /// `latest_agent_version`.
    pub latest_agent_version: &'static str,
    /// `agent_count`.
    pub agents: u64,
    /// `client_count`.
    pub clients: u64,
    /// `site_count`.
    pub sites: u64,
    /// `disk_usage_percent`.
    pub disk_percent: u64,
    /// `mem_usage_percent`.
    pub memory_percent: u64,
    /// `days_until_cert_expires`; negative once it has expired.
    pub certificate_days: i64,
    /// `cert_expired`.
    pub certificate_expired: bool,
    /// `redis_ping`.
    pub redis_ping: bool,
    /// `celery_queue_len`; −1 when nobody knows.
    pub celery_queue: i64,
    /// `celery_queue_health` says `healthy`, else `unhealthy`.
    pub celery_healthy: bool,
    /// `nats_std_ping`.
    pub nats_std_ping: bool,
    /// `nats_ws_ping`.
    pub nats_ws_ping: bool,
    /// `mesh_ping`.
    pub mesh_ping: bool,
    /// `services_running`.
    pub services: ServicesRunning,
}

impl World {
    /// The status of the Tactical RMM server.
    #[must_use]
    pub fn tactical_server(&self, at: Timestamp) -> ServerStatus {
        let now = at.as_millisecond();
        let chance = self.seed.of(10);
        let well = |part: u64| chance.of(part).episode(self.minutes(7), 120, now).is_none();
        let steps = |part: u64, limit: u64| {
            let step = chance.of(part).window(self.minutes(3), now).number.unsigned_abs();
            chance.of(part).of(step).below(limit)
        };
        let agents = (0..self.tactical.places).filter(|place| self.tactical_generation(*place, now).is_some()).count();
        let issued = chance.of(1).window(RENEWAL * DAY, now).start;
        let certificate_days = CERTIFICATE - (now - issued) / DAY;
        let celery_queue = if well(2) { i64::try_from(steps(3, 40)).unwrap_or(0) } else { -1 };
        ServerStatus {
            version: VERSION,
            latest_agent_version: "2.11.0",
            agents: agents as u64,
            clients: self.tactical.clients.len() as u64,
            sites: self.tactical.sites.len() as u64,
            disk_percent: 21 + steps(4, 30),
            memory_percent: 11 + steps(5, 80),
            certificate_days,
            certificate_expired: certificate_days < 0,
            redis_ping: well(6),
            celery_queue,
            celery_healthy: (0..=30).contains(&celery_queue),
            nats_std_ping: well(7),
            nats_ws_ping: well(8),
            mesh_ping: well(9),
            services: match self.tactical_switches().services_form() {
                ServicesForm::Seen => ServicesRunning::Each(
                    SERVICES.into_iter().zip(20..).map(|(name, part)| (name, well(part))).collect(),
                ),
                ServicesForm::Container => ServicesRunning::Each(SERVICES.map(|name| (name, false)).to_vec()),
                ServicesForm::Text => ServicesRunning::Text("not available in docker"),
            },
        }
    }
}
