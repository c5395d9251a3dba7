//! [`Scatter`]: a scatter plot.

use super::axis::{Axis, Span};
use super::figure::{Figure, FigureError};
use super::palette::Color;
use super::plot_area::{Frame, LegendEntry, Size};

/// A scatter plot.
#[derive(Debug, Clone)]
pub(crate) struct Scatter {
    pub(crate) title: String,
    /// The label of the lower axis, with the unit.
    pub(crate) x_label: String,
    /// The label of the left axis, with the unit.
    pub(crate) y_label: String,
    pub(crate) legend: Vec<LegendEntry>,
    pub(crate) dots: Vec<Dot>,
}

/// One point of a scatter plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dot {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) color: Color,
}

impl Figure for Scatter {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        self.dots.is_empty()
    }

    fn draw(&self) -> Result<String, FigureError> {
        let x = Span::of(self.dots.iter().map(|dot| dot.x), true);
        let y = Span::of(self.dots.iter().map(|dot| dot.y), true);
        let frame = Frame {
            title: &self.title,
            size: Size::Half,
            legend: self.legend.clone(),
            x: Axis::values(x, &self.x_label, Size::Half.ticks().into()),
            y: Axis::values(y, &self.y_label, 6),
            height: None,
            hover: None,
        };
        frame.draw(|area| self.dots.iter().try_for_each(|dot| area.dot((dot.x, dot.y), dot.color)))
    }
}
