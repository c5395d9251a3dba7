//! `/api/estimates`, and `/job`, which is the same: what something will be worth; `/heartbeat`: who works it
//! out.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::answers::{Failure, Problems, ok};
use super::body::{Body, Params, idempotency_key};
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, EstimateId, Problem, Scope};
use crate::services::estimates::{
    EstimateRequest, EstimateView, Estimates, EstimatesView, HeartbeatView, unknown,
};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(ask, all, one, figure, cancel, ask_job, job, cancel_job, heartbeat),
    tags((name = "estimates", description = "What a holding, a portfolio or a strategy will be worth."))
)]
pub(super) struct EstimatesDoc;

type Service = web::Data<Estimates>;
type Caller = web::ReqData<Actor>;
type Answer = Result<HttpResponse, Failure>;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageParams {
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many there are to be, 1 to 1,000; 100 if nothing is said.
    limit: Option<u32>,
}

/// Returns the routes. An estimate moves nothing in the market, so whoever may read may ask for one.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let read = Access::Needs(Scope::Read);
    vec![
        Endpoint::at("/api/estimates").get(read, all).post(read, ask),
        Endpoint::at("/api/estimates/{estimate_id}/figure.svg").get(read, figure),
        Endpoint::at("/api/estimates/{estimate_id}").get(read, one).on(Method::DELETE, read, cancel),
        Endpoint::at("/job").post(read, ask_job),
        Endpoint::at("/job/{estimate_id}").get(read, job).on(Method::DELETE, read, cancel_job),
        Endpoint::at("/heartbeat").get(Access::Public, heartbeat),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, estimates: &Arc<Estimates>) {
    config.app_data(web::Data::from(Arc::clone(estimates)));
}

/// Asks for an estimate, which a worker makes: `Location` says where it is.
#[utoipa::path(post, path = "/api/estimates", tag = "estimates", operation_id = "ask_for_estimate",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "An id of one's own: the same request under it is made once.")),
    request_body = EstimateRequest,
    responses((status = 202, description = "It waits for a worker", body = EstimateView), Problems))]
async fn ask(service: Service, caller: Caller, head: HttpRequest, body: Body<EstimateRequest>) -> Answer {
    asked(&service, &caller, &head, body).await
}

/// Asks for an estimate, as `POST /api/estimates` does.
#[utoipa::path(post, path = "/job", tag = "estimates", operation_id = "ask_for_job",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "An id of one's own: the same request under it is made once.")),
    request_body = EstimateRequest,
    responses((status = 202, description = "It waits for a worker", body = EstimateView), Problems))]
async fn ask_job(service: Service, caller: Caller, head: HttpRequest, body: Body<EstimateRequest>) -> Answer {
    asked(&service, &caller, &head, body).await
}

async fn asked(
    service: &Estimates,
    caller: &Actor,
    head: &HttpRequest,
    Body(request): Body<EstimateRequest>,
) -> Answer {
    let view = service.ask(caller, request, idempotency_key(head)?).await?;
    let place = format!("{}/{}", head.path().trim_end_matches('/'), view.estimate_id);
    let mut response = super::answers::answer(StatusCode::ACCEPTED, &view);
    if let Ok(place) = header::HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Returns one's own estimates, the newest first, without their results.
#[utoipa::path(get, path = "/api/estimates", tag = "estimates", operation_id = "estimates",
    params(PageParams),
    responses((status = 200, description = "A page of them", body = EstimatesView), Problems))]
async fn all(service: Service, caller: Caller, Params(params): Params<PageParams>) -> Answer {
    Ok(ok(&service.all(&caller, (params.cursor.as_deref(), params.limit)).await?))
}

/// Returns an estimate of one's own: how far it is, and what came of it.
#[utoipa::path(get, path = "/api/estimates/{estimate_id}", tag = "estimates", operation_id = "estimate",
    params(("estimate_id" = EstimateId, Path, description = "The estimate.")),
    responses((status = 200, description = "The estimate", body = EstimateView), Problems))]
async fn one(service: Service, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&service.one(&caller, id_of(&path)?).await?))
}

/// Returns an estimate of one's own, as `GET /api/estimates/{estimate_id}` does.
#[utoipa::path(get, path = "/job/{estimate_id}", tag = "estimates", operation_id = "job",
    params(("estimate_id" = EstimateId, Path, description = "The estimate.")),
    responses((status = 200, description = "The estimate", body = EstimateView), Problems))]
async fn job(service: Service, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&service.one(&caller, id_of(&path)?).await?))
}

/// Draws an estimate of one's own: a fan over time, and the distribution at the end.
#[utoipa::path(get, path = "/api/estimates/{estimate_id}/figure.svg", tag = "estimates",
    operation_id = "estimate_figure",
    params(("estimate_id" = EstimateId, Path, description = "The estimate.")),
    responses((status = 200, description = "The figure", content_type = "image/svg+xml", body = String), Problems))]
async fn figure(service: Service, caller: Caller, path: web::Path<String>) -> Answer {
    let svg = service.figure(&caller, id_of(&path)?).await?;
    let mut response = HttpResponse::Ok();
    response.content_type("image/svg+xml").insert_header((header::CACHE_CONTROL, "no-store"));
    // Nothing in it runs, wherever it is shown.
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"));
    Ok(response.body(svg))
}

/// Cancels an estimate of one's own; one that has ended stays as it is.
#[utoipa::path(delete, path = "/api/estimates/{estimate_id}", tag = "estimates",
    operation_id = "cancel_estimate",
    params(("estimate_id" = EstimateId, Path, description = "The estimate.")),
    responses((status = 200, description = "The estimate", body = EstimateView), Problems))]
async fn cancel(service: Service, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&service.cancel(&caller, id_of(&path)?).await?))
}

/// Cancels an estimate of one's own, as `DELETE /api/estimates/{estimate_id}` does.
#[utoipa::path(delete, path = "/job/{estimate_id}", tag = "estimates", operation_id = "cancel_job",
    params(("estimate_id" = EstimateId, Path, description = "The estimate.")),
    responses((status = 200, description = "The estimate", body = EstimateView), Problems))]
async fn cancel_job(service: Service, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&service.cancel(&caller, id_of(&path)?).await?))
}

/// Says who makes estimates, and how many wait.
#[utoipa::path(get, path = "/heartbeat", tag = "estimates", operation_id = "heartbeat",
    responses((status = 200, description = "The workers", body = HeartbeatView), Problems))]
async fn heartbeat(service: Service) -> Answer {
    Ok(ok(&service.heartbeat().await?))
}

fn id_of(text: &str) -> Result<EstimateId, Problem> {
    text.parse().map_err(|_| unknown(&text))
}
