//! History: orders and fills of an account, from the database.

use bearpit_core::units::{Decimal, OrderId, SimTime};
use serde::Serialize;
use utoipa::ToSchema;

use super::Trading;
use super::exits::LinkView;
use super::order_view::{OrderView, Writer, side_name};
use super::orders::{path_order, unknown_order};
use crate::domain::{
    AccountId, ClientOrderId, KindName, LiquidityName, MarketTime, Number, PegName, PostOnlyName, Problem,
    ProblemKind, RefusalId, RefusedOrder, SelfTradeName, StatusName, TimeInForceName, instant_of,
};
use crate::publication::Fill;
use crate::services::identity::of_store;
use crate::services::market_data::SideName;
use crate::store::database::Amount;
use crate::store::projection::{
    FillFilter, FillPlace, FillRow, OrderFilter, OrderPlace, OrderRow, OrderStatus,
};

/// What is asked of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Orders of a status.
    pub status: Option<StatusName>,
    /// What is of a symbol.
    pub symbol: Option<String>,
    /// What was entered or happened then or later, as of RFC 3339.
    pub from: Option<String>,
    /// What was entered or happened before.
    pub to: Option<String>,
    /// Whether orders that the gate of their account refused are left out.
    pub are_refused_left_out: bool,
    /// Fills of an order.
    pub order: Option<String>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
    /// Whether the oldest come first.
    pub is_oldest_first: bool,
}

/// A page of orders, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OrdersPage {
    /// The orders.
    pub orders: Vec<OrderView>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

/// A page of fills, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FillsPage {
    /// The fills.
    pub fills: Vec<FillLine>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

/// An order's share of a trade.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FillLine {
    /// The trade.
    pub trade_id: String,
    /// The order.
    pub order_id: String,
    /// What was traded.
    pub symbol: String,
    /// Where.
    pub venue: String,
    /// Whether the order bought or sold.
    pub side: SideName,
    /// The price.
    pub price: Number,
    /// The quantity.
    pub quantity: Number,
    /// Price times quantity.
    pub notional: Number,
    /// How the order came to trade.
    pub liquidity: Option<LiquidityName>,
    /// What was charged; a rebate is negative.
    pub fee: Number,
    /// The displayed quantity that was ahead of it when it joined the queue, if it rested.
    pub queue_ahead: Option<Number>,
    /// When.
    pub at: MarketTime,
}

/// How many rows a page has if nobody says.
const PAGE_DEFAULT: u32 = 100;
/// How many rows a page has at most.
const PAGE_MAX: u32 = 1_000;

impl Trading {
    /// Returns a page of an account's orders, the newest first. Those on their way to a venue are among the
    /// open orders only.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the database is away.
    pub async fn order_history(
        &self,
        account: AccountId,
        query: &HistoryQuery,
    ) -> Result<OrdersPage, Problem> {
        let limit = limit_of(query)?;
        let (symbol, venue) = listing_of(query);
        let mut filter = OrderFilter {
            status: query.status.map(status_of).transpose()?,
            symbol,
            venue,
            from: instant("from", query.from.as_deref())?,
            to: instant("to", query.to.as_deref())?,
            is_oldest_first: query.is_oldest_first,
            are_refused_left_out: query.are_refused_left_out,
            ..OrderFilter::of(account, limit)
        };
        if let Some(cursor) = &query.cursor {
            let (entered_at, order) = cursor.split_once('.').ok_or_else(bad_cursor)?;
            let place = entered_at.parse().ok().zip(order.parse().ok());
            let (entered_at, order) = place.ok_or_else(bad_cursor)?;
            filter.behind = Some(OrderPlace { entered_at, order });
        }
        let page = self.database.orders(&filter).await.map_err(of_store)?;
        let orders = page.rows.iter().map(|row| self.of_row(row)).collect();
        let next = page.next.map(|OrderPlace { entered_at, order }| format!("{entered_at}.{order}"));
        Ok(OrdersPage { orders, next })
    }

    /// Returns a page of an account's fills, the newest first.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the database is away.
    pub async fn fill_history(&self, account: AccountId, query: &HistoryQuery) -> Result<FillsPage, Problem> {
        let limit = limit_of(query)?;
        let (symbol, venue) = listing_of(query);
        let mut filter = FillFilter {
            symbol,
            venue,
            from: instant("from", query.from.as_deref())?,
            to: instant("to", query.to.as_deref())?,
            is_oldest_first: query.is_oldest_first,
            ..FillFilter::of(account, limit)
        };
        if let Some(order) = &query.order {
            filter.order = Some(order.parse().map_err(|_| {
                let message = format!("`{order}` is no id of an order");
                Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("order_id")
            })?);
        }
        if let Some(cursor) = &query.cursor {
            let (trade, order) = cursor.split_once('-').ok_or_else(bad_cursor)?;
            let place = trade.parse().ok().zip(order.parse().ok());
            let (trade, order) = place.ok_or_else(bad_cursor)?;
            filter.behind = Some(FillPlace { trade, order });
        }
        let page = self.database.fills(&filter).await.map_err(of_store)?;
        let fills = page.rows.iter().map(|row| self.fill_line(row)).collect();
        let next = page.next.map(|FillPlace { trade, order }| format!("{trade}-{order}"));
        Ok(FillsPage { fills, next })
    }

