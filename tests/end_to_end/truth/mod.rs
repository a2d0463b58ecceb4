//! The series that the demo's world should give, worked out here from its raw facts by the rules of the metric catalogue,
//! without any of the exporter's own code.

mod nsight;
mod nsight_more;
mod tactical;
mod tactical_more;

use jiff::Timestamp;
use rmm_exporter::demo::world::Truth;

use crate::support::{Labels, SeriesMap};

/// The antivirus products that the configuration names. The last one has no definitions.
pub const PRODUCTS: [&str; 3] = ["sophos", "norton", "fsecure"];

/// Everything that should be exposed for both accounts of the demo, every collector on and `checks.mode` at `failing`.
pub fn expected(truth: &Truth, now: Timestamp) -> SeriesMap {
    let mut all = SeriesMap::new();
    nsight::account(&mut all, &truth.nsight, now);
    tactical::account(&mut all, &truth.tactical, now);
    all
}

/// Names as labels: white space and control characters become one space, and none is left at the ends.
fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let cleaned = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(cleaned.len() <= 200, "the world has no names that must be cut");
    cleaned
}

/// The name of a disk as label: a bare drive letter gets its colon.
fn disk(name: &str) -> String {
    let name = clean(name);
    if name.len() == 1 && name.chars().all(|letter| letter.is_ascii_alphabetic()) { format!("{name}:") } else { name }
}

/// Labels that several series share.
#[derive(Clone)]
struct At(Labels);

impl At {
    fn account(platform: &str) -> Self {
        Self(Labels::new()).with("platform", platform).with("account", &format!("demo-{platform}"))
    }

    fn with(&self, name: &str, value: &str) -> Self {
        let mut labels = self.0.clone();
        labels.insert(name.to_owned(), value.to_owned());
        Self(labels)
    }

    fn put(&self, all: &mut SeriesMap, name: &str, value: f64) {
        let before = all.insert((name.to_owned(), self.0.clone()), value);
        assert!(before.is_none(), "the test expects {name}{:?} twice", self.0);
    }

    fn flag(&self, all: &mut SeriesMap, name: &str, value: bool) {
        self.put(all, name, f64::from(u8::from(value)));
    }

    fn time(&self, all: &mut SeriesMap, name: &str, time: Option<Timestamp>) {
        if let Some(time) = time {
            // Times are exposed to the millisecond.
            self.put(all, name, time.as_millisecond() as f64 / 1e3);
        }
    }

    /// One series for each of these values of a label.
    fn set(&self, all: &mut SeriesMap, name: &str, label: &str, values: &[(&str, usize)]) {
        for (word, count) in values {
            self.with(label, word).put(all, name, *count as f64);
        }
    }
}

fn count<T>(items: &[T], fits: impl Fn(&T) -> bool) -> usize {
    items.iter().filter(|item| fits(item)).count()
}

const PATCH_STATUSES: [&str; 8] =
    ["missing", "pending", "queued", "installed", "failed", "ignored", "reboot_required", "unknown"];

/// Status and severity of each patch.
fn patches(all: &mut SeriesMap, at: &At, patches: &[(&str, &str)]) {
    let counts = PATCH_STATUSES.map(|word| (word, count(patches, |(status, _)| *status == word)));
    at.set(all, "rmm_patches", "status", &counts);
    let severities = ["critical", "important", "moderate", "low", "unspecified"];
    let named = |label: &str| {
        let label = label.to_lowercase();
        *severities.iter().find(|severity| **severity == label).unwrap_or(&"unspecified")
    };
    let open: Vec<_> =
        patches.iter().filter(|(status, _)| matches!(*status, "missing" | "pending" | "queued" | "failed")).collect();
    let counts = severities.map(|word| (word, count(&open, |(_, label)| named(label) == word)));
    at.set(all, "rmm_patches_outstanding", "severity", &counts);
}
