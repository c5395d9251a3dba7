//! [`TouchShape`]: how spread and sizes at the touch are distributed, and how order flow there moves the mid.
//!
//! Order-flow imbalance follows R. Cont, A. Kukanov and S. Stoikov (2014), "The price impact of order book
//! events", Journal of Financial Econometrics 12(1): what is added to the bid or taken from the ask counts
//! as demand, what is taken from the bid or added to the ask as supply; over ten seconds, their difference
//! explains most of how the mid moves.

use super::impact::STRETCHES;
use crate::analysis::metrics::series::finite;
use crate::analysis::rows::market_rows::Touch;
use crate::analysis::series::Extent;
use crate::analysis::series::extent::{Stretches, nanos};

/// Over what order flow and moves of the mid are compared.
const WINDOW_NANOS: i64 = 10_000_000_000;
/// A stretch with fewer such windows says nothing.
const WINDOWS_MIN: f64 = 20.0;

/// A touch with two sides and sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sides {
    bid: f64,
    bid_size: f64,
    ask: f64,
    ask_size: f64,
}

/// Sums of a number over time: weights, and powers of the number times weights.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Powers([f64; 4]);

/// Sums of pairs: of order flow and of moves of the mid.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Pairs {
    count: f64,
    flow: f64,
    moved: f64,
    flow_square: f64,
    moved_square: f64,
    product: f64,
}

/// One stretch of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Stretch {
    spread: Powers,
    size: Powers,
    pairs: Pairs,
}

/// Collects the touch of a listing; nothing but sums is kept, for each stretch of the run.
#[derive(Debug, Clone)]
pub(super) struct TouchBuilder {
    stretches: Stretches,
    last: Option<(i64, Sides)>,
    window: Window,
    shape: TouchShape,
}

/// The ten seconds at hand.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    end: i64,
    flow: f64,
    /// The mid when it began; none if it began before the touch had two sides.
    began: Option<f64>,
}

/// The sums of a listing's touch.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct TouchShape {
    stretches: Vec<Stretch>,
}

impl Powers {
    fn add(&mut self, value: f64, weight: f64) {
        let mut power = weight;
        for sum in &mut self.0 {
            *sum += power;
            power *= value;
        }
    }

    fn plus(&self, other: &Self) -> Self {
        let mut sum = *self;
        sum.0.iter_mut().zip(other.0).for_each(|(sum, other)| *sum += other);
        sum
    }

    /// Returns mean, standard deviation and skewness; no skewness where nothing varies.
    fn moments(&self) -> Option<[f64; 3]> {
        let [weight, first, second, third] = self.0;
        let mean = finite(first / weight)?;
        let variance = (second / weight - mean * mean).max(0.0);
        // What is left of equal values is rounding.
        let deviation = if variance > mean * mean * 1e-12 { variance.sqrt() } else { 0.0 };
        let cube = third / weight - 3.0 * mean * second / weight + 2.0 * mean * mean * mean;
        Some([mean, deviation, cube / (deviation * deviation * deviation)])
    }
}

impl Pairs {
    /// Returns the share of the variance of moves that flow explains.
    fn determination(&self) -> Option<f64> {
        let of = |product: f64, a: f64, b: f64| product - a * b / self.count;
        let flow = of(self.flow_square, self.flow, self.flow);
        let moved = of(self.moved_square, self.moved, self.moved);
        let product = of(self.product, self.flow, self.moved);
        let varies = flow > self.flow_square * 1e-12 && moved > self.moved_square * 1e-12;
        finite(product * product / (flow * moved)).filter(|_| varies).map(|share| share.min(1.0))
    }
}

impl TouchBuilder {
    pub(super) fn new(extent: Extent) -> Self {
        let shape = TouchShape { stretches: vec![Stretch::default(); STRETCHES] };
        Self { stretches: Stretches::new(extent, STRETCHES), last: None, window: Window::default(), shape }
    }

    /// Takes the touch as it stands from a time on; times come in order.
    pub(super) fn quote(&mut self, at: i64, touch: &Touch) {
        self.close_before(at);
        let sides = sides(touch);
        if let Some((_, last)) = self.last {
            match sides {
                Some(now) => self.window.flow += flow(&last, &now),
                None => self.window.began = None,
            }
        }
        self.last = sides.map(|sides| (at, sides));
    }

    /// Ends windows that end before `at`, and weighs the touch that stood until then.
    fn close_before(&mut self, at: i64) {
        let Some((since, sides)) = self.last else {
            // No touch, no window: the next begins when it is whole.
            if at >= self.window.end {
                self.window = Window { end: end_of_window(at), flow: 0.0, began: None };
            }
            return;
        };
        self.weigh(since, at, &sides);
        let mid = f64::midpoint(sides.bid, sides.ask);
        while at >= self.window.end {
            let Window { end, flow, began } = self.window;
            if let Some(began) = began {
                let place = self.stretches.place(end - 1);
                self.shape.stretches[place].pairs.add(flow, mid - began);
            }
            // Of a market that stands still for hours, the windows are still windows, but not one by one.
            let next = end.saturating_add(WINDOW_NANOS);
            let is_idle = at >= next.saturating_add(WINDOW_NANOS * 360);
            self.window = Window {
                end: if is_idle { end_of_window(at) } else { next },
                flow: 0.0,
                began: Some(mid).filter(|_| !is_idle),
            };
        }
    }

