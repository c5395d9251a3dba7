//! [`Naming`]: how an account names what it trades: `ALFA`, or `ALFA/USD` as pairs with the currency are
//! named.
//!
//! Programs that trade shares know one form, and those that trade currencies the other, so each instrument is
//! there under both. Orders and positions are shown under the one by which the account entered an order last.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Alpaca;
use crate::domain::{AccountId, Problem, ProblemKind};
use crate::publication::ListingSnapshot;
use crate::services::market_data::MarketData;
use crate::store::traded_names::TradedName;

/// How an instrument is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Naming {
    /// By its symbol, as `ALFA`.
    #[default]
    Symbol,
    /// As a pair with the currency, as `ALFA/USD`.
    Pair,
}

/// A listing that somebody outside has named.
#[derive(Debug, Clone)]
pub struct NamedListing {
    /// How it was named.
    pub naming: Naming,
    /// The listing.
    pub snapshot: Arc<ListingSnapshot>,
}

/// What accounts call what they trade, by symbol. Each account has at most as many as there are instruments.
#[derive(Debug, Default)]
pub(super) struct Namings(Mutex<BTreeMap<AccountId, BTreeMap<String, Naming>>>);

/// What an account calls what it trades.
#[derive(Debug, Clone, Default)]
pub struct AccountNames(BTreeMap<String, Naming>);

/// How many accounts are remembered; they are read again as they are needed.
const ACCOUNTS_MAX: usize = 10_000;

impl AccountNames {
    /// Returns how it names an instrument.
    #[must_use]
    pub fn of(&self, symbol: &str) -> Naming {
        self.0.get(symbol).copied().unwrap_or_default()
    }
}

/// Returns what a listing is called: with its venue only where several list the symbol.
#[must_use]
pub fn listing_name(data: &MarketData, symbol: &str, venue: &str, naming: Naming) -> String {
    let name = instrument_name(data, symbol, naming);
    if data.find(symbol).is_ok() { name } else { format!("{name}@{venue}") }
}

fn instrument_name(data: &MarketData, symbol: &str, naming: Naming) -> String {
    match naming {
        Naming::Symbol => symbol.to_owned(),
        Naming::Pair => format!("{symbol}/{}", data.currency()),
    }
}

impl Alpaca {
    /// Returns the listing that a text names: `ALFA`, `ALFA/USD`, `ALFAUSD`, or any of them with `@PIT` where
    /// several venues list the symbol.
    ///
    /// # Errors
    /// [`Problem`] if it names none, or several.
    pub fn find(&self, text: &str) -> Result<NamedListing, Problem> {
        let found =
            |name: &str, naming| self.data.find(name).map(|(_, snapshot)| NamedListing { naming, snapshot });
        let first = match found(text, Naming::Symbol) {
            Ok(named) => return Ok(named),
            Err(problem) => problem,
        };
        let (name, venue) = text.split_once('@').map_or((text, None), |(name, venue)| (name, Some(venue)));
        let base = name.strip_suffix(self.data.currency()).filter(|base| !base.is_empty());
        if let Some(base) = base {
            let base = base.strip_suffix('/').unwrap_or(base);
            let base = venue.map_or_else(|| base.to_owned(), |venue| format!("{base}@{venue}"));
            if let Ok(named) = found(&base, Naming::Pair) {
                return Ok(named);
            }
        }
        if first.kind != ProblemKind::NotFound {
            return Err(first);
        }
        let message = format!("Invalid symbol: asset {text:?} not found");
        let problem = Problem::new(ProblemKind::NotFound, "unknown_symbol", message).at("symbol");
        Err(match first.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        })
    }

    /// Returns what a listing is called.
    #[must_use]
    pub fn name_of(&self, snapshot: &ListingSnapshot, naming: Naming) -> String {
        listing_name(&self.data, snapshot.listing.instrument.symbol(), &snapshot.listing.venue, naming)
    }

    /// Returns what an instrument is called.
    #[must_use]
    pub fn name(&self, symbol: &str, naming: Naming) -> String {
        instrument_name(&self.data, symbol, naming)
    }

    /// Returns what an account calls what it trades. While the database is away, what is not remembered is
    /// called by its symbol.
    pub async fn names(&self, account: AccountId) -> AccountNames {
        if let Some(known) = self.locked().get(&account) {
            return AccountNames(known.clone());
        }
        let read = match self.database.traded_names(account).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "what an account calls its instruments cannot be read");
                return AccountNames::default();
            }
        };
        let naming = |is_pair| if is_pair { Naming::Pair } else { Naming::Symbol };
        let names: BTreeMap<_, _> =
            read.into_iter().map(|TradedName { symbol, is_pair }| (symbol, naming(is_pair))).collect();
        let mut all = self.locked();
        if all.len() >= ACCOUNTS_MAX {
            all.clear();
        }
        // What was noted meanwhile is newer.
        AccountNames(all.entry(account).or_insert(names).clone())
    }

    /// Notes what an account calls an instrument.
    pub(super) async fn note_name(&self, account: AccountId, symbol: &str, naming: Naming) {
        if self.names(account).await.of(symbol) == naming {
            return;
        }
        self.locked().entry(account).or_default().insert(symbol.to_owned(), naming);
        let name = TradedName { symbol: symbol.to_owned(), is_pair: naming == Naming::Pair };
        if let Err(error) = self.database.put_traded_name(account, &name).await {
            tracing::warn!(%error, symbol, "what an account calls an instrument is forgotten at the next start");
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<AccountId, BTreeMap<String, Naming>>> {
        // A map that is changed by whole entries.
        self.namings.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
