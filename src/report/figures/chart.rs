//! [`Chart`]: values over numbers, as dots, triangles or a line.

use super::Figure;
use super::axis::{Axis, Span};
use super::plane::{Drawn, Frame, Key, Place, Plane, Sign, Size};
use super::tone::Tone;
use crate::report::ReportError;

/// How the places of a series are drawn, so that not only their colour tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// A line through them.
    Line,
    /// A dot at each.
    Dots,
    /// A triangle at each.
    Triangles,
}

/// One series of a chart.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) label: String,
    pub(crate) places: Vec<(f64, f64)>,
    pub(crate) look: Look,
    pub(crate) tone: Tone,
}

/// Values over numbers.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    pub(crate) title: String,
    /// What lies along the lower axis, with its unit.
    pub(crate) across: String,
    /// What lies along the left axis, with its unit.
    pub(crate) up: String,
    /// A band on both sides of zero, with its name.
    pub(crate) band: Option<(f64, String)>,
    /// Whether values are drawn by their powers of ten; those that are not above zero are left out then.
    pub(crate) in_powers: bool,
    pub(crate) series: Vec<Series>,
}

impl Chart {
    /// Where a value stands.
    fn place(&self, (across, up): (f64, f64)) -> Option<Place> {
        let up = if self.in_powers { up.log10() } else { up };
        (across.is_finite() && up.is_finite()).then_some((across, up))
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        self.series.iter().flat_map(|series| &series.places).filter_map(|place| self.place(*place))
    }

    fn keys(&self) -> Vec<Key> {
        let key = |series: &Series| Key {
            label: series.label.clone(),
            tone: series.tone,
            sign: match series.look {
                Look::Line => Sign::Line,
                Look::Dots => Sign::Dot,
                Look::Triangles => Sign::Up,
            },
        };
        let band =
            |(_, label): &(f64, String)| Key { label: label.clone(), tone: Tone::Grid, sign: Sign::Line };
        self.series.iter().map(key).chain(self.band.iter().map(band)).collect()
    }

    fn draw_series(&self, plane: &mut Plane<'_, '_>, series: &Series) -> Drawn {
        let mut places = series.places.iter().filter_map(|place| self.place(*place));
        match series.look {
            Look::Line => plane.line(places.collect(), series.tone),
            Look::Dots => places.try_for_each(|place| plane.dot(place, series.tone)),
            Look::Triangles => places.try_for_each(|place| plane.triangle(place, 5, series.tone)),
        }
    }
}

impl Figure for Chart {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        self.places().next().is_none()
    }

    fn draw(&self) -> Result<String, ReportError> {
        let across = Span::of(self.places().map(|place| place.0), true);
        let band = self.band.as_ref().map(|band| band.0).unwrap_or_default();
        let values = self.places().map(|place| place.1);
        let up =
            Span::of(values.chain([band, -band].into_iter().filter(|_| !self.in_powers)), !self.in_powers);
        let frame = Frame {
            title: &self.title,
            size: Size::Half,
            keys: self.keys(),
            x: Axis::values(across, &self.across, Size::Half.marks().into()),
            y: if self.in_powers { Axis::powers(up, &self.up) } else { Axis::values(up, &self.up, 6) },
            height: None,
        };
        frame.draw(|plane| {
            if !self.in_powers {
                plane.block([(across.low, band), (across.high, -band)], Tone::Grid, 0.7)?;
                plane.line(vec![(across.low, 0.0), (across.high, 0.0)], Tone::Ink)?;
            }
            self.series.iter().try_for_each(|series| self.draw_series(plane, series))
        })
    }
}
