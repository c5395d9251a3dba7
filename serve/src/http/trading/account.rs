//! The account and its positions.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::answers::{Failure, ProblemBody, answer, ok};
use super::super::body::{Body, Params};
use super::{Caller, Desk, WaitParams};
use crate::domain::ClientOrderId;
use crate::services::trading::{AccountSummary, OrderView, PositionsView};

/// Returns the account as it stands: cash, what orders hold, what it is worth.
#[utoipa::path(
    get, path = "/api/account", tag = "trading", operation_id = "account",
    responses((status = 200, body = AccountSummary), (status = "default", body = ProblemBody)),
)]
pub(super) async fn account(desk: Desk, caller: Caller) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.account(caller.account).await?))
}

/// Returns the positions.
#[utoipa::path(
    get, path = "/api/positions", tag = "trading", operation_id = "positions",
    responses((status = 200, body = PositionsView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn positions(desk: Desk, caller: Caller) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.positions(caller.account).await?))
}

/// How a position is to be closed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseRequest {
    /// An id of one's own for the order.
    #[schema(value_type = Option<String>, max_length = 128)]
    client_order_id: Option<ClientOrderId>,
}

/// Closes a position with a market order that can only reduce it.
#[utoipa::path(
    post, path = "/api/positions/{symbol}/close", tag = "trading", operation_id = "close_position",
    params(("symbol" = String, Path, description = "`ALFA` or `ALFA@PIT`."), WaitParams),
    request_body = CloseRequest,
    responses((status = 201, body = OrderView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn close(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Params(wait): Params<WaitParams>,
    Body(request): Body<CloseRequest>,
) -> Result<HttpResponse, Failure> {
    let view = desk.close(caller.account, &path, request.client_order_id, wait.wait()?).await?;
    Ok(answer(StatusCode::CREATED, &view))
}

/// Of which day the report is.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportParams {
    /// The day's name, as `/api/days` has it; today so far without one.
    day: Option<String>,
}

/// Returns a page about one's own trading on a day, as a back-test has one about a strategy.
#[utoipa::path(
    get, path = "/api/account/report", tag = "trading", operation_id = "account_report",
    params(ReportParams),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = "default", body = ProblemBody),
    ),
)]
pub(super) async fn report(
    desk: Desk,
    caller: Caller,
    Params(params): Params<ReportParams>,
) -> Result<HttpResponse, Failure> {
    let page = desk.report(caller.account, params.day.as_deref()).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(page))
}
