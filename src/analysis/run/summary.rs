//! [`Summary`]: what `summary.json` says: accounts and markets with all their metrics.

use std::collections::BTreeMap;
use std::fs;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::analysis::account::OrderEnding;
use crate::analysis::metrics::{Measure, Measures, Unit};
use crate::analysis::run::data::RunData;
use crate::record::{AccountSummary, OpenError, StoredRun, json_fault};
use bearpit_core::units::SimTime;

/// The content of `summary.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The length of the periods over which returns are taken.
    pub period: String,
    /// How many of them make a year.
    pub periods_per_year: f64,
    /// How many days of trading make a year.
    #[serde(default = "usual_days")]
    pub days_per_year: f64,
    /// Where that comes from: the days and hours of trading in a year, or `scenario` where its key says it.
    pub calendar: String,
    /// The tracked accounts, in the scenario's order.
    pub accounts: Vec<AccountMetrics>,
    /// The listings, venue by venue.
    pub markets: Vec<MarketMetrics>,
}

/// The days of trading of a year, for the summary of an older run, which does not say.
const fn usual_days() -> f64 {
    252.0
}

/// An account with its metrics.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountMetrics {
    /// What the manifest says of it.
    #[serde(flatten)]
    pub account: AccountSummary,
    /// When its equity first was at or below zero; absent if that never was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruined: Option<String>,
    /// When it was called: when its equity fell below its maintenance margin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub margin_calls: Vec<String>,
    /// How its orders ended that were not filled, where it was not its owner that ended them.
    pub endings: Vec<OrderEnding>,
    /// Its metrics.
    pub metrics: Measures,
}

/// A listing with its metrics.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MarketMetrics {
    /// The venue.
    pub venue: String,
    /// The symbol.
    pub symbol: String,
    /// Its metrics.
    pub metrics: Measures,
}

impl Summary {
    /// Reads the summary of a finished run.
    ///
    /// # Errors
    /// [`OpenError::Summary`] if the file is missing, damaged, or has other accounts than the manifest.
    pub fn read(run: &StoredRun) -> Result<Self, OpenError> {
        let path = run.directory().join("summary.json");
        let bad = |why: String| OpenError::Summary { path: path.clone(), why };
        let bytes = fs::read(&path).map_err(|error| bad(error.to_string()))?;
        let summary: Self = serde_json::from_slice(&bytes).map_err(|error| bad(json_fault(&error)))?;
        let listed = summary.accounts.iter().map(|account| &account.account);
        if listed.eq(&run.manifest().accounts) {
            Ok(summary)
        } else {
            Err(bad("it has other accounts than the manifest".to_owned()))
        }
    }

    /// Sums up a run.
    #[must_use]
    pub fn of(run: &RunData) -> Self {
        let accounts = run.accounts.iter().map(|account| AccountMetrics {
            account: account.summary.clone(),
            ruined: account.ruin.map(|ruin| SimTime::from_nanos(ruin.at).to_string()),
            margin_calls: account
                .margin_calls
                .iter()
                .map(|call| SimTime::from_nanos(call.at).to_string())
                .collect(),
            endings: account.endings.clone(),
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
            days_per_year: run.days_per_year(),
            calendar: run.year.map_or_else(|| "scenario".to_owned(), |year| year.to_string()),
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
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<String>,
}

impl Serialize for Measures {
    /// Writes a map by key, in the order of the list.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for &Measure { definition, value, periods_per_year, absence } in self.iter() {
            let absent = absence.map(|why| why.to_string());
            map.serialize_entry(
                definition.key,
                &Entry { value, unit: definition.unit, periods_per_year, absent },
            )?;
        }
        map.end()
    }
}

/// A value as a file has it; its unit is that of the definition.
#[derive(Deserialize)]
struct StoredEntry {
    value: Option<f64>,
    periods_per_year: Option<f64>,
}

impl<'de> Deserialize<'de> for Measures {
    /// Reads a map by key; keys that this version does not know are left out.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = BTreeMap::<String, StoredEntry>::deserialize(deserializer)?;
        Ok(Self::known(|key| entries.get(key).map(|entry| (entry.value, entry.periods_per_year))))
    }
}
