//! [`TradePrint`]: a trade as everybody sees it; [`QuotePrint`]: a quote of before;
//! [`PhaseState`]: where a session stands.

use bearpit_core::market::{Phase, QuoteLevel, Side, Trade};
use bearpit_core::units::{Price, Quantity, SimTime, TradeId};
use serde::{Deserialize, Serialize};

/// A trade as everybody sees it: without orders, owners and fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradePrint {
    /// Its number in the channel of its listing's trades.
    pub number: u64,
    /// The trade.
    pub id: TradeId,
    /// When it was executed.
    pub at: SimTime,
    /// The price.
    pub price: Price,
    /// The quantity.
    pub quantity: Quantity,
    /// The side of the order that took liquidity; absent in an auction.
    pub aggressor: Option<Side>,
}

impl TradePrint {
    pub(super) fn of(number: u64, at: SimTime, trade: &Trade) -> Self {
        let aggressor = (trade.phase == Phase::Continuous).then_some(trade.aggressor);
        Self { number, id: trade.id, at, price: trade.price, quantity: trade.quantity, aggressor }
    }
}

/// The best prices of both sides, as they were published at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotePrint {
    /// The moment.
    pub at: SimTime,
    /// The best bid, if there was one.
    pub bid: Option<QuoteLevel>,
    /// The best ask, if there was one.
    pub ask: Option<QuoteLevel>,
}

/// Where a listing's session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseState {
    /// Since when, in virtual time.
    pub at: SimTime,
    /// The phase.
    pub phase: Phase,
    /// At what price how much would trade if the auction ended now, if anything would; absent outside
    /// auctions.
    pub indicative: Option<Indicative>,
}

/// The outcome of an auction if it ended now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indicative {
    /// The price of all its trades.
    pub price: Price,
    /// The quantity that would trade.
    pub volume: Quantity,
}
