//! What an examination found.

use serde::Serialize;

use crate::config::plan::AccountPlan;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Not examined, because an earlier step failed or there is nothing to examine. Neither good nor bad.
    Skip,
    /// Good.
    Ok,
    /// It works, but somebody should look.
    Warn,
    /// It does not work.
    Bad,
}

impl Verdict {
    /// The word in the report.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// One thing that was examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// How it stands.
    pub verdict: Verdict,
    /// What was examined, one word.
    pub step: &'static str,
    /// Of what: an address family, a collector, a mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What was found.
    pub finding: String,
    /// What to do; there whenever the verdict is warn or bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Line {
    /// Good.
    pub fn ok(step: &'static str, finding: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, step, subject: None, finding: plain(finding.into()), remedy: None }
    }

    /// Not examined, and why.
    pub fn skip(step: &'static str, why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skip, ..Self::ok(step, why) }
    }

    /// It works, but.
    pub fn warn(step: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, remedy: Some(plain(remedy.into())), ..Self::ok(step, finding) }
    }

    /// It does not work.
    pub fn bad(step: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, ..Self::warn(step, finding, remedy) }
    }

    /// The same, about `subject`.
    #[must_use]
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    /// What was examined, in words.
    #[must_use]
    pub fn what(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{} {subject}", self.step),
            None => self.step.to_owned(),
        }
    }
}

/// Names come from servers and go to a terminal: what would steer it, or turn the direction of the text, becomes a blank.
fn plain(text: String) -> String {
    let steers =
        |letter: char| letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(steers) { text.replace(steers, " ") } else { text }
}

/// What was found of one account.
#[derive(Clone, Debug, Serialize)]
pub struct AccountReport {
    /// Its name.
    pub account: String,
    /// `nsight` or `tactical`.
    pub platform: &'static str,
    /// Host of the server, with its port where that is unusual.
    pub server: String,
    /// The worst of its lines.
    pub verdict: Verdict,
    /// How many requests were made for it.
    pub calls: u64,
    /// Everything that was examined, in that order.
    pub lines: Vec<Line>,
    /// The numbers behind the lines `budget` and `sweep`, as `check-config` has them; `None` when the fleet is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<AccountPlan>,
}

/// What was found of every account, in the order of the configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Nothing is bad.
    pub ok: bool,
    /// What is allowed in the configuration but worth saying.
    pub warnings: Vec<String>,
    /// The accounts.
    pub accounts: Vec<AccountReport>,
}

impl Report {
    /// A report of these accounts.
    #[must_use]
    pub fn new(warnings: Vec<String>, accounts: Vec<AccountReport>) -> Self {
        Self { ok: accounts.iter().all(|account| account.verdict != Verdict::Bad), warnings, accounts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_steer_the_terminal() {
        let line = Line::bad("mapping", "called \u{1b}[31mX\n", "take\u{202e} one of: Müller 日本");
        assert_eq!(
            (line.finding.as_str(), line.remedy.as_deref()),
            ("called  [31mX ", Some("take  one of: Müller 日本"))
        );
    }
}
