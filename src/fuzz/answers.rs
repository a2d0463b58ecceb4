//! Answers of both platforms, all the way to an exposition.

use std::fmt::Debug;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use super::exposition;
use crate::collector::Collector;
use crate::config::{ChecksMode, KeySource};
use crate::fleet::mapping::Mapping;
use crate::fleet::{
    AntivirusEngine, CheckSelector, ClientKey, ClientRecord, DeviceId, DeviceList, DeviceRecord, Feature, Filter,
    Fleet, FleetOptions, Kind, Label, Mappings, SiteKey, SiteRecord, Update,
};
use crate::metrics::{Limits, render, render_text};
use crate::platform::key::ApiKey;
use crate::platform::nsight::call::{AntivirusTarget, Recent, SelectionTarget};
use crate::platform::tactical::client::take_out;
use crate::platform::transport::RawAnswer;
use crate::platform::{Answer, Failure, PlatformName, nsight, tactical};

/// The key of the accounts, which no answer may get into a label or a message. It has characters that XML and JSON escape.
const KEY: &str = "0aB1/c&D3e4F5";

/// The statuses that an answer can have; the first one goes with the smallest selectors.
const STATUSES: [u16; 8] = [200, 400, 401, 403, 404, 429, 500, 503];

/// When answers arrive.
pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_772_615_700).unwrap_or_default()
}

/// Reads the bytes after the first as an answer of N-sight; the first one chooses call and status (`A` is `list_clients`).
///
/// # Panics
///
/// When the key gets out, or what comes of the answer is larger than the answer allows, or no exposition.
pub fn nsight(data: &[u8]) {
    let Some((call, status, body)) = select(data, &NSIGHT_CALLS) else { return };
    let decoder = nsight::Decoder::new("fuzz", None, ChecksMode::All).hiding(&SECRET);
    let raw =
        RawAnswer { status, content_type: "text/xml".to_owned(), retry_after: None, date: None, body: body.to_vec() };
    let result = decoder.decode(call, raw, now());
    judge(PlatformName::Nsight, result, body.len());
}

/// Reads the bytes after the first as an answer of Tactical RMM; the first one chooses call and status (`A` is `/clients/`).
///
/// # Panics
///
/// As [`nsight`] does.
pub fn tactical(data: &[u8]) {
    let Some((call, status, body)) = select(data, &TACTICAL_CALLS) else { return };
    let content_type = "application/json".to_owned();
    let mut raw = RawAnswer { status, content_type, retry_after: None, date: None, body: body.to_vec() };
    if take_out(&mut raw, KEY).is_err() {
        return;
    }
    for result in [
        tactical::probe::clients(&raw).map(|seen| format!("{seen:?}")),
        tactical::probe::agents(&raw).map(|seen| format!("{seen:?}")),
        tactical::probe::fields(&raw).map(|seen| format!("{seen:?}")),
    ] {
        hides_key(&result);
    }
    let decoder = tactical::Decoder::new("fuzz", ChecksMode::All).mapping(mappings()).hiding(Arc::clone(&SECRET));
    let result = decoder.decode(call, raw, now());
    judge(PlatformName::Tactical, result, body.len());
}

/// Call, status and body of an input.
fn select<'d, C>(data: &'d [u8], calls: &'static [C]) -> Option<(&'static C, u16, &'d [u8])> {
    let (selector, body) = data.split_first()?;
    // A letter for each call, so that a person can read the corpus.
    let selector = usize::from(selector.wrapping_sub(b'A'));
    let status = selector.checked_div(calls.len()).and_then(|status| STATUSES.get(status)).copied();
    Some((calls.get(selector.checked_rem(calls.len())?)?, status.unwrap_or(200), body))
}

fn judge(platform: PlatformName, result: Result<Answer, Failure>, body: usize) {
    match result {
        Ok(answer) => good(platform, answer, body),
        Err(failure) => {
            // As the account does before anything is logged.
            let message = SECRET.hide(&failure.message);
            assert!(message.len() < 2000 && !message.contains(char::is_control), "{message:?}");
            hides_key(&message);
        }
    }
}

