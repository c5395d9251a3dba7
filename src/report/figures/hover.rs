//! [`Hover`]: the values of a figure, for the page's script: what stands at the pointer, and a part of it,
//! enlarged.
//!
//! They are an attribute of the figure's SVG element, as JSON. Without the script nothing is lost.

use serde_json::json;

use super::axis::Span;
use super::lines::{FillMarker, Line, LineStyle};
use crate::analysis::{Extent, Point};

/// Positions in time are whole parts of the extent, so many.
const PARTS: f64 = 1e6;

/// The values of a figure.
#[derive(Debug, Clone)]
pub(super) struct Hover<'a> {
    pub(super) extent: Extent,
    pub(super) span: Span,
    /// Whether the left axis is logarithmic.
    pub(super) is_log: bool,
    /// Whether times are days, each of which ends at the midnight after it.
    pub(super) by_day: bool,
    pub(super) lines: &'a [Line],
    pub(super) fills: &'a [FillMarker],
    /// How many points of a line are kept: a page of many figures stays small.
    pub(super) points_max: usize,
}

impl Hover<'_> {
    /// Returns the attribute's content, before it is escaped.
    pub(super) fn json(&self) -> String {
        let millis = |nanos: i64| nanos.div_euclid(1_000_000);
        let lines = self.lines.iter().map(|line| {
            let (light, _) = line.color.shades();
            let steps = matches!(line.style, LineStyle::Steps | LineStyle::Columns);
            json!({ "n": line.label, "c": light, "s": u8::from(steps), "p": self.points(&line.points) })
        });
        let fills = self
            .fills
            .iter()
            .map(|fill| json!([self.part(fill.at), rounded(fill.value), u8::from(fill.buys)]));
        json!({
            "t": [millis(self.extent.start()), millis(self.extent.end())],
            "y": [self.span.low, self.span.high],
            "log": u8::from(self.is_log),
            "day": u8::from(self.by_day),
            "l": lines.collect::<Vec<_>>(),
            "f": fills.collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// Returns points in turn: position, value, position, value; a gap has no value.
    fn points(&self, points: &[Point]) -> Vec<serde_json::Value> {
        let stride = points.len() / self.points_max + 1;
        let last = points.len().saturating_sub(1);
        let kept = points.iter().enumerate().filter(|(place, _)| place % stride == 0 || *place == last);
        kept.flat_map(|(_, (at, value))| {
            [json!(self.part(*at)), if value.is_finite() { json!(rounded(*value)) } else { json!(null) }]
        })
        .collect()
    }

    /// Returns how many parts of the extent have passed; rounded down, so that no day is called the next one.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a position of a picture"
    )]
    fn part(&self, at: i64) -> i64 {
        let length = (self.extent.end() - self.extent.start()).max(1) as f64;
        let passed = at.saturating_sub(i64::from(self.by_day)).saturating_sub(self.extent.start()) as f64;
        (passed / length * PARTS).floor().max(0.0) as i64
    }
}

/// Rounds to seven significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::Color;
    use bearpit_core::units::SimTime;

    #[test]
    fn a_day_keeps_its_date_gaps_stay_and_digits_are_few() {
        const DAY: i64 = 86_400_000_000_000;
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(10 * DAY));
        let points = vec![(0, 1.0), (DAY, 1.0 / 3.0), (2 * DAY, f64::NAN), (10 * DAY, 123_456.789)];
        let line = Line { label: "a<b".to_owned(), points, style: LineStyle::Line, color: Color::Line(0) };
        let hover = Hover {
            extent,
            span: Span { low: 0.0, high: 1.0 },
            is_log: false,
            by_day: true,
            lines: &[line],
            fills: &[],
            points_max: 400,
        };
        let found: serde_json::Value = serde_json::from_str(&hover.json()).unwrap();
        assert_eq!(
            found["l"][0]["p"],
            json!([0, 1.0, 99_999, 0.333_333_3, 199_999, null, 999_999, 123_456.8])
        );
        assert_eq!((&found["t"], &found["l"][0]["n"]), (&json!([0, 864_000_000]), &json!("a<b")));
    }

    #[test]
    fn a_long_line_is_thinned_out_and_keeps_its_end() {
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(5_000));
        let points: Vec<Point> = (0..5_000).zip((0..5_000).map(f64::from)).collect();
        let line = Line { label: String::new(), points, style: LineStyle::Line, color: Color::Line(0) };
        let hover = Hover {
            extent,
            span: Span { low: 0.0, high: 1.0 },
            is_log: false,
            by_day: false,
            lines: std::slice::from_ref(&line),
            fills: &[],
            points_max: 400,
        };
        let points = hover.points(&line.points);
        assert!(points.len() <= 2 * 401, "{}", points.len());
        assert_eq!(points.last(), Some(&json!(4_999.0)));
    }
}
