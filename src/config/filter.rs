//! Regular expressions and the `filter` section.

use regex::{Regex, RegexBuilder};

use super::reader::{Context, Field, Section};
use super::text::{quote, shown};
use crate::fleet::filter::NameFilter;
use crate::fleet::{Filter, Kind};

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

/// Reads a regular expression that must match a whole name or text.
pub fn anchored(field: &Field, context: &mut Context) -> Option<Regex> {
    let text = field.text(context)?;
    // It has to be good by itself: the brackets around it could close some of its own.
    expression(field, text, context)?;
    // `^X` alone would match nothing but X itself, which is rarely what its author had in mind.
    if text.starts_with('^') && !text.ends_with(['$', '*', '+', ')', '}']) {
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
    NameFilter { include: list("include"), exclude: list("exclude") }
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
