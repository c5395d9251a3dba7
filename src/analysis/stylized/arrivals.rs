//! [`Arrivals`]: how evenly market orders come.

use crate::analysis::metrics::series::{finite, real};
use crate::analysis::series::Extent;

/// Cells are no longer: within a quarter of an hour the time of the day hardly changes how often orders come.
const CELL_NANOS: i64 = 900_000_000_000;
/// A run is cut into so many cells at least.
const CELLS_MIN: i64 = 32;
/// More cells are not kept: then each two in a row become one.
const CELLS_MAX: usize = 8_192;
/// A cell with fewer intervals says nothing of their shape.
const INTERVALS_MIN: usize = 20;

/// The intervals between market orders within one cell of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cell {
    count: usize,
    sum: f64,
    squares: f64,
}

/// The squared coefficient of variation of intervals in a cell, and how many they were.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shape {
    count: f64,
    squared: f64,
}

/// Puts cells together, weighted by their intervals.
fn pooled(cells: &[Shape]) -> Shape {
    let count: f64 = cells.iter().map(|shape| shape.count).sum();
    let sum: f64 = cells.iter().map(|shape| shape.count * shape.squared).sum();
    Shape { count, squared: sum / count }
}

/// The coefficient of variation of the intervals between market orders: standard deviation over mean. It is 1
/// where orders come independently of one another, at whatever rate (Poisson).
///
/// Means are taken within cells of a quarter of an hour, which takes out that more orders come at some times
/// of the day than at others.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Arrivals {
    shapes: Vec<Shape>,
}

/// Collects the intervals between market orders.
#[derive(Debug, Clone)]
pub(super) struct ArrivalsBuilder {
    length: i64,
    last: Option<i64>,
    cell_end: i64,
    cell: Cell,
    shapes: Vec<Shape>,
}

impl ArrivalsBuilder {
    pub(super) fn new(extent: Extent) -> Self {
        let length = ((extent.end() - extent.start()) / CELLS_MIN).clamp(1, CELL_NANOS);
        Self { length, last: None, cell_end: i64::MIN, cell: Cell::default(), shapes: Vec::new() }
    }

    /// Takes that a market order came; times come in order.
    pub(super) fn order(&mut self, at: i64) {
        if at >= self.cell_end {
            self.close();
            self.cell_end = (at.div_euclid(self.length) + 1).saturating_mul(self.length);
        }
        if let Some(last) = self.last.replace(at).filter(|last| *last < at) {
            #[expect(clippy::cast_precision_loss, reason = "a measured interval")]
            let seconds = (at - last) as f64 / 1e9;
            self.cell.count += 1;
            self.cell.sum += seconds;
            self.cell.squares += seconds * seconds;
        }
    }

    /// Takes that the market is closed: the time until it opens is no interval.
    pub(super) const fn shut(&mut self) {
        self.last = None;
    }

    fn close(&mut self) {
        let Cell { count, sum, squares } = std::mem::take(&mut self.cell);
        if count >= INTERVALS_MIN {
            let count = real(count);
            let mean = sum / count;
            // The unbiased variance: cells are small.
            let variance = (squares - sum * mean).max(0.0) / (count - 1.0);
            self.shapes.extend(finite(variance / (mean * mean)).map(|squared| Shape { count, squared }));
            if self.shapes.len() > CELLS_MAX {
                self.shapes = self.shapes.chunks(2).map(pooled).collect();
            }
        }
    }

    /// Ends the last cell.
    pub(super) fn finish(mut self) -> Arrivals {
        self.close();
        Arrivals { shapes: self.shapes }
    }
}

impl Arrivals {
    /// Returns how many cells there are.
    pub(super) const fn cells(&self) -> usize {
        self.shapes.len()
    }

    /// Returns how many intervals there are in them.
    pub(super) fn intervals(&self) -> f64 {
        self.shapes.iter().map(|shape| shape.count).sum()
    }

