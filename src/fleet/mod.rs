//! What the RMM platforms said last: plain structs that both platforms share, and the store that keeps them.
//!
//! Nothing here knows XML, JSON or Prometheus.

pub mod checks;
pub mod device;
pub mod filter;
pub mod history;
pub mod label;
mod merge;
pub mod patches;
pub mod place;

mod series;
pub mod store;
pub mod update;
pub mod view;

pub use checks::{Check, CheckState, DeviceChecks, DeviceTasks, Severity, StatusCounts, Task};
pub use device::{DeviceId, DeviceInfo, DeviceRecord, Feature, Kind, OsFamily};
pub use filter::Filter;
pub use history::{DayStatus, History};
pub use label::Label;
pub use patches::{PatchCounts, PatchSeverity, PatchStatus};
pub use place::{ClientKey, ClientRecord, KindCounts, SiteKey, SiteRecord};

pub use store::{Changed, Fleet, FleetOptions};
pub use update::{DeviceList, FailingDevice, Gone, Update};
pub use view::{CheckSeries, ClientView, DeviceView, HistoryView, SiteView, TaskSeries, View};

#[cfg(test)]
mod tests;
