//! Reads typed values out of the YAML tree and notes every fault on the way, so that one run reports them all.

use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::duration;
use super::error::{ConfigError, MOST_SHOWN};
use super::text::{meant, quote, shown, suggest};
use super::tree::{Entry, Node, Place, Value};

/// Reads a file, as [`super::file::read`] does: of a larger one only so many bytes and one more.
pub type ReadFile = dyn Fn(&Path, u64) -> io::Result<Zeroizing<Vec<u8>>>;

/// What reading needs and what it finds.
pub struct Context<'e> {
    source: String,
    folder: PathBuf,
    /// Looks up an environment variable.
    pub environment: &'e dyn Fn(&str) -> Option<String>,
    /// Reads a file that the configuration names.
    pub files: &'e ReadFile,
    /// The faults so far.
    pub errors: Vec<ConfigError>,
    warnings: Vec<(Place, String)>,
}

impl<'e> Context<'e> {
    /// `source` is the file as the user named it; relative paths inside it start at its folder.
    #[must_use]
    pub fn new(source: &Path, environment: &'e dyn Fn(&str) -> Option<String>, files: &'e ReadFile) -> Self {
        Self {
            source: source.display().to_string(),
            folder: source.parent().map(Path::to_path_buf).unwrap_or_default(),
            environment,
            files,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Notes a fault.
    pub fn error(&mut self, place: Place, key: &str, message: String) {
        let (source, key) = (self.source.clone(), key.to_owned());
        self.errors.push(ConfigError { source, position: Some(place), key, message });
    }

    /// Whether there are more errors than are shown, so that dear work for further ones is in vain.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.errors.len() >= MOST_SHOWN
    }

    /// Notes a warning.
    pub fn warn(&mut self, place: Place, key: &str, message: &str) {
        self.warnings.push((place, format!("{}:{}:{}: {key}: {message}", self.source, place.0, place.1)));
    }

    /// The warnings in the order of the file.
    #[must_use]
    pub fn into_warnings(mut self) -> Vec<String> {
        self.warnings.sort_by_key(|(place, _)| *place);
        self.warnings.into_iter().map(|(_, warning)| warning).collect()
    }

    /// A path of the file, seen from the process.
    #[must_use]
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

/// The most entries of a list: accounts, regular expressions, products. An account is a task with connections of its own, an
/// expression up to two megabytes.
const MOST_ENTRIES: usize = 1000;

/// A mapping whose keys are known.
#[derive(Clone)]
pub struct Section<'t> {
    /// Its key path, such as `accounts[0].filter`; empty for the whole file.
    pub path: String,
    /// Where its faults are reported that belong to no key in it.
    pub place: Place,
    entries: &'t [Entry],
    /// The known keys that its unknown ones are misspellings of.
    meant: Vec<String>,
}

/// A key with its value.
#[derive(Clone)]
pub struct Field<'t> {
    /// Its key path, such as `accounts[0].name`.
    pub path: String,
    /// Where the key stands (in lists: the item).
    pub place: Place,
    node: &'t Node,
}

/// What a scalar is when nobody asks for anything special: YAML's core schema, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Truth,
    Number,
    Text,
}

fn kind_of(text: &str, plain: bool) -> Kind {
    if !plain {
        return Kind::Text;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Nothing,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Truth,
        _ if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && text.parse::<f64>().is_ok() => {
            Kind::Number
        }
        _ => Kind::Text,
    }
}

/// What YAML 1.1 took for a truth value besides `true` and `false`.
fn older_yaml(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" => Some(true),
        "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

fn kind_name(node: &Node) -> &'static str {
    match &node.value {
        Value::Scalar { text, plain } => match kind_of(text, *plain) {
            Kind::Nothing => "nothing",
            Kind::Truth => "true or false",
            Kind::Number => "a number",
            Kind::Text => "a text",
        },
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
        Value::Broken => "something unreadable",
    }
}

impl<'t> Section<'t> {
    /// Opens the mapping at the top of the file.
    pub fn top(node: &'t Node, known: &[&str], context: &mut Context) -> Option<Self> {
        Field { path: String::new(), place: node.place, node }.section(known, context)
    }

