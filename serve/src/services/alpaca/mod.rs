//! What the Alpaca-compatible face asks for, beyond what the other services have: names and ids in its form,
//! orders by revision, amounts of money instead of quantities, bars of any length, calendars.
//!
//! Deliberately absent: HTTP and the shape of answers, which are the face's.

mod activities;
mod bars;
mod calendar;
mod entering;
mod ids;
mod names;
mod orders;
mod portfolio;
mod positions;
mod replacing;
mod timeframe;

use std::sync::Arc;

pub use activities::{Activities, ActivityQuery, FillActivity};
pub use bars::{Bar, BarsPage, BarsQuery, PagePlace};
pub use calendar::{MarketHours, TradingDay};
pub use entering::{Amount, NewOrder};
pub use ids::{Ids, OrderName};
pub use names::{AccountNames, NamedListing, Naming, listing_name};
pub use orders::{Found, Leg, OrdersQuery, Which};
pub use portfolio::{PortfolioHistory, PortfolioQuery, PortfolioStep};
pub use positions::{CloseAmount, ClosedPosition, Holding, NamedInstrument};
pub use replacing::Replacement;
pub use timeframe::Timeframe;

use crate::driver::MarketHandle;
use crate::services::market_data::MarketData;
use crate::services::trading::Trading;
use crate::store::database::Database;

/// What the service is made of.
#[derive(Debug)]
pub struct AlpacaParts {
    /// The name of the market, from which ids are derived.
    pub market: String,
    /// The market.
    pub handle: MarketHandle,
    /// Trading.
    pub trading: Arc<Trading>,
    /// Market data.
    pub data: Arc<MarketData>,
    /// Where names are.
    pub database: Database,
}

/// Answers what the Alpaca-compatible face asks.
#[derive(Debug)]
pub struct Alpaca {
    ids: Ids,
    handle: MarketHandle,
    trading: Arc<Trading>,
    data: Arc<MarketData>,
    database: Database,
    namings: names::Namings,
    promises: replacing::Promises,
}

impl Alpaca {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: AlpacaParts) -> Self {
        let AlpacaParts { market, handle, trading, data, database } = parts;
        let ids = Ids::of_market(&market);
        let (namings, promises) = Default::default();
        Self { ids, handle, trading, data, database, namings, promises }
    }

    /// Returns what makes and reads ids.
    #[must_use]
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Returns market data.
    #[must_use]
    pub const fn data(&self) -> &Arc<MarketData> {
        &self.data
    }

    /// Returns trading.
    #[must_use]
    pub const fn trading(&self) -> &Arc<Trading> {
        &self.trading
    }
}
