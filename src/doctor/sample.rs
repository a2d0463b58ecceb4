//! Which devices of N-sight the calls for single devices are tried with: such as have what the calls are about.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::collector::Collector;
use crate::config::AccountConfig;
use crate::config::plan::Having;
use crate::fleet::{ClientKey, ClientView, DeviceView, Feature, Kind};

/// The feature without which a device gives the collector no reason for a call.
#[must_use]
pub const fn feature_of(collector: Collector) -> Option<Feature> {
    match collector {
        Collector::Patches => Some(Feature::Patch),
        Collector::ManagedAntivirus => Some(Feature::ManagedAntivirus),
        Collector::BackupSessions | Collector::BackupSelection => Some(Feature::Backup),
        _ => None,
    }
}

/// The features that the account's collectors ask about.
#[must_use]
pub fn features(account: &AccountConfig) -> BTreeSet<Feature> {
    let idle = account.needs();
    let busy = account.collectors.keys().filter(|collector| !idle.is_idle(**collector));
    busy.filter_map(|collector| feature_of(*collector)).collect()
}

/// The clients, those with servers first: most is asked of servers.
#[must_use]
pub fn servers_first(clients: &[ClientView]) -> Vec<&ClientView> {
    let mut order: Vec<&ClientView> = clients.iter().collect();
    order.sort_by_key(|client| Reverse(client.devices.server.map(|servers| servers.min(1))));
    order
}

/// The lists of devices that there are, in the order in which they are worth reading.
#[must_use]
pub fn rosters(account: &AccountConfig, clients: &[ClientView]) -> Vec<(ClientKey, Kind)> {
    let kinds = [Kind::Server, Kind::Workstation].into_iter().filter(|kind| account.filter.admits_kind(*kind));
    let of_client = |client: &ClientView| {
        let some = kinds.clone().filter(|kind| client.devices.get(*kind).is_none_or(|count| count > 0));
        some.map(|kind| (client.key.clone(), kind)).collect::<Vec<_>>()
    };
    servers_first(clients).into_iter().flat_map(of_client).collect()
}

/// The features of `wanted` that none of the devices has.
#[must_use]
pub fn lacking(devices: &[DeviceView], wanted: &BTreeSet<Feature>) -> BTreeSet<Feature> {
    let has_none = |feature: &&Feature| !devices.iter().any(|device| device.record.has(**feature));
    wanted.iter().filter(has_none).copied().collect()
}

/// The device that has most of `wanted`. Of several one that surely has an agent, then a server.
#[must_use]
pub fn best<'a>(devices: &'a [DeviceView], wanted: &BTreeSet<Feature>) -> Option<&'a DeviceView> {
    let is_asked = |device: &&DeviceView| {
        let record = &device.record;
        record.agentless != Some(true) && matches!(record.kind, Some(Kind::Server | Kind::Workstation))
    };
    devices.iter().filter(is_asked).min_by_key(|device| {
        let record = &device.record;
        let has = wanted.iter().filter(|feature| record.has(**feature)).count();
        (Reverse(has), record.agentless != Some(false), record.kind != Some(Kind::Server))
    })
}

/// How many of the devices have a feature. Only of a whole fleet is it what a plan wants to know.
#[must_use]
pub fn having(devices: &[DeviceView]) -> Having {
    let with = |feature| Some(devices.iter().filter(|device| device.record.has(feature)).count() as u64);
    Having {
        patch: with(Feature::Patch),
        managed_antivirus: with(Feature::ManagedAntivirus),
        backup: with(Feature::Backup),
        mobile: None,
    }
}

/// Why a collector has no call to try.
#[must_use]
pub fn why_no_call(collector: Collector, looked_at: usize) -> String {
    let what = match feature_of(collector) {
        Some(Feature::Patch) => "patch management",
        Some(Feature::ManagedAntivirus) => "managed antivirus",
        Some(Feature::Backup) => "backup",
        _ => return "nothing that was looked at gives reason for a call".to_owned(),
    };
    match looked_at {
        0 => format!("no device could be looked at for {what}; not checked"),
        1 => format!("the one device that was looked at does not have {what}; not checked"),
        _ => format!("none of the {looked_at} devices that were looked at has {what}; not checked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{DeviceId, DeviceRecord, Label, Readings, SiteKey};

    fn device(id: &str, kind: Kind, agentless: Option<bool>, features: &[Feature]) -> DeviceView {
        let mut record = DeviceRecord::new(DeviceId::new(id), id.into(), ClientKey::new("1"), SiteKey::new("2"));
        (record.kind, record.agentless, record.features) = (Some(kind), agentless, Some(features.to_vec()));
        DeviceView {
            id: DeviceId::new(id),
            client: Label::default(),
            site: Label::default(),
            record,
            checks: Vec::new(),
            tasks: Vec::new(),
            antivirus: None,
            backup: None,
            patches: None,
            performance_monitored: None,
            readings: Readings::default(),
        }
    }

    #[test]
    fn the_device_that_has_most() {
        use Feature::{Backup, ManagedAntivirus, Patch};
        let devices = [
            device("phone", Kind::Mobile, None, &[Patch, Backup, ManagedAntivirus]),
            device("gone", Kind::Server, Some(true), &[Patch, Backup, ManagedAntivirus]),
            device("pc", Kind::Workstation, Some(false), &[Patch]),
            device("plain", Kind::Server, None, &[]),
            device("server", Kind::Server, None, &[Patch]),
            device("laptop", Kind::Workstation, None, &[Patch, Backup]),
        ];
        let best = |wanted: &[Feature]| {
            let best = best(&devices, &wanted.iter().copied().collect()).expect("a device");
            best.id.0.to_string()
        };
        assert_eq!(best(&[]), "pc", "it surely has an agent");
        assert_eq!(best(&[Patch]), "pc");
        assert_eq!(best(&[Patch, Backup]), "laptop");
        assert_eq!(best(&[ManagedAntivirus]), "pc", "nobody has it");
        assert!(super::best(&devices[..2], &BTreeSet::new()).is_none());
        let wanted = BTreeSet::from([Patch, Backup, ManagedAntivirus]);
        assert_eq!(lacking(&devices[2..], &wanted), BTreeSet::from([ManagedAntivirus]));
        let counted = having(&devices[2..]);
        assert_eq!((counted.patch, counted.backup, counted.managed_antivirus), (Some(3), Some(1), Some(0)));
    }

    #[test]
    fn only_features_that_are_asked_about() {
        let of = |more: &str| {
            let yaml = format!("accounts: [{{name: n, platform: nsight, region: uk, api_key: k{more}}}]");
            let config = crate::config::parse(&yaml, std::path::Path::new("test"), &|_| None).expect("valid");
            features(&config.accounts[0])
        };
        assert_eq!(of(""), BTreeSet::from([Feature::Patch]));
        let more = ", collectors: {patches: {enabled: false}, backup_selection: {enabled: true}}";
        assert_eq!(of(more), BTreeSet::from([Feature::Backup]));
        assert_eq!(of(", metrics: {exclude: ['rmm_.*(patch|reboot).*']}"), BTreeSet::new());
    }
}
