//! Durations as Prometheus writes them: `90s`, `3m`, `1h30m`, `500ms`.

use std::time::Duration;

use super::text::{may_hold_a_key, shown_in_quotes};

/// The units in the order in which they may follow each other, with their milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Reads a duration: whole numbers with units (y, w, d, h, m, s, ms), largest first, each at most once; `0` needs no unit.
///
/// # Errors
///
/// The rule that the text breaks, and an example of what is right.
pub fn parse(text: &str) -> Result<Duration, String> {
    const EXAMPLE: &str = "Write a duration such as 90s, 15m, 2h, 1d or 1h30m";
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(if may_hold_a_key(text) || text.len() > 9 {
            format!("this number has no unit. {EXAMPLE}.")
        } else {
            format!("{text} has no unit. Write {text}s, {text}m or {text}h.")
        });
    }
    let wrong = || format!("{} is no duration. {EXAMPLE}.", shown_in_quotes(text));
    let mut rest = text;
    let mut next_unit = 0;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at_checked(letters).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let index = UNITS.iter().position(|(name, _)| *name == unit).ok_or_else(wrong)?;
        if index < next_unit {
            return Err(format!("in {} a unit comes twice or after a smaller one. {EXAMPLE}.", shown_in_quotes(text)));
        }
        next_unit = index + 1;
        let (_, milliseconds) = UNITS.get(index).ok_or_else(wrong)?;
        total = number
            .checked_mul(*milliseconds)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| format!("{} is too long.", shown_in_quotes(text)))?;
        rest = tail;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(Duration::from_millis(total)) }
}

/// The duration as a reader would write it: `90s`, `3m`, `1h30m`, `2d`. Parts under a millisecond are left out.
#[must_use]
pub fn display(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    // 90s is the platform's own way to write its floor.
    if rest < 100_000 && rest.is_multiple_of(1000) && rest != 60_000 {
        return format!("{}s", rest / 1000);
    }
    let mut text = String::new();
    for (unit, milliseconds) in UNITS.iter().skip(2) {
        let count = rest / milliseconds;
        if count > 0 {
            text.push_str(&count.to_string());
            text.push_str(unit);
            rest %= milliseconds;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_and_their_sums() {
        let seconds = |text| parse(text).expect(text).as_secs();
        assert_eq!(seconds("90s"), 90);
        assert_eq!(seconds("3m"), 180);
        assert_eq!(seconds("2h"), 7200);
        assert_eq!(seconds("1d"), 86_400);
        assert_eq!(seconds("1w"), 604_800);
        assert_eq!(seconds("1y"), 31_536_000);
        assert_eq!(seconds("1h30m"), 5400);
        assert_eq!(seconds("0"), 0);
        assert_eq!(parse("1s500ms").expect("sum"), Duration::from_millis(1500));
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_remedy() {
        for text in ["", "s", "m5", "5 m", "-5m", "1.5h", "5min", "1m1h", "1m1m", "5µs", "99999999999999999999s", "5m "]
        {
            let message = parse(text).expect_err(text);
            assert!(message.contains("Write a duration such as"), "{text}: {message}");
        }
        assert_eq!(parse("90").expect_err("unit"), "90 has no unit. Write 90s, 90m or 90h.");
        assert_eq!(parse("9999999999999y").expect_err("long"), "\"9999999999999y\" is too long.");
        assert!(parse(&"9".repeat(5000)).expect_err("long").len() < 300);
        for text in ["0123456789abcdef", "0123456789012345", "9999999999999999y", "1m1m0123456789abcdefs"] {
            let message = parse(text).expect_err(text);
            assert!(!message.contains("456789") && !message.contains("9999"), "{message}");
        }
    }

    #[test]
    fn shown_as_people_write_them() {
        for text in ["0s", "500ms", "15s", "60m", "90s", "3m", "2h", "1h30m", "1d", "7d", "2m30s"] {
            let shown = display(parse(text).expect(text));
            assert_eq!(shown, if text == "60m" { "1h" } else { text });
        }
        assert_eq!(display(Duration::from_mins(1)), "1m");
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_back_the_same(milliseconds in 0_u64..4_000_000_000_000) {
            let duration = Duration::from_millis(milliseconds);
            proptest::prop_assert_eq!(parse(&display(duration)).expect("own output"), duration);
        }
    }
}
