//! What a venue does for an operator: halts, and their end.

use super::listed::ListedBook;
use super::venue::Exchange;
use crate::book::{BookEvent, MatchingEngine};
use crate::market::{Fact, Phase};
use crate::participant::{Context, HaltChange, OperatorRefusal, Outcome, Tagged, VenueOperation};
use crate::units::SimDuration;

impl Exchange {
    /// Halts or reopens a listing, or all of all venues, and answers.
    pub(super) fn operate(&mut self, request: Tagged<VenueOperation>, ctx: &mut Context) {
        let Tagged { tag, what: VenueOperation { listing, change } } = request;
        let done = match listing {
            _ if self.closed => Err(OperatorRefusal::Closed),
            Some(listing) => match self.find(listing) {
                Some(index) => self.books[index].change_halt(change, ctx, &mut self.events),
                None => Ok(()),
            },
            None => {
                for listed in &mut self.books {
                    // One that is halted already, or not at all, stays as it is.
                    listed.change_halt(change, ctx, &mut self.events).ok();
                }
                ctx.pass_on(change);
                Ok(())
            }
        };
        let outcome = match change {
            HaltChange::Halt => Outcome::Halted,
            HaltChange::Reopen { .. } => Outcome::Reopened,
        };
        ctx.answer(tag, done.map(|()| outcome));
    }
}

impl ListedBook {
    fn change_halt(
        &mut self,
        change: HaltChange,
        ctx: &mut Context,
        events: &mut Vec<BookEvent>,
    ) -> Result<(), OperatorRefusal> {
        match change {
            HaltChange::Halt => self.halt(ctx, events),
            HaltChange::Reopen { auction } => self.reopen(auction, ctx, events),
        }
    }

    /// Halts the book until it is reopened, also where price bands have halted it; a closed book stays so,
    /// and does not open.
    fn halt(&mut self, ctx: &mut Context, events: &mut Vec<BookEvent>) -> Result<(), OperatorRefusal> {
        if self.halted {
            return Err(OperatorRefusal::AlreadyHalted);
        }
        self.halted = true;
        self.halt_goes_on = None;
        ctx.publish(Fact::TradingHalted { listing: self.listing() });
        let phase = self.phase_in_halt(self.book.phase());
        self.operate(ctx, None, events, |book, now, out| book.enter_phase(now, phase, out));
        Ok(())
    }

    /// Ends a halt.
    fn reopen(
        &mut self,
        auction: SimDuration,
        ctx: &mut Context,
        events: &mut Vec<BookEvent>,
    ) -> Result<(), OperatorRefusal> {
        if !self.halted && self.book.phase() != Phase::Halt {
            return Err(OperatorRefusal::NotHalted);
        }
        self.halted = false;
        self.halt_goes_on = None;
        ctx.publish(Fact::HaltLifted { listing: self.listing() });
        let has_auction = self.scheduled == Phase::Continuous && !auction.is_zero();
        let phase = if has_auction { Phase::ReopeningAuction } else { self.scheduled };
        self.operate(ctx, None, events, |book, now, out| book.enter_phase(now, phase, out));
        if has_auction {
            self.wake_for_halt(ctx, auction);
        }
        Ok(())
    }
}
