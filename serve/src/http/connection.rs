//! What happens to each request before and after its route: limits, figures, a line in the log.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use tracing::debug;

use super::answers::too_long;
use super::dialect::Dialect;
use super::instruments::Request;
use super::shared::Shared;

/// Refuses a body that says that it is too long; counts and times all others, and says so in the log.
#[expect(clippy::disallowed_methods, reason = "how long an answer took is measured, and steers nothing")]
pub(super) async fn watch(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(shared) = request.app_data::<web::Data<Shared>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let _answering = shared.in_flight.enter();
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.path().to_owned();
    let is_too_long = declared_length(&request).is_some_and(|bytes| bytes > shared.body_bytes_max as u64);
    let (mut response, is_cut) = if is_too_long {
        (request.into_response(Dialect::of(&path).problem(too_long(shared.body_bytes_max))), true)
    } else {
        (next.call(request).await?.map_into_boxed_body(), false)
    };
    // What was not read would be taken for the next request; and who stops wants no other one.
    if is_cut || shared.stopping.has_begun() {
        response.response_mut().head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
    }
    let nosniff = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    let (status, took) = (response.status().as_u16(), started.elapsed());
    let route = response.request().match_pattern();
    shared.metrics.note(Request { route, method: method.as_str(), status, took });
    debug!(method = method.as_str(), path, status, micros = took.as_micros(), "answered");
    Ok(response)
}

/// Returns how long the client says that the body is.
fn declared_length(request: &ServiceRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}
