//! The calls that exist. N-sight's changing calls are plain GETs too, so nothing outside this enum can be sent.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::fleet::{AntivirusEngine, ClientKey, DeviceId, Gone, Kind, SiteKey};
use crate::planner::ReadCall;

/// One read call with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Every client of the account.
    ListClients,
    /// The sites of a client.
    ListSites(ClientKey),
    /// Devices of one kind at a client, with features and counts.
    ListDevicesAtClient(ClientKey, Kind),
    /// Servers of a site in detail; the client is not a parameter, but whose site it is.
    ListServers(ClientKey, SiteKey),
    /// Workstations of a site in detail.
    ListWorkstations(ClientKey, SiteKey),
    /// Every failing check of the account.
    ListFailingChecks,
    /// Every failing check of a client.
    ListFailingChecksOf(ClientKey),
    /// The checks of a device.
    ListChecks(DeviceId),
    /// Daily results of a device's antivirus update checks.
    ListAvHistory(DeviceId),
    /// Daily results of a device's backup checks.
    ListBackupHistory(DeviceId),
    /// Every update of a device.
    PatchListAll(DeviceId),
    /// The account's settings, of which the time zone is used.
    ListGeneralSettings,
    /// The antivirus products that the platform knows.
    ListSupportedAvProducts,
    /// The newest definitions of an antivirus product, by its id.
    ListAvDefinitions(Arc<str>),
    /// Threats that the managed antivirus of a device found.
    ListMavThreats(AntivirusTarget),
    /// What the managed antivirus of a device has in quarantine now.
    ListMavQuarantine(AntivirusTarget),
    /// Scans of the managed antivirus of a device.
    ListMavScans(AntivirusTarget),
    /// Every backup session of a device.
    ListMobSessions(DeviceId),
    /// How much is selected for backup, of the whole account or of one device.
    MobListSelectionSize(SelectionTarget),
    /// Outages of a device.
    ListOutages(DeviceId),
    /// Load of a device in the last time.
    ListPerformanceHistory(DeviceId, Recent),
    /// Used space of a device's drives, day by day.
    ListDriveSpaceHistory(DeviceId, Recent),
    /// Size of a server's Exchange stores, day by day.
    ListExchangeStorageHistory(DeviceId, Recent),
    /// Hardware and software of a device.
    ListDeviceAssetDetails(DeviceId),
    /// Software licences of a client.
    ListClientLicenseCount(ClientKey),
    /// Users in the directory of a site.
    ListActiveDirectoryUsers(SiteKey),
}

/// A device with managed antivirus. Only the device and the engine's version are sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AntivirusTarget {
    /// The device.
    pub device: DeviceId,
    /// Its engine, which decides the form of the answer.
    pub engine: AntivirusEngine,
    /// How far the device's clock is ahead of UTC; `None` when it is not known. One engine writes local times.
    pub utc_offset: Option<i32>,
}

/// Whose selection is asked for: sent with the present month.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SelectionTarget {
    /// A device with its client and site; `None` is every device of the account.
    pub device: Option<(ClientKey, SiteKey, DeviceId)>,
    /// IANA name of the account's time zone, whose month is asked for; `None` is UTC.
    pub zone: Option<Arc<str>>,
}

/// For how long back data are asked for: the time for which they are good. What is older would not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recent(pub Duration);

/// The word for a kind in the parameter `devicetype`.
const fn device_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Server => "server",
        Kind::Workstation => "workstation",
        Kind::Mobile => "mobile_device",
    }
}

