//! What the calls for single devices said, beyond checks and histories: one line for each, with the collector that decides how
//! long it is good.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::merge::Freshness;
use super::store::Part;
use super::{Assets, Details, DeviceId, Drive, Outages, Performance, PluginSelection, PluginSessions, Scan, Store};
use crate::collector::Collector;

macro_rules! readings {
    ($($(#[doc = $doc:literal])+ $variant:ident, $field:ident: $type:ty, $collector:ident;)+) => {
        /// What one answer says of one device.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Reading {
            $($(#[doc = $doc])+ $variant($type),)+
        }

        /// What is true of one device now; `None` where nothing was read, or too long ago.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Readings {
            $($(#[doc = $doc])+ pub $field: Option<$type>,)+
        }

        /// What was read of one device, and when.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub(super) struct Kept {
            $($field: Option<Part<$type>>,)+
        }

        impl Kept {
            pub(super) fn take(&mut self, reading: Reading, at: Timestamp) {
                match reading {
                    $(Reading::$variant(value) => self.$field = Some(Part { value, at }),)+
                }
            }

            pub(super) fn fresh<'a>(&'a self, fresh: &mut Freshness<'a>) -> Readings {
                Readings {
                    $($field: self.$field.as_ref().and_then(|part| fresh.of(part, Collector::$collector)).cloned(),)+
                }
            }

            /// Drops what was read before its collector's `stale_at`; whether nothing is left.
            fn drop_stale(&mut self, stale_at: impl Fn(Collector) -> Timestamp) -> bool {
                $(self.$field.take_if(|part| part.at <= stale_at(Collector::$collector));)+
                true $(&& self.$field.is_none())+
            }
        }
    };
}

readings! {
    /// Threats by [`super::ThreatStatus::LABELS`] (N-sight list_mav_threats).
    Threats, threats: [u64; 4], ManagedAntivirus;
    /// Items in quarantine now (N-sight list_mav_quarantine).
    Quarantined, quarantined: u64, ManagedAntivirus;
    /// The newest finished scan of each type (N-sight list_mav_scans).
    Scans, scans: Arc<[Scan]>, ManagedAntivirus;
    /// The newest backup sessions of each plugin (N-sight list_mob_sessions).
    Sessions, sessions: Arc<[PluginSessions]>, BackupSessions;
    /// What is selected for backup, by plugin (N-sight mob/mob_list_selection_size).
    Selection, selection: Arc<[PluginSelection]>, BackupSelection;
    /// Outages (N-sight list_outages).
    Outages, outages: Arc<Outages>, Outages;
    /// Load in the newest interval (N-sight list_performance_history).
    Performance, performance: Arc<Performance>, Performance;
    /// Used space of drives (N-sight list_drive_space_history).
    Drives, drives: Arc<[Drive]>, DriveSpace;
    /// Size of Exchange stores (N-sight list_exchange_storage_history).
    Stores, stores: Arc<[Store]>, Exchange;
    /// Hardware and software, counted (N-sight list_device_asset_details).
    Assets, assets: Assets, Assets;
    /// Disks, memory and time limits (Tactical RMM /agents/{id}/).
    Details, details: Arc<Details>, Details;
}

/// What was read of every device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AllReadings(HashMap<DeviceId, Kept>);

impl AllReadings {
    #[cfg(test)]
    pub(super) fn of(device: DeviceId, kept: Kept) -> Self {
        Self(HashMap::from([(device, kept)]))
    }

    pub(super) fn take(&mut self, device: DeviceId, reading: Reading, at: Timestamp) {
        self.0.entry(device).or_default().take(reading, at);
    }

    /// An answer for every device of the account: what it does not name has nothing selected.
    pub(super) fn take_selections(&mut self, selections: Vec<(DeviceId, Arc<[PluginSelection]>)>, at: Timestamp) {
        for kept in self.0.values_mut() {
            kept.selection = None;
        }
        for (device, selection) in selections {
            self.take(device, Reading::Selection(selection), at);
        }
    }

    pub(super) fn fresh<'a>(&'a self, device: &DeviceId, fresh: &mut Freshness<'a>) -> Readings {
        self.0.get(device).map(|kept| kept.fresh(fresh)).unwrap_or_default()
    }

    /// Drops what is stale of devices that are not known.
    pub(super) fn prune(&mut self, is_known: impl Fn(&DeviceId) -> bool, stale_at: impl Fn(Collector) -> Timestamp) {
        self.0.retain(|device, kept| is_known(device) || !kept.drop_stale(&stale_at));
    }
}
