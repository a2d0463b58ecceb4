//! The landing page: one plain HTML document, nothing loaded from anywhere.

use std::fmt::{self, Display, Write as _};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;

use super::overview::{Account, Collector, Configuration, Overview, State, Time};
use super::with_type;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5c6775;--line:#d9dee5;--page:#f6f7f9;--card:#fff;--good:#1a7f4b;--bad:#b3261e;\
--link:#1858b8}\
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#98a2b0;--line:#333b47;--page:#14181e;--card:#1c222a;--good:#5cc88f;\
--bad:#ff8a80;--link:#8ab4f8}}\
body{margin:0 auto;padding:2rem 1rem;max-width:62rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page)}\
h1{margin:0;font-size:1.5rem}h2{margin:0;font-size:1.15rem}a{color:var(--link)}\
p{margin:.4rem 0;overflow-wrap:anywhere}nav{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.4rem 0}.soft{color:var(--soft)}\
section{margin:1.2rem 0;padding:1rem 1.2rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem;overflow-x:auto}\
table{width:100%;border-collapse:collapse;margin-top:.6rem;font-variant-numeric:tabular-nums}\
th,td{padding:.3rem .8rem .3rem 0;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}\
th{font-weight:600;color:var(--soft);font-size:.85rem}tr:last-child td{border-bottom:0}\
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}\
@media (max-width:48rem){thead{display:none}tbody,td{display:block}tr{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem;\
padding:.5rem 0;border-bottom:1px solid var(--line)}tr:last-child{border-bottom:0}td{padding:0;border:0;white-space:normal}\
td[data-label]::before{content:attr(data-label) \": \";color:var(--soft);font-weight:400}td:first-child{font-weight:600}}";

/// The page.
pub(super) fn answer(overview: &Overview, telemetry_path: &str) -> Response {
    // The style is ours alone: only it carries the number that the policy names.
    let nonce = format!("{:032x}", rand::random::<u128>());
    let mut page = String::with_capacity(8192);
    // Writing to a string does not fail.
    let _ = write_page(&mut page, overview, telemetry_path, &nonce);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", page);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn write_page(page: &mut String, overview: &Overview, telemetry_path: &str, nonce: &str) -> fmt::Result {
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>rmm-exporter</title>\n\
         <style nonce=\"{nonce}\">{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>rmm-exporter</h1>\n\
         <p class=\"soft\">Prometheus exporter for N-able N-sight RMM and Tactical RMM · version {} · revision {}</p>\n\
         <nav><a href=\"{}\">Metrics</a><a href=\"/-/healthy\">Health</a><a href=\"/-/ready\">Readiness</a>\
         <a href=\"/api/v1/status\">Status as JSON</a></nav>\n",
        Escaped(overview.version),
        Escaped(overview.revision),
        Escaped(telemetry_path),
    )?;
    write_configuration(page, &overview.configuration, overview.time.0)?;
    page.push_str("</header>\n<main>\n");
    if overview.accounts.is_empty() {
        page.push_str("<section><p>No account is configured.</p></section>\n");
    }
    for account in &overview.accounts {
        write_account(page, account, overview.time.0)?;
    }
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

/// When the configuration was read, and whether the one that is used is the one that is there.
fn write_configuration(page: &mut String, configuration: &Configuration, now: Timestamp) -> fmt::Result {
    let Some(Time(read)) = configuration.last_success else { return Ok(()) };
    let read = Moment(read, now);
    if configuration.success {
        writeln!(page, "<p class=\"soft\">Configuration read {read}.</p>")
    } else {
        writeln!(
            page,
            "<p class=\"bad\">The last reload failed, see the log. In use is the configuration read {read}.</p>"
        )
    }
}

fn write_account(page: &mut String, account: &Account, now: Timestamp) -> fmt::Result {
    let platform = match account.platform {
        "nsight" => "N-sight",
        _ => "Tactical RMM",
    };
    let (class, state) = if account.up { ("good", "up") } else { ("bad", "down") };
    write!(
        page,
        "<section>\n<h2>{} <span class=\"{class}\">{state}</span></h2>\n<p class=\"soft\">{platform} · {} · {} series",
        Escaped(&account.name),
        Escaped(&account.server),
        account.series,
    )?;
    if account.series_dropped > 0 {
        write!(page, " · <span class=\"bad\">{} dropped</span>", account.series_dropped)?;
    }
    let oldest = Span(account.oldest_due_seconds);
    match account.queue_length {
        0 => (),
        1 => write!(page, " · 1 call waits, for {oldest}")?,
        calls => write!(page, " · {calls} calls wait, the oldest for {oldest}")?,
    }
    page.push_str("</p>\n");
    let reason = match &account.not_ready_reason {
        _ if account.ready => "",
        Some(reason) => reason,
        None => "waits for its first inventory",
    };
    if !reason.is_empty() {
        writeln!(page, "<p>Not ready: {}</p>", Escaped(reason))?;
    }
    // The reason may be the error: once is enough.
    if let Some(error) = account.last_error.as_ref().filter(|error| !reason.contains(error.as_str())) {
        writeln!(page, "<p class=\"bad\">Last error: {}</p>", Escaped(error))?;
    }
    if !account.families_withheld.is_empty() {
        page.push_str("<p class=\"bad\">Withheld, because there are more series than <code>max_series</code>: ");
        for (position, family) in account.families_withheld.iter().enumerate() {
            let separator = if position > 0 { ", " } else { "" };
            write!(page, "{separator}{} ({} series)", Escaped(family.name), family.series)?;
        }
        page.push_str(".</p>\n");
    }
    if let Some(Time(until)) = account.backoff_until.filter(|until| until.0 > now) {
        writeln!(page, "<p>Backing off: the next call {}.</p>", Moment(until, now))?;
    }
    page.push_str(
        "<table>\n<thead><tr><th>Collector</th><th>State</th><th>Interval</th><th>Newest data</th><th>Next call</th>\
         <th>Fresh</th><th>Failed</th></tr></thead>\n<tbody>\n",
    );
    for collector in &account.collectors {
        write_collector(page, collector, now)?;
    }
    page.push_str("</tbody>\n</table>\n</section>\n");
    Ok(())
}

fn write_collector(page: &mut String, collector: &Collector, now: Timestamp) -> fmt::Result {
    let (class, state) = match collector.state {
        State::SwitchedOff => ("bad", "switched off"),
        State::PartlySwitchedOff => ("bad", "partly switched off"),
        State::Failing => ("bad", "failing"),
        State::NothingToAsk => ("soft", "nothing to ask"),
        State::WaitingForInventory => ("soft", "waiting for the inventory"),
        State::NoDataYet => ("soft", "no data yet"),
        State::Ok => ("good", "ok"),
    };
    let name = Escaped(collector.name);
    let interval = Span(collector.interval_seconds);
    write!(page, "<tr><td>{name}</td><td class=\"{class}\">{state}")?;
    // The key may not read it: nothing happens before this time.
    if let Some(Time(next_try)) = collector.off_until {
        write!(page, ", next try {}", Moment(next_try, now))?;
    }
    write!(page, "</td><td data-label=\"Interval\">every {interval}</td>")?;
    page.push_str("<td data-label=\"Newest data\">");
    match collector.last_success {
        Some(Time(time)) => write!(page, "{}", Moment(time, now))?,
        None => page.push('–'),
    }
    page.push_str("</td><td data-label=\"Next call\">");
    match collector.next_due {
        // It is due: it waits for budget, a free place or the end of a pause.
        Some(Time(time)) if time <= now => write!(page, "<time title=\"{time:.0}\">waiting</time>")?,
        Some(Time(time)) => write!(page, "{}", Moment(time, now))?,
        None => page.push('–'),
    }
    page.push_str("</td><td data-label=\"Fresh\">");
    match collector.targets {
        0 => page.push('–'),
        targets => write!(page, "{} of {targets}", collector.targets_fresh)?,
    }
    let failed = if collector.targets_failed > 0 { " class=\"bad\"" } else { "" };
    writeln!(page, "</td><td data-label=\"Failed\"{failed}>{}</td></tr>", collector.targets_failed)
}

/// Text inside HTML, also inside a quoted attribute.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A number of seconds as people say it: `90 s`, `15 min`, `2 h`, `3 days`.
struct Span(f64);

impl Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(f64, f64, &str); 3] = [(86_400.0, 2.0, "days"), (3600.0, 1.0, "h"), (60.0, 1.0, "min")];
        for (seconds, least, unit) in UNITS {
            let count = self.0 / seconds;
            if count >= 2.0 || (count >= least && count.fract() == 0.0) {
                return write!(f, "{} {unit}", count.floor());
            }
        }
        write!(f, "{:.0} s", self.0.max(0.0))
    }
}

