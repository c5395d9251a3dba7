//! [`Summary`]: what `summary.json` says: accounts and markets with all their metrics.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::metrics::{Measure, Measures, Unit};
use super::run::RunData;
use crate::record::AccountSummary;

/// The content of `summary.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The length of the periods over which returns are taken.
    pub period: String,
    /// How many of them make a year.
    pub periods_per_year: f64,
    /// The tracked accounts, in the scenario's order.
    pub accounts: Vec<AccountMetrics>,
    /// The listings, venue by venue.
    pub markets: Vec<MarketMetrics>,
}

/// An account with its metrics.
#[derive(Debug, Clone, Serialize)]
pub struct AccountMetrics {
    /// What the manifest says of it.
    #[serde(flatten)]
    pub account: AccountSummary,
    /// Its metrics.
    pub metrics: Measures,
}

/// A listing with its metrics.
#[derive(Debug, Clone, Serialize)]
pub struct MarketMetrics {
    /// The venue.
    pub venue: String,
    /// The symbol.
    pub symbol: String,
    /// Its metrics.
    pub metrics: Measures,
}

impl Summary {
    /// Sums up a run.
    #[must_use]
    pub fn of(run: &RunData) -> Self {
        let accounts = run.accounts.iter().map(|account| AccountMetrics {
            account: account.summary.clone(),
            metrics: account.metrics.clone(),
        });
        let markets = run.listings.iter().map(|listing| MarketMetrics {
            venue: listing.venue.clone(),
            symbol: listing.symbol.clone(),
            metrics: listing.metrics.clone(),
        });
        Self {
            scenario: run.manifest.scenario.clone(),
            seed: run.manifest.seed,
            period: run.period.to_string(),
            periods_per_year: run.periods_per_year,
            accounts: accounts.collect(),
            markets: markets.collect(),
        }
    }
}

/// A value beside what it counts in; null where it is not defined.
#[derive(Serialize)]
struct Entry {
    value: Option<f64>,
    unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none")]
    periods_per_year: Option<f64>,
}

impl Serialize for Measures {
    /// Writes a map by key, in the order of the list.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for &Measure { definition, value, periods_per_year } in self.iter() {
            map.serialize_entry(definition.key, &Entry { value, unit: definition.unit, periods_per_year })?;
        }
        map.end()
    }
}
