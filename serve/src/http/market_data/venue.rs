//! The market's status, and its clock.

use actix_web::{HttpResponse, web};

use super::params::NoParams;
use crate::http::answers::ok;
use crate::http::body::Params;
use crate::services::market_data::{ClockView, MarketData, MarketStatusView};

/// Says what the market is doing: its day, the phase of each listing, and what is planned next.
#[utoipa::path(
    get,
    path = "/api/market/status",
    tag = "market data",
    responses((status = 200, description = "What it is doing", body = MarketStatusView))
)]
pub(super) async fn market_status(service: web::Data<MarketData>, _: Params<NoParams>) -> HttpResponse {
    ok(&service.market_status())
}

/// Says what time it is in the market, and how fast it passes.
#[utoipa::path(
    get,
    path = "/api/clock",
    tag = "market data",
    responses((status = 200, description = "The time", body = ClockView))
)]
pub(super) async fn clock(service: web::Data<MarketData>, _: Params<NoParams>) -> HttpResponse {
    ok(&service.clock())
}
