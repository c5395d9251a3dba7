//! The ledger in the database: what was moved on each account, and what it has of each asset from then on.
//!
//! A row moves an amount between an account and one of the house, so that none can be made that does not
//! balance. Its place is that of its fact on the tape.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::page::Page;
use super::position::number;
use crate::domain::{AccountId, Asset, EntryKind};
use crate::store::database::{Amount, Database, Row, StoreError, Transaction, Value, args, statements};

macro_rules! columns {
    () => {
        "segment, sequence, line, day, account_id, asset, amount, balance, kind, symbol, order_id, trade_id,
         reference, posted_at"
    };
}

macro_rules! page {
    () => {
        "account_id = $1
        AND (CAST($2 AS TEXT) IS NULL OR kind = $2)
        AND (CAST($3 AS TEXT) IS NULL OR symbol = $3)
        AND (CAST($4 AS BIGINT) IS NULL OR posted_at >= $4)
        AND (CAST($5 AS BIGINT) IS NULL OR posted_at < $5)"
    };
}

statements! {
    INSERT = concat!("INSERT INTO ledger (", columns!(), ", counter)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)");
    BALANCE = "SELECT balance FROM ledger WHERE account_id = $1 AND asset = $2
        AND (CAST($3 AS BIGINT) IS NULL OR posted_at < $3) AND (CAST($4 AS BIGINT) IS NULL OR segment <= $4)
        ORDER BY segment DESC, sequence DESC, line DESC LIMIT 1";
    // The index is read once for each asset.
    ASSETS = "WITH RECURSIVE held (asset) AS (SELECT MIN(asset) FROM ledger WHERE account_id = $1
        UNION ALL SELECT (SELECT MIN(next.asset) FROM ledger AS next WHERE next.account_id = $1
        AND next.asset > held.asset) FROM held WHERE held.asset IS NOT NULL)
        SELECT asset FROM held WHERE asset IS NOT NULL";
    NEWEST = concat!("SELECT ", columns!(), " FROM ledger WHERE ", page!(), "
        AND (CAST($6 AS BIGINT) IS NULL OR (segment, sequence, line) < ($6, $7, $8))
        ORDER BY segment DESC, sequence DESC, line DESC LIMIT $9");
    OLDEST = concat!("SELECT ", columns!(), " FROM ledger WHERE ", page!(), "
        AND (CAST($6 AS BIGINT) IS NULL OR (segment, sequence, line) > ($6, $7, $8))
        ORDER BY segment, sequence, line LIMIT $9");
    ACCOUNTS_IN = "SELECT DISTINCT account_id FROM ledger WHERE segment = $1";
    BEGIN = "UPDATE projection SET ledger_from = $1 WHERE id = 1";
    BEGUN = "SELECT ledger_from FROM projection WHERE id = 1";
    FORGET = "DELETE FROM ledger WHERE segment >= $1";
    FORGET_BEGIN = "UPDATE projection SET ledger_from = 0 WHERE id = 1 AND ledger_from >= $1";
}

/// What a fact moves on an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingRow {
    /// The account.
    pub account: AccountId,
    /// The number of the day.
    pub day: u32,
    /// What is moved.
    pub asset: Asset,
    /// How much.
    pub movement: Movement,
    /// What it is of.
    pub kind: EntryKind,
    /// The instrument that it is about, also where cash is moved.
    pub symbol: Option<String>,
    /// The order, of a trade.
    pub order: Option<i64>,
    /// The trade.
    pub trade: Option<i64>,
    /// What funds refer to.
    pub reference: Option<String>,
    /// When.
    pub at: i64,
}

/// How much is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Movement {
    /// So much; below zero if the account gives.
    By(Amount),
    /// What makes the balance so much.
    To(Amount),
}

/// What an account has where it is opened: for the first time, or since the market goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedRow {
    /// The account.
    pub account: AccountId,
    /// The number of the day.
    pub day: u32,
    /// Whether it is opened for the first time.
    pub is_new: bool,
    /// What it has: nothing of what is not named.
    pub balances: Vec<(Asset, Amount)>,
    /// When.
    pub at: i64,
}

