//! The tables.

use std::path::Path;
use std::time::Duration;

use crate::child::Served;
use crate::client::{Connection, quantile};
use crate::finished::body_file;
use crate::fleet::SMALL;
use crate::measure::{Scrapes, beside_identity, throughput};
use crate::rivals::{COLLECTOR, FAMILY, PROMETHEUS};
use crate::server::{CHANGE, FINISHED, FINISHED_BUSY, OURS, OURS_AT_WORK, OURS_CHANGED, OURS_RENDERING};

const ROUNDS: u32 = 5;
/// Of each server.
const ROUND: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1 } else { 150 });
/// Devices. With more, the other libraries are not asked without gzip: their answers of hundreds of megabytes take seconds.
const MOST_PLAIN: usize = 20_000;
/// Devices. A scrape of `GaugeVec` takes seconds already with so many.
const MOST_VECTORS: usize = 5_000;

/// Measures and prints everything.
pub fn print(sizes: &[usize], directory: &Path) {
    for devices in sizes {
        let ours = Served::start(OURS, *devices, directory);
        let mut connection = Connection::open(ours.port);
        let mut series = 0;
        for gzip in [true, false] {
            let body = connection.body("/metrics", gzip);
            if !gzip {
                let lines = body.split(|byte| *byte == b'\n');
                series = lines.filter(|line| line.starts_with(b"rmm_") && !line.starts_with(b"rmm_api_")).count();
            }
            std::fs::write(body_file(directory, gzip), body).expect("written");
        }
        drop(connection);
        println!("{devices} devices, {:.1} series a device", series as f64 / *devices as f64);
        whole(&ours, *devices, directory);
        parts(&ours);
        let finished = Served::start(FINISHED, *devices, directory);
        eight(&ours, &finished);
        if devices == sizes.iter().max().unwrap_or(&0) {
            beside(&ours, &finished);
        }
        drop((ours, finished));
        first_byte(*devices, directory);
        println!();
    }
    println!(
        "The other libraries' text is compressed with flate2 at its fastest level; where they are slow, one scrape counts."
    );
}

fn heading() {
    println!(
        "  {:<28} {:<8} {:>11} {:>11} {:>9} {:>9} {:>9} {:>8} {:>6} {:>6}",
        "", "encoding", "bytes", "first byte", "least", "median", "CPU", "RSS", "time", "CPU"
    );
}

