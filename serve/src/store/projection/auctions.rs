//! Auctions between participants that are over, in the database: each is written once, with its proposals.

use serde::{Deserialize, Serialize};

use super::page::Page;
use super::position::number;
use crate::domain::AccountId;
use crate::store::database::{Amount, Database, Row, StoreError, Transaction, Value, args, statements};

macro_rules! columns {
    () => {
        "auction_id, account_id, day, symbol, quantity, offered_at, deadline, ended_at, outcome, accepted_id,
         swap_value"
    };
}

/// Auctions that are picked, each with its proposals: one row for each proposal, or one without any.
macro_rules! with_proposals {
    ($($picked:expr),+) => {
        concat!(
            "SELECT a.auction_id, a.account_id, a.day, a.symbol, a.quantity, a.offered_at, a.deadline, a.ended_at,
             a.outcome, a.accepted_id, a.swap_value, p.proposal_id, p.account_id AS proposer_id, p.cash,
             p.symbol AS for_symbol, p.quantity AS for_quantity, p.proposed_at, p.ended_at AS proposal_ended_at,
             p.outcome AS proposal_outcome FROM (SELECT ", columns!(), " FROM auctions WHERE ", $($picked),+, ") a
             LEFT JOIN auction_proposals p ON p.auction_id = a.auction_id
             ORDER BY a.ended_at DESC, a.auction_id DESC, p.proposal_id"
        )
    };
}

macro_rules! page {
    () => {
        "(CAST($1 AS TEXT) IS NULL OR symbol = $1)
        AND (CAST($2 AS TEXT) IS NULL OR outcome = $2)
        AND (CAST($3 AS BIGINT) IS NULL OR ended_at >= $3)
        AND (CAST($4 AS BIGINT) IS NULL OR ended_at < $4)
        AND (CAST($5 AS BIGINT) IS NULL OR ended_at < $5 OR (ended_at = $5 AND auction_id < $6))"
    };
}

statements! {
    INSERT = concat!("INSERT INTO auctions (", columns!(), ", segment)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
    INSERT_PROPOSAL = "INSERT INTO auction_proposals (proposal_id, auction_id, account_id, cash, symbol, quantity,
        proposed_at, ended_at, outcome, segment) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    PAGE = with_proposals!(page!(), " ORDER BY ended_at DESC, auction_id DESC LIMIT $7");
    OWN_PAGE = with_proposals!(page!(), " AND (account_id = $8 OR auction_id IN (SELECT auction_id
        FROM auction_proposals WHERE account_id = $8)) ORDER BY ended_at DESC, auction_id DESC LIMIT $7");
    ONE = with_proposals!("auction_id = $1");
    FORGET = "DELETE FROM auctions WHERE segment >= $1";
    FORGET_PROPOSALS = "DELETE FROM auction_proposals WHERE segment >= $1";
    /// Those in which nobody from outside took part.
    FORGET_OLD = "DELETE FROM auctions WHERE ended_at < $1 AND account_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM auction_proposals p
            WHERE p.auction_id = auctions.auction_id AND p.account_id IS NOT NULL)";
    FORGET_OLD_PROPOSALS = "DELETE FROM auction_proposals WHERE ended_at < $1 AND account_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM auctions a WHERE a.auction_id = auction_proposals.auction_id)";
}

/// An auction that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuctionRow {
    /// Its id.
    pub auction: i64,
    /// The account of its owner; absent of a scenario's own participants.
    pub account: Option<AccountId>,
    /// The number of its day.
    pub day: u32,
    /// What was offered.
    pub symbol: String,
    /// How much.
    pub quantity: Amount,
    /// When it was offered, in nanoseconds since 1970 in virtual time.
    pub offered_at: i64,
    /// When it would have expired.
    pub deadline: i64,
    /// When it ended.
    pub ended_at: i64,
    /// How, as a word.
    pub outcome: String,
    /// The proposal that was accepted.
    pub accepted: Option<i64>,
    /// What each side of the swap was taken to be worth.
    pub value: Option<Amount>,
    /// Its proposals, in the order of their ids.
    pub proposals: Vec<AuctionProposalRow>,
}

/// A proposal of an auction that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuctionProposalRow {
    /// Its id.
    pub proposal: i64,
    /// The account of whoever proposed; absent of a scenario's own participants.
    pub account: Option<AccountId>,
    /// The cash that was proposed, if it was cash.
    pub cash: Option<Amount>,
    /// The instrument that was proposed, if it was shares.
    pub symbol: Option<String>,
    /// How many of them.
    pub quantity: Option<Amount>,
    /// When it was proposed.
    pub proposed_at: i64,
    /// When it ended.
    pub ended_at: i64,
    /// How, as a word.
    pub outcome: String,
}

/// Which auctions are asked for. Times are nanoseconds since 1970 in virtual time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuctionFilter {
    /// Those of an account, or to which it proposed something.
    pub account: Option<AccountId>,
    /// Those of a symbol.
    pub symbol: Option<String>,
    /// Those that ended so.
    pub outcome: Option<String>,
    /// Those that ended then or later.
    pub from: Option<i64>,
    /// Those that ended before.
    pub to: Option<i64>,
    /// Those behind an auction: where the last page ended.
    pub behind: Option<AuctionPlace>,
    /// How many at most.
    pub limit: u32,
}

