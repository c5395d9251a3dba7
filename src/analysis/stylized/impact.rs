//! [`Impact`]: how much further larger orders move the mid.

use std::collections::BTreeMap;

use super::facts::WITHIN;
use crate::analysis::metrics::series::{Line, finite, real};
use crate::analysis::series::Extent;
use crate::analysis::series::extent::Stretches;

/// A run is cut into so many stretches, which are resampled.
pub(super) const STRETCHES: usize = 32;
/// Sizes are put together that differ by less than the root of two.
const BINS_PER_OCTAVE: f64 = 2.0;
/// A bin with fewer orders has no mean.
const ORDERS_MIN: usize = 30;
/// Of fewer bins there is no curve.
const BINS_MIN: usize = 4;

/// Orders of about one size.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Bin {
    count: usize,
    log_size: f64,
    impact: f64,
    squares: f64,
}

/// The mean log return of the mid, in the direction of orders, by the size of the orders; nothing but sums
/// over bins of sizes is kept, for each stretch of the run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Impact {
    bins: Vec<[Bin; STRETCHES]>,
    /// Where each bin stands, by its number.
    places: BTreeMap<i32, usize>,
    /// The last sizes, each where its bits say; empty before the first.
    sizes: Vec<Size>,
}

/// More than the sizes that come again and again.
const SIZES: usize = 256;

/// A size, its logarithm, and where its bin stands.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Size {
    size: f64,
    log: f64,
    place: usize,
}

/// A point of the curve: a size, and the mean impact of orders of that size.
pub(super) type CurvePoint = (f64, f64);

/// A curve of impact: impact = size ^ exponent, times a constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    pub(super) points: Vec<CurvePoint>,
    pub(super) exponent: f64,
    /// The standard error of the exponent, of independent orders.
    pub(super) error: f64,
    /// How many orders the points are made of.
    pub(super) orders: usize,
}

/// Why there is no curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoCurve {
    /// Orders are of too few sizes, or there are too few of each.
    FewSizes,
    /// The mid did not go the way of the orders by more than chance, or not for more than half of the sizes.
    NoImpact,
}

impl Impact {
    /// Adds an order of a size, and the log return in its direction, in a stretch of the run.
    pub(super) fn add(&mut self, stretch: usize, size: f64, impact: f64) {
        let Some(Size { log, place, .. }) = self.size(size) else { return };
        if let Some(bin) = self.bins.get_mut(place).and_then(|bins| bins.get_mut(stretch)) {
            bin.count += 1;
            bin.log_size += log;
            bin.impact += impact;
            bin.squares += impact * impact;
        }
    }

    /// Returns what is known of a size, if it is above zero.
    fn size(&mut self, size: f64) -> Option<Size> {
        // Sizes are counts of lots: the first bits of the mantissa differ, and the last of the exponent.
        let [.., low, high, _] = size.to_bits().to_le_bytes();
        let slot = usize::from(u16::from_le_bytes([low, high]).wrapping_mul(40_503) >> u8::BITS) % SIZES;
        match self.sizes.get(slot) {
            // An empty slot is one of zero.
            Some(known) if size > 0.0 && known.size.to_bits() == size.to_bits() => Some(*known),
            _ => {
                let place = *self.places.entry(bin(size)?).or_insert(self.bins.len());
                self.bins.resize(self.bins.len().max(place + 1), [Bin::default(); STRETCHES]);
                let new = Size { size, log: libm::log(size), place };
                self.sizes.resize(SIZES, Size { size: 0.0, log: 0.0, place: 0 });
                self.sizes[slot] = new;
                Some(new)
            }
        }
    }

    /// Fits the curve to some of the stretches, by number, each as often as it is named: by least squares on
    /// logarithms, each bin weighted by how well its mean is known.
    pub(super) fn curve(&self, stretches: &[usize]) -> Result<Curve, NoCurve> {
        let sums = self.places.values().filter_map(|place| self.bins.get(*place));
        let sums = sums.map(|bins| sum(bins, stretches));
        let sums: Vec<Bin> = sums.filter(|bin| bin.count >= ORDERS_MIN).collect();
        if sums.len() < BINS_MIN {
            return Err(NoCurve::FewSizes);
        }
        // By chance alone the mid goes with half of the sizes, but not far.
        let (impact, squares) = sums
            .iter()
            .fold((0.0, 0.0), |(impact, squares), bin| (impact + bin.impact, squares + bin.squares));
        if impact <= WITHIN * f64::sqrt(squares) {
            return Err(NoCurve::NoImpact);
        }
        let moved: Vec<&Bin> = sums.iter().filter(|bin| bin.impact > 0.0).collect();
        if moved.len() < BINS_MIN || moved.len() * 2 <= sums.len() {
            return Err(NoCurve::NoImpact);
        }
        let line = Line::through(moved.iter().map(|bin| bin.on_logs())).ok_or(NoCurve::NoImpact)?;
        let (exponent, error) = (line.slope, finite(line.spread.sqrt().recip()).ok_or(NoCurve::NoImpact)?);
        let orders = moved.iter().map(|bin| bin.count).sum();
        let points = moved.iter().map(|bin| bin.point()).collect();
        Ok(Curve { points, exponent, error, orders })
    }
}

