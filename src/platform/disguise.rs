//! A key that an answer spells in other characters: written with the escapes of JSON or XML, or with pieces of markup between
//! its characters. Taking it out of the bytes does not find it, and what is read from them would show it. No server that means
//! well does so, so an answer that does is not used at all.

use memchr::memmem;

use super::redact::{MIN_LENGTH, Pattern};
use super::spelling::{Letters, Notation};

/// Whether a JSON text spells the key: by escapes, or in any other way to write its letters.
#[must_use]
pub fn in_json(body: &[u8], key: &str) -> bool {
    by_escapes(body, key) || Letters::of(key).are_in(body, Notation::Json)
}

/// Whether the strings of a JSON text spell the key by escapes, with nothing between its characters.
fn by_escapes(body: &[u8], key: &str) -> bool {
    // Every character can be written by its number, and these by a letter as well.
    let has_short_escape = key.contains(['/', '"', '\\']);
    if key.len() < MIN_LENGTH || (!has_short_escape && memmem::find(body, b"\\u00").is_none()) {
        return false;
    }
    let mut seen = Seen::new(key);
    let mut parts = body.split(|byte| *byte == b'\\');
    seen.show(parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        if let Some((letter, after)) = unicode_escape(part) {
            seen.show(&[letter]);
            seen.show(after);
        } else if part.is_empty() {
            // A backslash that is escaped itself begins nothing.
            if let Some(part) = parts.next() {
                seen.show(b"\\");
                seen.show(part);
            }
        } else {
            // Such as a slash.
            seen.show(part);
        }
    }
    seen.has_key()
}

/// `uXXXX` of a printable ASCII character, and what follows it.
fn unicode_escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let digits = std::str::from_utf8(text.strip_prefix(b"u")?.get(..4)?).ok()?;
    let letter = u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok().filter(u8::is_ascii_graphic)?;
    Some((letter, text.get(5..)?))
}

/// Whether an XML document spells the key: with markup within it, or in any other way to write its letters.
#[must_use]
pub fn in_xml(text: &str, key: &str) -> bool {
    by_markup(text, key) || Letters::of(key).are_in(text.as_bytes(), Notation::Plain)
}

/// Whether the texts or attributes of an XML document spell the key by references, or with comments, instructions, sections or
/// control characters between its parts.
fn by_markup(text: &str, key: &str) -> bool {
    if key.len() < MIN_LENGTH {
        return false;
    }
    let mut seen = Seen::new(key);
    let mut sections = Sections::default();
    let mut rest = text;
    // Markup begins with these two, and nothing else can hide what stands here.
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'<' | b'&')) {
        let (before, markup) = rest.split_at_checked(at).unwrap_or((rest, ""));
        seen.show_visible(before);
        if let Some((inside, after)) = sections.at(markup) {
            seen.show_visible(inside);
            rest = after;
        } else if let Some((character, after)) = reference(markup) {
            let letter = character.filter(char::is_ascii_graphic).and_then(|letter| u8::try_from(letter).ok());
            seen.show(letter.as_slice());
            rest = after;
        } else {
            let (mark, after) = markup.split_at_checked(1).unwrap_or((markup, ""));
            seen.show(mark.as_bytes());
            rest = after;
        }
    }
    seen.show_visible(rest);
    seen.has_key()
}

/// What a reader would see of a text: piece by piece, so that there is no second copy of the whole.
struct Seen {
    key: Pattern,
    key_length: usize,
    piece: Vec<u8>,
    has_key: bool,
}

impl Seen {
    /// Bytes of a piece in which the key is looked for at once.
    const PIECE: usize = 16 * 1024;

    fn new(key: &str) -> Self {
        let piece = Vec::with_capacity(2 * Self::PIECE);
        Self { key: Pattern::new(key), key_length: key.len(), piece, has_key: false }
    }

    /// Adds what can be seen of a text.
    fn show_visible(&mut self, text: &str) {
        let is_hidden = |letter: char| letter.is_control() || letter == '\u{ad}';
        // Of ASCII and of the two-byte characters that begin with 0xc2, of which some are hidden.
        let may_be_hidden = |byte: &u8| byte.is_ascii_control() || *byte == 0xc2;
        if text.as_bytes().iter().fold(false, |found, byte| found | may_be_hidden(byte)) {
            text.split(is_hidden).for_each(|part| self.show(part.as_bytes()));
        } else {
            self.show(text.as_bytes());
        }
    }

