//! Brackets: an entry, and two exits that grow with what it trades.
//!
//! The exits enter with the first follow-up after the entry's first trade. Whatever the entry trades later
//! enlarges both, and they go to the back of their queues. An entry and its exits never trade with each
//! other.

use std::collections::{BTreeMap, VecDeque};

use super::slot::Slot;
use super::{Order, OrderBook};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{BracketExit, CancelReason, Link, OrderKind, OrderTerms, SelfTrade, Side, StopLoss};
use crate::units::{ActorId, OrderId, Price, Quantity};

/// The bracket of an entry that can still trade, or whose last trade its exits have yet to follow.
#[derive(Debug, Clone, Copy)]
struct Bracket {
    exits: ExitPrices,
    /// How much the entry has traded.
    filled: Quantity,
    /// How much of what the entry has traded its exits have followed.
    covered: Quantity,
    owner: ActorId,
    /// The side of the entry.
    side: Side,
    self_trade: SelfTrade,
    /// Whether the owner has canceled the exits: the entry goes on without any.
    is_detached: bool,
    /// Whether the entry waits in `due`.
    is_due: bool,
}

impl Bracket {
    fn link(&self) -> Link {
        Link::Bracket { take_profit: self.exits.take_profit(), stop_loss: self.exits.stop_loss() }
    }
}

/// The prices of a bracket's exits, without the words that say which of them there are.
#[derive(Debug, Clone, Copy)]
struct ExitPrices {
    /// The limit of the first; trigger and worst price of the second.
    prices: [Price; 3],
    has_profit: bool,
    stop: StopForm,
}

/// What there is of a bracket's stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StopForm {
    None,
    Unprotected,
    Protected,
    Limited,
}

impl ExitPrices {
    fn new(take_profit: Option<Price>, stop: Option<StopLoss>) -> Self {
        const NONE: Price = Price::new(0);
        let worst = stop.and_then(StopLoss::worst_price);
        let prices =
            [take_profit.unwrap_or(NONE), stop.map_or(NONE, StopLoss::trigger), worst.unwrap_or(NONE)];
        let form = match stop {
            None => StopForm::None,
            Some(StopLoss::Market { .. }) if worst.is_none() => StopForm::Unprotected,
            Some(StopLoss::Market { .. }) => StopForm::Protected,
            Some(StopLoss::Limit { .. }) => StopForm::Limited,
        };
        Self { prices, has_profit: take_profit.is_some(), stop: form }
    }

    fn take_profit(&self) -> Option<Price> {
        self.has_profit.then_some(self.prices[0])
    }

    fn stop_loss(&self) -> Option<StopLoss> {
        let [_, trigger, worst] = self.prices;
        match self.stop {
            StopForm::None => None,
            StopForm::Unprotected => Some(StopLoss::at(trigger)),
            StopForm::Protected => Some(StopLoss::Market { trigger, protection: Some(worst) }),
            StopForm::Limited => Some(StopLoss::Limit { trigger, limit: worst }),
        }
    }

    fn has_stop(&self) -> bool {
        self.stop != StopForm::None
    }
}

/// The brackets of a book, by entry; the ids of their exits are reserved.
#[derive(Debug, Clone, Default)]
pub(super) struct Brackets {
    open: BTreeMap<OrderId, Bracket>,
    /// Entries that have traded or ended since the last follow-up.
    due: VecDeque<OrderId>,
}

impl Brackets {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Returns how many entries wait for their follow-up.
    #[inline]
    pub(super) fn waiting_follow_ups(&self) -> usize {
        self.due.len()
    }

    pub(super) fn next_due(&mut self) -> Option<OrderId> {
        self.due.pop_front()
    }

    /// Returns whether an id is that of an exit that has entered, or may still do so.
    pub(super) fn reserve(&self, id: u64) -> bool {
        let entry = |step| id.checked_sub(step).is_some_and(|id| self.open.contains_key(&OrderId::new(id)));
        entry(1) || entry(2)
    }

    /// Adds the bracket of an order, if it is the entry of one.
    pub(super) fn add(&mut self, entry: &Order) {
        let Link::Bracket { take_profit, stop_loss } = entry.terms.link else { return };
        let bracket = Bracket {
            exits: ExitPrices::new(take_profit, stop_loss),
            filled: Quantity::ZERO,
            covered: Quantity::ZERO,
            owner: entry.owner,
            side: entry.side(),
            self_trade: entry.terms.self_trade,
            is_detached: false,
            is_due: false,
        };
        self.open.insert(entry.id, bracket);
    }

