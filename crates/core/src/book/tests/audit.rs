//! An auditor: it knows orders from events alone, and trusts neither engine.

use std::collections::BTreeMap;

use super::bracket_law::BracketLaw;
use super::laws::Laws;
use super::traffic::Step;
use super::*;
use crate::book::{BookTrade, Matching, OpenState};

/// More than any order has: nothing of the order is left.
const MOVED: Quantity = Quantity::new(u64::MAX / 4);

/// The state of all orders so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Auditor {
    /// The open quantity of each order, by the events.
    open: BTreeMap<OrderId, Quantity>,
    /// The limit of each order that has one.
    limits: BTreeMap<OrderId, (Side, Price)>,
    phase: Phase,
    laws: Laws,
    brackets: BracketLaw,
}

impl Auditor {
    pub(super) fn new(matching: Matching) -> Self {
        Self { laws: Laws::new(matching), ..Self::default() }
    }

    /// Reads the events of one step; `before` has the open orders before it, or none to check less.
    pub(super) fn follow(
        &mut self,
        step: &Step,
        before: &[OpenState],
        events: &[BookEvent],
    ) -> Result<(), String> {
        let mut gone: BTreeMap<OrderId, Quantity> = BTreeMap::new();
        for event in events {
            if let BookEvent::Traded(trade) = event {
                self.check_trade(trade, step, before, &gone)?;
                *gone.entry(trade.maker_order).or_default() += trade.quantity;
            }
            if let BookEvent::Canceled { order, quantity, .. } | BookEvent::Expired { order, quantity, .. } =
                event
            {
                *gone.entry(*order).or_default() += *quantity;
            }
            // Orders that have moved or shrunk since are not compared with their former state.
            if let BookEvent::Repriced { order, .. } | BookEvent::Reduced { order, .. } = event {
                gone.insert(*order, MOVED);
            }
            self.brackets.follow(step, event, &self.open)?;
            self.read(step, event)?;
        }
        self.brackets.forget();
        self.laws.follow(step, before, events)
    }

    /// Checks that the book has open what the events left open, and that the laws hold.
    pub(super) fn check(
        &self,
        step: &Step,
        events: &[BookEvent],
        before: &[OpenState],
        book: &impl MatchingEngine,
    ) -> Result<(), String> {
        let after = book.open_orders();
        let is_rejection = |event: &BookEvent| {
            matches!(event, BookEvent::Rejected { .. } | BookEvent::CommandRejected { .. })
        };
        if events.len() == 1 && events.iter().all(is_rejection) && before != after {
            return Err("a rejected command changed the book".to_owned());
        }
        let open: BTreeMap<OrderId, Quantity> =
            after.iter().map(|order| (order.order, order.displayed + order.hidden)).collect();
        if open != self.open {
            return Err(format!("the events leave {:?} open, the book {open:?}", self.open));
        }
        self.brackets.check(&after)?;
        self.laws.check(step, events, &after, book)
    }

    fn read(&mut self, step: &Step, event: &BookEvent) -> Result<(), String> {
        match *event {
            BookEvent::Accepted { order, .. } => match step {
                Step::Execute(Command { order: named, kind: CommandKind::New(terms), .. })
                    if order == *named =>
                {
                    self.begin(order, terms)
                }
                _ => Err(format!("order {order} was accepted, but not entered")),
            },
            BookEvent::ExitEntered { order, ref terms, .. } => self.begin(order, terms),
            BookEvent::Replaced { order, side, price, leaves, .. } => {
                // A waiting stop without a limit is replaced at its trigger, which is no limit.
                if let Some(limit) = self.limits.get_mut(&order) {
                    *limit = (side, price);
                }
                self.set(order, leaves)
            }
            BookEvent::TermsReplaced { order, side, kind, leaves, .. } => {
                if let (Some(known), Some(limit)) = (self.limits.get_mut(&order), kind.limit()) {
                    *known = (side, limit);
                }
                self.set(order, leaves)
            }
            BookEvent::Repriced { order, side, price: Some(price), .. } => {
                self.limits.insert(order, (side, price));
                Ok(())
            }
            BookEvent::Reduced { order, leaves, .. } | BookEvent::Grown { order, leaves, .. } => {
                self.set(order, leaves)
            }
            BookEvent::Traded(trade) => {
                self.fill(trade.maker_order, trade.quantity, trade.maker_leaves)?;
                self.fill(trade.taker_order, trade.quantity, trade.taker_leaves)
            }
            BookEvent::Canceled { order, quantity, .. } | BookEvent::Expired { order, quantity, .. } => {
                self.fill(order, quantity, Quantity::ZERO)
            }
            BookEvent::PhaseChanged { phase } => {
                self.phase = phase;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, order: OrderId, terms: &OrderTerms) -> Result<(), String> {
        if let Some(limit) = terms.kind.limit() {
            self.limits.insert(order, (terms.side, limit));
        } else {
            self.limits.remove(&order);
        }
        match self.open.insert(order, terms.quantity) {
            None => Ok(()),
            Some(_) => Err(format!("order {order} was accepted while it was open")),
        }
    }

    fn set(&mut self, order: OrderId, leaves: Quantity) -> Result<(), String> {
        let open = self.open.get_mut(&order).ok_or(format!("order {order} changed, but is not open"))?;
        *open = leaves;
        Ok(())
    }

    /// Takes `quantity` off an order, after which `leaves` must be open; nothing ends twice.
    fn fill(&mut self, order: OrderId, quantity: Quantity, leaves: Quantity) -> Result<(), String> {
        let open = self.open.get_mut(&order).ok_or(format!("order {order} ended, but is not open"))?;
        if quantity.is_zero() || *open != leaves + quantity {
            return Err(format!("{quantity} of {open} of order {order} went, and {leaves} was left"));
        }
        *open = leaves;
        if leaves.is_zero() {
            self.open.remove(&order);
        }
        Ok(())
    }

    fn check_trade(
        &self,
        trade: &BookTrade,
        step: &Step,
        before: &[OpenState],
        gone: &BTreeMap<OrderId, Quantity>,
    ) -> Result<(), String> {
        let price = trade.price;
        for order in [trade.maker_order, trade.taker_order] {
            if let Some((side, limit)) = self.limits.get(&order)
                && !side.accepts(*limit, price)
            {
                return Err(format!("order {order} traded at {price}, through its limit {limit}"));
            }
        }
        if trade.phase != self.phase {
            return Err(format!("a trade says {}, but the phase is {}", trade.phase, self.phase));
        }
        let is_first_hand = matches!(step, Step::Execute(command) if command.order == trade.taker_order);
        if trade.phase != Phase::Continuous || !is_first_hand {
            return Ok(());
        }
        // A maker that moved meanwhile, as pegged orders do, was not there before.
        let has_moved = gone.get(&trade.maker_order).is_some_and(|lots| *lots >= MOVED);
        let maker = before.iter().find(|order| order.order == trade.maker_order && !has_moved);
        let Some(maker) = maker else { return Ok(()) };
        if maker.price != Some(price) {
            return Err(format!("a trade at {price} with a maker at {:?}", maker.price));
        }
        let is_better = |order: &&OpenState| {
            order.side == maker.side
                && order.price.is_some_and(|other| other != price && maker.side.accepts(other, price))
                && gone.get(&order.order).copied().unwrap_or_default() < order.displayed + order.hidden
        };
        match before.iter().find(is_better) {
            Some(better) => Err(format!("a trade at {price} passed over {better:?}")),
            None => Ok(()),
        }
    }
}
