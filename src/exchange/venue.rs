//! [`Exchange`]: the actor of one venue.

use std::fmt;

use actix::{Actor, Handler, Running};

use super::bars::BarBuilder;
use crate::book::{BookEvent, MatchingEngine, OrderBook};
use crate::kernel::{Participant, Wakeup};
use crate::market::{
    Command, CommandKind, ExecutionReport, Fact, Fees, Instrument, Liquidity, OrderTerms, Quote,
    RejectReason, ReportKind, Side, Trade,
};
use crate::pit::{Context, Message, Pit};
use crate::units::{ActorId, ListingId, OrderId, Quantity, SimDuration, SimTime};

/// Runs the books of one venue: matches commands, writes facts, reports to owners.
///
/// # Lifecycle
/// From the start to `close`, trading is continuous. At `close`, before anything else that is due at
/// that instant, all resting orders expire; commands that arrive later are rejected.
#[derive(Debug)]
pub struct Exchange {
    /// The books, in ascending order of listing.
    books: Vec<ListedBook>,
    close: SimTime,
    closed: bool,
    /// Reused from command to command.
    events: Vec<BookEvent>,
}

#[derive(Debug)]
struct ListedBook {
    listing: ListingId,
    instrument: Instrument,
    fees: Fees,
    book: OrderBook,
    bars: BarBuilder,
    touch: Quote,
}

/// The tag of the wake-up at the close; other tags are listings whose bar ends.
const CLOSE: u64 = u64::MAX;

impl Exchange {
    /// Makes the exchange of the venue with the given listings, which closes at `close` and sums trades
    /// up into bars of `bar_interval`.
    #[must_use]
    pub fn new(
        listings: impl IntoIterator<Item = (ListingId, Instrument, Fees)>,
        bar_interval: SimDuration,
        close: SimTime,
    ) -> Self {
        let books = listings.into_iter().map(|(listing, instrument, fees)| ListedBook {
            listing,
            instrument,
            fees,
            book: OrderBook::new(),
            bars: BarBuilder::new(bar_interval),
            touch: Quote::default(),
        });
        Self { books: books.collect(), close, closed: false, events: Vec::new() }
    }

    fn close(&mut self, ctx: &mut Context) {
        self.closed = true;
        for listed in &mut self.books {
            self.events.clear();
            listed.book.expire_all(&mut self.events);
            for event in &self.events {
                if let BookEvent::Expired { order, owner, side, quantity } = *event {
                    ctx.publish(Fact::OrderExpired { order, listing: listed.listing, quantity });
                    listed.report(ctx, owner, (order, side), ReportKind::Expired);
                }
            }
            listed.publish_touch(ctx);
        }
    }

    fn execute(&mut self, command: &Command, ctx: &mut Context) {
        let found = self.books.binary_search_by_key(&command.listing, |listed| listed.listing);
        let Ok(index) = found else {
            return reject(command, RejectReason::UnknownListing, ctx);
        };
        if self.closed {
            return reject(command, RejectReason::VenueClosed, ctx);
        }
        let listed = &mut self.books[index];
        self.events.clear();
        listed.book.execute(command, &mut self.events);
        for event in &self.events {
            listed.tell(command, event, ctx);
        }
        listed.publish_touch(ctx);
    }
}

impl ListedBook {
    /// Turns one event of the book into facts and reports.
    fn tell(&mut self, command: &Command, event: &BookEvent, ctx: &mut Context) {
        let listing = self.listing;
        match *event {
            BookEvent::Accepted { order } => {
                if let CommandKind::New(terms) = command.kind {
                    ctx.publish(Fact::OrderAccepted { order, owner: command.owner, listing, terms });
                    self.report(ctx, command.owner, (order, terms.side), ReportKind::Accepted);
                }
            }
            BookEvent::Rejected { reason, .. } | BookEvent::CommandRejected { reason, .. } => {
                reject(command, reason, ctx);
            }
            BookEvent::Replaced { order, side, price, leaves, kept_priority } => {
                ctx.publish(Fact::OrderReplaced { order, listing, price, leaves, kept_priority });
                self.report(ctx, command.owner, (order, side), ReportKind::Replaced { price, leaves });
            }
            BookEvent::Canceled { order, owner, side, quantity, reason } => {
                ctx.publish(Fact::OrderCanceled { order, listing, quantity, reason });
                self.report(ctx, owner, (order, side), ReportKind::Canceled(reason));
            }
            BookEvent::Expired { order, owner, side, quantity } => {
                ctx.publish(Fact::OrderExpired { order, listing, quantity });
                self.report(ctx, owner, (order, side), ReportKind::Expired);
            }
            BookEvent::Traded { .. } => self.tell_trade(event, ctx),
        }
    }

