//! Whether a text can be an exposition, line by line.

/// The longest label value in bytes, before it is escaped.
const MAX_LABEL_BYTES: usize = 200;

/// Goes through a text of either format.
///
/// # Panics
///
/// When Prometheus could not read it, or a label value is longer than promised or has a control character.
pub(super) fn check(text: &str) {
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is not ended");
    for line in text.split_terminator('\n').filter(|line| !line.starts_with("# ")) {
        assert!(sample(line).is_some(), "not a sample: {line:?}");
    }
}

/// Reads a sample; `None` when it is none.
fn sample(line: &str) -> Option<()> {
    let is_name = |name: &str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(letters)
    };
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at_checked(end)?;
    if let Some(labels) = rest.strip_prefix('{') {
        rest = labels;
        loop {
            let (label, value) = rest.split_once("=\"")?;
            let (value, after) = label_value(value)?;
            assert!(value.len() <= MAX_LABEL_BYTES, "a label value of {} bytes", value.len());
            assert!(!value.contains(char::is_control), "a control character: {value:?}");
            if !is_name(label) {
                return None;
            }
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None => break rest = after.strip_prefix('}')?,
            }
        }
    }
    let value: f64 = rest.strip_prefix(' ')?.parse().ok()?;
    assert!(value.is_finite(), "{line:?}");
    is_name(name).then_some(())
}

/// A label value without its escapes, and what follows its closing quote.
fn label_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            }),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_sample() {
        for (line, good) in [
            ("a 1", true),
            (r#"a{b="c"} 1.5"#, true),
            (r#"a{b="\"\\",d="},{ "} -2e3"#, true),
            ("a", false),
            ("a x", false),
            ("Ä 1", false),
            (r#"a{b="c} 1"#, false),
            (r#"a{b="c"d="e"} 1"#, false),
            (r#"a{b="\x"} 1"#, false),
            (r#"a{b="c"}1"#, false),
        ] {
            assert_eq!(sample(line).is_some(), good, "{line}");
        }
    }
}
