//! Orders: entering, canceling, replacing, looking.

use actix_web::http::StatusCode;
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::answers::{Failure, ProblemBody, answer, ok};
use super::super::body::{Body, Params, idempotency_key};
use super::{Caller, Desk, WaitParams};
use crate::services::trading::{
    CanceledView, OrderRequest, OrderView, OrdersView, PreviewView, ReplaceRequest, path_order,
};

/// Enters an order. The answer comes once the order is durable and on its way to the venue: its status is
/// `pending_new` then, or further if the venue was faster.
#[utoipa::path(
    post, path = "/api/orders", tag = "trading", operation_id = "enter_order",
    params(
        WaitParams,
        ("Idempotency-Key" = Option<String>, Header, description = "Stands for `client_order_id` if there is none."),
    ),
    request_body = OrderRequest,
    responses((status = 201, body = OrderView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn enter(
    desk: Desk,
    caller: Caller,
    head: HttpRequest,
    Params(wait): Params<WaitParams>,
    Body(mut request): Body<OrderRequest>,
) -> Result<HttpResponse, Failure> {
    if request.client_order_id.is_none() {
        request.client_order_id = idempotency_key(&head)?;
    }
    let view = desk.enter(caller.account, &request, wait.wait()?).await?;
    Ok(answer(StatusCode::CREATED, &view))
}

/// Says what an order would hold, and what it would take from the book as that stands; nothing is entered.
#[utoipa::path(
    post, path = "/api/orders/preview", tag = "trading", operation_id = "preview_order",
    request_body = OrderRequest,
    responses((status = 200, body = PreviewView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn preview(
    desk: Desk,
    caller: Caller,
    Body(request): Body<OrderRequest>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.preview(caller.account, &request).await?))
}

/// Returns the orders that are open or on their way, with their places in the queues.
#[utoipa::path(
    get, path = "/api/orders/open", tag = "trading", operation_id = "open_orders",
    responses((status = 200, body = OrdersView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn open(desk: Desk, caller: Caller) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.open_orders(caller.account).await?))
}

/// Returns an order, whenever it was entered.
#[utoipa::path(
    get, path = "/api/orders/{order_id}", tag = "trading", operation_id = "order",
    params(("order_id" = String, Path, description = "The order's id.")),
    responses((status = 200, body = OrderView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn one(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.order_named(caller.account, &path).await?))
}

/// Cancels an order. The cancel is on its way when the answer comes; what the venue says of it is told by
/// the order.
#[utoipa::path(
    delete, path = "/api/orders/{order_id}", tag = "trading", operation_id = "cancel_order",
    params(("order_id" = String, Path, description = "The order's id.")),
    responses((status = 200, body = OrderView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn cancel(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.cancel(caller.account, path_order(&path)?).await?))
}

/// Replaces price or quantity of an order; it keeps its place in the queue if only its quantity becomes
/// smaller.
#[utoipa::path(
    patch, path = "/api/orders/{order_id}", tag = "trading", operation_id = "replace_order",
    params(("order_id" = String, Path, description = "The order's id.")), request_body = ReplaceRequest,
    responses((status = 200, body = OrderView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn replace(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<ReplaceRequest>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.replace(caller.account, path_order(&path)?, request).await?))
}

/// Which orders to cancel.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CancelParams {
    /// Those of a symbol; all without one.
    symbol: Option<String>,
}

/// Cancels all orders, or those of a symbol.
#[utoipa::path(
    delete, path = "/api/orders", tag = "trading", operation_id = "cancel_orders",
    params(CancelParams),
    responses((status = 200, body = CanceledView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn cancel_all(
    desk: Desk,
    caller: Caller,
    Params(params): Params<CancelParams>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&desk.cancel_all(caller.account, params.symbol.as_deref()).await?))
}
