//! What can go wrong on purpose, and where.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How Retry-After is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// Not at all.
    Absent,
    /// As a number of seconds.
    Seconds(u64),
    /// As the date in so many seconds, by the server's clock.
    Date(u64),
}

/// One way for a server to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status with the body that the platform really gives (401: its JSON on Tactical RMM; 500, 502 … HTML).
    Status(u16),
    /// 403 with the platform's JSON.
    ForbiddenJson,
    /// 403 with an HTML page, as from a firewall.
    ForbiddenHtml,
    /// 429.
    TooManyRequests(RetryAfter),
    /// 503.
    Unavailable(RetryAfter),
    /// 200 with an HTML page, as from a login portal.
    HtmlPage,
    /// 200 without a body.
    EmptyBody,
    /// Half of the good body under the Content-Length of all of it, then the connection closes.
    ShortBody,
    /// Half of the good body with the matching Content-Length.
    CutBody,
    /// Bytes in a name that no text has: 0xFF 0xFE 0x81.
    InvalidBytes,
    /// Control characters in a name, raw.
    ControlCharacters,
    /// Latin-1 bytes that are declared as UTF-8.
    Latin1AsUtf8,
    /// UTF-8 bytes that are declared as latin-1.
    Utf8AsLatin1,
    /// N-sight's own error with this code (HTTP 200). Tactical RMM: 400 with a JSON text.
    Fail(u32),
    /// Well-formed, but nothing that the call ever gives.
    UnknownRoot,
    /// The whole answer comes later.
    Latency(Duration),
    /// Status and headers at once, the body later.
    SlowFirstByte(Duration),
    /// So many bytes at a time, with a pause after each.
    SlowDrip(usize, Duration),
    /// The connection is reset in the middle of the body, which has no declared length.
    ResetMidBody,
    /// Nothing, for ever.
    NeverAnswer,
    /// A body of so many megabytes, in chunks.
    Huge(usize),
    /// A body of so many megabytes, under its true Content-Length.
    HugeDeclared(usize),
    /// A small gzip body that becomes so many megabytes.
    GzipBomb(usize),
    /// The same with deflate.
    DeflateBomb(usize),
    /// XML with a document type whose entities grow without end. Tactical RMM: the same text as JSON type.
    EntityBomb,
    /// So many elements or lists within each other.
    DeepNesting(usize),
    /// This status (301, 302, 307, 308) with this address as Location.
    Redirect(u16, String),
    /// The good answer, compressed.
    Gzip,
    /// The good answer, compressed twice: `Content-Encoding: gzip, gzip`.
    GzipTwice,
    /// This status, Content-Type and body, whatever was asked.
    Body(u16, &'static str, &'static str),
    /// The good answer, under a Date that is so many seconds ahead of the server's clock (negative: behind it).
    SkewedDate(i64),
    /// A Content-Length that differs from the good body by so many bytes.
    WrongContentLength(i32),
}

/// Which requests a fault meets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// N-sight's service or Tactical RMM's path, `*` standing for anything; `None` is every request.
    pub target: Option<String>,
    /// The call's identity as in the record ([`Call::identity`](super::audit::Call::identity)), `*` standing for anything;
    /// `None` is every identity.
    pub identity: Option<String>,
    /// Only so many requests; `None` is all from now on.
    pub requests: Option<u32>,
}

impl Scope {
    /// Every request.
    pub const ALL: Self = Self { target: None, identity: None, requests: None };

    /// Requests for a service or path, `*` standing for anything.
    #[must_use]
    pub fn target(pattern: &str) -> Self {
        Self { target: Some(pattern.to_owned()), ..Self::ALL }
    }

    /// Requests of an identity, `*` standing for anything: `GET list_failing_checks?` is the call for the whole account,
    /// `GET list_failing_checks?clientid=*` the one for each client, `*deviceid=770000*` all calls for one device.
    #[must_use]
    pub fn identity(pattern: &str) -> Self {
        Self { identity: Some(pattern.to_owned()), ..Self::ALL }
    }

    /// Only the next so many of them.
    #[must_use]
    pub fn next(self, requests: u32) -> Self {
        Self { requests: Some(requests), ..self }
    }
}

/// The faults that are on. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<Vec<(Fault, Scope)>>>);

impl Faults {
    pub(crate) fn set(&self, fault: Fault, scope: Scope) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((fault, scope));
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The newest fault that meets this request, used up once.
    pub(crate) fn take(&self, target: &str, identity: &str) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |pattern: &Option<String>, text| pattern.as_ref().is_none_or(|pattern| matches(pattern, text));
        let meets = |scope: &Scope| fits(&scope.target, target) && fits(&scope.identity, identity);
        let index = faults.iter().rposition(|(_, scope)| scope.requests != Some(0) && meets(scope))?;
        let (fault, scope) = faults.get_mut(index)?;
        if let Some(requests) = &mut scope.requests {
            *requests -= 1;
        }
        Some(fault.clone())
    }
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| text.get(at..).is_some_and(|text| matches(rest, text)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, fits) in [
            ("list_checks", "list_checks", true),
            ("list_checks", "list_check", false),
            ("list_*", "list_checks", true),
            ("*", "", true),
            ("/agents/*/checks/", "/agents/abc/checks/", true),
            ("/agents/*/checks/", "/agents/abc/tasks/", false),
            ("/agents/*/checks/", "/agents/", false),
            ("*ü*", "aüb", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn the_newest_fitting_fault_counts_and_is_used_up() {
        let faults = Faults::default();
        faults.set(Fault::HtmlPage, Scope::ALL);
        faults.set(Fault::EmptyBody, Scope::target("list_*").next(2));
        let taken: Vec<_> = (0..3).map(|_| faults.take("list_clients", "GET list_clients?").unwrap()).collect();
        assert_eq!(taken, [Fault::EmptyBody, Fault::EmptyBody, Fault::HtmlPage]);
        assert_eq!(faults.take("patch_list_all", ""), Some(Fault::HtmlPage));
        faults.clear();
        assert_eq!(faults.take("list_clients", ""), None);
    }

    #[test]
    fn one_identity_of_a_call_can_fail_alone() {
        let faults = Faults::default();
        faults.set(Fault::NeverAnswer, Scope::identity("GET list_failing_checks?"));
        faults.set(Fault::EmptyBody, Scope::identity("*deviceid=77*"));
        assert_eq!(faults.take("list_failing_checks", "GET list_failing_checks?"), Some(Fault::NeverAnswer));
        assert_eq!(faults.take("list_failing_checks", "GET list_failing_checks?clientid=41007"), None);
        assert_eq!(faults.take("list_checks", "GET list_checks?deviceid=770000"), Some(Fault::EmptyBody));
        assert_eq!(faults.take("list_checks", "GET list_checks?deviceid=780000"), None);
    }
}
