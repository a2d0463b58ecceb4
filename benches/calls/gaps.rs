//! How old data are over all targets and all time, from the times between two answers.

/// Times between two answers of one call, in seconds. Between them the age of its data grows from zero to that.
#[derive(Clone, Debug, Default)]
pub struct Gaps(Vec<f64>);

impl Gaps {
    /// A call was answered again after so many seconds, or had not been when the time was over.
    pub fn add(&mut self, seconds: f64) {
        self.0.push(seconds);
    }

    /// The share of all time in which data were older.
    pub fn older_than(&self, seconds: f64) -> f64 {
        let all: f64 = self.0.iter().sum();
        let beyond: f64 = self.0.iter().map(|gap| (gap - seconds).max(0.0)).sum();
        if all > 0.0 { beyond / all } else { 0.0 }
    }

    /// The age that data had not passed in that part of all time.
    pub fn quantile(&self, part: f64) -> f64 {
        let (mut low, mut high) = (0.0, self.max());
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if self.older_than(middle) > 1.0 - part { low = middle } else { high = middle }
        }
        high
    }

    /// The oldest.
    pub fn max(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }
}
