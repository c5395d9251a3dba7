//! [`Exchange`]: the actor of one venue.

use std::any::Any;

use actix::{Actor, Handler, Running};

use super::alarm::{Alarm, BookAlarm};
use super::listed::ListedBook;
use super::listing_config::ListingConfig;
use super::opening::ResumedBook;
use super::processing::Processing;
use super::reject::reject;
use super::replayed::ReplayedListings;
use crate::book::{BookEvent, MatchingEngine, OrderBook};
use crate::kernel::{SimActor, Wakeup};
use crate::market::{RejectReason, SentCommand};
use crate::participant::{Context, Interest, MarketFault, MarketState, Message, Tagged, VenueOperation};
use crate::units::{ActorId, ListingId, OrderId, Price, Quantity, SimDuration, SimTime};

/// Runs the books of one venue: matches commands, writes facts, reports to owners.
///
/// # Lifecycle
/// Each book follows its own [`ListingConfig`]: the phases of its sessions, and halts where a
/// price band is hit. At `close`, before anything else that is due at that instant, all open orders expire,
/// or in a market that goes on another day those that do not outlast this one; commands that arrive later are
/// rejected. A venue that takes time over commands executes them in the order of their arrival, each when it
/// is done with it; those that still wait at `close` are rejected.
#[derive(Debug)]
pub struct Exchange {
    /// The books, in ascending order of listing.
    pub(super) books: Vec<ListedBook>,
    close: SimTime,
    pub(super) closed: bool,
    replayed: ReplayedListings,
    processing: Processing,
    /// Reused from command to command.
    pub(super) events: Vec<BookEvent>,
}

impl Exchange {
    /// Makes the exchange of the venue with the given listings, from `open` to `close`.
    #[must_use]
    pub fn new(
        listings: impl IntoIterator<Item = (ListingId, ListingConfig)>,
        open: SimTime,
        close: SimTime,
    ) -> Self {
        let mut books = Vec::new();
        let mut replayed = ReplayedListings::new(open);
        for (listing, mut config) in listings {
            match config.replay.take() {
                Some(replay) => replayed.add(listing, replay),
                None => books.push(ListedBook::new(listing, config)),
            }
        }
        let processing = Processing::new(SimDuration::ZERO);
        Self { books, close, closed: false, replayed, processing, events: Vec::new() }
    }

    /// Sets how long it takes over each command, one after another.
    pub(super) fn set_processing_time(&mut self, processing: SimDuration) {
        self.processing = Processing::new(processing);
    }

    /// Has a book go on from where it stopped.
    pub(super) fn resume(&mut self, listing: ListingId, book: ResumedBook) {
        if let Some(index) = self.find(listing) {
            self.books[index].resume(book);
        }
    }

    /// Returns the displayed quantity that is ahead of an order at its price; nothing if it does not rest.
    pub(super) fn queue_ahead(&self, listing: ListingId, order: OrderId) -> Option<Quantity> {
        self.books[self.find(listing)?].book.queue_ahead(order)
    }

    /// Returns the best trade that a trailing stop has followed since its entry.
    pub(super) fn trailing_mark(&self, listing: ListingId, order: OrderId) -> Option<Price> {
        self.books[self.find(listing)?].book.trailing_mark(order)
    }

    pub(super) fn find(&self, listing: ListingId) -> Option<usize> {
        self.books.binary_search_by_key(&listing, ListedBook::listing).ok()
    }

    /// Reads what orders of some participants will need, cancels of their oldest, and those whom they will
    /// trade with, to have it fetched from memory, at a venue of one book: populations mostly trade one, and
    /// of many each would be read in vain.
    fn fetch_for(&self, owners: &[ActorId], market: &MarketState) {
        let [listed] = &*self.books else { return };
        let oldest = |owner: &ActorId| market.account(*owner)?.open_orders().first_id();
        let makers = listed.book.fetch_for(owners, market.next_order(), owners.iter().filter_map(oldest));
        market.fetch_makers(makers.into_iter().flatten());
    }

    fn close(&mut self, ctx: &mut Context) {
        self.closed = true;
        let goes_on = ctx.domain().goes_on();
        let guests = if goes_on { ctx.domain().guests() } else { Vec::new() };
        let keeps = |owner: ActorId| guests.get(owner.index()) == Some(&true);
        for listed in &mut self.books {
            listed.end_orders(ctx, |book, now, out| {
                if goes_on {
                    book.end_day(now, keeps, out);
                } else {
                    book.expire_all(out);
                }
            });
        }
        self.replayed.close(ctx);
        // What waits comes too late, as what is under way does.
        while let Some(sent) = self.processing.next() {
            self.execute(&sent, ctx);
        }
    }

