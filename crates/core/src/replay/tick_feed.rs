//! [`TickFeed`]: where a replay of trades and quotes stands in its file, and what can be had there.

use super::rules::{FillRules, Priced, Taken, Touch};
use super::tick::{QuoteTick, TickConfig, TradeTick};
use crate::market::{Quote, QuoteLevel, Side};
use crate::units::{ActorId, Price, Quantity, SimDuration, SimTime};

/// The next row of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    Trade(TradeTick),
    Quote(QuoteTick),
}

/// At what kind of instant orders can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TickMoment {
    /// A trade is at hand.
    Trade,
    /// A quote has been set.
    Quote,
    /// An order has arrived between rows.
    Arrival,
}

/// With what an order trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Supply {
    /// The current row: a bar, or a trade.
    Row,
    /// The quote's other side.
    FarSide,
}

/// What can be had at one price, until another row takes its place.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) price: Price,
    /// The row's quantity; absent if it is not known, and bounds nothing.
    size: Option<Quantity>,
    taken: Quantity,
    taken_by: Vec<(ActorId, Quantity)>,
}

impl Offer {
    const fn new() -> Self {
        Self { price: Price::new(0), size: None, taken: Quantity::ZERO, taken_by: Vec::new() }
    }

    /// Begins anew; the allocation stays.
    fn renew(&mut self, price: Price, size: Option<Quantity>) {
        (self.price, self.size, self.taken) = (price, size, Quantity::ZERO);
        self.taken_by.clear();
    }

    /// Returns how much an owner can still have (rule T6); `None` without bound.
    fn available(&self, owner: ActorId, rules: &FillRules) -> Option<Quantity> {
        let size = self.size?;
        let own = self.taken_by.iter().find(|(other, _)| *other == owner);
        let share = rules.share_of(Some(size))?.saturating_sub(own.map_or(Quantity::ZERO, |(_, own)| *own));
        Some(size.saturating_sub(self.taken).min(share))
    }

    fn count(&mut self, owner: ActorId, quantity: Quantity) {
        self.taken += quantity;
        match self.taken_by.iter_mut().find(|(other, _)| *other == owner) {
            Some((_, own)) => *own += quantity,
            None => self.taken_by.push((owner, quantity)),
        }
    }
}

/// Where a replay of trades and quotes stands.
#[derive(Debug)]
pub(super) struct TickFeed {
    config: TickConfig,
    /// The numbers of the next rows.
    next_trade: usize,
    next_quote: usize,
    /// The quote in force.
    quote: Quote,
    /// What can be had of bid and ask.
    sides: [Offer; 2],
    /// What can be had of the trade at hand.
    trade: Offer,
    /// The price of the last trade.
    last: Option<Price>,
    /// The side that the last trade is taken to have come from.
    aggressor: Side,
}

const DAY: SimDuration = SimDuration::from_secs(24 * 3_600);

impl TickFeed {
    /// Begins before the first row of `start` or later; what is earlier has set quote and last price.
    pub(super) fn new(config: TickConfig, start: SimTime) -> Self {
        let next_trade = config.trades.partition_point(|row| row.time < start);
        let next_quote = config.quotes.partition_point(|row| row.time() < start);
        let mut feed = Self {
            next_trade,
            next_quote,
            quote: Quote::default(),
            sides: [Offer::new(), Offer::new()],
            trade: Offer::new(),
            last: next_trade.checked_sub(1).map(|earlier| config.trades[earlier].price),
            aggressor: Side::Buy,
            config,
        };
        if let Some(earlier) = next_quote.checked_sub(1) {
            let row = feed.config.quotes[earlier];
            feed.set_quote(&row);
        }
        feed
    }

    pub(super) fn has_quotes(&self) -> bool {
        !self.config.quotes.is_empty()
    }

    pub(super) fn has_trades(&self) -> bool {
        !self.config.trades.is_empty()
    }

    /// Returns when a trade reaches a limit (rule T4).
    pub(super) const fn touch(&self) -> Touch {
        self.config.rules.touch
    }

    pub(super) const fn quote(&self) -> Quote {
        self.quote
    }

