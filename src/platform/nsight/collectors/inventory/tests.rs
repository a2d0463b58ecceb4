use super::*;
use crate::config::ChecksMode;
use crate::fleet::{ClientView, DeviceView, OsFamily, SiteView};
use crate::planner::{Outcome, ReadCall};
use crate::platform::nsight::collectors::tests::{NOW, known, read, read_in, read_text};
use crate::platform::nsight::noted::Noted;
use crate::platform::nsight::wire::fixture;

mod clients;
mod details;
mod rosters;
mod wants;
