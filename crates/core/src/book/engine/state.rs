//! A book to data and back.

use super::details::Activation;
use super::slot::Slot;
use super::{Order, OrderBook};
use crate::book::config::BookConfig;
use crate::book::state::{BookOrder, BookPlace, BookState};
use crate::market::{Link, OrderKind, OrderTerms};
use crate::units::{OrderId, Quantity};

impl OrderBook {
    /// Returns the book's open orders, and what later events depend on.
    ///
    /// ```
    /// use bearpit_core::book::{BookConfig, MatchingEngine, OrderBook};
    /// use bearpit_core::market::{Command, CommandKind, OrderTerms, Side};
    /// use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};
    ///
    /// let mut book = OrderBook::default();
    /// let kind = CommandKind::New(OrderTerms::limit(Side::Sell, Quantity::new(10), Price::new(101)));
    /// let (order, owner, listing) = (OrderId::new(1), ActorId::new(0), ListingId::new(0));
    /// book.execute(SimTime::from_nanos(0), &Command { order, owner, listing, kind }, &mut Vec::new());
    /// let state = book.state();
    /// let other = OrderBook::restore(BookConfig::default(), &state);
    /// assert_eq!(other.open_orders(), book.open_orders());
    /// assert_eq!(other.state(), state);
    /// ```
    #[must_use]
    pub fn state(&self) -> BookState {
        let mut slots: Vec<Slot> = self.slab.slots().collect();
        slots.sort_unstable_by_key(|slot| self.slab.sequence(*slot));
        let is_open = |id: &OrderId| self.slab.find(*id).is_some();
        let is_elected = |id: &OrderId| {
            let details = self.slab.find(*id).and_then(|slot| self.slab.details(slot));
            details.is_some_and(|details| details.activation() == Activation::Elected)
        };
        BookState {
            phase: self.phase,
            last: self.last,
            anchor: self.anchor,
            orders: slots.into_iter().map(|slot| self.order_state(slot)).collect(),
            elected: self.stops.elected().filter(is_elected).collect(),
            detached: self.brackets.detached().filter(is_open).collect(),
        }
    }

    fn order_state(&self, slot: Slot) -> BookOrder {
        let Order { id, owner, terms, leaves, filled, partner } = self.order_at(slot);
        // What was replaced or reduced keeps the quantity of its entry there, of which nothing depends.
        let terms = OrderTerms { quantity: leaves + filled, ..terms };
        let (displayed, hidden) = (self.slab.displayed(slot), self.slab.hidden(slot));
        let details = self.slab.details(slot);
        let place = match details.map(|details| (details.activation(), details)) {
            Some((Activation::Trigger, details)) => BookPlace::Trigger(details.trigger()),
            Some((Activation::Trails, details)) => {
                BookPlace::Trails(self.stops.trailing.mark(details.trailing_index()))
            }
            Some((Activation::Elected, details)) => BookPlace::Elected(details.trigger()),
            Some((Activation::PegReference, _)) => BookPlace::Peg,
            Some((Activation::ClosingAuction, _)) => BookPlace::ClosingAuction,
            Some((Activation::None, _)) | None => {
                self.price_of(slot).map_or(BookPlace::Unpriced, BookPlace::Queue)
            }
        };
        BookOrder { id, owner, terms, displayed, hidden, filled, partner, place }
    }

    /// Makes a book that goes on from `state`, which must be that of a book: in the same phase, with the same
    /// orders in the same order of time.
    #[must_use]
    pub fn restore(config: BookConfig, state: &BookState) -> Self {
        let mut book = Self::new(config);
        book.phase = state.phase;
        book.last = state.last;
        book.anchor = state.anchor.or(book.anchor);
        state.orders.iter().for_each(|order| book.restore_order(order));
        book.pairs = state.orders.iter().filter(|order| order.partner.is_some()).count() / 2;
        state.elected.iter().for_each(|id| book.stops.restore_elected(*id));
        state.detached.iter().for_each(|id| book.brackets.restore_detached(*id));
        book.restore_pegs();
        if book.phase.is_auction() {
            book.curve = Some(book.new_curve());
        }
        book
    }

    fn restore_order(&mut self, state: &BookOrder) {
        let BookOrder { id, owner, terms, filled, partner, displayed, hidden, place } = *state;
        let kind = match (place, terms.kind) {
            // A trailing stop that a trade has reached is a stop from then on.
            (
                BookPlace::Trigger(trigger) | BookPlace::Elected(trigger),
                OrderKind::TrailingStop { protection, .. },
            ) => OrderKind::Stop { trigger, protection },
            (_, kind) => kind,
        };
        let terms = OrderTerms { kind, ..terms };
        let order = Order { id, owner, terms, leaves: displayed + hidden, filled, partner };
        let activation = match place {
            BookPlace::Queue(_) | BookPlace::Unpriced => Activation::None,
            BookPlace::Trigger(_) => Activation::Trigger,
            BookPlace::Trails(_) => Activation::Trails,
            BookPlace::Elected(_) => Activation::Elected,
            BookPlace::Peg => Activation::PegReference,
            BookPlace::ClosingAuction => Activation::ClosingAuction,
        };
        let slot = self.insert(&order, activation);
        self.divide(slot, displayed, hidden);
        match (place, terms.kind) {
            (BookPlace::Queue(price), kind) => {
                self.append(slot, price);
                if matches!(kind, OrderKind::Pegged { .. }) {
                    self.note_placed_peg(slot);
                }
            }
            (BookPlace::Unpriced, _) => {
                let (book_side, slab) = self.side_mut(terms.side);
                book_side.append_unpriced(slab, slot);
            }
            (BookPlace::Trigger(trigger), _) => {
                self.stops.add(slot, terms.side, trigger);
            }
            (BookPlace::Trails(mark), OrderKind::TrailingStop { distance, .. }) => {
                let index = self.stops.trailing.add(slot, terms.side, distance, mark);
                if let Some(details) = self.slab.details_mut(slot) {
                    details.set_trailing_index(index);
                }
            }
            _ => {}
        }
        if matches!(terms.link, Link::Bracket { .. }) {
            self.brackets.restore(&order);
        }
    }

    /// Divides what is open of an order, which is in no queue, into what is displayed and what is not.
    fn divide(&mut self, slot: Slot, displayed: Quantity, hidden: Quantity) {
        if self.slab.displayed(slot) != displayed {
            self.slab.set_displayed(slot, displayed);
            if let Some(details) = self.slab.details_mut(slot) {
                details.set_hidden(hidden);
            }
        }
    }
}