impl Call {
    /// The `service` parameter.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        match self {
            Self::ListClients => "list_clients",
            Self::ListSites(_) => "list_sites",
            Self::ListDevicesAtClient(..) => "list_devices_at_client",
            Self::ListServers(..) => "list_servers",
            Self::ListWorkstations(..) => "list_workstations",
            Self::ListFailingChecks | Self::ListFailingChecksOf(_) => "list_failing_checks",
            Self::ListChecks(_) => "list_checks",
            Self::ListAvHistory(_) => "list_av_history",
            Self::ListBackupHistory(_) => "list_backup_history",
            Self::PatchListAll(_) => "patch_list_all",
            Self::ListGeneralSettings => "list_general_settings",
            Self::ListSupportedAvProducts => "list_supported_av_products",
            Self::ListAvDefinitions(_) => "list_av_definitions",
            Self::ListMavThreats(_) => "list_mav_threats",
            Self::ListMavQuarantine(_) => "list_mav_quarantine",
            Self::ListMavScans(_) => "list_mav_scans",
            Self::ListMobSessions(_) => "list_mob_sessions",
            Self::MobListSelectionSize(_) => "mob/mob_list_selection_size",
            Self::ListOutages(_) => "list_outages",
            Self::ListPerformanceHistory(..) => "list_performance_history",
            Self::ListDriveSpaceHistory(..) => "list_drive_space_history",
            Self::ListExchangeStorageHistory(..) => "list_exchange_storage_history",
            Self::ListDeviceAssetDetails(_) => "list_device_asset_details",
            Self::ListClientLicenseCount(_) => "list_client_license_count",
            Self::ListActiveDirectoryUsers(_) => "list_active_directory_users",
        }
    }

    /// The other parameters that make it this call and no other, sorted by name.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::ListClients | Self::ListFailingChecks | Self::ListGeneralSettings | Self::ListSupportedAvProducts => {
                Vec::new()
            }
            Self::ListSites(client) | Self::ListFailingChecksOf(client) | Self::ListClientLicenseCount(client) => {
                vec![("clientid", &client.0)]
            }
            Self::ListDevicesAtClient(client, kind) => {
                vec![("clientid", &client.0), ("devicetype", device_type(*kind))]
            }
            Self::ListServers(_, site) | Self::ListWorkstations(_, site) | Self::ListActiveDirectoryUsers(site) => {
                vec![("siteid", &site.0)]
            }
            Self::ListChecks(device)
            | Self::ListAvHistory(device)
            | Self::ListBackupHistory(device)
            | Self::PatchListAll(device)
            | Self::ListMobSessions(device)
            | Self::ListOutages(device)
            | Self::ListDeviceAssetDetails(device) => vec![("deviceid", &device.0)],
            Self::ListAvDefinitions(product) => vec![("product", product)],
            Self::ListMavThreats(target) => vec![("deviceid", &target.device.0), ("v", version(target.engine))],
            Self::ListMavQuarantine(target) => {
                vec![("deviceid", &target.device.0), ("items", "CURRENT"), ("v", version(target.engine))]
            }
            Self::ListMavScans(target) => {
                vec![("details", "NO"), ("deviceid", &target.device.0), ("v", version(target.engine))]
            }
            Self::MobListSelectionSize(target) => match &target.device {
                Some((client, site, device)) => {
                    vec![("clientid", &client.0), ("deviceid", &device.0), ("siteid", &site.0)]
                }
                None => vec![("clientid", "0"), ("deviceid", "0"), ("siteid", "0")],
            },
            Self::ListPerformanceHistory(device, _) => vec![("deviceid", &device.0), ("interval", "15")],
            Self::ListDriveSpaceHistory(device, _) | Self::ListExchangeStorageHistory(device, _) => {
                vec![("deviceid", &device.0), ("interval", "DAY")]
            }
        }
    }

    /// Parameters that move with time, at `now`. They do not make it another call: the server is asked the same.
    #[must_use]
    pub fn moving_parameters(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let since =
            |recent: &Recent| now.saturating_sub(recent.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
        match self {
            Self::ListPerformanceHistory(_, recent) => {
                vec![("since", since(recent).strftime("%Y-%m-%d %H:%M:%S").to_string())]
            }
            Self::ListDriveSpaceHistory(_, recent) | Self::ListExchangeStorageHistory(_, recent) => {
                vec![("since", since(recent).strftime("%Y-%m-%d").to_string())]
            }
            Self::MobListSelectionSize(target) => {
                let zone = target.zone.as_ref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
                let today = now.to_zoned(zone).date();
                vec![("month", today.month().to_string()), ("year", today.year().to_string())]
            }
            _ => Vec::new(),
        }
    }

    /// The parameter that names the object of the call, and what is gone when the platform does not know it.
    #[must_use]
    pub fn object(&self) -> Option<(&'static str, Gone)> {
        match self {
            Self::ListClients
            | Self::ListFailingChecks
            | Self::ListGeneralSettings
            | Self::ListSupportedAvProducts
            | Self::ListAvDefinitions(_)
            | Self::MobListSelectionSize(SelectionTarget { device: None, .. })
            // These may be refused to a client or site that is well: which ones have licences or a directory nobody says.
            | Self::ListFailingChecksOf(_)
            | Self::ListClientLicenseCount(_)
            | Self::ListActiveDirectoryUsers(_) => None,
            Self::ListSites(client) | Self::ListDevicesAtClient(client, _) => {
                Some(("clientid", Gone::Client(client.clone())))
            }
            Self::ListServers(_, site) | Self::ListWorkstations(_, site) => {
                Some(("siteid", Gone::Site(site.clone())))
            }
            Self::ListChecks(device)
            | Self::ListAvHistory(device)
            | Self::ListBackupHistory(device)
            | Self::PatchListAll(device)
            | Self::ListMavThreats(AntivirusTarget { device, .. })
            | Self::ListMavQuarantine(AntivirusTarget { device, .. })
            | Self::ListMavScans(AntivirusTarget { device, .. })
            | Self::ListMobSessions(device)
            | Self::MobListSelectionSize(SelectionTarget { device: Some((_, _, device)), .. })
            | Self::ListOutages(device)
            | Self::ListPerformanceHistory(device, _)
            | Self::ListDriveSpaceHistory(device, _)
            | Self::ListExchangeStorageHistory(device, _)
            | Self::ListDeviceAssetDetails(device) => Some(("deviceid", Gone::Device(device.clone()))),
        }
    }
}

