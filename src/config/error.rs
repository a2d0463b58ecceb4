//! What is wrong with a configuration, all of it, in words that say where, why and what to do.

use std::fmt;

/// So many errors are shown; what follows is mostly their consequence.
pub const MOST_SHOWN: usize = 100;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file as the user named it, or `environment`.
    pub source: String,
    /// Line and column, both counted from 1; `None` when the fault has no place in a file.
    pub position: Option<(usize, usize)>,
    /// The key, such as `accounts[1].collectors.checks.interval`; the variable's name for the environment; may be empty.
    pub key: String,
    /// The rule that is broken and the remedy. Never holds a secret.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Everything that is wrong, in the order of the file. Displayed one error a line, the first hundred of them, with their
/// number in the last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The errors; at least one.
    pub errors: Vec<ConfigError>,
    /// What is worth saying besides, such as a misspelt variable.
    pub warnings: Vec<String>,
}

impl ConfigErrors {
    /// The errors in the order of their places.
    #[must_use]
    pub fn new(mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by_key(|error| error.position.unwrap_or((usize::MAX, usize::MAX)));
        Self { errors, warnings: Vec::new() }
    }

    /// A single error without a place in a file.
    #[must_use]
    pub fn single(source: &str, message: String) -> Self {
        Self::new(vec![ConfigError { source: source.to_owned(), position: None, key: String::new(), message }])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        for error in self.errors.iter().take(MOST_SHOWN) {
            writeln!(f, "{error}")?;
        }
        if let more @ 1.. = self.errors.len().saturating_sub(MOST_SHOWN) {
            writeln!(f, "and {more} more")?;
        }
        match self.errors.len() {
            1 => f.write_str("1 error"),
            count => write!(f, "{count} errors"),
        }
    }
}

impl std::error::Error for ConfigErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_shown_in_the_order_of_the_file() {
        let error = |line, message: &str| ConfigError {
            source: "a.yml".to_owned(),
            position: Some((line, 3)),
            key: "accounts".to_owned(),
            message: message.to_owned(),
        };
        let errors = ConfigErrors::new(vec![error(12, "second"), error(2, "first")]);
        assert_eq!(errors.to_string(), "a.yml:2:3: accounts: first\na.yml:12:3: accounts: second\n2 errors");
        let mut one = ConfigErrors::single("environment", "nothing".to_owned());
        assert_eq!(one.to_string(), "environment: nothing\n1 error");
        one.warnings.push("look there".to_owned());
        assert_eq!(one.to_string(), "warning: look there\nenvironment: nothing\n1 error");
        let many = ConfigErrors::new((1..=175).map(|line| error(line, "x")).collect()).to_string();
        assert_eq!(many.lines().count(), 102);
        assert!(many.ends_with("a.yml:100:3: accounts: x\nand 75 more\n175 errors"), "{many}");
    }
}
