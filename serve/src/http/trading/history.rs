//! History: orders, trades, values.

use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::answers::{Failure, ProblemBody, ok};
use super::super::body::Params;
use super::{Caller, Desk};
use crate::domain::{ClientOrderId, Problem, ProblemKind, StatusName};
use crate::services::trading::{FillsPage, HistoryQuery, OrdersPage, PortfolioView};

/// Which orders are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct OrderParams {
    /// Those of a status.
    status: Option<StatusName>,
    /// Those of a symbol, `ALFA` or `ALFA@PIT`.
    symbol: Option<String>,
    /// Those that were entered then or later, as of RFC 3339.
    from: Option<String>,
    /// Those that were entered before, as of RFC 3339.
    to: Option<String>,
    /// The one with this id of one's own.
    client_order_id: Option<String>,
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most, 1 to 1,000; 100 if nothing is said.
    limit: Option<u32>,
}

impl OrderParams {
    /// Returns what is asked of the history; an id of one's own is not part of it.
    pub(in crate::http) fn query(self) -> HistoryQuery {
        let Self { status, symbol, from, to, client_order_id: _, cursor, limit } = self;
        HistoryQuery { status, symbol, from, to, cursor, limit, ..HistoryQuery::default() }
    }
}

/// Returns orders, the newest first, in pages. Those that the account's gate refused are among the rejected.
#[utoipa::path(
    get, path = "/api/orders", tag = "trading", operation_id = "orders",
    params(OrderParams),
    responses((status = 200, body = OrdersPage), (status = "default", body = ProblemBody)),
)]
pub(super) async fn orders(
    desk: Desk,
    caller: Caller,
    Params(params): Params<OrderParams>,
) -> Result<HttpResponse, Failure> {
    if let Some(client) = params.client_order_id {
        let client = ClientOrderId::try_from(client).map_err(|error| {
            Problem::new(ProblemKind::Refused, "invalid_parameter", error).at("client_order_id")
        })?;
        let orders = vec![desk.order_by_client(caller.account, client).await?];
        return Ok(ok(&OrdersPage { orders, next: None }));
    }
    Ok(ok(&desk.order_history(caller.account, &params.query()).await?))
}

/// Which trades are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct TradeParams {
    /// Those of an order.
    order_id: Option<String>,
    /// Those of a symbol, `ALFA` or `ALFA@PIT`.
    symbol: Option<String>,
    /// Those that happened then or later, as of RFC 3339.
    from: Option<String>,
    /// Those that happened before, as of RFC 3339.
    to: Option<String>,
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most, 1 to 1,000; 100 if nothing is said.
    limit: Option<u32>,
}

impl TradeParams {
    /// Returns what is asked of the history.
    pub(in crate::http) fn query(self) -> HistoryQuery {
        let Self { order_id, symbol, from, to, cursor, limit } = self;
        HistoryQuery { symbol, from, to, order: order_id, cursor, limit, ..HistoryQuery::default() }
    }
}

/// Returns one's own trades, the newest first, in pages.
#[utoipa::path(
    get, path = "/api/trades/history", tag = "trading", operation_id = "trade_history",
    params(TradeParams),
    responses((status = 200, body = FillsPage), (status = "default", body = ProblemBody)),
)]
pub(super) async fn trades(
    desk: Desk,
    caller: Caller,
    Params(params): Params<TradeParams>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.fill_history(caller.account, &params.query()).await?))
}

/// For when the portfolio is asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ValueParams {
    /// Then or later, as of RFC 3339.
    from: Option<String>,
    /// Before, as of RFC 3339.
    to: Option<String>,
    /// How many at most, 1 to 1,000; 100 if nothing is said.
    limit: Option<u32>,
}

impl ValueParams {
    /// Returns what is asked of the history.
    pub(in crate::http) fn query(self) -> HistoryQuery {
        let Self { from, to, limit } = self;
        HistoryQuery { from, to, limit, ..HistoryQuery::default() }
    }
}

/// Returns what the account was worth over time, once a sample interval, the oldest first, and how it did
/// from the first moment that was asked for to the last.
#[utoipa::path(
    get, path = "/api/portfolio", tag = "trading", operation_id = "portfolio",
    params(ValueParams),
    responses((status = 200, body = PortfolioView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn portfolio(
    desk: Desk,
    caller: Caller,
    Params(params): Params<ValueParams>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.portfolio(caller.account, &params.query()).await?))
}
