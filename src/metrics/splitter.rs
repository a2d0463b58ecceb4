//! Takes an exposition as the encoder writes it and hands on its samples, line by line, with the family they belong to.

use std::fmt;

use prometheus_client::metrics::MetricType as EncoderType;

use super::catalogue::{self, MetricType};

/// Takes samples. `line` ends with a line feed; the samples of a family come one after the other.
pub(super) trait Output {
    fn sample(&mut self, family: usize, line: &str);
}

/// Splits at the `# HELP` lines.
pub(super) struct Splitter<O> {
    output: O,
    line: String,
    family: Option<usize>,
}

impl<O: Output> Splitter<O> {
    pub(super) fn new(output: O) -> Self {
        Self { output, line: String::with_capacity(512), family: None }
    }

    /// What took the samples.
    pub(super) fn finish(self) -> O {
        self.output
    }

    fn end_of_line(&mut self) {
        if let Some(help) = self.line.strip_prefix("# HELP ") {
            let name = help.split_ascii_whitespace().next();
            // Families come in the order of the catalogue.
            let from = self.family.map_or(0, |family| family + 1);
            let rest = catalogue::families().iter().enumerate().skip(from);
            self.family = rest.into_iter().find(|(_, family)| Some(family.open_metrics_name()) == name).map(|it| it.0);
        } else if !self.line.starts_with('#')
            && let Some(family) = self.family
        {
            self.output.sample(family, &self.line);
        }
        self.line.clear();
    }
}

impl<O: Output> fmt::Write for Splitter<O> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.line.push_str(text);
        // The encoder writes line feeds only at the end of a piece: those in label values are escaped.
        if text.as_bytes().last() == Some(&b'\n') {
            self.end_of_line();
        }
        Ok(())
    }
}

/// The encoder's word for a type.
pub(super) const fn encoder_type(metric_type: MetricType) -> EncoderType {
    match metric_type {
        MetricType::Gauge => EncoderType::Gauge,
        MetricType::Counter => EncoderType::Counter,
        MetricType::Histogram => EncoderType::Histogram,
    }
}
