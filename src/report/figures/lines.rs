//! [`Lines`]: values over time, with bands around them and marks upon them.

use super::Figure;
use super::axis::{Axis, Span, since};
use super::plane::{Drawn, Frame, Key, Place, Plane, Sign, Size};
use super::tone::Tone;
use crate::analysis::{Extent, Point};
use crate::report::ReportError;

/// How the points of a line are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// By straight lines.
    Line,
    /// By steps: a value holds until the next.
    Steps,
    /// By straight lines, with the area to zero filled.
    Area,
    /// By steps, with the area to zero filled.
    Columns,
}

/// One line of a figure. A value that is no number is a gap.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) points: Vec<Point>,
    pub(crate) shape: Shape,
    pub(crate) tone: Tone,
}

/// What lies between two lines, such as two quantiles of a fan: time, low, high. A value that is no number is a gap.
#[derive(Debug, Clone)]
pub(crate) struct Band {
    pub(crate) label: String,
    pub(crate) points: Vec<(i64, f64, f64)>,
    pub(crate) tone: Tone,
    /// How much of what is below it covers: 0 to 1.
    pub(crate) cover: f64,
}

/// A purchase or a sale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    pub(crate) at: i64,
    pub(crate) value: f64,
    pub(crate) buys: bool,
    /// Its quantity as a share of the largest: 0 to 1.
    pub(crate) weight: f64,
}

/// Values over time.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    pub(crate) title: String,
    /// What the values are, with their unit.
    pub(crate) unit: String,
    pub(crate) size: Size,
    pub(crate) extent: Extent,
    pub(crate) bands: Vec<Band>,
    pub(crate) lines: Vec<Line>,
    pub(crate) marks: Vec<Mark>,
    /// Whether zero is to be seen.
    pub(crate) from_zero: bool,
}

impl Lines {
    /// Begins with nothing in it.
    pub(crate) fn new(title: String, unit: String, size: Size, extent: Extent) -> Self {
        let (bands, lines, marks) = (Vec::new(), Vec::new(), Vec::new());
        Self { title, unit, size, extent, bands, lines, marks, from_zero: false }
    }

    /// Adds a line in the next colour.
    pub(crate) fn with(mut self, label: &str, points: Vec<Point>, shape: Shape) -> Self {
        let tone = Tone::Line(self.lines.len());
        self.lines.push(Line { label: label.to_owned(), points, shape, tone });
        self
    }

    /// Lets zero be seen.
    pub(crate) const fn with_zero(mut self) -> Self {
        self.from_zero = true;
        self
    }

    fn span(&self) -> Span {
        let lines = self.lines.iter().flat_map(|line| &line.points).map(|point| point.1);
        let bands = self.bands.iter().flat_map(|band| &band.points).flat_map(|(_, low, high)| [*low, *high]);
        let marks = self.marks.iter().map(|mark| mark.value);
        Span::of(lines.chain(bands).chain(marks), self.from_zero)
    }

    fn keys(&self) -> Vec<Key> {
        let key = |label: &str, tone, sign| Key { label: label.to_owned(), tone, sign };
        let mut keys = Vec::new();
        if self.lines.len() + self.bands.len() > 1 || !self.marks.is_empty() {
            keys.extend(self.lines.iter().map(|line| key(&line.label, line.tone, Sign::Line)));
            keys.extend(self.bands.iter().map(|band| key(&band.label, band.tone, Sign::Line)));
        }
        for (buys, label, tone, sign) in
            [(true, "bought", Tone::Up, Sign::Up), (false, "sold", Tone::Down, Sign::Down)]
        {
            keys.extend(self.marks.iter().any(|mark| mark.buys == buys).then(|| key(label, tone, sign)));
        }
        keys
    }

    fn draw_band(&self, plane: &mut Plane<'_, '_>, band: &Band) -> Drawn {
        let is_gap = |it: &(i64, f64, f64)| !it.1.is_finite() || !it.2.is_finite();
        for piece in band.points.split(is_gap).filter(|piece| !piece.is_empty()) {
            let upper = piece.iter().map(|(at, _, high)| (since(self.extent, *at), *high));
            let lower = piece.iter().rev().map(|(at, low, _)| (since(self.extent, *at), *low));
            plane.shape(upper.chain(lower).collect(), band.tone, band.cover)?;
        }
        Ok(())
    }

    fn draw_line(&self, plane: &mut Plane<'_, '_>, line: &Line) -> Drawn {
        for piece in line.points.split(|point| !point.1.is_finite()).filter(|piece| !piece.is_empty()) {
            let places: Vec<Place> =
                piece.iter().map(|(at, value)| (since(self.extent, *at), *value)).collect();
            let places = match line.shape {
                Shape::Line | Shape::Area => places,
                Shape::Steps | Shape::Columns => steps(&places),
            };
            if let (Shape::Area | Shape::Columns, [first, .., last]) = (line.shape, places.as_slice()) {
                let floor = [(last.0, 0.0), (first.0, 0.0)];
                plane.shape(places.iter().copied().chain(floor).collect(), line.tone, 0.2)?;
            }
            match places.as_slice() {
                [alone] => plane.dot(*alone, line.tone)?,
                _ => plane.line(places, line.tone)?,
            }
        }
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "a few pixels")]
    fn draw_mark(&self, plane: &mut Plane<'_, '_>, mark: &Mark) -> Drawn {
        // The area of a mark goes with its quantity; the smallest can still be seen.
        let pixels = (mark.weight.clamp(0.0, 1.0).sqrt() * 10.0).max(4.0) as i32;
        let (pixels, tone) = if mark.buys { (pixels, Tone::Up) } else { (-pixels, Tone::Down) };
        plane.triangle((since(self.extent, mark.at), mark.value), pixels, tone)
    }
}

impl Figure for Lines {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        let has_line = self.lines.iter().any(|line| line.points.iter().any(|point| point.1.is_finite()));
        !has_line && self.bands.iter().all(|band| band.points.is_empty()) && self.marks.is_empty()
    }

    fn is_wide(&self) -> bool {
        self.size == Size::Wide
    }

    fn draw(&self) -> Result<String, ReportError> {
        let frame = Frame {
            title: &self.title,
            size: self.size,
            keys: self.keys(),
            x: Axis::time(self.extent, self.size.marks().into()),
            y: Axis::values(self.span(), &self.unit, 6),
            height: None,
        };
        frame.draw(|plane| {
            self.bands.iter().try_for_each(|band| self.draw_band(plane, band))?;
            self.lines.iter().try_for_each(|line| self.draw_line(plane, line))?;
            self.marks.iter().try_for_each(|mark| self.draw_mark(plane, mark))
        })
    }
}

/// Adds the corner before each change.
fn steps(places: &[Place]) -> Vec<Place> {
    let mut cornered: Vec<Place> = Vec::with_capacity(places.len() * 2);
    for place in places {
        if let Some((_, before)) = cornered.last().copied() {
            cornered.push((place.0, before));
        }
        cornered.push(*place);
    }
    cornered
}
