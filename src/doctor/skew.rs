//! How far the clocks of this machine and of the server are apart.

use std::time::Duration;

use jiff::SignedDuration;

use super::ask::Asked;
use super::report::Line;

/// From here on days and ages begin to be wrong.
const WARN: SignedDuration = SignedDuration::from_secs(5);
/// From here on they are wrong.
const BAD: SignedDuration = SignedDuration::from_secs(60);

/// Compares the server's Date with the middle of the request. What the request's own duration, and the whole seconds of a
/// Date, can explain does not count.
#[must_use]
pub fn line(asked: &Asked) -> Line {
    let Some(date) = asked.date else {
        return Line::skip("clock", "the server sends no Date");
    };
    let half = asked.took / 2;
    let middle = asked.began.wall.saturating_add(half).unwrap_or(asked.began.wall);
    let ahead = date.duration_since(middle) + SignedDuration::from_millis(500);
    let doubt = SignedDuration::try_from(half + Duration::from_millis(500)).unwrap_or_default();
    let apart = ahead.abs();
    let certain = apart.saturating_sub(doubt);
    if certain <= WARN {
        return Line::ok("clock", "in step with the server's, as far as its Date tells");
    }
    let seconds = apart.as_secs().unsigned_abs();
    let whose = if ahead.is_positive() { "behind the server's" } else { "ahead of the server's" };
    let finding = format!(
        "the clock of this machine is {} {whose}",
        crate::config::duration::display(Duration::from_secs(seconds))
    );
    let remedy = "let both machines take their time from NTP (timedatectl set-ntp true, or chrony): ages of data, days of \
                  histories and \"is it online\" are worked out with it";
    if certain > BAD { Line::bad("clock", finding, remedy) } else { Line::warn("clock", finding, remedy) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::doctor::report::Verdict;
    use crate::platform::transport::RawAnswer;

    fn asked(date: Option<&str>, took: Duration) -> Asked {
        let wall = "2026-03-04T09:15:00Z".parse().expect("time");
        let body = RawAnswer { status: 200, content_type: String::new(), retry_after: None, date: None, body: vec![] };
        Asked {
            began: Moment { steady: Duration::from_hours(1), wall },
            took,
            date: date.map(|date| date.parse().expect("time")),
            result: Ok(body),
        }
    }

    #[test]
    fn only_what_nothing_else_explains_is_a_wrong_clock() {
        let quick = Duration::from_millis(40);
        for (date, took, verdict, words) in [
            (None, quick, Verdict::Skip, "no Date"),
            (Some("2026-03-04T09:15:00Z"), quick, Verdict::Ok, "in step"),
            (Some("2026-03-04T09:14:56Z"), quick, Verdict::Ok, "in step"),
            (Some("2026-03-04T09:15:20Z"), quick, Verdict::Warn, "behind the server's"),
            (Some("2026-03-04T09:14:40Z"), quick, Verdict::Warn, "ahead of the server's"),
            (Some("2026-03-04T09:15:20Z"), Duration::from_secs(30), Verdict::Ok, "in step"),
            (Some("2026-03-04T09:18:00Z"), quick, Verdict::Bad, "3m behind"),
            (Some("2026-03-04T07:15:00Z"), quick, Verdict::Bad, "ahead"),
        ] {
            let line = line(&asked(date, took));
            assert_eq!(line.verdict, verdict, "{date:?}: {line:?}");
            assert!(line.finding.contains(words), "{date:?}: {line:?}");
        }
    }
}
