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
mod noted;
pub mod region;
pub mod wire;
pub mod xml;

use std::sync::Arc;

use tracing::debug;

use self::call::Call;
use self::client::Client;
use self::error::Error;
use crate::clock::Clock;
use crate::collector::Collector;
use crate::config::{AccountConfig, PlatformOptions};
use crate::fleet::{DeviceId, Update, View};
use crate::planner::{Permit, Want};
use crate::platform::{Answer, Failure, Platform, SetupError};

pub use self::collectors::COLLECTORS;
pub use self::decode::Decoder;

/// Bodies from this size on are decoded on a thread of their own: they take milliseconds, in which a scrape would wait.
const LARGE_BODY_BYTES: usize = 256 * 1024;

/// An N-sight account.
#[derive(Debug)]
pub struct Nsight {
    config: AccountConfig,
    client: Client,
    decoder: Arc<Decoder>,
    clock: SharedClock,
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
        let offline_after = match &config.platform {
            PlatformOptions::Nsight(options) => options.offline_after,
            PlatformOptions::Tactical => None,
        };
        let decoder = Decoder::new(&config.name, offline_after, config.checks_mode);
        Ok(Self {
            config: config.clone(),
            client: Client::new(config)?,
            decoder: Arc::new(decoder),
            clock: SharedClock(clock),
        })
    }

    async fn decode(&self, call: &Call, body: Vec<u8>) -> Result<Vec<Update>, Error> {
        let now = self.clock.0.now().wall;
        if body.len() < LARGE_BODY_BYTES {
            return self.decoder.decode_body(call, body, now);
        }
        let (decoder, call) = (Arc::clone(&self.decoder), call.clone());
        let decoding = tokio::task::spawn_blocking(move || decoder.decode_body(&call, body, now));
        decoding.await.unwrap_or_else(|_| Err(Error::decode("decoding was broken off")))
    }
}

impl Platform for Nsight {
    type Call = Call;

    fn wants(&self, known: &View) -> Vec<Want<Call>> {
        collectors::wants(&self.config, known)
    }

    fn up_call(&self) -> Call {
        Call::ListClients
    }

    fn checks_call(&self, device: &DeviceId) -> Option<Call> {
        self.config.collectors.contains_key(&Collector::Checks).then(|| Call::ListChecks(device.clone()))
    }

    async fn read(&self, call: &Call, permit: Permit) -> Result<Answer, Failure> {
        let (result, bytes) = match self.client.fetch(call, permit).await {
            Ok((body, retry_after)) => {
                let bytes = body.len() as u64;
                let result = self.decode(call, body).await;
                (result.map_err(|error| error.with_retry_after(retry_after)), bytes)
            }
            Err((error, bytes)) => (Err(error), bytes),
        };
        debug!(account = self.config.name, ?call, bytes, ok = result.is_ok(), "call ended");
        result.map(|updates| Answer { updates, bytes }).map_err(|error| {
            let mut failure = error.into_failure(call, bytes);
            failure.message = self.client.without_key(&failure.message);
            failure
        })
    }

    fn reload_key(&self) {
        self.client.reload_key();
    }
}

#[cfg(test)]
mod tests;