/// A row of the ledger: what was moved, and what the account has from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its place on the tape.
    pub place: LedgerPlace,
    /// The account.
    pub account: AccountId,
    /// The number of the day.
    pub day: u32,
    /// What was moved.
    pub asset: Asset,
    /// How much; below zero if the account gave.
    pub amount: Amount,
    /// What the account has of it from then on.
    pub balance: Amount,
    /// What it is of.
    pub kind: EntryKind,
    /// The instrument that it is about, also where cash was moved.
    pub symbol: Option<String>,
    /// The order, of a trade.
    pub order: Option<i64>,
    /// The trade.
    pub trade: Option<i64>,
    /// What funds refer to.
    pub reference: Option<String>,
    /// When, in nanoseconds since 1970 in virtual time.
    pub at: i64,
}

/// The place of a row on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LedgerPlace {
    /// The segment of the journal.
    pub segment: i64,
    /// The number of the fact.
    pub sequence: i64,
    /// The number of the row of that fact.
    pub line: i64,
}

/// Which rows of an account are asked for. Times are nanoseconds since 1970 in virtual time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFilter {
    /// The account.
    pub account: AccountId,
    /// Those of a kind.
    pub kind: Option<EntryKind>,
    /// Those about an instrument.
    pub symbol: Option<String>,
    /// Those of then or later.
    pub from: Option<i64>,
    /// Those before.
    pub to: Option<i64>,
    /// Those behind a place in the order that is asked for: where the last page ended.
    pub behind: Option<LedgerPlace>,
    /// Whether the oldest come first.
    pub is_oldest_first: bool,
    /// How many at most.
    pub limit: u32,
}

impl LedgerFilter {
    /// Asks for the newest rows of an account.
    #[must_use]
    pub const fn of(account: AccountId, limit: u32) -> Self {
        Self {
            account,
            kind: None,
            symbol: None,
            from: None,
            to: None,
            behind: None,
            is_oldest_first: false,
            limit,
        }
    }
}

/// What accounts have, as far as it is known in memory.
pub(super) type Balances = BTreeMap<(AccountId, Asset), Amount>;

/// The rows that a batch adds to the ledger.
#[derive(Debug)]
pub(super) struct Ledger<'p> {
    segment: i64,
    /// Whether it has all of this segment: otherwise nothing of it is written.
    is_whole: bool,
    known: &'p Balances,
    changed: Balances,
    rows: Vec<LedgerRow>,
}

impl<'p> Ledger<'p> {
    /// Begins with what is known of balances, for a segment of which it has all or nothing.
    pub(super) fn new(segment: u64, is_whole: bool, known: &'p Balances) -> Self {
        Self { segment: number(segment), is_whole, known, changed: Balances::new(), rows: Vec::new() }
    }

    /// Begins with a segment from its first fact on: if nothing was written before, that is the first.
    pub(super) async fn begin(&mut self, transaction: &mut Transaction) -> Result<(), StoreError> {
        if !self.is_whole {
            transaction.execute(BEGIN, args![self.segment]).await?;
            self.is_whole = true;
        }
        Ok(())
    }

    /// Adds what a fact moves.
    pub(super) async fn post(
        &mut self,
        transaction: &mut Transaction,
        sequence: u64,
        posting: &PostingRow,
    ) -> Result<(), StoreError> {
        if !self.is_whole {
            return Ok(());
        }
        let before = self.balance(transaction, posting.account, &posting.asset).await?;
        let (amount, balance) = match posting.movement {
            Movement::By(amount) => (amount, Amount(before.0 + amount.0)),
            Movement::To(balance) => (Amount(balance.0 - before.0), balance),
        };
        if amount.0 == 0 {
            return Ok(());
        }
        let place = self.next_place(number(sequence));
        self.changed.insert((posting.account, posting.asset.clone()), balance);
        self.rows.push(LedgerRow {
            place,
            account: posting.account,
            day: posting.day,
            asset: posting.asset.clone(),
            amount,
            balance,
            kind: posting.kind,
            symbol: posting.symbol.clone(),
            order: posting.order,
            trade: posting.trade,
            reference: posting.reference.clone(),
            at: posting.at,
        });
        Ok(())
    }