    /// Returns the price of the last trade.
    pub(super) const fn last(&self) -> Option<Price> {
        self.last
    }

    /// Returns the time of the next row: of two at one time, the quote stands first (rule T1).
    pub(super) fn next_time(&self) -> Option<SimTime> {
        let quote = self.config.quotes.get(self.next_quote).map(QuoteTick::time);
        let trade = self.config.trades.get(self.next_trade).map(|row| row.time);
        quote.into_iter().chain(trade).min()
    }

    /// Goes to the next row, if it is due.
    pub(super) fn advance(&mut self, now: SimTime) -> Option<Row> {
        let trade = self.config.trades.get(self.next_trade).copied();
        let quote = self.config.quotes.get(self.next_quote).copied();
        let quote = quote.filter(|quote| trade.is_none_or(|trade| quote.time() <= trade.time));
        if let Some(row) = quote {
            return (row.time() <= now).then(|| {
                self.next_quote += 1;
                self.set_quote(&row);
                Row::Quote(row)
            });
        }
        let row = trade.filter(|row| row.time <= now)?;
        self.next_trade += 1;
        self.set_trade(&row);
        Some(Row::Trade(row))
    }

    fn set_quote(&mut self, row: &QuoteTick) {
        self.quote = row.quote();
        let known = [self.config.known.bids, self.config.known.asks];
        let levels = [self.quote.bid, self.quote.ask];
        for ((side, level), is_known) in self.sides.iter_mut().zip(levels).zip(known) {
            if let Some(QuoteLevel { price, size }) = level {
                side.renew(price, is_known.then_some(size));
            }
        }
    }

    /// Takes in a trade; which side it came from is read from the quote, or else from the trade before it
    /// (Lee and Ready 1991).
    fn set_trade(&mut self, row: &TradeTick) {
        let TradeTick { price, quantity, .. } = *row;
        let above_mid = self.quote.twice_mid_ticks().map_or(0, |mid| (2 * price.ticks() - mid).signum());
        let above_last = self.last.map_or(0, |last| (price - last).signum());
        self.aggressor = match (above_mid, above_last) {
            (1, _) | (0, 1) => Side::Buy,
            (-1, _) | (0, -1) => Side::Sell,
            _ => self.aggressor,
        };
        self.last = Some(price);
        self.trade.renew(price, self.config.known.trades.then_some(quantity));
    }

    /// Returns the side that the last trade is taken to have come from.
    pub(super) const fn aggressor(&self) -> Side {
        self.aggressor
    }

    /// Returns the price of the quote's side that an order takes, if there is one.
    pub(super) fn far_price(&self, side: Side) -> Option<Price> {
        let level = match side {
            Side::Buy => self.quote.ask,
            Side::Sell => self.quote.bid,
        };
        level.map(|level| level.price)
    }

    /// Returns the price that elects stops of a side, and that trailing stops follow (rule T5).
    pub(super) fn electing_price(&self, side: Side) -> Option<Price> {
        if self.has_trades() { self.last } else { self.far_price(side) }
    }

    /// Returns with what market orders trade.
    pub(super) fn supply(&self) -> Supply {
        if self.has_quotes() { Supply::FarSide } else { Supply::Row }
    }

    /// Returns with what a limit order trades at an instant, if a price is good enough: where two are, with
    /// the one of which there is something left (rule T4).
    pub(super) fn supply_of_limit(&self, want: &LimitWant) -> Option<Supply> {
        let LimitWant { owner, side, limit, moment, has_waited, touch } = *want;
        let beyond = i64::from(touch == Touch::Through);
        let trades = moment == TickMoment::Trade
            && (has_waited || !self.has_quotes())
            && side.accepts(limit - side.sign() * beyond, self.trade.price);
        let crosses = self.far_price(side).is_some_and(|price| side.accepts(limit, price));
        let candidates = [trades.then_some(Supply::Row), crosses.then_some(Supply::FarSide)];
        let has_some = |supply: &Supply| self.available(*supply, side, owner) != Some(Quantity::ZERO);
        let mut good = candidates.into_iter().flatten();
        good.clone().find(has_some).or_else(|| good.next())
    }

