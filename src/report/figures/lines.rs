//! [`Lines`]: time series, with bands and fill markers.

use super::axis::{Axis, Span, since};
use super::figure::{Figure, FigureError};
use super::hover::Hover;
use super::palette::Color;
use super::plot_area::{DrawResult, Frame, LegendEntry, Marker, PlotArea, PlotPoint, Size};
use crate::analysis::{Extent, Point};
use bearpit_core::units::SimDuration;

/// How the points of a line are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineStyle {
    /// Straight lines.
    Line,
    /// Steps: a value holds until the next.
    Steps,
    /// Straight lines, with the area down to zero filled.
    Area,
    /// Steps, with the area down to zero filled.
    Columns,
}

/// One line of a figure. A value that is not finite is a gap.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) points: Vec<Point>,
    pub(crate) style: LineStyle,
    pub(crate) color: Color,
}

/// The area between two lines, such as two quantiles of a fan: time, low, high. A value that is not finite is
/// a gap.
#[derive(Debug, Clone)]
pub(crate) struct Band {
    pub(crate) label: String,
    pub(crate) points: Vec<(i64, f64, f64)>,
    pub(crate) color: Color,
    /// Its opacity, 0 to 1.
    pub(crate) opacity: f64,
}

/// A purchase or a sale, drawn as a triangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FillMarker {
    pub(crate) at: i64,
    pub(crate) value: f64,
    pub(crate) buys: bool,
    /// Its quantity as a fraction of the largest: 0 to 1.
    pub(crate) weight: f64,
}

/// A figure of time series.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    pub(crate) title: String,
    /// The label of the left axis, with the unit.
    pub(crate) y_label: String,
    pub(crate) size: Size,
    pub(crate) extent: Extent,
    pub(crate) bands: Vec<Band>,
    pub(crate) lines: Vec<Line>,
    pub(crate) fills: Vec<FillMarker>,
    /// Whether the left axis includes zero.
    pub(crate) from_zero: bool,
    /// Whether the left axis is logarithmic; values that are not above zero are then gaps.
    pub(crate) is_log: bool,
    /// Whether times are the ends of days.
    pub(crate) by_day: bool,
}

