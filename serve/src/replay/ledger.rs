//! [`audit_with_ledger`]: balances from the journal beside those of the ledger.

use std::collections::BTreeMap;

use thiserror::Error;

use super::audit::{Audit, AuditError, FactSums, audit_to};
use crate::domain::{AccountId, Asset};
use crate::driver::{MarketSource, Segment};
use crate::store::database::{Amount, Database, StoreError};
use crate::store::journal::segment_number;
use crate::store::projection::Position;

/// The ledger of a database beside a segment of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerAudit {
    /// How much of the segment the ledger has.
    pub extent: LedgerExtent,
    /// How many accounts were compared.
    pub accounts: usize,
    /// Where both differ: nowhere, if all is well.
    pub differences: Vec<Difference>,
}

/// How much of a segment a ledger has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerExtent {
    /// All of it.
    Whole,
    /// What is before a fact: the database is behind, or the market is not settled.
    Before(u64),
    /// Nothing yet: the database stands at an earlier segment.
    NotYet {
        /// The number of that segment.
        stands_at: u64,
    },
    /// Nothing: the ledger began with a later segment, or has not begun.
    Never {
        /// The number of the segment with which it began.
        begins_with: Option<u64>,
    },
    /// Nothing that could be compared: other requests of the segment are void.
    OtherTape,
}

/// A balance in which facts and ledger differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The account.
    pub account: AccountId,
    /// Of what.
    pub asset: Asset,
    /// What the facts of the journal add up to.
    pub by_facts: Amount,
    /// What the ledger has.
    pub in_ledger: Amount,
}

/// Why journal and ledger cannot be compared.
#[derive(Debug, Error)]
pub enum LedgerAuditError {
    /// The journal does not balance, or cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Audits a segment, and compares what its facts add up to with the ledger, up to where that has come. The
/// market must not run.
///
/// # Errors
/// [`LedgerAuditError`] if one of them cannot be read, or the journal does not balance by itself.
pub async fn audit_with_ledger(
    segment: &Segment,
    source: &dyn MarketSource,
    database: &Database,
) -> Result<(Audit, LedgerAudit), LedgerAuditError> {
    let number = segment_number(&segment.path).unwrap_or(0);
    let extent = extent(segment, number, database).await?;
    let end = match extent {
        LedgerExtent::Before(fact) => Some(fact),
        _ => None,
    };
    let (audit, sums) = audit_to(segment, source, end)?;
    let mut found = LedgerAudit { extent, accounts: 0, differences: Vec::new() };
    if !matches!(extent, LedgerExtent::Whole | LedgerExtent::Before(_)) {
        return Ok((audit, found));
    }
    let mut by_facts: BTreeMap<AccountId, BTreeMap<Asset, Amount>> =
        sums.into_iter().map(|FactSums { account, balances }| (account, balances)).collect();
    // One that the journal does not know has nothing by it.
    for account in database.ledger_accounts_in(number).await? {
        by_facts.entry(account).or_default();
    }
    found.accounts = by_facts.len();
    for (account, balances) in by_facts {
        let in_ledger = database.ledger_balances_in(account, number).await?;
        found.differences.extend(differences(account, &balances, &in_ledger));
    }
    Ok((audit, found))
}

async fn extent(
    segment: &Segment,
    number: u64,
    database: &Database,
) -> Result<LedgerExtent, LedgerAuditError> {
    let position = Position::read(database).await?;
    if position.segment < number {
        return Ok(LedgerExtent::NotYet { stands_at: position.segment });
    }
    let begins_with = database.ledger_from().await?;
    if begins_with.is_none_or(|first| first > number) {
        return Ok(LedgerExtent::Never { begins_with });
    }
    if position.segment > number {
        return Ok(LedgerExtent::Whole);
    }
    let voids = segment.scan().map_err(AuditError::from)?.voids.count();
    Ok(match position {
        Position { voids: stands, .. } if stands != voids => LedgerExtent::OtherTape,
        Position { is_ended: true, .. } => LedgerExtent::Whole,
        Position { sequence, .. } => LedgerExtent::Before(sequence),
    })
}

fn differences(
    account: AccountId,
    by_facts: &BTreeMap<Asset, Amount>,
    in_ledger: &BTreeMap<Asset, Amount>,
) -> Vec<Difference> {
    let mut assets: Vec<&Asset> = by_facts.keys().chain(in_ledger.keys()).collect();
    assets.sort_unstable();
    assets.dedup();
    let both = assets.into_iter().map(|asset| {
        let of = |balances: &BTreeMap<Asset, Amount>| balances.get(asset).copied().unwrap_or_default();
        Difference { account, asset: asset.clone(), by_facts: of(by_facts), in_ledger: of(in_ledger) }
    });
    both.filter(|found| found.by_facts != found.in_ledger).collect()
}
