//! Which format and which encoding a client wants, by its `Accept` and `Accept-Encoding` headers (RFC 9110, section 12).

use std::cmp::Ordering;

use axum::http::{HeaderMap, HeaderName, header};

use crate::metrics::Format;

/// One element of such a header: `value;name=parameter;q=0.5`.
struct Preference {
    value: String,
    parameters: Vec<(String, String)>,
    quality: f32,
}

/// How well a format fits what the client accepts.
#[derive(Clone, Copy, Default)]
struct Fit {
    /// 0 to 1; 0 is "not acceptable".
    quality: f32,
    /// How exactly the format was named: 0 by `*/*`, 1 by its type, 2 by type and subtype, 3 with the version.
    exactness: u8,
}

/// The format to answer in. Prometheus text unless the client names OpenMetrics and prefers it, or at least does not prefer
/// text.
pub(crate) fn format(headers: &HeaderMap) -> Format {
    let accept = preferences(headers, &header::ACCEPT);
    let open_metrics = fit(&accept, "application", "openmetrics-text", "1.0.0");
    let text = fit(&accept, "text", "plain", "0.0.4");
    let named = open_metrics.exactness >= text.exactness.max(2) && open_metrics.quality > 0.0;
    match open_metrics.quality.total_cmp(&text.quality) {
        Ordering::Greater => Format::OpenMetrics,
        Ordering::Equal if named => Format::OpenMetrics,
        Ordering::Equal | Ordering::Less => Format::Text,
    }
}

/// The fit by the most exact media range that matches.
fn fit(accept: &[Preference], kind: &str, subtype: &str, version: &str) -> Fit {
    let exactness = |range: &Preference| match range.value.split_once('/')? {
        ("*", "*") => Some(0),
        (range_kind, "*") if range_kind == kind => Some(1),
        (range_kind, range_subtype) if range_kind == kind && range_subtype == subtype => {
            // Other parameters (charset, escaping) do not tell the formats apart.
            match range.parameters.iter().find(|(name, _)| name == "version") {
                Some((_, wanted)) => (wanted == version).then_some(3),
                None => Some(2),
            }
        }
        _ => None,
    };
    let fits = accept.iter().filter_map(|range| Some(Fit { quality: range.quality, exactness: exactness(range)? }));
    let order = |a: &Fit, b: &Fit| a.exactness.cmp(&b.exactness).then(a.quality.total_cmp(&b.quality));
    fits.max_by(order).unwrap_or_default()
}

/// Whether to answer with gzip.
pub(crate) fn gzip(headers: &HeaderMap) -> bool {
    let accept = preferences(headers, &header::ACCEPT_ENCODING);
    let quality = |names: &[&str]| {
        accept.iter().find(|coding| names.contains(&coding.value.as_str())).map(|coding| coding.quality)
    };
    let gzip = quality(&["gzip", "x-gzip"]).or_else(|| quality(&["*"])).unwrap_or(0.0);
    gzip > 0.0 && gzip >= quality(&["identity"]).unwrap_or(0.0)
}

/// The elements of a header that may come several times; malformed ones are left out.
fn preferences(headers: &HeaderMap, name: &HeaderName) -> Vec<Preference> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| split_outside_quotes(value, ','))
        .filter_map(preference)
        .collect()
}

fn preference(element: &str) -> Option<Preference> {
    let mut fields = split_outside_quotes(element, ';').into_iter().map(str::trim);
    let value = fields.next().filter(|value| !value.is_empty())?.to_ascii_lowercase();
    let mut parameters = Vec::new();
    let mut quality = 1.0;
    for field in fields.filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"');
        if name == "q" {
            quality = value.parse().ok().filter(|quality| (0.0..=1.0).contains(quality))?;
            break; // what follows the weight is no parameter of the media type
        }
        parameters.push((name, value.to_owned()));
    }
    Some(Preference { value, parameters, quality })
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    let parts = text.split(|c: char| {
        if c == '"' {
            quoted = !quoted;
        }
        c == separator && !quoted
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn formats() {
        use Format::{OpenMetrics, Text};
        let prometheus_2_42 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;\
                               q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3_14 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                               application/openmetrics-text;version=0.0.1;q=0.5,\
                               text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let protobuf_first = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;\
                              q=0.7,application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4";
        let text_only = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.2";
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
        for (accept, format) in [
            (prometheus_2_42, OpenMetrics),
            (prometheus_3_14, OpenMetrics),
            (protobuf_first, OpenMetrics),
            (text_only, Text),
            (browser, Text),
            ("*/*", Text),
            ("", Text),
            ("application/json", Text),
            ("application/openmetrics-text", OpenMetrics),
            ("Application/OpenMetrics-Text; Version=\"1.0.0\"", OpenMetrics),
            ("application/openmetrics-text;version=0.0.1", Text),
            ("application/openmetrics-text;version=2.0.0", Text),
            ("application/openmetrics-text;version=1.0.0;q=0", Text),
            ("application/openmetrics-text;version=1.0.0;q=0, */*", Text),
            ("application/openmetrics-text;q=0.3, text/plain;q=0.4", Text),
            ("application/openmetrics-text;q=0.4, text/plain;q=0.3", OpenMetrics),
            ("application/openmetrics-text, */*", OpenMetrics),
            ("text/plain;version=0.0.4, */*", Text),
            ("text/plain;q=0.5, */*;q=0.1, application/*;q=0.2", Text),
            ("application/openmetrics-text;version=1.0.0;q=nonsense, text/plain;q=0.1", Text),
            ("application/openmetrics-text;charset=\"a,b;q=0\";q=0.9,text/plain;q=0.8", OpenMetrics),
            (";;,/,=", Text),
        ] {
            assert_eq!(super::format(&headers(&header::ACCEPT, &[accept])), format, "{accept}");
        }
        assert_eq!(super::format(&HeaderMap::new()), Text);
        let two_lines = headers(&header::ACCEPT, &["text/plain;q=0.1", "application/openmetrics-text;version=1.0.0"]);
        assert_eq!(super::format(&two_lines), OpenMetrics);
    }

    #[test]
    fn encodings() {
        for (accept, wanted) in [
            ("gzip", true),
            ("GZIP", true),
            ("x-gzip", true),
            ("deflate, gzip;q=0.5", true),
            ("gzip, deflate, br, zstd", true),
            ("*", true),
            ("*;q=0.1", true),
            ("identity", false),
            ("", false),
            ("zstd", false),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("gzip; q=0.000, identity", false),
            ("*;q=0", false),
            ("identity;q=1, gzip;q=0.5", false),
            ("gzipped", false),
        ] {
            assert_eq!(gzip(&headers(&header::ACCEPT_ENCODING, &[accept])), wanted, "{accept}");
        }
        assert!(!gzip(&HeaderMap::new()));
    }
}
