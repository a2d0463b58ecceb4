//! Where keys must not be: in what is printed for debugging, in core dumps, and where other processes of the same user look.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod support;

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use rmm_exporter::clock::{Clock, SystemClock};
use rmm_exporter::config::{self, Config, KeySource};
use rmm_exporter::demo::{self, DemoOptions};
use rmm_exporter::metrics::Publisher;
use rmm_exporter::platform::key::{ApiKey, Purpose};
use rmm_exporter::platform::nsight::Nsight;
use rmm_exporter::platform::transport::{Transport, TransportOptions};
use rmm_exporter::run;

const KEY: &str = "Nk7q3ZrW41xYw9Pd3Ls8Tm2Vc6BhJf5G";
const TOKEN: &str = "Tk9PzQ8sV2mX4cB7nL5jH3gF1dS6aK0E";
const PASSWORD: &str = "Pw5uR8tE2iO9pA6sD";

fn configuration() -> String {
    format!(
        "accounts:\n  - name: a\n    platform: nsight\n    region: uk\n    api_key: {KEY}\n    proxy: http://someone:{PASSWORD}@proxy.example:3128\n  \
         - name: b\n    platform: tactical\n    server: https://api.example.com\n    api_key: {KEY}x\n    \
         monitoring_token: {TOKEN}\n    proxy: http://someone:{PASSWORD}@proxy.example:3128\n"
    )
}

fn read(text: &str) -> Result<Config, config::ConfigErrors> {
    config::parse(text, Path::new("rmm-exporter.yml"), &|_| None)
}

fn shows_none(what: &str, value: &(impl Debug + ?Sized)) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        for secret in [KEY, TOKEN, PASSWORD] {
            // Parts of it count too, and what URLs and headers make of a password.
            let seen = [&secret[..12], &secret[secret.len() - 12..]].into_iter().find(|part| text.contains(*part));
            assert!(seen.is_none(), "Debug of {what} shows {seen:?}: {text}");
        }
        assert!(!text.contains("c29tZW9uZTpQ"), "Debug of {what} shows the password in base64: {text}");
    }
}

#[tokio::test]
async fn no_debug_print_shows_one() {
    let config = read(&configuration()).unwrap();
    shows_none("a configuration", &config);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let [nsight, tactical] = [&config.accounts[0], &config.accounts[1]];
    shows_none("an account", nsight);
    shows_none("options", &tactical.tactical());
    shows_none("N-sight's client", &Nsight::new(nsight, Arc::clone(&clock)).unwrap());
    shows_none("a transport", &Transport::new(&TransportOptions::of(tactical)).unwrap());
    for purpose in [Purpose::ApiKey, Purpose::MonitoringToken] {
        let key = ApiKey::load_for(purpose, &tactical.api_key).unwrap();
        shows_none("a key", &key);
        shows_none("the present value of a key", &key.current());
        let unusable = KeySource::Inline(format!("{KEY} {KEY}").into());
        shows_none("the source of a key", &unusable);
        shows_none("a key error", &ApiKey::load_for(purpose, &unusable).unwrap_err());
    }
    let options = DemoOptions {
        nsight_key: Some(KEY.to_owned()),
        tactical_key: Some(KEY.to_owned()),
        tactical_monitoring_token: Some(TOKEN.to_owned()),
        ..DemoOptions::default()
    };
    shows_none("the options of the demo", &options);
    shows_none("the demo", &demo::start(options).await.unwrap());
}

#[test]
fn no_error_shows_one() {
    for (from, to) in [
        ("region: uk", "region: moon"),
        ("api_key:", "apikey:"),
        ("api_key:", "api_key_env:"),
        ("api_key:", "api_key_file:"),
        ("monitoring_token:", "monitoring_tokn:"),
        ("proxy: http:", "proxy: gopher:"),
        ("    api_key: ", "    api_key: [x, "),
        (&KEY[10..20], "ü \u{7f}"),
    ] {
        let wrong = configuration().replace(from, to);
        let errors = read(&wrong).expect_err(to);
        shows_none(to, &errors);
        for secret in [KEY, TOKEN, PASSWORD] {
            assert!(!errors.to_string().contains(&secret[..10]), "{to}: {errors}");
        }
    }
    let mut config = read(&configuration()).unwrap();
    config.accounts[0].api_key = KeySource::Inline(format!("{KEY} and more").into());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let error = run::accounts(config, &Arc::new(Publisher::new()), &clock).map(|_| ()).unwrap_err();
    shows_none("a start that failed", &error);
    assert!(error.to_string().contains("account a") && !error.to_string().contains(&KEY[..10]), "{error}");
}

#[cfg(target_os = "linux")]
mod other_processes {
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    use std::path::{Path, PathBuf};
    use std::process::{Command, ExitStatus, Stdio};
    use std::time::Duration;

