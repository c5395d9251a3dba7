//! [`SeedList`]: many seeds of one scenario.

use std::collections::BTreeSet;
use std::str::FromStr;

use thiserror::Error;

use crate::scenario::Scenario;
use bearpit_core::units::Seed;

/// Seeds in ascending order without duplicates; at least one, at most 100,000.
///
/// ```
/// use bearpit::run::SeedList;
/// use bearpit::units::Seed;
///
/// let seeds: SeedList = "7,1..3".parse()?;
/// assert_eq!(seeds.iter().map(Seed::get).collect::<Vec<u64>>(), [1, 2, 3, 7]);
/// assert!("3..1".parse::<SeedList>().is_err());
/// # Ok::<(), bearpit::run::SeedListError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedList(Vec<Seed>);

/// Why a text is not a list of seeds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SeedListError {
    /// A part is not a number.
    #[error("`{0}` is not a seed: write an integer from 0 on")]
    NotASeed(String),
    /// A range ends before it begins.
    #[error("`{range}` goes backwards: write {last}..{first}")]
    Backwards {
        /// The range.
        range: String,
        /// Its first seed.
        first: u64,
        /// Its last seed.
        last: u64,
    },
    /// There are too many, which is a mistake: each seed leaves a directory of results.
    #[error("these are more than {} seeds", SeedList::MAX)]
    TooMany,
}

impl SeedList {
    /// The largest number of seeds.
    pub const MAX: usize = 100_000;

    /// Returns the seeds.
    pub fn iter(&self) -> impl Iterator<Item = Seed> {
        self.0.iter().copied()
    }

    /// Returns the scenario once with each seed.
    pub fn scenarios<'a>(&'a self, scenario: &'a Scenario) -> impl Iterator<Item = Scenario> + 'a {
        self.iter().map(|seed| Scenario { seed, ..scenario.clone() })
    }
}

impl FromStr for SeedList {
    type Err = SeedListError;

    /// Parses comma-separated numbers and ranges, such as `1..100` (both ends included) or `1,2,7..9`.
    fn from_str(text: &str) -> Result<Self, SeedListError> {
        let number = |text: &str| {
            let text = text.trim();
            text.parse::<u64>().map_err(|_| SeedListError::NotASeed(text.to_owned()))
        };
        let mut seeds = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = match part.split_once("..") {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            if last < first {
                return Err(SeedListError::Backwards { range: part.trim().to_owned(), first, last });
            }
            if last - first >= Self::MAX as u64 || seeds.len() >= Self::MAX {
                return Err(SeedListError::TooMany);
            }
            seeds.extend((first..=last).map(Seed::new));
        }
        Ok(Self(seeds.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_are_seeds_in_order() {
        let seeds = |text: &str| {
            text.parse::<SeedList>().map(|list| list.iter().map(Seed::get).collect::<Vec<u64>>())
        };
        assert_eq!(seeds("1..3"), Ok(vec![1, 2, 3]));
        assert_eq!(seeds("7, 2..4,3"), Ok(vec![2, 3, 4, 7]));
        assert_eq!(seeds("18446744073709551615"), Ok(vec![u64::MAX]));
        let backwards = seeds("9..1").unwrap_err();
        assert_eq!(backwards.to_string(), "`9..1` goes backwards: write 1..9");
        for wrong in ["", "1..", "a", "-1", "1...4", "0..18446744073709551615", "1..60000,70000..120000,5"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