    fn weigh(&mut self, since: i64, until: i64, sides: &Sides) {
        let place = self.stretches.place(since);
        let Some(stretch) = self.shape.stretches.get_mut(place).filter(|_| until > since) else { return };
        let weight = nanos(until - since);
        stretch.spread.add(sides.ask - sides.bid, weight);
        stretch.size.add(sides.bid_size, weight);
        stretch.size.add(sides.ask_size, weight);
    }

    /// Returns the sums up to `end`.
    pub(super) fn finish(mut self, end: i64) -> TouchShape {
        self.close_before(end);
        self.shape
    }
}

impl Pairs {
    fn add(&mut self, flow: f64, moved: f64) {
        self.count += 1.0;
        self.flow += flow;
        self.moved += moved;
        self.flow_square += flow * flow;
        self.moved_square += moved * moved;
        self.product += flow * moved;
    }
}

impl TouchShape {
    /// Returns the stretches in which there was a touch, by number.
    pub(super) fn quoted(&self) -> Vec<usize> {
        self.having(|stretch| stretch.spread.0[0] > 0.0)
    }

    /// Returns the stretches in which flow explains some share of the moves, by number.
    pub(super) fn explained(&self) -> Vec<usize> {
        self.having(|stretch| stretch.pairs.count >= WINDOWS_MIN && stretch.pairs.determination().is_some())
    }

    fn having(&self, has: impl Fn(&Stretch) -> bool) -> Vec<usize> {
        let places = self.stretches.iter().enumerate().filter(|(_, stretch)| has(stretch));
        places.map(|(place, _)| place).collect()
    }

    fn of<'a>(&'a self, stretches: &'a [usize]) -> impl Iterator<Item = &'a Stretch> {
        stretches.iter().filter_map(|place| self.stretches.get(*place))
    }

    /// Returns the coefficient of variation of sizes at the touch over time.
    pub(super) fn variation_of_sizes(&self, stretches: &[usize]) -> Option<f64> {
        let sum = self.of(stretches).fold(Powers::default(), |sum, it| sum.plus(&it.size));
        let [mean, deviation, _] = sum.moments()?;
        finite(deviation / mean)
    }

    /// Returns the skewness of the spread over time; none where it never changes.
    pub(super) fn skewness_of_spread(&self, stretches: &[usize]) -> Option<f64> {
        let sum = self.of(stretches).fold(Powers::default(), |sum, it| sum.plus(&it.spread));
        finite(sum.moments()?[2])
    }

    /// Returns the share of the variance of the mid's moves that order flow explains: the mean over
    /// stretches, weighted by their windows.
    pub(super) fn determination(&self, stretches: &[usize]) -> Option<f64> {
        let (mut count, mut sum) = (0.0, 0.0);
        for Stretch { pairs, .. } in self.of(stretches) {
            if let Some(share) = pairs.determination() {
                count += pairs.count;
                sum += pairs.count * share;
            }
        }
        finite(sum / count)
    }

    /// Returns how many windows there are in some stretches.
    pub(super) fn windows(&self, stretches: &[usize]) -> f64 {
        self.of(stretches).map(|stretch| stretch.pairs.count).sum()
    }
}

fn sides(touch: &Touch) -> Option<Sides> {
    let Touch { bid, bid_size, ask, ask_size } = *touch;
    Some(Sides { bid: bid?, bid_size: bid_size?, ask: ask?, ask_size: ask_size? })
}

/// What has been added to demand, less what has been added to supply, between two touches.
fn flow(before: &Sides, now: &Sides) -> f64 {
    let mut flow = 0.0;
    if now.bid >= before.bid {
        flow += now.bid_size;
    }
    if now.bid <= before.bid {
        flow -= before.bid_size;
    }
    if now.ask <= before.ask {
        flow -= now.ask_size;
    }
    if now.ask >= before.ask {
        flow += before.ask_size;
    }
    flow
}

