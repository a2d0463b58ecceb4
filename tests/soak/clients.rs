//! Who scrapes: patient and impatient clients of every sort.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::{parse, value};

const OPEN_METRICS: &str = "application/openmetrics-text";
const TEXT: &str = "text/plain";
const ACCOUNTS: [&str; 2] = ["nsight", "tactical"];

/// How scrapes went.
#[derive(Default)]
pub struct Tally {
    pub whole: u64,
    bytes: u64,
    /// Given up by the client on purpose.
    abandoned: u64,
    pub failed: Vec<String>,
}

impl Tally {
    pub fn and(mut self, other: Self) -> Self {
        self.whole += other.whole;
        self.bytes += other.bytes;
        self.abandoned += other.abandoned;
        self.failed.extend(other.failed);
        self
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { whole, bytes, abandoned, failed } = self;
        let megabytes = bytes / 1_000_000;
        write!(f, "{whole} scrapes ({megabytes} MB), {abandoned} abandoned by the client, {} failed", failed.len())
    }
}

/// Each format compressed and plain, on kept connections and on new ones, and one that never waits for the end.
pub fn start(address: SocketAddr, end: Instant) -> JoinSet<Tally> {
    let mut clients = JoinSet::new();
    for (accept, gzip, keep) in
        [(TEXT, true, true), (OPEN_METRICS, true, false), (TEXT, false, false), (OPEN_METRICS, false, true)]
    {
        clients.spawn(scrape_until(end, client(gzip, keep), address, accept));
    }
    clients.spawn(abandon_until(end, address));
    clients
}

fn client(gzip: bool, keep: bool) -> reqwest::Client {
    // Another test may have done so already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().gzip(gzip).deflate(false).no_proxy().timeout(Duration::from_mins(1));
    client.pool_max_idle_per_host(usize::from(keep)).build().unwrap()
}

async fn scrape_until(end: Instant, client: reqwest::Client, address: SocketAddr, accept: &str) -> Tally {
    let mut tally = Tally::default();
    while Instant::now() < end {
        match scrape(&client, address, accept).await {
            Ok(text) => {
                tally.whole += 1;
                tally.bytes += text.len() as u64;
            }
            Err(problem) => tally.failed.push(format!("{accept}: {problem}")),
        }
        rest().await;
    }
    tally
}

/// One scrape, which must be whole and of the right sort.
async fn scrape(client: &reqwest::Client, address: SocketAddr, accept: &str) -> Result<String, String> {
    let told = |error: reqwest::Error| format!("{error:?}");
    let answer = client.get(format!("http://{address}/metrics")).header(ACCEPT, accept).send().await.map_err(told)?;
    let (status, kind) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
    let text = answer.text().await.map_err(told)?;
    if status != 200 || !kind.as_ref().is_some_and(|kind| kind.as_bytes().starts_with(accept.as_bytes())) {
        return Err(format!("{status}, {kind:?}: {text:.200}"));
    }
    let is_whole = if accept == OPEN_METRICS { text.ends_with("# EOF\n") } else { text.ends_with('\n') };
    let has_all = ACCOUNTS.iter().all(|account| text.contains(&format!("rmm_exporter_series{{platform=\"{account}\"")));
    if is_whole && has_all { Ok(text) } else { Err(format!("not whole: {} bytes", text.len())) }
}

/// Asks, and goes away in the middle of the answer, or before it.
async fn abandon_until(end: Instant, address: SocketAddr) -> Tally {
    let mut tally = Tally::default();
    while Instant::now() < end {
        match TcpStream::connect(address).await {
            Ok(mut stream) => {
                let asked = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: soak\r\n\r\n").await;
                let mut some = vec![0; rand::rng().random_range(0..20_000)];
                // An answer may well be shorter.
                let _read = stream.read(&mut some).await;
                tally.abandoned += u64::from(asked.is_ok());
            }
            Err(error) => tally.failed.push(format!("no connection: {error}")),
        }
        rest().await;
    }
    tally
}

async fn rest() {
    let pause = rand::rng().random_range(20..250);
    tokio::time::sleep(Duration::from_millis(pause)).await;
}

/// Whether both accounts are up and every collector had only good answers; else why not.
pub async fn is_well(address: SocketAddr) -> Result<(), String> {
    let text = scrape(&client(false, false), address, TEXT).await?;
    let all = parse(&text);
    for account in ACCOUNTS {
        let up = value(&all, "rmm_up", &[("account", account)]);
        if up != Some(1.0) {
            let is_about =
                |line: &&str| line.starts_with("rmm_api_requests_total") || line.starts_with("rmm_api_backoff");
            let calls: Vec<_> = text.lines().filter(is_about).filter(|line| line.contains(account)).collect();
            return Err(format!("rmm_up of {account} is {up:?}\n{}\n", calls.join("\n")));
        }
    }
    Ok(())
}