/// A time against now: `3 min ago`, `in 2 h`. The exact time is its title.
struct Moment(Timestamp, Timestamp);

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(time, now) = self;
        let seconds = now.duration_since(*time).as_secs_f64();
        write!(f, "<time title=\"{time:.0}\">")?;
        if seconds.abs() < 1.0 {
            f.write_str("now")?;
        } else if seconds > 0.0 {
            write!(f, "{} ago", Span(seconds))?;
        } else {
            write!(f, "in {}", Span(-seconds))?;
        }
        f.write_str("</time>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short_and_never_too_long() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (90.0, "90 s"),
            (60.0, "1 min"),
            (119.0, "119 s"),
            (150.0, "2 min"),
            (3600.0, "1 h"),
            (7000.0, "116 min"),
            (86_400.0, "24 h"),
            (200_000.0, "2 days"),
            (-5.0, "0 s"),
        ] {
            assert_eq!(Span(seconds).to_string(), text, "{seconds}");
        }
    }

    #[test]
    fn moments_are_past_or_future() {
        let now: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
        let at = |text: &str| Moment(text.parse().unwrap(), now).to_string();
        assert_eq!(at("2026-03-04T11:57:00Z"), "<time title=\"2026-03-04T11:57:00Z\">3 min ago</time>");
        assert!(at("2026-03-04T14:00:00Z").contains(">in 2 h<"));
        assert!(at("2026-03-04T12:00:00.5Z").contains(">now<"));
    }

    #[test]
    fn families_that_are_withheld_are_named() {
        use crate::fleet::{ClientKey, ClientView, KindCounts, View};
        use crate::metrics::{AccountSetup, AccountStatus, Limits, Publisher};
        use crate::platform::PlatformName::Nsight;

        let now = "2026-03-04T12:00:00Z".parse().unwrap();
        let overview = |max_series| {
            let publisher = Publisher::new();
            let limits = Limits { max_series, ..Limits::default() };
            publisher.configure(vec![AccountSetup { status: AccountStatus::new(Nsight, "a", "rmm.example"), limits }]);
            let devices = KindCounts { server: Some(1), workstation: Some(2), mobile: Some(0) };
            let (key, id, name) = (ClientKey::new("1"), "1".into(), "Acme".into());
            let client = ClientView { key, id, name, timezone: None, devices, licenses: None };
            let view = View { clients: vec![client], ..View::default() };
            publisher.publish_fleet("a", &std::sync::Arc::new(view));
            Overview::new(&publisher.snapshot(), now)
        };
        let page = |overview: &Overview| {
            let mut page = String::new();
            write_page(&mut page, overview, "/metrics", "").unwrap();
            page
        };
        let (all, one) = (overview(4), overview(3));
        assert!(!page(&all).contains("ithheld") && !page(&all).contains("dropped"), "{}", page(&all));
        assert!(page(&one).contains(">3 dropped<") && page(&one).contains(": rmm_client_devices (3 series).</p>"));
        let status = serde_json::to_value(&one.accounts[0]).unwrap();
        let expected = serde_json::json!([{ "family": "rmm_client_devices", "series": 3 }]);
        assert_eq!((&status["families_withheld"], &status["series_dropped"]), (&expected, &serde_json::json!(3)));
    }
}
