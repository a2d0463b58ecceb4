//! The way to the server: name, TCP, TLS, or the same of the proxy before it.

use jiff::Timestamp;

use super::report::{Line, Verdict};
use super::target::{Target, proxy};
use super::{resolve, tcp, tls};
use crate::config::AccountConfig;

/// Everything about the way there; true when a request can be made.
pub async fn examine(account: &AccountConfig, now: Timestamp, lines: &mut Vec<Line>) -> bool {
    let Some(server) = Target::of(&account.server) else {
        lines.push(Line::bad("name", "the server has no host", "write server as https://api.example.com"));
        return false;
    };
    let through = proxy(account);
    let target = through.as_ref().unwrap_or(&server);
    let mark = |line: Line| match (&through, line.subject.clone()) {
        (None, _) => line,
        (Some(_), None) => line.about("proxy"),
        (Some(_), Some(subject)) => line.about(format!("proxy {subject}")),
    };
    let (addresses, line) = resolve::examine(target).await;
    let resolved = line.verdict != Verdict::Bad;
    lines.push(mark(line));
    if !resolved {
        lines.extend([Line::skip("tcp", "the name is not resolved"), Line::skip("tls", "the name is not resolved")]);
        return false;
    }
    let (stream, found) = tcp::examine(&addresses).await;
    lines.extend(found.into_iter().map(mark));
    let Some(stream) = stream else {
        lines.push(Line::skip("tls", "there is no connection"));
        return false;
    };
    if account.server.scheme() != "https" {
        lines.push(Line::skip("tls", "http:// has none"));
        return true;
    }
    if through.is_some() {
        lines.push(Line::skip("tls", "behind a proxy it shows only in what becomes of the first request"));
        return true;
    }
    let found = tls::examine(stream, &server, &account.tls, now).await;
    let good = tls::is_good(&found);
    lines.extend(found);
    good
}
