//! [`Naming`]: how an account names what it trades: `ALFA`, or `ALFA/USD` as pairs with the currency are
//! named.
//!
//! Programs that trade shares know one form, and those that trade currencies the other, so each instrument is
//! there under both. Orders and positions are shown under the one by which the account entered an order last.

use std::collections::{BTreeMap, BTreeSet};
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

/// What accounts call what they trade. Each account has at most as many names as there are instruments.
#[derive(Debug, Default)]
pub(super) struct Namings(Mutex<BTreeMap<AccountId, Known>>);

/// What is remembered of an account.
#[derive(Debug, Clone, Default)]
struct Known {
    /// By symbol.
    names: BTreeMap<String, Naming>,
    /// Whether what the database has is in it.
    is_whole: bool,
    /// What the database has not.
    unsaved: BTreeSet<String>,
}

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

    /// Returns what a listing is called, by symbol and venue.
    #[must_use]
    pub fn traded_name(&self, symbol: &str, venue: &str, naming: Naming) -> String {
        listing_name(&self.data, symbol, venue, naming)
    }

    /// Returns the name of the asset that an instrument is; where several venues list it, of the first.
    #[must_use]
    pub fn asset_name(&self, symbol: &str, naming: Naming) -> String {
        let listing = self.data.find_symbol(symbol);
        listing.map_or_else(|| self.name(symbol, naming), |(_, snapshot)| self.name_of(&snapshot, naming))
    }

    /// Returns what an instrument is called.
    #[must_use]
    pub fn name(&self, symbol: &str, naming: Naming) -> String {
        instrument_name(&self.data, symbol, naming)
    }

    /// Returns what an account calls what it trades. While the database is away, what is not remembered is
    /// called by its symbol.
    pub async fn names(&self, account: AccountId) -> AccountNames {
        let known = self.locked().get(&account).cloned().unwrap_or_default();
        if known.is_whole {
            return AccountNames(known.names);
        }
        let read = match self.database.traded_names(account).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "what an account calls its instruments cannot be read");
                return AccountNames(known.names);
            }
        };
        let naming = |is_pair| if is_pair { Naming::Pair } else { Naming::Symbol };
        let read = read.into_iter().map(|TradedName { symbol, is_pair }| (symbol, naming(is_pair)));
        let mut all = self.locked();
        if all.len() >= ACCOUNTS_MAX {
            all.clear();
        }
        let known = all.entry(account).or_default();
        for (symbol, naming) in read {
            // What was noted meanwhile is newer.
            known.names.entry(symbol).or_insert(naming);
        }
        known.is_whole = true;
        AccountNames(known.names.clone())
    }

    /// Notes what an account calls an instrument.
    pub(super) async fn note_name(&self, account: AccountId, symbol: &str, naming: Naming) {
        let names = self.names(account).await;
        let is_saved = |known: &Known| known.is_whole && known.unsaved.is_empty();
        if names.of(symbol) == naming && self.locked().get(&account).is_some_and(is_saved) {
            return;
        }
        let unsaved = {
            let mut all = self.locked();
            let known = all.entry(account).or_default();
            known.names.insert(symbol.to_owned(), naming);
            known.unsaved.insert(symbol.to_owned());
            let names = known.unsaved.iter().filter_map(|it| Some((it.clone(), *known.names.get(it)?)));
            names.collect::<Vec<_>>()
        };
        for (symbol, naming) in unsaved {
            let name = TradedName { is_pair: naming == Naming::Pair, symbol };
            if let Err(error) = self.database.put_traded_name(account, &name).await {
                tracing::warn!(%error, "what an account calls its instruments is written with its next order");
                return;
            }
            if let Some(known) = self.locked().get_mut(&account)
                && known.names.get(&name.symbol) == Some(&naming)
            {
                known.unsaved.remove(&name.symbol);
            }
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<AccountId, Known>> {
        // A map that is changed by whole entries.
        self.namings.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
