//! The servers, each in a process of its own. All of them serve by the exporter's own loop.

use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use rmm_exporter::clock::SystemClock;
use rmm_exporter::http::{self, Options};

use crate::finished::{self, body_file};
use crate::{fleet, rivals};

/// The exporter, at rest.
pub const OURS: &str = "exporter";
/// The exporter, where a call has finished before each scrape.
pub const OURS_AT_WORK: &str = "exporter at work";
/// The exporter, where the fleet has changed before each scrape: it changes whenever [`CHANGE`] is asked for.
pub const OURS_CHANGED: &str = "exporter, changed fleet";
/// The path that changes it.
pub const CHANGE: &str = "/change";
/// The exporter, rendering without a pause.
pub const OURS_RENDERING: &str = "exporter rendering";
/// The bytes that the exporter gave, from memory.
pub const FINISHED: &str = "finished bytes";
/// The same while a thread of that process takes as much processor time as rendering does.
pub const FINISHED_BUSY: &str = "finished bytes, busy";

/// Serves until the input ends.
pub fn run(kind: &str, devices: usize, directory: &Path) {
    finished::serve(|| router(kind, devices, directory));
}

fn router(kind: &str, devices: usize, directory: &Path) -> Router {
    match kind {
        OURS | OURS_AT_WORK | OURS_CHANGED | OURS_RENDERING => exporter(kind, devices),
        FINISHED | FINISHED_BUSY => {
            if kind == FINISHED_BUSY {
                busy(|| {
                    std::hint::black_box((0..10_000_u64).fold(0, u64::wrapping_add));
                });
            }
            finished::router(directory)
        }
        rival => rivals::router(rival, &std::fs::read_to_string(body_file(directory, false)).expect("read")),
    }
}

fn exporter(kind: &str, devices: usize) -> Router {
    let views = fleet::views(devices);
    let publisher = fleet::publisher(&views);
    let router = http::router(publisher.clone(), Arc::new(SystemClock), Options::default());
    match kind {
        OURS_AT_WORK => router.layer(from_fn(move |request: Request, next: Next| {
            fleet::call_finished(&publisher);
            next.run(request)
        })),
        OURS_CHANGED => {
            let turns = [fleet::changed(&views), Arc::clone(&views.first().expect("an account").1)];
            let turn = Arc::new(AtomicUsize::new(0));
            router.route(
                CHANGE,
                get(move || {
                    let view = turns.iter().cycle().nth(turn.fetch_add(1, Ordering::Relaxed) % 2).expect("two");
                    publisher.publish_fleet(fleet::LARGE, view);
                    ready(())
                }),
            )
        }
        OURS_RENDERING => {
            busy(move || views.iter().for_each(|(account, view)| publisher.publish_fleet(account, view)));
            router
        }
        _ => router,
    }
}

/// Does it over and over on a thread of its own.
fn busy(work: impl Fn() + Send + 'static) {
    static ENDED: AtomicBool = AtomicBool::new(false);
    std::thread::spawn(move || {
        while !ENDED.load(Ordering::Relaxed) {
            work();
        }
    });
}
