//! [`Exchange`]: the actor of one venue.

use std::fmt;

use actix::{Actor, Handler, Running};

use super::listed::{Alarm, ListedBook, Terms};
use super::rules::ListingConfig;
use crate::book::{BookEvent, MatchingEngine, OrderBook};
use crate::kernel::{SimActor, Wakeup};
use crate::market::{
    Command, CommandKind, ExecutionReport, Fact, Fees, Instrument, OrderTerms, RejectReason, ReportKind,
    SentCommand, Side,
};
use crate::participant::{Context, MarketFault, MarketState, Message};
use crate::units::{ListingId, SimTime};

/// Runs the books of one venue: matches commands, writes facts, reports to owners.
///
/// # Lifecycle
/// Each book follows its own [`ListingConfig`]: the phases of its sessions, and halts where a price band is
/// hit. At `close`, before anything else that is due at that instant, all open orders expire; commands
/// that arrive later are rejected.
#[derive(Debug)]
pub struct Exchange {
    /// The books, in ascending order of listing.
    books: Vec<ListedBook>,
    close: SimTime,
    closed: bool,
    /// Reused from command to command.
    events: Vec<BookEvent>,
}

impl Exchange {
    /// Makes the exchange of the venue with the given listings, which closes at `close`.
    #[must_use]
    pub fn new(
        listings: impl IntoIterator<Item = (ListingId, Instrument, Fees, ListingConfig)>,
        close: SimTime,
    ) -> Self {
        let books = listings.into_iter().map(|(listing, instrument, fees, rules)| {
            ListedBook::new(listing, Terms { instrument, fees }, rules)
        });
        Self { books: books.collect(), close, closed: false, events: Vec::new() }
    }

    fn find(&self, listing: ListingId) -> Option<usize> {
        self.books.binary_search_by_key(&listing, ListedBook::listing).ok()
    }

    fn close(&mut self, ctx: &mut Context) {
        self.closed = true;
        for listed in &mut self.books {
            listed.operate(ctx, None, &mut self.events, |book, _, out| book.expire_all(out));
        }
    }

    fn execute(&mut self, sent: &SentCommand, ctx: &mut Context) {
        let command = &sent.command;
        let Some(index) = self.find(command.listing) else {
            return reject(sent, RejectReason::UnknownListing, ctx);
        };
        if self.closed {
            return reject(sent, RejectReason::VenueClosed, ctx);
        }
        let execute = |book: &mut OrderBook, now, out: &mut Vec<BookEvent>| book.execute(now, command, out);
        self.books[index].operate(ctx, Some(sent), &mut self.events, execute);
    }
}

/// Tells the tape and the owner that a command was not carried out.
pub(super) fn reject(sent: &SentCommand, reason: RejectReason, ctx: &mut Context) {
    let SentCommand { command: Command { order, owner, listing, kind }, sent_at } = *sent;
    let (side, report) = match kind {
        CommandKind::New(terms @ OrderTerms { side, .. }) => {
            ctx.publish(Fact::OrderRejected { order, owner, listing, terms, sent_at, reason });
            (side, ReportKind::Rejected(reason))
        }
        _ => {
            ctx.publish(Fact::CommandRejected { order, owner, listing, reason });
            // The owner knows the side; where the order is over, it no longer matters.
            (Side::Buy, ReportKind::CommandRejected(reason))
        }
    };
    let at = ctx.now();
    ctx.report(owner, ExecutionReport { order, listing, side, at, kind: report });
}

impl Actor for Exchange {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.wake_at(self.close, Alarm::Close.tag(ListingId::new(0)));
        for listed in &mut self.books {
            listed.follow_schedule(ctx, &mut self.events);
        }
    }
}

impl Handler<Wakeup> for Exchange {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is the listing")]
        let listing = ListingId::new(wakeup.tag as u32);
        let alarm = Alarm::of(wakeup.tag);
        if alarm == Some(Alarm::Close) {
            return self.close(ctx);
        }
        if let (Some(index), false) = (self.find(listing), self.closed) {
            let (listed, events) = (&mut self.books[index], &mut self.events);
            match alarm {
                Some(Alarm::NextPhase) => listed.follow_schedule(ctx, events),
                Some(Alarm::HaltGoesOn) => listed.go_on_after_halt(ctx, events),
                Some(Alarm::OrderExpires) => {
                    listed.operate(ctx, None, events, |book, now, out| book.advance(now, out));
                }
                _ => {}
            }
        }
        // Also after the close: what traded before it has its bar.
        match alarm {
            Some(Alarm::BarEnds) => ctx.close_recorded_bar(listing),
            Some(Alarm::OtherBarsEnd) => ctx.close_other_bars(listing),
            _ => {}
        }
    }
}

impl Handler<SentCommand> for Exchange {
    type Result = ();

    fn handle(&mut self, sent: SentCommand, ctx: &mut Context) {
        self.execute(&sent, ctx);
    }
}

/// Adapts a venue's actor to the kernel: it takes commands and its own wake-ups, and nothing else.
pub struct VenueActor<A>(pub A);

impl<A> fmt::Debug for VenueActor<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VenueActor").field(&std::any::type_name::<A>()).finish()
    }
}

impl<A> SimActor<MarketState> for VenueActor<A>
where
    A: Actor<Context = Context> + Handler<Wakeup, Result = ()> + Handler<SentCommand, Result = ()>,
{
    fn started(&mut self, ctx: &mut Context) {
        self.0.started(ctx);
    }

    fn deliver(&mut self, message: Message, ctx: &mut Context) {
        match message {
            Message::Wakeup(wakeup) => self.0.handle(wakeup, ctx),
            Message::Command(sent) => self.0.handle(sent, ctx),
            Message::Report(_) | Message::Market(_) | Message::Instruction(_) | Message::Funding(_) => {
                ctx.fail(MarketFault::TraderMessageToVenue);
            }
        }
    }

    fn stopping(&mut self, ctx: &mut Context) -> Running {
        self.0.stopping(ctx)
    }

    fn stopped(&mut self, ctx: &mut Context) {
        self.0.stopped(ctx);
    }
}
