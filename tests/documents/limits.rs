//! docs/limits.md has the numbers that the code has.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use regex::Regex;

use super::root;

/// These places have tables or no bounds of their own: the demo and the doctor are not the exporter, the others are documented
/// where they belong.
const ELSEWHERE: [&str; 3] = ["demo/", "doctor/", "fuzz/"];

/// What looks like a bound and is none of an input: how much of a list is shown, what is believed of a clock or a number.
const NO_BOUNDS: [&str; 7] = [
    "config/text.rs MOST_SHOWN",
    "fleet/unmatched.rs MOST_SHOWN",
    "http/web/mod.rs MOST_READINGS",
    "managed_antivirus.rs MOST_AHEAD",
    "planner/backoff.rs MOST_JITTER",
    "planner/schedule.rs MOST_ADDED",
    "server.rs MOST_DAYS",
];

/// Every constant of the sources outside tests, by `path NAME` below src, with its expression.
fn constants() -> HashMap<String, String> {
    let declaration = Regex::new(r"(?m)^(?:pub(?:\([a-z]+\))? )?const ([A-Z_]+): [A-Za-z0-9:]+ =\s+([^;]+);").unwrap();
    let mut found = HashMap::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                let name = path.strip_prefix(root().join("src")).unwrap().display().to_string();
                for constant in declaration.captures_iter(&fs::read_to_string(&path).unwrap()) {
                    found.insert(format!("{name} {}", &constant[1]), constant[2].to_owned());
                }
            }
        }
    }
    found
}

/// The value of an expression such as `64 * 1024`, `1 << 20` or `Duration::from_secs(10)`, durations in milliseconds.
fn value(expression: &str) -> Option<u64> {
    let call = Regex::new(r"^(?:std::time::)?Duration::from_([a-z]+)\((.*)\)$").unwrap();
    if let Some(duration) = call.captures(expression) {
        return Some(value(&duration[2])? * unit(&duration[1])?);
    }
    if let Some((number, shift)) = expression.split_once("<<") {
        return Some(value(number)? << value(shift)?);
    }
    expression.split('*').map(|factor| factor.trim().replace('_', "").parse::<u64>().ok()).product()
}

/// How many bytes, or milliseconds, a unit has.
fn unit(word: &str) -> Option<u64> {
    Some(match word {
        "bytes" | "millis" | "ms" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "secs" | "s" => 1000,
        "mins" | "min" => 60_000,
        "hours" | "h" => 3_600_000,
        _ => return None,
    })
}

/// The number in a cell, such as `64 MiB` or `200,000`.
fn number(cell: &str) -> Option<u64> {
    let number = Regex::new(r"([0-9][0-9,]*)(?: ([A-Za-z]+))?").unwrap();
    let found = number.captures(cell)?;
    let factor = found.get(2).map_or(Some(1), |word| unit(word.as_str()))?;
    Some(found[1].replace(',', "").parse::<u64>().ok()? * factor)
}

/// The rows that name a constant: what is bounded, the number, `path NAME`.
fn rows() -> Vec<(String, String, String)> {
    let place = Regex::new(r"^`([a-z_/]+\.rs)` `([A-Z_]+)`$").unwrap();
    let text = fs::read_to_string(Path::new(root()).join("docs/limits.md")).unwrap();
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [what, most, _, _, source] = cells.as_slice() else { panic!("five columns: {line}") };
        if let Some(place) = place.captures(source) {
            rows.push(((*what).to_owned(), (*most).to_owned(), format!("{} {}", &place[1], &place[2])));
        } else {
            assert!(["–", "in the source", "---"].contains(source), "no constant: {line}");
        }
    }
    rows
}

#[test]
fn limits_are_those_of_the_code() {
    let constants = constants();
    let rows = rows();
    assert!(rows.len() > 40, "{}", rows.len());
    for (what, most, constant) in &rows {
        let expression = constants.get(constant).unwrap_or_else(|| panic!("{what}: there is no {constant}"));
        let actual = value(expression).unwrap_or_else(|| panic!("{constant} = {expression} is not understood"));
        assert_eq!(number(most), Some(actual), "{what}: {constant} = {expression}");
    }
}

#[test]
fn every_limit_of_the_code_is_documented() {
    let rows = rows();
    let is_bound = |name: &str| name.starts_with("MAX_") || name.starts_with("MOST_");
    let missing: Vec<_> = constants()
        .into_keys()
        .filter(|constant| constant.split_once(' ').is_some_and(|(_, name)| is_bound(name)))
        .filter(|constant| !ELSEWHERE.iter().any(|folder| constant.starts_with(folder)))
        .filter(|constant| !NO_BOUNDS.iter().any(|other| constant.ends_with(other)))
        .filter(|constant| !rows.iter().any(|(_, _, documented)| documented == constant))
        .collect();
    assert!(missing.is_empty(), "docs/limits.md has no row for {missing:?}");
}

#[test]
fn numbers_are_understood() {
    for (cell, expression) in [
        ("64 MiB", "64 * 1024 * 1024"),
        ("1 MiB", "1 << 20"),
        ("200,000", "200_000"),
        ("1 min", "Duration::from_secs(60)"),
        ("24 h", "Duration::from_mins(24 * 60)"),
        ("one part in 10", "10"),
    ] {
        assert!(number(cell).is_some() && number(cell) == value(expression), "{cell} {expression}");
    }
    assert_eq!((value("OTHER"), value("Duration::MAX"), number("any")), (None, None, None));
}
