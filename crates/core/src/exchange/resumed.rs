//! A book that goes on from the market's last day: what its venue says of it first, and what it leaves again.

use super::alarm::{Alarm, BookAlarm};
use super::listed::ListedBook;
use super::opening::ResumedBook;
use crate::book::{BookEvent, BookOrder, BookPlace, MatchingEngine, OrderBook};
use crate::market::{Fact, OrderKind, OrderTerms, Phase};
use crate::participant::{Context, HaltState, LeftBook};
use crate::units::ListingId;

impl ListedBook {
    /// Has the book go on from where it stopped, once its venue starts.
    pub(super) fn resume(&mut self, resumed: ResumedBook) {
        self.book = OrderBook::restore(self.config.book, &resumed.state);
        self.resumed = Some(resumed);
    }

    /// Begins the day: says what the book has, if it goes on from an earlier one, and follows the schedule.
    pub(super) fn start(&mut self, ctx: &mut Context, events: &mut Vec<BookEvent>) {
        if let Some(ResumedBook { state, halt }) = self.resumed.take() {
            if halt.is_some_and(|halt| halt.goes_on.is_none()) {
                ctx.publish(Fact::TradingHalted { listing: self.listing() });
            }
            if state.phase != Phase::Continuous {
                ctx.publish(Fact::PhaseChanged { listing: self.listing(), phase: state.phase });
            }
            for order in &state.orders {
                publish_resumed(self.listing(), order, ctx);
            }
            self.enter_due_phase(halt, ctx, events);
        }
        self.follow_schedule(ctx, events);
    }

    /// Enters the phase that the schedule has by now, unless a halt goes on.
    fn enter_due_phase(&mut self, halt: Option<HaltState>, ctx: &mut Context, events: &mut Vec<BookEvent>) {
        let due = self.config.schedule.partition_point(|(at, _)| *at <= ctx.now());
        self.next_change = due;
        let scheduled = due.checked_sub(1).and_then(|last| self.config.schedule.get(last));
        self.scheduled = scheduled.map_or(Phase::Continuous, |(_, phase)| *phase);
        self.halted = halt.is_some_and(|halt| halt.goes_on.is_none());
        let goes_on = halt.and_then(|halt| halt.goes_on).filter(|_| self.scheduled == Phase::Continuous);
        let phase = match goes_on {
            Some(goes_on) => {
                self.halt_goes_on = Some(goes_on.max(ctx.now()));
                ctx.wake_at(goes_on, Alarm::Book(BookAlarm::HaltGoesOn, self.listing()).tag());
                self.book.phase()
            }
            None => self.phase_in_halt(self.scheduled),
        };
        // Also where the phase stays: orders whose date has come expire, and the touch is published.
        self.operate(ctx, None, events, |book, now, out| book.enter_phase(now, phase, out));
    }

    /// Returns what the book leaves when its venue stops.
    pub(super) fn leave(&self) -> LeftBook {
        let is_halt = matches!(self.book.phase(), Phase::Halt | Phase::ReopeningAuction);
        let goes_on = self.halt_goes_on.filter(|_| is_halt);
        let halt = (self.halted || goes_on.is_some()).then_some(HaltState { goes_on });
        LeftBook { listing: self.listing(), book: self.book.state(), halt }
    }
}

/// Says that an order is open since an earlier day.
fn publish_resumed(listing: ListingId, order: &BookOrder, ctx: &mut Context) {
    let BookOrder { id, owner, displayed, place, .. } = *order;
    let leaves = order.leaves();
    // A minimum was for the entry.
    let terms = OrderTerms { quantity: leaves, minimum: None, ..order.terms };
    ctx.publish(Fact::OrderAccepted { order: id, owner, listing, terms, sent_at: None });
    if let (BookPlace::Queue(price), OrderKind::Pegged { .. }) = (place, terms.kind) {
        ctx.publish(Fact::OrderRepriced { order: id, listing, price: Some(price) });
    }
    let first_part = terms.display.map_or(leaves, |display| display.min(leaves));
    if displayed != first_part {
        ctx.publish(Fact::OrderRefreshed { order: id, listing, displayed });
    }
}
