//! `/api/push`: browsers that show people what they are told.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use utoipa::OpenApi;

use super::answers::{Failure, Problems, answer, nothing, ok};
use super::body::Body;
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, Problem, ProblemKind, SubscriptionId};
use crate::services::push::{Push, PushKeyView, SubscriptionRequest, SubscriptionView, SubscriptionsView};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(key, add, all, delete),
    tags((name = "push", description = "Browsers that show what their person is told."))
)]
pub(super) struct PushDoc;

type Browsers = web::Data<Push>;
type Caller = web::ReqData<Actor>;
type Answer = Result<HttpResponse, Failure>;

/// Returns the routes. A program with a key subscribes no browser.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let session = Access::Session;
    vec![
        Endpoint::at("/api/push/key").get(Access::Public, key),
        Endpoint::at("/api/push/subscriptions").get(session, all).post(session, add),
        Endpoint::at("/api/push/subscriptions/{subscription_id}").on(Method::DELETE, session, delete),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, push: &Arc<Push>) {
    config.app_data(web::Data::from(Arc::clone(push)));
}

/// Returns the public key that a browser subscribes with: its `applicationServerKey` (RFC 8292).
#[utoipa::path(get, path = "/api/push/key", tag = "push", operation_id = "push_key",
    responses((status = 200, description = "The key", body = PushKeyView)))]
async fn key(push: Browsers) -> HttpResponse {
    ok(&push.key())
}

/// Subscribes a browser, at most ten a person: the JSON of its `PushSubscription`. One that is there already
/// is replaced, and is one's own from then on.
#[utoipa::path(post, path = "/api/push/subscriptions", tag = "push", operation_id = "subscribe",
    request_body = SubscriptionRequest,
    responses((status = 201, description = "The subscription", body = SubscriptionView), Problems))]
async fn add(push: Browsers, caller: Caller, Body(request): Body<SubscriptionRequest>) -> Answer {
    Ok(answer(StatusCode::CREATED, &push.add(&caller, request).await?))
}

/// Returns one's own browsers, without what lets others send to them.
#[utoipa::path(get, path = "/api/push/subscriptions", tag = "push", operation_id = "subscriptions",
    responses((status = 200, description = "The subscriptions", body = SubscriptionsView), Problems))]
async fn all(push: Browsers, caller: Caller) -> Answer {
    Ok(ok(&push.all(&caller).await?))
}

/// Ends the subscription of a browser of one's own.
#[utoipa::path(delete, path = "/api/push/subscriptions/{subscription_id}", tag = "push",
    operation_id = "unsubscribe",
    params(("subscription_id" = SubscriptionId, Path, description = "The subscription.")),
    responses((status = 204, description = "It has ended"), Problems))]
async fn delete(push: Browsers, caller: Caller, path: web::Path<String>) -> Answer {
    let message = format!("there is no subscription `{path}`");
    let unknown = |_| Problem::new(ProblemKind::NotFound, "unknown_subscription", message);
    push.delete(&caller, path.parse().map_err(|error| unknown(error).at("subscription_id"))?).await?;
    Ok(nothing())
}
