//! Configuration by environment variables alone: one account a platform, everything else by default.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::account::{AccountConfig, KeySource, NsightOptions, PlatformOptions, TacticalOptions};
use super::error::{ConfigError, ConfigErrors};
use super::text::{shown_text, suggest};
use super::{Config, defaults, key, server};
use crate::platform::PlatformName;

/// Every variable that configures something.
pub const VARIABLES: [&str; 9] = [
    "RMM_NSIGHT_SERVER",
    "RMM_NSIGHT_REGION",
    "RMM_NSIGHT_API_KEY",
    "RMM_NSIGHT_API_KEY_FILE",
    "RMM_TACTICAL_SERVER",
    "RMM_TACTICAL_API_KEY",
    "RMM_TACTICAL_API_KEY_FILE",
    "RMM_TACTICAL_MONITORING_TOKEN",
    "RMM_TACTICAL_MONITORING_TOKEN_FILE",
];

/// What messages call the environment instead of a file.
pub const SOURCE: &str = "environment";

const NOTHING: &str = "there is nothing to poll. Either write rmm-exporter.yml (or name a file with --config.file; \
rmm-exporter.example.yml shows every key), or set RMM_NSIGHT_REGION and RMM_NSIGHT_API_KEY, or RMM_TACTICAL_SERVER and \
RMM_TACTICAL_API_KEY. To look around without an RMM: rmm-exporter demo";

struct Reader<'e> {
    environment: &'e dyn Fn(&str) -> Option<String>,
    errors: Vec<ConfigError>,
    warnings: Vec<String>,
}

/// The variables among `names` that begin like this program's and are none of them, as warnings: as a rule misspelt ones.
/// `config` is what was read, so that variables which the file names are left in peace.
pub fn unknown_variables(names: impl IntoIterator<Item = String>, config: Option<&Config>) -> Vec<String> {
    let by_the_file =
        |name: &str| config.is_some_and(|config| config.accounts.iter().any(|account| account.uses_variable(name)));
    let mut unknown: Vec<String> = names.into_iter().filter(|name| is_misspelt(name) && !by_the_file(name)).collect();
    unknown.sort();
    let warning = |name: String| {
        format!(
            "environment: {} is no variable of rmm-exporter and is ignored. {}",
            shown_text(&name),
            suggest(&name, &VARIABLES, "variables")
        )
    };
    unknown.into_iter().map(warning).collect()
}

fn is_misspelt(name: &str) -> bool {
    let rest = ["RMM_NSIGHT_", "RMM_TACTICAL_"].iter().find_map(|prefix| name.strip_prefix(prefix));
    // Kubernetes and Docker set such variables for a service that is called rmm-nsight or rmm-tactical.
    let of_a_service = |rest: &str| rest.starts_with("SERVICE_") || rest.starts_with("PORT");
    rest.is_some_and(|rest| !of_a_service(rest)) && !VARIABLES.contains(&name)
}

/// Configures from the environment.
///
/// # Errors
///
/// Nothing is set, or what is set is not enough or wrong; all of it.
pub fn configure(environment: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigErrors> {
    let mut reader = Reader { environment, errors: Vec::new(), warnings: Vec::new() };
    if VARIABLES.iter().all(|name| reader.value(name).is_none()) {
        return Err(ConfigErrors::single(SOURCE, NOTHING.to_owned()));
    }
    let nsight = reader.nsight();
    let tactical = reader.tactical();
    if reader.errors.is_empty() {
        Ok(Config { accounts: nsight.into_iter().chain(tactical).collect(), warnings: reader.warnings })
    } else {
        Err(ConfigErrors::new(reader.errors))
    }
}

impl Reader<'_> {
    /// A variable's value; an empty variable counts as unset, as in `docker run -e NAME=`.
    fn value(&self, name: &str) -> Option<Zeroizing<String>> {
        let value = Zeroizing::new((self.environment)(name)?);
        Some(value.trim()).filter(|value| !value.is_empty()).map(|value| Zeroizing::new(value.to_owned()))
    }

    fn any(&self, prefix: &str) -> bool {
        VARIABLES.iter().any(|name| name.starts_with(prefix) && self.value(name).is_some())
    }

    fn error(&mut self, variable: &str, message: String) {
        let (source, key) = (SOURCE.to_owned(), variable.to_owned());
        self.errors.push(ConfigError { source, position: None, key, message });
    }

    fn nsight(&mut self) -> Option<AccountConfig> {
        if !self.any("RMM_NSIGHT_") {
            return None;
        }
        let server = match (self.value("RMM_NSIGHT_SERVER"), self.value("RMM_NSIGHT_REGION")) {
            (Some(_), Some(_)) => {
                self.error("RMM_NSIGHT_SERVER", "RMM_NSIGHT_REGION is set as well. Keep one of them.".to_owned());
                None
            }
            (Some(server), None) => {
                let url = server::parse(&server, PlatformName::Nsight, false);
                url.map_err(|message| self.error("RMM_NSIGHT_SERVER", message)).ok()
            }
            (None, Some(region)) => {
                server::of_region(&region).map_err(|message| self.error("RMM_NSIGHT_REGION", message)).ok()
            }
            (None, None) => {
                self.error(
                    "RMM_NSIGHT_REGION",
                    "not set, so the server is unknown. Set it (such as uk), or RMM_NSIGHT_SERVER.".to_owned(),
                );
                None
            }
        };
        let key = self.key("RMM_NSIGHT_API_KEY", true);
        Some(defaults::account("nsight", PlatformOptions::Nsight(NsightOptions::default()), server?, key?))
    }

    fn tactical(&mut self) -> Option<AccountConfig> {
        if !self.any("RMM_TACTICAL_") {
            return None;
        }
        let server = if let Some(server) = self.value("RMM_TACTICAL_SERVER") {
            let url = server::parse(&server, PlatformName::Tactical, false);
            url.map_err(|message| self.error("RMM_TACTICAL_SERVER", message)).ok()
        } else {
            self.error(
                "RMM_TACTICAL_SERVER",
                "not set. Set it to the API's address, such as https://api.example.com.".to_owned(),
            );
            None
        };
        if let Some(hint) = server.as_ref().and_then(server::no_api_host) {
            self.warnings.push(format!("environment: RMM_TACTICAL_SERVER: {hint}"));
        }
        let key = self.key("RMM_TACTICAL_API_KEY", true);
        let monitoring_token = self.key("RMM_TACTICAL_MONITORING_TOKEN", false);
        let options = TacticalOptions { monitoring_token, ..TacticalOptions::default() };
        Some(defaults::account("tactical", PlatformOptions::Tactical(options), server?, key?))
    }

    /// The key in `variable` or in the file that `variable`_FILE names.
    fn key(&mut self, variable: &str, required: bool) -> Option<KeySource> {
        let file_variable = format!("{variable}_FILE");
        let (name, source) = match (self.value(variable), self.value(&file_variable)) {
            (Some(_), Some(_)) => {
                self.error(variable, format!("{file_variable} is set as well. Keep one of them."));
                return None;
            }
            (Some(_), None) => (variable.to_owned(), KeySource::Environment(variable.to_owned())),
            (None, Some(path)) => (file_variable, KeySource::File(PathBuf::from(path.as_str()))),
            (None, None) => {
                if required {
                    self.error(
                        variable,
                        format!("not set. Set it to the API key, or {file_variable} to a file that holds it."),
                    );
                }
                return None;
            }
        };
        match key::check(&source, self.environment) {
            Ok(_) => Some(source),
            Err(message) => {
                self.error(&name, message);
                None
            }
        }
    }
}
