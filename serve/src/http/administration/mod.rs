//! `/api/admin` and `/api/announcements`: what administrators do, and what they have everybody told.
//!
//! The operator of the machine does some of the same without an account: see [`admin`](super::admin).

mod announcements;
mod market;
mod quotes;
mod users;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::answers::{Failure, ProblemBody, ok};
use super::body::Params;
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, Problem, ProblemKind, Scope, UserId};
use crate::services::admin::{Admin, Announcements, AuditOutcomeName, AuditPage, AuditQuery};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        users::list,
        users::one,
        users::block,
        users::unblock,
        users::fund,
        users::reset,
        users::cancel_orders,
        market::status,
        market::pause,
        market::resume,
        market::speed,
        market::halt,
        market::reopen,
        quotes::quote,
        quotes::feeds,
        announcements::shown,
        announcements::all,
        announcements::announce,
        announcements::end,
        audit,
    ),
    tags((name = "admin", description = "What administrators do. All of it is in the audit log."))
)]
pub(super) struct AdministrationDoc;

type Desk = web::Data<Admin>;
type Board = web::Data<Announcements>;
type Caller = web::ReqData<Actor>;
type Answer = Result<HttpResponse, Failure>;

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let admin = Access::Needs(Scope::Admin);
    vec![
        Endpoint::at("/api/admin/users").get(admin, users::list),
        Endpoint::at("/api/admin/users/{user_id}/block").post(admin, users::block),
        Endpoint::at("/api/admin/users/{user_id}/unblock").post(admin, users::unblock),
        Endpoint::at("/api/admin/users/{user_id}/fund").post(admin, users::fund),
        Endpoint::at("/api/admin/users/{user_id}/reset").post(admin, users::reset),
        Endpoint::at("/api/admin/users/{user_id}/cancel-orders").post(admin, users::cancel_orders),
        Endpoint::at("/api/admin/users/{user_id}").get(admin, users::one),
        Endpoint::at("/api/admin/market/pause").post(admin, market::pause),
        Endpoint::at("/api/admin/market/resume").post(admin, market::resume),
        Endpoint::at("/api/admin/market/speed").post(admin, market::speed),
        Endpoint::at("/api/admin/market/halt").post(admin, market::halt),
        Endpoint::at("/api/admin/market/reopen").post(admin, market::reopen),
        Endpoint::at("/api/admin/market").get(admin, market::status),
        Endpoint::at("/api/admin/quotes").post(admin, quotes::quote),
        Endpoint::at("/api/admin/feeds").get(admin, quotes::feeds),
        Endpoint::at("/api/admin/announcements/{announcement_id}").on(
            Method::DELETE,
            admin,
            announcements::end,
        ),
        Endpoint::at("/api/admin/announcements")
            .get(admin, announcements::all)
            .post(admin, announcements::announce),
        Endpoint::at("/api/admin/audit").get(admin, audit),
        Endpoint::at("/api/announcements").get(Access::Public, announcements::shown),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, admin: &Arc<Admin>, board: &Arc<Announcements>) {
    config.app_data(web::Data::from(Arc::clone(admin))).app_data(web::Data::from(Arc::clone(board)));
}

/// Which entries of the audit log are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditParams {
    /// Those of a person, by the id.
    user: Option<String>,
    /// Those of an action, as `user.block`.
    action: Option<String>,
    /// Those done to something, by its id or name.
    target: Option<String>,
    /// Those of an outcome.
    outcome: Option<AuditOutcomeName>,
    /// Those begun then or later, as of RFC 3339.
    from: Option<String>,
    /// Those begun before.
    to: Option<String>,
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most; 100 if nothing is said, 1,000 at most.
    limit: Option<u32>,
}

/// Returns the audit log, the newest entries first, in pages.
#[utoipa::path(
    get, path = "/api/admin/audit", tag = "admin", operation_id = "admin_audit", params(AuditParams),
    responses((status = 200, body = AuditPage), (status = "default", body = ProblemBody)),
)]
async fn audit(desk: Desk, Params(params): Params<AuditParams>) -> Answer {
    let AuditParams { user, action, target, outcome, from, to, cursor, limit } = params;
    let user = user.as_deref().map(|text| id_in("user", text)).transpose()?;
    let query = AuditQuery { user, action, target, outcome, from, to, cursor, limit };
    Ok(ok(&desk.log().page(&query).await?))
}

/// Reads the id of a parameter.
fn id_in(field: &'static str, text: &str) -> Result<UserId, Problem> {
    let bad = |error| Problem::new(ProblemKind::Refused, "invalid_parameter", error).at(field);
    text.parse().map_err(bad)
}