    /// Returns the coefficient of variation over some of the cells, by number.
    pub(super) fn variation(&self, cells: impl Iterator<Item = usize>) -> Option<f64> {
        let (mut count, mut sum) = (0.0, 0.0);
        for shape in cells.filter_map(|cell| self.shapes.get(cell)) {
            count += shape.count;
            sum += shape.count * shape.squared;
        }
        finite((sum / count).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::{Exponential, stream};
    use bearpit_core::units::{Seed, SimTime};
    use rand_distr::Distribution;

    const HOUR: i64 = 3_600_000_000_000;

    fn arrivals(hours: i64) -> ArrivalsBuilder {
        ArrivalsBuilder::new(Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(hours * HOUR)))
    }

    #[expect(clippy::cast_possible_truncation, reason = "nanoseconds of a test")]
    fn poisson(mean_seconds: impl Fn(i64) -> f64) -> f64 {
        let (mut arrivals, mut draws) = (arrivals(24), stream(Seed::new(1), "arrivals"));
        let mut at = 0;
        while at < 24 * HOUR {
            at += (Exponential { mean: mean_seconds(at) }.sample(&mut draws) * 1e9) as i64 + 1;
            arrivals.order(at);
        }
        let arrivals = arrivals.finish();
        arrivals.variation(0..arrivals.cells()).unwrap()
    }

    #[test]
    fn orders_that_come_independently_have_a_variation_of_one_whatever_their_rate() {
        let steady = poisson(|_| 2.0);
        // The rate doubles at noon.
        let busy = poisson(|at| if at < 12 * HOUR { 4.0 } else { 2.0 });
        assert!((steady - 1.0).abs() < 0.03 && (busy - 1.0).abs() < 0.03, "{steady} and {busy}");
    }

    #[test]
    fn a_clock_has_no_variation_and_bursts_have_more_than_one() {
        let of = |gap: fn(i64) -> i64| {
            let mut arrivals = arrivals(1);
            let mut at = 0;
            for order in 0.. {
                at += gap(order);
                if at > HOUR {
                    break;
                }
                arrivals.order(at);
            }
            let arrivals = arrivals.finish();
            arrivals.variation(0..arrivals.cells()).unwrap()
        };
        assert!(of(|_| 1_000_000_000) < 1e-6);
        assert!(of(|order| if order % 5 == 0 { 5_000_000_000 } else { 100_000_000 }) > 1.5);
    }

    #[test]
    fn closed_times_and_thin_cells_do_not_count() {
        let mut arrivals = arrivals(8);
        for order in 0..40 {
            arrivals.order(order * 1_000_000_000);
        }
        arrivals.shut();
        for order in 0..10 {
            arrivals.order(7 * HOUR + order * 1_000_000_000);
        }
        let arrivals = arrivals.finish();
        assert_eq!((arrivals.cells(), arrivals.intervals()), (1, 39.0));
        assert!(arrivals.variation(0..1).unwrap() < 1e-6);
        assert_eq!(arrivals.variation(0..0), None);
    }

    #[test]
    fn a_run_of_years_keeps_no_more_cells_and_the_same_variation() {
        let shape = |squared| Shape { count: 20.0, squared };
        let pair = pooled(&[shape(1.0), Shape { count: 60.0, squared: 2.0 }]);
        assert_eq!(pair, Shape { count: 80.0, squared: 1.75 });
        let mut arrivals = arrivals(1);
        for second in 0..300_000_i64 {
            // Cells of an hour's 32nd: 112.5 seconds each.
            arrivals.order(second * 5_000_000_000);
        }
        let arrivals = arrivals.finish();
        assert!(arrivals.cells() <= CELLS_MAX && arrivals.intervals() > 290_000.0, "{}", arrivals.cells());
        assert!(arrivals.variation(0..arrivals.cells()).unwrap() < 1e-6);
    }
}