    /// The field of that name, if the file has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Field<'t>> {
        let entry = self.entries.iter().find(|entry| entry.key.as_deref() == Some(key))?;
        Some(Field { path: self.path_of(key), place: entry.place, node: &entry.node })
    }

    /// All fields, duplicates once.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'t str, Field<'t>)> {
        let mut fields: Vec<(&str, Field)> = Vec::new();
        let mut seen = HashSet::new();
        for entry in self.entries {
            if let Some(key) = entry.key.as_deref()
                && seen.insert(key)
            {
                fields.push((key, Field { path: self.path_of(key), place: entry.place, node: &entry.node }));
            }
        }
        fields
    }

    /// Notes a fault of the section as a whole. Not when a merge key, which was reported, may have brought what would mend it.
    pub fn error(&self, message: String, context: &mut Context) {
        if self.get("<<").is_none() {
            context.error(self.place, &self.path, message);
        }
    }

    /// Notes that a key is missing, any of `keys`. Not when one of them is there, misspelt: that is reported already, and one
    /// fault is not two.
    pub fn missing(&self, keys: &[&str], message: &str, context: &mut Context) {
        let is_misspelt = self.meant.iter().any(|meant| keys.contains(&meant.as_str()));
        if !is_misspelt {
            self.error(message.to_owned(), context);
        }
    }

    fn path_of(&self, key: &str) -> String {
        let key = shown(key);
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    /// Notes keys that are not text, come twice or, when `known` names any, are not known.
    fn check_keys(&mut self, known: &[&str], context: &mut Context) {
        let mut lines: HashMap<&str, usize> = HashMap::new();
        for entry in self.entries {
            let Some(key) = entry.key.as_deref() else {
                context.error(entry.place, &self.path, "a key must be a plain word.".to_owned());
                continue;
            };
            let path = self.path_of(key);
            let first = !lines.contains_key(key);
            let line = *lines.entry(key).or_insert(entry.place.0);
            if !first {
                context.error(
                    entry.place,
                    &path,
                    format!("this key stands in line {line} already. Keep one of the two."),
                );
            } else if key == "<<" {
                context.error(entry.place, &path, "YAML merge keys are not supported. Write the keys out.".to_owned());
            } else if !known.is_empty() && !known.contains(&key) {
                let remedy = if context.is_full() {
                    String::new()
                } else {
                    self.meant.extend(meant(key, known).map(str::to_owned));
                    suggest(key, known, "keys")
                };
                context.error(entry.place, &path, format!("unknown key. {remedy}").trim_end().to_owned());
            }
        }
    }
}

impl<'t> Field<'t> {
    /// Notes a fault of this field.
    pub fn error(&self, message: impl Into<String>, context: &mut Context) {
        context.error(self.place, &self.path, message.into());
    }

    /// Notes a warning about this field.
    pub fn warn(&self, message: &str, context: &mut Context) {
        context.warn(self.place, &self.path, message);
    }

