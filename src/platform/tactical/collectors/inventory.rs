//! Collector `inventory`: `/clients/` and `/agents/`.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::call::Call;
use super::super::decode::Decoder;
use super::super::notices::Notices;
use super::super::wire::agents::{Agent, Counters};
use super::super::wire::array::{ArrayError, read_object};
use super::super::wire::clients::{Client, Site};
use super::custom_fields;
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{
    ClientKey, ClientRecord, DeviceId, DeviceInfo, DeviceList, DeviceRecord, Kind, Label, OsFamily, SiteKey,
    SiteRecord, StatusCounts, Update,
};
use crate::planner::{Priority, ReadCall, Want};
use crate::platform::bounds;

/// The most sites of a server, for all its clients together.
const MAX_SITES: usize = 500_000;

/// Both lists.
pub fn wants(config: CollectorConfig) -> impl Iterator<Item = Want<Call>> {
    // Behind a pause after failures only one call gets through: whether the platform is up must not wait for others.
    [(Call::Agents, Priority::Failing), (Call::Clients, Priority::Inventory)].into_iter().map(
        move |(call, priority)| Want {
            call,
            collector: Collector::Inventory,
            interval: config.interval,
            priority,
            after: None,
        },
    )
}

/// `/clients/`. Names are keys exactly as written: the agents refer to clients and sites by name only.
pub fn clients(decoder: &Decoder, call: &Call, body: &str) -> Result<Update, ArrayError> {
    let mut clients = Vec::new();
    let mut sites = Vec::new();
    let (mut total, mut bad, mut first) = (0_usize, 0_usize, String::new());
    let left_out = decoder.readable_records(call, body, |client: Client<'_>| {
        let name = client.name.unwrap_or_default();
        let key = ClientKey::new(&name);
        for site in client.sites.unwrap_or_default() {
            total += 1;
            match read_object::<Site<'_>>(site) {
                Ok(site) if sites.len() < MAX_SITES => sites.push(site_record(&name, &key, &site)),
                Ok(_) => {}
                Err(reason) => {
                    bad += 1;
                    first = reason;
                }
            }
        }
        clients.push(ClientRecord {
            key,
            id: Label::new(&client.id),
            name: Label::new(&name),
            timezone: None,
            devices: None,
        });
    })?;
    if total > MAX_SITES {
        return Err(ArrayError::TooMany(MAX_SITES));
    }
    decoder.notices.bad_records(call.name(), bad, total, &first);
    Ok(whole_or_not(Update::ClientsAndSites(clients, sites), left_out + bad))
}

fn site_record(client_name: &str, client: &ClientKey, site: &Site<'_>) -> SiteRecord {
    let name = site.name.as_deref().unwrap_or_default();
    SiteRecord {
        key: SiteKey::from_names(client_name, name),
        client: client.clone(),
        id: Label::new(&site.id),
        name: Label::new(name),
        connection_up: None,
    }
}

/// `/agents/`.
pub fn agents(decoder: &Decoder, call: &Call, body: &str, now: Timestamp) -> Result<Update, ArrayError> {
    let mut shared = Shared::default();
    let mut devices = Vec::new();
    let mapped = decoder.mapped_fields();
    let left_out = decoder.readable_records(call, body, |agent: Agent<'_>| {
        let fields = agent.custom_fields.filter(|_| decoder.mappings.use_fields());
        let custom_fields = fields.and_then(|fields| custom_fields::values(fields, |field| mapped.admits(field)));
        let device = device(&decoder.notices, &mut shared, agent, now);
        devices.push(DeviceRecord { custom_fields, ..device });
    })?;
    devices.shrink_to_fit();
    Ok(whole_or_not(Update::Devices(DeviceList::Account, devices), left_out))
}

/// What a list says of which so many records cannot be read.
fn whole_or_not(list: Update, left_out: usize) -> Update {
    if left_out == 0 { list } else { Update::Incomplete(Box::new(list)) }
}

