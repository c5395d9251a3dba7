//! [`Line`]: what was measured, as it is printed.

use std::fmt;
use std::time::Duration;

/// What was measured, as it is printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What was done.
    pub what: String,
    /// How long each took from when it was due, in order.
    delays: Vec<Duration>,
    /// From when the first was due to the last answer.
    took: Duration,
    /// What else there is to say.
    pub beside: String,
}

impl Line {
    pub(super) fn new(what: impl Into<String>, mut delays: Vec<Duration>, took: Duration) -> Self {
        delays.sort_unstable();
        Self { what: what.into(), delays, took, beside: String::new() }
    }

    pub(super) fn beside(mut self, text: impl fmt::Display) -> Self {
        if !self.beside.is_empty() {
            self.beside.push_str("; ");
        }
        self.beside.push_str(&text.to_string());
        self
    }

    /// Returns how many there were.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.delays.len()
    }

    /// Returns the time within which `part` of a thousand were answered.
    #[must_use]
    pub fn within(&self, part: usize) -> Duration {
        let place = (self.delays.len() * part).div_ceil(1_000).saturating_sub(1);
        self.delays.get(place.min(self.delays.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    /// Returns how many there were in a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.delays.len()).unwrap_or(u32::MAX)) / self.took.as_secs_f64().max(1e-9)
    }
}

/// Returns a time in milliseconds.
pub(super) fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, most] = [500, 990, 1_000].map(|part| millis(self.within(part)));
        write!(
            f,
            "{:<44} {:>7.0}/s   p50 {p50:>7.2} ms   p99 {p99:>7.2} ms   max {most:>7.1} ms",
            self.what,
            self.rate()
        )?;
        if self.beside.is_empty() { Ok(()) } else { write!(f, "   {}", self.beside) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_rate_and_percentiles() {
        let delays = (1..=200).rev().map(Duration::from_millis).collect();
        let line = Line::new("things", delays, Duration::from_secs(4)).beside("a").beside("b");
        let within = [1, 500, 990, 1_000].map(|part| line.within(part));
        assert_eq!(within, [1, 100, 198, 200].map(Duration::from_millis));
        let expected = "50/s   p50  100.00 ms   p99  198.00 ms   max   200.0 ms   a; b";
        assert!(line.to_string().starts_with("things ") && line.to_string().ends_with(expected), "{line}");
        assert_eq!(Line::new("", Vec::new(), Duration::ZERO).within(990), Duration::ZERO);
    }
}
