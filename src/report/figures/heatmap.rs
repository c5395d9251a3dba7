//! [`Heatmap`]: a table of values, colored by sign and size.

use super::axis::Axis;
use super::figure::{Figure, FigureError};
use super::palette::Color;
use super::plot_area::{Frame, Size};
use crate::report::text::number;

/// A table of values, colored by sign and size; a cell may be empty.
#[derive(Debug, Clone)]
pub(crate) struct Heatmap {
    pub(crate) title: String,
    /// What the columns are, as the label of the lower axis.
    pub(crate) x_label: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<(String, Vec<Option<f64>>)>,
    /// How many decimals are shown.
    pub(crate) decimals: usize,
}

/// The opacity of the strongest cell; its text must stay readable.
const OPACITY_MAX: f64 = 0.6;

impl Figure for Heatmap {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        !self.rows.iter().flat_map(|(_, cells)| cells).any(Option::is_some)
    }

    fn is_wide(&self) -> bool {
        true
    }

    fn draw(&self) -> Result<String, FigureError> {
        let names: Vec<String> = self.rows.iter().map(|(name, _)| name.clone()).collect();
        let cells = || self.rows.iter().flat_map(|(_, cells)| cells).flatten();
        let strongest = cells().fold(0.0_f64, |most, value| most.max(value.abs()));
        let frame = Frame {
            title: &self.title,
            size: Size::Wide,
            legend: Vec::new(),
            x: Axis::categories(&self.columns, &self.x_label),
            y: Axis::categories(&names, "").downwards(),
            height: Some(100 + 26 * u32::try_from(self.rows.len()).unwrap_or(0)),
            hover: None,
        };
        frame.draw(|area| {
            for (row, (_, cells)) in (0_u32..).zip(&self.rows) {
                let columns = (0_u32..).zip(cells);
                for (column, value) in columns.filter_map(|(column, value)| Some((column, (*value)?))) {
                    let (x, y) = (f64::from(column), f64::from(row));
                    let opacity = if strongest > 0.0 { OPACITY_MAX * value.abs() / strongest } else { 0.0 };
                    area.block([(x + 0.02, y + 0.04), (x + 0.98, y + 0.96)], Color::of_sign(value), opacity)?;
                    area.write((x + 0.5, y + 0.5), number(value, self.decimals))?;
                }
            }
            Ok(())
        })
    }
}
