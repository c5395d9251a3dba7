//! [`Frame`] and [`Plane`]: a picture with title, legend and axes, and the few things that are drawn in it.
//!
//! All that speaks to plotters stands here; what a figure is made of stands in the other modules.

use std::fmt::Display;

use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text, TriangleMarker};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBAColor, RGBColor, ShapeStyle, TRANSPARENT, TextStyle};

use super::axis::Axis;
use super::tone::Tone;
use crate::report::ReportError;
use crate::report::text::escape;

/// How large a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// The width of a page.
    Wide,
    /// Half of it.
    Half,
}

impl Size {
    const fn pixels(self) -> (u32, u32) {
        match self {
            Self::Wide => (1_080, 340),
            Self::Half => (530, 300),
        }
    }

    /// Returns how many letters of a title there is room for.
    const fn letters(self) -> usize {
        match self {
            Self::Wide => 116,
            Self::Half => 56,
        }
    }

    /// Returns how many marks the lower axis has room for.
    pub(super) const fn marks(self) -> u8 {
        match self {
            Self::Wide => 10,
            Self::Half => 5,
        }
    }
}

/// What a colour or a sign means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) label: String,
    pub(crate) tone: Tone,
    pub(crate) sign: Sign,
}

/// How a key is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A dash.
    Line,
    /// A dot.
    Dot,
    /// A triangle that points up.
    Up,
    /// A triangle that points down.
    Down,
}

/// Whether something could be drawn, and if not, why.
pub(super) type Drawn = Result<(), String>;

/// What stands around a figure.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) size: Size,
    pub(super) keys: Vec<Key>,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// How high the picture is, if not as high as others of its size.
    pub(super) height: Option<u32>,
}

/// plotters takes the size of a font's box, which is by so much larger than that of CSS.
const FONT: i32 = 17;
const TITLE_FONT: i32 = 19;
/// About how wide a letter is.
const LETTER: i32 = 7;
/// A longer label is cut short.
const LABEL_LETTERS: usize = 40;
const TITLE_HEIGHT: i32 = 26;
const KEYS_HEIGHT: i32 = 22;

impl Frame<'_> {
    /// Draws the frame, and what `paint` puts in it, as an SVG element.
    pub(super) fn draw(self, paint: impl FnOnce(&mut Plane<'_, '_>) -> Drawn) -> Result<String, ReportError> {
        let mut svg = String::new();
        let title = self.title.to_owned();
        let (width, height) = self.size.pixels();
        let pixels = (width, self.height.unwrap_or(height));
        let area = SVGBackend::with_string(&mut svg, pixels).into_drawing_area();
        let drawn = self.draw_on(&area, paint).and_then(|()| area.present().map_err(text));
        drop(area);
        drawn.map_err(|why| ReportError::Figure { figure: title.clone(), why })?;
        // A picture needs words for those who cannot see it.
        let label = format!("<svg role=\"img\" aria-label=\"{}\" ", escape(&shortened(&title, usize::MAX)));
        Ok(lean(&svg.replacen("<svg ", &label, 1)))
    }

    fn draw_on(
        self,
        area: &DrawingArea<SVGBackend<'_>, Shift>,
        paint: impl FnOnce(&mut Plane<'_, '_>) -> Drawn,
    ) -> Drawn {
        area.fill(&color(Tone::Paper, 1.0)).map_err(text)?;
        let bold = ("sans-serif", TITLE_FONT).into_font().style(plotters::style::FontStyle::Bold);
        let bold = bold.color(&color(Tone::Ink, 1.0));
        area.draw(&Text::new(shortened(self.title, self.size.letters()), (10, 6), bold)).map_err(text)?;
        let top = TITLE_HEIGHT + self.draw_keys(area)?;
        let (_, below) = area.split_vertically(top);
        let (x_label, y_label) = (self.x.label.clone(), self.y.label.clone());
        let (x_grid, y_grid) = (self.x.has_grid, self.y.has_grid);
        let letters = u32::try_from(self.y.letters()).unwrap_or(0);
        let left = (letters * LETTER.unsigned_abs() + 44).max(84);
        let mut chart = ChartBuilder::on(&below)
            .margin(6)
            .margin_right(20)
            .x_label_area_size(46)
            .y_label_area_size(left)
            .build_cartesian_2d(self.x, self.y)
            .map_err(text)?;
        let mut mesh = chart.configure_mesh();
        if !x_grid {
            mesh.disable_x_mesh();
        }
        if !y_grid {
            mesh.disable_y_mesh();
        }
        mesh.light_line_style(TRANSPARENT)
            .bold_line_style(color(Tone::Grid, 1.0))
            .axis_style(color(Tone::Ink, 0.5))
            .label_style(font())
            .axis_desc_style(font())
            .x_desc(x_label)
            .y_desc(y_label)
            .draw()
            .map_err(text)?;
        drop(mesh);
        paint(&mut Plane { chart })
    }

    /// Draws the legend, and returns its height.
    fn draw_keys(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<i32, String> {
        let (width, left) = (i32::try_from(self.size.pixels().0).unwrap_or(0), 12);
        let (mut x, mut y) = (left, TITLE_HEIGHT + 8);
        for key in &self.keys {
            let label = shortened(&key.label, LABEL_LETTERS);
            let length = 24 + i32::try_from(label.chars().count()).unwrap_or(0) * LETTER;
            if x > left && x + length > width - left {
                (x, y) = (left, y + KEYS_HEIGHT);
            }
            let style = ShapeStyle::from(color(key.tone, 1.0)).filled();
            match key.sign {
                Sign::Line => area.draw(&Rectangle::new([(x, y - 2), (x + 16, y + 2)], style)),
                Sign::Dot => area.draw(&Circle::new((x + 8, y), 4, style)),
                Sign::Up => area.draw(&TriangleMarker::new((x + 8, y + 1), 7, style)),
                Sign::Down => area.draw(&TriangleMarker::new((x + 8, y - 1), -7, style)),
            }
            .map_err(text)?;
            let left_middle = font().pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(label, (x + 22, y), left_middle)).map_err(text)?;
            x += length + 14;
        }
        Ok(if self.keys.is_empty() { 0 } else { y - TITLE_HEIGHT - 8 + KEYS_HEIGHT })
    }
}

