//! What is done to the whole market, or to an instrument.

use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers::{ProblemBody, nothing, ok};
use super::super::body::Body;
use super::{Answer, Caller, Desk};
use crate::domain::{Number, Problem, ProblemKind};
use crate::services::admin::{Action, OperationsView};

/// Why something is done to the market.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketRequest {
    /// Why, for the audit log.
    #[schema(min_length = 1, max_length = 500, example = "the lesson begins")]
    reason: Option<String>,
}

/// How fast the market is to run.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SpeedRequest {
    /// How many times as fast as the wall clock, with at most three decimals.
    speed: Number,
    /// Why, for the audit log.
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// Which instrument is to be halted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HaltRequest {
    /// `SYMBOL` or `SYMBOL@VENUE`; all without one.
    #[schema(example = "ALFA")]
    symbol: Option<String>,
    /// Why, for the audit log.
    #[schema(min_length = 1, max_length = 500, example = "news")]
    reason: Option<String>,
}

/// Which instrument is to be reopened, and how.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReopenRequest {
    /// `SYMBOL` or `SYMBOL@VENUE`; all without one.
    #[schema(example = "ALFA")]
    symbol: Option<String>,
    /// How long the auction lasts that ends the halt, in milliseconds of virtual time; 60,000 if nothing is
    /// said.
    auction_ms: Option<u32>,
    /// Why, for the audit log.
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// How long the auction lasts if nobody says, as after an outage.
const AUCTION_MILLIS: u32 = 60_000;

/// Returns how the market is.
#[utoipa::path(
    get, path = "/api/admin/market", tag = "admin", operation_id = "admin_market",
    responses((status = 200, body = OperationsView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn status(desk: Desk) -> Answer {
    Ok(ok(&desk.market()))
}

async fn operate(desk: Desk, caller: Caller, action: Action, reason: Option<String>) -> Answer {
    desk.operate(*caller, action, reason.as_deref()).await?;
    Ok(nothing())
}

/// Has virtual time stand still: orders can be canceled, but not entered.
#[utoipa::path(
    post, path = "/api/admin/market/pause", tag = "admin", operation_id = "admin_pause",
    request_body = MarketRequest, responses((status = 204), (status = "default", body = ProblemBody)),
)]
pub(super) async fn pause(desk: Desk, caller: Caller, Body(request): Body<MarketRequest>) -> Answer {
    operate(desk, caller, Action::Pause, request.reason).await
}

/// Has virtual time go on.
#[utoipa::path(
    post, path = "/api/admin/market/resume", tag = "admin", operation_id = "admin_resume",
    request_body = MarketRequest, responses((status = 204), (status = "default", body = ProblemBody)),
)]
pub(super) async fn resume(desk: Desk, caller: Caller, Body(request): Body<MarketRequest>) -> Answer {
    operate(desk, caller, Action::Resume, request.reason).await
}

/// Has virtual time run at a speed, where it is not the wall clock's.
#[utoipa::path(
    post, path = "/api/admin/market/speed", tag = "admin", operation_id = "admin_speed",
    request_body = SpeedRequest, responses((status = 204), (status = "default", body = ProblemBody)),
)]
pub(super) async fn speed(desk: Desk, caller: Caller, Body(request): Body<SpeedRequest>) -> Answer {
    let thousandths = request.speed.0.scaled(3).and_then(|number| u32::try_from(number).ok());
    let thousandths = thousandths.ok_or_else(|| {
        let message = "a speed is a number above zero with at most three decimals, such as 60 or 0.5";
        Problem::new(ProblemKind::Refused, "bad_speed", message).at("speed")
    })?;
    operate(desk, caller, Action::Speed { thousandths }, request.reason).await
}

/// Halts an instrument, or all: nothing trades there, and orders can only be canceled, until it is reopened.
#[utoipa::path(
    post, path = "/api/admin/market/halt", tag = "admin", operation_id = "admin_halt",
    request_body = HaltRequest, responses((status = 204), (status = "default", body = ProblemBody)),
)]
pub(super) async fn halt(desk: Desk, caller: Caller, Body(request): Body<HaltRequest>) -> Answer {
    operate(desk, caller, Action::Halt { listing: request.symbol }, request.reason).await
}

/// Ends the halt of an instrument, or of all, by an auction.
#[utoipa::path(
    post, path = "/api/admin/market/reopen", tag = "admin", operation_id = "admin_reopen",
    request_body = ReopenRequest, responses((status = 204), (status = "default", body = ProblemBody)),
)]
pub(super) async fn reopen(desk: Desk, caller: Caller, Body(request): Body<ReopenRequest>) -> Answer {
    let auction_millis = request.auction_ms.unwrap_or(AUCTION_MILLIS);
    operate(desk, caller, Action::Reopen { listing: request.symbol, auction_millis }, request.reason).await
}
