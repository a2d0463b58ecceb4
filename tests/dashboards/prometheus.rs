//! A real Prometheus with the shipped rules that scrapes the demo, both faster than as shipped.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use regex::{Captures, Regex};
use serde_json::Value;
use tempfile::TempDir;

use crate::rules::{FILES, root};
use crate::support::child::{Process, exporter};
use crate::support::prometheus;

pub struct Prometheus {
    process: Process,
    pub demo: Process,
    address: SocketAddr,
    _directory: TempDir,
}

/// Rules that are evaluated every second, with `for` so short that alerts fire at once.
fn hurried(rules: &str) -> String {
    let rules = rules.replace("interval: 5m", "interval: 1s");
    let milliseconds = |found: &Captures<'_>| {
        let unit = match &found[2] {
            "m" => 60,
            "h" => 3_600,
            _ => 86_400,
        };
        format!(" for: {}ms", found[1].parse::<u64>().unwrap() * unit)
    };
    Regex::new(r" for: (\d+)([mhd])\b").unwrap().replace_all(&rules, milliseconds).into_owned()
}

impl Prometheus {
    pub fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let mut demo = Process::start(exporter().args(["demo", "--devices=60", "--web.listen-address=127.0.0.1:0"]));
        let target = demo.address();
        let mut files = Vec::new();
        for file in FILES {
            let path = directory.path().join(file.rsplit('/').next().unwrap());
            fs::write(&path, hurried(&fs::read_to_string(root().join(file)).unwrap())).unwrap();
            files.push(format!("'{}'", path.display()));
        }
        let config = directory.path().join("prometheus.yml");
        let text = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\nrule_files: [{}]\n\
             scrape_configs: [{{ job_name: rmm, static_configs: [{{ targets: ['{target}'] }}] }}]\n",
            files.join(", ")
        );
        fs::write(&config, text).unwrap();
        let (process, address) = prometheus::start(&config);
        Self { process, demo, address, _directory: directory }
    }

    /// Waits until an expression has a result.
    pub fn until(&mut self, expression: &str, limit: Duration) {
        let end = Instant::now() + limit;
        let query = [("query", expression)];
        while !self
            .ask("/api/v1/query", &query)
            .is_ok_and(|data| data["result"].as_array().is_some_and(|list| !list.is_empty()))
        {
            let running = self.process.is_running() && self.demo.is_running();
            assert!(running && Instant::now() < end, "never so: {expression}: {}", self.process.stderr());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The data of an answer to a form that is posted, or the error that Prometheus tells.
    pub fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Result<Value, String> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request("POST", path, &form)
    }

    /// The values of a label, as the variable editor's `label_values(selector, label)` asks for them.
    pub fn label_values(&self, selector: &str, label: &str) -> Result<Vec<String>, String> {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("match[]", selector).finish();
        let data = self.request("GET", &format!("/api/v1/label/{label}/values?{query}"), "")?;
        Ok(data.as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect())
    }

    /// HTTP/1.0, so that no answer is chunked.
    fn request(&self, method: &str, target: &str, form: &str) -> Result<Value, String> {
        let text = |error: std::io::Error| error.to_string();
        let mut stream = TcpStream::connect(self.address).map_err(text)?;
        stream.set_read_timeout(Some(Duration::from_mins(1))).map_err(text)?;
        let head = format!(
            "{method} {target} HTTP/1.0\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            form.len()
        );
        stream.write_all((head + form).as_bytes()).map_err(text)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(text)?;
        let body = answer.split_once("\r\n\r\n").ok_or("no head")?.1;
        let mut json: Value = serde_json::from_str(body).map_err(|error| format!("{error}: {body}"))?;
        if json["status"] == "success" { Ok(json["data"].take()) } else { Err(json["error"].to_string()) }
    }
}
