//! Watchlists: symbols that a person watches, in lists with names.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::identity;
use super::market_data::MarketData;
use crate::domain::{Actor, Problem, ProblemKind, UserId, WallTime};
use crate::store::database::{Database, StoreError};
use crate::store::watchlists::Watchlist;

/// The most lists of a person.
pub const LISTS_MAX: usize = 50;
/// The most symbols of a list.
pub const SYMBOLS_MAX: usize = 100;
/// The most characters of a name.
pub const NAME_MAX: usize = 64;

/// A list as its owner writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchlistRequest {
    /// Its name, unlike those of the person's other lists.
    #[schema(example = "mine", max_length = 64, min_length = 1)]
    pub name: String,
    /// The symbols, in the order in which they are shown.
    #[schema(max_items = 100)]
    pub symbols: Vec<String>,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WatchlistView {
    /// Its id.
    pub watchlist_id: Uuid,
    /// Its name.
    pub name: String,
    /// The symbols.
    pub symbols: Vec<String>,
}

/// The lists of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WatchlistsView {
    /// The lists, the oldest first.
    pub watchlists: Vec<WatchlistView>,
}

/// Keeps watchlists.
#[derive(Debug)]
pub struct Watchlists {
    database: Database,
    data: Arc<MarketData>,
}

impl Watchlists {
    /// Makes it.
    #[must_use]
    pub const fn new(database: Database, data: Arc<MarketData>) -> Self {
        Self { database, data }
    }

    /// Returns whose lists are asked about. They are the person's; a key of an account of a contest has no
    /// part in them.
    ///
    /// # Errors
    /// [`Problem`] if the request was made with such a key, or the database is away.
    pub async fn owner(&self, who: &Actor) -> Result<UserId, Problem> {
        identity::refuse_contest_key(&self.database, who).await?;
        Ok(who.user)
    }

    /// Returns the lists of a person.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn all(&self, user: UserId) -> Result<WatchlistsView, Problem> {
        let lists = self.database.watchlists(user).await.map_err(problem_of)?;
        Ok(WatchlistsView { watchlists: lists.into_iter().map(view).collect() })
    }

    /// Makes a list, `now`.
    ///
    /// # Errors
    /// [`Problem`] if it does not fit, there are too many, or there is one of that name.
    pub async fn add(
        &self,
        user: UserId,
        request: WatchlistRequest,
        now: WallTime,
    ) -> Result<WatchlistView, Problem> {
        let request = self.checked(request)?;
        if self.database.watchlists(user).await.map_err(problem_of)?.len() >= LISTS_MAX {
            let message = format!("a person has at most {LISTS_MAX} watchlists");
            return Err(Problem::new(ProblemKind::Refused, "too_many_watchlists", message));
        }
        let WatchlistRequest { name, symbols } = request;
        let list = Watchlist { id: Uuid::now_v7(), user, name, symbols, created_at: now };
        self.database.add_watchlist(&list).await.map_err(problem_of)?;
        Ok(view(list))
    }

    /// Changes name and symbols of a list.
    ///
    /// # Errors
    /// [`Problem`] if there is no such list of the person's, or it does not fit.
    pub async fn change(
        &self,
        user: UserId,
        id: Uuid,
        request: WatchlistRequest,
    ) -> Result<WatchlistView, Problem> {
        let WatchlistRequest { name, symbols } = self.checked(request)?;
        let list = Watchlist { id, user, name, symbols, created_at: WallTime::from_nanos(0) };
        if self.database.change_watchlist(&list).await.map_err(problem_of)? {
            Ok(view(list))
        } else {
            Err(unknown(id))
        }
    }

    /// Deletes a list.
    ///
    /// # Errors
    /// [`Problem`] if there is no such list of the person's.
    pub async fn delete(&self, user: UserId, id: Uuid) -> Result<(), Problem> {
        let was_there = self.database.delete_watchlist(user, id).await.map_err(problem_of)?;
        if was_there { Ok(()) } else { Err(unknown(id)) }
    }

    fn checked(&self, request: WatchlistRequest) -> Result<WatchlistRequest, Problem> {
        let length = request.name.trim().chars().count();
        if !(1..=NAME_MAX).contains(&length) || request.name.chars().any(char::is_control) {
            let message = format!("a name has 1 to {NAME_MAX} characters, none of them a control character");
            return Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at("name"));
        }
        if request.symbols.len() > SYMBOLS_MAX {
            let message = format!("a list has at most {SYMBOLS_MAX} symbols");
            return Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at("symbols"));
        }
        for (index, symbol) in request.symbols.iter().enumerate() {
            self.data.find(symbol).map_err(|problem| problem.at(format!("symbols[{index}]")))?;
            if request.symbols[..index].contains(symbol) {
                let message = format!("`{symbol}` is there twice");
                let field = format!("symbols[{index}]");
                return Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at(field));
            }
        }
        Ok(WatchlistRequest { name: request.name.trim().to_owned(), symbols: request.symbols })
    }
}

fn view(list: Watchlist) -> WatchlistView {
    WatchlistView { watchlist_id: list.id, name: list.name, symbols: list.symbols }
}

fn unknown(id: Uuid) -> Problem {
    Problem::new(ProblemKind::NotFound, "unknown_watchlist", format!("there is no watchlist {id} of yours"))
}

fn problem_of(error: StoreError) -> Problem {
    if let StoreError::Conflict { .. } = error {
        let message = "there is another watchlist of that name";
        return Problem::new(ProblemKind::Conflict, "name_in_use", message).at("name");
    }
    identity::of_store(error)
}