    fn offer(&self, supply: Supply, side: Side) -> &Offer {
        match (supply, side) {
            (Supply::Row, _) => &self.trade,
            (Supply::FarSide, Side::Sell) => &self.sides[0],
            (Supply::FarSide, Side::Buy) => &self.sides[1],
        }
    }

    /// Returns the price of a supply, if there is one.
    pub(super) fn price(&self, supply: Supply, side: Side) -> Option<Price> {
        match supply {
            Supply::Row => Some(self.trade.price),
            Supply::FarSide => self.far_price(side),
        }
    }

    /// Returns how much an owner can still have of a supply; `None` without bound.
    pub(super) fn available(&self, supply: Supply, side: Side, owner: ActorId) -> Option<Quantity> {
        self.offer(supply, side).available(owner, &self.config.rules)
    }

    /// Counts what an owner has taken.
    pub(super) fn count(&mut self, supply: Supply, side: Side, owner: ActorId, quantity: Quantity) {
        let offer = match (supply, side) {
            (Supply::Row, _) => &mut self.trade,
            (Supply::FarSide, Side::Sell) => &mut self.sides[0],
            (Supply::FarSide, Side::Buy) => &mut self.sides[1],
        };
        offer.count(owner, quantity);
    }

    /// Adds to a price what a market order or stop pays besides (rule T7).
    pub(super) fn with_costs(&self, taken: &Taken, supply: Supply) -> Priced {
        let size = self.offer(supply, taken.side).size;
        let taken = Taken { is_auction: taken.is_auction || self.has_quotes(), ..*taken };
        let wanted = taken.price + taken.side.sign() * self.config.rules.costs(&taken, size);
        let price = wanted.clamp(self.config.min_price, Price::new(Price::MAX_TICKS));
        Priced { price, clamped: (wanted - price).abs() }
    }

    /// Returns the prices at which positions are closed after the last row: the quote's, or else the last
    /// trade's.
    pub(super) fn closing_price(&self, side: Side) -> Option<Price> {
        self.far_price(side).or(self.last).or_else(|| self.far_price(side.opposite()))
    }

    /// Returns whether the row of market orders at hand is the first of its day.
    pub(super) fn is_first_of_day(&self) -> bool {
        let row = self.row_of_market(0);
        self.row_of_market(1).is_none_or(|earlier| row.is_none_or(|row| self.day(row) != self.day(earlier)))
    }

    /// Returns whether the row of market orders at hand is the last of its day.
    pub(super) fn is_last_of_day(&self) -> bool {
        let next = if self.has_quotes() {
            self.config.quotes.get(self.next_quote).map(QuoteTick::time)
        } else {
            self.config.trades.get(self.next_trade).map(|row| row.time)
        };
        let row = self.row_of_market(0);
        next.is_none_or(|next| row.is_none_or(|row| self.day(row) != self.day(next)))
    }

    /// Returns whether no row of any kind follows on the day of `now`.
    pub(super) fn is_day_over(&self, now: SimTime) -> bool {
        self.next_time().is_none_or(|next| self.day(next) != self.day(now))
    }

    /// Returns the time of the last row that market orders trade with, or of one so many before it.
    fn row_of_market(&self, before: usize) -> Option<SimTime> {
        if self.has_quotes() {
            let index = self.next_quote.checked_sub(before + 1)?;
            self.config.quotes.get(index).map(QuoteTick::time)
        } else {
            let index = self.next_trade.checked_sub(before + 1)?;
            self.config.trades.get(index).map(|row| row.time)
        }
    }

    fn day(&self, time: SimTime) -> SimTime {
        (time - self.config.day_begins).floor_to(DAY)
    }
}

/// A limit order that looks for somebody to trade with.
#[derive(Debug, Clone, Copy)]
pub(super) struct LimitWant {
    pub(super) owner: ActorId,
    pub(super) side: Side,
    pub(super) limit: Price,
    pub(super) moment: TickMoment,
    /// Whether it stood in the market before this instant.
    pub(super) has_waited: bool,
    pub(super) touch: Touch,
}