    /// Whether the file has the key but no value for it.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(&self.node.value, Value::Scalar { text, plain } if kind_of(text, *plain) == Kind::Nothing)
    }

    /// The field of that name inside this mapping, however faulty the mapping is, which nobody checks or reports here.
    #[must_use]
    pub fn inner(&self, key: &str) -> Option<Self> {
        let Value::Mapping(entries) = &self.node.value else { return None };
        Section { path: self.path.clone(), place: self.place, entries, meant: Vec::new() }.get(key)
    }

    fn wrong_kind(&self, wanted: &str, remedy: &str, context: &mut Context) {
        match self.node.value {
            Value::Broken => {}
            _ if self.is_nothing() => {
                self.error(format!("the key has no value. Write {wanted}, or remove the key."), context);
            }
            _ => self.error(format!("this must be {wanted}, not {}. {remedy}", kind_name(self.node)), context),
        }
    }

    /// A text. What YAML takes for a number or a truth value is refused: quotes make it a text.
    pub fn text(&self, context: &mut Context) -> Option<&'t str> {
        match &self.node.value {
            Value::Scalar { text, plain } if kind_of(text, *plain) == Kind::Text => Some(text),
            Value::Scalar { .. } => {
                self.wrong_kind("a text", "Put it in quotes.", context);
                None
            }
            _ => {
                self.wrong_kind("a text", "Write one value.", context);
                None
            }
        }
    }

    /// A text, also one that YAML takes for a number or a truth value.
    pub fn scalar(&self, context: &mut Context) -> Option<&'t str> {
        let Value::Scalar { text, .. } = &self.node.value else {
            self.wrong_kind("a text", "Write one value.", context);
            return None;
        };
        Some(text)
    }

    /// A text with something in it besides white space, trimmed.
    pub fn nonempty_text(&self, context: &mut Context) -> Option<&'t str> {
        let text = self.text(context)?.trim();
        if text.is_empty() {
            self.error("this is empty. Write a value, or remove the key.", context);
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub fn boolean(&self, context: &mut Context) -> Option<bool> {
        match &self.node.value {
            Value::Scalar { text, plain } if kind_of(text, *plain) == Kind::Truth => {
                Some(text.eq_ignore_ascii_case("true"))
            }
            Value::Scalar { text, plain: true } if older_yaml(text).is_some() => {
                let meant = older_yaml(text).unwrap_or_default();
                self.error(format!("{} is a text in YAML 1.2. Write {meant}.", **text), context);
                None
            }
            _ => {
                self.wrong_kind("true or false", "Write true or false, without quotes.", context);
                None
            }
        }
    }

    /// A whole number; `why` explains the range and ends with a full stop.
    pub fn integer(&self, range: RangeInclusive<u64>, why: &str, context: &mut Context) -> Option<u64> {
        let (from, to) = (range.start(), range.end());
        let Value::Scalar { text, plain } = &self.node.value else {
            self.wrong_kind("a whole number", "Write one number.", context);
            return None;
        };
        if kind_of(text, *plain) != Kind::Number {
            self.wrong_kind("a whole number", "Write digits only, without quotes.", context);
            return None;
        }
        match text.parse::<u64>() {
            Ok(number) if range.contains(&number) => Some(number),
            Err(_) if text.contains(['.', 'e', 'E']) => {
                self.error(format!("{} is no whole number. Write digits only.", shown(text)), context);
                None
            }
            _ if *to == u64::from(u32::MAX) => {
                self.error(format!("{} is out of range. {why}Set {from} or more.", shown(text)), context);
                None
            }
            _ => {
                self.error(format!("{} is out of range. {why}Set {from} to {to}.", shown(text)), context);
                None
            }
        }
    }

    /// A duration with a unit.
    pub fn duration(&self, context: &mut Context) -> Option<Duration> {
        let Value::Scalar { text, .. } = &self.node.value else {
            self.wrong_kind("a duration", "Write a duration such as 90s, 15m, 2h or 1d.", context);
            return None;
        };
        if self.is_nothing() {
            self.wrong_kind("a duration such as 90s or 15m", "", context);
            return None;
        }
        duration::parse(text).map_err(|message| self.error(message, context)).ok()
    }

    /// A list of fields.
    pub fn list(&self, context: &mut Context) -> Option<Vec<Field<'t>>> {
        let Value::Sequence(nodes) = &self.node.value else {
            self.wrong_kind("a list", "Write [first, second], or one item a line, each after a dash.", context);
            return None;
        };
        if nodes.len() > MOST_ENTRIES {
            self.error(format!("the list has {} entries. At most {MOST_ENTRIES} are allowed.", nodes.len()), context);
            return None;
        }
        let item = |(index, node): (usize, &'t Node)| Field {
            path: format!("{}[{index}]", self.path),
            place: node.place,
            node,
        };
        Some(nodes.iter().enumerate().map(item).collect())
    }

    /// A mapping with these keys (any keys when `known` is empty). A key without value counts as an empty mapping's
    /// absence: no section, no fault.
    pub fn section(&self, known: &[&str], context: &mut Context) -> Option<Section<'t>> {
        if self.is_nothing() {
            return None;
        }
        let Value::Mapping(entries) = &self.node.value else {
            let keys = if known.is_empty() || known.len() > 8 {
                String::new()
            } else {
                format!(" with the keys {}", quote(known))
            };
            self.wrong_kind(&format!("a mapping{keys}"), "Write key: value, one a line.", context);
            return None;
        };
        let mut section = Section { path: self.path.clone(), place: self.place, entries, meant: Vec::new() };
        section.check_keys(known, context);
        Some(section)
    }
}