    /// Returns what had traded of an order before a trade.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn filled_before(
        &self,
        account: AccountId,
        order: &str,
        trade: u64,
    ) -> Result<Number, Problem> {
        let (order, trade) = (order.parse().unwrap_or(0), i64::try_from(trade).unwrap_or(i64::MAX));
        let sum = self.database.filled_before(account, order, trade).await.map_err(of_store)?;
        Ok(Number(sum.decimal()))
    }

    /// Returns an order, whenever it was entered.
    ///
    /// # Errors
    /// [`Problem`] if there is none of this account, or the database is away.
    pub async fn order(&self, account: AccountId, order: OrderId) -> Result<OrderView, Problem> {
        if let Some(view) = self.order_in_memory(account, order) {
            return Ok(view);
        }
        let id = i64::try_from(order.get()).map_err(|_| unknown_order(order))?;
        let row = self.database.order(account, id).await.map_err(of_store)?;
        row.map(|row| self.of_row(&row)).ok_or_else(|| unknown_order(order))
    }

    /// Returns an order by its id as text, also one that the gate of its account refused.
    ///
    /// # Errors
    /// [`Problem`] if there is none of this account, or the database is away.
    pub async fn order_named(&self, account: AccountId, id: &str) -> Result<OrderView, Problem> {
        let Ok(refusal) = id.parse::<RefusalId>() else { return self.order(account, path_order(id)?).await };
        if let Some(view) = self.refused_in_memory(account, |refused| refused.id == refusal) {
            return Ok(view);
        }
        let row = self.database.order(account, refusal.row()).await.map_err(of_store)?;
        row.map(|row| self.of_row(&row)).ok_or_else(|| {
            Problem::new(
                ProblemKind::NotFound,
                "unknown_order",
                format!("there is no order {refusal} of yours"),
            )
        })
    }

    /// Returns the last order of today that the gate of its account refused and that is meant.
    fn refused_in_memory(
        &self,
        account: AccountId,
        is_meant: impl Fn(&RefusedOrder) -> bool,
    ) -> Option<OrderView> {
        let book = self.book(account);
        let refused = book.own.refused.iter().rev().find(|refused| is_meant(refused))?;
        Some(self.writer(book.listing(refused.listing)?).refused(refused))
    }

    /// Returns the order that was entered under an id of its owner's.
    ///
    /// # Errors
    /// [`Problem`] if there is none, or it cannot be looked up.
    pub async fn order_by_client(
        &self,
        account: AccountId,
        client: ClientOrderId,
    ) -> Result<OrderView, Problem> {
        if let Some(order) = self.order_of_client(account, client.clone()).await? {
            return self.order(account, order).await;
        }
        if let Some(view) =
            self.refused_in_memory(account, |refused| refused.client.as_ref() == Some(&client))
        {
            return Ok(view);
        }
        let row = self.database.order_of_client(account, client.as_str()).await.map_err(of_store)?;
        row.map(|row| self.of_row(&row)).ok_or_else(|| {
            let message = format!("there is no order with the client_order_id `{}`", client.as_str());
            Problem::new(ProblemKind::NotFound, "unknown_order", message)
        })
    }

    fn fill_line(&self, row: &FillRow) -> FillLine {
        let number = |amount: Amount| Number(amount.decimal());
        FillLine {
            trade_id: row.trade.to_string(),
            order_id: row.order.to_string(),
            symbol: row.symbol.clone(),
            venue: row.venue.clone(),
            side: side_name(row.side),
            price: number(row.price),
            quantity: number(row.quantity),
            notional: number(row.traded_value),
            liquidity: LiquidityName::of_name(&row.liquidity),
            fee: number(row.fee),
            queue_ahead: row.queue_ahead.map(number),
            at: self.data.time(SimTime::from_nanos(row.at)),
        }
    }

    fn of_row(&self, row: &OrderRow) -> OrderView {
        let number = |amount: Amount| Number(amount.decimal());
        let optional = |amount: Option<Amount>| amount.map(number);
        let time = |nanos: i64| self.data.time(SimTime::from_nanos(nanos));
        let (terms, details) = (&row.terms, &row.terms.details);
        let kind = KindName::of_name(&terms.kind).unwrap_or(KindName::Limit);
        let LinkView { one_cancels_other, bracket, pair, exit_of } = LinkView::of_row(row.order, details);
        OrderView {
            order_id: RefusalId::of_row(row.order).map_or_else(|| row.order.to_string(), |id| id.to_string()),
            client_order_id: row.client.clone(),
            symbol: row.symbol.clone(),
            venue: row.venue.clone(),
            side: side_name(row.side),
            kind,
            status: row_status(row),
            quantity: number(row.quantity),
            open_quantity: number(if row.status == OrderStatus::Open { row.leaves } else { Amount(0) }),
            filled_quantity: number(row.filled),
            average_price: optional(row.average_price()),
            price: optional(terms.price.or(details.protection)),
            stop_price: optional(terms.trigger_price),
            trail_amount: optional(details.trail),
            trail_percent: details.trail_bps.map(|bps| Number(Decimal::new(i128::from(bps), 2))),
            trail_mark: None,
            peg: details.peg.as_deref().and_then(PegName::of_name),
            peg_offset: optional(details.peg_offset),
            is_triggered: row.is_triggered,
            time_in_force: TimeInForceName::of_name(&terms.time_in_force).unwrap_or(TimeInForceName::Gtc),
            expires_at: terms.expires_at.map(time),
            display_quantity: optional(terms.displayed),
            minimum_quantity: optional(terms.minimum),
            post_only: PostOnlyName::of_name(&terms.post_only),
            self_trade: SelfTradeName::of_name(&terms.self_trade).unwrap_or(SelfTradeName::Allow),
            reduce_only: terms.reduce_only,
            one_cancels_other,
            bracket,
            pair,
            exit_of,
            queue_ahead: None,
            cancel_pending: false,
            replace_pending: false,
            revision: details.revision,
            fees: number(row.fees),
            sent_at: row.sent_at.map(time),
            accepted_at: row.accepted_at.map(time),
            ended_at: row.ended_at.map(time),
            reason: None,
            explanation: row.reason.clone(),
            is_since_opening: false,
        }
    }
}

