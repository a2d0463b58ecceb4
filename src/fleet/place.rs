//! Clients and sites.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{Kind, Label, shared_text};

/// How a platform's own lists refer to a client: N-sight the client id, Tactical RMM the client's name (unique there),
/// exactly as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClientKey(#[serde(deserialize_with = "shared_text::text")] pub Arc<str>);

/// How a platform's own lists refer to a site: N-sight the site id, Tactical RMM client name and site name, exactly as
/// written (two sites of one client may differ by a trailing blank only).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SiteKey(#[serde(deserialize_with = "shared_text::text")] pub Arc<str>);

impl ClientKey {
    /// The key for an id (N-sight) or a name as written (Tactical RMM).
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(key.into())
    }
}

impl SiteKey {
    /// The key for a site id (N-sight).
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(key.into())
    }

    /// The key for a site that is known by names only (Tactical RMM).
    #[must_use]
    pub fn from_names(client: &str, site: &str) -> Self {
        Self(format!("{client}\u{0}{site}").into())
    }
}

/// Devices of a client by kind, as the platform counts them. `None` is "the platform did not say".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindCounts {
    /// Servers.
    pub server: Option<u64>,
    /// Workstations.
    pub workstation: Option<u64>,
    /// Mobile devices.
    pub mobile: Option<u64>,
}

impl KindCounts {
    /// The count of `kind`.
    #[must_use]
    pub const fn get(&self, kind: Kind) -> Option<u64> {
        match kind {
            Kind::Server => self.server,
            Kind::Workstation => self.workstation,
            Kind::Mobile => self.mobile,
        }
    }
}

/// A client (customer) of the managed service provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRecord {
    /// What device lists call it.
    pub key: ClientKey,
    /// The platform's number for it; the `client_id` label.
    pub id: Label,
    /// Its name; the `client` label. May be empty.
    pub name: Label,
    /// IANA zone name (N-sight); empty when it inherits the account's, `None` where the platform has no such field.
    pub timezone: Option<Label>,
    /// Active devices by kind (N-sight list_clients). `None` where they are counted from the device list instead.
    pub devices: Option<KindCounts>,
}

/// A site of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteRecord {
    /// What device lists call it.
    pub key: SiteKey,
    /// The client it belongs to.
    pub client: ClientKey,
    /// The platform's number for it; the `site_id` label.
    pub id: Label,
    /// Its name; the `site` label.
    pub name: Label,
    /// Whether the site's connection answers (N-sight connection_ok).
    pub connection_up: Option<bool>,
}
