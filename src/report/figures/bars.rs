//! [`Bars`]: a bar chart of a few values.

use super::axis::{Axis, Span, real};
use super::figure::{Figure, FigureError};
use super::palette::Color;
use super::plot_area::{Frame, LegendEntry, Marker, Size};
use crate::report::text::{decimals_for, number};

/// A few values side by side, in one or more series.
#[derive(Debug, Clone)]
pub(crate) struct Bars {
    pub(crate) title: String,
    /// The label of the left axis, with the unit.
    pub(crate) y_label: String,
    /// The label of the lower axis.
    pub(crate) x_label: String,
    /// The names of the categories.
    pub(crate) names: Vec<String>,
    /// The series, each with a value for every category; a value that is not finite has no bar.
    pub(crate) series: Vec<BarSeries>,
    /// Whether each bar is labeled with its value.
    pub(crate) shows_values: bool,
}

/// One series of a bar chart.
#[derive(Debug, Clone)]
pub(crate) struct BarSeries {
    pub(crate) label: String,
    pub(crate) values: Vec<f64>,
    /// Their color; by their sign if `None`.
    pub(crate) color: Option<Color>,
}

impl Bars {
    fn span(&self) -> Span {
        let values = || self.series.iter().flat_map(|series| &series.values).copied();
        let span = Span::of(values(), true);
        if !self.shows_values {
            return span;
        }
        // Room for the labels beyond the bars.
        let margin = (span.high - span.low) * 0.1;
        let beyond = |value: f64| value + margin * value.signum();
        Span::of(values().filter(|value| value.is_finite()).flat_map(|value| [value, beyond(value)]), true)
    }
}

impl Figure for Bars {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        !self.series.iter().flat_map(|series| &series.values).any(|value| value.is_finite())
    }

    fn draw(&self) -> Result<String, FigureError> {
        let entry = |series: &BarSeries| {
            Some(LegendEntry { label: series.label.clone(), color: series.color?, marker: Marker::Line })
        };
        let span = self.span();
        let height = span.high - span.low;
        let frame = Frame {
            title: &self.title,
            size: Size::Half,
            legend: self.series.iter().filter_map(entry).collect(),
            x: Axis::categories(&self.names, &self.x_label),
            y: Axis::values(span, &self.y_label, 6),
            height: None,
            hover: None,
        };
        let wide = 0.7 / real(self.series.len().max(1));
        frame.draw(|area| {
            for (offset, series) in (0_u32..).zip(&self.series) {
                let bars = (0_u32..).zip(&series.values).filter(|(_, value)| value.is_finite());
                for (place, value) in bars {
                    let from = f64::from(place) + 0.15 + f64::from(offset) * wide;
                    let color = series.color.unwrap_or_else(|| Color::of_sign(*value));
                    area.block([(from, value.max(0.0)), (from + wide, value.min(0.0))], color, 0.85)?;
                    if self.shows_values {
                        let beside = value + height * 0.05 * if *value < 0.0 { -1.0 } else { 1.0 };
                        area.write((from + wide / 2.0, beside), number(*value, decimals_for(height / 10.0)))?;
                    }
                }
            }
            area.line(vec![(0.0, 0.0), (1e9, 0.0)], Color::Ink)
        })
    }
}