/// The parameter `v` of calls to the managed antivirus: 1 has the records of the older engine only.
const fn version(engine: AntivirusEngine) -> &'static str {
    match engine {
        AntivirusEngine::Vipre => "1",
        AntivirusEngine::Bitdefender => "2",
    }
}

impl ReadCall for Call {
    fn name(&self) -> &'static str {
        self.service()
    }

    fn identity(&self) -> String {
        let mut identity = self.service().to_owned();
        for (index, (name, value)) in self.parameters().into_iter().enumerate() {
            identity.push(if index == 0 { '?' } else { '&' });
            identity.push_str(name);
            identity.push('=');
            identity.push_str(value);
        }
        identity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_the_service_with_sorted_parameters() {
        let client = ClientKey::new("41007");
        assert_eq!(Call::ListClients.identity(), "list_clients");
        assert_eq!(
            Call::ListDevicesAtClient(client.clone(), Kind::Mobile).identity(),
            "list_devices_at_client?clientid=41007&devicetype=mobile_device"
        );
        assert_eq!(Call::ListServers(client, SiteKey::new("50311")).identity(), "list_servers?siteid=50311");
        assert_eq!(Call::PatchListAll(DeviceId::new("770215")).identity(), "patch_list_all?deviceid=770215");
    }

    #[test]
    fn what_moves_with_time_is_no_part_of_the_identity() {
        let now: Timestamp = "2026-03-31T23:30:15Z".parse().expect("time");
        let device = DeviceId::new("770215");
        let performance = Call::ListPerformanceHistory(device.clone(), Recent(Duration::from_hours(3)));
        assert_eq!(performance.identity(), "list_performance_history?deviceid=770215&interval=15");
        assert_eq!(performance.moving_parameters(now), [("since", "2026-03-31 20:30:15".to_owned())]);
        let drives = Call::ListDriveSpaceHistory(device.clone(), Recent(Duration::from_hours(72)));
        assert_eq!(drives.moving_parameters(now), [("since", "2026-03-28".to_owned())]);
        let selection =
            |device, zone: &str| Call::MobListSelectionSize(SelectionTarget { device, zone: Some(zone.into()) });
        let account = selection(None, "Europe/Berlin");
        assert_eq!(account.identity(), "mob/mob_list_selection_size?clientid=0&deviceid=0&siteid=0");
        assert_eq!(account.moving_parameters(now), [("month", "4".to_owned()), ("year", "2026".to_owned())]);
        let single = selection(Some((ClientKey::new("1"), SiteKey::new("2"), device)), "America/New_York");
        assert_eq!(single.identity(), "mob/mob_list_selection_size?clientid=1&deviceid=770215&siteid=2");
        assert_eq!(single.moving_parameters(now), [("month", "3".to_owned()), ("year", "2026".to_owned())]);
    }

    #[test]
    fn what_is_gone_is_the_object_of_the_call() {
        assert_eq!(Call::ListClientLicenseCount(ClientKey::new("1")).object(), None);
        assert_eq!(Call::ListActiveDirectoryUsers(SiteKey::new("1")).object(), None);
        let call = Call::ListWorkstations(ClientKey::new("1"), SiteKey::new("2"));
        assert_eq!(call.object(), Some(("siteid", Gone::Site(SiteKey::new("2")))));
        assert_eq!(Call::ListFailingChecks.object(), None);
    }
}
