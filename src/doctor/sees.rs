//! Words for what a key sees.

use super::report::Line;
use crate::config::AccountConfig;

/// The most names that a line lists.
const MOST_NAMES: usize = 10;

/// The first names, in words; `None` without any.
#[must_use]
pub fn listed(names: &[&str]) -> Option<String> {
    let mut shown: Vec<String> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| if name.is_empty() { "(without name)" } else { name }.to_owned())
        .collect();
    if names.len() > MOST_NAMES {
        shown.push(format!("and {} more", names.len() - MOST_NAMES));
    }
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// What is to be said when the key sees clients and the filter leaves none of them.
#[must_use]
pub fn with_filter(account: &AccountConfig, seen: usize, admitted: usize) -> Option<Line> {
    let filter = &account.filter.clients;
    let filters = !filter.include.is_empty() || !filter.exclude.is_empty();
    (filters && seen > 0 && admitted == 0).then(|| {
        Line::warn(
            "clients",
            format!("the key sees {seen} clients, and filter leaves none of them"),
            "compare filter.clients with the names in the RMM: expressions match whole names, with capitals",
        )
    })
}
