//! `/api/strategies`: scripts that trade in the live market in one's own name.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::answers::{Failure, ProblemBody, answer, ok};
use super::body::{Body, Params, idempotency_key};
use super::endpoint::{Access, Endpoint};
use super::trading::history::{OrderParams, TradeParams, ValueParams};
use crate::domain::{AccountId, Actor, Problem, ProblemKind, Scope};
use crate::services::strategies::{
    ScriptRequest, StopRequest, Strategies, StrategiesView, StrategyCheck, StrategyDetail, StrategyLog,
    StrategyRequest, StrategySeries, StrategyView,
};
use crate::services::trading::{FillsPage, OrdersPage, PortfolioView, Trading};
use crate::services::wall_now;

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(all, start, check, one, stop, delete, log, series, portfolio, orders, trades),
    tags((name = "strategies", description = "Scripts that trade in the live market."))
)]
pub(super) struct StrategiesDoc;

type Service = web::Data<Strategies>;
type Caller = web::ReqData<Actor>;

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let (read, trade) = (Access::Needs(Scope::Read), Access::Needs(Scope::Trade));
    vec![
        Endpoint::at("/api/strategies").get(read, all).post(trade, start),
        Endpoint::at("/api/strategies/check").post(read, check),
        Endpoint::at("/api/strategies/{strategy_id}/stop").post(trade, stop),
        Endpoint::at("/api/strategies/{strategy_id}/log").get(read, log),
        Endpoint::at("/api/strategies/{strategy_id}/series").get(read, series),
        Endpoint::at("/api/strategies/{strategy_id}/portfolio").get(read, portfolio),
        Endpoint::at("/api/strategies/{strategy_id}/orders").get(read, orders),
        Endpoint::at("/api/strategies/{strategy_id}/trades").get(read, trades),
        Endpoint::at("/api/strategies/{strategy_id}").get(read, one).on(Method::DELETE, trade, delete),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, strategies: &Arc<Strategies>) {
    config.app_data(web::Data::from(Arc::clone(strategies)));
}

/// Returns one's own strategies.
#[utoipa::path(
    get, path = "/api/strategies", tag = "strategies", operation_id = "strategies",
    responses((status = 200, body = StrategiesView), (status = "default", body = ProblemBody)),
)]
async fn all(service: Service, caller: Caller) -> Result<HttpResponse, Failure> {
    Ok(ok(&service.all(service.owner(&caller).await?).await?))
}

/// Starts a strategy, in an account of its own with cash from one's account.
#[utoipa::path(
    post, path = "/api/strategies", tag = "strategies", operation_id = "start_strategy",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Stands for `client_strategy_id` if there is none."),
    ),
    request_body = StrategyRequest,
    responses((status = 201, body = StrategyView), (status = "default", body = ProblemBody)),
)]
async fn start(
    service: Service,
    caller: Caller,
    head: HttpRequest,
    Body(mut request): Body<StrategyRequest>,
) -> Result<HttpResponse, Failure> {
    let service = service.into_inner();
    if request.client_strategy_id.is_none() {
        request.client_strategy_id = idempotency_key(&head)?;
    }
    Ok(answer(StatusCode::CREATED, &service.start(*caller, request, wall_now()).await?))
}

/// Says what is wrong with a strategy, and rehearses it; nothing is started.
#[utoipa::path(
    post, path = "/api/strategies/check", tag = "strategies", operation_id = "check_strategy",
    request_body = ScriptRequest,
    responses((status = 200, body = StrategyCheck), (status = "default", body = ProblemBody)),
)]
async fn check(service: Service, Body(request): Body<ScriptRequest>) -> Result<HttpResponse, Failure> {
    Ok(ok(&service.check(request).await?))
}

/// Returns a strategy with its text, account and positions.
#[utoipa::path(
    get, path = "/api/strategies/{strategy_id}", tag = "strategies", operation_id = "strategy",
    params(("strategy_id" = AccountId, Path, description = "The strategy.")),
    responses((status = 200, body = StrategyDetail), (status = "default", body = ProblemBody)),
)]
async fn one(service: Service, caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    Ok(ok(&service.one(service.owner(&caller).await?, id_of(&path)?).await?))
}

/// Ends a strategy: its orders are canceled, and its positions closed if that is asked for.
#[utoipa::path(
    post, path = "/api/strategies/{strategy_id}/stop", tag = "strategies", operation_id = "stop_strategy",
    params(("strategy_id" = AccountId, Path, description = "The strategy.")), request_body = StopRequest,
    responses((status = 200, body = StrategyView), (status = "default", body = ProblemBody)),
)]
async fn stop(
    service: Service,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<StopRequest>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&service.stop(service.owner(&caller).await?, id_of(&path)?, request, wall_now()).await?))
}