    fn execute(&mut self, sent: &SentCommand, ctx: &mut Context) {
        let command = &sent.command;
        let index = self.find(command.listing);
        let is_replayed = self.replayed.has(command.listing);
        if index.is_none() && !is_replayed {
            return reject(sent, RejectReason::UnknownListing, ctx);
        }
        if self.closed {
            return reject(sent, RejectReason::VenueClosed, ctx);
        }
        let Some(index) = index else { return self.replayed.execute(sent, ctx) };
        let execute = |book: &mut OrderBook, now, out: &mut Vec<BookEvent>| book.execute(now, command, out);
        self.books[index].operate(ctx, Some(sent), &mut self.events, execute);
    }

    /// Refuses the commands that wait when the market stops, as those that have not arrived.
    fn refuse_waiting(&mut self, ctx: &mut Context) {
        while let Some(sent) = self.processing.next() {
            let now = ctx.now();
            if let Err(fault) = ctx.domain_mut().refuse_unarrived(now, &sent) {
                ctx.fail(fault);
            }
        }
    }

    /// Does what time alone makes due at a book.
    fn advance_book(&mut self, alarm: BookAlarm, listing: ListingId, ctx: &mut Context) {
        let Some(index) = self.find(listing) else { return };
        let (listed, events) = (&mut self.books[index], &mut self.events);
        match alarm {
            BookAlarm::NextPhase => listed.follow_schedule(ctx, events),
            BookAlarm::HaltGoesOn => listed.go_on_after_halt(ctx, events),
            BookAlarm::OrderExpires => {
                listed.operate(ctx, None, events, |book, now, out| book.advance(now, out));
            }
            BookAlarm::BarEnds | BookAlarm::OtherBarsEnd => {}
        }
    }
}

impl Actor for Exchange {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.wake_at(self.close, Alarm::Close.tag());
        for listed in &mut self.books {
            listed.start(ctx, &mut self.events);
        }
        self.replayed.start(ctx);
    }

    /// Leaves the books to the next day, if there is one; what is open at replayed listings expires.
    fn stopping(&mut self, ctx: &mut Context) -> Running {
        if ctx.domain().goes_on() {
            if !self.closed {
                self.replayed.close(ctx);
                self.refuse_waiting(ctx);
            }
            for listed in &self.books {
                ctx.domain_mut().leave_book(listed.leave());
            }
        }
        Running::Stop
    }
}

impl Handler<Wakeup> for Exchange {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        let (alarm, listing) = match Alarm::of(wakeup.tag) {
            None => return,
            Some(Alarm::Close) => return self.close(ctx),
            Some(Alarm::WarmUp) => return self.replayed.warm_up(ctx),
            Some(Alarm::Replay | Alarm::Ruin) if self.closed => return,
            Some(Alarm::Replay) => return self.replayed.advance(ctx),
            Some(Alarm::Ruin) => return self.replayed.look_for_ruin(ctx),
            Some(Alarm::Processed) => {
                if let Some(sent) = self.processing.next() {
                    self.execute(&sent, ctx);
                }
                return;
            }
            Some(Alarm::Book(alarm, listing)) => (alarm, listing),
        };
        match alarm {
            // Also after the close: what traded before it has its bar.
            BookAlarm::BarEnds => ctx.close_recorded_bar(listing),
            BookAlarm::OtherBarsEnd => ctx.close_other_bars(listing),
            _ if self.closed => {}
            _ => self.advance_book(alarm, listing, ctx),
        }
    }
}

impl Handler<SentCommand> for Exchange {
    type Result = ();

    fn handle(&mut self, sent: SentCommand, ctx: &mut Context) {
        if self.closed || !self.processing.takes_time() {
            return self.execute(&sent, ctx);
        }
        let done = self.processing.enter(ctx.now(), sent);
        ctx.wake_at(done, Alarm::Processed.tag());
    }
}

impl Handler<Tagged<VenueOperation>> for Exchange {
    type Result = ();

    fn handle(&mut self, request: Tagged<VenueOperation>, ctx: &mut Context) {
        self.operate(request, ctx);
    }
}

/// Adapts a venue's actor to the kernel: it takes commands, what an operator asks, and its own wake-ups.
#[derive(Debug)]
pub struct VenueActor(pub Exchange);

impl SimActor<MarketState> for VenueActor {
    fn started(&mut self, ctx: &mut Context) {
        self.0.started(ctx);
    }

    fn interest(&self) -> Interest {
        Interest::ALL
    }

    fn deliver(&mut self, message: Message, ctx: &mut Context) {
        match message {
            Message::Wakeup(wakeup) => self.0.handle(wakeup, ctx),
            Message::Command(sent) => self.0.handle(SentCommand::from(sent), ctx),
            Message::Venue(request) => self.0.handle(*request, ctx),
            Message::Quote(request) => ctx.take_value_quote(*request),
            Message::Report(_)
            | Message::Market(_)
            | Message::Instruction(_)
            | Message::Funding(_)
            | Message::Seat(_) => {
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

    fn keeps_of_senders(&self) -> bool {
        true
    }

    fn fetch_for(&self, senders: &[ActorId], market: &MarketState) {
        self.0.fetch_for(senders, market);
    }

    fn readable(&self) -> Option<&dyn Any> {
        Some(&self.0)
    }
}
