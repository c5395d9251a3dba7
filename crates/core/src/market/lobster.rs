//! The records of LOBSTER's order flow files: [`OrderMessage`] and [`BookRow`].
//!
//! [LOBSTER](https://lobsterdata.com/info/DataStructure.php) has a message file and a book file for each
//! stock and day, with one row each per message: the book's row is the book *after* the message. The file has
//! the messages that changed the first N levels of the book, and no others. Prices are in 1/10,000 of the
//! currency, which is the tick of all prices here; one lot is one share. Messages may share a time; the order
//! of the file decides.

use std::fmt;

use super::instrument::Instrument;
use super::quote::QuoteLevel;
use super::side::Side;
use crate::units::{Decimal, Price, Quantity, SimDuration};

/// One message: an event of one order, or of trading as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderMessage {
    /// When, since midnight of the exchange's clock; in the file, decimal seconds down to nanoseconds.
    pub since_midnight: SimDuration,
    /// The order, by the exchange's own number; 0 where the message names none (hidden executions,
    /// cross trades, halts).
    pub order: u64,
    /// The number of shares added, removed or traded. Zero for a halt.
    pub size: Quantity,
    /// The price in 1/10,000 of the currency; zero for a halt.
    pub price: i64,
    /// The side of the *resting* order: an execution with [`Side::Sell`] is a buyer's trade with a
    /// resting sell order. Means nothing for a halt.
    pub side: Side,
    /// What happened.
    pub kind: MessageKind,
}

/// The type of a message, with LOBSTER's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// 1: a new limit order rests.
    Add,
    /// 2: part of an order is canceled; it keeps its priority.
    Reduce,
    /// 3: the rest of an order is canceled.
    Delete,
    /// 4: a visible order trades, in part or in full.
    Execute,
    /// 5: a hidden order trades; the visible book stays as it is.
    ExecuteHidden,
    /// 6: an auction trades; the visible book stays as it is.
    CrossTrade,
    /// 7: trading or quoting stops or resumes; the visible book stays as it is.
    Halt(HaltState),
}

/// The kind of a halt message, with the number that LOBSTER writes as its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaltState {
    /// -1: trading stops.
    Halted,
    /// 0: quoting resumes.
    QuotingResumed,
    /// 1: trading resumes.
    TradingResumed,
}

impl MessageKind {
    /// Returns the name of the message type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Reduce => "partial cancel",
            Self::Delete => "delete",
            Self::Execute => "execution",
            Self::ExecuteHidden => "hidden execution",
            Self::CrossTrade => "cross trade",
            Self::Halt(HaltState::Halted) => "halt",
            Self::Halt(HaltState::QuotingResumed) => "quoting resumes",
            Self::Halt(HaltState::TradingResumed) => "trading resumes",
        }
    }

    /// Returns whether the message is about an order that must already rest.
    #[must_use]
    pub const fn refers(self) -> bool {
        matches!(self, Self::Reduce | Self::Delete | Self::Execute)
    }
}

impl OrderMessage {
    /// Returns the price in ticks of 1/10,000.
    #[must_use]
    pub const fn tick_price(&self) -> Price {
        Price::new(self.price)
    }

    /// Undoes the message on the levels of its side, the best first: subtracts an addition from its level,
    /// and restores what was removed.
    pub fn undo(&self, levels: &mut Vec<QuoteLevel>) {
        let (price, size) = (self.tick_price(), self.size);
        let at = levels.iter().position(|level| level.price == price);
        match (self.kind, at) {
            (MessageKind::Add, Some(at)) => {
                levels[at].size = levels[at].size.saturating_sub(size);
                if levels[at].size.is_zero() {
                    levels.remove(at);
                }
            }
            (kind, Some(at)) if kind.refers() => levels[at].size += size,
            (kind, None) if kind.refers() => {
                let at = levels.partition_point(|level| self.side.accepts(level.price, price));
                levels.insert(at, QuoteLevel { price, size });
            }
            _ => {}
        }
    }
}

impl fmt::Display for OrderMessage {
    /// Writes `add of order 7: 100 at 118.6 (sell)`, or what the halt is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let &Self { order, size, side, kind, .. } = self;
        f.write_str(kind.name())?;
        if matches!(kind, MessageKind::Halt(_)) {
            return Ok(());
        }
        if order > 0 {
            write!(f, " of order {order}")?;
        }
        write!(f, ": {size} at {} ({side})", lobster_price(self.tick_price()))
    }
}

/// The first levels of a book, as one row of LOBSTER's book file has them.
///
/// In the file a row is `ask price, ask size, bid price, bid size` of the first level, then of the
/// second, and so on; a level that is not there has the price 9999999999 (ask) or -9999999999 (bid) and
/// size 0. Here such levels are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookRow {
    /// How many levels of each side the row has room for.
    pub depth: usize,
    /// The bids, the best first; prices in ticks of 1/10,000.
    pub bids: Vec<QuoteLevel>,
    /// The asks, the best first; prices in ticks of 1/10,000.
    pub asks: Vec<QuoteLevel>,
}

