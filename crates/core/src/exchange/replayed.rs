//! [`ReplayedListings`]: the listings of a venue where files are replayed, and what they publish.

use super::alarm::{Alarm, BookAlarm};
use super::publication::{ReportedOrder, publish_order_event};
use crate::account::{Affordable, Liquidation, Purchase, Restriction, Ruined};
use crate::market::{
    Bar, BarInterval, Fact, Ladders, Liquidity, OrderTerms, Phase, Quote, ReplaySource, ReportKind,
    SentCommand, Side, Trade,
};
use crate::participant::{BarAlarms, ChargedFill, Context, Counterparty, Owed};
use crate::replay::{ClosingPrices, Replay, ReplayBar, ReplayEngine, ReplayEvent, ReplayFill, ReplayHost};
use crate::units::{ActorId, ListingId, Money, OrderId, Price, Quantity, SimDuration, SimTime};

/// The listings of a venue where files are replayed.
#[derive(Debug)]
pub(super) struct ReplayedListings {
    engine: ReplayEngine,
    /// In ascending order of listing.
    listed: Vec<Replayed>,
    /// When the venue is woken for them next.
    alarm: Option<SimTime>,
    /// When the venue is woken next since a path ruins an account.
    ruin_alarm: Option<SimTime>,
}

/// What is traded at a replayed listing.
#[derive(Debug)]
struct Replayed {
    listing: ListingId,
    /// The time between two rows of a file of bars.
    interval: BarInterval,
    /// Whether bars are made of the file's quotes.
    has_bars_of_quotes: bool,
    /// The replayed market's order, with which all others trade; absent before the first trade.
    order: Option<OrderId>,
    /// What splits have left of lots, until the next open.
    owed: Vec<Owed>,
}

impl Replayed {
    /// Returns a row of the file as a bar.
    const fn bar(&self, row: &ReplayBar) -> Bar {
        let ReplayBar { start, end, open, high, low, close, volume } = *row;
        Bar { interval: self.interval, start, end, open, high, low, close, volume }
    }
}

/// Returns the alarms with which the venue is woken when bars of a listing end.
const fn alarms(listing: ListingId) -> BarAlarms {
    let recorded = Alarm::Book(BookAlarm::BarEnds, listing).tag();
    BarAlarms { recorded, others: Alarm::Book(BookAlarm::OtherBarsEnd, listing).tag() }
}

impl ReplayedListings {
    /// Begins without listings, at the venue's opening.
    pub(super) const fn new(start: SimTime) -> Self {
        Self { engine: ReplayEngine::new(start), listed: Vec::new(), alarm: None, ruin_alarm: None }
    }

    /// Adds a listing; in ascending order.
    pub(super) fn add(&mut self, listing: ListingId, config: Replay) {
        let has_bars_of_quotes = config.source() == ReplaySource::Quotes;
        let interval = match config {
            Replay::Bars(config) => {
                let interval = config.spacing();
                self.engine.add(listing, config);
                interval
            }
            Replay::Ticks(config) => {
                self.engine.add_ticks(listing, config);
                SimDuration::ZERO
            }
        };
        self.listed.push(Replayed {
            listing,
            interval: interval.into(),
            has_bars_of_quotes,
            order: None,
            owed: Vec::new(),
        });
    }

    pub(super) fn has(&self, listing: ListingId) -> bool {
        self.engine.has(listing)
    }

    /// Publishes the phases of the start, and asks to be woken for the first bar.
    pub(super) fn start(&mut self, ctx: &mut Context) {
        self.operate(Occasion::Time, ctx, |engine, host| engine.announce_phases(host));
        if self.listed.iter().any(|listed| !self.engine.before_start(listed.listing).is_empty()) {
            // Once all actors have started, and have subscribed.
            ctx.wake_at(ctx.now(), Alarm::WarmUp.tag());
        }
    }

