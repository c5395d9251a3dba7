//! A split is seen by nobody: a history in which it happens comes out as one in shares of afterwards
//! throughout.

use std::collections::BTreeSet;

use bearpit_core::market::{Fact, SplitRatio};
use proptest::prelude::*;

use super::driver::{Split, run, run_split};
use super::histories::history;
use super::history::{Act, Bar, Change, History, Kind, Link, Loss, Order, Outcome, Sent, Short, Slippage};

/// Multiplies prices and quantities, and divides by so much.
#[derive(Debug, Clone, Copy)]
struct By {
    prices: [i64; 2],
    lots: [u64; 2],
}

impl By {
    fn price(self, price: i64) -> i64 {
        price * self.prices[0] / self.prices[1]
    }

    fn lots(self, lots: u64) -> u64 {
        lots * self.lots[0] / self.lots[1]
    }

    fn bar(self, bar: &Bar) -> Bar {
        Bar {
            open: self.price(bar.open),
            high: self.price(bar.high),
            low: self.price(bar.low),
            close: self.price(bar.close),
            volume: bar.volume.map(|lots| self.lots(lots)),
            ..*bar
        }
    }

    fn change(self, change: Change) -> Change {
        match change {
            Change::Trigger(trigger) => Change::Trigger(self.price(trigger)),
            Change::Distance(ticks) => Change::Distance(self.price(ticks)),
            Change::Tif(tif) => Change::Tif(tif),
        }
    }

    fn order(self, order: &Order) -> Order {
        let price = |price| self.price(price);
        let kind = match order.kind {
            Kind::Limit(limit) => Kind::Limit(price(limit)),
            Kind::Stop(trigger) => Kind::Stop(price(trigger)),
            Kind::StopLimit { trigger, limit } => {
                Kind::StopLimit { trigger: price(trigger), limit: price(limit) }
            }
            // A percentage is rounded to ticks, whose worth a split changes.
            Kind::Trailing(distance) | Kind::TrailingBps(distance) => Kind::Trailing(price(distance)),
            Kind::Pegged(limit) => Kind::Pegged(price(limit)),
            Kind::Market => Kind::Market,
            Kind::MarketToLimit => Kind::MarketToLimit,
        };
        let link = match order.link {
            Link::Bracket { profit, loss } => Link::Bracket {
                profit: profit.map(price),
                loss: loss.map(|it| Loss { trigger: price(it.trigger), limit: it.limit.map(price) }),
            },
            link => link,
        };
        Order { kind, link, quantity: self.lots(order.quantity), ..*order }
    }
}

/// The history in shares of after the split, made so that halves and doubles of all its numbers are whole,
/// and nothing is rounded: without costs that are, percentages, purchases that are cut, finer bars, and
/// orders on the way between two prices of the split instrument.
fn afterwards(history: &History, bar: usize) -> History {
    let by = By { prices: [2, 1], lots: [16, 1] };
    let mut whole = history.clone();
    whole.files = history.files.iter().map(|file| file.iter().map(|row| by.bar(row)).collect()).collect();
    whole.finer.iter_mut().for_each(Vec::clear);
    whole.rules.half_spread = 0;
    whole.rules.slippage = Slippage::Ticks(0);
    whole.rules.through = false;
    whole.rules.on_short_cash = Short::Cancel;
    // Ruin comes at a price between two ticks, so nobody can be ruined: half of them are rich, the others owe
    // nothing.
    for (number, owner) in whole.owners.iter_mut().enumerate() {
        let is_rich = number % 2 == 0;
        owner.cash = owner.cash.abs() * 32 + if is_rich { 10_i128.pow(22) } else { 0 };
        owner.shares.iter_mut().for_each(|lots| *lots *= 16);
        owner.max_short *= if is_rich { 16 } else { 0 };
    }
    let first = &whole.files[0];
    let split_at = first[bar].start;
    let has_price =
        |at: i64| first[..bar].iter().any(|bar| (bar.start..bar.end).contains(&at)) || at == split_at;
    let mut kept = BTreeSet::new();
    let mut sent = Vec::new();
    for (number, it) in history.sent.iter().enumerate() {
        let (act, names) = match it.act {
            Act::Submit(order) => {
                let named = if let Link::Pair(other) = order.link { Some(other) } else { None };
                (Act::Submit(by.order(&order)), named)
            }
            Act::Cancel(other) => (it.act, Some(other)),
            Act::Replace { number, price, quantity } => {
                let (price, quantity) = (by.price(price), by.lots(quantity));
                (Act::Replace { number, price, quantity }, Some(number))
            }
            Act::Change { number, change } => {
                (Act::Change { number, change: by.change(change) }, Some(number))
            }
        };
        let is_between = !has_price(it.at) && !has_price(it.at + whole.owners[it.owner].entry);
        if is_between && names.is_none_or(|other| kept.contains(&other)) {
            kept.insert(number);
            sent.push((number, Sent { act, ..*it }));
        }
    }
    // Orders are named by their places.
    let place = |number: usize| sent.iter().position(|(known, _)| *known == number).unwrap();
    let renamed = |act: Act| match act {
        Act::Submit(order) => {
            let link = if let Link::Pair(other) = order.link { Link::Pair(place(other)) } else { order.link };
            Act::Submit(Order { link, ..order })
        }
        Act::Cancel(other) => Act::Cancel(place(other)),
        Act::Replace { number, price, quantity } => Act::Replace { number: place(number), price, quantity },
        Act::Change { number, change } => Act::Change { number: place(number), change },
    };
    whole.sent = sent.iter().map(|(_, it)| Sent { act: renamed(it.act), ..*it }).collect();
    whole
}

