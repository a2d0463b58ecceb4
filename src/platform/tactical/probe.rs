//! Single questions to a Tactical RMM server, for `doctor`, and what their answers say.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::call::{Call, is_safe_segment};
use super::client::Client;
use super::decode::Decoder;
use super::error::ApiError;
use super::wire::array::{ArrayError, each_record, read_object};
use super::wire::clients::Site;
use super::wire::{Text, lenient, number_id, text_id};
use crate::config::{AccountConfig, ChecksMode};
use crate::fleet::{Check, DeviceId, Label, Update};
use crate::planner::Permit;
use crate::platform::key::{ApiKey, KeyError};
use crate::platform::probe::{Probed, Prober};
use crate::platform::transport::{RawAnswer, Transport, TransportOptions};
use crate::platform::{Failure, SetupError};

/// Asks one Tactical RMM server.
pub struct TacticalProber {
    client: Client,
    decoder: Decoder,
    /// Why there is no monitoring token although one is configured.
    token_problem: Option<KeyError>,
}

impl TacticalProber {
    /// Reads the key and sets up the HTTP client. No connection is made. A monitoring token that cannot be read is no
    /// reason not to go on.
    ///
    /// # Errors
    ///
    /// When there is no key, or the options cannot be used.
    pub fn new(config: &AccountConfig) -> Result<Self, SetupError> {
        let key = Arc::new(ApiKey::load(&config.api_key)?);
        let transport = Transport::new(&TransportOptions::of(config))?;
        let token = config.tactical().monitoring_token.map(|source| ApiKey::load(&source)).transpose();
        let (token, token_problem) = token.map_or_else(|error| (None, Some(error)), |token| (token, None));
        Ok(Self {
            client: Client::new(transport, config.server.clone(), Arc::clone(&key), token.map(Arc::new)),
            decoder: Decoder::new(&config.name, ChecksMode::All).hiding(key),
            token_problem,
        })
    }

    /// Why there is no monitoring token although one is configured.
    #[must_use]
    pub const fn token_problem(&self) -> Option<&KeyError> {
        self.token_problem.as_ref()
    }

    /// The checks of an answer of [`Call::AgentChecks`], each with the script that it runs.
    ///
    /// # Errors
    ///
    /// When the answer cannot be read.
    pub fn checks(&self, call: &Call, answer: RawAnswer) -> Result<Vec<(Check, Option<u64>)>, Failure> {
        let bytes = answer.body.len() as u64;
        let mut scripts = HashMap::new();
        let body = text(&answer);
        each_record(&body, call.max_records(), |run: Run| {
            scripts.insert(run.id, run.script);
        })
        .map_err(|error| ApiError::Unreadable(error).into_failure(call, bytes))?;
        let answer = self.decoder.decode(call, answer, jiff::Timestamp::UNIX_EPOCH)?;
        let checks = answer.updates.into_iter().flat_map(|update| match update {
            Update::Checks(_, checks) => checks.checks,
            _ => Vec::new(),
        });
        let with_script = |check: Check| {
            let script = scripts.get(check.id.as_str()).copied().flatten();
            (check, script)
        };
        Ok(checks.map(with_script).collect())
    }
}

/// What a check runs.
#[derive(Deserialize)]
struct Run {
    #[serde(deserialize_with = "number_id")]
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    script: Option<u64>,
}

impl Prober for TacticalProber {
    type Call = Call;

    async fn ask(&self, call: &Call, permit: Permit) -> Probed {
        let clean = |failure: Failure| failure.fit_for_log(|message| self.client.hide(message));
        match self.client.send(call, permit).await {
            Ok(answer) => {
                let (date, bytes) = (answer.date, answer.body.len() as u64);
                let result = match ApiError::of(call, &answer) {
                    Some(error) => Err(clean(error.into_failure(call, bytes))),
                    None => Ok(answer),
                };
                Probed { date, result }
            }
            Err(error) => Probed { date: None, result: Err(clean(error.into_failure(call, 0))) },
        }
    }
}

/// A client of `/clients/`, as far as it tells what a key sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenClient {
    /// Its number, as the server writes it.
    pub id: Label,
    /// Its name.
    pub name: Label,
    /// Names of its sites.
    pub sites: Vec<Label>,
    /// Its agents, also those that the key does not see.
    pub agents: u64,
}

/// An agent of `/agents/?detail=false`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAgent {
    /// Its id, fit for a path.
    pub id: DeviceId,
    /// Its name.
    pub name: Label,
    /// Its client.
    pub client: Label,
    /// Its site.
    pub site: Label,
}

/// Reads an answer of [`Call::Clients`].
///
/// # Errors
///
/// When it is none.
pub fn clients(answer: &RawAnswer) -> Result<Vec<SeenClient>, ArrayError> {
    #[derive(Deserialize)]
    struct Client<'a> {
        #[serde(default, deserialize_with = "lenient")]
        id: Option<u64>,
        #[serde(default, deserialize_with = "lenient")]
        name: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        agent_count: Option<u64>,
        #[serde(borrow, default, deserialize_with = "lenient")]
        sites: Option<Vec<&'a RawValue>>,
    }
    let mut clients = Vec::new();
    each_record(&text(answer), Call::Clients.max_records(), |client: Client<'_>| {
        let sites = client.sites.unwrap_or_default().into_iter().filter_map(|site| read_object::<Site<'_>>(site).ok());
        clients.push(SeenClient {
            id: Label::new(&client.id.map(|id| id.to_string()).unwrap_or_default()),
            name: Label::new(client.name.as_deref().unwrap_or_default()),
            sites: sites.map(|site| Label::new(site.name.as_deref().unwrap_or_default())).collect(),
            agents: client.agent_count.unwrap_or_default(),
        });
    })?;
    Ok(clients)
}