    use tempfile::TempDir;

    use crate::support::child::{Process, exporter, run};
    use crate::support::servers::until;
    use crate::support::{PATIENCE, get, parse, value};

    const LISTEN: &str = "--web.listen-address=127.0.0.1:0";
    /// Who owns nothing on the usual systems.
    const NOBODY: u32 = 65_534;

    /// The superuser may look into everything, so for it the program and who looks at it run as somebody else.
    fn is_superuser() -> bool {
        std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
    }

    /// A program that everybody can reach; those in a home directory cannot be started by others.
    fn reachable(program: &Path, directory: &TempDir) -> PathBuf {
        let copy = directory.path().join(program.file_name().unwrap());
        std::fs::hard_link(program, &copy).or_else(|_| std::fs::copy(program, &copy).map(|_| ())).unwrap();
        copy
    }

    fn unprivileged(command: &mut Command) -> &mut Command {
        if is_superuser() { command.uid(NOBODY).gid(NOBODY) } else { command }
    }

    /// Whether a process of an ordinary user reads something there.
    fn can_read(path: &str) -> bool {
        let mut command = Command::new("head");
        command.args(["-c", "1", path]).stdout(Stdio::null()).stderr(Stdio::null());
        unprivileged(&mut command).current_dir("/").status().unwrap().success()
    }

    #[test]
    fn cannot_read_memory_environment_or_files_but_the_exporter_still_sees_itself() {
        let directory = tempfile::Builder::new().permissions(permissions()).tempdir().unwrap();
        let program = reachable(Path::new(env!("CARGO_BIN_EXE_rmm-exporter")), &directory);
        // What does not hide can be read, so the question means something here.
        let mut open = unprivileged(Command::new("sleep").arg("60")).current_dir("/").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let readable = can_read(&format!("/proc/{}/environ", open.id()));
        open.kill().and_then(|()| open.wait()).unwrap();
        assert!(readable, "nothing can be read of any process");

        let mut command = Command::new(program);
        let mut process = Process::start(unprivileged(command.args(["demo", "--devices=6", LISTEN])).current_dir("/"));
        let address = process.address();
        for file in ["environ", "mem", "maps", "auxv", "pagemap", "fd/0"] {
            assert!(!can_read(&format!("/proc/{}/{file}", process.id())), "{file}");
        }
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
        let cores = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
        assert!(cores.split_whitespace().take(2).eq(["0", "0"]), "{cores}");

        let all = parse(&String::from_utf8(get(address, "/metrics", &[]).unwrap().2).unwrap());
        for (name, least) in [
            ("process_resident_memory_bytes", 1e6),
            ("process_open_fds", 5.0),
            ("process_max_fds", 5.0),
            ("process_cpu_seconds_total", 0.0),
            ("process_start_time_seconds", 1e9),
        ] {
            assert!(value(&all, name, &[]).is_some_and(|value| value >= least), "{name}");
        }
        process.signal("TERM");
        assert_eq!(process.end(Duration::from_secs(5)).status.code(), Some(0));
    }

    fn permissions() -> std::fs::Permissions {
        std::os::unix::fs::PermissionsExt::from_mode(0o755)
    }

    /// How a shell's command ends that may dump as much as it wants, into a directory of its own, and what is there then.
    fn crash(words: &[&str], directory: &TempDir, ready: impl FnOnce(&mut Process)) -> (ExitStatus, usize) {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh"]).args(words).current_dir(directory.path());
        let mut process = Process::start(&mut command);
        ready(&mut process);
        process.signal("ABRT");
        let status = process.end(PATIENCE).status;
        (status, std::fs::read_dir(directory.path()).unwrap().count())
    }

    #[test]
    fn get_no_core_dump() {
        let unlimited = run(Command::new("sh").args(["-c", "ulimit -c unlimited"])).status.success();
        if !unlimited {
            // Nobody can have a core dump here; what the exporter does about it is asserted above.
            return;
        }
        let directory = TempDir::new().unwrap();
        let program = exporter().get_program().to_str().unwrap().to_owned();
        let served = |process: &mut Process| _ = process.address();
        let (status, files) = crash(&[&program, "demo", "--devices=6", LISTEN], &directory, served);
        assert_eq!((status.signal(), status.core_dumped(), files), (Some(6), false, 0), "{status:?}");
        // The same with a program that does not care, where the machine writes core dumps at all into the working directory.
        let (status, files) = crash(&["sleep", "60"], &directory, |process| {
            let name = format!("/proc/{}/comm", process.id());
            until("it runs", PATIENCE, || std::fs::read_to_string(&name).is_ok_and(|name| name.trim() == "sleep"));
        });
        let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
        if pattern.trim() == "core" {
            assert!(status.core_dumped() && files == 1, "{status:?}, {files} files");
        }
    }
}
