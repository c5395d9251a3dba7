//! Brackets: what is due after an entry's trade is looked up when it is needed.

use super::flaw::Flaw;
use super::order_entry::new_order;
use super::{Order, ReferenceBook, State};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{CancelReason, Link, OrderKind, OrderTerms, StopLoss};
use crate::units::{OrderId, Price, Quantity};

/// The bracket of an entry that can still trade, or whose last trade its exits have yet to follow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bracket {
    /// The entry, as of its last trade.
    pub(super) entry: Order,
    /// How much of what the entry has traded its exits have followed.
    covered: Quantity,
    /// Whether the owner has canceled the exits: the entry goes on without any.
    detached: bool,
}

impl Bracket {
    pub(super) const fn new(entry: Order) -> Self {
        Self { entry, covered: Quantity::ZERO, detached: false }
    }

    fn exits(&self) -> [OrderId; 2] {
        [1, 2].map(|step| OrderId::new(self.entry.id.get() + step))
    }
}

impl ReferenceBook {
    fn bracket_where(&mut self, which: impl Fn(&Bracket) -> bool) -> Option<&mut Bracket> {
        self.brackets.iter_mut().find(|bracket| which(bracket))
    }

    /// Returns the bracket that has an order as its exit.
    fn bracket_of(&mut self, exit: &Order) -> Option<&mut Bracket> {
        self.bracket_where(|bracket| bracket.exits().contains(&exit.id))
    }

    /// Notes that an order has traded, if it is the entry of a bracket: its exits follow next.
    pub(super) fn entry_traded(&mut self, order: &Order) {
        if order.filled.is_zero() || self.has(Flaw::ExitsForgotten) {
            return;
        }
        if let Some(bracket) = self.bracket_where(|bracket| bracket.entry.id == order.id) {
            bracket.entry = *order;
            if !self.due.contains(&order.id) {
                self.due.push_back(order.id);
            }
        }
    }

    /// Notes that the owner has canceled an order, if it is an exit.
    pub(super) fn detach(&mut self, order: &Order) {
        if let Some(bracket) = self.bracket_of(order) {
            bracket.detached = true;
        }
    }

    /// Cancels the rest of a bracket's entry, as one of its exits has fired or ended; whoever cancels exits
    /// lets the entry go on.
    pub(super) fn end_entry(&mut self, exit: &Order, out: &mut impl EventSink) {
        if self.has(Flaw::EntryGoesOn) {
            return;
        }
        let Some(bracket) = self.bracket_of(exit).filter(|bracket| !bracket.detached) else { return };
        let entry = bracket.entry.id;
        if let Some(index) = self.find(entry) {
            self.cancel(index, CancelReason::Linked, out);
        }
    }

    /// Lets the exits of an entry follow what it has traded.
    pub(super) fn follow_entry(&mut self, id: OrderId, out: &mut impl EventSink) {
        let Some(known) = self.bracket_where(|bracket| bracket.entry.id == id) else { return };
        let bracket = *known;
        known.covered = bracket.entry.filled;
        let is_first = bracket.covered.is_zero();
        let Link::Bracket { take_profit, .. } = bracket.entry.terms.link else { return };
        match self.find(id) {
            Some(index) => {
                let crosses =
                    |price| take_profit.is_some_and(|profit| bracket.entry.side().accepts(price, profit));
                if is_first && matches!(self.orders[index].state, State::Resting(price) if crosses(price)) {
                    self.cancel(index, CancelReason::Linked, out);
                }
            }
            None => self.brackets.retain(|bracket| bracket.entry.id != id),
        }
        if is_first {
            self.enter_exits(&bracket, out);
        } else if !bracket.detached && !self.has(Flaw::ExitsStaySmall) {
            self.grow_exits(&bracket, out);
        }
    }

    fn enter_exits(&mut self, bracket: &Bracket, out: &mut impl EventSink) {
        let entry = &bracket.entry;
        let Link::Bracket { take_profit, stop_loss } = entry.terms.link else { return };
        let [profit_id, loss_id] = bracket.exits();
        let exit = |id, kind, other, is_pair: bool| {
            let terms = OrderTerms::new(entry.side().opposite(), entry.filled, kind);
            let self_trade = entry.terms.self_trade;
            let link = if is_pair { Link::OneCancelsOther(other) } else { Link::ExitOf(entry.id) };
            let terms = OrderTerms { self_trade, link, ..terms };
            Order { partner: is_pair.then_some(other), ..new_order(id, entry.owner, terms) }
        };
        let profit =
            take_profit.map(|limit| exit(profit_id, OrderKind::Limit(limit), loss_id, stop_loss.is_some()));
        let loss = stop_loss.map(|stop| exit(loss_id, stop_kind(stop), profit_id, take_profit.is_some()));
        for Order { id, owner, terms, .. } in [profit, loss].into_iter().flatten() {
            out.take(BookEvent::ExitEntered { order: id, owner, entry: entry.id, terms });
        }
        // The stop first, so that it exists if the limit order trades at once.
        for order in [loss, profit].into_iter().flatten() {
            self.enter_order(order, out);
        }
    }

    /// Enters the stop of a pair, and links it with the first.
    pub(super) fn enter_paired_stop(&mut self, first: &mut Order, stop: StopLoss, out: &mut impl EventSink) {
        let (entry, owner, id) = (first.id, first.owner, OrderId::new(first.id.get() + 1));
        let link = Link::OneCancelsOther(entry);
        let terms = OrderTerms {
            time_in_force: first.terms.time_in_force,
            self_trade: first.terms.self_trade,
            reduce_only: first.terms.reduce_only,
            link,
            ..OrderTerms::new(first.side(), first.leaves(), stop_kind(stop))
        };
        out.take(BookEvent::ExitEntered { order: id, owner, entry, terms });
        if !self.has(Flaw::PairUnlinked) {
            first.partner = Some(id);
        }
        first.terms.link = Link::OneCancelsOther(id);
        self.enter_order(Order { partner: Some(entry), ..new_order(id, owner, terms) }, out);
    }

    /// Enlarges the exits by what the entry has traded since; they go to the end of the list.
    fn grow_exits(&mut self, bracket: &Bracket, out: &mut impl EventSink) {
        let more = bracket.entry.filled - bracket.covered;
        for id in bracket.exits() {
            let Some(index) = self.find(id).filter(|_| !more.is_zero()) else { continue };
            let mut exit = self.orders.remove(index);
            let leaves = exit.leaves() + more;
            exit.show(leaves);
            self.put(exit, exit.state);
            out.take(BookEvent::Grown { order: id, owner: exit.owner, side: exit.side(), leaves });
        }
    }

    /// Returns whether an entry and its own exit would trade with each other if one of them moved to `price`.
    pub(super) fn crosses_own_bracket(&self, order: &Order, price: Price) -> bool {
        let rests_across = |id: OrderId| {
            self.find(id).is_some_and(|index| match self.orders[index].state {
                State::Resting(other) => order.side().accepts(price, other),
                _ => false,
            })
        };
        self.brackets.iter().any(|bracket| {
            let [profit, _] = bracket.exits();
            (bracket.entry.id == order.id && rests_across(profit))
                || (profit == order.id && rests_across(bracket.entry.id))
        })
    }
}

const fn stop_kind(stop: StopLoss) -> OrderKind {
    match stop {
        StopLoss::Market { trigger, protection } => OrderKind::Stop { trigger, protection },
        StopLoss::Limit { trigger, limit } => OrderKind::StopLimit { trigger, limit },
    }
}