    /// Adds what brings an account to what it is opened with: all of it for the first time, else nothing,
    /// unless the ledger did not have it.
    pub(super) async fn open(
        &mut self,
        transaction: &mut Transaction,
        sequence: u64,
        opened: &OpenedRow,
    ) -> Result<(), StoreError> {
        if !self.is_whole {
            return Ok(());
        }
        let mut balances: BTreeMap<Asset, Amount> = BTreeMap::new();
        if !opened.is_new {
            let rows = transaction.rows(ASSETS, args![opened.account]).await?;
            for row in &rows {
                balances.insert(asset_of(row)?, Amount(0));
            }
            let changed = self.changed.keys().filter(|(account, _)| *account == opened.account);
            balances.extend(changed.map(|(_, asset)| (asset.clone(), Amount(0))));
        }
        balances.extend(opened.balances.iter().cloned());
        let kind = if opened.is_new { EntryKind::Grant } else { EntryKind::Opening };
        for (asset, balance) in balances {
            let symbol = asset.symbol().map(str::to_owned);
            let (account, day, at) = (opened.account, opened.day, opened.at);
            let movement = Movement::To(balance);
            let (order, trade, reference) = (None, None, None);
            let posting =
                PostingRow { account, day, asset, movement, kind, symbol, order, trade, reference, at };
            self.post(transaction, sequence, &posting).await?;
        }
        Ok(())
    }

    /// Writes all rows, and returns the balances that they have changed.
    pub(super) async fn write(self, transaction: &mut Transaction) -> Result<Balances, StoreError> {
        let rows: Vec<_> = self.rows.iter().map(arguments).collect();
        transaction.execute_rows(INSERT, &rows).await?;
        Ok(self.changed)
    }

    fn next_place(&self, sequence: i64) -> LedgerPlace {
        let last = self.rows.last().map(|row| row.place).filter(|place| place.sequence == sequence);
        LedgerPlace { segment: self.segment, sequence, line: last.map_or(0, |place| place.line + 1) }
    }

    async fn balance(
        &self,
        transaction: &mut Transaction,
        account: AccountId,
        asset: &Asset,
    ) -> Result<Amount, StoreError> {
        let key = (account, asset.clone());
        if let Some(known) = self.changed.get(&key).or_else(|| self.known.get(&key)) {
            return Ok(*known);
        }
        let (before, segment): (Option<i64>, Option<i64>) = (None, None);
        let row = transaction.row(BALANCE, args![account, text_of(asset), before, segment]).await?;
        row.map_or(Ok(Amount(0)), |row| row.get("balance"))
    }
}

/// Returns the first segment of which the ledger has all; 0 if there is none.
pub(super) async fn begun(database: &Database) -> Result<u64, StoreError> {
    let row = database.row(BEGUN, &[]).await?;
    row.map_or(Ok(0), |row| row.read("ledger_from", |segment: i64| u64::try_from(segment).ok()))
}

pub(super) async fn forget(transaction: &mut Transaction, segment: u64) -> Result<(), StoreError> {
    transaction.execute(FORGET, args![number(segment)]).await?;
    transaction.execute(FORGET_BEGIN, args![number(segment)]).await.map(drop)
}

fn arguments(row: &LedgerRow) -> Vec<Value> {
    let arguments: &[Value] = args![
        row.place.segment,
        row.place.sequence,
        row.place.line,
        row.day,
        row.account,
        text_of(&row.asset),
        row.amount,
        row.balance,
        row.kind.name(),
        row.symbol.clone(),
        row.order,
        row.trade,
        row.reference.clone(),
        row.at,
        row.kind.counter(),
    ];
    arguments.to_vec()
}