/// Deletes a strategy: it is ended, and all that it has goes to one's account.
#[utoipa::path(
    delete, path = "/api/strategies/{strategy_id}", tag = "strategies", operation_id = "delete_strategy",
    params(("strategy_id" = AccountId, Path, description = "The strategy.")),
    responses((status = 204), (status = "default", body = ProblemBody)),
)]
async fn delete(service: Service, caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    service.delete(*caller, id_of(&path)?, wall_now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Which lines of a log are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogParams {
    /// Those after this one, by its number.
    after: Option<String>,
}

/// Returns the last lines of a strategy's log.
#[utoipa::path(
    get, path = "/api/strategies/{strategy_id}/log", tag = "strategies", operation_id = "strategy_log",
    params(("strategy_id" = AccountId, Path, description = "The strategy."), LogParams),
    responses((status = 200, body = StrategyLog), (status = "default", body = ProblemBody)),
)]
async fn log(
    service: Service,
    caller: Caller,
    path: web::Path<String>,
    Params(params): Params<LogParams>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&service.log(service.owner(&caller).await?, id_of(&path)?, params.after.as_deref()).await?))
}

/// Returns what a strategy has plotted today.
#[utoipa::path(
    get, path = "/api/strategies/{strategy_id}/series", tag = "strategies", operation_id = "strategy_series",
    params(("strategy_id" = AccountId, Path, description = "The strategy.")),
    responses((status = 200, body = StrategySeries), (status = "default", body = ProblemBody)),
)]
async fn series(service: Service, caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    Ok(ok(&service.series(service.owner(&caller).await?, id_of(&path)?).await?))
}

/// Returns what a strategy was worth over time, and how it did.
#[utoipa::path(
    get, path = "/api/strategies/{strategy_id}/portfolio", tag = "strategies",
    operation_id = "strategy_portfolio",
    params(("strategy_id" = AccountId, Path, description = "The strategy."), ValueParams),
    responses((status = 200, body = PortfolioView), (status = "default", body = ProblemBody)),
)]
async fn portfolio(
    service: Service,
    trading: web::Data<Trading>,
    caller: Caller,
    path: web::Path<String>,
    Params(params): Params<ValueParams>,
) -> Result<HttpResponse, Failure> {
    let account = service.account_of(service.owner(&caller).await?, id_of(&path)?).await?;
    Ok(ok(&trading.portfolio(account, &params.query()).await?))
}

/// Returns a strategy's orders, the newest first, in pages.
#[utoipa::path(
    get, path = "/api/strategies/{strategy_id}/orders", tag = "strategies", operation_id = "strategy_orders",
    params(("strategy_id" = AccountId, Path, description = "The strategy."), OrderParams),
    responses((status = 200, body = OrdersPage), (status = "default", body = ProblemBody)),
)]
async fn orders(
    service: Service,
    trading: web::Data<Trading>,
    caller: Caller,
    path: web::Path<String>,
    Params(params): Params<OrderParams>,
) -> Result<HttpResponse, Failure> {
    let account = service.account_of(service.owner(&caller).await?, id_of(&path)?).await?;
    Ok(ok(&trading.order_history(account, &params.query()).await?))
}

/// Returns a strategy's trades, the newest first, in pages.
#[utoipa::path(
    get, path = "/api/strategies/{strategy_id}/trades", tag = "strategies", operation_id = "strategy_trades",
    params(("strategy_id" = AccountId, Path, description = "The strategy."), TradeParams),
    responses((status = 200, body = FillsPage), (status = "default", body = ProblemBody)),
)]
async fn trades(
    service: Service,
    trading: web::Data<Trading>,
    caller: Caller,
    path: web::Path<String>,
    Params(params): Params<TradeParams>,
) -> Result<HttpResponse, Failure> {
    let account = service.account_of(service.owner(&caller).await?, id_of(&path)?).await?;
    Ok(ok(&trading.fill_history(account, &params.query()).await?))
}

fn id_of(text: &str) -> Result<AccountId, Problem> {
    let message = format!("there is no strategy `{text}`");
    let unknown = |_| Problem::new(ProblemKind::NotFound, "unknown_strategy", message).at("strategy_id");
    text.parse().map_err(unknown)
}
