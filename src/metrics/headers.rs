//! What stands before the samples of a family, and at the end: the same at every scrape, so written and compressed once.

use std::sync::LazyLock;

use super::catalogue::{self, Family};
use super::exposition::Format;
use super::piece::{Deflater, Piece};

/// Lines that never change.
pub(super) struct Lines {
    pub(super) text: String,
    /// The same, compressed.
    pub(super) piece: Piece,
}

struct Headers {
    text: Vec<Lines>,
    open_metrics: Vec<Lines>,
    end: Lines,
}

static HEADERS: LazyLock<Headers> = LazyLock::new(|| {
    let mut deflater = Deflater::new();
    let mut lines = |text: String| Lines { piece: deflater.piece(&text), text };
    let mut all = |format| catalogue::families().iter().map(|family| lines(header(family, format))).collect();
    Headers { text: all(Format::Text), open_metrics: all(Format::OpenMetrics), end: lines("# EOF\n".to_owned()) }
});

/// The `# HELP` and `# TYPE` lines of each family, by its index in the catalogue.
pub(super) fn headers(format: Format) -> &'static [Lines] {
    match format {
        Format::Text => &HEADERS.text,
        Format::OpenMetrics => &HEADERS.open_metrics,
    }
}

/// The last line of OpenMetrics.
pub(super) fn end() -> &'static Lines {
    &HEADERS.end
}

fn header(family: &Family, format: Format) -> String {
    let (name, help) = match format {
        Format::Text => (family.name, escape_help(&family.help(), false)),
        Format::OpenMetrics => (family.open_metrics_name(), escape_help(&family.help(), true)),
    };
    format!("# HELP {name} {help}\n# TYPE {name} {}\n", family.metric_type.name())
}

/// OpenMetrics escapes quotes in HELP as it does in label values; the older format does not know that escape.
fn escape_help(help: &str, quotes: bool) -> String {
    let escaped = help.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { escaped.replace('"', "\\\"") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::super::piece::Inflated;
    use super::*;

    #[test]
    fn help_is_escaped_as_each_format_wants_it() {
        assert_eq!(escape_help("a \"b\" \\ c\nd", false), "a \"b\" \\\\ c\\nd");
        assert_eq!(escape_help("a \"b\" \\ c\nd", true), "a \\\"b\\\" \\\\ c\\nd");
    }

    #[test]
    fn only_openmetrics_drops_total_from_the_name_of_a_counter() {
        let counter = catalogue::families().iter().position(|family| family.name == "rmm_api_requests_total").unwrap();
        assert_eq!(
            headers(Format::Text)[counter].text,
            "# HELP rmm_api_requests_total API calls by outcome.\n# TYPE rmm_api_requests_total counter\n"
        );
        assert_eq!(
            headers(Format::OpenMetrics)[counter].text,
            "# HELP rmm_api_requests API calls by outcome.\n# TYPE rmm_api_requests counter\n"
        );
    }

    #[test]
    fn every_family_has_a_header_in_both_formats_and_the_piece_says_what_the_text_says() {
        for format in [Format::Text, Format::OpenMetrics] {
            assert_eq!(headers(format).len(), catalogue::families().len());
            for (lines, family) in headers(format).iter().zip(catalogue::families()) {
                assert_eq!(lines.text, header(family, format));
                assert_eq!(inflated(&lines.piece), lines.text);
            }
        }
        assert_eq!((inflated(&end().piece).as_str(), end().text.as_str()), ("# EOF\n", "# EOF\n"));
    }

    fn inflated(piece: &Piece) -> String {
        String::from_utf8(Inflated::new(vec![piece.clone()]).collect::<Vec<_>>().concat()).unwrap()
    }
}
