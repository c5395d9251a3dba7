//! Intervals of statistics by resampling: the bootstrap of blocks.
//!
//! Whatever hangs together over time is resampled together: stretches of a run, or blocks of a series that
//! are longer than the lags that a statistic looks at (Künsch 1989; Politis and Romano 1992, whose blocks go
//! round the end of the series, so that each value is as likely as any other).

use rand::RngExt;

use crate::analysis::metrics::series::quantile;
use bearpit_core::kernel::{Stream, stream};
use bearpit_core::units::Seed;

/// How many samples are drawn.
const SAMPLES: usize = 200;
/// Of fewer blocks nothing is drawn: the interval would say more of chance than of the run.
pub(super) const BLOCKS_MIN: usize = 8;
/// The share of samples outside of the interval, on each side.
const OUTSIDE: f64 = 0.025;

/// Returns the interval that contains 95 in 100 values of a statistic of `count` blocks, drawn with
/// replacement; the draws depend on `name` alone.
///
/// `statistic` is given the numbers of the blocks that were drawn. None for fewer than eight blocks, and
/// where fewer than half of the samples have a value.
pub(super) fn of_blocks(
    name: &str,
    count: usize,
    statistic: impl Fn(&[usize]) -> Option<f64>,
) -> Option<[f64; 2]> {
    if count < BLOCKS_MIN {
        return None;
    }
    let mut draws = stream(Seed::new(0), name);
    let mut blocks = vec![0; count];
    let sample = |_| {
        blocks.iter_mut().for_each(|block| *block = draws.random_range(0..count));
        statistic(&blocks)
    };
    interval((0..SAMPLES).filter_map(sample).collect())
}

/// Returns the interval of a statistic of several lists: `statistic` is given, for each list, the places of a
/// sample of as many of its values, drawn apart from the others. None where a list has fewer than eight.
pub(super) fn of_lists(
    name: &str,
    lengths: &[usize],
    statistic: impl Fn(&[Vec<usize>]) -> Option<f64>,
) -> Option<[f64; 2]> {
    if lengths.iter().min().is_none_or(|least| *least < BLOCKS_MIN) {
        return None;
    }
    let mut draws = stream(Seed::new(0), name);
    let sample = |_| {
        let mut draw = |length: &usize| (0..*length).map(|_| draws.random_range(0..*length)).collect();
        statistic(&lengths.iter().map(&mut draw).collect::<Vec<Vec<usize>>>())
    };
    interval((0..SAMPLES).filter_map(sample).collect())
}

/// Returns the interval of a statistic of a series of `count` values: `statistic` is given the places of the
/// values of each sample, drawn in blocks of `length` that go round the end.
pub(super) fn of_series(
    name: &str,
    [count, length]: [usize; 2],
    statistic: impl Fn(&[usize]) -> Option<f64>,
) -> Option<[f64; 2]> {
    if count < length.saturating_mul(BLOCKS_MIN) {
        return None;
    }
    let mut draws = stream(Seed::new(0), name);
    let mut places = Vec::with_capacity(count);
    let sample = |_| {
        draw_places(&mut draws, &mut places, [count, length]);
        statistic(&places)
    };
    interval((0..SAMPLES).filter_map(sample).collect())
}

fn draw_places(draws: &mut Stream, places: &mut Vec<usize>, [count, length]: [usize; 2]) {
    places.clear();
    while places.len() < count {
        let from = draws.random_range(0..count);
        let block = (from..from + length).map(|place| if place < count { place } else { place - count });
        places.extend(block.take(count - places.len()));
    }
}

fn interval(values: Vec<f64>) -> Option<[f64; 2]> {
    let enough = values.len() * 2 >= SAMPLES;
    let [low, high] = [OUTSIDE, 1.0 - OUTSIDE].map(|share| quantile(&values, share).filter(|_| enough));
    Some([low?, high?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::metrics::series::{mean, real};
    use bearpit_core::kernel::StandardNormal;
    use rand_distr::Distribution;

    fn mean_at(values: &[f64], places: &[usize]) -> Option<f64> {
        mean(&places.iter().map(|place| values[*place]).collect::<Vec<f64>>())
    }

    #[test]
    fn the_interval_of_a_mean_of_independent_values_is_that_of_the_textbook() {
        let mut draws = stream(Seed::new(1), "values");
        let values: Vec<f64> = (0..2_500).map(|_| StandardNormal.sample(&mut draws)).collect();
        let [low, high] = of_series("mean", [values.len(), 25], |places| mean_at(&values, places)).unwrap();
        let (middle, width) = (f64::midpoint(low, high) - mean(&values).unwrap(), high - low);
        let expected = 2.0 * 1.96 / real(values.len()).sqrt();
        assert!((width / expected - 1.0).abs() < 0.25 && middle.abs() < expected / 5.0, "{low} to {high}");
    }

    #[test]
    fn values_that_hang_together_make_the_interval_wider() {
        let mut draws = stream(Seed::new(1), "values");
        let mut last = 0.0;
        let next = |_| {
            last = 0.8 * last + StandardNormal.sample(&mut draws);
            last
        };
        let values: Vec<f64> = (0..2_500).map(next).collect();
        let width = |length| {
            let interval = of_series("mean", [values.len(), length], |places| mean_at(&values, places));
            interval.map(|[low, high]| high - low).unwrap()
        };
        // The error of the mean is 1 / (1 - 0.8) times that of its shocks; of single values root(1 / 0.36).
        assert!((1.8..4.2).contains(&(width(50) / width(1))), "{} and {}", width(50), width(1));
    }

    #[test]
    fn few_blocks_have_no_interval_and_the_same_name_draws_the_same() {
        let of = |count| of_blocks("some", count, |blocks| Some(real(blocks.iter().sum())));
        assert_eq!((of(BLOCKS_MIN - 1), of(20)), (None, of(20)));
        assert!(of(20).is_some_and(|[low, high]| low < high));
        assert_eq!(of_lists("some", &[20, BLOCKS_MIN - 1], |_| Some(1.0)), None);
        assert_eq!(of_lists("some", &[], |_| Some(1.0)), None);
        assert_eq!(of_series("some", [79, 10], |_| Some(1.0)), None);
        assert_eq!(of_series("some", [80, 10], |_| None), None);
    }
}