fn row(what: &str, encoding: &str, scrapes: &Scrapes, resident: u64, against: &Scrapes) {
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64().max(1e-9);
    println!(
        "  {what:<28} {encoding:<8} {:>11} {:>8.2} ms {:>9.2} {:>9.2} {:>9.2} {:>5} MB {:>6.2} {:>6.2}",
        scrapes.bytes(),
        milliseconds(scrapes.first_byte(0.5)),
        milliseconds(scrapes.least()),
        milliseconds(scrapes.median()),
        milliseconds(scrapes.cpu()),
        resident / 1_000_000,
        ratio(scrapes.median(), against.median()),
        ratio(scrapes.cpu(), against.cpu()),
    );
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Whole answers of all servers; those that are compared closely take turns.
fn whole(ours: &Served, devices: usize, directory: &Path) {
    heading();
    for gzip in [true, false] {
        let encoding = if gzip { "gzip" } else { "identity" };
        let finished = Served::start(FINISHED, devices, directory);
        let at_work = gzip.then(|| Served::start(OURS_AT_WORK, devices, directory));
        let servers: Vec<_> = [Some(&finished), Some(ours), at_work.as_ref()].into_iter().flatten().collect();
        let mut turns: Vec<_> =
            servers.iter().map(|server| (*server, Connection::open(server.port), Scrapes::default())).collect();
        for (_, connection, _) in &mut turns {
            connection.get("/metrics", gzip);
        }
        for _ in 0..ROUNDS {
            for (server, connection, scrapes) in &mut turns {
                scrapes.round(server, connection, "/metrics", gzip, ROUND, 2);
            }
        }
        let mut results = turns.into_iter().map(|(server, _, scrapes)| (scrapes, server.resident()));
        let Some((against, resident)) = results.next() else { continue };
        row(FINISHED, encoding, &against, resident, &against);
        for (what, (scrapes, resident)) in [OURS, OURS_AT_WORK].into_iter().zip(results) {
            row(what, encoding, &scrapes, resident, &against);
        }
        if gzip {
            changed(devices, directory, &finished);
        }
        for kind in [COLLECTOR, FAMILY, PROMETHEUS] {
            if (!gzip && devices > MOST_PLAIN) || (kind == PROMETHEUS && devices > MOST_VECTORS) {
                println!("  {kind:<28} {encoding:<8} left out: it takes too long");
                continue;
            }
            let server = Served::start(kind, devices, directory);
            let mut scrapes = Scrapes::default();
            scrapes.round(&server, &mut Connection::open(server.port), "/metrics", gzip, ROUND, 1);
            row(kind, encoding, &scrapes, server.resident(), &against);
        }
    }
}

/// Scrapes of which each comes after a change of the fleet, beside the finished bytes after as long a pause.
fn changed(devices: usize, directory: &Path, finished: &Served) {
    let ours = Served::start(OURS_CHANGED, devices, directory);
    let mut turns = [(&ours, CHANGE), (finished, "/")].map(|(server, before)| (server, before, Scrapes::default()));
    for _ in 0..ROUNDS {
        for (server, before, scrapes) in &mut turns {
            scrapes.round_after(before, server, &mut Connection::open(server.port), ROUND);
        }
    }
    let [(_, _, scrapes), (_, _, against)] = turns;
    row("finished bytes, with pauses", "gzip", &against, finished.resident(), &against);
    row(OURS_CHANGED, "gzip", &scrapes, ours.resident(), &against);
}

/// Answers that are a part of the whole.
fn parts(ours: &Served) {
    let mut connection = Connection::open(ours.port);
    let mut scrape = |query: &str| {
        let mut scrapes = Scrapes::default();
        for _ in 0..ROUNDS {
            scrapes.round(ours, &mut connection, &format!("/metrics{query}"), true, ROUND / 3, 2);
        }
        scrapes
    };
    let all = scrape("");
    for query in [format!("?account={SMALL}"), "?collect[]=antivirus".to_owned(), "?collect[]=server".to_owned()] {
        row(&query, "gzip", &scrape(&query), ours.resident(), &all);
    }
}

fn eight(ours: &Served, finished: &Served) {
    let best = |server: &Served| (0..3).map(|_| throughput(server.port, 2 * ROUND)).fold(0.0, f64::max);
    let (finished, ours) = (best(finished), best(ours));
    println!("  eight scrapers: {ours:.0} scrapes a second, finished bytes {finished:.0}: {:.2}", ours / finished);
}

fn beside(ours: &Served, finished: &Served) {
    for (what, server) in [(OURS, ours), (FINISHED, finished)] {
        let times = beside_identity(server.port, 10 * ROUND);
        let at = |part| milliseconds(quantile(times.iter().copied(), part));
        println!(
            "  another request while one scrapes without gzip, {what}: median {:.2} ms, p99 {:.2}, most {:.2}",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

fn first_byte(devices: usize, directory: &Path) {
    for kind in [OURS, OURS_RENDERING, FINISHED_BUSY] {
        let server = Served::start(kind, devices, directory);
        let mut connection = Connection::open(server.port);
        let mut scrapes = Scrapes::default();
        for _ in 0..ROUNDS * 20 {
            scrapes.round(&server, &mut connection, "/metrics", true, Duration::ZERO, 1);
        }
        let at = |part| milliseconds(scrapes.first_byte(part));
        println!("  first byte, {kind}: median {:.2} ms, p99 {:.2}, most {:.2}", at(0.5), at(0.99), at(1.0));
    }
}
