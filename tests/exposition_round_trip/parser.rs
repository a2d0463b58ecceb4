//! A reader of both text formats that shares nothing with what writes them.

use std::collections::BTreeMap;

/// A metric family as it is exposed.
#[derive(Debug)]
pub struct Family {
    pub name: String,
    pub kind: String,
    pub help: String,
    pub samples: Vec<Sample>,
}

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// Reads Prometheus text 0.0.4, or OpenMetrics text 1.0.0.
///
/// # Panics
///
/// When the text is not of the format, a family comes twice, or a sample stands under another family.
pub fn parse(text: &str, open_metrics: bool) -> Vec<Family> {
    let body = if open_metrics { text.strip_suffix("# EOF\n").expect("# EOF at the end") } else { text };
    assert!(body.is_empty() || body.ends_with('\n'), "the last line is ended");
    let mut families: Vec<Family> = Vec::new();
    let mut lines = body.split_terminator('\n');
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("HELP name text");
            let declared = lines.next().and_then(|line| line.strip_prefix("# TYPE ")).expect("TYPE after HELP");
            let (typed, kind) = declared.split_once(' ').expect("TYPE name type");
            assert_eq!(name, typed);
            assert!(families.iter().all(|family| family.name != name), "{name} comes twice");
            let (name, kind, help) = (name.to_owned(), kind.to_owned(), unescape(help, open_metrics));
            families.push(Family { name, kind, help, samples: Vec::new() });
        } else {
            assert!(!line.starts_with('#'), "{line}");
            let sample = sample(line);
            let family = families.last_mut().expect("a sample has a family");
            let suffix =
                sample.name.strip_prefix(family.name.as_str()).unwrap_or_else(|| panic!("{line} in {}", family.name));
            let good = match (family.kind.as_str(), open_metrics) {
                ("counter", true) => suffix == "_total",
                ("counter", false) | ("gauge", _) => suffix.is_empty(),
                ("histogram", _) => ["_bucket", "_sum", "_count"].contains(&suffix),
                other => panic!("{other:?}"),
            };
            assert!(good, "{line} in {} {}", family.kind, family.name);
            family.samples.push(sample);
        }
    }
    families
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line}"));
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, quoted) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(label), "{line}");
            let bytes = quoted.as_bytes();
            let mut end = 0;
            while bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            let before = labels.insert(label.to_owned(), unescape(&quoted[..end], true));
            assert_eq!(before, None, "{label} comes twice in {line}");
            rest = &quoted[end + 1..];
            match rest.as_bytes()[0] {
                b',' => rest = &rest[1..],
                b'}' => break,
                other => panic!("{other} in {line}"),
            }
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
    let value = if value == "+Inf" { f64::INFINITY } else { value.parse().unwrap_or_else(|_| panic!("{line}")) };
    Sample { name: name.to_owned(), labels, value }
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn unescape(text: &str, quotes: bool) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        plain.push(match (c, quotes) {
            ('\\', _) => match characters.next() {
                Some('n') => '\n',
                Some('\\') => '\\',
                Some('"') if quotes => '"',
                other => panic!("the escape {other:?} in {text}"),
            },
            ('"', true) => panic!("a bare quote in {text}"),
            _ => c,
        });
    }
    plain
}
