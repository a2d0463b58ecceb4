//! What a thread logs, for tests that look at it while others run beside them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once};

use tracing::Level;
use tracing::subscriber::DefaultGuard;

/// The lines that this thread logs, as long as this lives.
pub struct Captured {
    text: Text,
    _guard: DefaultGuard,
}

impl Captured {
    /// Those of this level and above.
    pub fn from(level: Level) -> Self {
        want_every_line();
        let text = Text::default();
        let writer = text.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_max_level(level)
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .finish();
        Self { text, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// Those until now.
    pub fn lines(&self) -> Vec<String> {
        let text = self.text.0.lock().expect("text").clone();
        String::from_utf8(text).expect("UTF-8").lines().map(|line| line.trim().to_owned()).collect()
    }

    /// Those that contain this.
    pub fn with(&self, wanted: &str) -> Vec<String> {
        self.lines().into_iter().filter(|line| line.contains(wanted)).collect()
    }
}

/// While there is one subscriber, tracing asks that of the thread that comes by a line first whether anybody ever wants it.
/// A thread of another test, which has none, would say no for all. So the process has one that wants every line, and drops it.
fn want_every_line() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry()).expect("the only one of the process");
        // Lines that came by between its creation and its taking effect.
        tracing::callsite::rebuild_interest_cache();
    });
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("text").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
