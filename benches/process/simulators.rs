//! Two simulated RMM servers in a process of their own: this program again, with other arguments.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rmm_exporter::config::defaults::collectors;
use rmm_exporter::demo::server::SimulatedServer;
use rmm_exporter::demo::{self, DemoOptions};
use rmm_exporter::platform::PlatformName;

/// The first argument of the process of the servers.
pub const ROLE: &str = "simulators";

/// Which collectors the exporter has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collectors {
    /// Those that are on by default.
    Default,
    /// All.
    All,
    /// The inventory, and this one of this platform; the other platform has no account.
    Only(PlatformName, &'static str),
}

impl Collectors {
    fn argument(self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::All => "all".to_owned(),
            Self::Only(platform, collector) => format!("{}:{collector}", platform.name()),
        }
    }

    fn has(argument: &str, platform: PlatformName, collector: &str, is_default: bool) -> bool {
        match argument {
            "default" => is_default,
            "all" => true,
            only => {
                only.split_once(':').is_some_and(|(account, other)| account == platform.name() && other == collector)
                    || collector == "inventory"
            }
        }
    }

    fn has_account(argument: &str, platform: PlatformName) -> bool {
        argument.split_once(':').is_none_or(|(account, _)| account == platform.name())
    }
}

/// The servers at work. They end when this is dropped, and when this process does.
pub struct Simulators {
    process: Child,
    /// A configuration for both.
    pub config: PathBuf,
}

impl Simulators {
    /// Starts servers with about so many devices together, and writes a configuration for them.
    pub fn start(directory: &Path, devices: usize, collectors: Collectors) -> Self {
        let config = directory.join("rmm-exporter.yml");
        let mut command = Command::new(std::env::current_exe().expect("own path"));
        command.arg(ROLE).arg(&config).arg(devices.to_string()).arg(collectors.argument());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("simulators");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().expect("pipe")).read_line(&mut line).expect("word");
        assert_eq!(line.trim(), "ready");
        Self { process, config }
    }
}

impl Drop for Simulators {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// What that process does, until nobody holds its standard input.
pub fn serve(arguments: &[String]) {
    let [config, devices, collectors] = arguments else { panic!("wrong arguments: {arguments:?}") };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let options = DemoOptions { devices: devices.parse().expect("a number"), ..DemoOptions::default() };
    let demo = runtime.block_on(demo::start(options)).expect("demo");
    let mut yaml = "accounts:\n".to_owned();
    for (platform, server) in [(PlatformName::Nsight, &demo.nsight), (PlatformName::Tactical, &demo.tactical)] {
        if Collectors::has_account(collectors, platform) {
            account(&mut yaml, platform, server, collectors);
        }
    }
    std::fs::write(config, yaml).expect("configuration");
    println!("ready");
    std::io::stdout().flush().expect("word");
    // Ends with the process that started it.
    let _ended = std::io::stdin().read(&mut [0]);
}

/// Usual intervals, so that it is quiet after the first sweep; floors and budgets that let that sweep take a minute and not days.
fn account(yaml: &mut String, platform: PlatformName, server: &SimulatedServer, wanted: &str) {
    let _ = write!(
        yaml,
        "  - name: {name}\n    platform: {name}\n    server: {url}\n    api_key: {key:?}\n    min_interval: 1s\n    \
         requests_per_minute: 600000\n    max_concurrent_requests: 8\n    max_series: 10000000\n    stale_after: {stale}s\n    collectors:\n",
        name = platform.name(),
        url = server.url(),
        key = server.api_key(),
        stale = Duration::from_hours(48).as_secs(),
    );
    for defaults in collectors(platform) {
        let name = defaults.collector.name();
        let enabled = Collectors::has(wanted, platform, name, defaults.enabled);
        let _ = writeln!(yaml, "      {name}: {{ enabled: {enabled} }}");
    }
}