/// The same with prices and quantities of the first instrument as they were before the split.
fn before(whole: &History, bar: usize, by: By) -> History {
    let mut history = whole.clone();
    let split_at = whole.files[0][bar].start;
    for row in &mut history.files[0][..bar] {
        *row = by.bar(row);
    }
    for owner in &mut history.owners {
        owner.shares[0] = by.lots(owner.shares[0]);
    }
    let is_first = |act: &Act| {
        let mut act = *act;
        loop {
            act = match act {
                Act::Submit(order) => return order.instrument == 0,
                Act::Cancel(other)
                | Act::Replace { number: other, .. }
                | Act::Change { number: other, .. } => whole.sent[other].act,
            };
        }
    };
    for sent in history.sent.iter_mut().filter(|sent| sent.at < split_at && is_first(&sent.act)) {
        sent.act = match sent.act {
            Act::Submit(order) => Act::Submit(by.order(&order)),
            Act::Replace { number, price, quantity } => {
                Act::Replace { number, price: by.price(price), quantity: by.lots(quantity) }
            }
            Act::Change { number, change } => Act::Change { number, change: by.change(change) },
            act @ Act::Cancel(_) => act,
        };
    }
    history
}

/// Writes fills of the first instrument from before the split in shares of afterwards.
fn restated(mut outcome: Outcome, history: &History, split_at: i64, by: By) -> Outcome {
    for fate in &mut outcome.fates {
        let Act::Submit(Order { instrument: 0, .. }) = history.sent[fate.number].act else { continue };
        for fill in fate.fills.iter_mut().filter(|fill| fill.at < split_at) {
            fill.price = by.price(fill.price);
            fill.quantity = by.lots(fill.quantity);
        }
    }
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        // Files of one bar have nothing before it.
        max_global_rejects: 4 * super::HISTORIES,
        ..ProptestConfig::with_cases(super::HISTORIES / 4)
    })]

    #[test]
    fn prop_a_split_changes_what_shares_are_and_nothing_else(
        history in history(),
        bar in 0..6_usize,
        is_reverse in any::<bool>(),
    ) {
        prop_assume!(history.files[0].len() > 1);
        let bar = 1 + bar % (history.files[0].len() - 1);
        let whole = afterwards(&history, bar);
        let (ratio, by, back) = if is_reverse {
            (SplitRatio::new(1, 2), By { prices: [1, 2], lots: [2, 1] }, By { prices: [2, 1], lots: [1, 2] })
        } else {
            (SplitRatio::new(2, 1), By { prices: [2, 1], lots: [1, 2] }, By { prices: [1, 2], lots: [2, 1] })
        };
        let split_at = whole.files[0][bar].start;
        let earlier = before(&whole, bar, by);
        let split = Split { bar, ratio: ratio.unwrap() };
        let found = run_split(&earlier, &[split]);
        let wanted = run(&whole);
        prop_assert_eq!(restated(found.outcome, &earlier, split_at, back), wanted.outcome);
        let actions = found.facts.iter().filter(|(_, fact)| matches!(fact, Fact::CorporateAction { .. }));
        prop_assert_eq!(actions.count(), 1);
    }
}