/// Returns an asset as it stands in the database: cash has no name, which no symbol is.
fn text_of(asset: &Asset) -> &str {
    asset.symbol().unwrap_or_default()
}

fn asset_of(row: &Row) -> Result<Asset, StoreError> {
    let text: String = row.get("asset")?;
    Ok(if text.is_empty() { Asset::Cash } else { Asset::Shares(text) })
}

impl Database {
    /// Returns a page of an account's ledger.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger(&self, filter: &LedgerFilter) -> Result<Page<LedgerRow, LedgerPlace>, StoreError> {
        let LedgerFilter { account, kind, symbol, from, to, behind, is_oldest_first, limit } = filter;
        let arguments = args![
            *account,
            kind.map(|kind| kind.name().to_owned()),
            symbol.clone(),
            *from,
            *to,
            behind.map(|place| place.segment),
            behind.map(|place| place.sequence),
            behind.map(|place| place.line),
            i64::from(*limit) + 1,
        ];
        let rows = self.rows(if *is_oldest_first { OLDEST } else { NEWEST }, arguments).await?;
        Page::of(rows.iter().map(of_row), *limit, |last| last.place)
    }

    /// Returns what an account had of each asset before a moment, or now; what it had nothing of is left
    /// out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger_balances(
        &self,
        account: AccountId,
        before: Option<i64>,
    ) -> Result<BTreeMap<Asset, Amount>, StoreError> {
        self.balances_until(account, before, None).await
    }

    /// Returns what an account had of each asset at the end of a segment, or where the ledger stands within
    /// it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger_balances_in(
        &self,
        account: AccountId,
        segment: u64,
    ) -> Result<BTreeMap<Asset, Amount>, StoreError> {
        self.balances_until(account, None, Some(number(segment))).await
    }

    /// Returns the accounts on which something was moved in a segment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger_accounts_in(&self, segment: u64) -> Result<Vec<AccountId>, StoreError> {
        let rows = self.rows(ACCOUNTS_IN, args![number(segment)]).await?;
        rows.iter().map(|row| Ok(AccountId::new(row.get("account_id")?))).collect()
    }

    async fn balances_until(
        &self,
        account: AccountId,
        before: Option<i64>,
        segment: Option<i64>,
    ) -> Result<BTreeMap<Asset, Amount>, StoreError> {
        let mut balances = BTreeMap::new();
        for row in &self.rows(ASSETS, args![account]).await? {
            let asset = asset_of(row)?;
            let row = self.row(BALANCE, args![account, text_of(&asset), before, segment]).await?;
            let balance = row.map_or(Ok(Amount(0)), |row| row.get::<Amount>("balance"))?;
            if balance.0 != 0 {
                balances.insert(asset, balance);
            }
        }
        Ok(balances)
    }

    /// Returns the first segment of which the ledger has all, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger_from(&self) -> Result<Option<u64>, StoreError> {
        Ok(Some(begun(self).await?).filter(|segment| *segment != 0))
    }
}

fn of_row(row: &Row) -> Result<LedgerRow, StoreError> {
    Ok(LedgerRow {
        place: LedgerPlace {
            segment: row.get("segment")?,
            sequence: row.get("sequence")?,
            line: row.get("line")?,
        },
        account: AccountId::new(row.get("account_id")?),
        day: row.read("day", |day: i64| u32::try_from(day).ok())?,
        asset: asset_of(row)?,
        amount: row.get("amount")?,
        balance: row.get("balance")?,
        kind: row.read("kind", |word: String| EntryKind::of_name(&word))?,
        symbol: row.get("symbol")?,
        order: row.get("order_id")?,
        trade: row.get("trade_id")?,
        reference: row.get("reference")?,
        at: row.get("posted_at")?,
    })
}
