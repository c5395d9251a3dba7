//! [`NumberColumn`]: doubles, most of which are whole steps of a grid.

use super::dictionary_column::{NULL, ValueDictionary};

/// The doubles of a column, by their bits.
#[derive(Debug, Default)]
pub(in crate::record) struct NumberColumn {
    cells: ValueDictionary<u64>,
    /// The last cells of whole steps, each where the end of its number of steps says: prices and quantities
    /// that come again need neither be made doubles nor looked up. Empty before the first.
    recent: Vec<Recent>,
}

/// More than the prices and sizes at which a market trades within an hour.
const RECENT: usize = 512;

#[derive(Debug, Clone, Copy)]
struct Recent {
    steps: i64,
    grid: u32,
    /// The number of the value, or [`NULL`].
    key: u32,
}

impl NumberColumn {
    /// Adds a cell.
    pub(in crate::record) fn push(&mut self, value: Option<f64>) {
        self.cells.push(value.map(f64::to_bits));
    }

    /// Adds a cell for each of some rows.
    pub(in crate::record) fn extend<R>(&mut self, rows: &[R], mut number: impl FnMut(&R) -> Option<f64>) {
        self.cells.extend(rows, |cells, row| number(row).map_or(NULL, |value| cells.key(value.to_bits())));
    }

    /// Adds so many steps of a grid for each of some rows, of which `value` makes a double: the same for the
    /// same grid and steps. Of a grid that is not known it makes none.
    pub(in crate::record) fn extend_steps<R>(
        &mut self,
        rows: &[R],
        mut steps: impl FnMut(&R) -> Option<(u32, i64)>,
        value: impl Fn(u32, i64) -> Option<f64>,
    ) {
        let recent = &mut self.recent;
        self.cells.extend(rows, |cells, row| match steps(row) {
            Some((grid, steps)) => key_of_steps(recent, cells, (grid, steps), &value),
            None => NULL,
        });
    }

    /// Adds so many steps of a grid.
    pub(in crate::record) fn push_steps(
        &mut self,
        steps: Option<(u32, i64)>,
        value: impl Fn(u32, i64) -> Option<f64>,
    ) {
        let key = steps.map_or(NULL, |steps| key_of_steps(&mut self.recent, &mut self.cells, steps, &value));
        self.cells.push_key(key);
    }

    /// Empties it, but keeps its memory.
    pub(in crate::record) fn clear(&mut self) {
        self.cells.clear();
        self.recent.iter_mut().for_each(|recent| recent.key = NULL);
    }

    /// Forgets the rows, whose numbers are stored, but not the values.
    pub(in crate::record) fn next_piece(&mut self) {
        self.cells.next_piece();
    }

    /// Returns the bits of the doubles.
    pub(in crate::record) const fn cells(&self) -> &ValueDictionary<u64> {
        &self.cells
    }
}

/// Returns the number of the double that so many steps of a grid are.
#[inline]
fn key_of_steps(
    recent: &mut Vec<Recent>,
    cells: &mut ValueDictionary<u64>,
    (grid, steps): (u32, i64),
    value: &impl Fn(u32, i64) -> Option<f64>,
) -> u32 {
    let [low, high, ..] = steps.to_le_bytes();
    let place = usize::from(u16::from_le_bytes([low, high])) % RECENT;
    match recent.get(place) {
        Some(recent) if (recent.steps, recent.grid) == (steps, grid) && recent.key != NULL => recent.key,
        _ => match value(grid, steps) {
            Some(value) => {
                let key = cells.key(value.to_bits());
                recent.resize(RECENT, Recent { steps: 0, grid: 0, key: NULL });
                recent[place] = Recent { steps, grid, key };
                key
            }
            None => NULL,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_the_doubles_that_they_make() {
        let mut column = NumberColumn::default();
        let mut expected = Vec::new();
        // Twice, so that nothing is left of the first; steps and grids that share a place.
        for _ in 0..2 {
            for steps in [7, 7, 7 + 512, -7, 7, i64::MIN, i64::MAX, 0, 7 + 65_536] {
                for (grid, size) in [(0, 0.5), (1, 0.01), (0, 0.5)] {
                    #[expect(clippy::cast_precision_loss, reason = "any double will do")]
                    let value = steps as f64 * size;
                    column.push_steps(Some((grid, steps)), |_, _| Some(value));
                    column.push(Some(value));
                    column.extend_steps(&[(grid, steps)], |row| Some(*row), |_, _| Some(value));
                    column.extend(&[value], |value| Some(*value));
                    expected.extend([Some(value); 4]);
                }
            }
            column.push(None);
            column.push_steps(Some((2, 7)), |_, _| None);
            column.push_steps(None, |_, _| Some(1.0));
            expected.extend([None; 3]);
            let found: Vec<Option<f64>> = column.cells().cells().map(|it| it.map(f64::from_bits)).collect();
            assert_eq!(found, expected);
            let mut values = column.cells().values().to_vec();
            values.sort_unstable();
            values.dedup();
            assert_eq!(values.len(), column.cells().values().len(), "each value once");
            column.clear();
            expected.clear();
        }
    }
}
