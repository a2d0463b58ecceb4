//! The `Authorization` header of basic authentication (RFC 7617).

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;

/// A name and a password that somebody sent. Wiped after use, and deliberately without `Debug`.
pub(super) struct Credentials {
    decoded: Zeroizing<Vec<u8>>,
    colon: usize,
}

impl Credentials {
    /// Those of a request; `None` when there are none, or not in the one form that is understood.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(header::AUTHORIZATION).iter();
        let (value, None) = (all.next()?, all.next()) else { return None };
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
        let colon = decoded.iter().position(|byte| *byte == b':')?;
        Some(Self { decoded, colon })
    }

    /// The name, which is everything before the first colon. No configured name is like one that is not UTF-8.
    pub(super) fn name(&self) -> &str {
        self.decoded.get(..self.colon).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// The password.
    pub(super) fn password(&self) -> &[u8] {
        self.decoded.get(self.colon + 1..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(values: &[&str]) -> Option<(String, Vec<u8>)> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).expect("value"));
        }
        Credentials::of(&headers).map(|found| (found.name().to_owned(), found.password().to_vec()))
    }

    #[test]
    fn only_one_header_of_the_right_form_counts() {
        let found = |name: &str, password: &[u8]| Some((name.to_owned(), password.to_vec()));
        assert_eq!(read(&["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]), found("Aladdin", b"open sesame"));
        assert_eq!(read(&["bAsIc  QWxhZGRpbjpvcGVuIHNlc2FtZQ== "]), found("Aladdin", b"open sesame"));
        let encoded = |bytes: &[u8]| format!("Basic {}", STANDARD.encode(bytes));
        assert_eq!(read(&[&encoded(b"a:b:c")]), found("a", b"b:c"), "a password may have colons");
        assert_eq!(read(&[&encoded(b":")]), found("", b""));
        assert_eq!(read(&[&encoded(b"\xff:\xfe")]), found("", b"\xfe"));
        for wrong in
            [&[][..], &[""], &["Basic"], &["Basic !"], &["Bearer QTpi"], &["Basic QQ=="], &["Basic QTpi", "Basic QTpi"]]
        {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
