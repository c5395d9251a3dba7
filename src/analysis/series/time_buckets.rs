//! [`TimeBuckets`]: sums over equal stretches of a run.

use super::extent::{Extent, Point, Stretches, nanos};

/// Sums, and means, of what falls into each of some equal stretches of time.
#[derive(Debug, Clone)]
pub(crate) struct TimeBuckets {
    extent: Extent,
    stretches: Stretches,
    cells: Vec<(f64, f64)>,
}

impl TimeBuckets {
    /// Cuts an extent into so many stretches, at least one.
    pub(crate) fn new(extent: Extent, count: usize) -> Self {
        let count = count.max(1);
        Self { extent, stretches: Stretches::new(extent, count), cells: vec![(0.0, 0.0); count] }
    }

    /// Adds a value at a time; one outside counts to the first or last stretch.
    pub(crate) fn add(&mut self, at: i64, value: f64) {
        let place = self.stretches.place(at);
        if let Some((sum, count)) = self.cells.get_mut(place).filter(|_| value.is_finite()) {
            *sum += value;
            *count += 1.0;
        }
    }

    /// Returns the sum of each stretch up to `end` where it begins; zero where nothing fell into it.
    pub(crate) fn sums(&self, end: i64) -> Vec<Point> {
        self.points(end, |sum, _| sum)
    }

    /// Returns the mean of each stretch up to `end` where it begins, no number where nothing fell into it.
    pub(crate) fn means(&self, end: i64) -> Vec<Point> {
        self.points(end, |sum, count| sum / count)
    }

    /// The last point ends the last stretch, so that steps through the points show it, too.
    fn points(&self, end: i64, of: impl Fn(f64, f64) -> f64) -> Vec<Point> {
        let count = self.cells.len();
        let values = self.cells.iter().map(|(sum, count)| of(*sum, *count));
        let mut points: Vec<Point> =
            values.enumerate().map(|(place, value)| (self.extent.begin_of(place, count), value)).collect();
        points.retain(|point| point.0 < end);
        points.extend(points.last().map(|last| (end.min(self.extent.end()), last.1)));
        points
    }

    /// Returns how long a stretch is, in nanoseconds.
    pub(crate) fn width(&self) -> i64 {
        let count = i64::try_from(self.cells.len()).unwrap_or(i64::MAX);
        (self.extent.end() - self.extent.start()) / count
    }

    /// Returns how many stretches fit a figure, if each is to have five periods of `interval` nanoseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most a hundred, and not negative"
    )]
    pub(crate) fn fitting(extent: Extent, interval: i64) -> usize {
        (nanos(extent.end() - extent.start()) / nanos(interval) / 5.0).clamp(1.0, 100.0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::SimTime;

    #[test]
    fn what_is_added_is_summed_where_it_belongs() {
        let extent = Extent::new(SimTime::from_nanos(1_000), SimTime::from_nanos(2_000));
        let mut columns = TimeBuckets::new(extent, 4);
        for (at, value) in
            [(0, 1.0), (1_000, 2.0), (1_250, 8.0), (1_999, 4.0), (9_999, 6.0), (1_600, f64::NAN)]
        {
            columns.add(at, value);
        }
        assert_eq!(
            columns.sums(2_000),
            [(1_000, 3.0), (1_250, 8.0), (1_500, 0.0), (1_750, 10.0), (2_000, 10.0)]
        );
        let means: Vec<f64> = columns.means(2_000).into_iter().map(|point| point.1).collect();
        assert!(means[2].is_nan());
        assert_eq!((means[0], means[3], columns.width()), (1.5, 5.0, 250));
    }
}
