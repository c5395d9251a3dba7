//! [`Bars`]: a few values side by side.

use super::Figure;
use super::axis::{Axis, Span};
use super::plane::{Frame, Key, Sign, Size};
use super::tone::Tone;
use crate::report::ReportError;
use crate::report::text::{number, places_for};

/// A few values side by side, in groups.
#[derive(Debug, Clone)]
pub(crate) struct Bars {
    pub(crate) title: String,
    /// What the values are, with their unit.
    pub(crate) unit: String,
    /// What the names are.
    pub(crate) across: String,
    /// The names of the places.
    pub(crate) names: Vec<String>,
    /// A value for each place; what is no number has no bar.
    pub(crate) groups: Vec<Group>,
    /// Whether each bar has its value written above.
    pub(crate) is_written: bool,
}

/// Values that belong together.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) label: String,
    pub(crate) values: Vec<f64>,
    /// Their colour; by their sign if there is none.
    pub(crate) tone: Option<Tone>,
}

impl Bars {
    fn span(&self) -> Span {
        let values = || self.groups.iter().flat_map(|group| &group.values).copied();
        let span = Span::of(values(), true);
        if !self.is_written {
            return span;
        }
        // Room for what is written beyond the bars.
        let air = (span.high - span.low) * 0.1;
        let beyond = |value: f64| value + air * value.signum();
        Span::of(values().filter(|value| value.is_finite()).flat_map(|value| [value, beyond(value)]), true)
    }
}

impl Figure for Bars {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        !self.groups.iter().flat_map(|group| &group.values).any(|value| value.is_finite())
    }

    fn draw(&self) -> Result<String, ReportError> {
        let key =
            |group: &Group| Some(Key { label: group.label.clone(), tone: group.tone?, sign: Sign::Line });
        let span = self.span();
        let height = span.high - span.low;
        let frame = Frame {
            title: &self.title,
            size: Size::Half,
            keys: self.groups.iter().filter_map(key).collect(),
            x: Axis::places(&self.names, &self.across),
            y: Axis::values(span, &self.unit, 6),
            height: None,
        };
        let wide = 0.7 / f64::from(u32::try_from(self.groups.len().max(1)).unwrap_or(u32::MAX));
        frame.draw(|plane| {
            for (offset, group) in (0_u32..).zip(&self.groups) {
                let bars = (0_u32..).zip(&group.values).filter(|(_, value)| value.is_finite());
                for (place, value) in bars {
                    let from = f64::from(place) + 0.15 + f64::from(offset) * wide;
                    let tone = group.tone.unwrap_or_else(|| Tone::of_sign(*value));
                    plane.block([(from, value.max(0.0)), (from + wide, value.min(0.0))], tone, 0.85)?;
                    if self.is_written {
                        let beside = value + height * 0.05 * if *value < 0.0 { -1.0 } else { 1.0 };
                        plane
                            .write((from + wide / 2.0, beside), number(*value, places_for(height / 10.0)))?;
                    }
                }
            }
            plane.line(vec![(0.0, 0.0), (1e9, 0.0)], Tone::Ink)
        })
    }
}