impl Writer<'_> {
    /// A share of a trade.
    pub(super) fn fill(&self, at: SimTime, fill: &Fill) -> FillLine {
        FillLine {
            trade_id: fill.trade.to_string(),
            order_id: fill.order.to_string(),
            symbol: self.listing.instrument.symbol().to_owned(),
            venue: self.listing.venue.clone(),
            side: side_name(fill.side),
            price: self.scale.price(fill.price),
            quantity: self.scale.quantity(fill.quantity),
            notional: Number::of_money(self.listing.instrument.notional(fill.price, fill.quantity)),
            liquidity: LiquidityName::of_name(fill.liquidity.name()),
            fee: Number::of_money(fill.fee),
            queue_ahead: fill.queue_ahead.map(|ahead| self.scale.quantity(ahead)),
            at: self.scale.time(at),
        }
    }
}

fn row_status(row: &OrderRow) -> StatusName {
    match row.status {
        OrderStatus::Open if row.filled.0 != 0 => StatusName::PartiallyFilled,
        OrderStatus::Open => StatusName::Open,
        OrderStatus::Filled => StatusName::Filled,
        OrderStatus::Canceled => StatusName::Canceled,
        OrderStatus::Expired => StatusName::Expired,
        OrderStatus::Rejected => StatusName::Rejected,
    }
}

fn status_of(name: StatusName) -> Result<OrderStatus, Problem> {
    match name {
        StatusName::Open | StatusName::PartiallyFilled => Ok(OrderStatus::Open),
        StatusName::Filled => Ok(OrderStatus::Filled),
        StatusName::Canceled => Ok(OrderStatus::Canceled),
        StatusName::Expired => Ok(OrderStatus::Expired),
        StatusName::Rejected => Ok(OrderStatus::Rejected),
        StatusName::PendingNew => {
            let message = "orders that are on their way are among the open orders";
            let problem = Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("status");
            Err(problem.hint("GET /api/orders/open"))
        }
    }
}

pub(super) fn limit_of(query: &HistoryQuery) -> Result<u32, Problem> {
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("a page has 1 to {PAGE_MAX} rows, not {limit}");
    Err(Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("limit"))
}

fn listing_of(query: &HistoryQuery) -> (Option<String>, Option<String>) {
    match query.symbol.as_deref().map(|symbol| symbol.split_once('@').ok_or(symbol)) {
        None => (None, None),
        Some(Ok((symbol, venue))) => (Some(symbol.to_owned()), Some(venue.to_owned())),
        Some(Err(symbol)) => (Some(symbol.to_owned()), None),
    }
}

pub(super) fn instant(field: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let read = |text| {
        let bad = |error| Problem::new(ProblemKind::Refused, "invalid_parameter", error).at(field);
        instant_of(text).map(SimTime::nanos).map_err(bad)
    };
    text.map(read).transpose()
}

fn bad_cursor() -> Problem {
    let message = "a cursor is what the last page gave as `next`";
    Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("cursor")
}