/// Reads an answer of [`Call::AgentNames`].
///
/// # Errors
///
/// When it is none.
pub fn agents(answer: &RawAnswer) -> Result<Vec<SeenAgent>, ArrayError> {
    #[derive(Deserialize)]
    struct Row<'a> {
        #[serde(borrow, deserialize_with = "text_id")]
        agent_id: Text<'a>,
        #[serde(default, deserialize_with = "lenient")]
        hostname: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        client: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        site: Option<String>,
    }
    let label = |text: Option<String>| Label::new(text.as_deref().unwrap_or_default());
    let mut agents = Vec::new();
    each_record(&text(answer), Call::AgentNames.max_records(), |agent: Row<'_>| {
        let id = DeviceId::new(&agent.agent_id);
        if is_safe_segment(&id) {
            let (name, client, site) = (label(agent.hostname), label(agent.client), label(agent.site));
            agents.push(SeenAgent { id, name, client, site });
        }
    })?;
    Ok(agents)
}

/// The definition of a custom field in `/core/customfields/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenField {
    /// Its name, exactly as written.
    pub name: String,
    /// What it holds: `text`, `number`, `single`, `multiple`, `checkbox`, `datetime`; `None` when the answer does not tell.
    pub field_type: Option<String>,
}

/// Reads an answer of [`Call::CustomFields`]: the fields that agents have.
///
/// # Errors
///
/// When it is none.
pub fn fields(answer: &RawAnswer) -> Result<Vec<SeenField>, ArrayError> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "lenient")]
        model: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        name: Option<String>,
        #[serde(rename = "type", default, deserialize_with = "lenient")]
        field_type: Option<String>,
    }
    let mut fields = Vec::new();
    each_record(&text(answer), Call::CustomFields.max_records(), |field: Row| {
        if field.model.is_none_or(|model| model == "agent") {
            fields.extend(field.name.map(|name| SeenField { name, field_type: field.field_type }));
        }
    })?;
    Ok(fields)
}

/// The server writes UTF-8; a wrong byte spoils the name that it is in.
fn text(answer: &RawAnswer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> RawAnswer {
        let body = body.as_bytes().to_vec();
        RawAnswer { status: 200, content_type: "application/json".to_owned(), retry_after: None, date: None, body }
    }

    #[test]
    fn what_a_key_sees() {
        let seen = clients(&answer(
            r#"[{"id":1,"name":"Acme\u001b[31m","agent_count":3,"sites":[{"id":2,"name":"Berlin"},{"id":null}]},{"name":null}]"#,
        ));
        let [acme, nameless] = seen.expect("a list").try_into().expect("two clients");
        assert_eq!((acme.id.as_str(), acme.name.as_str(), acme.agents), ("1", "Acme [31m", 3));
        assert_eq!(acme.sites.len(), 1);
        assert_eq!((nameless.name.as_str(), nameless.agents, nameless.sites.len()), ("", 0, 0));
        let seen = agents(&answer(
            r#"[{"agent_id":"HAvmqbOS","hostname":"pc","client":"Acme","site":"Berlin"},{"agent_id":"../x"},{"hostname":"a"}]"#,
        ));
        let seen = seen.expect("a list");
        assert_eq!(seen.len(), 1, "ids that lead elsewhere are not asked for: {seen:?}");
        assert_eq!((seen[0].name.as_str(), seen[0].client.as_str(), seen[0].site.as_str()), ("pc", "Acme", "Berlin"));
        let seen = fields(&answer(
            r#"[{"model":"agent","type":"datetime","name":"Last Backup"},{"model":"client","type":"text","name":"Tier"},
                {"model":"agent","name":null},{"model":"agent","type":7,"name":"Backup OK"}]"#,
        ));
        let field = |name: &str, field_type: Option<&str>| SeenField {
            name: name.to_owned(),
            field_type: field_type.map(str::to_owned),
        };
        assert_eq!(seen.expect("a list"), [field("Last Backup", Some("datetime")), field("Backup OK", None)]);
        assert!(clients(&answer("{}")).is_err() && agents(&answer("")).is_err());
    }

    #[test]
    fn checks_with_their_scripts() {
        let yaml = "accounts: [{name: t, platform: tactical, server: api.example.com, api_key: k}]";
        let config = crate::config::parse(yaml, std::path::Path::new("test"), &|_| None).expect("valid");
        let prober = TacticalProber::new(&config.accounts[0]).expect("set up");
        let body = r#"[{"id":1,"check_type":"script","name":"Defender","script":31,"check_result":{"status":"passing"}},
                       {"id":2,"check_type":"ping","script":null,"check_result":{}}]"#;
        let call = Call::AgentChecks(DeviceId::new("HAvmqbOS"));
        let checks = prober.checks(&call, answer(body)).expect("checks");
        let seen: Vec<_> = checks.iter().map(|(check, script)| (check.name.as_str(), *script)).collect();
        assert_eq!(seen, [("Defender", Some(31)), ("Ping", None)]);
        assert!(prober.checks(&call, answer("{")).is_err());
    }
}