    /// Shows the bars from before the start to those who have subscribed to bars.
    pub(super) fn warm_up(&self, ctx: &mut Context) {
        for listed in &self.listed {
            let rows = self.engine.before_start(listed.listing);
            let bars: Vec<Bar> = rows.iter().map(|row| listed.bar(row)).collect();
            ctx.warm_up(listed.listing, &bars, alarms(listed.listing));
        }
    }

    /// Does what is due.
    pub(super) fn advance(&mut self, ctx: &mut Context) {
        let now = ctx.now();
        if self.alarm.is_none_or(|alarm| alarm > now) {
            // The alarm was for something that has been done since.
            return;
        }
        self.alarm = None;
        self.operate(Occasion::Time, ctx, |engine, host| engine.advance(now, host));
    }

    /// Ends what owners have who are ruined, whether their equity is gone now or was before.
    pub(super) fn look_for_ruin(&mut self, ctx: &mut Context) {
        let now = ctx.now();
        self.ruin_alarm = None;
        self.operate(Occasion::Ruin, ctx, |engine, host| engine.catch_up_to(now, host));
    }

    /// Executes a command.
    pub(super) fn execute(&mut self, sent: &SentCommand, ctx: &mut Context) {
        let now = ctx.now();
        if self.engine.has_actions(sent.command.listing) {
            // One may take effect at this very instant.
            self.operate(Occasion::Time, ctx, |engine, host| engine.catch_up_to(now, host));
            let sent = self.engine.as_of_now(sent);
            return self.operate(Occasion::Command(&sent), ctx, |engine, host| {
                engine.execute(now, &sent.command, host)
            });
        }
        self.operate(Occasion::Command(sent), ctx, |engine, host| engine.execute(now, &sent.command, host));
    }

    /// Expires all orders: the venue closes for good.
    pub(super) fn close(&mut self, ctx: &mut Context) {
        self.operate(Occasion::Time, ctx, ReplayEngine::close);
    }

    fn operate(
        &mut self,
        occasion: Occasion<'_>,
        ctx: &mut Context,
        action: impl FnOnce(&mut ReplayEngine, &mut dyn ReplayHost),
    ) {
        let (sent, with_ruined) = match occasion {
            Occasion::Time => (None, false),
            Occasion::Command(sent) => (Some(sent), false),
            Occasion::Ruin => (None, true),
        };
        let mut host = Host { listed: &mut self.listed, sent, with_ruined, ctx };
        action(&mut self.engine, &mut host);
        self.wait(ctx);
        self.watch_ruin(ctx);
    }

    /// Asks to be woken when the paths ruin an account next.
    fn watch_ruin(&mut self, ctx: &mut Context) {
        let Some(at) = ctx.next_ruin() else { return };
        if self.ruin_alarm != Some(at) {
            self.ruin_alarm = Some(at);
            ctx.wake_at(at, Alarm::Ruin.tag());
        }
    }

    /// Asks to be woken when something is due next.
    fn wait(&mut self, ctx: &mut Context) {
        let Some(next) = self.engine.next_time() else { return };
        if self.alarm.is_none_or(|alarm| next < alarm) {
            self.alarm = Some(next);
            ctx.wake_at(next, Alarm::Replay.tag());
        }
    }
}

/// Why the replay is to act.
#[derive(Debug, Clone, Copy)]
enum Occasion<'a> {
    /// The time has come for something.
    Time,
    /// A command has arrived.
    Command(&'a SentCommand),
    /// Accounts may be ruined.
    Ruin,
}

/// A trade of a replayed market with itself.
#[derive(Debug, Clone, Copy)]
struct Printed {
    price: Price,
    quantity: Quantity,
    aggressor: Side,
    phase: Phase,
}

/// The market, as the replay needs it.
struct Host<'a> {
    listed: &'a mut [Replayed],
    sent: Option<&'a SentCommand>,
    /// Whether owners who were found to be ruined before are still to be looked at.
    with_ruined: bool,
    ctx: &'a mut Context,
}

