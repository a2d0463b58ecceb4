//! A key that an answer spells in other characters: written with the escapes of JSON or XML, or with pieces of markup between
//! its characters. Taking it out of the bytes does not find it, and what is read from them would show it. No server that means
//! well does so, so an answer that does is not used at all.

use super::redact::{MIN_LENGTH, Pattern};

/// Whether the strings of a JSON text spell the key by escapes.
#[must_use]
pub fn in_json(body: &[u8], key: &str) -> bool {
    if key.len() < MIN_LENGTH || Pattern::new("\\u00").find(body, 0).is_none() {
        return false;
    }
    let mut plain = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            plain.push(byte);
        } else if let Some((letter, after)) = unicode_escape(rest) {
            plain.push(letter);
            rest = after;
        } else if let Some((&escaped, after)) = rest.split_first() {
            // Such as a slash; a backslash that is escaped itself begins nothing.
            plain.push(escaped);
            rest = after;
        }
    }
    Pattern::new(key).find(&plain, 0).is_some()
}

/// `uXXXX` of a printable ASCII character, and what follows it.
fn unicode_escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let digits = std::str::from_utf8(text.strip_prefix(b"u")?.get(..4)?).ok()?;
    let letter = u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok().filter(u8::is_ascii_graphic)?;
    Some((letter, text.get(5..)?))
}

/// Whether the texts or attributes of an XML document spell the key by references, or with comments, instructions, sections or
/// control characters between its parts.
#[must_use]
pub fn in_xml(text: &str, key: &str) -> bool {
    if key.len() < MIN_LENGTH {
        return false;
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some(after) = markup(rest) {
            rest = after;
        } else if let Some((character, after)) = reference(rest) {
            plain.extend(character.filter(char::is_ascii_graphic).map(|letter| letter as u8));
            rest = after;
        } else {
            if !letter.is_control() && letter != '\u{ad}' {
                plain.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
    }
    Pattern::new(key).find(&plain, 0).is_some()
}

/// What follows a piece of markup that a reader of texts does not see.
fn markup(text: &str) -> Option<&str> {
    for (start, end) in [("<!--", "-->"), ("<?", "?>")] {
        if let Some(inside) = text.strip_prefix(start) {
            return inside.split_once(end).map(|(_, after)| after);
        }
    }
    text.strip_prefix("<![CDATA[").or_else(|| text.strip_prefix("]]>"))
}

/// The character of a numeric reference (`None` for one that is no character), and what follows it.
fn reference(text: &str) -> Option<(Option<char>, &str)> {
    let (number, after) = text.strip_prefix("&#")?.split_once(';')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    Some((char::from_u32(code.ok()?), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0aB1c2D3e4F5";

    #[test]
    fn escapes_of_json() {
        for (text, spells) in [
            (r#"{"name":"\u0030aB1c2D3e4F5"}"#, true),
            (r#"{"name":"0AB1\u00632d3e4\u0046\u0035"}"#, true),
            (r#"{"name":"0\\u0061B1c2D3e4F5"}"#, false),
            (r#"{"name":"aB1c2D3e4F5 \u00fc"}"#, false),
            (r#"{"name":"\u00"#, false),
            ("", false),
        ] {
            assert_eq!(in_json(text.as_bytes(), KEY), spells, "{text}");
        }
        assert!(!in_json(br#""\u006b""#, "k"), "too short to be looked for");
    }

    #[test]
    fn pieces_of_xml() {
        for (text, spells) in [
            ("<a>&#48;aB1c2D3e4F5</a>", true),
            ("<a>&#x30;aB1c2&#x44;3e4F5</a>", true),
            ("<a>0aB1<![CDATA[c2D3e4F5]]></a>", true),
            ("<a><![CDATA[0aB1]]><![CDATA[c2D3e4F5]]></a>", true),
            ("<a>0aB1<!-- x -->c2D3e4F5</a>", true),
            ("<a>0aB1<?x y?>c2D3e4F5</a>", true),
            ("<a>0aB1&#1;c2\u{1}D3\u{ad}e4F5</a>", true),
            ("<a b='&#48;aB1c2D3e4F5'/>", true),
            ("<a>0aB1</a><b>c2D3e4F5</b>", false),
            ("<a>aB1c2D3e4F5</a>", false),
            ("<a>&#;&#x;&#99999999999;&amp; &# <!-- <? </a>", false),
            ("<a>Müller 0aB1 c2D3e4F5</a>", false),
        ] {
            assert_eq!(in_xml(text, KEY), spells, "{text}");
        }
    }
}
