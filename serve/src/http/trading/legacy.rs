//! `/trade/buy` and `/trade/sell`: market orders in the form of simple trading games.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers::{Failure, ProblemBody, answer};
use super::super::body::{Body, Params};
use super::{Caller, Desk, WaitParams};
use crate::domain::Number;
use crate::services::market_data::SideName;
use crate::services::trading::{OrderRequest, OrderView};

/// A market order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketRequest {
    /// What is traded.
    #[schema(example = "ALFA")]
    stock_symbol: String,
    /// How much.
    quantity: Number,
}

/// Buys at the market.
#[utoipa::path(
    post, path = "/trade/buy", tag = "trading", operation_id = "trade_buy",
    params(WaitParams), request_body = MarketRequest,
    responses((status = 201, body = OrderView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn buy(
    desk: Desk,
    caller: Caller,
    Params(wait): Params<WaitParams>,
    Body(request): Body<MarketRequest>,
) -> Result<HttpResponse, Failure> {
    trade(&desk, &caller, wait, request, SideName::Buy).await
}

/// Sells at the market.
#[utoipa::path(
    post, path = "/trade/sell", tag = "trading", operation_id = "trade_sell",
    params(WaitParams), request_body = MarketRequest,
    responses((status = 201, body = OrderView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn sell(
    desk: Desk,
    caller: Caller,
    Params(wait): Params<WaitParams>,
    Body(request): Body<MarketRequest>,
) -> Result<HttpResponse, Failure> {
    trade(&desk, &caller, wait, request, SideName::Sell).await
}

async fn trade(
    desk: &Desk,
    caller: &Caller,
    wait: WaitParams,
    request: MarketRequest,
    side: SideName,
) -> Result<HttpResponse, Failure> {
    let order = OrderRequest::market(request.stock_symbol, side, request.quantity);
    let view = desk.enter(caller.account, &order, wait.wait()?).await.map_err(|problem| {
        // The symbol has another name here.
        if problem.field.as_deref() == Some("symbol") { problem.at("stock_symbol") } else { problem }
    })?;
    Ok(answer(StatusCode::CREATED, &view))
}
