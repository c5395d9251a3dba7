//! Splits and dividends: they take effect when their bar begins, before its open (rule 28).

use super::bar::ReplayBar;
use super::engine::ReplayEngine;
use super::host::{ReplayEvent, ReplayHost};
use super::listing::{ReplayListing, Stage};
use super::orders::{WaitingOrder, WaitingOrders};
use super::rules::Touch;
use crate::book::BookEvent;
use crate::market::{CancelReason, CommandKind, CorporateAction, SentCommand, SplitRatio};
use crate::units::{ListingId, OrderId, SimTime};

/// A split or dividend of a replayed listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayAction {
    /// The bar before whose open it takes effect, counted from the file's first.
    pub bar: usize,
    /// What it is.
    pub action: CorporateAction,
}

/// The splits and dividends of a listing, and how far they have come.
#[derive(Debug, Default)]
pub(super) struct Actions {
    /// The next one that has not taken effect.
    next: usize,
    /// The splits that have, in their order.
    splits: Vec<SplitRatio>,
}

impl ReplayListing {
    /// Passes over what took effect at the first bar or before: what is held at the start, is held after it.
    pub(super) fn skip_actions(&mut self) {
        let first = self.bar;
        self.actions.next = self.config.actions.partition_point(|action| action.bar <= first);
        let splits: Vec<SplitRatio> = self.splits_after(first.saturating_sub(1)).collect();
        self.last = self.last.map(|last| splits.iter().fold(last, |price, ratio| ratio.nearest_price(price)));
    }

    /// Returns the splits between a bar from before the start and the start.
    fn splits_after(&self, bar: usize) -> impl Iterator<Item = SplitRatio> {
        let past = &self.config.actions[..self.actions.next];
        let split = move |action: &ReplayAction| match action.action {
            CorporateAction::Split(ratio) if action.bar > bar => Some(ratio),
            _ => None,
        };
        past.iter().filter_map(split)
    }

    /// Returns the bars before the first that is replayed, as many as are to be shown, as they are after the
    /// splits since.
    pub(super) fn before_start(&self) -> Vec<ReplayBar> {
        let shown = self.first.saturating_sub(self.config.warmup)..self.first;
        let after_splits = |index: usize| {
            self.splits_after(index).fold(self.config.bars[index], |bar, ratio| bar.after_split(ratio))
        };
        shown.map(after_splits).collect()
    }

    /// Returns when the next action takes effect, if it is at the bar that is to open next.
    pub(super) fn action_time(&self) -> Option<SimTime> {
        let action = self.config.actions.get(self.actions.next)?;
        let is_next = self.stage == Stage::Between && action.bar == self.bar;
        is_next.then(|| self.current().map(|bar| bar.start)).flatten()
    }

    /// Takes the action that is due, and lets the last price follow it.
    fn take_action(&mut self, now: SimTime) -> Option<CorporateAction> {
        self.action_time().filter(|time| *time <= now)?;
        let action = self.config.actions[self.actions.next].action;
        self.actions.next += 1;
        if let CorporateAction::Split(ratio) = action {
            self.actions.splits.push(ratio);
            self.last = self.last.map(|price| ratio.nearest_price(price));
        }
        Some(action)
    }
}

impl ReplayEngine {
    /// Lets all that is due take effect at a listing before a bar opens.
    pub(super) fn take_actions(&mut self, index: usize, host: &mut dyn ReplayHost) {
        while let Some(action) = self.listings[index].take_action(self.now) {
            let listing = &self.listings[index];
            let (id, last) = (listing.id, listing.last);
            host.publish(id, ReplayEvent::Action(action));
            let CorporateAction::Split(ratio) = action else { continue };
            if let Some(price) = last {
                host.publish(id, ReplayEvent::Moved { price, shown: true, quote: None, leg: None });
            }
            for order in self.listings[index].orders.all_of(None, None) {
                self.split_order(index, order, ratio, host);
            }
        }
    }

    fn split_order(&mut self, index: usize, id: OrderId, ratio: SplitRatio, host: &mut dyn ReplayHost) {
        let listing = &mut self.listings[index];
        let touch = listing.rules().touch;
        // An order whose partner the split has left nothing of is gone with it.
        let Some(order) = listing.orders.split(id, ratio, touch) else { return };
        let WaitingOrder { owner, terms, leaves, .. } = order;
        let event = BookEvent::Restated { order: id, owner, terms, leaves, ratio };
        host.publish(listing.id, ReplayEvent::Order(event));
        if leaves.is_zero() {
            self.cancel(index, id, CancelReason::Split, host);
        }
    }

    /// Returns whether a listing has splits or dividends.
    #[must_use]
    pub fn has_actions(&self, listing: ListingId) -> bool {
        self.find(listing).is_some_and(|index| !self.listings[index].config.actions.is_empty())
    }

    /// Returns a command as it is after the splits that its listing has had since it was sent.
    #[must_use]
    pub fn as_of_now(&self, sent: &SentCommand) -> SentCommand {
        let mut now = *sent;
        let Some(listing) = self.find(sent.command.listing).map(|index| &self.listings[index]) else {
            return now;
        };
        let seen = usize::try_from(sent.splits).unwrap_or(usize::MAX);
        for ratio in listing.actions.splits.iter().skip(seen) {
            match &mut now.command.kind {
                CommandKind::New(terms) => *terms = ratio.terms(terms),
                CommandKind::Replace(new) => {
                    let side = listing.orders.get(sent.command.order).map(WaitingOrder::side);
                    *new = ratio.replacement(side, new);
                }
                CommandKind::Cancel | CommandKind::MassCancel { .. } | CommandKind::Disconnect => {}
            }
            now.splits += 1;
        }
        now
    }
}

impl WaitingOrders {
    /// Splits an order that waits between bars; returns it.
    fn split(&mut self, id: OrderId, ratio: SplitRatio, touch: Touch) -> Option<WaitingOrder> {
        let order = self.get_mut(id)?;
        order.filled = ratio.part(order.filled);
        order.leaves = ratio.quantity(order.leaves);
        order.terms = ratio.terms(&order.terms);
        order.terms.quantity = order.filled + order.leaves;
        order.best = order.best.map(|best| ratio.nearest_price(best));
        self.wait_by_terms(id, touch, false);
        self.get(id).copied()
    }
}
