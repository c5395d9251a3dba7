//! What was moved on an account, from the ledger.

use bearpit_core::units::SimTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AssetName, EntryLine, Wallets};
use crate::domain::{AccountId, Actor, Asset, EntryKind, Number, Problem, ProblemKind, instant_of};
use crate::services::identity::of_store;
use crate::store::projection::{LedgerFilter, LedgerPlace, LedgerRow, Page};

/// How many entries a page has if nobody says.
const PAGE_DEFAULT: u32 = 100;
/// How many entries a page has at most.
const PAGE_MAX: u32 = 1_000;

/// Which entries are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryQuery {
    /// Those of another account of one's own.
    pub account: Option<AccountId>,
    /// Those of a kind.
    pub kind: Option<EntryKind>,
    /// Those about an instrument.
    pub symbol: Option<String>,
    /// Those of then or later, as of RFC 3339.
    pub from: Option<String>,
    /// Those before.
    pub to: Option<String>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
    /// Whether the oldest come first.
    pub is_oldest_first: bool,
}

/// A page of the ledger, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EntriesPage {
    /// The entries.
    pub entries: Vec<EntryLine>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

impl EntryQuery {
    /// Asks for as many as a page can have.
    #[must_use]
    pub fn whole_pages(self) -> Self {
        Self { limit: Some(PAGE_MAX), ..self }
    }
}

impl Wallets {
    /// Returns a page of what was moved on an account of whoever asks.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the database is away.
    pub async fn history(&self, who: &Actor, query: &EntryQuery) -> Result<EntriesPage, Problem> {
        let account = self.own_account(who, query.account).await?;
        self.entries(account, query).await
    }

    /// Returns a page of what was moved on an account.
    ///
    /// # Errors
    /// As [`Wallets::history`].
    pub(in crate::services) async fn entries(
        &self,
        account: AccountId,
        query: &EntryQuery,
    ) -> Result<EntriesPage, Problem> {
        let filter = LedgerFilter {
            kind: query.kind,
            symbol: query.symbol.clone(),
            from: instant("from", query.from.as_deref())?,
            to: instant("to", query.to.as_deref())?,
            behind: query.cursor.as_deref().map(place_of).transpose()?,
            is_oldest_first: query.is_oldest_first,
            ..LedgerFilter::of(account, limit_of(query.limit)?)
        };
        self.page(&filter).await
    }

    async fn page(&self, filter: &LedgerFilter) -> Result<EntriesPage, Problem> {
        let Page { rows, next } = self.database.ledger(filter).await.map_err(of_store)?;
        Ok(EntriesPage { entries: rows.iter().map(|row| self.line(row)).collect(), next: next.map(text_of) })
    }

    pub(super) fn line(&self, row: &LedgerRow) -> EntryLine {
        EntryLine {
            entry_id: text_of(row.place),
            at: self.trading.data.time(SimTime::from_nanos(row.at)),
            kind: row.kind,
            asset: match row.asset {
                Asset::Cash => AssetName::Cash,
                Asset::Shares(_) => AssetName::Shares,
            },
            symbol: row.symbol.clone(),
            amount: Number(row.amount.decimal()),
            balance: Number(row.balance.decimal()),
            counter: row.kind.counter(),
            order_id: row.order.map(|order| order.to_string()),
            trade_id: row.trade.map(|trade| trade.to_string()),
            reference: row.reference.clone(),
        }
    }
}

fn text_of(place: LedgerPlace) -> String {
    let LedgerPlace { segment, sequence, line } = place;
    format!("{segment}-{sequence}-{line}")
}

fn place_of(text: &str) -> Result<LedgerPlace, Problem> {
    let mut parts = text.split('-').map(|part| part.parse().ok().filter(|number: &i64| *number >= 0));
    match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten(), parts.next()) {
        (Some(segment), Some(sequence), Some(line), None) => Ok(LedgerPlace { segment, sequence, line }),
        _ => Err(invalid("cursor", "a cursor is what the last page gave as `next`")),
    }
}

pub(super) fn limit_of(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(invalid("limit", format!("a page has 1 to {PAGE_MAX} rows, not {limit}")))
}

fn instant(field: &'static str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let read = |text| instant_of(text).map(SimTime::nanos).map_err(|error| invalid(field, error));
    text.map(read).transpose()
}

pub(super) fn invalid(field: &'static str, message: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_parameter", message).at(field)
}
