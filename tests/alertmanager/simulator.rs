//! A simulated Tactical RMM server with one server and one workstation, whose state tests choose: its own answers, with what was chosen
//! written into them.

use std::sync::Arc;

use jiff::Timestamp;
use rmm_exporter::demo::{DemoOptions, Direct, Fault, PinnedClock, Scope};
use serde_json::{Value, json};

use crate::support::servers::Servers;

/// The server with its two agents. At first all is well.
pub struct Simulator {
    servers: Servers,
    agents: Vec<Value>,
    checks: Vec<Value>,
}

impl Simulator {
    pub fn start() -> Self {
        let clock = Arc::new(PinnedClock::at(Timestamp::now()));
        let servers = Servers::start(DemoOptions { devices: 200, clock, ..DemoOptions::default() });
        let direct = Direct::tactical(Arc::clone(&servers.demo.world));
        let ask = |path: &str| -> Vec<Value> { serde_json::from_slice(&direct.path("GET", path, None).body).unwrap() };
        let all = ask("/agents/");
        let checks = |agent: &Value| ask(&format!("/agents/{}/checks/", agent["agent_id"].as_str().unwrap()));
        let sorts = |checks: &[Value]| {
            ["winsvc", "diskspace"].iter().all(|sort| checks.iter().any(|check| check["check_type"] == *sort))
        };
        let is = |agent: &Value, kind: &str| agent["monitoring_type"] == kind && !agent["last_seen"].is_null();
        let server = all.iter().find(|agent| is(agent, "server") && sorts(&checks(agent))).unwrap().clone();
        let workstation = all.iter().find(|agent| is(agent, "workstation")).unwrap().clone();
        let mut simulator = Self { servers, checks: checks(&server), agents: vec![server, workstation] };
        for agent in &mut simulator.agents {
            agent["status"] = json!("online");
            agent["maintenance_mode"] = json!(false);
        }
        for check in simulator.checks.iter_mut().filter(|check| check["check_result"]["status"].is_string()) {
            check["check_result"]["status"] = json!("passing");
        }
        let workstation = format!("/agents/{}/checks/", simulator.agents[1]["agent_id"].as_str().unwrap());
        simulator.answer(&workstation, &json!([]));
        simulator.set_online(true);
        simulator.set_failing("winsvc", false);
        simulator
    }

    /// Whether the server is online.
    pub fn set_online(&mut self, online: bool) {
        self.agents[0]["status"] = json!(if online { "online" } else { "overdue" });
        self.answer("/agents/", &json!(self.agents));
    }

    /// Whether the first check of that sort on the server fails.
    pub fn set_failing(&mut self, sort: &str, failing: bool) {
        let check = self.checks.iter_mut().find(|check| check["check_type"] == sort).unwrap();
        check["alert_severity"] = json!("error");
        check["check_result"]["status"] = json!(if failing { "failing" } else { "passing" });
        check["check_result"]["alert_severity"] = json!("error");
        self.answer(&format!("/agents/{}/checks/", self.server_id()), &json!(self.checks));
    }

    /// The agent id of the server.
    pub fn server_id(&self) -> &str {
        self.agents[0]["agent_id"].as_str().unwrap()
    }

    fn answer(&self, path: &str, body: &Value) {
        // The few answers of a test live as long as it does.
        let body = Box::leak(body.to_string().into_boxed_str());
        self.servers.demo.tactical.handle.set_fault(Fault::Body(200, "application/json", body), Scope::target(path));
    }

    /// A flag that names a configuration in which the exporter asks every second for the agents and their checks.
    pub fn config(&self) -> String {
        let server = &self.servers.demo.tactical;
        let yaml = format!(
            "accounts:\n  - name: helpdesk\n    platform: tactical\n    server: {}\n    api_key: {:?}\n    min_interval: 500ms\n    \
             requests_per_minute: 6000\n    collectors:\n      inventory: {{ interval: 1s }}\n      checks: {{ interval: 1s }}\n      \
             tasks: {{ enabled: false }}\n      patches: {{ enabled: false }}\n      alerts: {{ enabled: false }}\n",
            server.url(),
            server.api_key()
        );
        format!("--config.file={}", self.servers.file("rmm-exporter.yml", &yaml).display())
    }
}
