//! Flags and subcommands, spelled as Prometheus' own exporters spell them.

mod offered;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::listen::ListenAddress;
use crate::logging::{LogFormat, LogLevel};

/// Prometheus exporter for remote monitoring and management (RMM) platforms: N-able N-sight RMM and Tactical RMM.
#[derive(Debug, Parser)]
#[command(name = "rmm-exporter", version, about, max_term_width = 100)]
pub struct Cli {
    /// Flags of every subcommand.
    #[command(flatten)]
    pub flags: Flags,
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags of every subcommand.
#[derive(Clone, Debug, Args)]
pub struct Flags {
    /// Configuration file. Without it: rmm-exporter.yml where it exists, else the environment (RMM_NSIGHT_*, RMM_TACTICAL_*).
    #[arg(long = "config.file", global = true, value_name = "FILE")]
    pub config_file: Option<PathBuf>,
    /// Address to serve on; may be repeated.
    #[arg(long = "web.listen-address", global = true, value_name = "ADDRESS", default_value = ":10766")]
    pub listen: Vec<ListenAddress>,
    /// File with TLS, passwords, headers and a rate limit, in the format of Prometheus' exporter-toolkit.
    #[arg(long = "web.config.file", global = true, value_name = "FILE")]
    pub web_config_file: Option<PathBuf>,
    /// Path of the metrics.
    #[arg(long = "web.telemetry-path", global = true, value_name = "PATH", default_value = "/metrics", value_parser = telemetry_path)]
    pub telemetry_path: String,
    /// Most scrapes served at once; more get 503. 0 is no limit.
    #[arg(long = "web.max-requests", global = true, value_name = "N", default_value_t = 8)]
    pub max_requests: u16,
    /// Directory for what must outlive the process: when which API call was made, and the last good data. Without it a restart
    /// knows nothing. Only serve and demo use it. Given again, it replaces the one before, such as that of the container image.
    #[arg(long = "state.dir", global = true, value_name = "DIRECTORY", overrides_with = "state_dir", value_hint = ValueHint::DirPath)]
    pub state_dir: Option<PathBuf>,
    /// Let whoever reaches the port reload the configuration by POST /-/reload. SIGHUP reloads without it.
    #[arg(long = "web.enable-lifecycle", global = true)]
    pub enable_lifecycle: bool,
    /// How much to log.
    #[arg(long = "log.level", global = true, value_enum, default_value_t)]
    pub log_level: LogLevel,
    /// Form of a log line.
    #[arg(long = "log.format", global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// What to do.
#[derive(Clone, Debug, Default, Subcommand)]
pub enum Command {
    /// Poll in the background and serve /metrics (the default).
    #[default]
    #[command(
        after_help = "Exit status: 0 when it was told to end; 1 when it cannot start or go on; 2 when the command line is wrong."
    )]
    Serve,
    /// The same against two simulated RMM servers, started on free loopback ports.
    #[command(
        after_help = "Exit status: 0 when it was told to end; 1 when it cannot start or go on; 2 when the command line is wrong."
    )]
    Demo(DemoFlags),
    /// Check the configuration and print what would be polled, how often, and how many calls that costs.
    #[command(
        after_help = "Exit status: 0 when the configuration is valid, whatever the verdict; 1 when it is not, or with --strict when a verdict is TOO MUCH; 2 when the command line is wrong."
    )]
    CheckConfig(CheckConfigFlags),
    /// Collect everything once, print the metrics, and exit; 1 if any collector failed.
    #[command(
        after_help = "Exit status: 0 when every collector succeeded; 1 when one did not, or the configuration is wrong; 130 when it was interrupted; 2 when the command line is wrong."
    )]
    Collect,
    /// Look at every account, step by step: reachable, TLS, key, clocks, what the key sees and may, budget; exit 1 if anything is bad.
    #[command(
        after_help = "Exit status: 0 when nothing is bad, warnings or not; 1 when something is, or the configuration is wrong; 2 when the command line is wrong."
    )]
    Doctor(DoctorFlags),
    /// Print the metric catalogue.
    #[command(
        after_help = "Exit status: 0 when something is printed; 1 when no metric has such a name; 2 when the command line is wrong."
    )]
    Metrics(MetricsFlags),
    /// Ask a running exporter on this machine whether it is ready; exit 0 or 1.
    #[command(
        after_help = "Exit status: 0 when it is ready; 1 when it is not, or gives no answer within three seconds; 2 when the command line is wrong."
    )]
    Healthcheck,
    /// Print a script that completes commands, flags and their values in a shell.
    #[command(after_help = "Exit status: 0 when it is printed; 1 when it cannot be; 2 when the command line is wrong.")]
    Completions(CompletionsFlags),
    /// Print the manual page, of all subcommands.
    #[command(after_help = "Exit status: 0 when it is printed; 1 when it cannot be; 2 when the command line is wrong.")]
    Man,
}

