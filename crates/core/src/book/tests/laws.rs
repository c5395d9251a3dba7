//! Laws of a market, checked from the events and the book of one engine alone.
//!
//! The auditor's ledger follows quantities; these laws say which orders may trade, in which order, and which
//! must be gone afterwards. Only conventions are left to the differential test: roundings, bands, what pegs
//! follow.

use std::collections::{BTreeMap, BTreeSet};

use super::traffic::Step;
use super::*;
use crate::book::{BookTrade, Matching, OpenState};
use crate::market::QuoteLevel;

/// What the laws record of an open order.
#[derive(Debug, Clone, Copy)]
struct Known {
    terms: OrderTerms,
    /// The trade since its entry that comes nearest to electing it, as a rank: higher for a buy.
    reach: Option<i64>,
}

/// The laws, and what they record of orders.
#[derive(Debug, Clone, Default)]
pub(super) struct Laws {
    matching: Matching,
    orders: BTreeMap<OrderId, Known>,
    partners: BTreeMap<OrderId, OrderId>,
    last: Option<Price>,
}

/// One step's events, read once.
struct Reading<'a> {
    step: &'a Step,
    before: &'a [OpenState],
    /// What the order of the step has traded.
    filled: Quantity,
    accepted: bool,
    /// Orders that are not where they were, or not as large.
    touched: BTreeMap<OrderId, Quantity>,
    /// What an auction still has to trade.
    uncrossing: Option<Quantity>,
}

fn broken<T>(law: impl Into<String>) -> Result<T, String> {
    Err(law.into())
}

impl Laws {
    pub(super) fn new(matching: Matching) -> Self {
        Self { matching, ..Self::default() }
    }

    /// Reads the events of one step; `before` has the open orders before it, or none to check less.
    pub(super) fn follow(
        &mut self,
        step: &Step,
        before: &[OpenState],
        events: &[BookEvent],
    ) -> Result<(), String> {
        let mut reading = Reading {
            step,
            before,
            filled: Quantity::ZERO,
            accepted: false,
            touched: BTreeMap::new(),
            uncrossing: None,
        };
        for event in events {
            self.judge(&mut reading, event)?;
            self.note(&mut reading, event);
        }
        if reading.uncrossing.is_some_and(|lots| !lots.is_zero()) {
            return broken("an auction traded less than it said");
        }
        reading.judge_entry(events)
    }

