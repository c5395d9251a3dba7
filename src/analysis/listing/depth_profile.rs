//! [`DepthProfile`]: how much stands how deep in a book.

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

/// Collects the profile of one listing.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProfileBuilder {
    last_at: Option<i64>,
    profile: DepthProfile,
}

impl ProfileBuilder {
    /// Takes a level of a snapshot; the best has place zero.
    pub(crate) fn add(&mut self, at: i64, is_bid: bool, place: usize, quantity: f64) {
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
    pub(crate) fn finish(self) -> DepthProfile {
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
        let mut gathered = ProfileBuilder::default();
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
        assert_eq!(ProfileBuilder::default().finish(), DepthProfile::default());
    }
}
