//! A key that an answer spells in other characters: written with the escapes of JSON or XML, or with pieces of markup between
//! its characters. Taking it out of the bytes does not find it, and what is read from them would show it. No server that means
//! well does so, so an answer that does is not used at all.

use super::redact::{MIN_LENGTH, Pattern};

/// Whether the strings of a JSON text spell the key by escapes.
#[must_use]
pub fn in_json(body: &[u8], key: &str) -> bool {
    // Every character can be written by its number, and these by a letter as well.
    let has_short_escape = key.contains(['/', '"', '\\']);
    if key.len() < MIN_LENGTH || (!has_short_escape && Pattern::new("\\u00").find(body, 0).is_none()) {
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
    let mut sections = Sections::default();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some((inside, after)) = sections.at(rest) {
            inside.chars().for_each(|letter| show(letter, &mut plain));
            rest = after;
        } else if let Some((character, after)) = reference(rest) {
            plain.extend(character.filter(char::is_ascii_graphic).map(|letter| letter as u8));
            rest = after;
        } else {
            show(letter, &mut plain);
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
    }
    Pattern::new(key).find(&plain, 0).is_some()
}

/// Adds a character, if it is one that can be seen.
fn show(letter: char, plain: &mut Vec<u8>) {
    if !letter.is_control() && letter != '\u{ad}' {
        plain.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// The sections in which nothing is markup, by how they begin.
#[derive(Default)]
struct Sections {
    /// Those whose end is nowhere in the rest. To look for it again at each beginning would take the square of the length.
    unclosed: [bool; Self::MARKS.len()],
}

impl Sections {
    /// Beginning, end, and whether a reader of texts sees what is between them.
    const MARKS: [(&str, &str, bool); 3] = [("<!--", "-->", false), ("<?", "?>", false), ("<![CDATA[", "]]>", true)];

    /// What can be seen of the section that `text` begins with, and what follows the section.
    fn at<'t>(&mut self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let mut sections = Self::MARKS.iter().zip(&mut self.unclosed);
        let ((start, end, is_seen), unclosed) = sections.find(|((start, ..), _)| text.starts_with(start))?;
        if *unclosed {
            return None;
        }
        let closed = text.get(start.len()..).and_then(|inside| inside.split_once(end));
        *unclosed = closed.is_none();
        let (inside, after) = closed?;
        Some((if *is_seen { inside } else { "" }, after))
    }
}

/// The character of a reference (`None` for one that is no character), and what follows it.
fn reference(text: &str) -> Option<(Option<char>, &str)> {
    let text = text.strip_prefix('&')?;
    // Nothing else can be in one, so that no more is looked at than is left behind.
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '#' && c != '+')?;
    let (name, after) = (text.get(..end)?, text.get(end..)?.strip_prefix(';')?);
    if let Some(character) = quick_xml::escape::resolve_xml_entity(name) {
        return Some((character.chars().next(), after));
    }
    let number = name.strip_prefix('#')?;
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
        for (text, key) in
            [(r#""0aB1\/c2D3""#, "0aB1/c2D3"), (r#""0aB1\"c2D3""#, "0aB1\"c2D3"), (r#""\\0aB1c2D3""#, "\\0aB1c2D3")]
        {
            assert!(in_json(text.as_bytes(), key), "{text}: an escape that is no number");
        }
    }

    #[test]
    fn what_is_never_closed_takes_no_longer_than_anything_else() {
        for opening in ["<!--", "<?", "<![CDATA[", "&#", "&#1", "&a", "<!-- -->", "&"] {
            let text = opening.repeat(1_000_000 / opening.len());
            let start = std::time::Instant::now();
            assert!(!in_xml(&text, KEY));
            // One pass takes a part of a second, one for each opening many minutes.
            assert!(start.elapsed() < std::time::Duration::from_secs(20), "{opening}: {:?}", start.elapsed());
        }
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
            ("<a><![CDATA[<!--]]>&#48;aB1c2D3e4F5</a><!-- -->", true),
            ("<a><![CDATA[<?]]>&#48;aB1c2D3e4F5</a><!-- ?> -->", true),
            ("<a>&#+48;aB1c2D3e4F5</a>", true),
        ] {
            assert_eq!(in_xml(text, KEY), spells, "{text}");
        }
        assert!(in_xml("<a>a&amp;b\"c<d&gt;e'f</a>", "a&b\"c<d>e'f"), "not every character has to be a reference");
    }
}
