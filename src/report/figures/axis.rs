//! [`Axis`]: maps values to positions, with tick marks at round numbers.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::time_axis;
use crate::analysis::Extent;
use crate::report::text::{decimals_for, number};

/// One axis of a figure.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<Tick>,
    /// The axis label.
    pub(super) label: String,
    /// Whether grid lines are drawn at its ticks.
    pub(super) has_grid: bool,
}

/// A position on an axis with its label.
#[derive(Debug, Clone)]
struct Tick {
    at: f64,
    text: String,
}

/// The range of values that an axis covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Span {
    /// Covers all finite values with a margin of 5%, including zero if `from_zero`. A constant series gets a
    /// margin too.
    pub(super) fn of(values: impl Iterator<Item = f64>, from_zero: bool) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let (mut low, mut high) =
            finite.fold((f64::MAX, f64::MIN), |(low, high), it| (low.min(it), high.max(it)));
        if low > high {
            return Self { low: 0.0, high: 1.0 };
        }
        if from_zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        let width = high - low;
        // Rounding error in sums does not count as movement.
        let varies = width > (low.abs().max(high.abs()) * 1e-12).max(f64::MIN_POSITIVE);
        let margin = if varies { width * 0.05 } else { (high.abs() * 0.01).max(0.5) };
        let keeps_zero = from_zero && varies;
        Self {
            low: if keeps_zero && low >= 0.0 { 0.0 } else { low - margin },
            high: if keeps_zero && high <= 0.0 { 0.0 } else { high + margin },
        }
    }

    const fn width(self) -> f64 {
        self.high - self.low
    }
}

/// Values above these sizes are labeled in millions or billions.
const SCALES: [(f64, f64, &str); 2] = [(1e10, 1e9, "billions"), (1e7, 1e6, "millions")];

impl Axis {
    /// Makes a linear axis with at most `most` ticks.
    pub(super) fn values(span: Span, unit: &str, most: usize) -> Self {
        let largest = span.low.abs().max(span.high.abs());
        let scale = SCALES.into_iter().find(|(from, ..)| largest >= *from);
        let divisor = scale.map_or(1.0, |(_, divisor, _)| divisor);
        let label = scale.map_or_else(|| unit.to_owned(), |(.., name)| format!("{unit}, {name}"));
        let step = nice_step(span.width(), most);
        let places = decimals_for(span.width() / divisor);
        let places = if step / divisor >= 1.0 { 0 } else { places };
        let first = (span.low / step).ceil();
        let mark = |number: i32| (first + f64::from(number)) * step;
        let inside = (0..64).map(mark).take_while(|at| *at <= span.high + step * 1e-9);
        let marks = inside.map(|at| Tick { at, text: number(at / divisor, places) }).collect();
        Self { low: span.low, high: span.high, ticks: marks, label, has_grid: true }
    }

    /// Makes a base-10 logarithmic axis: positions are exponents.
    pub(super) fn log10(span: Span, unit: &str) -> Self {
        let exponents = (-12_i8..=12).filter(|it| (span.low..=span.high).contains(&f64::from(*it)));
        let mark = |exponent: i8| Tick {
            at: exponent.into(),
            text: number(10_f64.powi(exponent.into()), exponent.min(0).unsigned_abs().into()),
        };
        let marks = exponents.map(mark).collect();
        Self { low: span.low, high: span.high, ticks: marks, label: unit.to_owned(), has_grid: true }
    }

    /// Makes a base-10 logarithmic axis with ticks at round numbers, over any number of decades; positions
    /// are exponents.
    pub(super) fn log(span: Span, unit: &str, most: usize) -> Self {
        let (low, high) = (10_f64.powf(span.low), 10_f64.powf(span.high));
        if span.width() < 1.0 {
            // Within a decade round steps stand close enough.
            let mut axis = Self::values(Span { low, high }, unit, most);
            axis.ticks.retain(|tick| tick.at > 0.0);
            axis.ticks.iter_mut().for_each(|tick| tick.at = tick.at.log10());
            return Self { low: span.low, high: span.high, ..axis };
        }
        let factors: &[f64] = if span.width() < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let exponents = (-300_i32..=300).filter(|it| (span.low - 1.0..=span.high).contains(&f64::from(*it)));
        let values = exponents.flat_map(|it| factors.iter().map(move |factor| factor * 10_f64.powi(it)));
        let within = values.filter(|value| *value >= low && *value <= high);
        let tick =
            |value: f64| Tick { at: value.log10(), text: number(value, if value < 1.0 { 3 } else { 0 }) };
        let ticks = within.map(tick).collect();
        Self { low: span.low, high: span.high, ticks, label: unit.to_owned(), has_grid: true }
    }

