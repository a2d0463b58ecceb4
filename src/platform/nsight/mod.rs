//! N-able N-sight RMM: its Data Extraction API, XML over HTTPS.
//!
//! [`call`] lists what can be asked, [`client`] asks it, [`encoding`] and [`xml`] read the answer, [`wire`] has it as N-sight
//! writes it, and [`collectors`] say what it means.

pub mod call;
pub mod client;
pub mod collectors;
pub mod decode;
pub mod encoding;
pub mod error;
mod fallback;
mod noted;
pub mod probe;
pub mod region;
pub mod wire;
pub mod xml;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use self::call::Call;
use self::client::Client;
use self::error::Error;
use self::fallback::{Change, Ended, FallbackState};
use crate::clock::Clock;
use crate::collector::Collector;
use crate::config::AccountConfig;
use crate::fleet::{DeviceId, Update, View};
use crate::planner::{Outcome, Permit, Want};
use crate::platform::large::work_on;
use crate::platform::transport::RawAnswer;
use crate::platform::{Answer, Failure, Platform, SetupError};

pub use self::collectors::{COLLECTORS, Fallbacks};
pub use self::decode::Decoder;
#[cfg(test)]
pub(crate) use noted::tests::logged;

/// An N-sight account.
#[derive(Debug)]
pub struct Nsight {
    config: AccountConfig,
    client: Client,
    decoder: Arc<Decoder>,
    clock: SharedClock,
    fallbacks: Mutex<FallbackState>,
}

struct SharedClock(Arc<dyn Clock>);

impl std::fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Nsight {
    /// Reads the key and sets up the HTTP client. No connection is made.
    ///
    /// # Errors
    ///
    /// When there is no key, or the configuration's TLS or proxy cannot be used.
    pub fn new(config: &AccountConfig, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let client = Client::new(config)?;
        let decoder =
            Decoder::new(&config.name, config.nsight().offline_after, config.checks_mode).hiding(&client.key());
        Ok(Self {
            client,
            decoder: Arc::new(decoder),
            clock: SharedClock(clock),
            fallbacks: Mutex::new(FallbackState::new(config)),
            config: config.clone(),
        })
    }

    /// Decodes where it disturbs nobody.
    async fn decode(&self, call: &Call, answer: RawAnswer, now: Timestamp) -> Result<Answer, Failure> {
        let bytes = answer.body.len();
        let work = {
            let (decoder, call) = (Arc::clone(&self.decoder), call.clone());
            move || decoder.decode(&call, answer, now)
        };
        let broken_off = |_| Err(Error::broken_off().into_failure(call, bytes as u64));
        work_on(bytes, work).await.unwrap_or_else(broken_off)
    }

    fn fallbacks(&self) -> MutexGuard<'_, FallbackState> {
        self.fallbacks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn steady(&self) -> Duration {
        self.clock.0.now().steady
    }

    /// Notes how the call ended, and tells when another form of it is asked from now on.
    fn note(&self, ended: Ended<'_>) {
        let Some(change) = self.fallbacks().ended(ended) else { return };
        let (account, call) = (&self.config.name, ended.call.service());
        match change {
            Change::ClientByClient(stay) => {
                let (seconds, minutes) = (ended.took.as_secs_f64(), stay.as_secs() / 60);
                warn!(
                    account,
                    call, seconds, minutes, "too slow for the whole account: one call for each client meanwhile"
                );
            }
            Change::DeviceByDevice(stay) => {
                let days = stay.as_secs() / 86_400;
                info!(account, call, days, "no answer for the whole account: one call for each device meanwhile");
            }
            Change::WholeAccount | Change::WholeSelection => {
                info!(account, call, "one call for the whole account again");
            }
        }
    }
}

/// Whether the answer is about every device, and names none.
fn names_nothing(answer: &Answer) -> bool {
    matches!(answer.updates.as_slice(), [Update::Selections(devices)] if devices.is_empty())
}

impl Platform for Nsight {
    type Call = Call;

    fn wants(&self, known: &View) -> Vec<Want<Call>> {
        let products = &self.config.nsight().antivirus_products;
        collectors::antivirus_definitions::note_unknown(products, known, self.decoder.noted());
        let fallbacks = self.fallbacks().for_plan(self.steady());
        let mut wants = collectors::wants(&self.config, known, fallbacks);
        fallback::pace(&mut wants, &self.config);
        wants
    }

    fn plan_changed(&self) -> bool {
        let now = self.steady();
        self.fallbacks().plan_changed(now)
    }

    fn up_call(&self) -> Call {
        Call::ListClients
    }

    fn checks_call(&self, device: &DeviceId) -> Option<Call> {
        self.config.collectors.contains_key(&Collector::Checks).then(|| Call::ListChecks(device.clone()))
    }

    async fn read(&self, call: &Call, permit: Permit) -> Result<Answer, Failure> {
        // What takes long is the answer, not the sleep of this machine.
        let (began, start) = (self.clock.0.now(), Instant::now());
        let fetched = self.client.fetch(call, began.wall, permit).await;
        let took = start.elapsed();
        let status = fetched.as_ref().ok().map(|answer| answer.status);
        let result = match fetched {
            Ok(answer) => self.decode(call, answer, self.clock.0.now().of_answer(began, took)).await,
            Err(error) => Err(error.into_failure(call, 0)),
        };
        let outcome = result.as_ref().map_or_else(|failure| failure.outcome, |_| Outcome::Ok);
        let is_empty = result.as_ref().is_ok_and(names_nothing);
        self.note(Ended { call, outcome, status, is_empty, took, at: self.steady() });
        let bytes = result.as_ref().map_or_else(|failure| failure.bytes, |answer| answer.bytes);
        debug!(account = self.config.name, ?call, bytes, ok = result.is_ok(), "call ended");
        result.map_err(|failure| failure.fit_for_log(|message| self.client.key().hide(message)))
    }

    fn reload_key(&self) -> bool {
        self.client.reload_key()
    }

    fn key_mark(&self, salt: u64) -> u64 {
        self.client.key().mark(salt)
    }
}

#[cfg(test)]
mod tests;