    fn judge(&self, reading: &mut Reading<'_>, event: &BookEvent) -> Result<(), String> {
        match *event {
            BookEvent::Traded(trade) if trade.phase == Phase::Continuous => {
                self.judge_taker(&trade)?;
                if self.matching == Matching::PriceTime {
                    reading.judge_turn(&trade)?;
                }
            }
            BookEvent::Traded(trade) => match &mut reading.uncrossing {
                Some(lots) if *lots >= trade.quantity => *lots -= trade.quantity,
                _ => return broken("an auction traded more than it said"),
            },
            BookEvent::Canceled { owner, reason: CancelReason::Requested, .. }
            | BookEvent::Replaced { owner, .. }
            | BookEvent::TermsReplaced { owner, .. }
                if !matches!(reading.step, Step::Execute(command) if command.owner == owner) =>
            {
                return broken("somebody changed another's order");
            }
            BookEvent::Replaced { order, price, leaves, kept_priority, .. } => {
                let old = reading.before.iter().find(|old| old.order == order);
                let Some(old) = old.filter(|old| old.price.is_some()) else { return Ok(()) };
                let may_keep = old.price == Some(price) && leaves <= old.displayed + old.hidden;
                if may_keep != kept_priority {
                    return broken(format!("order {order} kept its place: {kept_priority}"));
                }
            }
            BookEvent::TermsReplaced { order, kind, time_in_force, leaves, kept_priority, .. } => {
                let old = reading.before.iter().find(|old| old.order == order);
                let known = self.orders.get(&order).map(|known| known.terms);
                let Some((old, terms)) = old.zip(known).filter(|(old, _)| old.price.is_some()) else {
                    return Ok(());
                };
                let is_there = old.price == kind.limit() && leaves <= old.displayed + old.hidden;
                let may_keep = is_there && terms.time_in_force.rests() && time_in_force.rests();
                if may_keep != kept_priority {
                    return broken(format!("order {order} kept its place: {kept_priority}"));
                }
            }
            BookEvent::Triggered { order, side, trigger, .. } => {
                let reach = self.orders.get(&order).and_then(|known| known.reach);
                if reach.is_none_or(|reach| reach < side.sign() * trigger.ticks()) {
                    return broken(format!("no trade reached the trigger of order {order}"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn judge_taker(&self, trade: &BookTrade) -> Result<(), String> {
        let Some(Known { terms, .. }) = self.orders.get(&trade.taker_order) else { return Ok(()) };
        if terms.self_trade != SelfTrade::Allow && trade.maker_owner == trade.taker_owner {
            return broken("an order traded with one of its owner's that it must not trade with");
        }
        if terms.post_only != PostOnly::No {
            return broken("a post-only order took");
        }
        Ok(())
    }

    fn note(&mut self, reading: &mut Reading<'_>, event: &BookEvent) {
        reading.note(event);
        match *event {
            BookEvent::Accepted { order, .. } => {
                if let Step::Execute(Command { kind: CommandKind::New(terms), .. }) = reading.step {
                    self.begin(order, terms);
                }
            }
            BookEvent::ExitEntered { order, ref terms, .. } => self.begin(order, terms),
            BookEvent::Traded(trade) => {
                self.last = Some(trade.price);
                for known in self.orders.values_mut() {
                    let rank = known.terms.side.sign() * trade.price.ticks();
                    known.reach = known.reach.max(Some(rank));
                }
                for (order, leaves) in
                    [(trade.maker_order, trade.maker_leaves), (trade.taker_order, trade.taker_leaves)]
                {
                    if leaves.is_zero() {
                        self.end(order);
                    }
                }
            }
            BookEvent::TermsReplaced { order, kind, time_in_force, .. } => {
                if let Some(known) = self.orders.get_mut(&order) {
                    (known.terms.kind, known.terms.time_in_force) = (kind, time_in_force);
                }
            }
            BookEvent::Canceled { order, .. } | BookEvent::Expired { order, .. } => self.end(order),
            _ => {}
        }
    }

    fn begin(&mut self, order: OrderId, terms: &OrderTerms) {
        let reach = self.last.map(|last| terms.side.sign() * last.ticks());
        self.orders.insert(order, Known { terms: *terms, reach });
        if let Link::OneCancelsOther(other) = terms.link {
            self.partners.insert(order, other);
            self.partners.insert(other, order);
        }
    }

    fn end(&mut self, order: OrderId) {
        self.orders.remove(&order);
        // Of two linked orders both must end in one step; once they have, their ids mean nothing more.
        if let Some(other) = self.partners.get(&order).copied()
            && !self.orders.contains_key(&other)
        {
            self.partners.remove(&order);
            self.partners.remove(&other);
        }
    }

    /// Checks a book after a step: orders that must be gone, linked orders, levels.
    pub(super) fn check(
        &self,
        step: &Step,
        events: &[BookEvent],
        after: &[OpenState],
        book: &impl MatchingEngine,
    ) -> Result<(), String> {
        check_levels(after, book)?;
        check_kill_switch(step, after)?;
        check_refreshed(events, after)?;
        let is_closed = book.phase() == Phase::Closed;
        for order in after {
            let Some(Known { terms, .. }) = self.orders.get(&order.order) else { continue };
            let time = terms.time_in_force;
            let rests = order.price.is_some() && book.phase() == Phase::Continuous;
            if rests && !(time.rests() || terms.kind.is_stop()) {
                return broken(format!("order {} is {time}, and rests", order.order));
            }
            let closes = events.contains(&BookEvent::PhaseChanged { phase: Phase::Closed });
            if is_closed && closes && time == TimeInForce::Day {
                return broken(format!("order {} outlives its day", order.order));
            }
        }
        self.check_partners(after)
    }

    fn check_partners(&self, after: &[OpenState]) -> Result<(), String> {
        let open: BTreeMap<OrderId, Quantity> =
            after.iter().map(|order| (order.order, order.displayed + order.hidden)).collect();
        match self.partners.iter().find(|(order, other)| open.get(order) != open.get(other)) {
            Some((order, other)) => broken(format!("linked orders {order} and {other} differ")),
            None => Ok(()),
        }
    }
}

impl Reading<'_> {
    fn note(&mut self, event: &BookEvent) {
        let all = Quantity::new(u64::MAX / 2);
        match *event {
            BookEvent::Accepted { .. } => self.accepted = true,
            BookEvent::Uncrossed { volume, .. } => self.uncrossing = Some(volume),
            BookEvent::Traded(trade) => {
                *self.touched.entry(trade.maker_order).or_default() += trade.quantity;
                if matches!(self.step, Step::Execute(command) if command.order == trade.taker_order) {
                    self.filled += trade.quantity;
                }
            }
            BookEvent::Canceled { order, .. }
            | BookEvent::Expired { order, .. }
            | BookEvent::Reduced { order, .. }
            | BookEvent::Grown { order, .. }
            | BookEvent::Repriced { order, .. }
            | BookEvent::Replaced { order, .. }
            | BookEvent::TermsReplaced { order, .. }
            | BookEvent::Refreshed { order, .. } => {
                self.touched.insert(order, all);
            }
            _ => {}
        }
    }

    /// Checks that no order before the maker was passed over at its price.
    fn judge_turn(&self, trade: &BookTrade) -> Result<(), String> {
        let is_first_hand = matches!(self.step, Step::Execute(command) if command.order == trade.taker_order);
        let maker = self.before.iter().position(|order| order.order == trade.maker_order);
        let Some(maker) = maker.filter(|_| is_first_hand && !self.touched.contains_key(&trade.maker_order))
        else {
            return Ok(());
        };
        let (earlier, maker) = (&self.before[..maker], &self.before[maker]);
        let waits = |order: &&OpenState| {
            (order.side, order.price) == (maker.side, maker.price)
                && self.touched.get(&order.order).copied().unwrap_or_default() < order.displayed
        };
        match earlier.iter().find(waits) {
            Some(earlier) => broken(format!("{} trades before {}", maker.order, earlier.order)),
            None => Ok(()),
        }
    }

    /// Checks what a new order that had to trade at once has traded.
    fn judge_entry(&self, events: &[BookEvent]) -> Result<(), String> {
        let Step::Execute(Command { order, kind: CommandKind::New(terms), .. }) = self.step else {
            return Ok(());
        };
        if !self.accepted || terms.kind.is_stop() {
            return Ok(());
        }
        if terms.time_in_force == TimeInForce::Fok && self.filled != terms.quantity {
            return broken(format!("fill-or-kill order {order} traded {} in {events:?}", self.filled));
        }
        if terms.minimum.is_some_and(|minimum| self.filled < minimum) {
            return broken(format!("order {order} traded less than its minimum"));
        }
        Ok(())
    }
}

/// Checks that levels sum what their orders display, best first, and do not cross in continuous trading.
fn check_levels(after: &[OpenState], book: &impl MatchingEngine) -> Result<(), String> {
    for side in Side::BOTH {
        let mut sizes: BTreeMap<i64, Quantity> = BTreeMap::new();
        for order in after.iter().filter(|order| order.side == side) {
            if let Some(price) = order.price {
                *sizes.entry(-side.sign() * price.ticks()).or_default() += order.displayed;
            }
        }
        let level = |(rank, size): (&i64, &Quantity)| QuoteLevel {
            price: Price::new(-side.sign() * rank),
            size: *size,
        };
        if book.levels(side) != sizes.iter().map(level).collect::<Vec<_>>() {
            return broken(format!("the {side} levels are not what their orders display"));
        }
    }
    let quote = book.quote();
    let crossed = quote.bid.zip(quote.ask).is_some_and(|(bid, ask)| bid.price >= ask.price);
    if crossed && book.phase() == Phase::Continuous {
        return broken("the book is crossed");
    }
    Ok(())
}

/// Checks that a kill switch has left no working order.
fn check_kill_switch(step: &Step, after: &[OpenState]) -> Result<(), String> {
    let Step::Execute(Command { owner, kind, .. }) = step else { return Ok(()) };
    if !matches!(kind, CommandKind::MassCancel { side: None } | CommandKind::Disconnect) {
        return Ok(());
    }
    match after.iter().find(|order| order.owner == *owner) {
        Some(left) => broken(format!("order {} outlives {kind:?}", left.order)),
        None => Ok(()),
    }
}

/// Checks that no order that was there before stands behind a refreshed iceberg.
fn check_refreshed(events: &[BookEvent], after: &[OpenState]) -> Result<(), String> {
    let entered = |event: &BookEvent| match *event {
        BookEvent::Accepted { order, .. }
        | BookEvent::ExitEntered { order, .. }
        | BookEvent::Replaced { order, .. }
        | BookEvent::TermsReplaced { order, .. }
        | BookEvent::Repriced { order, .. }
        | BookEvent::Triggered { order, .. }
        | BookEvent::Grown { order, .. }
        | BookEvent::Refreshed { order, .. } => Some(order),
        _ => None,
    };
    let entered: BTreeSet<OrderId> = events.iter().filter_map(entered).collect();
    for event in events {
        let BookEvent::Refreshed { order, .. } = *event else { continue };
        let Some(place) = after.iter().position(|it| it.order == order) else { continue };
        let here = (after[place].side, after[place].price);
        let stays = |it: &&OpenState| (it.side, it.price) == here && !entered.contains(&it.order);
        if after[place..].iter().any(|it| stays(&it)) {
            return broken(format!("the next part of order {order} did not go to the back"));
        }
    }
    Ok(())
}
