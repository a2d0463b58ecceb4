//! The catalogue for people and programs: a table for a terminal, JSON, and the Markdown of docs/metrics.md.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Enumeration, Family, Section, Source, families};
use crate::platform::PlatformName;

/// Name, type, labels, platforms and meaning of every metric, in columns.
#[must_use]
pub fn table() -> String {
    let rows: Vec<[String; 5]> = families()
        .iter()
        .map(|family| {
            let collectors = family.collectors();
            [
                family.name.to_owned(),
                family.metric_type.name().to_owned(),
                join(family.all_labels()),
                platforms(family).join(","),
                join(collectors.iter().map(|collector| collector.name())),
            ]
        })
        .collect();
    let head = ["METRIC", "TYPE", "LABELS", "PLATFORMS", "COLLECTORS"].map(str::to_owned);
    let widths: [usize; 5] = std::array::from_fn(|column| {
        std::iter::once(&head).chain(&rows).filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0)
    });
    let mut text = String::new();
    for row in std::iter::once(&head).chain(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Everything that is declared, as an array of objects.
#[must_use]
pub fn json() -> String {
    let list: Value = families().iter().map(|family| describe(family)).collect();
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

Each account has at most `max_series` fleet series. Families are taken in the order of this page; once the limit is reached,
all further series are withheld and counted in `rmm_exporter_series_dropped`. A family whose name matches
`metrics.exclude` is not exposed and not counted.

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
            let collectors = join(source.collectors.iter().map(|collector| collector.name()));
            let calls: Vec<_> = source.calls.iter().map(|call| format!("`{call}`")).collect();
            format!("{collectors}: {}", calls.join(", "))
        },
    )
}

fn platforms(family: &Family) -> Vec<&'static str> {
    let all = [PlatformName::Nsight, PlatformName::Tactical];
    all.into_iter().filter(|it| !family.is_fleet() || family.source(*it).is_some()).map(PlatformName::name).collect()
}

fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(",")
}
