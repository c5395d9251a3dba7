//! [`ListedBook`]: one book of a venue, with its schedule, and the publication of what happens in it.

use super::alarm::{Alarm, BookAlarm};
use super::listing_config::ListingConfig;
use super::opening::ResumedBook;
use super::publication::{EndedOrders, ReportedOrder, publish_order_event};
use crate::book::{BookEvent, BookTrade, Indicative, MatchingEngine, OrderBook};
use crate::market::{Fact, Ladders, Liquidity, Phase, Quote, ReportKind, SentCommand, Side, Trade};
use crate::participant::{BarAlarms, ChargedFill, Context};
use crate::units::{ListingId, Money, SimDuration, SimTime};

/// A book that publishes: facts to the tape, reports to owners, its levels to subscribers.
#[derive(Debug)]
pub(super) struct ListedBook {
    listing: ListingId,
    pub(super) config: ListingConfig,
    /// The next change of the schedule.
    pub(super) next_change: usize,
    /// The phase that the schedule has now.
    pub(super) scheduled: Phase,
    /// Whether an operator has halted it.
    pub(super) halted: bool,
    /// What it goes on from, until its venue starts.
    pub(super) resumed: Option<ResumedBook>,
    pub(super) book: OrderBook,
    touch: Quote,
    indicative: Option<Indicative>,
    /// When the exchange is woken for an order that expires.
    expiry_alarm: Option<SimTime>,
    /// When the current halt moves on; an alarm at another time was for a halt that the schedule ended.
    pub(super) halt_goes_on: Option<SimTime>,
}

impl ListedBook {
    pub(super) fn new(listing: ListingId, config: ListingConfig) -> Self {
        Self {
            listing,
            book: OrderBook::new(config.book),
            config,
            next_change: 0,
            scheduled: Phase::Continuous,
            halted: false,
            resumed: None,
            touch: Quote::default(),
            indicative: None,
            expiry_alarm: None,
            halt_goes_on: None,
        }
    }

    pub(super) const fn listing(&self) -> ListingId {
        self.listing
    }

    /// Performs an action on the book, and publishes everything that follows from it.
    pub(super) fn operate(
        &mut self,
        ctx: &mut Context,
        sent: Option<&SentCommand>,
        events: &mut Vec<BookEvent>,
        action: impl FnOnce(&mut OrderBook, SimTime, &mut Vec<BookEvent>),
    ) {
        events.clear();
        action(&mut self.book, ctx.now(), events);
        for event in events.iter() {
            self.publish_event(sent, event, ctx);
        }
        self.publish_changes(ctx);
    }

