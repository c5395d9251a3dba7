//! [`Histogram`]: the distribution of a sample.

use super::axis::{Axis, Span, real};
use super::figure::{Figure, FigureError};
use super::palette::Color;
use super::plot_area::{Frame, Size};
use crate::report::text::count_text;

/// A histogram of a sample.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    title: String,
    x_label: String,
    counted: String,
    size: Size,
    low: f64,
    width: f64,
    counts: Vec<u32>,
    /// How many values lie beyond the outermost bars, where they are counted.
    beyond: u32,
}

const BARS_MAX: f64 = 60.0;
const BARS_MIN: f64 = 8.0;

impl Histogram {
    /// Counts values; those that are not finite are omitted. `x_label` names the values with their unit,
    /// `counted` says what each of them is ("periods", "runs").
    ///
    /// Bar widths follow Freedman and Diaconis (1981). Where a few outliers would squeeze all other values
    /// into one bar, they are counted in the outermost bars.
    pub(crate) fn of(title: String, x_label: &str, counted: &str, values: &[f64]) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (low, width, bars) = bars(&sorted).unwrap_or((0.0, 1.0, 0));
        let mut histogram = Self {
            title,
            x_label: x_label.to_owned(),
            counted: counted.to_owned(),
            size: Size::Half,
            low,
            width,
            counts: vec![0; bars],
            beyond: 0,
        };
        sorted.into_iter().for_each(|value| histogram.count(value));
        histogram
    }

    /// Returns a sentence that says how many values lie beyond the outermost bars; empty if none do.
    pub(crate) fn outliers_note(&self) -> String {
        match self.beyond {
            0 => String::new(),
            count => {
                let count = count_text(count.into());
                format!(" The outermost bars include {count} of the {} that lie beyond them.", self.counted)
            }
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the index of a bar, after clamping"
    )]
    fn count(&mut self, value: f64) {
        let place = (value - self.low) / self.width;
        let last = self.counts.len().saturating_sub(1);
        let bar = (place.max(0.0) as usize).min(last);
        if let Some(count) = self.counts.get_mut(bar) {
            *count += 1;
        }
        let end = real(last + 1);
        // The highest value belongs to the last bar.
        if place < -1e-9 || place > end + 1e-9 {
            self.beyond += 1;
        }
    }

    fn edge(&self, bar: usize) -> f64 {
        self.low + real(bar) * self.width
    }
}

/// Returns the lower edge of the first bar, the width of a bar and their number; `None` for an empty sample.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of bars, after clamping"
)]
fn bars(sorted: &[f64]) -> Option<(f64, f64, usize)> {
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let count = real(sorted.len());
    if last - first <= first.abs().max(last.abs()) * 1e-12 {
        let width = (first.abs() * 0.01).max(1e-9);
        return Some((first - width / 2.0, width, 1));
    }
    let quartile = |quarter: usize| sorted[(sorted.len() - 1) * quarter / 4];
    let middle = quartile(3) - quartile(1);
    let all = last - first;
    let width = if middle > 0.0 { 2.0 * middle / count.cbrt() } else { all / BARS_MIN };
    if all / width <= BARS_MAX {
        let bars = (all / width).ceil().max(BARS_MIN);
        return Some((first, all / bars, bars as usize));
    }
    // `BARS_MAX` bars around the median, or fewer where the sample ends earlier on one side.
    let half = width * BARS_MAX / 2.0;
    let low = first.max(quartile(2) - half);
    let bars = ((last.min(quartile(2) + half) - low) / width).ceil().clamp(1.0, BARS_MAX);
    Some((low, width, bars as usize))
}

impl Figure for Histogram {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    fn draw(&self) -> Result<String, FigureError> {
        let counts = || self.counts.iter().map(|count| f64::from(*count));
        let x = Span { low: self.edge(0), high: self.edge(self.counts.len()) };
        let frame = Frame {
            title: &self.title,
            size: self.size,
            legend: Vec::new(),
            x: Axis::values(x, &self.x_label, self.size.ticks().into()),
            y: Axis::values(Span::of(counts(), true), &self.counted, 6),
            height: None,
            hover: None,
        };
        let gap = self.width * 0.06;
        frame.draw(|area| {
            for (bar, count) in counts().enumerate().filter(|(_, count)| *count > 0.0) {
                let (from, to) = (self.edge(bar), self.edge(bar + 1));
                let color = Color::of_sign(f64::midpoint(from, to));
                area.block([(from + gap, count), (to - gap, 0.0)], color, 0.85)?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Histogram {
        Histogram::of(String::new(), "", "", values)
    }

    #[test]
    fn every_value_is_counted_once() {
        let values: Vec<f64> = (0..1_000).map(|it| f64::from((it * 37) % 1_000)).collect();
        let histogram = of(&values);
        assert_eq!(histogram.counts.iter().sum::<u32>(), 1_000);
        assert_eq!(histogram.outliers_note(), "");
        assert!(histogram.counts.iter().all(|count| *count > 50), "{:?}", histogram.counts);
    }

    #[test]
    fn a_value_far_out_does_not_squeeze_the_others_into_one_bar() {
        let values: Vec<f64> = (0..1_000).map(|it| f64::from(it % 100)).chain([1e9, -1e9]).collect();
        let histogram = of(&values);
        assert_eq!(histogram.counts.iter().sum::<u32>(), 1_002);
        assert_eq!(histogram.beyond, 2);
        assert!(
            histogram.outliers_note().ends_with("include 2 of the  that lie beyond them."),
            "{}",
            histogram.outliers_note()
        );
        assert!(histogram.counts.len() > 5 && histogram.counts.len() <= 60);
    }

    #[test]
    fn nothing_has_no_bars_and_one_value_one() {
        assert!(of(&[]).is_empty() && of(&[f64::NAN]).is_empty());
        assert_eq!(of(&[0.5; 4]).counts, [4]);
        assert_eq!(of(&[0.0]).counts, [1]);
    }
}