    fn show(&mut self, text: &[u8]) {
        for part in text.chunks(Self::PIECE) {
            self.piece.extend_from_slice(part);
            if self.piece.len() >= Self::PIECE {
                self.look();
            }
        }
    }

    /// Looks for the key in what was seen, and forgets all of it but what the key can begin with.
    fn look(&mut self) {
        self.has_key = self.has_key || self.key.find(&self.piece, 0).is_some();
        let forgotten = self.piece.len().saturating_sub(self.key_length.saturating_sub(1));
        self.piece.drain(..forgotten);
    }

    fn has_key(mut self) -> bool {
        self.look();
        self.has_key
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
        if !text.starts_with("<!") && !text.starts_with("<?") {
            return None;
        }
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
    use proptest::prelude::*;

    use super::*;
    use crate::clock::processor_time;

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
            let start = processor_time();
            assert!(!in_xml(&text, KEY));
            // One pass takes a part of a second, one for each opening many minutes.
            let took = processor_time().saturating_sub(start);
            assert!(took.as_secs() < 20, "{opening}: {took:?}");
        }
    }

    /// The definition: character by character, all that can be seen at once.
    fn spelled_in_xml(text: &str) -> bool {
        let is_visible = |letter: &char| !letter.is_control() && *letter != '\u{ad}';
        let (mut plain, mut sections, mut rest) = (String::new(), Sections::default(), text);
        while let Some(letter) = rest.chars().next() {
            if let Some((inside, after)) = sections.at(rest) {
                plain.extend(inside.chars().filter(is_visible));
                rest = after;
            } else if let Some((character, after)) = reference(rest) {
                plain.extend(character.filter(char::is_ascii_graphic));
                rest = after;
            } else {
                plain.extend(Some(letter).filter(is_visible));
                rest = &rest[letter.len_utf8()..];
            }
        }
        plain.to_ascii_lowercase().contains(&KEY.to_ascii_lowercase())
    }

    /// The same for JSON.
    fn spelled_in_json(text: &str) -> bool {
        let (mut plain, mut rest) = (Vec::new(), text.as_bytes());
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'\\' {
                plain.push(byte);
            } else if let Some((letter, after)) = unicode_escape(rest) {
                plain.push(letter);
                rest = after;
            } else if let Some((&escaped, after)) = rest.split_first() {
                plain.push(escaped);
                rest = after;
            }
        }
        text.contains("\\u00")
            && String::from_utf8_lossy(&plain).to_ascii_lowercase().contains(&KEY.to_ascii_lowercase())
    }

    /// The key in pieces, with something between them.
    fn spelling(between: &'static [&'static str]) -> impl Strategy<Value = String> {
        let piece = (1..KEY.len(), prop::sample::select(between), prop::sample::select(between));
        piece.prop_map(|(at, inside, after)| format!("{}{inside}{}{after}", &KEY[..at], &KEY[at..]))
    }

    proptest! {
        // Each reads two texts of a whole piece.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whole_and_piece_by_piece_are_the_same_for_xml(
            spellings in prop::collection::vec(
                spelling(&["", "<!-- -->", "<!--", "<?x?>", "<![CDATA[", "]]>", "<b>", "&#1;", "&#99;", "&", "\u{1}", "\u{ad}", "ü"]),
                0..3,
            ),
            before in 0..40_usize,
        ) {
            // Also where one piece ends.
            for before in [before, Seen::PIECE - before] {
                let text = format!("{}{}", "x".repeat(before), spellings.concat());
                prop_assert_eq!(in_xml(&text, KEY), spelled_in_xml(&text), "{}", text);
            }
        }

        #[test]
        fn whole_and_piece_by_piece_are_the_same_for_json(
            spellings in prop::collection::vec(
                spelling(&["", "\\\\", "\\", "\\u0041", "\\u00", "\\/", "\\u00e4", "ü"]),
                0..3,
            ),
            before in 0..40_usize,
        ) {
            for before in [before, Seen::PIECE - before] {
                let text = format!("{}\\u0030{}", "x".repeat(before), spellings.concat());
                prop_assert_eq!(in_json(text.as_bytes(), KEY), spelled_in_json(&text), "{}", text);
            }
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
