//! Logs: to standard error, as logfmt or JSON.

use std::io::stderr;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How much to say; `--log.level`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Defects only.
    Error,
    /// And what needs attention.
    Warn,
    /// And what changes.
    #[default]
    Info,
    /// And every call.
    Debug,
    /// And every step.
    Trace,
}

/// The form of a log line; `--log.format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// `key=value` pairs.
    #[default]
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// Starts logging. Libraries are held to warnings at every level: at `trace` some of them would write requests, and with
/// them API keys, to the log.
pub fn init(level: LogLevel, format: LogFormat) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let targets = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("rmm_exporter", level);
    let registry = tracing_subscriber::registry().with(targets);
    match format {
        LogFormat::Logfmt => {
            let layer = tracing_logfmt::builder().with_target(false).layer().with_writer(stderr);
            registry.with(layer).init();
        }
        LogFormat::Json => {
            let layer =
                tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false).with_writer(stderr);
            registry.with(layer).init();
        }
    }
}
