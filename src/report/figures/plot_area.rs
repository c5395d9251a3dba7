//! [`Frame`] and [`PlotArea`]: a picture with title, legend and axes, and the few shapes that are drawn in
//! it.
//!
//! Every call of plotters is here; the other modules say what a figure consists of.

use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text, TriangleMarker};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, IntoFont, RGBAColor, RGBColor, ShapeStyle, TRANSPARENT, TextStyle};

use super::axis::Axis;
use super::figure::{FigureError, PlotError};
use super::palette::Color;
use crate::report::text::escape;

/// The size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// The full width of a page.
    Wide,
    /// Half the width.
    Half,
    /// The width of a phone.
    Narrow,
}

impl Size {
    const fn pixels(self) -> (u32, u32) {
        match self {
            Self::Wide => (1_080, 340),
            Self::Half => (530, 300),
            Self::Narrow => (400, 290),
        }
    }

    /// Returns how many characters of a title fit.
    const fn title_chars(self) -> usize {
        match self {
            Self::Wide => 116,
            Self::Half => 56,
            Self::Narrow => 42,
        }
    }

    /// Returns how many ticks fit on the lower axis.
    pub(super) const fn ticks(self) -> u8 {
        match self {
            Self::Wide => 10,
            Self::Half | Self::Narrow => 5,
        }
    }
}

/// What a color or a marker means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LegendEntry {
    pub(crate) label: String,
    pub(crate) color: Color,
    pub(crate) marker: Marker,
}

/// How a legend entry is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    /// A dash.
    Line,
    /// A dot.
    Dot,
    /// A triangle that points up.
    Up,
    /// A triangle that points down.
    Down,
}

/// The result of drawing something.
pub(super) type DrawResult = Result<(), PlotError>;

/// Everything around the data of a figure.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) size: Size,
    pub(super) legend: Vec<LegendEntry>,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// The height in pixels, if not the usual one of its size.
    pub(super) height: Option<u32>,
    /// The values in it, as JSON for the page's script; empty if another drawing of the figure has them.
    pub(super) hover: Option<String>,
}

/// plotters takes the height of a font's bounding box, which is 1.24 times the CSS font size.
const FONT: i32 = 17;
const TITLE_FONT: i32 = 19;
/// The approximate width of a character, in pixels.
const CHAR_WIDTH: i32 = 7;
/// Longer legend labels are truncated.
const LABEL_CHARS_MAX: usize = 40;
const TITLE_HEIGHT: i32 = 26;
const LEGEND_ROW_HEIGHT: i32 = 22;

