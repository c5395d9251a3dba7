//! [`DepthProfile`]: how much stands how deep in a book.

use polars_core::prelude::{DataFrame, DataType, PolarsResult};

use crate::analysis::rows::frame_columns::{numbers, texts, times};
use crate::analysis::rows::name_index::NameIndex;
use crate::record::{OpenError, StoredRun, Table};

/// The mean quantity at each level of a book, over its snapshots.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DepthProfile {
    /// Of how many snapshots.
    pub snapshots: u64,
    /// At the best bid, the next, and so on; a level that is not there counts as nothing.
    pub bids: Vec<f64>,
    /// At the best ask, the next, and so on.
    pub asks: Vec<f64>,
}

/// More levels are not shown.
const LEVELS_MAX: usize = 20;

/// Sums up one listing.
#[derive(Debug, Default)]
struct Gathered {
    last_at: Option<i64>,
    profile: DepthProfile,
}

/// Reads the profile of each listing that there may be, in the order of their numbers; empty where books were not
/// recorded.
///
/// # Errors
/// [`OpenError`] if the table is missing or damaged.
pub(crate) fn read(run: &StoredRun, directory: &NameIndex) -> Result<Vec<DepthProfile>, OpenError> {
    let mut gathered: Vec<Gathered> = directory.listings().map(|_| Gathered::default()).collect();
    if run.has(Table::Books) {
        let columns = ["time", "venue", "symbol", "side", "level", "quantity"];
        run.visit(Table::Books, &columns, |frame| add(directory, frame, &mut gathered))?;
    }
    Ok(gathered.into_iter().map(Gathered::finish).collect())
}

fn add(directory: &NameIndex, frame: &DataFrame, gathered: &mut [Gathered]) -> PolarsResult<()> {
    let (at, venues, symbols) = (times(frame, "time")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (sides, quantities) = (texts(frame, "side")?, numbers(frame, "quantity")?);
    let levels = frame.column("level")?.cast(&DataType::UInt32)?;
    for (row, level) in levels.u32()?.iter().enumerate() {
        let listing = directory.listing(venues[row], symbols[row]).and_then(|it| gathered.get_mut(it));
        let place = level.and_then(|level| usize::try_from(level).ok()?.checked_sub(1));
        if let Some((listing, place)) = listing.zip(place) {
            listing.add(at[row], sides[row] == "bid", place, quantities[row].unwrap_or(0.0));
        }
    }
    Ok(())
}

impl Gathered {
    fn add(&mut self, at: i64, is_bid: bool, place: usize, quantity: f64) {
        if self.last_at.replace(at) != Some(at) {
            self.profile.snapshots += 1;
        }
        if place >= LEVELS_MAX {
            return;
        }
        let side = if is_bid { &mut self.profile.bids } else { &mut self.profile.asks };
        side.resize(side.len().max(place + 1), 0.0);
        side[place] += quantity;
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn finish(self) -> DepthProfile {
        let mut profile = self.profile;
        let count = profile.snapshots.max(1) as f64;
        profile.bids.iter_mut().chain(&mut profile.asks).for_each(|quantity| *quantity /= count);
        profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_not_there_counts_as_nothing() {
        let mut gathered = Gathered::default();
        for (at, is_bid, place, quantity) in [
            (0, true, 0, 10.0),
            (0, true, 1, 30.0),
            (0, false, 0, 8.0),
            (5, true, 0, 20.0),
            (5, false, 99, 7.0),
        ] {
            gathered.add(at, is_bid, place, quantity);
        }
        let expected = DepthProfile { snapshots: 2, bids: vec![15.0, 15.0], asks: vec![4.0] };
        assert_eq!(gathered.finish(), expected);
        assert_eq!(Gathered::default().finish(), DepthProfile::default());
    }
}
