//! [`Chart`]: an x-y chart of one or more series, as dots, triangles or lines.

use super::axis::{Axis, Span};
use super::figure::{Figure, FigureError};
use super::palette::Color;
use super::plot_area::{DrawResult, Frame, LegendEntry, Marker, PlotArea, PlotPoint, Size};

/// How the points of a series are drawn, so that series differ by more than color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeriesStyle {
    /// A line through the points.
    Line,
    /// A dot at each point.
    Dots,
    /// A triangle at each point.
    Triangles,
}

/// One series of a chart.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) label: String,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) style: SeriesStyle,
    pub(crate) color: Color,
}

/// An x-y chart.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    pub(crate) title: String,
    /// The label of the lower axis, with the unit.
    pub(crate) x_label: String,
    /// The label of the left axis, with the unit.
    pub(crate) y_label: String,
    /// The half-width of a band around zero, with its label.
    pub(crate) band: Option<(f64, String)>,
    /// Whether the left axis is logarithmic; values that are not above zero are then omitted.
    pub(crate) log_y: bool,
    pub(crate) series: Vec<Series>,
}

impl Chart {
    /// Returns the position of a value, if it can be drawn.
    fn point(&self, (x, y): (f64, f64)) -> Option<PlotPoint> {
        let y = if self.log_y { y.log10() } else { y };
        (x.is_finite() && y.is_finite()).then_some((x, y))
    }

    fn points(&self) -> impl Iterator<Item = PlotPoint> {
        self.series.iter().flat_map(|series| &series.points).filter_map(|point| self.point(*point))
    }

    fn legend(&self) -> Vec<LegendEntry> {
        let entry = |series: &Series| LegendEntry {
            label: series.label.clone(),
            color: series.color,
            marker: match series.style {
                SeriesStyle::Line => Marker::Line,
                SeriesStyle::Dots => Marker::Dot,
                SeriesStyle::Triangles => Marker::Up,
            },
        };
        let band = |(_, label): &(f64, String)| LegendEntry {
            label: label.clone(),
            color: Color::Grid,
            marker: Marker::Line,
        };
        self.series.iter().map(entry).chain(self.band.iter().map(band)).collect()
    }

    fn draw_series(&self, area: &mut PlotArea<'_, '_>, series: &Series) -> DrawResult {
        let mut points = series.points.iter().filter_map(|point| self.point(*point));
        match series.style {
            SeriesStyle::Line => area.line(points.collect(), series.color),
            SeriesStyle::Dots => points.try_for_each(|point| area.dot(point, series.color)),
            SeriesStyle::Triangles => points.try_for_each(|point| area.triangle(point, 5, series.color)),
        }
    }
}

impl Figure for Chart {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        self.points().next().is_none()
    }

    fn draw(&self) -> Result<String, FigureError> {
        let x = Span::of(self.points().map(|point| point.0), true);
        let band = self.band.as_ref().map(|band| band.0).unwrap_or_default();
        let values = self.points().map(|point| point.1);
        let y = Span::of(values.chain([band, -band].into_iter().filter(|_| !self.log_y)), !self.log_y);
        let frame = Frame {
            title: &self.title,
            size: Size::Half,
            legend: self.legend(),
            x: Axis::values(x, &self.x_label, Size::Half.ticks().into()),
            y: if self.log_y { Axis::log10(y, &self.y_label) } else { Axis::values(y, &self.y_label, 6) },
            height: None,
            hover: None,
        };
        frame.draw(|area| {
            if !self.log_y {
                area.block([(x.low, band), (x.high, -band)], Color::Grid, 0.7)?;
                area.line(vec![(x.low, 0.0), (x.high, 0.0)], Color::Ink)?;
            }
            self.series.iter().try_for_each(|series| self.draw_series(area, series))
        })
    }
}
