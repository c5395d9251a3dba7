//! What strategies plotted, as lines.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::series::{Extent, LineDownsampler, Point};

/// What a strategy plotted under one name.
#[derive(Debug, Clone)]
pub struct PlottedSeries {
    /// The name.
    pub name: String,
    /// Its values; one that is no number is a gap.
    pub points: Vec<Point>,
    /// How many values there were.
    pub total: u64,
}

/// All that one strategy plotted.
#[derive(Debug, Clone, Default)]
pub struct Plotted {
    /// In order of their names; at most [`Plotted::SERIES_MAX`].
    pub series: Vec<PlottedSeries>,
    /// How many names there were.
    pub total: u64,
}

impl Plotted {
    /// How many series of a strategy are kept: the first ones that it named.
    pub const SERIES_MAX: usize = 16;
}

/// Collects the series of one strategy.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlottedBuilder {
    lines: BTreeMap<String, LineDownsampler>,
    /// Names beyond those that are kept.
    others: BTreeSet<String>,
}

/// Names beyond this many are no longer distinguished.
const NAMES_MAX: usize = 10_000;

impl PlottedBuilder {
    /// Takes a value; none is a gap.
    pub(crate) fn add(&mut self, at: i64, name: &str, value: Option<f64>, extent: Extent) {
        if let Some(line) = self.line(name, extent) {
            match value {
                Some(value) => line.add((at, value)),
                None => line.gap(),
            }
        }
    }

    fn line(&mut self, name: &str, extent: Extent) -> Option<&mut LineDownsampler> {
        if !self.lines.contains_key(name) {
            if self.lines.len() >= Plotted::SERIES_MAX {
                if self.others.len() < NAMES_MAX {
                    self.others.insert(name.to_owned());
                }
                return None;
            }
            self.lines.insert(name.to_owned(), LineDownsampler::new(extent));
        }
        self.lines.get_mut(name)
    }

    pub(crate) fn finish(self) -> Plotted {
        let total = (self.lines.len() + self.others.len()) as u64;
        let line = |(name, line): (String, LineDownsampler)| {
            let (points, total) = line.finish();
            PlottedSeries { name, points, total }
        };
        Plotted { series: self.lines.into_iter().map(line).collect(), total }
    }
}

#[cfg(test)]
mod tests {
    use bearpit_core::units::SimTime;

    use super::*;

    #[test]
    fn a_value_that_is_no_number_is_a_gap_in_the_line() {
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(1_000_000));
        let mut builder = PlottedBuilder::default();
        for (at, value) in [(1, Some(1.0)), (400_000, None), (800_000, Some(3.0))] {
            builder.add(at, "spread", value, extent);
        }
        let plotted = builder.finish();
        let points = &plotted.series[0].points;
        let known: Vec<f64> = points.iter().map(|point| point.1).filter(|value| !value.is_nan()).collect();
        assert_eq!(known, [1.0, 3.0]);
        assert!(points.iter().any(|point| point.1.is_nan()), "the line breaks: {points:?}");
    }
}
