//! The calls that exist. N-sight's changing calls are plain GETs too, so nothing outside this enum can be sent.

use crate::fleet::{ClientKey, DeviceId, Gone, Kind, SiteKey};
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
}

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
            Self::ListFailingChecks => "list_failing_checks",
            Self::ListChecks(_) => "list_checks",
            Self::ListAvHistory(_) => "list_av_history",
            Self::ListBackupHistory(_) => "list_backup_history",
            Self::PatchListAll(_) => "patch_list_all",
            Self::ListGeneralSettings => "list_general_settings",
        }
    }

    /// The other parameters, sorted by name.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::ListClients | Self::ListFailingChecks | Self::ListGeneralSettings => Vec::new(),
            Self::ListSites(client) => vec![("clientid", &client.0)],
            Self::ListDevicesAtClient(client, kind) => {
                vec![("clientid", &client.0), ("devicetype", device_type(*kind))]
            }
            Self::ListServers(_, site) | Self::ListWorkstations(_, site) => vec![("siteid", &site.0)],
            Self::ListChecks(device)
            | Self::ListAvHistory(device)
            | Self::ListBackupHistory(device)
            | Self::PatchListAll(device) => vec![("deviceid", &device.0)],
        }
    }

    /// The parameter that names the object of the call, and what is gone when the platform does not know it.
    #[must_use]
    pub fn object(&self) -> Option<(&'static str, Gone)> {
        match self {
            Self::ListClients | Self::ListFailingChecks | Self::ListGeneralSettings => None,
            Self::ListSites(client) | Self::ListDevicesAtClient(client, _) => {
                Some(("clientid", Gone::Client(client.clone())))
            }
            Self::ListServers(_, site) | Self::ListWorkstations(_, site) => Some(("siteid", Gone::Site(site.clone()))),
            Self::ListChecks(device)
            | Self::ListAvHistory(device)
            | Self::ListBackupHistory(device)
            | Self::PatchListAll(device) => Some(("deviceid", Gone::Device(device.clone()))),
        }
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
    fn what_is_gone_is_the_object_of_the_call() {
        let call = Call::ListWorkstations(ClientKey::new("1"), SiteKey::new("2"));
        assert_eq!(call.object(), Some(("siteid", Gone::Site(SiteKey::new("2")))));
        assert_eq!(Call::ListFailingChecks.object(), None);
    }
}
