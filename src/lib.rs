//! rmm-exporter: a Prometheus exporter for remote monitoring and management (RMM) platforms.
//!
//! Data moves one way: [`planner`] → [`platform`] → [`fleet`] → [`metrics`] → [`http`].

pub mod account;
pub mod allocation;
#[cfg(test)]
#[path = "../tests/common/captured.rs"]
mod captured;
pub mod cli;
pub mod clock;
pub mod collector;
pub mod commands;
pub mod config;
pub mod demo;
pub mod descriptors;
pub mod doctor;
pub mod fleet;
#[doc(hidden)]
pub mod fuzz;
pub mod http;
pub mod listen;
pub mod logging;
pub mod metrics;
pub mod planner;
pub mod platform;
pub mod privacy;
pub mod reload;
pub mod run;
pub mod state;
mod wrap;
