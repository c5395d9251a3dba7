//! [`Scale`]: from ticks and lots to numbers, and from instants to the zone's clock.

use bearpit::data::Zone;
use bearpit_core::market::{Instrument, QuoteLevel};
use bearpit_core::units::{Decimal, Money, Price, Quantity, SimTime};

use super::views::{CandleView, LevelView, TradeView};
use crate::domain::{MarketTime, Number};
use crate::publication::{Candle, TradePrint};

/// How what is published of a listing is written for the outside.
#[derive(Debug, Clone, Copy)]
pub struct Scale<'a> {
    /// What is traded.
    pub instrument: &'a Instrument,
    /// Where it is.
    pub zone: &'a Zone,
}

impl Scale<'_> {
    /// Returns a price.
    #[must_use]
    pub fn price(&self, price: Price) -> Number {
        Number(self.instrument.price_decimal(price))
    }

    /// Returns a quantity.
    #[must_use]
    pub fn quantity(&self, quantity: Quantity) -> Number {
        let lots = Decimal::new(i128::from(quantity.lots()), 0);
        // 64 bits of lots, times a lot that is itself a number of 64 bits, fit.
        Number(self.instrument.lot_size().checked_mul(lots).unwrap_or(lots))
    }

    /// Returns an amount of money.
    #[must_use]
    pub const fn money(&self, money: Money) -> Number {
        Number::of_money(money)
    }

    /// Returns an instant.
    #[must_use]
    pub fn time(&self, at: SimTime) -> MarketTime {
        MarketTime::new(at, self.zone)
    }

    /// Returns a level of a book: its price and its size.
    #[must_use]
    pub fn level(&self, level: QuoteLevel) -> LevelView {
        LevelView([self.price(level.price), self.quantity(level.size)])
    }

    /// Returns a trade.
    #[must_use]
    pub fn trade(&self, print: &TradePrint) -> TradeView {
        TradeView {
            number: print.number,
            trade_id: print.id.to_string(),
            at: self.time(print.at),
            price: self.price(print.price),
            quantity: self.quantity(print.quantity),
            aggressor: print.aggressor.map(Into::into),
        }
    }

    /// Returns a candle.
    #[must_use]
    pub fn candle(&self, candle: &Candle, is_closed: bool) -> CandleView {
        CandleView {
            start: self.time(candle.start),
            open: self.price(candle.open),
            high: self.price(candle.high),
            low: self.price(candle.low),
            close: self.price(candle.close),
            volume: self.quantity(candle.volume),
            notional: self.money(candle.notional),
            trades: candle.trades,
            is_closed,
        }
    }
}