fn good(platform: PlatformName, answer: Answer, body: usize) {
    let said = hides_key(&answer.updates);
    // The shortest record of a device takes some 30 bytes, and a kilobyte when all its fields are written out.
    assert!(said <= 10_000 + 100 * body, "{said} bytes of updates from {body}");

    let mut fleet = fleet(platform);
    for update in answer.updates {
        fleet.apply(update, now());
    }
    let known = Arc::new(fleet.known());
    let current = fleet.current(now());
    let rendered = render(platform, "fuzz", &known, &Limits::default());
    assert!(rendered.series <= 500 + body as u64, "{} series from {body} bytes", rendered.series);
    for view in [&*known, &current] {
        let text = render_text(platform, "fuzz", view);
        exposition::check(&text);
        hides_key(&text);
    }
}

/// The length of what is written of something.
fn hides_key(said: &impl Debug) -> usize {
    let said = format!("{said:?}");
    assert!(!said.contains(KEY), "the key got out: {said}");
    said.len()
}

static SECRET: LazyLock<Arc<ApiKey>> = LazyLock::new(|| {
    let key = ApiKey::load(&KeySource::Inline(SecretString::from(KEY)));
    // Without its key there is nothing to check.
    Arc::new(key.unwrap_or_else(|error| unreachable!("{error}")))
});

/// Everything is looked at.
pub(super) fn options(platform: PlatformName) -> FleetOptions {
    FleetOptions {
        platform,
        filter: Filter::default(),
        checks_mode: ChecksMode::All,
        stale_after: Collector::ALL.into_iter().map(|collector| (collector, Duration::from_hours(24))).collect(),
        time_zone: Some(jiff::tz::TimeZone::UTC),
        mappings: mappings(),
    }
}

/// Checks and fields that say something about antivirus and backup.
fn mappings() -> Mappings {
    let Ok(status_passing) = regex::Regex::new("^(?:ok|fine)$") else { return Mappings::default() };
    let mapping = |date_field: Option<&str>| Mapping {
        checks: Some(CheckSelector { name: None, check_type: Some("script".to_owned()), script: None }),
        date_field: date_field.map(str::to_owned),
        status_field: Some("State".to_owned()),
        status_passing: status_passing.clone(),
    };
    Mappings { antivirus: Some(mapping(None)), backup: Some(mapping(Some("Last Backup"))) }
}

/// A fleet of one client, one site and one device, each with the number 1, which the answer may be about.
fn fleet(platform: PlatformName) -> Fleet {
    let (client, site) = (ClientKey::new("1"), SiteKey::new("1"));
    let clients = vec![ClientRecord {
        key: client.clone(),
        id: Label::new("1"),
        name: Label::new("1"),
        timezone: None,
        devices: None,
    }];
    let sites = vec![SiteRecord {
        key: site.clone(),
        client: client.clone(),
        id: Label::new("1"),
        name: Label::new("1"),
        connection_up: None,
    }];
    let device = DeviceRecord {
        kind: Some(Kind::Server),
        agentless: Some(false),
        features: Some(vec![Feature::Patch, Feature::ManagedAntivirus, Feature::Backup]),
        ..DeviceRecord::new(DeviceId::new("1"), Label::new("1"), client.clone(), site.clone())
    };
    let list = match platform {
        PlatformName::Nsight => DeviceList::Site(site, Kind::Server),
        PlatformName::Tactical => DeviceList::Account,
    };
    let mut fleet = Fleet::new(options(platform));
    for update in [Update::Clients(clients), Update::Sites(client, sites), Update::Devices(list, vec![device])] {
        fleet.apply(update, now());
    }
    fleet
}

