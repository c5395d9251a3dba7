//! [`SeedList`]: many seeds, as the command line has them.

use std::collections::BTreeSet;
use std::str::FromStr;

use bearpit_core::units::Seed;

/// Some seeds, in order, each once; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeedList(Vec<Seed>);

impl SeedList {
    /// More seeds than this are a mistake: each leaves a directory of results.
    const MOST: usize = 100_000;

    pub(super) fn iter(&self) -> impl Iterator<Item = Seed> {
        self.0.iter().copied()
    }
}

impl FromStr for SeedList {
    type Err = String;

    /// Reads numbers and ranges with commas between them; both ends of a range belong to it.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let wrong = |_| format!("`{}` is no seed: write a whole number from 0 on", text.trim());
            text.trim().parse::<u64>().map_err(wrong)
        };
        let mut seeds = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = match part.split_once("..") {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            if last < first {
                return Err(format!("`{}` goes backwards: write {last}..{first}", part.trim()));
            }
            if last - first >= Self::MOST as u64 || seeds.len() >= Self::MOST {
                return Err(format!("these are more than {} seeds", Self::MOST));
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
        assert_eq!(seeds("9..1"), Err("`9..1` goes backwards: write 1..9".to_owned()));
        for wrong in ["", "1..", "a", "-1", "1...4", "0..18446744073709551615", "1..60000,70000..120000,5"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
