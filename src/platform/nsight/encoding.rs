//! Bytes → text. N-sight declares ISO-8859-1 and mostly means it.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How far into the body the XML declaration is looked for.
const DECLARATION_BYTES: usize = 256;

/// Decodes a body: by its byte order mark, else by what it declares, else as UTF-8. A declaration that the bytes
/// contradict does not count: valid UTF-8 with at least one multi-byte sequence is UTF-8 whatever the declaration says,
/// and what is declared as UTF-8 but is not valid is windows-1252 (the superset of ISO-8859-1). Characters that XML does not
/// allow are removed.
#[must_use]
pub fn decode(bytes: Vec<u8>) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(&bytes) {
        // Removes the mark; damaged sequences become replacement characters.
        return without_forbidden(encoding.decode(&bytes).0.into_owned());
    }
    let declared = declared_encoding(&bytes);
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => fallback(declared).decode_without_bom_handling(error.as_bytes()).0.into_owned(),
    };
    without_forbidden(text)
}

/// What bytes that are not valid UTF-8 are: the declared encoding, if it can be.
fn fallback(declared: Option<&'static Encoding>) -> &'static Encoding {
    match declared {
        Some(encoding) if encoding != UTF_8 && encoding.is_ascii_compatible() => encoding,
        _ => WINDOWS_1252,
    }
}

fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len().min(DECLARATION_BYTES))?.trim_ascii_start();
    let declaration = head.strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let label = value.get(1..)?.split_once(quote)?.0;
    Encoding::for_label(label.as_bytes())
}

/// XML 1.0 has no way to write most C0 characters, but consoles print them and N-sight passes them on.
fn without_forbidden(text: String) -> String {
    // Piece by piece without a look at each single outcome, which is many times faster.
    let is_forbidden = |byte: &u8| byte.is_ascii_control() && !is_allowed(char::from(*byte));
    let mut pieces = text.as_bytes().chunks(64);
    let has_control = pieces.any(|piece| piece.iter().fold(false, |found, byte| found | is_forbidden(byte)));
    if has_control || text.contains('\u{fffe}') || text.contains('\u{ffff}') {
        return text.replace(|c| !is_allowed(c), "");
    }
    text
}

/// Whether a character may stand in an XML document.
#[must_use]
pub const fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latin1(body: &[u8]) -> Vec<u8> {
        [br#"<?xml version="1.0" encoding="ISO-8859-1"?>"#, body].concat()
    }

    fn body(text: &str) -> &str {
        text.split_once("?>").expect("declaration").1
    }

    #[test]
    fn latin_1_as_declared() {
        assert_eq!(body(&decode(latin1(b"<a>M\xfcller \x80 5</a>"))), "<a>Müller € 5</a>");
    }

    #[test]
    fn utf_8_that_is_labelled_as_latin_1() {
        assert_eq!(body(&decode(latin1("<a>Müller 🦷</a>".as_bytes()))), "<a>Müller 🦷</a>");
    }

    #[test]
    fn latin_1_that_is_labelled_as_utf_8_or_not_at_all() {
        let labelled = [&br#"<?xml version="1.0" encoding="UTF-8"?>"#[..], b"<a>M\xfcller</a>"].concat();
        assert_eq!(body(&decode(labelled)), "<a>Müller</a>");
        assert_eq!(decode(b"<a>M\xfcller</a>".to_vec()), "<a>Müller</a>");
        let nonsense = [&br#"<?xml version="1.0" encoding="klingon"?>"#[..], b"<a>M\xfcller</a>"].concat();
        assert_eq!(body(&decode(nonsense)), "<a>Müller</a>");
    }

    #[test]
    fn other_encodings_by_their_label() {
        let polish = [&b"<?xml version='1.0' encoding='iso-8859-2'?>"[..], b"<a>\xa3\xf3d\xbc</a>"].concat();
        assert_eq!(body(&decode(polish)), "<a>Łódź</a>");
    }

    #[test]
    fn byte_order_marks() {
        assert_eq!(decode(b"\xef\xbb\xbf<a>\xc3\xbc</a>".to_vec()), "<a>ü</a>");
        let utf16: Vec<u8> =
            "\u{feff}<a>Zoë</a>".encode_utf16().flat_map(|unit| unit.to_le_bytes().into_iter()).collect();
        assert_eq!(decode(utf16), "<a>Zoë</a>");
    }

    #[test]
    fn control_characters_are_removed_and_white_space_stays() {
        assert_eq!(decode(b"<a>\x00\x1b[31mred\x08\t\r\nx</a>".to_vec()), "<a>[31mred\t\r\nx</a>");
    }

    #[test]
    fn a_name_does_not_depend_on_what_else_is_in_the_body() {
        // Characters that are none, with and without a control character elsewhere.
        for rest in ["", "\u{1}"] {
            assert_eq!(decode(format!("<a>x\u{fffe}y\u{ffff}z</a>{rest}").into_bytes()), "<a>xyz</a>");
        }
    }

    #[test]
    fn an_empty_body_is_empty_text() {
        assert_eq!(decode(Vec::new()), "");
    }
}
