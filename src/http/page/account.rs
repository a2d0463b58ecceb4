//! One account in full, with its collectors.

use std::fmt::{self, Write as _};

use jiff::Timestamp;

use super::words::{Bytes, Counted, Escaped, Exact, Late, Moment, Number, Span};
use super::{Page, badge, encoded, health_badge, platform, state_words};
use crate::http::overview::{Account, Collector, StateDirectory, Time};
use crate::http::problems;

/// The section of an account.
pub(super) fn write(html: &mut String, page: &Page<'_>, account: &Account) -> fmt::Result {
    let (id, now) = (page.id(&account.name), page.overview.time.0);
    let metrics = format!("{}?account={}", Escaped(page.telemetry_path), encoded(&account.name));
    writeln!(
        html,
        "<section id=\"{id}\" aria-labelledby=\"{id}-name\">\n<h2 id=\"{id}-name\">{} {}</h2>",
        Escaped(&account.name),
        health_badge(account.health)
    )?;
    let reason = if account.ready { "" } else { account.reason_not_ready() };
    if !reason.is_empty() {
        writeln!(html, "<p>Not ready: {}.</p>", Escaped(reason))?;
    }
    // The reason may be the error: once is enough.
    if let Some(error) = account.last_error.as_ref().filter(|error| !reason.contains(error.as_str())) {
        writeln!(html, "<p>Last error: {}.</p>", Escaped(error))?;
    }
    if account.last_error.is_some() {
        html.push_str(
            "<p class=\"soft\">The log has what the server said; <code>rmm-exporter doctor</code> looks for the cause.</p>\n",
        );
    }
    if !account.families_withheld.is_empty() {
        html.push_str("<p>Withheld, because there are more series than <code>max_series</code>: ");
        for (position, family) in account.families_withheld.iter().enumerate() {
            let separator = if position > 0 { ", " } else { "" };
            write!(html, "{separator}{} ({} series)", Escaped(family.name), Number(family.series))?;
        }
        html.push_str(".</p>\n");
    }
    write_facts(html, account, &metrics, now)?;
    write!(
        html,
        "<table class=\"collectors\">\n<caption>Collectors of {}, the worst first</caption>\n<thead><tr><th scope=\"col\">Collector</th>\
         <th scope=\"col\">State</th><th scope=\"col\">Newest data</th><th scope=\"col\">Interval</th>\
         <th scope=\"col\">Last run took</th><th scope=\"col\">Next run</th><th scope=\"col\">Fresh</th>\
         <th scope=\"col\">Last error</th><th scope=\"col\">Metrics</th></tr></thead>\n<tbody>\n",
        Escaped(&account.name)
    )?;
    let mut collectors: Vec<_> = account.collectors.iter().collect();
    collectors.sort_by_key(|collector| !collector.state.is_bad());
    for collector in collectors {
        write_collector(html, account, collector, &metrics, now)?;
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
    Ok(())
}

fn write_facts(html: &mut String, account: &Account, metrics: &str, now: Timestamp) -> fmt::Result {
    write!(
        html,
        "<dl class=\"facts\">\n<div><dt>Platform</dt><dd>{}</dd></div>\n<div><dt>Server</dt><dd>{}</dd></div>\n\
         <div><dt>Series</dt><dd>",
        platform(account.platform),
        Escaped(&account.server)
    )?;
    match account.series {
        Some(series) => write!(html, "{}", Number(series))?,
        None => html.push_str("unknown"),
    }
    if let Some(dropped @ 1..) = account.series_dropped {
        write!(html, ", {} left out", Number(dropped))?;
    }
    write!(html, " (<a href=\"{metrics}\">metrics of this account</a>)</dd></div>\n<div><dt>Budget</dt><dd>")?;
    write!(
        html,
        "{} a minute, identical ones at least {} apart</dd></div>\n<div><dt>Queue</dt><dd>",
        Counted(account.requests_per_minute.into(), "call"),
        Span(account.min_interval_seconds)
    )?;
    let oldest = Late(account.oldest_due_seconds);
    match account.queue_length {
        0 => html.push_str("no call waits"),
        1 => write!(html, "1 call waits, for {oldest}")?,
        calls => write!(html, "{} calls wait, the oldest for {oldest}", Number(calls))?,
    }
    html.push_str("</dd></div>\n");
    if let Some(Time(until)) = account.backoff_until {
        let why = problems::backoff(account.backoff_reason);
        writeln!(html, "<div><dt>Back-off</dt><dd>next call {}: {why}</dd></div>", Moment(until, now))?;
    }
    html.push_str("<div><dt>State on disk</dt><dd>");
    match account.state_directory {
        Some(StateDirectory { writing: true, size_bytes, .. }) => write!(html, "written, {}", Bytes(size_bytes))?,
        Some(_) => html.push_str("cannot be written, in memory only"),
        None => html.push_str("none"),
    }
    html.push_str("</dd></div>\n</dl>\n");
    Ok(())
}

fn write_collector(
    html: &mut String,
    account: &Account,
    collector: &Collector,
    metrics: &str,
    now: Timestamp,
) -> fmt::Result {
    let (tone, word) = state_words(collector.state);
    let name = Escaped(collector.name);
    write!(
        html,
        "<tr><th scope=\"row\">{name}</th><td data-label=\"State\">{}</td><td data-label=\"Newest data\">",
        badge(tone, word)
    )?;
    match collector.last_success {
        Some(Time(time)) => write!(html, "{}", Moment(time, now))?,
        None => html.push_str("never"),
    }
    let interval = Span(collector.interval_seconds);
    write!(html, "</td><td data-label=\"Interval\">{interval}</td><td data-label=\"Last run took\">")?;
    match collector.last_duration_seconds {
        Some(seconds) => write!(html, "{}", Span(seconds))?,
        None => html.push_str("unknown"),
    }
    html.push_str("</td><td data-label=\"Next run\">");
    write_next(html, account, collector, now)?;
    html.push_str("</td><td data-label=\"Fresh\">");
    write_coverage(html, collector)?;
    html.push_str("</td><td data-label=\"Last error\">");
    match &collector.last_error {
        Some(error) => {
            let (outcome, meaning) = (error.outcome.name(), error.outcome.meaning());
            let when = Moment(error.time.0, now);
            write!(html, "<span title=\"{}: {}\">{outcome}</span>, {when}", Escaped(error.call), Escaped(meaning))?;
        }
        None if collector.targets_failed > 0 => html.push_str("unknown, before the start"),
        None => html.push_str("none"),
    }
    writeln!(
        html,
        "</td><td><a href=\"{metrics}&amp;collect%5B%5D={name}\">metrics<span class=\"unseen\"> of {name}</span></a></td></tr>"
    )
}

/// When something of it is asked next.
fn write_next(html: &mut String, account: &Account, collector: &Collector, now: Timestamp) -> fmt::Result {
    // The key may not read it: nothing happens before this time.
    if let Some(Time(next_try)) = collector.off_until {
        return write!(html, "next try {}", Moment(next_try, now));
    }
    match (collector.next_due, account.backoff_until) {
        (None, _) => write!(html, "unknown"),
        (Some(Time(due)), Some(Time(until))) if due < until => write!(html, "{}", Exact(until, "after the back-off")),
        // It is due: it waits for budget, a free place or the end of a pause.
        (Some(Time(due)), _) if due <= now => write!(html, "{}", Exact(due, "waiting for its turn")),
        (Some(Time(due)), _) => write!(html, "{}", Moment(due, now)),
    }
}

/// How much of what it asks for is known and not old.
fn write_coverage(html: &mut String, collector: &Collector) -> fmt::Result {
    match collector.targets {
        0 => html.push_str("nothing asked"),
        targets => write!(html, "{} of {}", Number(collector.targets_fresh), Number(targets))?,
    }
    if collector.targets_failed > 0 {
        write!(html, ", <b>{} failed</b>", Number(collector.targets_failed))?;
    }
    if collector.targets_off > 0 {
        write!(html, ", <b>{} off</b>", Number(collector.targets_off))?;
    }
    Ok(())
}
