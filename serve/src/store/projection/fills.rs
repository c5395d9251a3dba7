//! Fills in the database.

use super::orders::side_of;
use super::page::{FillFilter, FillPlace, Page};
use super::position::number;
use super::rows::FillRow;
use crate::domain::AccountId;
use crate::store::database::{Amount, Database, Row, StoreError, Transaction, Value, args, statements};

macro_rules! columns {
    () => {
        "trade_id, order_id, account_id, day, symbol, venue, side, price, quantity, traded_value, liquidity, fee,
         queue_ahead, filled_at"
    };
}

macro_rules! page {
    () => {
        "account_id = $1
        AND (CAST($2 AS BIGINT) IS NULL OR order_id = $2)
        AND (CAST($3 AS TEXT) IS NULL OR symbol = $3)
        AND (CAST($4 AS TEXT) IS NULL OR venue = $4)
        AND (CAST($5 AS BIGINT) IS NULL OR filled_at >= $5)
        AND (CAST($6 AS BIGINT) IS NULL OR filled_at < $6)"
    };
}

statements! {
    INSERT = concat!("INSERT INTO fills (", columns!(), ", segment)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)");
    NEWEST = concat!("SELECT ", columns!(), " FROM fills WHERE ", page!(), "
        AND (CAST($7 AS BIGINT) IS NULL OR trade_id < $7 OR (trade_id = $7 AND order_id < $8))
        ORDER BY trade_id DESC, order_id DESC LIMIT $9");
    OLDEST = concat!("SELECT ", columns!(), " FROM fills WHERE ", page!(), "
        AND (CAST($7 AS BIGINT) IS NULL OR trade_id > $7 OR (trade_id = $7 AND order_id > $8))
        ORDER BY trade_id, order_id LIMIT $9");
    BEFORE = "SELECT quantity FROM fills WHERE account_id = $1 AND order_id = $2 AND trade_id < $3";
    FORGET = "DELETE FROM fills WHERE segment >= $1";
    OF_ORDER = concat!("SELECT ", columns!(), " FROM fills WHERE order_id = $1 ORDER BY trade_id");
}

pub(super) async fn insert(
    transaction: &mut Transaction,
    segment: u64,
    rows: &[&FillRow],
) -> Result<u64, StoreError> {
    let rows: Vec<_> = rows.iter().map(|row| arguments(segment, row)).collect();
    transaction.execute_rows(INSERT, &rows).await
}

fn arguments(segment: u64, row: &FillRow) -> Vec<Value> {
    let arguments: &[Value] = args![
        row.trade,
        row.order,
        row.account,
        row.day,
        row.symbol.as_str(),
        row.venue.as_str(),
        row.side.name(),
        row.price,
        row.quantity,
        row.traded_value,
        row.liquidity.as_str(),
        row.fee,
        row.queue_ahead,
        row.at,
        number(segment),
    ];
    arguments.to_vec()
}

pub(super) async fn forget(transaction: &mut Transaction, segment: u64) -> Result<u64, StoreError> {
    transaction.execute(FORGET, args![number(segment)]).await
}

/// Returns the fills of an order that are there.
pub(super) async fn of_order(transaction: &mut Transaction, order: i64) -> Result<Vec<FillRow>, StoreError> {
    transaction.rows(OF_ORDER, args![order]).await?.iter().map(of_row).collect()
}

impl Database {
    /// Returns what had traded of an account's order before a trade.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn filled_before(
        &self,
        account: AccountId,
        order: i64,
        trade: i64,
    ) -> Result<Amount, StoreError> {
        // SQLite cannot add numbers of so many digits.
        let mut sum = Amount(0);
        for row in self.rows(BEFORE, args![account, order, trade]).await? {
            sum.0 += row.get::<Amount>("quantity")?.0;
        }
        Ok(sum)
    }

    /// Returns a page of an account's fills, by trades.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fills(&self, filter: &FillFilter) -> Result<Page<FillRow, FillPlace>, StoreError> {
        let FillFilter { account, order, symbol, venue, from, to, behind, is_oldest_first, limit } = filter;
        let arguments = args![
            *account,
            *order,
            symbol.clone(),
            venue.clone(),
            *from,
            *to,
            behind.map(|place| place.trade),
            behind.map(|place| place.order),
            i64::from(*limit) + 1,
        ];
        let rows = self.rows(if *is_oldest_first { OLDEST } else { NEWEST }, arguments).await?;
        Page::of(rows.iter().map(of_row), *limit, |last| FillPlace { trade: last.trade, order: last.order })
    }
}

fn of_row(row: &Row) -> Result<FillRow, StoreError> {
    Ok(FillRow {
        trade: row.get("trade_id")?,
        order: row.get("order_id")?,
        account: AccountId::new(row.get("account_id")?),
        day: row.read("day", |day: i64| u32::try_from(day).ok())?,
        symbol: row.get("symbol")?,
        venue: row.get("venue")?,
        side: side_of(row)?,
        price: row.get("price")?,
        quantity: row.get("quantity")?,
        traded_value: row.get("traded_value")?,
        liquidity: row.get("liquidity")?,
        fee: row.get::<Amount>("fee")?,
        queue_ahead: row.get("queue_ahead")?,
        at: row.get("filled_at")?,
    })
}
