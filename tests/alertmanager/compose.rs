//! What `deploy/compose.yml` starts, without containers: its demo, and the real Prometheus and Alertmanager with the files that it mounts.
//! Only host names are loopback addresses, and intervals a second.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

use crate::alertmanager::{self, Alertmanager, ask};
use crate::support::PATIENCE;
use crate::support::child::{Process, exporter};
use crate::{is_missing, shipped};

fn deploy(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    fs::read_to_string(path).unwrap()
}

/// What is mounted from the project, and where.
fn mounts(compose: &str) -> Vec<(PathBuf, String)> {
    let mount = Regex::new(r"(?m)^ +- (\.\.?/[^:]+):([^:\n]+):ro$").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    mount.captures_iter(compose).map(|found| (folder.join(&found[1]), found[2].to_owned())).collect()
}

/// The arguments of the demo.
fn command(compose: &str, state: &Path) -> Vec<String> {
    let command = Regex::new(r"command: \[(demo, .*)\]").unwrap().captures(compose).unwrap()[1].to_owned();
    let command = shipped::replace(&command, r"--state\.dir=[^,]*", &format!("--state.dir={}", state.display()));
    command.split(", ").map(str::to_owned).collect()
}

fn ask_json(address: SocketAddr, target: &str) -> Option<Value> {
    let (status, body) = ask(address, "GET", target, "").ok()?;
    (status == 200).then(|| serde_json::from_str(&body).unwrap())
}

/// Why the stack does not live yet; `None` when it does.
fn missing(prometheus: SocketAddr) -> Option<String> {
    let get = |target| ask_json(prometheus, target).ok_or_else(|| format!("no answer to {target}"));
    let look = || -> Result<(), String> {
        let targets = get("/api/v1/targets")?;
        let targets = targets["data"]["activeTargets"].as_array().unwrap();
        let up = targets.iter().filter(|target| target["health"] == "up").count();
        (up == 2).then_some(()).ok_or_else(|| format!("targets: {targets:?}"))?;
        let told = get("/api/v1/alertmanagers")?;
        let told = told["data"]["activeAlertmanagers"].as_array().map_or(0, Vec::len);
        (told == 1).then_some(()).ok_or("no Alertmanager")?;
        let rules = get("/api/v1/rules")?;
        // A group with an interval of minutes of its own has its turn later.
        let groups = rules["data"]["groups"].as_array().unwrap().iter().filter(|group| group["interval"] == 1);
        let rules: Vec<_> = groups.flat_map(|group| group["rules"].as_array().unwrap()).collect();
        let well = rules.iter().filter(|rule| rule["health"] == "ok").count();
        (well == rules.len() && well > 100).then_some(()).ok_or_else(|| {
            let bad = rules.iter().find(|rule| rule["health"] != "ok");
            format!("{well} of {} rules are well, not {bad:?}", rules.len())
        })?;
        let scores = get("/api/v1/query?query=count(client:rmm_health:ratio)")?;
        scores["data"]["result"][0].is_object().then_some(()).ok_or("no health scores")?;
        Ok(())
    };
    look().err()
}

#[test]
fn the_stack_of_compose_lives() {
    if is_missing(&["prometheus", alertmanager::program()]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let compose = deploy("compose.yml");
    let command = command(&compose, &folder.path().join("state"));
    let mut exporter = Process::start(exporter().args(command).arg("--web.listen-address=127.0.0.1:0"));
    let address = exporter.address();
    // As it is, but for the place of its templates. What it would send, it holds back for a minute and a half.
    let templates = format!("- {}/", shipped::path("templates").display());
    let mut alertmanager =
        Alertmanager::start(&shipped::replace(&shipped::read("alertmanager.yml"), "- templates/", &templates));

    // The system gives no such port to others that want any.
    let mut ports = 20_000..30_000;
    let port = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port");
    let prometheus = SocketAddr::from(([127, 0, 0, 1], port));
    let config = shipped::replace(&deploy("prometheus.yml"), "rmm-exporter:10766", &address.to_string());
    let config = shipped::replace(&config, "alertmanager:9093", &alertmanager.address.to_string());
    let config = shipped::replace(&config, "localhost:9090", &prometheus.to_string());
    let config = shipped::replace(&config, r"(scrape_interval|evaluation_interval|scrape_timeout): \w+", "$1: 1s");
    // Its rules are found beside its own folder, as in the container.
    fs::create_dir(folder.path().join("deploy")).unwrap();
    let file = folder.path().join("deploy/prometheus.yml");
    fs::write(&file, config).unwrap();
    std::os::unix::fs::symlink(shipped::path(""), folder.path().join("alerts")).unwrap();
    let mut command = Command::new("prometheus");
    command.arg(format!("--config.file={}", file.display()));
    command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
    command.arg(format!("--web.listen-address={prometheus}")).env("GOMAXPROCS", "2");
    let mut process = Process::start(&mut command);

    let end = Instant::now() + PATIENCE;
    while let Some(missing) = missing(prometheus) {
        assert!(process.is_running() && Instant::now() < end, "{missing}\n{}", process.stderr());
        std::thread::sleep(Duration::from_millis(200));
    }
    // The first alert to come is one that only inhibits, or one without a `for`.
    alertmanager.until("an alert arrives", |alertmanager| !alertmanager.alerts().is_empty());
}

#[test]
fn what_compose_mounts_is_there() {
    let compose = deploy("compose.yml");
    let mut mounts = mounts(&compose);
    assert_eq!(mounts.len(), compose.matches(":ro\n").count(), "{mounts:?}");
    mounts.extend(self::mounts(&deploy("compose.rmm.yml")));
    for (source, _) in &mounts {
        assert!(source.exists(), "{}", source.display());
    }
    // The place in the project of a file in a container.
    let outside = |path: &str| {
        let found = mounts.iter().filter_map(|(source, target)| Some((source, path.strip_prefix(target.as_str())?)));
        let inside = |(source, rest): (&PathBuf, &str)| match rest.strip_prefix('/') {
            Some(rest) => source.join(rest),
            None => source.clone(),
        };
        found.map(inside).find(|path| path.exists())
    };
    let home = Regex::new(r"HOME_DASHBOARD_PATH: (\S+)").unwrap().captures(&compose).unwrap()[1].to_owned();
    assert!(outside(&home).is_some(), "{home}");
    let provider = outside("/etc/grafana/provisioning/dashboards/rmm.yml").expect("provider");
    let folder =
        Regex::new(r"path: (\S+)").unwrap().captures(&fs::read_to_string(provider).unwrap()).unwrap()[1].to_owned();
    assert!(outside(&format!("{folder}/rmm-wall.json")).is_some(), "{folder}");
    assert!(outside("/etc/grafana/provisioning/datasources/rmm.yml").is_some());
    let config = Regex::new(r"--config\.file=([^,\]]+)").unwrap().captures(&compose).unwrap()[1].to_owned();
    assert!(outside(&config).is_some(), "{config}");
    for rules in Regex::new(r"- \.\./(alerts/\S+)").unwrap().captures_iter(&deploy("prometheus.yml")) {
        assert!(outside(&format!("/rmm/{}", &rules[1])).is_some(), "{}", &rules[1]);
    }
}
