//! Many scrapes of one server, and what they tell.

use std::time::{Duration, Instant};

use crate::child::Served;
use crate::client::{Answer, Connection, quantile};

/// What the scrapes of one server came to.
#[derive(Default)]
pub struct Scrapes {
    answers: Vec<Answer>,
    /// The mean of each round.
    cpu: Vec<Duration>,
}

impl Scrapes {
    /// One more round: scrapes one after the other for `time`, at least `least` of them.
    pub fn round(
        &mut self,
        server: &Served,
        connection: &mut Connection,
        path: &str,
        gzip: bool,
        time: Duration,
        least: u32,
    ) {
        let (start, cpu) = (Instant::now(), server.cpu());
        let mut count = 0;
        while count < least || start.elapsed() < time {
            self.answers.push(connection.get(path, gzip));
            count += 1;
        }
        // What is left to do after the last byte.
        std::thread::sleep(Duration::from_millis(2));
        self.cpu.push(server.cpu().saturating_sub(cpu) / count);
    }

    /// A round of scrapes of which each follows a request for `before`, whose time is not counted.
    pub fn round_after(&mut self, before: &str, server: &Served, connection: &mut Connection, time: Duration) {
        let start = Instant::now();
        let (mut count, mut cpu) = (0, Duration::ZERO);
        while count < 2 || start.elapsed() < time {
            connection.get(before, true);
            std::thread::sleep(Duration::from_millis(2));
            let earlier = server.cpu();
            self.answers.push(connection.get("/metrics", true));
            std::thread::sleep(Duration::from_millis(2));
            cpu += server.cpu().saturating_sub(earlier);
            count += 1;
        }
        self.cpu.push(cpu / count);
    }

    pub fn least(&self) -> Duration {
        self.answers.iter().map(|answer| answer.total).min().unwrap_or_default()
    }

    pub fn median(&self) -> Duration {
        quantile(self.answers.iter().map(|answer| answer.total), 0.5)
    }

    pub fn first_byte(&self, part: f64) -> Duration {
        quantile(self.answers.iter().map(|answer| answer.first_byte), part)
    }

    /// Of the round with the least.
    pub fn cpu(&self) -> Duration {
        self.cpu.iter().min().copied().unwrap_or_default()
    }

    pub fn bytes(&self) -> usize {
        self.answers.last().map_or(0, |answer| answer.bytes)
    }
}

/// Scrapes a second by eight clients at once.
pub fn throughput(port: u16, time: Duration) -> f64 {
    let start = Instant::now();
    let count: u32 = std::thread::scope(|scope| {
        let scrape = || {
            let mut connection = Connection::open(port);
            let mut count = 0;
            while start.elapsed() < time {
                connection.get("/metrics", true);
                count += 1;
            }
            count
        };
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(scrape)).collect();
        clients.into_iter().map(|client| client.join().expect("scraped")).sum()
    });
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// How long other requests take while one client scrapes without gzip, again and again.
pub fn beside_identity(port: u16, time: Duration) -> Vec<Duration> {
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut connection = Connection::open(port);
            while start.elapsed() < time {
                connection.get("/metrics", false);
            }
        });
        let mut connection = Connection::open(port);
        let mut times = Vec::new();
        while start.elapsed() < time {
            std::thread::sleep(Duration::from_millis(2));
            times.push(connection.get("/-/healthy", true).total);
        }
        times
    })
}