impl Frame<'_> {
    /// Draws the frame and what `paint` puts into it, as an SVG element.
    ///
    /// # Errors
    /// [`FigureError`] if plotters fails.
    pub(super) fn draw(
        self,
        paint: impl FnOnce(&mut PlotArea<'_, '_>) -> DrawResult,
    ) -> Result<String, FigureError> {
        let mut svg = String::new();
        let (title, hover) = (self.title.to_owned(), self.hover.clone());
        let (width, height) = self.size.pixels();
        let pixels = (width, self.height.unwrap_or(height));
        let area = SVGBackend::with_string(&mut svg, pixels).into_drawing_area();
        let drawn = self.draw_on(&area, paint).and_then(|inside| area.present().map(|()| inside));
        drop(area);
        let inside = drawn.map_err(|cause| FigureError { title: title.clone(), cause })?;
        // For screen readers.
        let hover = hover.map_or_else(String::new, |json| {
            let Inside { left, right, top, bottom } = inside;
            let plot = format!("data-plot=\"{left} {right} {top} {bottom}\" ");
            match escape(&shortened(&json, usize::MAX)) {
                json if json.is_empty() => plot,
                json => format!("{plot}data-values=\"{json}\" "),
            }
        });
        let label =
            format!("<svg role=\"img\" aria-label=\"{}\" {hover}", escape(&shortened(&title, usize::MAX)));
        Ok(compact(&svg.replacen("<svg ", &label, 1)))
    }

    fn draw_on(
        self,
        area: &DrawingArea<SVGBackend<'_>, Shift>,
        paint: impl FnOnce(&mut PlotArea<'_, '_>) -> DrawResult,
    ) -> Result<Inside, PlotError> {
        area.fill(&rgba(Color::Paper, 1.0))?;
        let bold = ("sans-serif", TITLE_FONT).into_font().style(plotters::style::FontStyle::Bold);
        let bold = bold.color(&rgba(Color::Ink, 1.0));
        area.draw(&Text::new(shortened(self.title, self.size.title_chars()), (10, 6), bold))?;
        let top = TITLE_HEIGHT + self.draw_legend(area)?;
        let (_, below) = area.split_vertically(top);
        let (x_label, y_label) = (self.x.label.clone(), self.y.label.clone());
        let (x_grid, y_grid) = (self.x.has_grid, self.y.has_grid);
        let label_chars = u32::try_from(self.y.label_chars()).unwrap_or(0);
        let left = (label_chars * CHAR_WIDTH.unsigned_abs() + 44).max(84);
        let mut chart = ChartBuilder::on(&below)
            .margin(6)
            .margin_right(20)
            .x_label_area_size(46)
            .y_label_area_size(left)
            .build_cartesian_2d(self.x, self.y)?;
        let mut mesh = chart.configure_mesh();
        if !x_grid {
            mesh.disable_x_mesh();
        }
        if !y_grid {
            mesh.disable_y_mesh();
        }
        mesh.light_line_style(TRANSPARENT)
            .bold_line_style(rgba(Color::Grid, 1.0))
            .axis_style(rgba(Color::Ink, 0.5))
            .label_style(font())
            .axis_desc_style(font())
            .x_desc(x_label)
            .y_desc(y_label)
            .draw()?;
        drop(mesh);
        let (x, y) = chart.plotting_area().get_pixel_range();
        paint(&mut PlotArea { chart })?;
        Ok(Inside { left: x.start, right: x.end, top: y.start, bottom: y.end })
    }

    /// Draws the legend, and returns its height in pixels.
    fn draw_legend(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<i32, PlotError> {
        let (width, left) = (i32::try_from(self.size.pixels().0).unwrap_or(0), 12);
        let (mut x, mut y) = (left, TITLE_HEIGHT + 8);
        for entry in &self.legend {
            let label = shortened(&entry.label, LABEL_CHARS_MAX);
            let length = 24 + i32::try_from(label.chars().count()).unwrap_or(0) * CHAR_WIDTH;
            if x > left && x + length > width - left {
                (x, y) = (left, y + LEGEND_ROW_HEIGHT);
            }
            let style = ShapeStyle::from(rgba(entry.color, 1.0)).filled();
            match entry.marker {
                Marker::Line => area.draw(&Rectangle::new([(x, y - 2), (x + 16, y + 2)], style)),
                Marker::Dot => area.draw(&Circle::new((x + 8, y), 4, style)),
                Marker::Up => area.draw(&TriangleMarker::new((x + 8, y + 1), 7, style)),
                Marker::Down => area.draw(&TriangleMarker::new((x + 8, y - 1), -7, style)),
            }?;
            let left_middle = font().pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(label, (x + 22, y), left_middle))?;
            x += length + 14;
        }
        Ok(if self.legend.is_empty() { 0 } else { y - TITLE_HEIGHT - 8 + LEGEND_ROW_HEIGHT })
    }
}

/// Where the inside of a frame is, in pixels of the picture.
#[derive(Debug, Clone, Copy)]
struct Inside {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

/// The inside of a frame, where data is drawn.
pub(super) struct PlotArea<'a, 'b> {
    chart: ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>,
}

/// A position in a plot area: x, y.
pub(super) type PlotPoint = (f64, f64);

impl PlotArea<'_, '_> {
    /// Draws a line through points.
    pub(super) fn line(&mut self, points: Vec<PlotPoint>, color: Color) -> DrawResult {
        let style = ShapeStyle::from(rgba(color, 1.0)).stroke_width(1);
        let points = self.visible(points);
        self.chart.draw_series([PathElement::new(points, style)]).map(|_| ())
    }