    /// Makes a time axis with about `most` ticks; positions are nanoseconds since its start.
    pub(super) fn time(extent: Extent, most: i64) -> Self {
        let (marks, label) = time_axis::ticks(extent, most);
        let marks = marks.into_iter().map(|(at, text)| Tick { at: since(extent, at), text });
        let high = since(extent, extent.end());
        Self { low: 0.0, high, ticks: marks.collect(), label, has_grid: true }
    }

    /// Makes an axis of categories side by side: the first covers 0 to 1, the second 1 to 2.
    pub(super) fn categories(names: &[String], label: &str) -> Self {
        let mark = |(at, name): (u32, &String)| Tick { at: f64::from(at) + 0.5, text: name.clone() };
        Self {
            low: 0.0,
            high: real(names.len().max(1)),
            ticks: (0..).zip(names).map(mark).collect(),
            label: label.to_owned(),
            has_grid: false,
        }
    }

    /// Returns the length of its longest tick label, in characters.
    pub(super) fn label_chars(&self) -> usize {
        self.ticks.iter().map(|mark| mark.text.chars().count()).max().unwrap_or(0)
    }

    /// Reverses the axis, so that the first category is at the top.
    pub(super) fn downwards(self) -> Self {
        Self { low: self.high, high: self.low, ..self }
    }
}

/// Returns the time since the start: small numbers, which an `f64` holds to the nanosecond.
#[expect(clippy::cast_precision_loss, reason = "a position in a picture")]
pub(super) fn since(extent: Extent, at: i64) -> f64 {
    at.saturating_sub(extent.start()) as f64
}

/// Returns a count as a double.
#[expect(clippy::cast_precision_loss, reason = "counts of what a picture shows are far below 2^53")]
pub(super) const fn real(count: usize) -> f64 {
    count as f64
}

/// Returns the smallest step of 1, 2, 5, 10, 20 ... that divides a width into at most `most` steps.
fn nice_step(width: f64, most: usize) -> f64 {
    let most = real(most.max(1));
    let raw = (width / most).max(f64::MIN_POSITIVE);
    let decade = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0].map(|it| it * decade).into_iter().find(|step| *step >= raw * (1.0 - 1e-9));
    step.unwrap_or(10.0 * decade)
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "a position between the limits, which are pixels")]
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|mark| mark.at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let mark = self.ticks.iter().find(|mark| mark.at.total_cmp(value).is_eq());
        mark.map_or_else(String::new, |mark| mark.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(low: f64, high: f64) -> Vec<String> {
        Axis::values(Span { low, high }, "", 6).ticks.into_iter().map(|mark| mark.text).collect()
    }

    #[test]
    fn marks_are_round_and_few() {
        assert_eq!(texts(-3.0, 104.0), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(texts(99.951, 100.02), ["99.96", "99.98", "100.00", "100.02"]);
        assert_eq!(
            texts(-0.000_012, 0.000_011),
            ["−0.000010", "−0.000005", "0.000000", "0.000005", "0.000010"]
        );
        for exponent in -12..15 {
            let high = 3.7 * 10_f64.powi(exponent);
            let marks = texts(0.0, high);
            assert!(marks.len() >= 3 && marks.len() <= 7, "{high}: {marks:?}");
            let mut distinct = marks.clone();
            distinct.dedup();
            assert_eq!(distinct, marks, "marks of {high} are distinct");
        }
    }

    #[test]
    fn a_logarithmic_axis_has_round_numbers_over_any_range() {
        let texts = |low: f64, high: f64| -> Vec<String> {
            let span = Span { low: low.log10(), high: high.log10() };
            Axis::log(span, "", 6).ticks.into_iter().map(|tick| tick.text).collect()
        };
        assert_eq!(texts(80.0, 260.0), ["100", "150", "200", "250"]);
        assert_eq!(texts(40.0, 1_200.0), ["50", "100", "200", "500", "1,000"]);
        assert_eq!(texts(1.0, 1e5), ["1", "10", "100", "1,000", "10,000", "100,000"]);
    }

    #[test]
    fn large_numbers_are_written_in_millions() {
        let axis = Axis::values(Span { low: 0.0, high: 4.2e7 }, "volume", 6);
        assert_eq!(axis.label, "volume, millions");
        assert_eq!(axis.ticks.last().map(|mark| mark.text.as_str()), Some("40"));
    }

    #[test]
    fn a_span_has_air_keeps_zero_and_is_never_empty() {
        assert_eq!(Span::of([10.0, 20.0].into_iter(), true), Span { low: 0.0, high: 21.0 });
        assert_eq!(Span::of([5.0, 5.0].into_iter(), false), Span { low: 4.5, high: 5.5 });
        assert_eq!(Span::of([0.0].into_iter(), true), Span { low: -0.5, high: 0.5 });
        assert_eq!(Span::of([f64::NAN].into_iter(), false), Span { low: 0.0, high: 1.0 });
    }
}