    fn tell_trade(&mut self, event: &BookEvent, ctx: &mut Context) {
        let BookEvent::Traded {
            price,
            quantity,
            aggressor,
            maker_order,
            maker_owner,
            maker_leaves,
            taker_order,
            taker_owner,
            taker_leaves,
        } = *event
        else {
            return;
        };
        let notional = self.instrument.notional(price, quantity);
        let trade = Trade {
            id: ctx.next_trade_id(),
            listing: self.listing,
            price,
            quantity,
            aggressor,
            maker_order,
            maker: maker_owner,
            maker_fee: self.fees.maker.of(notional),
            taker_order,
            taker: taker_owner,
            taker_fee: self.fees.taker.of(notional),
        };
        // A bar that ends now must be closed before a trade of the next is added.
        self.publish_bar(ctx);
        ctx.publish(Fact::Traded(trade));
        if let Some(end) = self.bars.add(ctx.now(), price, quantity) {
            ctx.wake_at(end, u64::from(self.listing.get()));
        }
        let filled = |leaves: Quantity, liquidity, fee| ReportKind::Filled {
            trade: trade.id,
            price,
            quantity,
            leaves,
            liquidity,
            fee,
        };
        let maker = filled(maker_leaves, Liquidity::Maker, trade.maker_fee);
        let taker = filled(taker_leaves, Liquidity::Taker, trade.taker_fee);
        self.report(ctx, maker_owner, (maker_order, aggressor.opposite()), maker);
        self.report(ctx, taker_owner, (taker_order, aggressor), taker);
    }

    fn publish_bar(&mut self, ctx: &mut Context) {
        if let Some(bar) = self.bars.take_ended(ctx.now()) {
            ctx.publish(Fact::BarClosed { listing: self.listing, bar });
        }
    }

    fn publish_touch(&mut self, ctx: &mut Context) {
        let touch = self.book.quote();
        if touch != self.touch {
            self.touch = touch;
            ctx.publish(Fact::TouchChanged { listing: self.listing, quote: touch });
        }
    }

    fn report(&self, ctx: &mut Context, to: ActorId, (order, side): (OrderId, Side), kind: ReportKind) {
        let at = ctx.now();
        ctx.report(to, ExecutionReport { order, listing: self.listing, side, at, kind });
    }
}

/// Tells the tape and the owner that a command was not carried out.
fn reject(command: &Command, reason: RejectReason, ctx: &mut Context) {
    let Command { order, owner, listing, kind } = *command;
    let (side, report) = match kind {
        CommandKind::New(terms @ OrderTerms { side, .. }) => {
            ctx.publish(Fact::OrderRejected { order, owner, listing, terms, reason });
            (side, ReportKind::Rejected(reason))
        }
        CommandKind::Cancel | CommandKind::Replace { .. } => {
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
        ctx.wake_at(self.close, CLOSE);
    }
}

impl Handler<Wakeup> for Exchange {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        if wakeup.tag == CLOSE {
            return self.close(ctx);
        }
        let ended = self.books.iter_mut().find(|listed| u64::from(listed.listing.get()) == wakeup.tag);
        if let Some(listed) = ended {
            listed.publish_bar(ctx);
        }
    }
}

impl Handler<Command> for Exchange {
    type Result = ();

    fn handle(&mut self, command: Command, ctx: &mut Context) {
        self.execute(&command, ctx);
    }
}

/// A venue's actor in its seat: takes commands and its own wake-ups, and nothing else.
pub struct VenueSeat<A>(pub A);

impl<A> fmt::Debug for VenueSeat<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VenueSeat").field(&std::any::type_name::<A>()).finish()
    }
}

impl<A> Participant<Pit> for VenueSeat<A>
where
    A: Actor<Context = Context> + Handler<Wakeup, Result = ()> + Handler<Command, Result = ()>,
{
    fn started(&mut self, ctx: &mut Context) {
        self.0.started(ctx);
    }

    fn deliver(&mut self, message: Message, ctx: &mut Context) {
        match message {
            Message::Wakeup(wakeup) => self.0.handle(wakeup, ctx),
            Message::Command(command) => self.0.handle(command, ctx),
            Message::Report(_) | Message::Market(_) | Message::Instruction(_) => {
                ctx.fail("a venue was sent what only traders understand");
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
