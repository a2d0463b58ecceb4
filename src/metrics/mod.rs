//! Everything that is exposed: the catalogue of metrics, the fleet as series, the exporter's own metrics, and the finished
//! bytes that HTTP serves.
//!
//! The fleet of an account is rendered when it changes, off the request path, into compressed pieces, one for each family.
//! A scrape only picks pieces and joins them.

mod account;
mod blocks;
mod cap;
pub mod catalogue;
mod exposition;
mod expositions;
mod fleet;
mod headers;
mod joined;
mod lines;
mod own;
mod own_lines;
mod parts;
mod piece;
mod process;
mod publisher;
mod samples;
mod status;
mod walk;

use std::sync::Arc;

pub use account::AccountMetrics;
pub use cap::{Withheld, WithheldFamily};
pub use exposition::{Body, Exposition, Format, Selection};
pub use expositions::Expositions;
pub use fleet::{Limits, RenderedAccount, render, render_again};
pub use own::Reload;
pub use piece::Piece;
pub use publisher::{AccountSetup, AccountSnapshot, Publisher, Snapshot};
pub use status::{AccountStatus, CallError, CollectorReport};

use crate::fleet::View;
use crate::platform::PlatformName;

/// Version of the exporter.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Revision of the sources, or `unknown`.
pub const REVISION: &str = env!("RMM_EXPORTER_REVISION");
/// Version of the compiler.
pub const RUSTC: &str = env!("RMM_EXPORTER_RUSTC");

/// The fleet of one account as Prometheus text 0.0.4, without limits and without the exporter's own metrics.
#[must_use]
pub fn render_text(platform: PlatformName, account: &str, view: &View) -> String {
    let rendered = render(platform, account, &Arc::new(view.clone()), &Limits::default());
    exposition::fleet_text(&rendered)
}
