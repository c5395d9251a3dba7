//! What happens to each request before and after its route: its id, limits, figures, a line in the log.

use std::future::Future;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, rt, web};
use tracing::{Instrument, debug, error_span};

use super::answers::too_long;
use super::dialect::Dialect;
use super::instruments::Request;
use super::shared::Shared;
use crate::domain::RequestId;

/// The header of a request's id, in requests and answers.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names each request; refuses a body that says that it is too long; counts and times all others, and says so
/// in the log. All lines of the log that are written meanwhile have the request's id.
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
    let id = id_of(&request);
    let method = request.method().clone();
    // As severe as can be, so that lines of all levels have it.
    let span =
        error_span!("request", request_id = id.as_str(), method = method.as_str(), path = request.path());
    let is_too_long = declared_length(&request).is_some_and(|bytes| bytes > shared.body_bytes_max as u64);
    let (mut response, is_cut) = if is_too_long {
        let dialect = Dialect::of(request.path());
        let answer = id.within(|| dialect.problem(too_long(shared.body_bytes_max)));
        (request.into_response(answer), true)
    } else {
        let answered = id.clone().around(next.call(request)).instrument(span.clone()).await;
        (answered?.map_into_boxed_body(), false)
    };
    // What was not read would be taken for the next request; and who stops wants no other one.
    if is_cut || shared.stopping.has_begun() {
        response.response_mut().head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
    }
    let nosniff = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let (status, took) = (response.status().as_u16(), started.elapsed());
    let route = response.request().match_pattern();
    shared.metrics.note(Request { route, method: method.as_str(), status, took });
    span.in_scope(|| debug!(status, micros = took.as_micros(), "answered"));
    Ok(response)
}

/// Serves a connection that goes on after its request, such as a WebSocket, on a task of its own: its lines
/// of the log have the id of that request.
pub(super) fn go_on(request: &HttpRequest, connection: impl Future<Output = ()> + 'static) {
    let id = RequestId::current().unwrap_or_else(RequestId::draw);
    let path = request.path();
    // Not within the request's span, which ends with its answer.
    let span = error_span!(parent: None, "connection", request_id = id.as_str(), path);
    let shared = request.app_data::<web::Data<Shared>>();
    let open = shared.map(|shared| shared.metrics.opened(path));
    let served = async move {
        connection.await;
        drop(open);
    };
    rt::spawn(id.around(served).instrument(span));
}

/// Returns the id that the client gives, if it is well-formed, or else a new one.
fn id_of(request: &ServiceRequest) -> RequestId {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    given.and_then(RequestId::of_client).unwrap_or_else(RequestId::draw)
}

/// Returns how long the client says that the body is.
fn declared_length(request: &ServiceRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}
