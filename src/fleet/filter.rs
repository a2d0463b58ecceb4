//! Which clients, sites and devices the user wants to see.

use regex::Regex;

use super::Kind;

/// Names to take and names to leave out; regular expressions that must match the whole name, as Prometheus' do.
#[derive(Clone, Debug, Default)]
pub struct NameFilter {
    /// When not empty, a name must match one of these.
    pub include: Vec<Regex>,
    /// A name that matches one of these is left out, also when it is included.
    pub exclude: Vec<Regex>,
}

impl NameFilter {
    /// Whether `name` (as in the label) passes.
    #[must_use]
    pub fn admits(&self, name: &str) -> bool {
        let matches = |expressions: &[Regex]| expressions.iter().any(|expression| expression.is_match(name));
        (self.include.is_empty() || matches(&self.include)) && !matches(&self.exclude)
    }
}

/// The `filter` section of an account. What it leaves out has no series and causes no per-device calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// By client name.
    pub clients: NameFilter,
    /// By site name.
    pub sites: NameFilter,
    /// By device name.
    pub devices: NameFilter,
    /// By kind; empty admits every kind. A device of unknown kind passes.
    pub kinds: Vec<Kind>,
}

impl Filter {
    /// Whether devices of `kind` pass.
    #[must_use]
    pub fn admits_kind(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclude_wins_over_include_and_an_empty_include_admits_all() {
        let expression = |text: &str| Regex::new(&format!("^(?:{text})$")).expect("valid");
        let filter = NameFilter { include: vec![expression("Acme.*")], exclude: vec![expression(".*Test")] };
        assert!(filter.admits("Acme GmbH"));
        assert!(!filter.admits("Acme Test"));
        assert!(!filter.admits("My Acme"));
        assert!(NameFilter::default().admits(""));
    }
}