impl Bin {
    /// The mean of the logarithms of sizes, the logarithm of the mean impact, and the inverse of the variance
    /// of the latter.
    fn on_logs(&self) -> [f64; 3] {
        let count = real(self.count);
        let mean = self.impact / count;
        let variance = (self.squares / count - mean * mean).max(mean * mean * 1e-12);
        [self.log_size / count, libm::log(mean), count * mean * mean / variance]
    }

    fn point(&self) -> CurvePoint {
        let count = real(self.count);
        (libm::exp(self.log_size / count), self.impact / count)
    }
}

fn sum(bins: &[Bin; STRETCHES], stretches: &[usize]) -> Bin {
    let add = |sum: Bin, bin: &Bin| Bin {
        count: sum.count + bin.count,
        log_size: sum.log_size + bin.log_size,
        impact: sum.impact + bin.impact,
        squares: sum.squares + bin.squares,
    };
    stretches.iter().filter_map(|stretch| bins.get(*stretch)).fold(Bin::default(), add)
}

/// Returns in which bin a size lies, if it is above zero.
#[expect(clippy::cast_possible_truncation, reason = "twice a binary exponent of a double")]
fn bin(size: f64) -> Option<i32> {
    (size > 0.0 && size.is_finite()).then(|| (libm::log2(size) * BINS_PER_OCTAVE).floor() as i32)
}

/// What is known of an order, or of several in a row, until what they did to the mid is known.
#[derive(Debug, Clone, Copy)]
struct Begun {
    at: i64,
    sign: f64,
    size: f64,
    orders: usize,
    /// The mid before it; none where a side was empty.
    mid: Option<f64>,
}

/// Measures single market orders, and runs of market orders on one side, by what the mid does until the next
/// order, or the next run, comes.
///
/// Trades of one instant on one side are one order. A run of two orders or more stands for a metaorder: who
/// sent an order is not public.
#[derive(Debug, Clone)]
pub(super) struct ImpactBuilder {
    stretches: Stretches,
    mid: Option<f64>,
    order: Option<Begun>,
    run: Option<Begun>,
    pub(super) of_orders: Impact,
    pub(super) of_runs: Impact,
}

impl ImpactBuilder {
    pub(super) fn new(extent: Extent) -> Self {
        Self {
            stretches: Stretches::new(extent, STRETCHES),
            mid: None,
            order: None,
            run: None,
            of_orders: Impact::default(),
            of_runs: Impact::default(),
        }
    }

    /// Takes a mid above zero, or that there is none.
    pub(super) const fn quote(&mut self, mid: Option<f64>) {
        self.mid = mid;
    }

    /// Takes that the market is closed: what orders did to the mid is no longer known.
    pub(super) const fn shut(&mut self) {
        self.order = None;
        self.run = None;
    }

    /// Takes a trade with an aggressor.
    pub(super) fn trade(&mut self, at: i64, sign: f64, size: f64) {
        let is_sign = |begun: &&mut Begun| begun.sign * sign > 0.0;
        if let Some(order) = self.order.as_mut().filter(|order| order.at == at).filter(is_sign) {
            order.size += size;
            if let Some(run) = &mut self.run {
                run.size += size;
            }
            return;
        }
        let begun = Begun { at, sign, size, orders: 1, mid: self.mid };
        if let Some(before) = self.order.replace(begun) {
            let stretch = self.stretches.place(before.at);
            self.of_orders.end(stretch, &before, self.mid);
        }
        if let Some(run) = self.run.as_mut().filter(is_sign) {
            run.size += size;
            run.orders += 1;
        } else if let Some(run) = self.run.replace(begun).filter(|run| run.orders > 1) {
            let stretch = self.stretches.place(run.at);
            self.of_runs.end(stretch, &run, self.mid);
        }
    }
}

