//! `/api/alerts`: the prices that a person waits for.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use utoipa::OpenApi;

use super::super::answers::{Failure, Problems, answer, nothing, ok};
use super::super::body::Body;
use super::super::endpoint::Endpoint;
use super::{Caller, READ, TRADE};
use crate::domain::{AlertId, Problem};
use crate::services::alerts::{AlertRequest, AlertView, Alerts, AlertsView, unknown};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(alerts, add_alert, delete_alert),
    tags((name = "alerts", description = "Prices that one waits for."))
)]
pub(in crate::http) struct AlertsDoc;

type Service = web::Data<Alerts>;

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::at("/api/alerts").get(READ, alerts).post(TRADE, add_alert),
        Endpoint::at("/api/alerts/{alert_id}").on(Method::DELETE, TRADE, delete_alert),
    ]
}

/// Returns one's price alerts, the newest first.
#[utoipa::path(get, path = "/api/alerts", tag = "alerts", operation_id = "alerts",
    responses((status = 200, description = "The alerts", body = AlertsView), Problems))]
async fn alerts(service: Service, caller: Caller) -> Result<HttpResponse, Failure> {
    Ok(ok(&service.all(&caller).await?))
}

/// Waits for a price: one is told of it once.
#[utoipa::path(post, path = "/api/alerts", tag = "alerts", operation_id = "add_alert",
    request_body = AlertRequest,
    responses((status = 201, description = "The alert", body = AlertView), Problems))]
async fn add_alert(
    service: Service,
    caller: Caller,
    Body(request): Body<AlertRequest>,
) -> Result<HttpResponse, Failure> {
    Ok(answer(StatusCode::CREATED, &service.add(&caller, &request).await?))
}

/// Deletes a price alert.
#[utoipa::path(delete, path = "/api/alerts/{alert_id}", tag = "alerts", operation_id = "delete_alert",
    params(("alert_id" = AlertId, Path, description = "The alert's id.")),
    responses((status = 204, description = "It is deleted"), Problems))]
async fn delete_alert(
    service: Service,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    service.delete(&caller, id_of(&path)?).await?;
    Ok(nothing())
}

fn id_of(text: &str) -> Result<AlertId, Problem> {
    text.parse().map_err(|_| unknown(text))
}