impl Host<'_> {
    fn find(&self, listing: ListingId) -> Option<usize> {
        self.listed.binary_search_by_key(&listing, |listed| listed.listing).ok()
    }

    /// Returns the replayed market's own order, with which all others trade.
    fn market_order(&mut self, listing: ListingId) -> Option<OrderId> {
        let index = self.find(listing)?;
        Some(*self.listed[index].order.get_or_insert_with(|| self.ctx.next_order_id()))
    }

    /// Pays what splits have left of lots, once there is a price again.
    fn pay_owed(&mut self, listing: ListingId, price: Price) {
        let Some(index) = self.find(listing) else { return };
        if !self.listed[index].owed.is_empty() && self.ctx.is_continuous(listing) {
            let owed = std::mem::take(&mut self.listed[index].owed);
            self.ctx.pay_owed(listing, owed, price);
        }
    }

    /// Publishes a fill, and books both sides.
    fn publish_fill(&mut self, listing: ListingId, fill: &ReplayFill) {
        let ReplayFill { order, owner, side, price, quantity, leaves, liquidity, phase, clamped } = *fill;
        let market = self.ctx.id();
        let id = self.ctx.next_trade_id();
        let Some(market_order) = self.market_order(listing) else { return };
        let charged = ChargedFill { owner, order, side, liquidity, price, quantity, leaves };
        let fee = self.ctx.charge(listing, &charged);
        let is_maker = liquidity == Liquidity::Maker;
        let sides = [(order, owner, fee), (market_order, market, Money::ZERO)];
        let [(maker_order, maker, maker_fee), (taker_order, taker, taker_fee)] =
            if is_maker { sides } else { [sides[1], sides[0]] };
        let aggressor = if is_maker { side.opposite() } else { side };
        self.ctx.publish(Fact::Traded(Trade {
            id,
            listing,
            price,
            quantity,
            aggressor,
            phase,
            maker_order,
            maker,
            maker_fee,
            maker_queue_ahead: Quantity::ZERO,
            taker_order,
            taker,
            taker_fee,
            clamped,
        }));
        self.ctx.book_counterparty(listing, Counterparty { side: side.opposite(), price, quantity });
        let kind = ReportKind::Filled { trade: id, price, quantity, leaves, liquidity, phase, fee };
        ReportedOrder { owner, order, side }.report(listing, kind, self.ctx);
    }

    /// Makes a trade of the replayed market with itself.
    fn print(&mut self, listing: ListingId, printed: Printed) -> Option<Trade> {
        let Printed { price, quantity, aggressor, phase } = printed;
        let (market, id) = (self.ctx.id(), self.ctx.next_trade_id());
        let order = self.market_order(listing)?;
        Some(Trade {
            id,
            listing,
            price,
            quantity,
            aggressor,
            phase,
            maker_order: order,
            maker: market,
            maker_fee: Money::ZERO,
            maker_queue_ahead: Quantity::ZERO,
            taker_order: order,
            taker: market,
            taker_fee: Money::ZERO,
            clamped: 0,
        })
    }

    /// Publishes a quote of a file, and adds it to bars if these are made of quotes.
    fn publish_quote(&mut self, listing: ListingId, quote: Quote) {
        self.ctx.publish(Fact::TouchChanged { listing, quote });
        // Its levels are the best ones, where their sizes are known.
        let [bid, ask] = [quote.bid, quote.ask].map(|level| level.filter(|it| it.known_size().is_some()));
        self.ctx.publish_book(listing, |_| Ladders {
            bids: bid.into_iter().collect(),
            asks: ask.into_iter().collect(),
        });
        let has_bars = self.find(listing).is_some_and(|index| self.listed[index].has_bars_of_quotes);
        if let Some(half_ticks) = quote.twice_mid_ticks().filter(|_| has_bars) {
            self.ctx.add_price_to_bars(listing, Price::new(half_ticks.div_euclid(2)), alarms(listing));
        }
    }
}