/// The place of an auction among all: by when it ended, then by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuctionPlace {
    /// When it ended.
    pub ended_at: i64,
    /// Its id.
    pub auction: i64,
}

pub(super) async fn insert(
    transaction: &mut Transaction,
    segment: u64,
    rows: &[&AuctionRow],
) -> Result<u64, StoreError> {
    let proposals = rows.iter().flat_map(|row| row.proposals.iter().map(|it| (row.auction, it)));
    let proposals: Vec<_> = proposals.map(|(auction, it)| proposal_arguments(segment, auction, it)).collect();
    transaction.execute_rows(INSERT_PROPOSAL, &proposals).await?;
    let rows: Vec<_> = rows.iter().map(|row| arguments(segment, row)).collect();
    transaction.execute_rows(INSERT, &rows).await
}

fn arguments(segment: u64, row: &AuctionRow) -> Vec<Value> {
    let arguments: &[Value] = args![
        row.auction,
        row.account,
        row.day,
        row.symbol.as_str(),
        row.quantity,
        row.offered_at,
        row.deadline,
        row.ended_at,
        row.outcome.as_str(),
        row.accepted,
        row.value,
        number(segment),
    ];
    arguments.to_vec()
}

fn proposal_arguments(segment: u64, auction: i64, row: &AuctionProposalRow) -> Vec<Value> {
    let arguments: &[Value] = args![
        row.proposal,
        auction,
        row.account,
        row.cash,
        row.symbol.clone(),
        row.quantity,
        row.proposed_at,
        row.ended_at,
        row.outcome.as_str(),
        number(segment),
    ];
    arguments.to_vec()
}

pub(super) async fn forget(transaction: &mut Transaction, segment: u64) -> Result<(), StoreError> {
    for statement in [FORGET, FORGET_PROPOSALS] {
        transaction.execute(statement, args![number(segment)]).await?;
    }
    Ok(())
}

/// Deletes auctions among a scenario's own participants that ended before a time.
pub(super) async fn forget_old(transaction: &mut Transaction, before: i64) -> Result<(), StoreError> {
    for statement in [FORGET_OLD, FORGET_OLD_PROPOSALS] {
        transaction.execute(statement, args![before]).await?;
    }
    Ok(())
}

impl Database {
    /// Returns a page of auctions that are over, those that ended last first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn auctions(
        &self,
        filter: &AuctionFilter,
    ) -> Result<Page<AuctionRow, AuctionPlace>, StoreError> {
        let AuctionFilter { account, symbol, outcome, from, to, behind, limit } = filter;
        let arguments: &[Value] = args![
            symbol.clone(),
            outcome.clone(),
            *from,
            *to,
            behind.map(|place| place.ended_at),
            behind.map(|place| place.auction),
            i64::from(*limit) + 1,
        ];
        let rows = match account {
            None => self.rows(PAGE, arguments).await?,
            Some(account) => self.rows(OWN_PAGE, &[arguments, &[Value::from(*account)]].concat()).await?,
        };
        let place = |row: &AuctionRow| AuctionPlace { ended_at: row.ended_at, auction: row.auction };
        Page::of(grouped(&rows)?.into_iter().map(Ok), *limit, place)
    }

    /// Returns an auction that is over, if there is one of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn auction(&self, auction: i64) -> Result<Option<AuctionRow>, StoreError> {
        let rows = self.rows(ONE, args![auction]).await?;
        Ok(grouped(&rows)?.pop())
    }
}

/// Puts the rows of each auction together, which follow one another.
fn grouped(rows: &[Row]) -> Result<Vec<AuctionRow>, StoreError> {
    let mut auctions: Vec<AuctionRow> = Vec::new();
    for row in rows {
        let auction: i64 = row.get("auction_id")?;
        if auctions.last().is_none_or(|last| last.auction != auction) {
            auctions.push(of_row(row)?);
        }
        let proposal: Option<i64> = row.get("proposal_id")?;
        if let (Some(proposal), Some(last)) = (proposal, auctions.last_mut()) {
            last.proposals.push(proposal_of(row, proposal)?);
        }
    }
    Ok(auctions)
}

fn account_of(row: &Row, column: &'static str) -> Result<Option<AccountId>, StoreError> {
    Ok(row.get::<Option<uuid::Uuid>>(column)?.map(AccountId::new))
}

fn of_row(row: &Row) -> Result<AuctionRow, StoreError> {
    Ok(AuctionRow {
        auction: row.get("auction_id")?,
        account: account_of(row, "account_id")?,
        day: row.read("day", |day: i64| u32::try_from(day).ok())?,
        symbol: row.get("symbol")?,
        quantity: row.get("quantity")?,
        offered_at: row.get("offered_at")?,
        deadline: row.get("deadline")?,
        ended_at: row.get("ended_at")?,
        outcome: row.get("outcome")?,
        accepted: row.get("accepted_id")?,
        value: row.get("swap_value")?,
        proposals: Vec::new(),
    })
}

fn proposal_of(row: &Row, proposal: i64) -> Result<AuctionProposalRow, StoreError> {
    Ok(AuctionProposalRow {
        proposal,
        account: account_of(row, "proposer_id")?,
        cash: row.get("cash")?,
        symbol: row.get("for_symbol")?,
        quantity: row.get("for_quantity")?,
        proposed_at: row.get("proposed_at")?,
        ended_at: row.get("proposal_ended_at")?,
        outcome: row.get("proposal_outcome")?,
    })
}
