//! Figures: what can be drawn, as SVG by plotters.
//!
//! They know series and numbers, but not runs: [`Lines`] over time with bands and fill markers,
//! [`Histogram`], [`Scatter`], [`Chart`], [`Bars`] and [`Heatmap`]. Each contains its title, its legend and
//! the units of its axes, so it can stand alone. `plot_area` is the only module that calls plotters.

mod axis;
mod bars;
mod chart;
mod figure;
mod heatmap;
mod histogram;
mod hover;
mod lines;
mod palette;
mod plot_area;
mod scatter;
#[cfg(test)]
mod tests;
mod time_axis;

pub(crate) use bars::{BarSeries, Bars};
pub(crate) use chart::{Chart, Series, SeriesStyle};
pub(crate) use figure::Figure;
pub use figure::FigureError;
pub(crate) use heatmap::Heatmap;
pub(crate) use histogram::Histogram;
pub(crate) use lines::{Band, FillMarker, Line, LineStyle, Lines};
pub(crate) use palette::{Color, dark_rules};
pub(crate) use plot_area::{LegendEntry, Marker, Size};
pub(crate) use scatter::{Dot, Scatter};
