//! [`Heat`]: a table of values, coloured by sign and size.

use super::Figure;
use super::axis::Axis;
use super::plane::{Frame, Size};
use super::tone::Tone;
use crate::report::ReportError;
use crate::report::text::number;

/// A table of values, coloured by sign and size; a cell may have none.
#[derive(Debug, Clone)]
pub(crate) struct Heat {
    pub(crate) title: String,
    /// What the columns are.
    pub(crate) across: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<(String, Vec<Option<f64>>)>,
    /// How many decimals are written.
    pub(crate) places: usize,
}

/// How much the strongest colour covers; what is written must be read on it.
const COVER: f64 = 0.6;

impl Figure for Heat {
    fn title(&self) -> &str {
        &self.title
    }

    fn is_empty(&self) -> bool {
        !self.rows.iter().flat_map(|(_, cells)| cells).any(Option::is_some)
    }

    fn is_wide(&self) -> bool {
        true
    }

    fn draw(&self) -> Result<String, ReportError> {
        let names: Vec<String> = self.rows.iter().map(|(name, _)| name.clone()).collect();
        let cells = || self.rows.iter().flat_map(|(_, cells)| cells).flatten();
        let strongest = cells().fold(0.0_f64, |most, value| most.max(value.abs()));
        let frame = Frame {
            title: &self.title,
            size: Size::Wide,
            keys: Vec::new(),
            x: Axis::places(&self.columns, &self.across),
            y: Axis::places(&names, "").downwards(),
            height: Some(100 + 26 * u32::try_from(self.rows.len()).unwrap_or(0)),
        };
        frame.draw(|plane| {
            for (row, (_, cells)) in (0_u32..).zip(&self.rows) {
                let columns = (0_u32..).zip(cells);
                for (column, value) in columns.filter_map(|(column, value)| Some((column, (*value)?))) {
                    let (x, y) = (f64::from(column), f64::from(row));
                    let cover = if strongest > 0.0 { COVER * value.abs() / strongest } else { 0.0 };
                    plane.block([(x + 0.02, y + 0.04), (x + 0.98, y + 0.96)], Tone::of_sign(value), cover)?;
                    plane.write((x + 0.5, y + 0.5), number(value, self.places))?;
                }
            }
            Ok(())
        })
    }
}
