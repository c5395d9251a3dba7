//! `/api/notifications`: what a person is told; `/api/alerts`: the prices that a person waits for.

mod alerts;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::answers::{Failure, Problems, nothing, ok};
use super::body::{Body, Params};
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, NoticeId, NoticeKind, Problem, Scope};
use crate::services::alerts::Alerts;
use crate::services::notifications::{
    NoticeQuery, NoticesPage, Notifications, ReadRequest, ReadView, UnreadView, unknown,
};

pub(super) use alerts::AlertsDoc;

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(notifications, unread, read, read_until, delete),
    tags((name = "notifications", description = "What one is told."))
)]
pub(super) struct NotificationsDoc;

type Service = web::Data<Notifications>;
type Caller = web::ReqData<Actor>;

const READ: Access = Access::Needs(Scope::Read);
const TRADE: Access = Access::Needs(Scope::Trade);

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::at("/api/notifications").get(READ, notifications),
        Endpoint::at("/api/notifications/unread").get(READ, unread),
        Endpoint::at("/api/notifications/read").post(TRADE, read_until),
        Endpoint::at("/api/notifications/{notification_id}").on(Method::DELETE, TRADE, delete),
        Endpoint::at("/api/notifications/{notification_id}/read").post(TRADE, read),
    ];
    endpoints.extend(alerts::endpoints());
    endpoints
}

/// Gives the handlers what they share.
pub(super) fn share(
    config: &mut web::ServiceConfig,
    notifications: &Arc<Notifications>,
    alerts: &Arc<Alerts>,
) {
    config.app_data(web::Data::from(Arc::clone(notifications)));
    config.app_data(web::Data::from(Arc::clone(alerts)));
}

/// Which notices are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NoticeParams {
    /// `true` for those only that are not read.
    #[serde(default)]
    unread: bool,
    /// Those of a kind.
    kind: Option<NoticeKind>,
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most, 1 to 200; 50 if nothing is said.
    limit: Option<u32>,
}

/// Returns what one was told, the newest first.
#[utoipa::path(get, path = "/api/notifications", tag = "notifications", operation_id = "notifications",
    params(NoticeParams),
    responses((status = 200, description = "The notices", body = NoticesPage), Problems))]
async fn notifications(
    service: Service,
    caller: Caller,
    Params(params): Params<NoticeParams>,
) -> Result<HttpResponse, Failure> {
    let NoticeParams { unread, kind, cursor, limit } = params;
    let query = NoticeQuery { only_unread: unread, kind, cursor, limit };
    Ok(ok(&service.page(&caller, &query).await?))
}

/// Returns how many notices are not read.
#[utoipa::path(get, path = "/api/notifications/unread", tag = "notifications",
    operation_id = "unread_notifications",
    responses((status = 200, description = "How many", body = UnreadView), Problems))]
async fn unread(service: Service, caller: Caller) -> Result<HttpResponse, Failure> {
    Ok(ok(&service.unread(&caller).await?))
}

/// Notes that a notice was read.
#[utoipa::path(post, path = "/api/notifications/{notification_id}/read", tag = "notifications",
    operation_id = "read_notification",
    params(("notification_id" = NoticeId, Path, description = "The notice's id.")),
    responses((status = 204, description = "It is read"), Problems))]
async fn read(service: Service, caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    service.read(&caller, id_of(&path)?).await?;
    Ok(nothing())
}

/// Notes that all notices up to one were read.
#[utoipa::path(post, path = "/api/notifications/read", tag = "notifications",
    operation_id = "read_notifications", request_body = ReadRequest,
    responses((status = 200, description = "How many were read", body = ReadView), Problems))]
async fn read_until(
    service: Service,
    caller: Caller,
    Body(request): Body<ReadRequest>,
) -> Result<HttpResponse, Failure> {
    let last = request.until.parse::<NoticeId>().map_err(|error| {
        Problem::new(crate::domain::ProblemKind::Refused, "invalid_field", error).at("until")
    })?;
    Ok(ok(&service.read_until(&caller, last).await?))
}

/// Deletes a notice.
#[utoipa::path(delete, path = "/api/notifications/{notification_id}", tag = "notifications",
    operation_id = "delete_notification",
    params(("notification_id" = NoticeId, Path, description = "The notice's id.")),
    responses((status = 204, description = "It is deleted"), Problems))]
async fn delete(service: Service, caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    service.delete(&caller, id_of(&path)?).await?;
    Ok(nothing())
}

fn id_of(text: &str) -> Result<NoticeId, Problem> {
    text.parse().map_err(|_| unknown(text))
}
