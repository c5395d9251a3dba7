//! `/api/webhooks`: endpoints that people want to be called.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use utoipa::OpenApi;

use super::answers::{Failure, Problems, answer, nothing, ok};
use super::body::Body;
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, DeliveryId, Problem, ProblemKind, WebhookId};
use crate::services::webhooks::{
    DeliveryView, NewWebhookView, RotatedView, WebhookChange, WebhookDetailView, WebhookRequest, WebhookView,
    Webhooks, WebhooksView, unknown_delivery,
};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(add, all, one, change, delete, rotate, test, send_again),
    tags((name = "webhooks", description = "Endpoints that are called with what their person is told."))
)]
pub(super) struct WebhooksDoc;

type Hooks = web::Data<Webhooks>;
type Caller = web::ReqData<Actor>;
type Answer = Result<HttpResponse, Failure>;

/// Returns the routes. A program with a key sends nothing elsewhere: whoever has one trades, or reads.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let session = Access::Session;
    vec![
        Endpoint::at("/api/webhooks").get(session, all).post(session, add),
        Endpoint::at("/api/webhooks/{webhook_id}").get(session, one).on(Method::PATCH, session, change).on(
            Method::DELETE,
            session,
            delete,
        ),
        Endpoint::at("/api/webhooks/{webhook_id}/rotate").post(session, rotate),
        Endpoint::at("/api/webhooks/{webhook_id}/test").post(session, test),
        Endpoint::at("/api/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver")
            .post(session, send_again),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, webhooks: &Arc<Webhooks>) {
    config.app_data(web::Data::from(Arc::clone(webhooks)));
}

/// Makes a webhook, at most five a person. Its secret is shown this once: messages are signed with it, as
/// Standard Webhooks has it.
#[utoipa::path(post, path = "/api/webhooks", tag = "webhooks", operation_id = "add_webhook",
    request_body = WebhookRequest,
    responses((status = 201, description = "The webhook", body = NewWebhookView), Problems))]
async fn add(webhooks: Hooks, caller: Caller, Body(request): Body<WebhookRequest>) -> Answer {
    Ok(answer(StatusCode::CREATED, &webhooks.add(&caller, request).await?))
}

/// Returns one's own webhooks, without their secrets.
#[utoipa::path(get, path = "/api/webhooks", tag = "webhooks", operation_id = "webhooks",
    responses((status = 200, description = "The webhooks", body = WebhooksView), Problems))]
async fn all(webhooks: Hooks, caller: Caller) -> Answer {
    Ok(ok(&webhooks.all(&caller).await?))
}

/// Returns a webhook of one's own, with what was or is to be sent to it: how far each has come, and why not.
#[utoipa::path(get, path = "/api/webhooks/{webhook_id}", tag = "webhooks", operation_id = "webhook",
    params(("webhook_id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 200, description = "The webhook", body = WebhookDetailView), Problems))]
async fn one(webhooks: Hooks, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&webhooks.one(&caller, webhook_of(&path)?).await?))
}

/// Changes a webhook of one's own; what is not said stays as it is.
#[utoipa::path(patch, path = "/api/webhooks/{webhook_id}", tag = "webhooks", operation_id = "change_webhook",
    params(("webhook_id" = WebhookId, Path, description = "The webhook.")), request_body = WebhookChange,
    responses((status = 200, description = "The webhook", body = WebhookView), Problems))]
async fn change(
    webhooks: Hooks,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<WebhookChange>,
) -> Answer {
    Ok(ok(&webhooks.change(&caller, webhook_of(&path)?, request).await?))
}

/// Deletes a webhook of one's own; nothing is sent to it any more.
#[utoipa::path(delete, path = "/api/webhooks/{webhook_id}", tag = "webhooks", operation_id = "delete_webhook",
    params(("webhook_id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 204, description = "It is deleted"), Problems))]
async fn delete(webhooks: Hooks, caller: Caller, path: web::Path<String>) -> Answer {
    webhooks.delete(&caller, webhook_of(&path)?).await?;
    Ok(nothing())
}

/// Gives a webhook of one's own another secret. The one before signs too for a day, so that nothing is lost
/// meanwhile.
#[utoipa::path(post, path = "/api/webhooks/{webhook_id}/rotate", tag = "webhooks",
    operation_id = "rotate_webhook", params(("webhook_id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 200, description = "The new secret", body = RotatedView), Problems))]
async fn rotate(webhooks: Hooks, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&webhooks.rotate(&caller, webhook_of(&path)?).await?))
}

/// Sends a `ping` to a webhook of one's own, which tells nothing.
#[utoipa::path(post, path = "/api/webhooks/{webhook_id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("webhook_id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 202, description = "It is sent", body = DeliveryView), Problems))]
async fn test(webhooks: Hooks, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(answer(StatusCode::ACCEPTED, &webhooks.test(&caller, webhook_of(&path)?).await?))
}

/// Sends something once more that was given up, with as many attempts as at first.
#[utoipa::path(post, path = "/api/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", tag = "webhooks",
    operation_id = "redeliver",
    params(("webhook_id" = WebhookId, Path, description = "The webhook."),
        ("delivery_id" = DeliveryId, Path, description = "What was given up.")),
    responses((status = 202, description = "It is sent", body = DeliveryView), Problems))]
async fn send_again(webhooks: Hooks, caller: Caller, path: web::Path<(String, String)>) -> Answer {
    let (webhook, delivery) = path.into_inner();
    let delivery = (webhook_of(&webhook)?, delivery.parse().map_err(|_| unknown_delivery(&delivery))?);
    Ok(answer(StatusCode::ACCEPTED, &webhooks.send_again(&caller, delivery).await?))
}

fn webhook_of(text: &str) -> Result<WebhookId, Problem> {
    let message = format!("there is no webhook `{text}`");
    text.parse().map_err(|_| Problem::new(ProblemKind::NotFound, "unknown_webhook", message).at("webhook_id"))
}
