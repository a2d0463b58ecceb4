//! Two simulated RMM servers on loopback for a lively fleet: for `rmm-exporter demo`, and for the tests.
//!
//! They are written from the platforms' reference documents and share no code with the exporter's own clients, so that a
//! misreading in one of them shows.

mod configuration;
pub mod direct;
mod nsight;
pub mod pinned;
#[cfg(test)]
mod raw;
pub mod server;
mod tactical;
pub mod world;

use std::fmt;
use std::io;
use std::sync::Arc;

use rand::RngExt;
use rand::distr::Alphanumeric;

use self::nsight::Nsight;
use self::server::SimulatedServer;
use self::tactical::Tactical;
use self::world::World;
use crate::clock::{Clock, SystemClock};

pub use self::direct::{Direct, DirectAnswer};
pub use self::pinned::PinnedClock;
pub use self::server::audit::{Audit, Call, Summary};
pub use self::server::fault::{Fault, RetryAfter, Scope};

/// What the demo should be like.
#[derive(Clone)]
pub struct DemoOptions {
    /// Devices on both platforms together, about.
    pub devices: usize,
    /// The same seed gives the same fleet.
    pub seed: u64,
    /// How fast things happen: 1 shows changes within minutes.
    pub speed: f64,
    /// Trouble at ordinary rates ([`World::calm`]), not at those of a demonstration.
    pub calm: bool,
    /// The key of the N-sight server; `None` makes one up.
    pub nsight_key: Option<String>,
    /// The key of the Tactical RMM server; `None` makes one up.
    pub tactical_key: Option<String>,
    /// The monitoring token of the Tactical RMM server; `None` makes one up.
    pub tactical_monitoring_token: Option<String>,
    /// The time in the demo.
    pub clock: Arc<dyn Clock>,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            devices: 60,
            seed: 1,
            speed: 1.0,
            calm: false,
            nsight_key: None,
            tactical_key: None,
            tactical_monitoring_token: None,
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for DemoOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { devices, seed, speed, calm, .. } = self;
        f.debug_struct("DemoOptions")
            .field("devices", devices)
            .field("seed", seed)
            .field("speed", speed)
            .field("calm", calm)
            .finish_non_exhaustive()
    }
}

/// Both servers, running until this is dropped.
#[derive(Debug)]
pub struct Demo {
    /// The N-sight server.
    pub nsight: SimulatedServer,
    /// The Tactical RMM server.
    pub tactical: SimulatedServer,
    /// What is true.
    pub world: Arc<World>,
    devices: usize,
}

impl Demo {
    /// A configuration for both servers, as YAML. It holds the keys.
    #[must_use]
    pub fn config_yaml(&self) -> String {
        configuration::yaml(self)
    }

    /// Stops both servers.
    pub fn stop(&self) {
        self.nsight.handle.stop();
        self.tactical.handle.stop();
    }
}

/// Starts both servers on free ports of the loopback address. Needs a tokio runtime.
///
/// # Errors
///
/// When no port can be opened.
pub async fn start(options: DemoOptions) -> io::Result<Demo> {
    let DemoOptions { devices, seed, speed, calm, nsight_key, tactical_key, tactical_monitoring_token, clock } =
        options;
    let world = World::new(devices, seed, speed, Arc::clone(&clock));
    let world = Arc::new(if calm { world.calm() } else { world });
    let key = nsight_key.unwrap_or_else(|| random_key(false));
    let nsight = Box::new(Nsight::new(Arc::clone(&world), key.clone()));
    let nsight = SimulatedServer::start(nsight, key, None, Arc::clone(&clock)).await?;
    let key = tactical_key.unwrap_or_else(|| random_key(true));
    let token = tactical_monitoring_token.unwrap_or_else(|| random_key(false));
    let tactical = Box::new(Tactical::new(Arc::clone(&world), key.clone(), token.clone()));
    let tactical = SimulatedServer::start(tactical, key, Some(token), clock).await?;
    Ok(Demo { nsight, tactical, world, devices })
}

/// A key as the platforms make them: 32 letters and digits, on Tactical RMM capital ones only.
fn random_key(capital: bool) -> String {
    let letters = rand::rng().sample_iter(Alphanumeric).take(32).map(char::from);
    if capital { letters.map(|letter| letter.to_ascii_uppercase()).collect() } else { letters.collect() }
}

#[cfg(test)]
mod tests;