    /// Fills a polygon.
    pub(super) fn polygon(&mut self, points: Vec<PlotPoint>, color: Color, opacity: f64) -> DrawResult {
        let points = self.visible(points);
        self.chart.draw_series([Polygon::new(points, rgba(color, opacity))]).map(|_| ())
    }

    /// Omits points that cannot be seen: in each column of pixels only the first, highest, lowest and last
    /// stay.
    fn visible(&self, points: Vec<PlotPoint>) -> Vec<PlotPoint> {
        let pixels: Vec<(i32, i32)> = points.iter().map(|point| self.chart.backend_coord(point)).collect();
        let numbers: Vec<usize> = (0..points.len()).collect();
        let column = |numbers: &[usize]| {
            let height = |number: &&usize| pixels[**number].1;
            let low = numbers.iter().min_by_key(height).copied();
            let high = numbers.iter().max_by_key(height).copied();
            let mut kept: Vec<usize> = [numbers.first().copied(), low, high, numbers.last().copied()]
                .into_iter()
                .flatten()
                .collect();
            kept.sort_unstable();
            kept.dedup();
            kept
        };
        let columns = numbers.chunk_by(|a, b| pixels[*a].0 == pixels[*b].0);
        columns.flat_map(column).map(|number| points[number]).collect()
    }

    /// Fills a rectangle between two corners.
    pub(super) fn block(&mut self, corners: [PlotPoint; 2], color: Color, opacity: f64) -> DrawResult {
        let style = ShapeStyle::from(rgba(color, opacity)).filled();
        self.chart.draw_series([Rectangle::new(corners, style)]).map(|_| ())
    }

    /// Draws a dot.
    pub(super) fn dot(&mut self, point: PlotPoint, color: Color) -> DrawResult {
        let style = ShapeStyle::from(rgba(color, 0.7)).filled();
        self.chart.draw_series([Circle::new(point, 3, style)]).map(|_| ())
    }

    /// Draws a triangle of a size in pixels, which points up, or down if the size is negative.
    pub(super) fn triangle(&mut self, point: PlotPoint, pixels: i32, color: Color) -> DrawResult {
        let style = ShapeStyle::from(rgba(color, 0.8)).filled();
        self.chart.draw_series([TriangleMarker::new(point, pixels, style)]).map(|_| ())
    }

    /// Writes text centered at a point.
    pub(super) fn write(&mut self, point: PlotPoint, label: String) -> DrawResult {
        let middle = font().pos(Pos::new(HPos::Center, VPos::Center));
        self.chart.draw_series([Text::new(label, point, middle)]).map(|_| ())
    }
}

/// Removes attributes that only state a default, and digits of font sizes that make no difference.
fn compact(svg: &str) -> String {
    let size = |font: i32| format!("{}", f64::from(font) / 1.24);
    let defaults = [" opacity=\"1\"", " stroke=\"none\"", " stroke-width=\"0\"", " stroke-width=\"1\""];
    let compact = defaults.iter().fold(svg.to_owned(), |svg, attribute| svg.replace(attribute, ""));
    compact.replace(&size(FONT), "13.7").replace(&size(TITLE_FONT), "15.3")
}

/// Truncates a text that is too long, and omits characters that XML does not allow.
fn shortened(text: &str, chars_max: usize) -> String {
    let is_plain = |c: &char| !bearpit_core::units::is_hidden(*c) && !['\u{fffe}', '\u{ffff}'].contains(c);
    let plain = || text.chars().filter(is_plain);
    if plain().count() <= chars_max {
        return plain().collect();
    }
    plain().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

fn font() -> TextStyle<'static> {
    ("sans-serif", FONT).into_font().color(&rgba(Color::Ink, 1.0))
}

fn rgba(color: Color, opacity: f64) -> RGBAColor {
    let (red, green, blue) = color.rgb();
    RGBColor(red, green, blue).mix(opacity)
}