const fn end_of_window(at: i64) -> i64 {
    (at.div_euclid(WINDOW_NANOS) + 1).saturating_mul(WINDOW_NANOS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::{StandardNormal, stream};
    use bearpit_core::units::{Seed, SimTime};
    use rand::RngExt;
    use rand_distr::Distribution;

    const SECOND: i64 = 1_000_000_000;

    fn builder(seconds: i64) -> TouchBuilder {
        TouchBuilder::new(Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(seconds * SECOND)))
    }

    fn touch(bid: f64, bid_size: f64, ask: f64, ask_size: f64) -> Touch {
        let [bid, bid_size, ask, ask_size] = [bid, bid_size, ask, ask_size].map(Some);
        Touch { bid, bid_size, ask, ask_size }
    }

    #[test]
    fn flow_is_what_the_paper_says() {
        let now = |bid, bid_size, ask, ask_size| Sides { bid, bid_size, ask, ask_size };
        let before = now(99.0, 10.0, 101.0, 20.0);
        for (after, expected) in [
            (now(99.0, 15.0, 101.0, 20.0), 5.0),
            (now(99.0, 10.0, 101.0, 5.0), 15.0),
            (now(100.0, 7.0, 101.0, 20.0), 7.0),
            (now(98.0, 7.0, 101.0, 20.0), -10.0),
            (now(99.0, 10.0, 100.0, 4.0), -4.0),
            (now(99.0, 10.0, 102.0, 4.0), 20.0),
        ] {
            assert!((flow(&before, &after) - expected).abs() < 1e-12, "{after:?}");
        }
    }

    /// A mid that moves by `step` up or down each second, with sizes drawn at random.
    fn walk(step: f64) -> TouchShape {
        let (mut builder, mut draws) = (builder(20_000), stream(Seed::new(1), "flow"));
        let mut mid = 100.0;
        for second in 0..20_000 {
            let [bid_size, ask_size] = [(); 2].map(|()| 100.0 * libm::exp(StandardNormal.sample(&mut draws)));
            builder.quote(second * SECOND, &touch(mid - 0.5, bid_size, mid + 0.5, ask_size));
            mid += if draws.random_bool(0.5) { step } else { -step };
        }
        builder.finish(20_000 * SECOND)
    }

    #[test]
    fn a_mid_that_follows_flow_is_explained_and_one_that_never_moves_says_nothing() {
        // A move up adds the new bid, and takes the old ask.
        let shape = walk(0.01);
        let explained = shape.explained();
        assert_eq!((explained.len(), shape.windows(&explained)), (32, 1_999.0));
        assert!((0.4..1.0).contains(&walk_share()), "{}", walk_share());
        let still = walk(0.0);
        assert_eq!((still.explained().len(), still.quoted().len()), (0, 32));
    }

    #[test]
    fn sizes_that_come_and_go_without_the_mid_explain_little() {
        let (mut builder, mut draws) = (builder(20_000), stream(Seed::new(1), "flow"));
        let mut mid = 100.0;
        for tenth in 0..200_000 {
            let [bid_size, ask_size] =
                [(); 2].map(|()| 100.0 * libm::exp(2.0 * StandardNormal.sample(&mut draws)));
            if tenth % 100 == 50 {
                mid += if draws.random_bool(0.5) { 0.01 } else { -0.01 };
            }
            builder.quote(tenth * SECOND / 10, &touch(mid - 0.5, bid_size, mid + 0.5, ask_size));
        }
        let shape = builder.finish(20_000 * SECOND);
        let share = shape.determination(&shape.explained()).unwrap();
        assert!(share < 0.5 && share < walk_share(), "{share}");
    }

    fn walk_share() -> f64 {
        let shape = walk(0.01);
        shape.determination(&shape.explained()).unwrap()
    }

    #[test]
    fn sizes_and_spreads_are_weighted_by_how_long_they_stood() {
        let mut builder = builder(64);
        builder.quote(0, &touch(99.0, 1.0, 100.0, 1.0));
        builder.quote(48 * SECOND, &touch(99.0, 5.0, 103.0, 5.0));
        let shape = builder.finish(64 * SECOND);
        let quoted = shape.quoted();
        // Three quarters of the time 1, one quarter 5: mean 2, deviation root 3.
        let variation = shape.variation_of_sizes(&quoted).unwrap();
        assert!((variation - 3.0_f64.sqrt() / 2.0).abs() < 1e-12, "{variation}");
        // Spreads of 1 and 4 at the same weights: skewness of a coin of one in four.
        let skewness = shape.skewness_of_spread(&quoted).unwrap();
        assert!((skewness - 0.5 / (3.0_f64 / 16.0).sqrt()).abs() < 1e-9, "{skewness}");
    }

    #[test]
    fn a_spread_that_never_changes_has_no_skewness_and_no_sizes_no_variation() {
        let mut constant = builder(64);
        constant.quote(0, &touch(99.99, 1.0, 100.0, 1.0));
        let shape = constant.finish(64 * SECOND);
        assert_eq!(shape.skewness_of_spread(&shape.quoted()), None);
        let mut without = builder(64);
        without.quote(0, &Touch { bid: Some(1.0), bid_size: None, ask: Some(2.0), ask_size: None });
        let shape = without.finish(64 * SECOND);
        assert_eq!((shape.quoted(), shape.variation_of_sizes(&[0, 1])), (Vec::new(), None));
    }
}
