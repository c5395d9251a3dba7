//! Trading: orders, accounts and their history, in the name of a person.
//!
//! An account is a seat in the market, named by its id. It is opened by whatever is asked first in its name,
//! with the market's starting cash; that it exists already is no fault, so nobody gets the cash twice.

mod account;
pub(in crate::services) mod asking;
mod carried;
mod exits;
pub(in crate::services) mod explain;
mod history;
mod order_view;
mod orders;
mod own_event;
mod own_view;
mod portfolio;
mod report;
pub(in crate::services) mod request;
mod seats;
#[cfg(test)]
pub(in crate::services) mod tests;
pub(in crate::services) mod transfers;

use std::path::PathBuf;
use std::sync::Arc;

pub use account::{AccountSummary, PositionLine, PositionsView};
pub use exits::{BracketRequest, BracketView, PairRequest, PairView};
pub use history::{FillLine, FillsPage, HistoryQuery, OrdersPage};
pub use order_view::OrderView;
pub use orders::{CanceledView, OrdersView, PreviewView, ReplaceRequest, VenueWait, path_order};
pub use own_event::{More, OwnEventView};
pub use own_view::{MarkedAccount, MarkedPosition, OwnSnapshotView};
pub use portfolio::{Performance, PortfolioView, ValueLine};
pub use request::OrderRequest;

use tokio::sync::Semaphore;

use crate::driver::{MarketHandle, ScenarioSource};
use crate::services::market_data::MarketData;
use crate::store::database::Database;

/// What trading is made of.
#[derive(Debug)]
pub struct TradingParts {
    /// The market.
    pub handle: MarketHandle,
    /// The scenario of its days.
    pub source: ScenarioSource,
    /// What everybody sees of it.
    pub data: Arc<MarketData>,
    /// Where the history is.
    pub database: Database,
    /// The directory of the journal, of which reports are made.
    pub journal: PathBuf,
}

/// Trades in the name of people.
#[derive(Debug)]
pub struct Trading {
    handle: MarketHandle,
    pub(in crate::services) source: ScenarioSource,
    pub(in crate::services) data: Arc<MarketData>,
    pub(in crate::services) database: Database,
    journal: PathBuf,
    /// How many reports may be made at once.
    reports: Arc<Semaphore>,
}

impl Trading {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: TradingParts) -> Self {
        let TradingParts { handle, source, data, database, journal } = parts;
        // Each takes a core for as long as a replay of the day.
        let reports = Arc::new(Semaphore::new(1));
        Self { handle, source, data, database, journal, reports }
    }
}
