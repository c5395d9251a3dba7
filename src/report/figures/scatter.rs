//! [`Scatter`]: pairs of values.

use super::Figure;
use super::axis::{Axis, Span};
use super::plane::{Frame, Key, Size};
use super::tone::Tone;
use crate::report::ReportError;

/// Pairs of values.
#[derive(Debug, Clone)]
pub(crate) struct Scatter {
    pub(crate) title: String,
    /// What lies along the lower axis, with its unit.
    pub(crate) across: String,
    /// What lies along the left axis, with its unit.
    pub(crate) up: String,
    pub(crate) keys: Vec<Key>,
    pub(crate) dots: Vec<Dot>,
}

/// A pair of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dot {
    pub(crate) across: f64,
    pub(crate) up: f64,
    pub(crate) tone: Tone,
}

impl Figure for Scatter {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        self.dots.is_empty()
    }

    fn draw(&self) -> Result<String, ReportError> {
        let across = Span::of(self.dots.iter().map(|dot| dot.across), true);
        let up = Span::of(self.dots.iter().map(|dot| dot.up), true);
        let frame = Frame {
            title: &self.title,
            size: Size::Half,
            keys: self.keys.clone(),
            x: Axis::values(across, &self.across, Size::Half.marks().into()),
            y: Axis::values(up, &self.up, 6),
            height: None,
        };
        frame.draw(|plane| self.dots.iter().try_for_each(|dot| plane.dot((dot.across, dot.up), dot.tone)))
    }
}
