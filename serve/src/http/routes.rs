//! The routes, and what they answer.

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, Resource, guard, web};
use prometheus_client::encoding::prometheus_text;
use serde_json::json;

use super::answers::{answer, error, not_allowed, not_found};
use super::health::Readiness;
use super::shared::Shared;

/// Adds the routes.
pub(super) fn add(config: &mut web::ServiceConfig) {
    config
        .service(read_only("/healthz", healthz))
        .service(read_only("/readyz", readyz))
        .service(read_only("/metrics", metrics))
        .default_service(web::to(|| async { not_found() }));
}

/// A resource that answers GET, and HEAD, which is the same without the body.
fn read_only(path: &str, handler: fn(web::Data<Shared>) -> HttpResponse) -> Resource {
    let either = guard::Any(guard::Get()).or(guard::Method(Method::HEAD));
    let handle = move |shared: web::Data<Shared>| async move { handler(shared) };
    let other = || async { not_allowed("GET, HEAD") };
    web::resource(path).route(web::route().guard(either).to(handle)).default_service(web::to(other))
}

fn healthz(_: web::Data<Shared>) -> HttpResponse {
    answer(StatusCode::OK, &json!({ "status": "alive", "version": env!("CARGO_PKG_VERSION") }))
}

fn readyz(shared: web::Data<Shared>) -> HttpResponse {
    match shared.stopping.readiness(&*shared.market) {
        Readiness::Ready => answer(StatusCode::OK, &json!({ "status": "ready" })),
        Readiness::Not { reason, message } => {
            let body = json!({ "status": "not_ready", "reason": reason, "message": message });
            answer(StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}

fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    match shared.metrics.to_text() {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(text),
        Err(_) => {
            let message = "a figure cannot be written";
            error(StatusCode::INTERNAL_SERVER_ERROR, "metrics", message)
        }
    }
}
