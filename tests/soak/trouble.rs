//! A plan of what goes wrong with a server, and when.

use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rmm_exporter::demo::server::ServerHandle;
use rmm_exporter::demo::{Fault, RetryAfter, Scope};

use crate::wire::Wire;

/// Answers near the limits of size are not among them: the fault tests have them, and their peaks of memory would hide a slope.
fn faults() -> Vec<Fault> {
    vec![
        Fault::Status(401),
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(504),
        Fault::ForbiddenJson,
        Fault::ForbiddenHtml,
        Fault::TooManyRequests(RetryAfter::Absent),
        Fault::TooManyRequests(RetryAfter::Seconds(1)),
        Fault::TooManyRequests(RetryAfter::Date(1)),
        Fault::Unavailable(RetryAfter::Absent),
        Fault::Unavailable(RetryAfter::Seconds(1)),
        Fault::HtmlPage,
        Fault::EmptyBody,
        Fault::ShortBody,
        Fault::CutBody,
        Fault::InvalidBytes,
        Fault::ControlCharacters,
        Fault::Latin1AsUtf8,
        Fault::Utf8AsLatin1,
        Fault::Fail(3),
        Fault::Fail(7),
        Fault::UnknownRoot,
        Fault::Latency(Duration::from_millis(300)),
        Fault::SlowFirstByte(Duration::from_millis(500)),
        Fault::SlowDrip(200, Duration::from_millis(20)),
        Fault::ResetMidBody,
        Fault::NeverAnswer,
        Fault::GzipBomb(2),
        Fault::EntityBomb,
        Fault::DeepNesting(20_000),
        Fault::Gzip,
        Fault::WrongContentLength(7),
        Fault::WrongContentLength(-7),
    ]
}

/// Makes trouble after trouble, with peace between them, until `end`. Gives back how many, and the wire as it was.
pub async fn make(server: ServerHandle, wire: Wire, mut plan: StdRng, end: Instant) -> (usize, Wire) {
    let faults = faults();
    let mut made = 0;
    // The first sweep begins in peace.
    pause(&mut plan, 1_000..2_000, end).await;
    while Instant::now() < end {
        match plan.random_range(0..10) {
            0 | 1 => wire.cut(),
            2 => wire.refuse(true),
            _ => {
                let fault = faults.choose(&mut plan).unwrap().clone();
                server.set_fault(fault, scope(&mut plan, &server));
            }
        }
        made += 1;
        pause(&mut plan, 200..2_500, end).await;
        wire.refuse(false);
        server.clear_faults();
        pause(&mut plan, 1_000..9_000, end).await;
    }
    (made, wire)
}

/// Half of the time everything, else one sort of calls, or only the next few.
fn scope(plan: &mut StdRng, server: &ServerHandle) -> Scope {
    match plan.random_range(0..4) {
        0 => Scope::ALL.next(plan.random_range(1..10)),
        1 => {
            let calls = server.audit().calls();
            calls.choose(plan).map_or(Scope::ALL, |call| Scope::target(&call.target))
        }
        _ => Scope::ALL,
    }
}

async fn pause(plan: &mut StdRng, milliseconds: std::ops::Range<u64>, end: Instant) {
    let wanted = Duration::from_millis(plan.random_range(milliseconds));
    tokio::time::sleep(wanted.min(end.saturating_duration_since(Instant::now()))).await;
}