    /// Adds the bracket of an entry whose exits have followed all that it has traded.
    pub(super) fn restore(&mut self, entry: &Order) {
        self.add(entry);
        if let Some(bracket) = self.open.get_mut(&entry.id) {
            (bracket.filled, bracket.covered) = (entry.filled, entry.filled);
        }
    }

    /// Returns the entries whose exits were canceled by their owner.
    pub(super) fn detached(&self) -> impl Iterator<Item = OrderId> {
        self.open.iter().filter(|(_, bracket)| bracket.is_detached).map(|(id, _)| *id)
    }

    /// Notes that the exits of an entry were canceled by their owner.
    pub(super) fn restore_detached(&mut self, entry: OrderId) {
        if let Some(bracket) = self.open.get_mut(&entry) {
            bracket.is_detached = true;
        }
    }

    /// Forgets the brackets of owners that `keeps` does not name.
    pub(super) fn retain(&mut self, keeps: impl Fn(ActorId) -> bool) {
        self.open.retain(|_, bracket| keeps(bracket.owner));
    }

    /// Returns the link of an entry that is open.
    pub(super) fn link(&self, entry: OrderId) -> Link {
        self.open.get(&entry).map_or(Link::None, Bracket::link)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Notes that an order has traded, if it is the entry of a bracket: its exits follow next.
    #[inline]
    pub(super) fn on_entry_trade(&mut self, order: &Order) {
        if matches!(order.terms.link, Link::Bracket { .. })
            && !order.filled.is_zero()
            && let Some(bracket) = self.open.get_mut(&order.id)
        {
            bracket.filled = order.filled;
            if !bracket.is_due {
                bracket.is_due = true;
                self.due.push_back(order.id);
            }
        }
    }

    /// Notes the end of an order, if it is the entry of a bracket.
    pub(super) fn on_entry_end(&mut self, order: &Order) {
        if order.filled.is_zero() {
            self.open.remove(&order.id);
        } else {
            self.on_entry_trade(order);
        }
    }

    /// Returns the entry of an exit, while that can still trade.
    fn entry_of(&mut self, exit: &Order) -> Option<(OrderId, &mut Bracket)> {
        let entry = match exit.terms.link {
            Link::ExitOf(entry) => entry,
            // No other pair has these ids: they are reserved.
            _ => OrderId::new(exit.partner?.min(exit.id).get().checked_sub(1)?),
        };
        self.open.get_mut(&entry).map(|bracket| (entry, bracket))
    }

    /// Notes that the owner has canceled an order, if it is an exit.
    pub(super) fn detach(&mut self, order: &Order) {
        if let Some((_, bracket)) = self.entry_of(order) {
            bracket.is_detached = true;
        }
    }
}

impl OrderBook {
    /// Cancels the rest of a bracket's entry, as one of its exits has fired or ended; whoever cancels exits
    /// lets the entry go on.
    pub(super) fn end_entry(&mut self, exit: &Order, out: &mut impl EventSink) {
        let Some((entry, bracket)) = self.brackets.entry_of(exit) else { return };
        if bracket.is_detached {
            return;
        }
        if let Some(slot) = self.slab.find(entry) {
            self.cancel(slot, CancelReason::Linked, out);
        }
    }

    /// Lets the exits of an entry follow what it has traded.
    pub(super) fn follow_entry(&mut self, id: OrderId, out: &mut impl EventSink) {
        let Some(bracket) = self.brackets.open.get_mut(&id) else { return };
        let before @ Bracket { filled, covered, is_detached, .. } = *bracket;
        bracket.is_due = false;
        bracket.covered = filled;
        match self.slab.find(id) {
            Some(slot) if covered.is_zero() && self.crosses_own_profit(slot, &before) => {
                self.cancel(slot, CancelReason::Linked, out);
            }
            Some(_) => {}
            None => {
                self.brackets.open.remove(&id);
            }
        }
        if covered.is_zero() {
            self.enter_exits(id, &before, out);
        } else if filled > covered && !is_detached {
            self.grow_exits(id, filled - covered, out);
        }
    }

