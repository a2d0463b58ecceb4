//! The catalogue for people and programs: a table for a terminal, JSON, and the Markdown of docs/metrics.md.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Enumeration, Family, Section, Source, families};
use crate::collector::Collector;
use crate::config::defaults;
use crate::platform::PlatformName;
use crate::wrap::wrap;

/// Columns of a usual wide terminal.
const COLUMNS: usize = 120;

/// Name, type, meaning, labels and source of metrics, for a terminal of 120 columns: a block of lines for each
/// whose name contains `name`. Empty when there is none.
#[must_use]
pub fn table(name: &str) -> String {
    let mut text = String::new();
    let mut section = None;
    for family in named(name) {
        if !text.is_empty() {
            text.push('\n');
        }
        if section.replace(family.section) != Some(family.section) {
            let _ = writeln!(text, "{}\n", family.section.title().to_uppercase());
        }
        let _ = writeln!(text, "{}  {}", family.name, family.metric_type.name());
        write_wrapped(&mut text, "  ", family.meaning);
        let labels: Vec<_> = family.all_labels().map(|label| plain_label(family, label)).collect();
        if !labels.is_empty() {
            write_wrapped(&mut text, "  labels    ", &labels.join(", "));
        }
        for platform in [PlatformName::Nsight, PlatformName::Tactical] {
            if let Some(source) = family.source(platform) {
                let source = format!("{}: {}", collectors(source, platform), source.calls.join(", "));
                write_wrapped(&mut text, &format!("  {:<8}  ", platform.name()), &source);
            }
        }
    }
    text
}

/// The label with its values, when they are fixed.
fn plain_label(family: &Family, label: &str) -> String {
    match family.enumerations.iter().find(|enumeration| enumeration.label == label) {
        Some(fixed) => format!("{label} ({})", fixed.values.join(", ")),
        None => label.to_owned(),
    }
}

/// Writes words in lines that are not too long; those after the first are indented as far as `start`.
fn write_wrapped(text: &mut String, start: &str, words: &str) {
    let mut start = start.to_owned();
    for row in wrap(words, COLUMNS - start.len()) {
        let _ = writeln!(text, "{start}{row}");
        start = " ".repeat(start.len());
    }
}

/// The collectors of a source, with a mark at those that have to be enabled.
fn collectors(source: &Source, platform: PlatformName) -> String {
    let is_off =
        |collector| defaults::collectors(platform).iter().any(|row| row.collector == collector && !row.enabled);
    let name = |collector: &Collector| {
        let mark = if is_off(*collector) { " (off by default)" } else { "" };
        format!("{}{mark}", collector.name())
    };
    source.collectors.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The families whose name contains `name`.
fn named(name: &str) -> impl Iterator<Item = &'static Family> {
    families().iter().copied().filter(move |family| family.name.contains(name))
}

/// Everything that is declared of the metrics whose name contains `name`, as an array of objects.
#[must_use]
pub fn json(name: &str) -> String {
    let list: Value = named(name).map(describe).collect();
    format!("{list:#}\n")
}

fn describe(family: &Family) -> Value {
    let source = |source: &Source| {
        let collectors: Vec<_> = source.collectors.iter().map(|collector| collector.name()).collect();
        json!({ "collectors": collectors, "calls": source.calls })
    };
    let enumeration = |it: &Enumeration| json!({ "label": it.label, "values": it.values, "full_set": it.full_set });
    json!({
        "name": family.name,
        "type": family.metric_type.name(),
        "help": family.help(),
        "section": family.section.title(),
        "labels": family.all_labels().collect::<Vec<_>>(),
        "enumerations": family.enumerations.iter().map(enumeration).collect::<Vec<_>>(),
        "nsight": family.nsight.as_ref().map(source),
        "tactical": family.tactical.as_ref().map(source),
    })
}

const INTRODUCTION: &str = "\
# Metrics

<!-- Made from the catalogue in src/metrics/catalogue. Do not edit: run `UPDATE_DOCS=1 cargo test metrics_document`. -->

Every fleet series carries `platform` (`nsight` or `tactical`) and `account` (the name in the configuration). Device series
add `client`, `site`, `device` and `device_id`; the id is unique within an account, names can repeat. *Device labels* below
are these six. A series that does not exist is something that is not known: there are no made-up zeros. Times are Unix
seconds; \"never\" and \"unknown\" are an absent series. In a *full set* all values of a label are there, zeros included; of
other fixed labels only those that apply.

Values are those of the last poll. When a poll fails, the last good values stay until they are older than `stale_after`;
then they go. A device that the platform no longer reports loses all its series.

Each account has at most `max_series` fleet series. When there are more, whole families are withheld, never a part of one:
those of the collector with the most series first, of these the largest first, then those that come from several collectors,
and last those that name clients, sites and devices, until the rest fits. They are counted in
`rmm_exporter_series_dropped` and named in the log, on the landing page and in `/api/v1/status`. A family comes back when 5 % of
the limit stays free with it. A family whose name matches `metrics.exclude` is not exposed and not counted.

`/metrics?account=NAME` gives one account, `/metrics?collect[]=NAME` the fleet metrics and `rmm_collector_*` of one
collector; both can be repeated. The other metrics about the exporter itself are always there.
";

/// The text of docs/metrics.md.
#[must_use]
pub fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    for section in Section::ALL {
        let _ = write!(text, "\n## {}\n\n", section.title());
        if section == Section::Exporter {
            text.push_str("| metric | type | labels | meaning |\n|---|---|---|---|\n");
        } else {
            text.push_str("| metric | labels | meaning | N-sight | Tactical RMM |\n|---|---|---|---|---|\n");
        }
        for family in families().iter().filter(|family| family.section == section) {
            let (name, labels, meaning) = (family.name, labels(family), family.meaning);
            let _ = if section == Section::Exporter {
                writeln!(text, "| `{name}` | {} | {labels} | {meaning} |", family.metric_type.name())
            } else {
                let [nsight, tactical] = [PlatformName::Nsight, PlatformName::Tactical].map(|it| source(family, it));
                writeln!(text, "| `{name}` | {labels} | {meaning} | {nsight} | {tactical} |")
            };
        }
    }
    text
}

/// The labels, those of devices summed up, with their fixed values.
fn labels(family: &Family) -> String {
    let device = super::Scope::Device.labels();
    let all: Vec<_> = family.all_labels().collect();
    let (mut parts, rest) = match all.strip_prefix(device) {
        Some(rest) => (vec!["device labels".to_owned()], rest.to_vec()),
        None => (Vec::new(), all),
    };
    for label in rest {
        let fixed = family.enumerations.iter().find(|enumeration| enumeration.label == label);
        parts.push(match fixed {
            Some(fixed) => {
                let values: Vec<_> = fixed.values.iter().map(|value| format!("`{value}`")).collect();
                let set = if fixed.full_set { " *full set*" } else { "" };
                format!("`{label}`{set} = {}", values.join(", "))
            }
            None => format!("`{label}`"),
        });
    }
    parts.join(", ")
}

fn source(family: &Family, platform: PlatformName) -> String {
    family.source(platform).map_or_else(
        || "—".to_owned(),
        |source| {
            let calls: Vec<_> = source.calls.iter().map(|call| format!("`{call}`")).collect();
            format!("{}: {}", collectors(source, platform), calls.join(", "))
        },
    )
}
