//! What comes first: what is wrong, and one line for each account.

use std::fmt::{self, Write as _};

use super::words::{Counted, Escaped, Late, Moment, Number};
use super::{Page, Tone, health_badge, platform};
use crate::http::overview::{Account, State};
use crate::http::problems::{Health, Kind, Problem};

/// So many lines of what is wrong are open; the others one key away.
const MOST_LINES: usize = 10;

/// All in one sentence, and how bad it is.
pub(super) fn headline(accounts: &[Account], problems: &[Problem]) -> (Tone, String) {
    let count = |wanted: &[Health]| accounts.iter().filter(|account| wanted.contains(&account.health)).count();
    let (all, bad) = (accounts.len(), count(&[Health::Down, Health::Impaired]));
    let tone = if count(&[Health::Down]) > 0 { Tone::Bad } else { Tone::Warn };
    match (bad, count(&[Health::Starting])) {
        (0, _) if !problems.is_empty() => (tone, "The configuration needs attention".to_owned()),
        (0, _) if all == 0 => (Tone::Calm, "No account is configured".to_owned()),
        (0, 0) => (Tone::Good, "The exporter is well".to_owned()),
        (0, starting) => {
            (Tone::Calm, format!("Starting: {}", of_all(starting, all, "has", "have") + " not answered yet"))
        }
        (bad, _) => (tone, of_all(bad, all, "needs", "need") + " attention"),
    }
}

/// `2 of 5 accounts need`; `The account needs` where there is only one.
fn of_all(some: usize, all: usize, singular: &str, plural: &str) -> String {
    match (some, all) {
        (_, 1) => format!("The account {singular}"),
        (1, _) => format!("1 of {all} accounts {singular}"),
        _ => format!("{some} of {all} accounts {plural}"),
    }
}

/// What is wrong, by account.
pub(super) fn write_news(html: &mut String, page: &Page<'_>, tone: Tone, headline: &str) -> fmt::Result {
    let class = tone.class();
    writeln!(html, "<section class=\"news {class}\" aria-labelledby=\"news\">\n<h2 id=\"news\">{headline}</h2>")?;
    let accounts = &page.overview.accounts;
    let lines: Vec<_> = page.overview.problems.chunk_by(|one, next| one.account == next.account).collect();
    let (open, more) = lines.split_at(lines.len().min(MOST_LINES));
    if lines.is_empty() && !accounts.is_empty() {
        let collectors: usize = accounts.iter().map(|account| account.collectors.len()).sum();
        let (accounts, collectors) =
            (Counted(accounts.len() as u64, "account"), Counted(collectors as u64, "collector"));
        writeln!(
            html,
            "<p class=\"soft\">{accounts}, {collectors}. This page tells how the polling goes; how devices and checks \
             are is in the metrics.</p>"
        )?;
    }
    if !open.is_empty() {
        write_lines(html, page, open)?;
    }
    if !more.is_empty() {
        writeln!(html, "<details><summary>{} more</summary>", Number(more.len() as u64))?;
        write_lines(html, page, more)?;
        html.push_str("</details>\n");
    }
    html.push_str("</section>\n");
    Ok(())
}

fn write_lines(html: &mut String, page: &Page<'_>, lines: &[&[Problem]]) -> fmt::Result {
    html.push_str("<ul>\n");
    for line in lines {
        html.push_str("<li>");
        let name = line.first().and_then(|problem| problem.account.as_deref());
        if let Some(name) = name {
            write!(html, "<a href=\"{}\">{}</a>:", page.place(name), Escaped(name))?;
        }
        let backoff = page.overview.accounts.iter().find(|account| Some(account.name.as_str()) == name);
        let backoff = backoff.and_then(|account| account.backoff_until);
        for problem in *line {
            match backoff {
                Some(until) if problem.kind == Kind::BackingOff => {
                    write!(html, " Next call {}.", Moment(until.0, page.overview.time.0))?;
                }
                _ => write!(html, " {}", Escaped(&problem.text))?,
            }
        }
        html.push_str("</li>\n");
    }
    html.push_str("</ul>\n");
    Ok(())
}

/// One line for each account.
pub(super) fn write_accounts(html: &mut String, page: &Page<'_>) -> fmt::Result {
    html.push_str(
        "<section aria-labelledby=\"accounts\">\n<h2 id=\"accounts\">Accounts</h2>\n<table>\n\
         <caption>One line for each account, the worst first</caption>\n<thead><tr><th scope=\"col\">Account</th>\
         <th scope=\"col\">State</th><th scope=\"col\">Platform</th><th scope=\"col\">Server</th>\
         <th scope=\"col\">Collectors</th><th scope=\"col\">Series</th><th scope=\"col\">Calls waiting</th></tr></thead>\n\
         <tbody>\n",
    );
    for account in page.sorted() {
        write!(
            html,
            "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th><td data-label=\"State\">{}</td>\
             <td data-label=\"Platform\">{}</td><td data-label=\"Server\">{}</td><td data-label=\"Collectors\">",
            page.place(&account.name),
            Escaped(&account.name),
            health_badge(account.health),
            platform(account.platform),
            Escaped(&account.server),
        )?;
        write_collectors(html, account)?;
        html.push_str("</td><td data-label=\"Series\">");
        match account.series {
            Some(series) => write!(html, "{}", Number(series))?,
            None => html.push_str("unknown"),
        }
        html.push_str("</td><td data-label=\"Calls waiting\">");
        match account.queue_length {
            0 => html.push_str("none"),
            calls => write!(html, "{}, for up to {}", Number(calls), Late(account.oldest_due_seconds))?,
        }
        html.push_str("</td></tr>\n");
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
    Ok(())
}

/// How many are well, and how many are not.
fn write_collectors(html: &mut String, account: &Account) -> fmt::Result {
    let all = account.collectors.len();
    let bad = account.collectors.iter().filter(|collector| collector.state.is_bad()).count();
    let waiting = |state| matches!(state, State::NoDataYet | State::WaitingForInventory);
    let waiting = account.collectors.iter().filter(|collector| waiting(collector.state)).count();
    write!(html, "{} of {all} ok", all - bad - waiting)?;
    if bad > 0 {
        write!(html, ", <b>{bad} not well</b>")?;
    }
    if waiting > 0 {
        write!(html, ", {waiting} without data yet")?;
    }
    Ok(())
}
