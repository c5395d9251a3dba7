//! [`RecordedFacts`]: the facts of recorded order flow, by the same code as those of a simulated market.

use super::{StylizedBuilder, StylizedFacts};
use crate::analysis::rows::market_rows::{Print, Touch};
use crate::analysis::sampling::periods::Periods;
use crate::analysis::series::Extent;
use bearpit_core::market::{BookRow, HaltState, MessageKind, OrderMessage, QuoteLevel, Side};
use bearpit_core::units::{SimDuration, SimTime};

/// Returns are taken at intervals below that of a session.
const SAMPLE: SimDuration = SimDuration::from_secs(60);

/// A book that shows nothing.
const NOTHING: Touch = Touch { bid: None, bid_size: None, ask: None, ask_size: None };

/// Takes recorded messages, each with the book after it, and has the stylized facts of that market.
///
/// Only the first level of the rows counts. Executions of visible orders are trades with an aggressor, on the
/// side opposite to the resting order; hidden executions and crosses are trades without one. From a halt
/// until trading resumes the market is closed.
#[derive(Debug, Clone)]
pub struct RecordedFacts {
    builder: StylizedBuilder,
    end: i64,
    /// Whether trading has stopped: what the rows show then, nobody can trade with.
    is_halted: bool,
}

impl RecordedFacts {
    /// Begins, with the times since midnight of the first and the last message.
    #[must_use]
    pub fn new(first: SimDuration, last: SimDuration) -> Self {
        let at = |time: SimDuration| SimTime::from_nanos(time.nanos());
        let extent = Extent::new(at(first), at(last));
        let builder = StylizedBuilder::new(Periods::new(extent, SAMPLE));
        Self { builder, end: extent.end(), is_halted: false }
    }

    /// Takes a message and the book after it; times come in order.
    pub fn observe(&mut self, message: &OrderMessage, row: &BookRow) {
        let at = message.since_midnight.nanos();
        let price = decimal(message.price);
        let print = |sign| Print { price, quantity: shares(message.size.lots()), sign };
        match message.kind {
            MessageKind::Execute => self.builder.trade(at, &print(Some(aggressor(message.side)))),
            MessageKind::ExecuteHidden | MessageKind::CrossTrade => self.builder.trade(at, &print(None)),
            MessageKind::Halt(state) => self.is_halted = state != HaltState::TradingResumed,
            _ => {}
        }
        let touch = if self.is_halted { NOTHING } else { touch(row) };
        let mid = touch.bid.zip(touch.ask).map(|(bid, ask)| f64::midpoint(bid, ask));
        self.builder.quote(at, &touch, mid);
        if touch.bid.or(touch.ask).is_none() {
            self.builder.shut(at);
        }
    }

    /// Returns the facts.
    #[must_use]
    pub fn finish(self) -> StylizedFacts {
        self.builder.finish(self.end)
    }
}

const fn aggressor(resting: Side) -> f64 {
    match resting {
        Side::Buy => -1.0,
        Side::Sell => 1.0,
    }
}

fn touch(row: &BookRow) -> Touch {
    let best = |levels: &[QuoteLevel]| levels.first().copied();
    let [bid, ask] = [best(&row.bids), best(&row.asks)];
    let price = |level: Option<QuoteLevel>| level.map(|level| decimal(level.price.ticks()));
    let size = |level: Option<QuoteLevel>| level.map(|level| shares(level.size.lots()));
    Touch { bid: price(bid), bid_size: size(bid), ask: price(ask), ask_size: size(ask) }
}

#[expect(clippy::cast_precision_loss, reason = "a price in 1/10,000, for statistics")]
const fn decimal(ticks: i64) -> f64 {
    ticks as f64 / 10_000.0
}

#[expect(clippy::cast_precision_loss, reason = "a number of shares, for statistics")]
const fn shares(lots: u64) -> f64 {
    lots as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::stylized::{StylizedFactKind, Verdict};
    use bearpit_core::units::{Price, Quantity};

    const fn time(second: i64) -> SimDuration {
        SimDuration::from_nanos((34_200 + second) * 1_000_000_000)
    }

    /// A buyer every second around a price that jumps by a tenth in the middle, and the touch after it; in
    /// the halt around the jump there is none.
    fn recorded(seconds: i64, halt: std::ops::Range<i64>) -> StylizedFacts {
        let mut facts = RecordedFacts::new(time(0), time(seconds));
        for second in 0..=seconds {
            let jumped = if second > seconds / 2 { 100_000 } else { 0 };
            let ask = 1_000_000 + jumped + 100 * (second % 7);
            let level = |price, size| QuoteLevel { price: Price::new(price), size: Quantity::new(size) };
            let message = OrderMessage {
                since_midnight: time(second),
                order: 1,
                size: Quantity::new(10),
                price: ask,
                side: Side::Sell,
                kind: match second {
                    _ if second == halt.start => MessageKind::Halt(HaltState::Halted),
                    _ if second == halt.end => MessageKind::Halt(HaltState::TradingResumed),
                    _ if halt.contains(&second) => MessageKind::Add,
                    _ => MessageKind::Execute,
                },
            };
            let row = BookRow { depth: 1, bids: vec![level(ask - 100, 5)], asks: vec![level(ask + 100, 5)] };
            facts.observe(&message, &row);
        }
        facts.finish()
    }

    #[test]
    fn executions_are_trades_of_the_side_opposite_to_the_resting_order() {
        let facts = recorded(1_000, 2_000..3_000);
        let of = |kind| facts.facts.iter().find(|fact| fact.fact == kind).unwrap();
        assert_eq!(of(StylizedFactKind::LongMemoryOfSigns).sample, 1_001);
        let arrivals = of(StylizedFactKind::Arrivals);
        // One a second is no burst.
        assert!((arrivals.verdict, arrivals.statistics[0].value < 1e-6) == (Verdict::NotSeen, true));
        assert_eq!(facts.interval, SimDuration::from_secs(1));
        assert!(facts.returns >= 999);
    }

    #[test]
    fn the_jump_over_a_halt_is_no_return_and_one_without_a_halt_is() {
        let skewness = |halt| {
            let facts = recorded(1_600, halt);
            let fact = facts.facts.iter().find(|fact| fact.fact == StylizedFactKind::Asymmetry).unwrap();
            (facts.returns, fact.statistics[0].value)
        };
        let (all, jumped) = skewness(5_000..6_000);
        let (open, halted) = skewness(700..900);
        assert!(jumped > 10.0 && halted.abs() < 3.0, "{jumped} and {halted}");
        assert!((all - 205..all - 195).contains(&open), "{open} of {all}");
    }
}
