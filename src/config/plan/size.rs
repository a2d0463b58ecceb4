//! How large a fleet is assumed to be.

use serde::Serialize;

/// How large a fleet is, for each account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FleetSize {
    /// Clients.
    pub clients: u64,
    /// Sites of all clients.
    pub sites: u64,
    /// Servers with an agent.
    pub servers: u64,
    /// Workstations with an agent.
    pub workstations: u64,
    /// What not every fleet or device has.
    pub having: Having,
}

/// How many there are of what not every fleet or device has. `None` is not known: then the plan reckons with the most that
/// can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Having {
    /// Servers and workstations with patch management.
    pub patch: Option<u64>,
    /// Servers and workstations with managed antivirus.
    pub managed_antivirus: Option<u64>,
    /// Servers and workstations with the platform's own backup.
    pub backup: Option<u64>,
    /// Mobile devices, which are in addition to servers and workstations.
    pub mobile: Option<u64>,
}

impl FleetSize {
    /// A usual fleet of that many devices: 30 devices a client, 1.6 sites a client, every fifth device a server.
    #[must_use]
    pub fn from_devices(devices: u64) -> Self {
        Self::new(devices, None, None)
    }

    /// A fleet of that many devices, every fifth of them a server; unless told, 30 devices a client and 1.6 sites a client.
    #[must_use]
    pub fn new(devices: u64, clients: Option<u64>, sites: Option<u64>) -> Self {
        let clients = clients.unwrap_or_else(|| devices.div_ceil(30));
        let sites = sites.unwrap_or_else(|| clients.saturating_mul(8).div_ceil(5));
        let servers = devices.div_ceil(5);
        Self { clients, sites, servers, workstations: devices - servers, having: Having::default() }
    }

    /// Servers and workstations.
    #[must_use]
    pub const fn devices(&self) -> u64 {
        self.servers.saturating_add(self.workstations)
    }
}
