//! Figures: lines over time, as SVG.

use std::fmt::Display;

use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::TriangleMarker;
use plotters::series::{AreaSeries, LineSeries};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, WHITE};

use super::ReportError;
use super::axis::TimeAxis;
use super::text::{number, places_for};
use crate::analysis::{Extent, FillMark, Point};

/// Colours that colour-blind readers tell apart (Okabe and Ito 2008), dark enough on white.
const PALETTE: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(150, 110, 0),
    RGBColor(86, 180, 233),
];
const BUY: RGBColor = RGBColor(0, 114, 178);
const SELL: RGBColor = RGBColor(213, 94, 0);
const INK: RGBColor = RGBColor(60, 64, 70);
const GRID: RGBColor = RGBColor(228, 230, 234);
const SIZE: (u32, u32) = (1_060, 300);

/// How the points of a line are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// By straight lines.
    Line,
    /// By steps: a value holds until the next.
    Steps,
    /// By straight lines, with the area to zero filled.
    Area,
}

/// One line of a figure.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    pub(super) label: String,
    pub(super) points: &'a [Point],
    pub(super) shape: Shape,
}

/// A figure under construction.
#[derive(Debug, Clone)]
pub(super) struct Figure<'a> {
    pub(super) title: String,
    pub(super) unit: String,
    pub(super) extent: Extent,
    pub(super) lines: Vec<Line<'a>>,
    pub(super) marks: Vec<&'a FillMark>,
    pub(super) from_zero: bool,
}

/// Returns the colour of the line at `index`, as CSS has it.
pub(super) fn css_color(index: usize) -> String {
    let RGBColor(r, g, b) = PALETTE[index % PALETTE.len()];
    format!("rgb({r},{g},{b})")
}

impl Figure<'_> {
    /// Returns whether there is nothing to draw.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.points.is_empty())
    }

    /// Draws the figure as an SVG element.
    pub(super) fn draw(&self) -> Result<String, ReportError> {
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        self.draw_on(&area).map_err(|why| self.error(&why))?;
        drop(area);
        // A picture needs words for those who cannot see it.
        let label = super::text::escape(&self.title);
        Ok(svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{label}\" "), 1))
    }

    fn error(&self, why: &dyn Display) -> ReportError {
        ReportError::Figure { figure: self.title.clone(), why: why.to_string() }
    }

    fn draw_on(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), String> {
        area.fill(&WHITE).map_err(text)?;
        let (low, high) = self.range();
        let places = places_for(high - low);
        let axis = TimeAxis::new(self.extent);
        let time_label = axis.label();
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(24)
            .x_label_area_size(44)
            .y_label_area_size(86)
            .build_cartesian_2d(axis, low..high)
            .map_err(text)?;
        let font = |size: i32| ("sans-serif", size).into_font().color(&INK);
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(INK.mix(0.5))
            .label_style(font(14))
            .axis_desc_style(font(14))
            .x_desc(time_label)
            .y_desc(self.unit.clone())
            .y_labels(6)
            .y_label_formatter(&|value| number(*value, places))
            .draw()
            .map_err(text)?;
        for (index, line) in self.lines.iter().enumerate() {
            draw_line(&mut chart, line, PALETTE[index % PALETTE.len()])?;
        }
        self.draw_marks(&mut chart)?;
        area.present().map_err(text)
    }

    /// Returns the range of values with a little air; a line that never moves gets some too.
    fn range(&self) -> (f64, f64) {
        let values = self.lines.iter().flat_map(|line| line.points).map(|point| point.1);
        let values = values.chain(self.marks.iter().map(|mark| mark.price));
        let (mut low, mut high) =
            values.fold((f64::MAX, f64::MIN), |(low, high), it| (low.min(it), high.max(it)));
        if low > high {
            return (0.0, 1.0);
        }
        if self.from_zero {
            low = low.min(0.0);
            high = high.max(0.0);
        }
        let width = high - low;
        let air = if width > 0.0 { width * 0.05 } else { (high.abs() * 0.01).max(0.5) };
        let keeps_zero = self.from_zero && width > 0.0;
        (
            if keeps_zero && low >= 0.0 { 0.0 } else { low - air },
            if keeps_zero && high <= 0.0 { 0.0 } else { high + air },
        )
    }

    fn draw_marks(&self, chart: &mut Chart<'_, '_>) -> Result<(), String> {
        let marker = |mark: &&FillMark| {
            // A triangle of negative size points down.
            let (color, size) = if mark.buys { (BUY, 6) } else { (SELL, -6) };
            TriangleMarker::new((mark.at, mark.price), size, ShapeStyle::from(color).filled())
        };
        chart.draw_series(self.marks.iter().map(marker)).map(|_| ()).map_err(text)
    }
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<TimeAxis, RangedCoordf64>>;

fn draw_line(chart: &mut Chart<'_, '_>, line: &Line<'_>, color: RGBColor) -> Result<(), String> {
    let style = ShapeStyle::from(color).stroke_width(1);
    match line.shape {
        Shape::Line => chart.draw_series(LineSeries::new(line.points.iter().copied(), style)).map(|_| ()),
        Shape::Steps => chart.draw_series(LineSeries::new(steps(line.points), style)).map(|_| ()),
        Shape::Area => {
            let area = AreaSeries::new(line.points.iter().copied(), 0.0, color.mix(0.15)).border_style(style);
            chart.draw_series(area).map(|_| ())
        }
    }
    .map_err(text)
}

/// Adds the corner before each change.
fn steps(points: &[Point]) -> Vec<Point> {
    let mut cornered = Vec::with_capacity(points.len() * 2);
    for point in points {
        if let Some((_, before)) = cornered.last().copied() {
            cornered.push((point.0, before));
        }
        cornered.push(*point);
    }
    cornered
}

fn text(error: impl Display) -> String {
    error.to_string()
}