impl BookRow {
    /// Returns one side's levels, the best first.
    #[must_use]
    pub fn side(&self, side: Side) -> &[QuoteLevel] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// Returns one side's levels, mutably.
    pub const fn side_mut(&mut self, side: Side) -> &mut Vec<QuoteLevel> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Returns the book before `message`, if this is the one after it: so the first row gives the book before
    /// the first message.
    #[must_use]
    pub fn before(mut self, message: &OrderMessage) -> Self {
        message.undo(self.side_mut(message.side));
        self
    }

    /// Returns the last price up to which the row has all levels of a side; `None` if the row has room to
    /// spare, and so has all levels.
    #[must_use]
    pub fn horizon(&self, side: Side) -> Option<Price> {
        let levels = self.side(side);
        if levels.len() < self.depth { None } else { levels.last().map(|level| level.price) }
    }
}

/// Returns a price in ticks of 1/10,000 as an exact decimal of the currency.
#[must_use]
pub fn lobster_price(price: Price) -> Decimal {
    Decimal::new(price.ticks().into(), 4)
}

/// Converts a price of a file to the instrument's ticks, if it is on its grid and in range.
#[must_use]
pub fn lobster_ticks(price: Price, instrument: &Instrument) -> Option<Price> {
    lobster_price(price).in_units_of(instrument.tick_size()).and_then(Price::new_checked)
}

/// Converts a number of shares to the instrument's lots, if it is an integer number of them and in range.
#[must_use]
pub fn lobster_lots(shares: Quantity, instrument: &Instrument) -> Option<Quantity> {
    let lots = Decimal::new(shares.lots().into(), 0).in_units_of(instrument.lot_size())?;
    u64::try_from(lots).ok().filter(|lots| *lots <= Quantity::MAX_LOTS).map(Quantity::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_room_to_spare_shows_all_of_its_side() {
        let level = |ticks| QuoteLevel { price: Price::new(ticks), size: Quantity::new(1) };
        let row = BookRow { depth: 2, bids: vec![level(90), level(80)], asks: vec![level(100)] };
        assert_eq!(row.horizon(Side::Buy), Some(Price::new(80)));
        assert_eq!(row.horizon(Side::Sell), None);
    }

    #[test]
    fn prices_are_exact_decimals() {
        assert_eq!(lobster_price(Price::new(1_186_050)).to_string(), "118.605");
    }

    #[test]
    fn the_book_before_a_message_is_the_row_less_the_message() {
        let level = |ticks, lots| QuoteLevel { price: Price::new(ticks), size: Quantity::new(lots) };
        let row = BookRow { depth: 3, bids: vec![level(90, 5), level(70, 5)], asks: vec![level(100, 5)] };
        let message = |kind, side, price, size| OrderMessage {
            since_midnight: SimDuration::ZERO,
            order: 1,
            size: Quantity::new(size),
            price,
            side,
            kind,
        };
        let bids = |message: OrderMessage| row.clone().before(&message).bids;
        let add = message(MessageKind::Add, Side::Buy, 90, 5);
        assert_eq!(bids(add), [level(70, 5)]);
        assert_eq!(bids(message(MessageKind::Add, Side::Buy, 90, 2)), [level(90, 3), level(70, 5)]);
        assert_eq!(bids(message(MessageKind::Reduce, Side::Buy, 70, 2)), [level(90, 5), level(70, 7)]);
        let gone = [level(90, 5), level(80, 4), level(70, 5)];
        assert_eq!(bids(message(MessageKind::Execute, Side::Buy, 80, 4)), gone);
        assert_eq!(bids(message(MessageKind::ExecuteHidden, Side::Buy, 80, 4)), row.bids);
        let asks = row.clone().before(&message(MessageKind::Delete, Side::Sell, 99, 1)).asks;
        assert_eq!(asks, [level(99, 1), level(100, 5)]);
    }

    #[test]
    fn prices_and_sizes_are_on_the_grid_of_an_instrument_or_nothing() {
        let board = Instrument::new("ACME", Decimal::new(1, 2), Decimal::new(100, 0)).unwrap();
        assert_eq!(lobster_ticks(Price::new(1_186_100), &board), Some(Price::new(11_861)));
        assert_eq!(lobster_ticks(Price::new(1_186_150), &board), None);
        assert_eq!(lobster_lots(Quantity::new(300), &board), Some(Quantity::new(3)));
        assert_eq!(lobster_lots(Quantity::new(250), &board), None);
    }
}