/// Every call of N-sight. The corpus counts on their order: new ones go to the end.
static NSIGHT_CALLS: LazyLock<Vec<nsight::call::Call>> = LazyLock::new(|| {
    use nsight::call::Call;
    let (client, site, device) = (ClientKey::new("1"), SiteKey::new("1"), DeviceId::new("1"));
    let target = |engine, utc_offset| AntivirusTarget { device: DeviceId::new("1"), engine, utc_offset };
    let (older, present) = (target(AntivirusEngine::Vipre, None), target(AntivirusEngine::Bitdefender, Some(3600)));
    let whole = SelectionTarget { device: None, zone: None };
    let single = SelectionTarget { device: Some((client.clone(), site.clone(), device.clone())), ..whole.clone() };
    let recent = Recent(Duration::from_hours(72));
    vec![
        Call::ListClients,
        Call::ListSites(client.clone()),
        Call::ListDevicesAtClient(client.clone(), Kind::Server),
        Call::ListDevicesAtClient(client.clone(), Kind::Workstation),
        Call::ListDevicesAtClient(client.clone(), Kind::Mobile),
        Call::ListServers(client.clone(), site.clone()),
        Call::ListWorkstations(client.clone(), site.clone()),
        Call::ListFailingChecks,
        Call::ListFailingChecksOf(client.clone()),
        Call::ListChecks(device.clone()),
        Call::ListAvHistory(device.clone()),
        Call::ListBackupHistory(device.clone()),
        Call::PatchListAll(device.clone()),
        Call::ListGeneralSettings,
        Call::ListSupportedAvProducts,
        Call::ListAvDefinitions("sophos".into()),
        Call::ListMavThreats(older.clone()),
        Call::ListMavThreats(present.clone()),
        Call::ListMavQuarantine(older.clone()),
        Call::ListMavQuarantine(present.clone()),
        Call::ListMavScans(older),
        Call::ListMavScans(present),
        Call::ListMobSessions(device.clone()),
        Call::MobListSelectionSize(whole),
        Call::MobListSelectionSize(single),
        Call::ListOutages(device.clone()),
        Call::ListPerformanceHistory(device.clone(), recent),
        Call::ListDriveSpaceHistory(device.clone(), recent),
        Call::ListExchangeStorageHistory(device.clone(), recent),
        Call::ListDeviceAssetDetails(device),
        Call::ListClientLicenseCount(client),
        Call::ListActiveDirectoryUsers(site),
    ]
});

/// Every call of Tactical RMM. The corpus counts on their order: new ones go to the end.
static TACTICAL_CALLS: LazyLock<Vec<tactical::Call>> = LazyLock::new(|| {
    use tactical::Call;
    let device = DeviceId::new("1");
    vec![
        Call::Clients,
        Call::Agents,
        Call::AgentChecks(device.clone()),
        Call::AgentTasks(device.clone()),
        Call::AgentUpdates(device.clone()),
        Call::Agent(device),
        Call::Alerts,
        Call::Status,
        Call::DashInfo,
        Call::CustomFields,
        Call::Version,
        Call::AgentNames,
    ]
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::catalogue;
    use crate::planner::ReadCall;

    #[test]
    fn every_call_that_a_metric_is_read_from_is_among_them() {
        let nsight: Vec<_> = NSIGHT_CALLS.iter().map(ReadCall::name).collect();
        let tactical: Vec<_> = TACTICAL_CALLS.iter().map(ReadCall::name).collect();
        for (platform, calls) in [(PlatformName::Nsight, nsight), (PlatformName::Tactical, tactical)] {
            let sources = catalogue::families().iter().filter_map(|family| family.source(platform));
            for call in sources.flat_map(|source| source.calls) {
                assert!(calls.contains(call), "{call} of {} has no place here", platform.name());
            }
        }
    }

    #[test]
    fn the_first_byte_chooses_call_and_status() {
        let calls = &*TACTICAL_CALLS;
        let chosen = |selector: u8| select(&[selector, b'x'], calls).map(|(call, status, _)| (call.name(), status));
        assert_eq!(chosen(b'A'), Some(("/clients/", 200)));
        assert_eq!(chosen(b'B'), Some(("/agents/", 200)));
        assert_eq!(chosen(b'A' + 12), Some(("/clients/", 400)));
        assert!(select(b"", calls).is_none());
    }
}
