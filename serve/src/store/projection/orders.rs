//! Orders in the database.

use bearpit_core::market::Side;

use super::page::{OrderFilter, OrderPlace, Page};
use super::position::number;
use super::rows::{OrderDetails, OrderRow, OrderStatus, OrderTermsRow};
use crate::domain::AccountId;
use crate::store::database::{Amount, Database, Row, StoreError, Transaction, Value, args, statements};

macro_rules! columns {
    () => {
        "order_id, account_id, day, symbol, venue, client_id, side, kind, time_in_force, expires_at, price,
         trigger_price, displayed, minimum, post_only, self_trade, reduce_only, details, status, is_triggered,
         quantity, leaves, filled, traded_value, fees, reason, sent_at, accepted_at, ended_at"
    };
}

macro_rules! page {
    () => {
        "account_id = $1
        AND (CAST($2 AS TEXT) IS NULL OR status = $2)
        AND (CAST($3 AS TEXT) IS NULL OR symbol = $3)
        AND (CAST($4 AS TEXT) IS NULL OR venue = $4)
        AND (CAST($5 AS BIGINT) IS NULL OR entered_at >= $5)
        AND (CAST($6 AS BIGINT) IS NULL OR entered_at < $6)
        AND (order_id >= 0 OR $9)"
    };
}

statements! {
    INSERT = concat!("INSERT INTO orders (", columns!(), ", entered_at, changed_in, segment)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)");
    /// Of an order that is there, what can change.
    UPDATE = concat!("INSERT INTO orders (", columns!(), ", entered_at, changed_in, segment)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)
        ON CONFLICT (order_id) DO UPDATE SET kind = excluded.kind, time_in_force = excluded.time_in_force,
        expires_at = excluded.expires_at, price = excluded.price, trigger_price = excluded.trigger_price,
        displayed = excluded.displayed, minimum = excluded.minimum, details = excluded.details,
        status = excluded.status, is_triggered = excluded.is_triggered, quantity = excluded.quantity,
        leaves = excluded.leaves, filled = excluded.filled, traded_value = excluded.traded_value,
        fees = excluded.fees, reason = excluded.reason, accepted_at = excluded.accepted_at,
        ended_at = excluded.ended_at, changed_in = excluded.changed_in");
    BY_ID = concat!("SELECT ", columns!(), " FROM orders WHERE order_id = $1");
    BY_CLIENT = concat!("SELECT ", columns!(), " FROM orders WHERE account_id = $1 AND client_id = $2
        ORDER BY entered_at DESC, order_id DESC LIMIT 1");
    NEWEST = concat!("SELECT ", columns!(), " FROM orders WHERE ", page!(), "
        AND (CAST($7 AS BIGINT) IS NULL OR entered_at < $7 OR (entered_at = $7 AND order_id < $8))
        ORDER BY entered_at DESC, order_id DESC LIMIT $10");
    OLDEST = concat!("SELECT ", columns!(), " FROM orders WHERE ", page!(), "
        AND (CAST($7 AS BIGINT) IS NULL OR entered_at > $7 OR (entered_at = $7 AND order_id > $8))
        ORDER BY entered_at, order_id LIMIT $10");
    FORGET = "DELETE FROM orders WHERE segment >= $1";
    CHANGED_SINCE = concat!("SELECT ", columns!(), " FROM orders WHERE changed_in >= $1 ORDER BY order_id");
}

/// Adds orders that were entered in a segment.
pub(super) async fn insert<'r>(
    transaction: &mut Transaction,
    segment: u64,
    rows: impl Iterator<Item = &'r OrderRow>,
) -> Result<u64, StoreError> {
    let rows: Vec<_> = rows.map(|row| arguments(segment, row)).collect();
    transaction.execute_rows(INSERT, &rows).await
}

/// Writes what can change of orders that are there; each of them once.
pub(super) async fn update<'r>(
    transaction: &mut Transaction,
    segment: u64,
    rows: impl Iterator<Item = &'r OrderRow>,
) -> Result<u64, StoreError> {
    let rows: Vec<_> = rows.map(|row| arguments(segment, row)).collect();
    transaction.execute_rows(UPDATE, &rows).await
}

fn arguments(segment: u64, row: &OrderRow) -> Vec<Value> {
    let terms = &row.terms;
    let mut arguments: Vec<Value> = args![
        row.order,
        row.account,
        row.day,
        row.symbol.as_str(),
        row.venue.as_str(),
        row.client.clone(),
        row.side.name(),
    ]
    .to_vec();
    arguments.extend(price_terms(terms));
    arguments.extend_from_slice(args![
        terms.post_only.as_str(),
        terms.self_trade.as_str(),
        terms.reduce_only,
        details_text(&terms.details),
    ]);
    arguments.extend(state(row));
    arguments.insert(26, row.sent_at.into());
    arguments.extend_from_slice(args![row.entered_at(), number(segment), number(segment)]);
    arguments
}

/// Kind, time in force, prices, displayed and least quantity.
fn price_terms(terms: &OrderTermsRow) -> [Value; 7] {
    [
        terms.kind.as_str().into(),
        terms.time_in_force.as_str().into(),
        terms.expires_at.into(),
        terms.price.into(),
        terms.trigger_price.into(),
        terms.displayed.into(),
        terms.minimum.into(),
    ]
}

/// What has become of it, quantities and sums, the reason, and when it was accepted and ended.
fn state(row: &OrderRow) -> [Value; 10] {
    [
        row.status.name().into(),
        row.is_triggered.into(),
        row.quantity.into(),
        row.leaves.into(),
        row.filled.into(),
        row.traded_value.into(),
        row.fees.into(),
        row.reason.clone().into(),
        row.accepted_at.into(),
        row.ended_at.into(),
    ]
}

fn details_text(details: &OrderDetails) -> String {
    // Fails for maps with other keys than texts only, of which there are none.
    serde_json::to_string(details).unwrap_or_default()
}

/// Reads an order within a transaction.
pub(super) async fn find(transaction: &mut Transaction, order: i64) -> Result<Option<OrderRow>, StoreError> {
    transaction.row(BY_ID, args![order]).await?.as_ref().map(of_row).transpose()
}

/// Deletes orders that were entered in a segment or later, and returns those that were changed since.
pub(super) async fn forget(transaction: &mut Transaction, segment: u64) -> Result<Vec<OrderRow>, StoreError> {
    let since: &[Value] = args![number(segment)];
    transaction.execute(FORGET, since).await?;
    transaction.rows(CHANGED_SINCE, since).await?.iter().map(of_row).collect()
}

impl Database {
    /// Returns an order of an account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn order(&self, account: AccountId, order: i64) -> Result<Option<OrderRow>, StoreError> {
        let row = self.row(BY_ID, args![order]).await?;
        let found = row.as_ref().map(of_row).transpose()?;
        Ok(found.filter(|found| found.account == account))
    }

    /// Returns the newest order of an account with an id that its sender gave it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn order_of_client(
        &self,
        account: AccountId,
        client: &str,
    ) -> Result<Option<OrderRow>, StoreError> {
        self.row(BY_CLIENT, args![account, client]).await?.as_ref().map(of_row).transpose()
    }

    /// Returns a page of an account's orders, by their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Page<OrderRow, OrderPlace>, StoreError> {
        let OrderFilter { account, status, symbol, venue, from, to, limit, .. } = filter;
        let arguments = args![
            *account,
            status.map(OrderStatus::name),
            symbol.clone(),
            venue.clone(),
            *from,
            *to,
            filter.behind.map(|place| place.entered_at),
            filter.behind.map(|place| place.order),
            !filter.are_refused_left_out,
            i64::from(*limit) + 1,
        ];
        let rows = self.rows(if filter.is_oldest_first { OLDEST } else { NEWEST }, arguments).await?;
        Page::of(rows.iter().map(of_row), *limit, |last| OrderPlace {
            entered_at: last.entered_at(),
            order: last.order,
        })
    }
}

