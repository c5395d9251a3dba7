//! The routes, and what they answer.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, guard, web};
use prometheus_client::encoding::prometheus_text;
use serde_json::json;

use super::answers::{answer, ok, problem};
use super::dialect::Dialect;
use super::health::{Market, Readiness};
use super::shared::Shared;
use crate::domain::{Problem, ProblemKind};

/// Returns what adds the routes of whoever watches the process.
pub(super) fn of_watcher(
    market: Arc<dyn Market>,
) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    let market = web::Data::from(market);
    move |config| add(config, &market)
}

fn add(config: &mut web::ServiceConfig, market: &web::Data<dyn Market>) {
    config
        .app_data(market.clone())
        .service(read_only("/healthz", healthz))
        .service(read_only("/readyz", readyz))
        .service(read_only("/metrics", metrics))
        .default_service(web::to(not_found));
}

/// A resource that answers GET, and HEAD, which is the same without the body.
fn read_only<F, T>(path: &str, handler: F) -> Resource
where
    F: Handler<T, Output = HttpResponse>,
    T: FromRequest + 'static,
{
    let either = guard::Any(guard::Get()).or(guard::Method(Method::HEAD));
    let other = || async { Dialect::Native.not_allowed("GET, HEAD") };
    web::resource(path).route(web::route().guard(either).to(handler)).default_service(web::to(other))
}

/// There is nothing at a path.
pub(super) async fn not_found(request: HttpRequest) -> HttpResponse {
    Dialect::of(request.path()).not_found(request.path())
}

async fn healthz() -> HttpResponse {
    ok(&json!({ "status": "alive", "version": env!("CARGO_PKG_VERSION") }))
}

async fn readyz(shared: web::Data<Shared>, market: web::Data<dyn Market>) -> HttpResponse {
    match shared.stopping.readiness(&**market) {
        Readiness::Ready => match market.away() {
            [] => ok(&json!({ "status": "ready" })),
            away => ok(&json!({ "status": "ready", "away": away })),
        },
        Readiness::Not { reason, message } => {
            let body = json!({ "status": "not_ready", "reason": reason, "message": message });
            answer(StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}

async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    match shared.metrics.to_text() {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(text),
        Err(_) => problem(Problem::new(ProblemKind::Internal, "metrics", "a figure cannot be written")),
    }
}