impl Impact {
    fn end(&mut self, stretch: usize, begun: &Begun, mid: Option<f64>) {
        // Most orders leave the mid where it is, and the logarithm of one is zero.
        let log_return = begun.mid.zip(mid).and_then(|(before, after)| match after / before {
            1.0 => Some(0.0),
            ratio => finite(libm::log(ratio)),
        });
        if let Some(log_return) = log_return {
            self.add(stretch, begun.size, begun.sign * log_return);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::{StandardNormal, stream};
    use bearpit_core::units::{Seed, SimTime};
    use rand::RngExt;
    use rand_distr::Distribution;

    const ALL: [usize; STRETCHES] = {
        let mut all = [0; STRETCHES];
        let mut at = 0;
        while at < STRETCHES {
            all[at] = at;
            at += 1;
        }
        all
    };

    fn builder() -> ImpactBuilder {
        ImpactBuilder::new(Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(1_000_000)))
    }

    /// Orders of random sizes, each of which moves the mid by a power of its size, and noise.
    fn moved(exponent: f64, noise: f64) -> ImpactBuilder {
        let (mut builder, mut draws) = (builder(), stream(Seed::new(1), "impact"));
        let mut log_mid = libm::log(100.0);
        for order in 0..20_000_i64 {
            builder.quote(Some(libm::exp(log_mid)));
            let sign = if draws.random_bool(0.5) { 1.0 } else { -1.0 };
            let size = libm::exp(1.2 * StandardNormal.sample(&mut draws)) * 100.0;
            // In two parts of one instant: they are one order.
            builder.trade(order * 50, sign, size * 0.25);
            builder.trade(order * 50, sign, size * 0.75);
            log_mid += 1e-5 * sign * libm::pow(size, exponent) + noise * StandardNormal.sample(&mut draws);
        }
        builder
    }

    #[test]
    fn the_exponent_is_that_by_which_orders_move_the_mid() {
        for exponent in [0.3, 0.5, 1.0] {
            let curve = moved(exponent, 1e-4).of_orders.curve(&ALL).unwrap();
            let error = (curve.exponent - exponent).abs();
            assert!(error < 0.03 && error < 5.0 * curve.error, "{exponent}: {curve:?}");
            assert!(curve.orders > 19_000 && curve.points.len() > 10, "{curve:?}");
        }
    }

    #[test]
    fn a_mid_that_does_not_follow_orders_has_no_curve() {
        assert_eq!(moved(-20.0, 1e-4).of_orders.curve(&ALL).unwrap_err(), NoCurve::NoImpact);
    }

    #[test]
    fn orders_of_one_size_have_no_curve() {
        let mut builder = builder();
        for order in 0..1_000 {
            builder.quote(Some(100.0 + real(order)));
            builder.trade(i64::try_from(order).unwrap(), 1.0, 10.0);
        }
        assert_eq!(builder.of_orders.curve(&ALL).unwrap_err(), NoCurve::FewSizes);
    }

    #[test]
    fn a_run_is_measured_from_its_first_order_to_the_first_on_the_other_side() {
        let mut builder = builder();
        // Each triple: a mid, then an order.
        let orders = [(100.0, 1.0, 1.0), (101.0, 1.0, 2.0), (102.0, -1.0, 9.0), (99.0, 1.0, 1.0)];
        for (at, (mid, sign, size)) in (0..).zip(orders) {
            builder.quote(Some(mid));
            builder.trade(at, sign, size);
        }
        let of = |impact: &Impact, size: f64| {
            let bin = sum(&impact.bins[impact.places[&bin(size).unwrap()]], &ALL);
            (bin.count, bin.impact)
        };
        let (count, impact) = of(&builder.of_runs, 3.0);
        assert_eq!(count, 1);
        assert!((impact - libm::log(102.0 / 100.0)).abs() < 1e-12, "{impact}");
        // The sale was alone, and so no run.
        assert_eq!(builder.of_runs.bins.len(), 1);
        let (count, impact) = of(&builder.of_orders, 9.0);
        assert!(count == 1 && (impact - libm::log(102.0 / 99.0)).abs() < 1e-12, "{impact}");
    }

    #[test]
    fn sizes_that_come_again_count_as_the_first_time_and_nothing_is_no_size() {
        let mut impact = Impact::default();
        for size in (0..1_000).map(real).chain((0..1_000).map(real)).chain([f64::NAN, f64::INFINITY, -1.0]) {
            impact.add(3, size, 1.0);
        }
        for (number, place) in &impact.places {
            let sizes = (1..1_000).map(real).filter(|size| bin(*size) == Some(*number));
            let log_size = 2.0 * sizes.clone().map(libm::log).sum::<f64>();
            let found = impact.bins[*place][3];
            assert_eq!(found.count, 2 * sizes.count());
            assert!((found.log_size - log_size).abs() < 1e-6, "{found:?}, not {log_size}");
        }
        assert_eq!(impact.places.len(), impact.bins.len());
    }

    #[test]
    fn what_stands_over_a_closed_time_or_without_a_mid_does_not_count() {
        let mut builder = builder();
        builder.quote(Some(100.0));
        builder.trade(1, 1.0, 5.0);
        builder.shut();
        builder.quote(Some(200.0));
        builder.trade(2, 1.0, 5.0);
        builder.quote(None);
        builder.trade(3, -1.0, 5.0);
        assert_eq!(builder.of_orders, Impact::default());
    }
}
