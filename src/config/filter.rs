//! Regular expressions and the `filter` section.

use regex::{Regex, RegexBuilder};

use super::reader::{Context, Field, Section};
use super::text::{in_quotes, quote, shown};
use crate::fleet::filter::NameFilter;
use crate::fleet::{Filter, Kind};
use crate::metrics::catalogue;
use crate::platform::PlatformName;

/// Reads a list of regular expressions that must match a whole name or text, as Prometheus' do.
pub fn expressions(field: &Field, context: &mut Context) -> Vec<Regex> {
    let items = field.list(context).unwrap_or_default();
    items.iter().filter_map(|item| anchored(item, context)).collect()
}

/// Longest regular expression, in characters.
const MOST_CHARACTERS: usize = 1000;

/// Most memory of one compiled regular expression, in bytes.
const MOST_BYTES: usize = 2 * 1024 * 1024;

fn compile(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .size_limit(MOST_BYTES)
        .build()
        .map_err(|error| format!("bad regular expression: {}. Correct it.", reason(&error)))
}

/// A regular expression that matches whole texts only.
///
/// # Errors
///
/// What is wrong with it, and the remedy.
pub fn anchored_text(text: &str) -> Result<Regex, String> {
    compile(&format!("^(?:{text})$"))
}

/// Whether its author thought that a `^` matters.
fn is_half_anchored(text: &str) -> bool {
    text.starts_with('^') && !text.ends_with(['$', '*', '+', ')', '}'])
}

/// What its author wrote of an expression that matches whole texts only.
#[must_use]
pub fn written(expression: &Regex) -> &str {
    let text = expression.as_str();
    text.strip_prefix("^(?:").and_then(|text| text.strip_suffix(")$")).unwrap_or(text)
}

/// Reads `metrics.exclude`. An expression that leaves out nothing is a mistake, most often half a name.
pub fn metric_names(field: &Field, platform: PlatformName, context: &mut Context) -> Vec<Regex> {
    let items = field.list(context).unwrap_or_default();
    let names: Vec<&str> = catalogue::families()
        .iter()
        .filter(|family| family.is_fleet() && family.source(platform).is_some())
        .map(|family| family.name)
        .collect();
    let matches = |expression: &Regex| names.iter().any(|name| expression.is_match(name));
    let mut expressions = Vec::new();
    for item in &items {
        let Some(expression) = anchored(item, context) else { continue };
        let text = written(&expression);
        if !matches(&expression) && !is_half_anchored(text) {
            let part = if text.contains('|') { format!("({text})") } else { text.to_owned() };
            let wider = [format!(".*{part}"), format!("{part}.*"), format!(".*{part}.*")];
            let meant = wider.into_iter().find(|text| anchored_text(text).is_ok_and(|wider| matches(&wider)));
            let hint = match meant {
                Some(meant) => format!("It must match the whole name: did you mean {}?", in_quotes(&meant)),
                None => "Their names: rmm-exporter metrics.".to_owned(),
            };
            item.warn(&format!("matches none of the metrics of this platform that can be left out. {hint}"), context);
        }
        expressions.push(expression);
    }
    expressions
}

/// Reads a regular expression that must match a whole name or text.
pub fn anchored(field: &Field, context: &mut Context) -> Option<Regex> {
    let text = field.text(context)?;
    // It has to be good by itself: the brackets around it could close some of its own.
    expression(field, text, context)?;
    // `^X` alone would match nothing but X itself, which is rarely what its author had in mind.
    if is_half_anchored(text) {
        let hint = "a regular expression must match the whole name, so this ^ changes nothing. For names that start so, add .* at the end.";
        field.warn(hint, context);
    }
    anchored_text(text).map_err(|message| field.error(message, context)).ok()
}

/// The regular expression `text` of a field, found anywhere.
pub fn expression(field: &Field, text: &str, context: &mut Context) -> Option<Regex> {
    if text.chars().count() > MOST_CHARACTERS {
        let message = format!(
            "a regular expression has at most {MOST_CHARACTERS} characters. Shorten it, or write several in the list."
        );
        field.error(message, context);
        return None;
    }
    // To compile is dear, and a report that is full gains nothing by it.
    if context.is_full() {
        return None;
    }
    compile(text).map_err(|message| field.error(message, context)).ok()
}

/// The last line of the crate's drawing says what is wrong; the lines above only show where.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Reads the `filter` section.
pub fn read(account: &Section, context: &mut Context) -> Filter {
    let Some(section) = account
        .get("filter")
        .and_then(|field| field.section(&["clients", "sites", "devices", "device_kinds"], context))
    else {
        return Filter::default();
    };
    Filter {
        clients: names(&section, "clients", context),
        sites: names(&section, "sites", context),
        devices: names(&section, "devices", context),
        kinds: section.get("device_kinds").map(|field| kinds(&field, context)).unwrap_or_default(),
    }
}

fn names(filter: &Section, key: &str, context: &mut Context) -> NameFilter {
    let Some(section) = filter.get(key).and_then(|field| field.section(&["include", "exclude"], context)) else {
        return NameFilter::default();
    };
    let mut list = |key| section.get(key).map(|field| expressions(&field, context)).unwrap_or_default();
    let names = NameFilter { include: list("include"), exclude: list("exclude") };
    let is_included = |text: &str| names.include.iter().any(|included| included.as_str() == text);
    let both = names.exclude.iter().find(|excluded| is_included(excluded.as_str()));
    if let (Some(both), Some(field)) = (both, section.get("exclude")) {
        let text = in_quotes(written(both));
        let message =
            format!("{text} stands under include too, and exclude wins: nothing is left of it. Remove one of the two.");
        field.warn(&message, context);
    }
    names
}

fn kinds(field: &Field, context: &mut Context) -> Vec<Kind> {
    let Some(items) = field.list(context) else { return Vec::new() };
    if items.is_empty() {
        field.error("the list is empty, so no device would be left. Name kinds, or remove the key.", context);
    }
    let known = Kind::ALL.map(Kind::name);
    let mut kinds = Vec::new();
    for item in items {
        let Some(text) = item.text(context) else { continue };
        match Kind::ALL.into_iter().find(|kind| kind.name() == text) {
            Some(kind) if kinds.contains(&kind) => {}
            Some(kind) => kinds.push(kind),
            None => {
                item.error(format!("{} is no kind of device. Known kinds: {}.", shown(text), quote(&known)), context);
            }
        }
    }
    kinds
}
