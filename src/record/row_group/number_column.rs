//! [`NumberColumn`]: doubles, most of which are whole steps of a grid.

use super::dictionary_column::{NULL, ValueDictionary};

/// The doubles of a column, by their bits.
#[derive(Debug, Default)]
pub(in crate::record) struct NumberColumn {
    cells: ValueDictionary<u64>,
    /// The last cells of whole steps, each where the end of its number of steps says: prices and quantities
    /// that come again need neither be made doubles nor looked up. A power of two, or empty before the first.
    recent: Vec<Recent>,
}

/// More than the prices at which a market trades within an hour: that many stay in the fastest cache.
const RECENT_MIN: usize = 512;
/// More than the sizes that its levels have in a group of rows.
const RECENT_MAX: usize = 16_384;

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

    /// Adds so many cells without a value.
    pub(in crate::record) fn push_absent(&mut self, rows: usize) {
        self.cells.push_same(None, rows);
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
    let place = |count: usize| usize::from(u16::from_le_bytes([low, high])) & count.wrapping_sub(1);
    match recent.get(place(recent.len())) {
        Some(recent) if (recent.steps, recent.grid) == (steps, grid) && recent.key != NULL => recent.key,
        _ => match value(grid, steps) {
            Some(value) => {
                let key = cells.key(value.to_bits());
                make_room(recent, cells.values().len());
                let place = place(recent.len());
                recent[place] = Recent { steps, grid, key };
                key
            }
            None => NULL,
        },
    }
}

/// Makes room for so many values, each in a place of its own mostly.
fn make_room(recent: &mut Vec<Recent>, values: usize) {
    let count = (2 * values).next_power_of_two().clamp(RECENT_MIN, RECENT_MAX);
    if recent.len() < count {
        // What was there is found by its value, and comes back.
        recent.clear();
        recent.resize(count, Recent { steps: 0, grid: 0, key: NULL });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_numbers_while_more_come() {
        let mut column = NumberColumn::default();
        // Three at a time first, so that they are numbered, and then all again.
        let rows = || (0..20_000_u32).flat_map(|steps| [steps; 3]).chain(0..20_000);
        for steps in rows() {
            column.push_steps(Some((0, steps.into())), |_, _| Some(f64::from(steps)));
        }
        let cells = column.cells();
        assert_eq!(cells.values().len(), 20_000);
        assert!(cells.cells().eq(rows().map(|steps| Some(f64::from(steps).to_bits()))));
    }

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
            column.push_absent(2);
            expected.extend([None; 5]);
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
