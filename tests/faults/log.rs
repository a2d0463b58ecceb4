//! What the exporter writes to its log while the tests of this program run.

use std::io::{self, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps everything that is logged from now on, down to the smallest step.
pub fn capture() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        // As `logging::init` has it: libraries may only warn.
        let targets = Targets::new().with_default(LevelFilter::WARN).with_target("rmm_exporter", LevelFilter::TRACE);
        let layer = tracing_logfmt::builder().with_target(false).layer().with_writer(|| Writer);
        tracing_subscriber::registry().with(targets).with(layer).init();
    });
}

/// All that was logged so far, by any test.
pub fn text() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}
