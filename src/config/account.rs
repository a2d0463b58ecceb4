//! One account, checked and with every default filled in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use regex::Regex;
use reqwest::Url;
use secrecy::SecretString;

use crate::collector::Collector;
use crate::fleet::{Filter, Mappings};
use crate::platform::PlatformName;

/// Where an API key is kept. The value itself is read when it is used.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A file; trailing white space is not part of the key.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The configuration file itself.
    Inline(SecretString),
}

/// Which checks and tasks become series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChecksMode {
    /// Only those that fail (or are cleared) now.
    #[default]
    Failing,
    /// All.
    All,
    /// None: counts only.
    None,
}

/// An enabled collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectorConfig {
    /// How often its calls are repeated.
    pub interval: Duration,
    /// How long its data are good: the account's `stale_after`, else three intervals, at least 15 minutes.
    pub stale_after: Duration,
}

/// TLS options of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// PEM file of a private certificate authority.
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate.
    pub insecure_skip_verify: bool,
}

/// What only N-sight accounts have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NsightOptions {
    /// Zone of the days in histories; `None` asks the platform (list_general_settings).
    pub time_zone: Option<TimeZone>,
    /// Age of a workstation's last report from which it is offline; `None` is twice its check interval, at least 30 min.
    pub offline_after: Option<Duration>,
    /// Antivirus products, by id or name, whose newest definitions are asked for.
    pub antivirus_products: Vec<String>,
}

/// What only Tactical RMM accounts have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TacticalOptions {
    /// Where the token for `/core/v2/status/` is (`MON_TOKEN` of the server); without it that call is not made.
    pub monitoring_token: Option<KeySource>,
    /// What says whether antivirus and backup are well.
    pub mappings: Mappings,
    /// Zone of times in custom fields that have no offset; `None` is UTC.
    pub time_zone: Option<TimeZone>,
}

/// What depends on the platform.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each account")]
pub enum PlatformOptions {
    /// N-able N-sight RMM.
    Nsight(NsightOptions),
    /// Tactical RMM.
    Tactical(TacticalOptions),
}

impl PlatformOptions {
    /// Which platform.
    #[must_use]
    pub const fn platform_name(&self) -> PlatformName {
        match self {
            Self::Nsight(_) => PlatformName::Nsight,
            Self::Tactical(_) => PlatformName::Tactical,
        }
    }

    /// Whether there is a monitoring token.
    #[must_use]
    pub const fn has_monitoring_token(&self) -> bool {
        matches!(self, Self::Tactical(options) if options.monitoring_token.is_some())
    }
}

/// One account.
#[derive(Clone)]
pub struct AccountConfig {
    /// The `account` label.
    pub name: String,
    /// The platform and its own options.
    pub platform: PlatformOptions,
    /// Base URL: scheme, host, port; path ends with `/`.
    pub server: Url,
    /// The platform's console, for links; as configured, empty without one.
    pub console_url: String,
    /// Where the API key is.
    pub api_key: KeySource,
    /// Most calls started in any rolling minute.
    pub requests_per_minute: u32,
    /// Most calls under way at once.
    pub max_concurrent_requests: usize,
    /// Least time between two identical calls.
    pub min_interval: Duration,
    /// Time limit of one call.
    pub timeout: Duration,
    /// Most fleet series.
    pub max_series: usize,
    /// What is looked at.
    pub filter: Filter,
    /// Which checks become series.
    pub checks_mode: ChecksMode,
    /// Metric names that are not exposed; each matches whole names.
    pub metrics_exclude: Vec<Regex>,
    /// TLS.
    pub tls: TlsOptions,
    /// Proxy.
    pub proxy: Option<Url>,
    /// User-Agent header.
    pub user_agent: String,
    /// The enabled collectors.
    pub collectors: BTreeMap<Collector, CollectorConfig>,
}

/// Shows everything but secrets: the key hides itself, a proxy's password is left out.
impl fmt::Debug for AccountConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy =
            self.proxy.as_ref().map(|proxy| format!("{}://{}", proxy.scheme(), proxy.host_str().unwrap_or_default()));
        f.debug_struct("AccountConfig")
            .field("name", &self.name)
            .field("platform", &self.platform)
            .field("server", &self.server.as_str())
            .field("console_url", &self.console_url)
            .field("api_key", &self.api_key)
            .field("requests_per_minute", &self.requests_per_minute)
            .field("max_concurrent_requests", &self.max_concurrent_requests)
            .field("min_interval", &self.min_interval)
            .field("timeout", &self.timeout)
            .field("max_series", &self.max_series)
            .field("filter", &self.filter)
            .field("checks_mode", &self.checks_mode)
            .field("metrics_exclude", &self.metrics_exclude)
            .field("tls", &self.tls)
            .field("proxy", &proxy)
            .field("user_agent", &self.user_agent)
            .field("collectors", &self.collectors)
            .finish()
    }
}

impl AccountConfig {
    /// The options on which it depends what is taken from an answer, as a text that another process can compare. Data that were
    /// read by other options are read again.
    #[must_use]
    pub fn reading(&self) -> String {
        format!("{:?} {:?} {:?}", self.checks_mode, self.nsight().offline_after, self.tactical().mappings)
    }

    /// What is particular to N-sight; the defaults on another platform.
    #[must_use]
    pub fn nsight(&self) -> NsightOptions {
        match &self.platform {
            PlatformOptions::Nsight(options) => options.clone(),
            PlatformOptions::Tactical(_) => NsightOptions::default(),
        }
    }

    /// What is particular to Tactical RMM; the defaults on another platform.
    #[must_use]
    pub fn tactical(&self) -> TacticalOptions {
        match &self.platform {
            PlatformOptions::Tactical(options) => options.clone(),
            PlatformOptions::Nsight(_) => TacticalOptions::default(),
        }
    }

    /// Whether a secret of this account is in the environment variable `name`.
    #[must_use]
    pub fn uses_variable(&self, name: &str) -> bool {
        let token = match &self.platform {
            PlatformOptions::Tactical(options) => options.monitoring_token.as_ref(),
            PlatformOptions::Nsight(_) => None,
        };
        std::iter::once(&self.api_key)
            .chain(token)
            .any(|source| matches!(source, KeySource::Environment(other) if other == name))
    }

    /// Which platform.
    #[must_use]
    pub const fn platform_name(&self) -> PlatformName {
        self.platform.platform_name()
    }

    /// Whether the server is on this machine (a simulator): then floors and budgets may be any value.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.server)
    }
}

/// Whether a URL leads to this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