    /// Returns whether what is left of an entry would trade with the exit that takes its profit.
    fn crosses_own_profit(&self, slot: Slot, bracket: &Bracket) -> bool {
        let prices = self.price_of(slot).zip(bracket.exits.take_profit());
        prices.is_some_and(|(price, profit)| bracket.side.accepts(price, profit))
    }

    /// Returns whether an entry and its own exit would trade with each other if one of them moved to `price`.
    pub(super) fn crosses_own_bracket(&self, order: &Order, price: Price) -> bool {
        let other = match order.terms.link {
            Link::Bracket { .. } => BracketExit::ids(order.id)[0],
            Link::OneCancelsOther(_) | Link::ExitOf(_) => OrderId::new(order.id.get().wrapping_sub(1)),
            Link::None | Link::Pair(_) => return false,
        };
        let is_family = |id| self.brackets.open.contains_key(&id);
        if self.brackets.is_empty() || !(is_family(order.id) || is_family(other)) {
            return false;
        }
        let other = self.slab.find(other).filter(|slot| self.slab.get(*slot).side() != order.side());
        let rests_at = other.and_then(|slot| self.price_of(slot));
        rests_at.is_some_and(|other| order.side().accepts(price, other))
    }

    /// Returns the entry of a bracket that is not open, is due, or whose exits are not those of a pair: for
    /// the invariants between two commands.
    pub(super) fn disagreeing_bracket(&self) -> Option<OrderId> {
        let leaves = |id| self.slab.find(id).map(|slot| self.slab.leaves(slot));
        let agrees = |(id, bracket): &(&OrderId, &Bracket)| {
            let Some(entry) = self.slab.find(**id) else { return false };
            let [profit, loss] = BracketExit::ids(**id).map(leaves);
            let has_exits = !bracket.covered.is_zero() && !bracket.is_detached;
            let (has_profit, has_stop) = (bracket.exits.has_profit, bracket.exits.has_stop());
            !bracket.is_due
                && self.slab.filled(entry) == bracket.covered
                && (!(has_profit && has_stop) || profit == loss)
                && profit.is_some() == (has_exits && has_profit)
                && loss.is_some() == (has_exits && has_stop)
        };
        self.brackets.open.iter().find(|bracket| !agrees(bracket)).map(|(id, _)| *id)
    }

    /// Enters the exits of a bracket, for the quantity that its entry order has traded.
    fn enter_exits(&mut self, entry: OrderId, bracket: &Bracket, out: &mut impl EventSink) {
        let Bracket { filled, owner, side, self_trade, .. } = *bracket;
        let terms = OrderTerms::new(side, filled, OrderKind::Market { protection: None });
        let terms = OrderTerms { self_trade, link: bracket.link(), ..terms };
        let exits = terms.exits(entry, filled);
        for BracketExit { id, terms, .. } in exits.into_iter().flatten() {
            out.take(BookEvent::ExitEntered { order: id, owner, entry, terms });
        }
        if exits.iter().all(Option::is_some) {
            self.pairs += 1;
        }
        // The stop first, so that it exists if the limit order trades at once.
        for BracketExit { id, partner, terms } in exits.into_iter().rev().flatten() {
            self.enter_order(&Order { partner, ..Order::new(id, owner, terms) }, out);
        }
    }

    /// Enlarges the exits of a bracket by what its entry has traded since.
    fn grow_exits(&mut self, entry: OrderId, more: Quantity, out: &mut impl EventSink) {
        for id in BracketExit::ids(entry) {
            let Some(slot) = self.slab.find(id) else { continue };
            let leaves = self.slab.leaves(slot) + more;
            self.enlarge(slot, leaves);
            let node = self.slab.get(slot);
            let (owner, side) = (node.owner, node.side());
            out.take(BookEvent::Grown { order: id, owner, side, leaves });
        }
    }

    /// Enlarges an exit, at the back of its queue, or of the stops of its trigger.
    fn enlarge(&mut self, slot: Slot, leaves: Quantity) {
        let sequence = self.next_sequence();
        let price = self.price_of(slot);
        self.unlink(slot);
        self.slab.set_sequence(slot, sequence);
        self.slab.set_displayed(slot, leaves);
        if let Some(price) = price {
            self.append(slot, price);
        }
    }
}