fn of_row(row: &Row) -> Result<OrderRow, StoreError> {
    let terms = OrderTermsRow {
        kind: row.get("kind")?,
        time_in_force: row.get("time_in_force")?,
        expires_at: row.get("expires_at")?,
        price: row.get("price")?,
        trigger_price: row.get("trigger_price")?,
        displayed: row.get("displayed")?,
        minimum: row.get("minimum")?,
        post_only: row.get("post_only")?,
        self_trade: row.get("self_trade")?,
        reduce_only: row.get("reduce_only")?,
        details: row.read("details", |text: String| serde_json::from_str(&text).ok())?,
    };
    Ok(OrderRow {
        order: row.get("order_id")?,
        account: AccountId::new(row.get("account_id")?),
        day: row.read("day", |day: i64| u32::try_from(day).ok())?,
        symbol: row.get("symbol")?,
        venue: row.get("venue")?,
        client: row.get("client_id")?,
        side: side_of(row)?,
        terms,
        status: row.read("status", |name: String| OrderStatus::of_name(&name))?,
        is_triggered: row.get("is_triggered")?,
        quantity: row.get("quantity")?,
        leaves: row.get("leaves")?,
        filled: row.get("filled")?,
        traded_value: row.get("traded_value")?,
        fees: row.get::<Amount>("fees")?,
        reason: row.get("reason")?,
        sent_at: row.get("sent_at")?,
        accepted_at: row.get("accepted_at")?,
        ended_at: row.get("ended_at")?,
    })
}

/// Reads the side of an order or fill.
pub(super) fn side_of(row: &Row) -> Result<Side, StoreError> {
    row.read("side", |name: String| [Side::Buy, Side::Sell].into_iter().find(|side| side.name() == name))
}