/// Flags of `demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoFlags {
    /// Simulated devices, both platforms together: 2 to 50000.
    #[arg(long, default_value_t = 60, value_parser = devices)]
    pub devices: usize,
    /// Seed of the simulated fleet; the same seed gives the same fleet.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How much faster than real time the fleet lives.
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,

    /// Trouble as rare as in a fleet that somebody looks after, and lasting for hours: to try alert rules on
    #[arg(long)]
    pub calm: bool,
    /// Write the configuration of the demo, which holds the simulators' keys, to this file: doctor, check-config and collect can
    /// then be tried with --config.file.
    #[arg(long, value_name = "FILE")]
    pub write_config: Option<PathBuf>,
}

/// Flags of `check-config`.
#[derive(Clone, Debug, Args)]
pub struct CheckConfigFlags {
    /// Devices of each account, to work out the cost.
    #[arg(long, default_value_t = 500)]
    pub devices: u64,
    /// Clients of each account. Without it: one for 30 devices.
    #[arg(long)]
    pub clients: Option<u64>,
    /// Sites of each account, of all clients together. Without it: 8 for 5 clients.
    #[arg(long)]
    pub sites: Option<u64>,
    /// Of the devices of an N-sight account, how many have patch management. Without it: any may have it.
    #[arg(long, value_name = "N")]
    pub patch: Option<u64>,
    /// Of the devices of an N-sight account, how many have managed antivirus. Without it: any may have it.
    #[arg(long, value_name = "N")]
    pub managed_antivirus: Option<u64>,
    /// Of the devices of an N-sight account, how many have the platform's own backup. Without it: any may have it.
    #[arg(long, value_name = "N")]
    pub backup: Option<u64>,
    /// Mobile devices of an N-sight account. Without it: any client may have some.
    #[arg(long, value_name = "N")]
    pub mobile: Option<u64>,
    /// Fail when the verdict on an account is TOO MUCH: its budget does not suffice for its intervals.
    #[arg(long)]
    pub strict: bool,
    /// Form of the plan.
    #[arg(long, value_enum, default_value_t)]
    pub format: PlanFormat,
}

/// Flags of `doctor`.
#[derive(Clone, Copy, Debug, Args)]
pub struct DoctorFlags {
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `metrics`.
#[derive(Clone, Debug, Args)]
pub struct MetricsFlags {
    /// Only metrics whose name contains this (not for markdown, the text of a whole document).
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Form of the catalogue.
    #[arg(long, value_enum, default_value_t)]
    pub format: CatalogueFormat,
}

/// Flags of `completions`.
#[derive(Clone, Copy, Debug, Args)]
pub struct CompletionsFlags {
    /// The shell that is to read it.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// Form of the call plan.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum PlanFormat {
    /// A table for people.
    #[default]
    Table,
    /// JSON.
    Json,
}

/// Form of the metric catalogue.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum CatalogueFormat {
    /// A table for people.
    #[default]
    Table,
    /// JSON.
    Json,
    /// The text of docs/metrics.md.
    Markdown,
}

fn telemetry_path(path: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    if path.len() < 2 || !path.starts_with('/') || path.starts_with("/-/") || !path.chars().all(plain) {
        return Err("a path such as /metrics is needed: letters, digits, / - _ . only, not / itself and not under /-/"
            .to_owned());
    }
    Ok(path.to_owned())
}

fn devices(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(devices) if (2..=50_000).contains(&devices) => Ok(devices),
        _ => Err("a number from 2 to 50000 is needed".to_owned()),
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=10_000.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 0.1 to 10000 is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::definition().debug_assert();
        Cli::completed().debug_assert();
    }

    #[test]
    fn flags_go_before_and_after_the_subcommand() {
        for arguments in [["x", "--log.level", "debug", "demo"], ["x", "demo", "--log.level", "debug"]] {
            let cli = Cli::read_from(arguments).expect("valid");
            assert_eq!(cli.flags.log_level, LogLevel::Debug);
            assert!(matches!(cli.command, Some(Command::Demo(_))));
        }
    }

    #[test]
    fn the_last_state_directory_counts() {
        for arguments in [
            &["x", "--state.dir=/image", "--state.dir=/data"][..],
            &["x", "--state.dir=/image", "--state.dir=/data", "demo"],
            &["x", "--state.dir=/image", "demo", "--state.dir=/data"],
            &["x", "--state.dir=/image", "demo", "--state.dir=/other", "--state.dir", "/data"],
        ] {
            let cli = Cli::read_from(arguments).expect("valid");
            assert_eq!(cli.flags.state_dir.as_deref(), Some(std::path::Path::new("/data")), "{arguments:?}");
        }
    }

    #[test]
    fn doctor_speaks_text_unless_told_otherwise() {
        let json = |arguments: &[&str]| match Cli::read_from(arguments).expect("valid").command {
            Some(Command::Doctor(doctor)) => doctor.json,
            other => panic!("{other:?}"),
        };
        assert!(!json(&["x", "doctor"]) && json(&["x", "doctor", "--json"]));
    }

    #[test]
    fn nonsense_is_refused() {
        for arguments in [
            &["x", "--web.telemetry-path", "metrics"][..],
            &["x", "--web.telemetry-path", "/"],
            &["x", "--web.telemetry-path", "/-/ready"],
            &["x", "--web.listen-address", "nowhere"],
            &["x", "demo", "--devices", "50001"],
            &["x", "demo", "--speed", "NaN"],
        ] {
            assert!(Cli::read_from(arguments).is_err(), "{arguments:?}");
        }
    }
}
