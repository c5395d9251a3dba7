//! What is seen of auctions: those that are open in memory, those that are over in the database.

use bearpit_core::units::{AuctionId, SimTime};

use super::Auctions;
use super::views::{AuctionView, AuctionsPage, Looking};
use crate::domain::{AccountId, Problem, ProblemKind, instant_of};
use crate::publication::AuctionState;
use crate::services::identity::of_store;
use crate::store::projection::{AuctionFilter, AuctionPlace, Page};

/// How many auctions a page has if nobody says.
const PAGE_DEFAULT: u32 = 50;
/// How many auctions a page has at most.
const PAGE_MAX: u32 = 200;
/// How auctions end, as words.
const OUTCOMES: [&str; 7] = ["accepted", "withdrawn", "expired", "closed", "split", "restricted", "blocked"];

/// Which open auctions are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenQuery {
    /// Those of a symbol.
    pub symbol: Option<String>,
    /// Whether only one's own, and those to which one proposes something.
    pub is_mine: bool,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

/// Which auctions that are over are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuctionQuery {
    /// Those of a symbol.
    pub symbol: Option<String>,
    /// Those that ended so.
    pub outcome: Option<String>,
    /// Whether only one's own, and those to which one proposed something.
    pub is_mine: bool,
    /// Those that ended then or later, as of RFC 3339.
    pub from: Option<String>,
    /// Those that ended before.
    pub to: Option<String>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

impl Auctions {
    /// Returns a page of the auctions that are open, the newest first, each with the proposals that are.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit.
    pub fn open(&self, account: AccountId, query: &OpenQuery) -> Result<AuctionsPage, Problem> {
        let limit = usize::try_from(limit_of(query.limit)?).unwrap_or(usize::MAX);
        let behind = query.cursor.as_deref().map(id_of).transpose()?;
        let looking = Looking { data: &self.trading.data, account: Some(account) };
        let state = self.trading.data.publication().auctions().state;
        let is_asked_for = |auction: &AuctionState| {
            let proposes = || auction.open_proposals().any(|it| looking.is_own(&it.proposer));
            query.symbol.as_deref().is_none_or(|symbol| symbol == &*auction.lot.symbol)
                && behind.is_none_or(|behind| auction.id < behind)
                && (!query.is_mine || looking.is_own(&auction.owner) || proposes())
        };
        let mut found = state.open.values().rev().filter(|auction| is_asked_for(auction));
        let auctions: Vec<_> = found.by_ref().take(limit).map(|it| looking.auction(it, false)).collect();
        let has_more = found.next().is_some();
        let next = auctions.last().filter(|_| has_more).map(|last| last.auction_id.clone());
        Ok(AuctionsPage { auctions, next })
    }

    /// Returns an auction, whenever it was offered, with its proposals.
    ///
    /// # Errors
    /// [`Problem`] if there is none of that id, or the database is away.
    pub async fn one(&self, account: AccountId, id: AuctionId) -> Result<AuctionView, Problem> {
        let looking = Looking { data: &self.trading.data, account: Some(account) };
        let state = self.trading.data.publication().auctions().state;
        if let Some(auction) = state.auction(id) {
            return Ok(looking.auction(auction, true));
        }
        let number = i64::try_from(id.get()).unwrap_or(i64::MAX);
        let row = self.trading.database.auction(number).await.map_err(of_store)?;
        row.map(|row| looking.row(&row)).ok_or_else(|| {
            let message = format!("there is no auction {id}");
            Problem::new(ProblemKind::NotFound, "unknown_auction", message).at("auction_id")
        })
    }

    /// Returns a page of auctions that are over, those that ended last first.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the database is away.
    pub async fn history(&self, account: AccountId, query: &AuctionQuery) -> Result<AuctionsPage, Problem> {
        if let Some(outcome) = query.outcome.as_deref().filter(|it| !OUTCOMES.contains(it)) {
            let message = format!("no auction ends `{outcome}`: they are {}", OUTCOMES.join(", "));
            return Err(invalid("outcome", message));
        }
        let filter = AuctionFilter {
            account: query.is_mine.then_some(account),
            symbol: query.symbol.clone(),
            outcome: query.outcome.clone(),
            from: instant("from", query.from.as_deref())?,
            to: instant("to", query.to.as_deref())?,
            behind: query.cursor.as_deref().map(place_of).transpose()?,
            limit: limit_of(query.limit)?,
        };
        let Page { rows, next } = self.trading.database.auctions(&filter).await.map_err(of_store)?;
        let looking = Looking { data: &self.trading.data, account: Some(account) };
        let next = next.map(|AuctionPlace { ended_at, auction }| format!("{ended_at}.{auction}"));
        Ok(AuctionsPage { auctions: rows.iter().map(|row| looking.row(row)).collect(), next })
    }
}

fn id_of(text: &str) -> Result<AuctionId, Problem> {
    text.parse().map(AuctionId::new).map_err(|_| bad_cursor())
}

fn place_of(text: &str) -> Result<AuctionPlace, Problem> {
    let place = text.split_once('.').and_then(|(at, auction)| at.parse().ok().zip(auction.parse().ok()));
    place.map(|(ended_at, auction)| AuctionPlace { ended_at, auction }).ok_or_else(bad_cursor)
}

fn bad_cursor() -> Problem {
    invalid("cursor", "a cursor is what the last page gave as `next`")
}

fn limit_of(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(invalid("limit", format!("a page has 1 to {PAGE_MAX} auctions, not {limit}")))
}

fn instant(field: &'static str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let read = |text| instant_of(text).map(SimTime::nanos).map_err(|error| invalid(field, error));
    text.map(read).transpose()
}

fn invalid(field: &'static str, message: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_parameter", message).at(field)
}