    /// Performs an action on the book that does nothing but end orders, and publishes each as it ends: kept
    /// until all have ended, their events would take more memory than anything else in a run.
    pub(super) fn end_orders(
        &mut self,
        ctx: &mut Context,
        action: impl FnOnce(&mut OrderBook, SimTime, &mut EndedOrders<'_>),
    ) {
        let (listing, now) = (self.listing, ctx.now());
        action(&mut self.book, now, &mut EndedOrders { listing, ctx });
        self.publish_changes(ctx);
    }

    /// Publishes what an action has changed in the book's view, and looks when it has to act next.
    fn publish_changes(&mut self, ctx: &mut Context) {
        self.publish_touch(ctx);
        ctx.publish_book(self.listing, |levels| self.visible_levels(levels));
        if self.book.phase().is_auction() || self.indicative.is_some() {
            self.publish_indicative(ctx);
        }
        self.watch_expiry(ctx);
    }

    /// Enters the phases that are due, and schedules a wake-up of the exchange for the next.
    pub(super) fn follow_schedule(&mut self, ctx: &mut Context, events: &mut Vec<BookEvent>) {
        while let Some((at, phase)) = self.config.schedule.get(self.next_change).copied() {
            if at > ctx.now() {
                ctx.announce_next_phase(self.listing, Some((at, phase)));
                return ctx.wake_at(at, Alarm::Book(BookAlarm::NextPhase, self.listing).tag());
            }
            self.next_change += 1;
            self.scheduled = phase;
            let phase = self.phase_in_halt(phase);
            self.operate(ctx, None, events, |book, now, out| book.enter_phase(now, phase, out));
        }
        ctx.announce_next_phase(self.listing, None);
    }

    /// Returns the phase in place of one of the schedule: while an operator halts the book, it only goes on
    /// to its close.
    pub(super) fn phase_in_halt(&self, scheduled: Phase) -> Phase {
        if self.halted && scheduled != Phase::Closed { Phase::Halt } else { scheduled }
    }

    /// Moves from a halt to the auction that ends it, and from that to continuous trading.
    pub(super) fn go_on_after_halt(&mut self, ctx: &mut Context, events: &mut Vec<BookEvent>) {
        if self.halt_goes_on != Some(ctx.now()) {
            return;
        }
        let next = match self.book.phase() {
            Phase::Halt => Phase::ReopeningAuction,
            Phase::ReopeningAuction => Phase::Continuous,
            // The schedule has changed the phase meanwhile.
            _ => return,
        };
        self.operate(ctx, None, events, |book, now, out| book.enter_phase(now, next, out));
        if next == Phase::ReopeningAuction {
            self.wake_for_halt(ctx, self.config.reopening);
        }
    }

    pub(super) fn wake_for_halt(&mut self, ctx: &mut Context, after: SimDuration) {
        let at = ctx.now() + after;
        self.halt_goes_on = Some(at);
        ctx.wake_at(at, Alarm::Book(BookAlarm::HaltGoesOn, self.listing).tag());
    }

    /// Turns one event of the book into facts and reports.
    fn publish_event(&mut self, sent: Option<&SentCommand>, event: &BookEvent, ctx: &mut Context) {
        let listing = self.listing;
        match *event {
            BookEvent::Traded(ref trade) => self.publish_trade(trade, ctx),
            BookEvent::Uncrossed { price, volume } => {
                ctx.publish(Fact::AuctionUncrossed { listing, price, volume });
            }
            BookEvent::PhaseChanged { phase } => {
                ctx.publish(Fact::PhaseChanged { listing, phase });
                if phase == Phase::Halt && !self.halted {
                    self.wake_for_halt(ctx, self.config.halt);
                }
            }
            _ => publish_order_event(listing, sent, event, ctx),
        }
    }

    fn publish_trade(&mut self, matched: &BookTrade, ctx: &mut Context) {
        let BookTrade { price, quantity, aggressor, phase, .. } = *matched;
        let [maker_fee, taker_fee] = self.charge(matched, ctx);
        let trade = Trade {
            id: ctx.next_trade_id(),
            listing: self.listing,
            price,
            quantity,
            aggressor,
            phase,
            maker_order: matched.maker_order,
            maker: matched.maker_owner,
            maker_fee,
            maker_queue_ahead: matched.maker_queue_ahead,
            taker_order: matched.taker_order,
            taker: matched.taker_owner,
            taker_fee,
            clamped: 0,
        };
        let [recorded, others] =
            [BookAlarm::BarEnds, BookAlarm::OtherBarsEnd].map(|alarm| Alarm::Book(alarm, self.listing).tag());
        ctx.publish_trade(trade, BarAlarms { recorded, others });
        let [maker_role, taker_role] = trade.roles();
        let filled = |leaves, liquidity, fee| ReportKind::Filled {
            trade: trade.id,
            price,
            quantity,
            leaves,
            liquidity,
            phase,
            fee,
        };
        let maker = filled(matched.maker_leaves, maker_role, trade.maker_fee);
        let taker = filled(matched.taker_leaves, taker_role, trade.taker_fee);
        let maker_side = aggressor.opposite();
        let made = ReportedOrder { owner: trade.maker, order: trade.maker_order, side: maker_side };
        let taken = ReportedOrder { owner: trade.taker, order: trade.taker_order, side: aggressor };
        made.report(self.listing, maker, ctx);
        taken.report(self.listing, taker, ctx);
    }

    /// Returns what maker and taker of a trade pay.
    fn charge(&self, matched: &BookTrade, ctx: &mut Context) -> [Money; 2] {
        let BookTrade { price, quantity, aggressor, phase, .. } = *matched;
        let [maker_role, taker_role] = Liquidity::roles(phase);
        let made = ChargedFill {
            owner: matched.maker_owner,
            order: matched.maker_order,
            side: aggressor.opposite(),
            liquidity: maker_role,
            price,
            quantity,
            leaves: matched.maker_leaves,
        };
        let taken = ChargedFill {
            owner: matched.taker_owner,
            order: matched.taker_order,
            side: aggressor,
            liquidity: taker_role,
            leaves: matched.taker_leaves,
            ..made
        };
        [made, taken].map(|fill| ctx.charge(self.listing, &fill))
    }

    /// Publishes the touch if it has changed; there is none outside continuous trading.
    fn publish_touch(&mut self, ctx: &mut Context) {
        let touch = if self.book.phase() == Phase::Continuous { self.book.quote() } else { Quote::default() };
        if touch != self.touch {
            self.touch = touch;
            ctx.publish(Fact::TouchChanged { listing: self.listing, quote: touch });
        }
    }

    /// Returns the best levels of both sides; there are none outside continuous trading.
    pub(super) fn visible_levels(&self, levels: usize) -> Ladders {
        if self.book.phase() != Phase::Continuous {
            return Ladders::default();
        }
        let [bids, asks] = Side::BOTH.map(|side| self.book.best_levels(side, levels));
        Ladders { bids, asks }
    }

    fn publish_indicative(&mut self, ctx: &mut Context) {
        let indicative = if self.book.phase().is_auction() { self.book.indicative() } else { None };
        if indicative != self.indicative {
            self.indicative = indicative;
            let indicative = indicative.map(|indicative| (indicative.price, indicative.volume));
            ctx.publish(Fact::IndicativeChanged { listing: self.listing, indicative });
        }
    }

    /// Schedules a wake-up of the exchange for the next order that expires.
    fn watch_expiry(&mut self, ctx: &mut Context) {
        let Some(next) = self.book.next_expiry() else { return };
        if self.expiry_alarm.is_none_or(|alarm| alarm <= ctx.now() || next < alarm) {
            self.expiry_alarm = Some(next);
            ctx.wake_at(next, Alarm::Book(BookAlarm::OrderExpires, self.listing).tag());
        }
    }
}
