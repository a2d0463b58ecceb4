//! What the RMM platforms said last: plain structs that both platforms share, and the store that keeps them.
//!
//! Nothing here knows XML, JSON or Prometheus.

pub mod assets;
pub mod checks;
pub mod details;
pub mod device;
mod device_view;
mod encoding;
mod failing;
pub mod filter;
pub mod history;
mod incomplete;
pub mod label;
pub mod lacking;
mod listed;
pub mod managed_antivirus;
pub mod mapping;
mod merge;
pub mod outages;
pub mod patches;
pub mod performance;
pub mod place;
pub mod readings;
mod series;
pub mod server;
pub mod sessions;
mod shared_text;
pub mod storage;
pub mod store;
pub mod stored;
mod unmatched;
pub mod update;
pub mod view;
mod withdraw;

pub use assets::{Assets, DirectoryStatus, License};
pub use checks::{Check, CheckState, DeviceChecks, DeviceTasks, Severity, StatusCounts, Task};
pub use details::Details;
pub use device::{DeviceId, DeviceInfo, DeviceRecord, Feature, Kind, OsFamily};
pub use filter::Filter;
pub use history::{DayStatus, History};
pub use label::Label;
pub use lacking::Lacking;
pub use managed_antivirus::{AntivirusEngine, Scan, ScanType, ThreatStatus};
pub use mapping::{CheckSelector, CustomField, CustomValue, FieldNames, Mapping, Mappings, Signal, Signals};
pub use outages::{OutageReason, Outages};
pub use patches::{PatchCounts, PatchSeverity, PatchStatus};
pub use performance::{AdapterLoad, Performance, ProcessorLoad};
pub use place::{ClientKey, ClientRecord, KindCounts, SiteKey, SiteRecord};
pub use readings::{Reading, Readings};
pub use server::{AlertKind, OpenAlerts, ServerState};
pub use sessions::{PluginSelection, PluginSessions, Session, SessionStatus};
pub use storage::{Drive, Store, disk_label};
pub use store::{Changed, Fleet, FleetOptions};
pub use update::{AntivirusProduct, DeviceList, FailingDevice, Gone, Update};
pub use view::{CheckSeries, ClientView, DeviceView, HistoryView, SiteView, TaskSeries, View};

#[cfg(test)]
mod tests;