impl ReplayHost for Host<'_> {
    fn affordable(
        &mut self,
        listing: ListingId,
        order: OrderId,
        owner: ActorId,
        purchase: Purchase,
    ) -> Affordable {
        self.ctx.affordable(listing, order, owner, purchase)
    }

    fn is_on_margin(&self, owner: ActorId) -> bool {
        self.ctx.is_on_margin(owner)
    }

    fn publish(&mut self, listing: ListingId, event: ReplayEvent) {
        match event {
            ReplayEvent::Order(event) => publish_order_event(listing, self.sent, &event, self.ctx),
            ReplayEvent::Filled(fill) => self.publish_fill(listing, &fill),
            ReplayEvent::Moved { price, shown, quote, leg } => {
                self.ctx.follow_path(listing, leg);
                self.ctx.publish(Fact::PriceMoved { listing, price, shown });
                self.pay_owed(listing, price);
                if let Some(quote) = quote {
                    self.ctx.show_quote(listing, quote);
                }
            }
            ReplayEvent::Phase { phase, next, opens_day } => {
                self.ctx.publish(Fact::PhaseChanged { listing, phase });
                self.ctx.announce_next_phase(listing, next);
                self.ctx.announce_opens_day(listing, opens_day);
                if phase != Phase::Continuous {
                    self.ctx.show_quote(listing, Quote::default());
                }
            }
            ReplayEvent::Action(action) => {
                let owed = self.ctx.take_action(listing, action);
                if let Some(index) = self.find(listing) {
                    self.listed[index].owed.extend(owed);
                }
            }
            ReplayEvent::Printed { price, quantity } => {
                // What participants have left of a bar's volume.
                let printed = Printed { price, quantity, aggressor: Side::Buy, phase: Phase::ClosingAuction };
                if let Some(trade) = self.print(listing, printed) {
                    self.ctx.publish(Fact::Traded(trade));
                }
            }
            ReplayEvent::TradeReplayed { price, quantity, aggressor } => {
                let printed = Printed { price, quantity, aggressor, phase: Phase::Continuous };
                if let Some(trade) = self.print(listing, printed) {
                    self.ctx.publish_trade(trade, alarms(listing));
                }
            }
            ReplayEvent::Quoted(quote) => self.publish_quote(listing, quote),
            ReplayEvent::Bar(row) => {
                let Some(bar) = self.find(listing).map(|index| self.listed[index].bar(&row)) else { return };
                self.ctx.publish_replayed_bar(listing, bar, alarms(listing));
            }
        }
    }

    fn ruined(&mut self) -> Vec<Ruined> {
        self.ctx.ruined_now(std::mem::take(&mut self.with_ruined))
    }

    fn liquidate(&mut self, owner: ActorId) -> Liquidation {
        self.ctx.liquidate(owner)
    }

    fn restriction_of(&self, owner: ActorId, order: OrderId) -> Option<Restriction> {
        self.ctx.restriction_of(owner, order)
    }

    fn close_positions(&mut self, listing: ListingId, prices: ClosingPrices) {
        let mut open = self.ctx.positions_at(listing);
        // Sales first, so that their proceeds are there.
        open.sort_by_key(|(_, holding)| holding.lots() < 0);
        for (owner, holding) in open {
            let (side, price) =
                if holding.lots() > 0 { (Side::Sell, prices.sale) } else { (Side::Buy, prices.purchase) };
            let quantity = holding.magnitude();
            let terms = OrderTerms::market(side, quantity);
            let Some(order) = self.ctx.enter_for(owner, listing, terms) else { continue };
            let fill = ReplayFill {
                order,
                owner,
                side,
                price,
                quantity,
                leaves: Quantity::ZERO,
                liquidity: Liquidity::Auction,
                phase: Phase::ClosingAuction,
                clamped: 0,
            };
            self.publish_fill(listing, &fill);
        }
    }
}