fn device(notices: &Notices, shared: &mut Shared, agent: Agent<'_>, now: Timestamp) -> DeviceRecord {
    let client_name = agent.client_name.unwrap_or_default();
    let site_name = agent.site_name.unwrap_or_default();
    let (client, site) = shared.place(&client_name, &site_name);
    let (online, overdue) = status(notices, agent.status.as_deref());
    DeviceRecord {
        kind: kind(notices, agent.monitoring_type.as_deref()),
        client_name: Some(shared.label(&client_name)),
        site_name: Some(shared.label(&site_name)),
        info: Some(DeviceInfo {
            os: shared.label(agent.operating_system.as_deref().unwrap_or_default()),
            os_family: os_family(agent.plat.as_deref()),
            agent_version: shared.label(agent.version.as_deref().unwrap_or_default()),
            manufacturer: Label::default(),
            model: shared.label(model(agent.make_model.as_deref())),
        }),
        agentless: Some(false),
        online,
        overdue,
        last_seen: agent.last_seen.and_then(|time| bounds::reported(time.0, now)),
        boot: agent.boot_time.and_then(|seconds| boot(seconds, now)),
        maintenance: agent.maintenance_mode,
        reboot_required: agent.needs_reboot,
        pending_actions: agent.pending_actions_count.and_then(bounds::count),
        patches_pending: agent.has_patches_pending,
        checks: agent.checks.as_ref().and_then(check_counts),
        check_counters: agent.checks.as_ref().and_then(all_counters),
        ..DeviceRecord::new(
            DeviceId::new(&agent.agent_id),
            Label::new(agent.hostname.as_deref().unwrap_or_default()),
            client,
            site,
        )
    }
}

/// Online and overdue. An offline agent is neither.
fn status(notices: &Notices, word: Option<&str>) -> (Option<bool>, Option<bool>) {
    match word {
        Some("online") => (Some(true), Some(false)),
        Some("offline") => (Some(false), Some(false)),
        Some("overdue") => (Some(false), Some(true)),
        Some(word) => {
            notices.unknown_word("agent status", word);
            (None, None)
        }
        None => (None, None),
    }
}

fn kind(notices: &Notices, word: Option<&str>) -> Option<Kind> {
    match word? {
        "server" => Some(Kind::Server),
        "workstation" => Some(Kind::Workstation),
        word => {
            notices.unknown_word("monitoring type", word);
            None
        }
    }
}

fn os_family(plat: Option<&str>) -> OsFamily {
    match plat {
        Some("windows") => OsFamily::Windows,
        Some("linux") => OsFamily::Linux,
        Some("darwin") => OsFamily::MacOs,
        _ => OsFamily::Other,
    }
}

fn model(make_model: Option<&str>) -> &str {
    make_model.filter(|model| *model != "unknown make/model").unwrap_or_default()
}

/// The agent's own clock says when it started: 0 is "unknown", and the future is wrong.
fn boot(seconds: f64, now: Timestamp) -> Option<Timestamp> {
    // Casting saturates, and what is then out of range is no time.
    #[expect(clippy::cast_possible_truncation, reason = "microseconds since 1970 fit, and the rest saturates")]
    let time = Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok()?;
    (time > Timestamp::UNIX_EPOCH && time <= now).then_some(time)
}

/// The list's counters come from a cache of the server. While that is cold they are all zero, so zero checks in total
/// is "unknown", never "none".
fn check_counts(counters: &Counters) -> Option<StatusCounts> {
    counters.total.filter(|total| *total > 0)?;
    let failing = [counters.failing, counters.warning, counters.info];
    let failing = failing.into_iter().try_fold(0_u64, |sum, count| Some(sum + count.and_then(bounds::count)?));
    Some(StatusCounts { passing: counters.passing.and_then(bounds::count), failing, cleared: None, pending: None })
}

/// All counters, to see by them that a check changed, if only from a warning to an error; unknown while the cache is cold.
fn all_counters(counters: &Counters) -> Option<[u64; 5]> {
    let total = counters.total.filter(|total| *total > 0)?;
    let [passing, failing, warning, info] =
        [counters.passing, counters.failing, counters.warning, counters.info].map(Option::unwrap_or_default);
    Some([total, passing, failing, warning, info])
}

/// Names that many agents have in common are kept once.
#[derive(Default)]
struct Shared {
    labels: HashMap<String, Label>,
    places: HashMap<String, (ClientKey, HashMap<String, SiteKey>)>,
}

impl Shared {
    fn label(&mut self, text: &str) -> Label {
        if let Some(label) = self.labels.get(text) {
            return label.clone();
        }
        let label = Label::new(text);
        self.labels.insert(text.to_owned(), label.clone());
        label
    }

    fn place(&mut self, client: &str, site: &str) -> (ClientKey, SiteKey) {
        if let Some((client_key, sites)) = self.places.get(client)
            && let Some(site_key) = sites.get(site)
        {
            return (client_key.clone(), site_key.clone());
        }
        let (client_key, sites) =
            self.places.entry(client.to_owned()).or_insert_with(|| (ClientKey::new(client), HashMap::new()));
        let site_key = SiteKey::from_names(client, site);
        sites.insert(site.to_owned(), site_key.clone());
        (client_key.clone(), site_key)
    }
}

#[cfg(test)]
mod tests;
