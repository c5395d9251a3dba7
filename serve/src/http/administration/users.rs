//! People: listed, looked at, shut out, funded, reset.

use actix_web::web;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::answers::{ProblemBody, ok};
use super::super::body::{Body, Params};
use super::{Answer, Caller, Desk};
use crate::domain::{Problem, ProblemKind, Role, UserId};
use crate::services::admin::{
    BlockRequest, BlockedView, CancelRequest, FundRequest, FundedView, ReasonRequest, UserDetail, UserLine,
    UsersPage, UsersQuery,
};
use crate::services::trading::CanceledView;

/// Which people are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UserParams {
    /// Those whose name or mail address has this in it, whatever the case.
    search: Option<String>,
    /// Those of a role.
    role: Option<Role>,
    /// Those who are blocked, or those who are not.
    blocked: Option<bool>,
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most; 100 if nothing is said, 1,000 at most.
    limit: Option<u32>,
}

/// Returns people, the newest first, in pages.
#[utoipa::path(
    get, path = "/api/admin/users", tag = "admin", operation_id = "admin_users", params(UserParams),
    responses((status = 200, body = UsersPage), (status = "default", body = ProblemBody)),
)]
pub(super) async fn list(desk: Desk, Params(params): Params<UserParams>) -> Answer {
    let UserParams { search, role, blocked, cursor, limit } = params;
    Ok(ok(&desk.users(&UsersQuery { search, role, blocked, cursor, limit }).await?))
}

/// Returns a person with account, positions, open orders and strategies.
#[utoipa::path(
    get, path = "/api/admin/users/{user_id}", tag = "admin", operation_id = "admin_user",
    params(("user_id" = UserId, Path, description = "The person.")),
    responses((status = 200, body = UserDetail), (status = "default", body = ProblemBody)),
)]
pub(super) async fn one(desk: Desk, path: web::Path<String>) -> Answer {
    Ok(ok(&desk.user(id_of(&path)?).await?))
}

/// Shuts a person out: sessions, keys and access tokens end at once, open WebSockets within a second.
#[utoipa::path(
    post, path = "/api/admin/users/{user_id}/block", tag = "admin", operation_id = "admin_block_user",
    params(("user_id" = UserId, Path, description = "The person.")), request_body = BlockRequest,
    responses((status = 200, body = BlockedView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn block(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<BlockRequest>,
) -> Answer {
    Ok(ok(&desk.into_inner().block(*caller, id_of(&path)?, request).await?))
}

/// Lets a person in again, who logs in anew and makes new keys.
#[utoipa::path(
    post, path = "/api/admin/users/{user_id}/unblock", tag = "admin", operation_id = "admin_unblock_user",
    params(("user_id" = UserId, Path, description = "The person.")), request_body = ReasonRequest,
    responses((status = 200, body = UserLine), (status = "default", body = ProblemBody)),
)]
pub(super) async fn unblock(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<ReasonRequest>,
) -> Answer {
    Ok(ok(&desk.into_inner().unblock(*caller, id_of(&path)?, request).await?))
}

/// Gives cash to a person's account, or takes some that is free; once for each idempotency key.
#[utoipa::path(
    post, path = "/api/admin/users/{user_id}/fund", tag = "admin", operation_id = "admin_fund_user",
    params(("user_id" = UserId, Path, description = "The person.")), request_body = FundRequest,
    responses((status = 200, body = FundedView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn fund(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<FundRequest>,
) -> Answer {
    Ok(ok(&desk.into_inner().fund(*caller, id_of(&path)?, request).await?))
}

/// Sets a person's account back to the starting cash, with no orders, positions or running strategies; its
/// history stays.
#[utoipa::path(
    post, path = "/api/admin/users/{user_id}/reset", tag = "admin", operation_id = "admin_reset_user",
    params(("user_id" = UserId, Path, description = "The person.")), request_body = ReasonRequest,
    responses((status = 200, body = UserDetail), (status = "default", body = ProblemBody)),
)]
pub(super) async fn reset(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<ReasonRequest>,
) -> Answer {
    Ok(ok(&desk.into_inner().reset(*caller, id_of(&path)?, request).await?))
}

/// Cancels a person's orders: all, those of a symbol, or only those that can build a position.
#[utoipa::path(
    post, path = "/api/admin/users/{user_id}/cancel-orders", tag = "admin",
    operation_id = "admin_cancel_orders",
    params(("user_id" = UserId, Path, description = "The person.")), request_body = CancelRequest,
    responses((status = 200, body = CanceledView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn cancel_orders(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<CancelRequest>,
) -> Answer {
    Ok(ok(&desk.into_inner().cancel_orders(*caller, id_of(&path)?, request).await?))
}

fn id_of(text: &str) -> Result<UserId, Problem> {
    let message = format!("there is no user `{text}`");
    let unknown = |_| Problem::new(ProblemKind::NotFound, "unknown_user", message).at("user_id");
    text.parse().map_err(unknown)
}
