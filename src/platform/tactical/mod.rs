//! Tactical RMM: JSON over HTTP, the key in the header `X-API-KEY`, for one call a token of its own in `X-Mon-Token`.

pub mod call;
pub(crate) mod client;
mod collectors;
pub mod decode;
pub mod error;
mod notices;
pub mod probe;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

pub use call::Call;
pub use decode::Decoder;
pub use wire::array::ArrayError;

use self::client::Client;
use self::collectors::{alerts, checks, custom_fields, details, inventory, patches, server, tasks};
use self::error::ApiError;
use super::key::{ApiKey, Purpose};
use super::large::work_on;
use super::transport::{Transport, TransportOptions};
use super::{Answer, Failure, Platform, SetupError};
use crate::clock::Clock;
use crate::collector::{Collector, CollectorDefaults};
use crate::config::{AccountConfig, CollectorConfig, TacticalOptions};
use crate::fleet::{DeviceId, View};
use crate::planner::{Permit, Want};

/// The collectors of this platform, with what they do when the configuration says nothing.
pub const COLLECTORS: &[CollectorDefaults] = &[
    CollectorDefaults { collector: Collector::Inventory, enabled: true, interval: Duration::from_mins(2) },
    CollectorDefaults { collector: Collector::Checks, enabled: true, interval: Duration::from_mins(30) },
    CollectorDefaults { collector: Collector::Tasks, enabled: true, interval: Duration::from_hours(1) },
    CollectorDefaults { collector: Collector::Patches, enabled: true, interval: Duration::from_hours(6) },
    // With a monitoring token it is on by default: without it there is little to read.
    CollectorDefaults { collector: Collector::Server, enabled: false, interval: Duration::from_mins(5) },
    CollectorDefaults { collector: Collector::Alerts, enabled: true, interval: Duration::from_mins(5) },
    CollectorDefaults { collector: Collector::Details, enabled: false, interval: Duration::from_hours(24) },
];

/// A Tactical RMM server, as one key sees it.
pub struct Tactical {
    client: Client,
    decoder: Arc<Decoder>,
    clock: Arc<dyn Clock>,
    collectors: BTreeMap<Collector, CollectorConfig>,
    options: TacticalOptions,
}

impl Tactical {
    /// Sets up the account: reads the key and the token, makes no connection.
    ///
    /// # Errors
    ///
    /// When there is no key or token where it should be, or the CA file or the proxy cannot be used.
    pub fn new(config: &AccountConfig, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let options = config.tactical();
        let key = Arc::new(ApiKey::load(&config.api_key)?.of(&config.name));
        let token = options.monitoring_token.as_ref().map(|source| ApiKey::load_for(Purpose::MonitoringToken, source));
        let token = token.transpose()?.map(|token| Arc::new(token.of(&config.name)));
        let transport = Transport::new(&TransportOptions::of(config))?;
        let decoder = Decoder::new(&config.name, config.checks_mode).mapping(options.mappings.clone());
        let secrets = [Arc::clone(&key)].into_iter().chain(token.clone());
        Ok(Self {
            client: Client::new(transport, config.server.clone(), key, token),
            decoder: Arc::new(secrets.fold(decoder, Decoder::hiding)),
            clock,
            collectors: config.collectors.clone(),
            options,
        })
    }

    /// Decodes where it disturbs nobody.
    async fn decode(
        &self,
        call: &Call,
        answer: super::transport::RawAnswer,
        now: Timestamp,
    ) -> Result<Answer, Failure> {
        let bytes = answer.body.len();
        let work = {
            let (decoder, call) = (Arc::clone(&self.decoder), call.clone());
            move || decoder.decode(&call, answer, now)
        };
        work_on(bytes, work).await.unwrap_or_else(|_| Err(ApiError::Decoder.into_failure(call, bytes as u64)))
    }
}

impl Platform for Tactical {
    type Call = Call;

    fn wants(&self, known: &View) -> Vec<Want<Call>> {
        let mut wants = Vec::new();
        for (collector, config) in &self.collectors {
            match collector {
                Collector::Inventory => {
                    wants.extend(inventory::wants(*config));
                    wants.extend(custom_fields::wants(*config, &self.options.mappings));
                }
                Collector::Checks => wants.extend(checks::wants(*config, known)),
                Collector::Tasks => wants.extend(tasks::wants(*config, known)),
                Collector::Patches => wants.extend(patches::wants(*config, known)),
                Collector::Server => wants.extend(server::wants(*config, self.options.monitoring_token.is_some())),
                Collector::Alerts => wants.extend(alerts::wants(*config)),
                Collector::Details => wants.extend(details::wants(*config, known)),
                // N-sight's; the configuration refuses them here.
                _ => {}
            }
        }
        wants
    }

    fn up_call(&self) -> Call {
        Call::Agents
    }

    fn checks_call(&self, device: &DeviceId) -> Option<Call> {
        let possible = self.collectors.contains_key(&Collector::Checks) && call::is_safe_segment(device);
        possible.then(|| Call::AgentChecks(device.clone()))
    }

    async fn read(&self, call: &Call, permit: Permit) -> Result<Answer, Failure> {
        let (began, start) = (self.clock.now(), Instant::now());
        let result = match self.client.send(call, permit).await {
            Ok(answer) => self.decode(call, answer, self.clock.now().of_answer(began, start.elapsed())).await,
            Err(error) => Err(error.into_failure(call, 0)),
        };
        // A refused key is read again by the account, which all calls concern; a refused token concerns this one only.
        if result.as_ref().is_err_and(|failure| failure.spares_key) {
            self.client.reload_token();
        }
        result.map_err(|failure| failure.fit_for_log(|message| self.client.hide(message)))
    }

    fn reload_key(&self) -> bool {
        self.client.reload_key()
    }

    fn key_mark(&self, salt: u64) -> u64 {
        self.client.key_mark(salt)
    }
}

#[cfg(test)]
mod tests;