impl Lines {
    /// Makes an empty figure.
    pub(crate) fn new(title: String, y_label: String, size: Size, extent: Extent) -> Self {
        let (bands, lines, fills) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            title,
            y_label,
            size,
            extent,
            bands,
            lines,
            fills,
            from_zero: false,
            is_log: false,
            by_day: false,
        }
    }

    /// Adds a line in the next color.
    pub(crate) fn with(mut self, label: &str, points: Vec<Point>, style: LineStyle) -> Self {
        let color = Color::Line(self.lines.len());
        self.lines.push(Line { label: label.to_owned(), points, style, color });
        self
    }

    /// Includes zero in the left axis.
    pub(crate) const fn with_zero(mut self) -> Self {
        self.from_zero = true;
        self
    }

    /// Makes the left axis logarithmic.
    pub(crate) const fn logarithmic(mut self) -> Self {
        self.is_log = true;
        self
    }

    /// Says how long the periods are that the points end: times of days are called by their day.
    pub(crate) const fn by_day(mut self, period: SimDuration) -> Self {
        self.by_day = period.nanos() >= SimDuration::from_secs(86_400).nanos();
        self
    }

    /// Returns where a value stands on the left axis.
    fn height(&self, value: f64) -> f64 {
        if self.is_log { value.log10() } else { value }
    }

    fn span(&self) -> Span {
        let lines = self.lines.iter().flat_map(|line| &line.points).map(|point| point.1);
        let bands = self.bands.iter().flat_map(|band| &band.points).flat_map(|(_, low, high)| [*low, *high]);
        let fills = self.fills.iter().map(|fill| fill.value);
        Span::of(lines.chain(bands).chain(fills).map(|value| self.height(value)), self.from_zero)
    }

    fn draw_sized(&self, size: Size) -> Result<String, FigureError> {
        let span = self.span();
        let hover = Hover {
            extent: self.extent,
            span,
            is_log: self.is_log,
            by_day: self.by_day,
            lines: &self.lines,
            fills: &self.fills,
            points_max: if size == Size::Wide { 400 } else { 160 },
        };
        // A narrow drawing has the values of the wide one beside it.
        let values = if size == Size::Narrow { String::new() } else { hover.json() };
        let frame = Frame {
            title: &self.title,
            size,
            legend: self.legend(),
            x: Axis::time(self.extent, size.ticks().into()),
            y: if self.is_log {
                Axis::log(span, &self.y_label, 6)
            } else {
                Axis::values(span, &self.y_label, 6)
            },
            height: None,
            hover: Some(values),
        };
        frame.draw(|area| {
            self.bands.iter().try_for_each(|band| self.draw_band(area, band))?;
            self.lines.iter().try_for_each(|line| self.draw_line(area, line))?;
            self.fills.iter().try_for_each(|fill| self.draw_fill(area, fill))
        })
    }

    fn legend(&self) -> Vec<LegendEntry> {
        let entry = |label: &str, color, marker| LegendEntry { label: label.to_owned(), color, marker };
        let mut legend = Vec::new();
        if self.lines.len() + self.bands.len() > 1 || !self.fills.is_empty() {
            legend.extend(self.lines.iter().map(|line| entry(&line.label, line.color, Marker::Line)));
            legend.extend(self.bands.iter().map(|band| entry(&band.label, band.color, Marker::Line)));
        }
        for (buys, label, color, marker) in
            [(true, "bought", Color::Up, Marker::Up), (false, "sold", Color::Down, Marker::Down)]
        {
            legend
                .extend(self.fills.iter().any(|fill| fill.buys == buys).then(|| entry(label, color, marker)));
        }
        legend
    }

    fn draw_band(&self, area: &mut PlotArea<'_, '_>, band: &Band) -> DrawResult {
        let is_gap = |it: &(i64, f64, f64)| !it.1.is_finite() || !it.2.is_finite();
        for piece in band.points.split(is_gap).filter(|piece| !piece.is_empty()) {
            let upper = piece.iter().map(|(at, _, high)| (since(self.extent, *at), *high));
            let lower = piece.iter().rev().map(|(at, low, _)| (since(self.extent, *at), *low));
            area.polygon(upper.chain(lower).collect(), band.color, band.opacity)?;
        }
        Ok(())
    }

    fn draw_line(&self, area: &mut PlotArea<'_, '_>, line: &Line) -> DrawResult {
        for piece in
            line.points.split(|point| !self.height(point.1).is_finite()).filter(|piece| !piece.is_empty())
        {
            let points: Vec<PlotPoint> =
                piece.iter().map(|(at, value)| (since(self.extent, *at), self.height(*value))).collect();
            let points = match line.style {
                LineStyle::Line | LineStyle::Area => points,
                LineStyle::Steps | LineStyle::Columns => steps(&points),
            };
            if let (LineStyle::Area | LineStyle::Columns, [first, .., last]) = (line.style, points.as_slice())
            {
                let baseline = [(last.0, 0.0), (first.0, 0.0)];
                area.polygon(points.iter().copied().chain(baseline).collect(), line.color, 0.2)?;
            }
            match points.as_slice() {
                [alone] => area.dot(*alone, line.color)?,
                _ => area.line(points, line.color)?,
            }
        }
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "a few pixels")]
    fn draw_fill(&self, area: &mut PlotArea<'_, '_>, fill: &FillMarker) -> DrawResult {
        // The area of a marker is proportional to its quantity; the smallest stays visible.
        let pixels = (fill.weight.clamp(0.0, 1.0).sqrt() * 10.0).max(4.0) as i32;
        let (pixels, color) = if fill.buys { (pixels, Color::Up) } else { (-pixels, Color::Down) };
        area.triangle((since(self.extent, fill.at), self.height(fill.value)), pixels, color)
    }
}

impl Figure for Lines {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        let has_line = self.lines.iter().any(|line| line.points.iter().any(|point| point.1.is_finite()));
        !has_line && self.bands.iter().all(|band| band.points.is_empty()) && self.fills.is_empty()
    }

    fn is_wide(&self) -> bool {
        self.size == Size::Wide
    }

    fn draw(&self) -> Result<String, FigureError> {
        self.draw_sized(self.size)
    }

    fn draw_narrow(&self) -> Result<Option<String>, FigureError> {
        if self.is_wide() { self.draw_sized(Size::Narrow).map(Some) } else { Ok(None) }
    }
}

/// Adds the corner before each change of value.
fn steps(points: &[PlotPoint]) -> Vec<PlotPoint> {
    let mut cornered: Vec<PlotPoint> = Vec::with_capacity(points.len() * 2);
    for point in points {
        if let Some((_, before)) = cornered.last().copied() {
            cornered.push((point.0, before));
        }
        cornered.push(*point);
    }
    cornered
}
