//! The report as text for a terminal.

use super::report::{AccountReport, Line, Report, Verdict};
use crate::wrap::wrap;

/// The widest line. Only a single word that is longer goes beyond.
const WIDTH: usize = 120;

/// The report, every line fit for 120 columns; `coloured` for a terminal.
#[must_use]
pub fn render(report: &Report, coloured: bool) -> String {
    let mut text = String::new();
    for row in report.warnings.iter().flat_map(|warning| wrap(&format!("warning: {warning}"), WIDTH)) {
        text.push_str(&row);
        text.push('\n');
    }
    for (index, account) in report.accounts.iter().enumerate() {
        if index > 0 || !text.is_empty() {
            text.push('\n');
        }
        render_account(account, coloured, &mut text);
    }
    text.push('\n');
    text.push_str(&summary(report));
    text
}

fn summary(report: &Report) -> String {
    let count =
        |verdict| report.accounts.iter().flat_map(|one| &one.lines).filter(|line| line.verdict == verdict).count();
    let (bad, warn) = (count(Verdict::Bad), count(Verdict::Warn));
    match (bad, warn) {
        (0, 0) => "All is well.\n".to_owned(),
        _ => format!("{bad} bad, {warn} to look at.\n"),
    }
}

fn render_account(account: &AccountReport, coloured: bool, text: &mut String) {
    let calls = if account.calls == 1 { "call" } else { "calls" };
    let AccountReport { account: name, platform, server, calls: made, .. } = account;
    let head = format!("account {name} ({platform}, {server}; {made} {calls})\n");
    text.push_str(&head);
    let width = account.lines.iter().map(|line| line.what().chars().count()).max().unwrap_or_default();
    for line in &account.lines {
        render_line(line, width, coloured, text);
    }
}

fn render_line(line: &Line, width: usize, coloured: bool, text: &mut String) {
    let margin = 2 + 4 + 2 + width + 2;
    let room = WIDTH.saturating_sub(margin).max(40);
    let word = format!("{:<4}", line.verdict.word());
    let word = if coloured { colour(line.verdict, &word) } else { word };
    let mut start = format!("  {word}  {:<width$}  ", line.what());
    let remedy = line.remedy.as_ref().map(|remedy| format!("remedy: {remedy}"));
    for row in wrap(&line.finding, room).into_iter().chain(remedy.iter().flat_map(|remedy| wrap(remedy, room))) {
        text.push_str(&start);
        text.push_str(&row);
        text.push('\n');
        start = " ".repeat(margin);
    }
}

fn colour(verdict: Verdict, word: &str) -> String {
    let code = match verdict {
        Verdict::Skip => 2,
        Verdict::Ok => 32,
        Verdict::Warn => 33,
        Verdict::Bad => 31,
    };
    format!("\u{1b}[{code}m{word}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(lines: Vec<Line>) -> Report {
        let verdict = lines.iter().map(|line| line.verdict).max().unwrap_or(Verdict::Skip);
        let account = AccountReport {
            account: "msp-uk".to_owned(),
            platform: "nsight",
            server: "www.systemmonitor.co.uk".to_owned(),
            verdict,
            calls: 1,
            lines,
            plan: None,
        };
        Report::new(vec!["a default is odd.".to_owned()], vec![account])
    }

    #[test]
    fn findings_stand_in_columns_and_remedies_below_them() {
        let report = report(vec![
            Line::ok("name", "192.0.2.1"),
            Line::skip("tls", "http:// has none").about("proxy"),
            Line::bad("key", "not accepted", "make a new one"),
        ]);
        let expected = "warning: a default is odd.\n\n\
                        account msp-uk (nsight, www.systemmonitor.co.uk; 1 call)\n  \
                        ok    name       192.0.2.1\n  \
                        skip  tls proxy  http:// has none\n  \
                        bad   key        not accepted\n                   \
                        remedy: make a new one\n\n\
                        1 bad, 0 to look at.\n";
        assert_eq!(render(&report, false), expected);
        assert!(!report.ok);
        assert!(render(&report, true).contains("\u{1b}[31mbad \u{1b}[0m  key"));
    }

    #[test]
    fn no_line_is_wider_than_120_columns() {
        let report = report(vec![Line::warn("permission", "ä ".repeat(400), "word ".repeat(90)).about("x".repeat(40))]);
        let text = render(&report, false);
        assert!(text.lines().count() > 8);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
