//! Values in words, and text as HTML.

use std::fmt::{self, Display, Write as _};

use jiff::Timestamp;

/// Text inside HTML, also inside a quoted attribute.
pub(super) struct Escaped<'a>(pub(super) &'a str);

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

/// A number of something: `1 call`, `1,200 calls`.
pub(super) struct Counted(pub(super) u64, pub(super) &'static str);

impl Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, what) = self;
        write!(f, "{} {what}{}", Number(*count), if *count == 1 { "" } else { "s" })
    }
}

/// A number with commas: `1,234,567`.
pub(super) struct Number(pub(super) u64);

impl Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (position, digit) in digits.char_indices() {
            if position > 0 && (digits.len() - position).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// So many bytes: `512 bytes`, `1.2 MB`.
pub(super) struct Bytes(pub(super) u64);

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        match self.0 {
            0..1_000 => Counted(self.0, "byte").fmt(f),
            1_000..1_000_000 => write!(f, "{:.1} kB", bytes / 1e3),
            1_000_000..1_000_000_000 => write!(f, "{:.1} MB", bytes / 1e6),
            _ => write!(f, "{:.1} GB", bytes / 1e9),
        }
    }
}

/// A number of seconds as people say it, never more than it is: `0.4 seconds`, `90 seconds`, `15 minutes`, `1 hour`, `3 days`.
pub(super) struct Span(pub(super) f64);

impl Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(f64, f64, &str); 3] = [(86_400.0, 2.0, "day"), (3600.0, 1.0, "hour"), (60.0, 1.0, "minute")];
        let seconds = self.0.max(0.0);
        for (of_seconds, least, unit) in UNITS {
            let count = seconds / of_seconds;
            if count >= 2.0 || (count >= least && count.fract() == 0.0) {
                return Counted(whole(count), unit).fmt(f);
            }
        }
        match seconds {
            0.0 => f.write_str("0 seconds"),
            ..0.1 => f.write_str("under 0.1 seconds"),
            ..10.0 if seconds.fract() != 0.0 => write!(f, "{:.1} seconds", (seconds * 10.0).floor() / 10.0),
            _ => Counted(whole(seconds), "second").fmt(f),
        }
    }
}

/// How late something is: as a span, but nobody needs it closer than a second.
pub(super) struct Late(pub(super) f64);

impl Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1.0 { f.write_str("a second") } else { Span(self.0.floor()).fmt(f) }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and it saturates")]
fn whole(number: f64) -> u64 {
    number.floor() as u64
}

/// A time against now: `3 minutes ago`, `in 2 hours`. The exact time is there for machines, and for who points at it.
pub(super) struct Moment(pub(super) Timestamp, pub(super) Timestamp);

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(time, now) = self;
        // Whole seconds, as the exact times have them.
        let seconds = now.duration_since(*time).as_secs_f64().trunc();
        if seconds == 0.0 {
            Exact(*time, "now").fmt(f)
        } else if seconds > 0.0 {
            Exact(*time, format_args!("{} ago", Span(seconds))).fmt(f)
        } else {
            Exact(*time, format_args!("in {}", Span(-seconds))).fmt(f)
        }
    }
}

/// Words that stand for a time.
pub(super) struct Exact<D>(pub(super) Timestamp, pub(super) D);

impl<D: Display> Display for Exact<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(time, words) = self;
        let readable = time.strftime("%Y-%m-%d %H:%M:%S UTC");
        write!(f, "<time datetime=\"{time:.0}\" title=\"{readable}\">{words}</time>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_words_in_the_right_number_and_never_too_long() {
        for (seconds, text) in [
            (-5.0, "0 seconds"),
            (0.0, "0 seconds"),
            (0.004, "under 0.1 seconds"),
            (0.47, "0.4 seconds"),
            (1.0, "1 second"),
            (2.0, "2 seconds"),
            (12.9, "12 seconds"),
            (60.0, "1 minute"),
            (90.0, "90 seconds"),
            (119.0, "119 seconds"),
            (150.0, "2 minutes"),
            (3600.0, "1 hour"),
            (7000.0, "116 minutes"),
            (7200.0, "2 hours"),
            (86_400.0, "24 hours"),
            (200_000.0, "2 days"),
            (1e300, "18,446,744,073,709,551,615 days"),
        ] {
            assert_eq!(Span(seconds).to_string(), text, "{seconds}");
        }
    }

    #[test]
    fn numbers_have_commas_and_plurals() {
        for (number, text) in [(0, "0 calls"), (1, "1 call"), (999, "999 calls"), (12_345_678, "12,345,678 calls")] {
            assert_eq!(Counted(number, "call").to_string(), text);
        }
        for (bytes, text) in [(1, "1 byte"), (999, "999 bytes"), (1_500, "1.5 kB"), (2_000_000, "2.0 MB")] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        assert_eq!(Bytes(3_210_000_000).to_string(), "3.2 GB");
    }

    #[test]
    fn moments_are_past_or_future_and_exact() {
        let now: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
        let at = |text: &str| Moment(text.parse().unwrap(), now).to_string();
        assert_eq!(
            at("2026-03-04T11:57:00Z"),
            "<time datetime=\"2026-03-04T11:57:00Z\" title=\"2026-03-04 11:57:00 UTC\">3 minutes ago</time>"
        );
        assert!(at("2026-03-04T11:59:59Z").contains(">1 second ago<"));
        assert!(at("2026-03-04T14:00:00Z").contains(">in 2 hours<"));
        assert!(at("2026-03-04T12:00:00.5Z").contains(">now<"));
    }

    #[test]
    fn nothing_gets_out_of_text_or_attribute() {
        let escaped = Escaped("<b>\"help\" & 'desk'</b>").to_string();
        assert_eq!(escaped, "&lt;b&gt;&quot;help&quot; &amp; &#39;desk&#39;&lt;/b&gt;");
    }
}