/// The inside of a frame.
pub(super) struct Plane<'a, 'b> {
    chart: ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>,
}

/// A place in a plane.
pub(super) type Place = (f64, f64);

impl Plane<'_, '_> {
    /// Draws a line through places.
    pub(super) fn line(&mut self, places: Vec<Place>, tone: Tone) -> Drawn {
        let style = ShapeStyle::from(color(tone, 1.0)).stroke_width(1);
        let places = self.seen(places);
        self.chart.draw_series([PathElement::new(places, style)]).map(|_| ()).map_err(text)
    }

    /// Fills what lies inside places.
    pub(super) fn shape(&mut self, places: Vec<Place>, tone: Tone, share: f64) -> Drawn {
        let places = self.seen(places);
        self.chart.draw_series([Polygon::new(places, color(tone, share))]).map(|_| ()).map_err(text)
    }

    /// Leaves out what nobody could see: of the places in one column of pixels the first, highest, lowest and last stay.
    fn seen(&self, places: Vec<Place>) -> Vec<Place> {
        let pixels: Vec<(i32, i32)> = places.iter().map(|place| self.chart.backend_coord(place)).collect();
        let numbers: Vec<usize> = (0..places.len()).collect();
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
        columns.flat_map(column).map(|number| places[number]).collect()
    }

    /// Fills a rectangle between two corners.
    pub(super) fn block(&mut self, corners: [Place; 2], tone: Tone, share: f64) -> Drawn {
        let style = ShapeStyle::from(color(tone, share)).filled();
        self.chart.draw_series([Rectangle::new(corners, style)]).map(|_| ()).map_err(text)
    }

    /// Draws a dot.
    pub(super) fn dot(&mut self, place: Place, tone: Tone) -> Drawn {
        let style = ShapeStyle::from(color(tone, 0.7)).filled();
        self.chart.draw_series([Circle::new(place, 3, style)]).map(|_| ()).map_err(text)
    }

    /// Draws a triangle of so many pixels, which points up, or down if that is negative.
    pub(super) fn triangle(&mut self, place: Place, pixels: i32, tone: Tone) -> Drawn {
        let style = ShapeStyle::from(color(tone, 0.8)).filled();
        self.chart.draw_series([TriangleMarker::new(place, pixels, style)]).map(|_| ()).map_err(text)
    }

    /// Writes text around a place.
    pub(super) fn write(&mut self, place: Place, what: String) -> Drawn {
        let middle = font().pos(Pos::new(HPos::Center, VPos::Center));
        self.chart.draw_series([Text::new(what, place, middle)]).map(|_| ()).map_err(text)
    }
}

/// Leaves out attributes that say what is so without them, and digits of sizes that nobody sees.
fn lean(svg: &str) -> String {
    let size = |font: i32| format!("{}", f64::from(font) / 1.24);
    let idle = [" opacity=\"1\"", " stroke=\"none\"", " stroke-width=\"0\"", " stroke-width=\"1\""];
    let lean = idle.iter().fold(svg.to_owned(), |svg, attribute| svg.replace(attribute, ""));
    lean.replace(&size(FONT), "13.7").replace(&size(TITLE_FONT), "15.3")
}

/// Cuts a text short that is too long, and leaves out what XML cannot have.
fn shortened(text: &str, letters: usize) -> String {
    let is_plain = |c: &char| !c.is_control() && !['\u{fffe}', '\u{ffff}'].contains(c);
    let plain = || text.chars().filter(is_plain);
    if plain().count() <= letters {
        return plain().collect();
    }
    plain().take(letters.saturating_sub(1)).chain(['…']).collect()
}

fn font() -> TextStyle<'static> {
    ("sans-serif", FONT).into_font().color(&color(Tone::Ink, 1.0))
}

fn color(tone: Tone, share: f64) -> RGBAColor {
    let (red, green, blue) = tone.rgb();
    RGBColor(red, green, blue).mix(share)
}

fn text(error: impl Display) -> String {
    error.to_string()
}
