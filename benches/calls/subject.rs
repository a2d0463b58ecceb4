//! The two platforms: what their accounts want, and what the simulated server answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rmm_exporter::config::{AccountConfig, KeySource, NsightOptions, PlatformOptions, TacticalOptions, defaults};
use rmm_exporter::demo::world::World;
use rmm_exporter::demo::{Direct, DirectAnswer, PinnedClock};
use rmm_exporter::fleet::{DeviceId, Update, View};
use rmm_exporter::planner::{ReadCall, Want};
use rmm_exporter::platform::transport::RawAnswer;
use rmm_exporter::platform::{Platform, PlatformName, nsight, tactical};
use secrecy::SecretString;

/// From this size on an answer is built and read anew only every few hours, and taken as read before in between: that nothing new is
/// in it changes no call but a few, and the answers of the simulated servers are what a simulation spends its time on.
const LARGE: usize = 5_000;
/// So often.
const ANEW: Duration = Duration::from_hours(6);

/// An account with default settings, and its server.
pub trait Subject {
    type Call: ReadCall;
    fn config(&self) -> &AccountConfig;
    /// Whether what is wanted may have changed for a reason that is not in the fleet.
    fn plan_changed(&self) -> bool;
    fn wants(&self, known: &View) -> Vec<Want<Self::Call>>;
    fn checks_call(&self, device: &DeviceId) -> Option<Self::Call>;
    /// What the answer to the call says; `None` when it says what it said before.
    fn read(&mut self, call: &Self::Call, now: Timestamp) -> Option<Vec<Update>>;
}

/// An account of that platform with default settings.
pub fn account(platform: PlatformName) -> AccountConfig {
    let (options, server) = match platform {
        PlatformName::Nsight => (PlatformOptions::Nsight(NsightOptions::default()), "https://rmm.example/"),
        PlatformName::Tactical => (PlatformOptions::Tactical(TacticalOptions::default()), "https://api.rmm.example/"),
    };
    let key = KeySource::Inline(SecretString::from("simulated"));
    defaults::account("simulated", options, server.parse().expect("a URL"), key)
}

fn raw(answer: DirectAnswer) -> RawAnswer {
    let DirectAnswer { status, content_type, body } = answer;
    RawAnswer { status, content_type: content_type.to_owned(), retry_after: None, date: None, body }
}

/// When the answers of a large fleet were read last, by the identity of their calls.
struct Large {
    devices: usize,
    read: HashMap<String, Timestamp>,
}

impl Large {
    fn is_known(&mut self, call: &impl ReadCall, now: Timestamp) -> bool {
        if self.devices < LARGE {
            return false;
        }
        let identity = call.identity();
        let known = self.read.get(&identity).is_some_and(|read| now < *read + ANEW);
        if !known {
            self.read.insert(identity, now);
        }
        known
    }
}

pub struct Nsight {
    config: AccountConfig,
    platform: nsight::Nsight,
    decoder: nsight::Decoder,
    server: Direct,
    large: Large,
}

impl Nsight {
    pub fn new(config: AccountConfig, world: Arc<World>, devices: usize, clock: &PinnedClock) -> Self {
        Self {
            platform: nsight::Nsight::new(&config, Arc::new(clock.clone())).expect("set up"),
            decoder: nsight::Decoder::new(&config.name, None, config.checks_mode),
            server: Direct::nsight(world),
            large: Large { devices, read: HashMap::new() },
            config,
        }
    }
}

impl Subject for Nsight {
    type Call = nsight::call::Call;

    fn config(&self) -> &AccountConfig {
        &self.config
    }

    fn plan_changed(&self) -> bool {
        self.platform.plan_changed()
    }

    fn wants(&self, known: &View) -> Vec<Want<Self::Call>> {
        self.platform.wants(known)
    }

    fn checks_call(&self, device: &DeviceId) -> Option<Self::Call> {
        self.platform.checks_call(device)
    }

    fn read(&mut self, call: &Self::Call, now: Timestamp) -> Option<Vec<Update>> {
        if self.large.is_known(call, now) {
            return None;
        }
        let fixed = call.parameters().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let moving = call.moving_parameters(now).into_iter().map(|(name, value)| (name.to_owned(), value));
        let answer = self.server.service(call.name(), fixed.chain(moving));
        // An object that is gone is refused; it is in no list by the next inventory.
        Some(self.decoder.decode(call, raw(answer), now).map(|answer| answer.updates).unwrap_or_default())
    }
}

pub struct Tactical {
    config: AccountConfig,
    platform: tactical::Tactical,
    decoder: tactical::Decoder,
    server: Direct,
    large: Large,
}

impl Tactical {
    pub fn new(config: AccountConfig, world: Arc<World>, devices: usize, clock: &PinnedClock) -> Self {
        Self {
            platform: tactical::Tactical::new(&config, Arc::new(clock.clone())).expect("set up"),
            decoder: tactical::Decoder::new(&config.name, config.checks_mode),
            server: Direct::tactical(world),
            large: Large { devices, read: HashMap::new() },
            config,
        }
    }
}

impl Subject for Tactical {
    type Call = tactical::Call;

    fn config(&self) -> &AccountConfig {
        &self.config
    }

    fn plan_changed(&self) -> bool {
        self.platform.plan_changed()
    }

    fn wants(&self, known: &View) -> Vec<Want<Self::Call>> {
        self.platform.wants(known)
    }

    fn checks_call(&self, device: &DeviceId) -> Option<Self::Call> {
        self.platform.checks_call(device)
    }

    fn read(&mut self, call: &Self::Call, now: Timestamp) -> Option<Vec<Update>> {
        if self.large.is_known(call, now) {
            return None;
        }
        let path = format!("/{}", call.segments().join("/"));
        let answer = self.server.path(call.method().as_str(), &path, call.body());
        Some(self.decoder.decode(call, raw(answer), now).map(|answer| answer.updates).unwrap_or_default())
    }
}
