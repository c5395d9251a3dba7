//! Answers in JSON, and problems in one shape.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use crate::domain::{Problem, ProblemKind, RequestId};

/// Answers with a value.
pub(super) fn answer(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    // Fails for maps with keys that are no texts only, which no answer has.
    let body = serde_json::to_string(body).unwrap_or_default();
    HttpResponse::build(status)
        .content_type(ContentType::json())
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body)
}

/// Answers with a value: all went well.
pub(super) fn ok(body: &impl Serialize) -> HttpResponse {
    answer(StatusCode::OK, body)
}

/// Answers with nothing: all went well.
pub(super) fn nothing() -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

/// Why a request was not carried out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody<'a> {
    /// The status in words.
    title: &'a str,
    /// The status.
    #[schema(example = 422)]
    status: u16,
    /// The problem as a word, which stays the same.
    #[schema(example = "invalid_field")]
    code: &'a str,
    /// The problem as a sentence.
    message: &'a str,
    /// The field of the request that is at fault, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// The id under which an order is found that was refused: among the orders that are `rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "R17")]
    order_id: Option<String>,
    /// What to do about it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    /// The request's id, as in the header `X-Request-Id` and in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// The problems that every endpoint may answer with, for the OpenAPI document.
#[derive(Debug)]
pub(super) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description("It was not done, and this is why")
            .content("application/problem+json", content)
            .build();
        [("default".to_owned(), RefOr::T(response))].into()
    }
}

/// A problem as the answer to a request: `application/problem+json`, as of RFC 9457.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        status_of(self.0.kind)
    }

    fn error_response(&self) -> HttpResponse {
        let (status, problem) = (self.status_code(), &self.0);
        let request_id = RequestId::current();
        let body = ProblemBody {
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code: &problem.code,
            message: &problem.message,
            field: problem.field.as_deref(),
            order_id: problem.order.map(|order| order.to_string()),
            hint: problem.hint.as_deref(),
            request_id: request_id.as_ref().map(RequestId::as_str),
        };
        // Fails for maps with keys that are no texts only.
        let body = serde_json::to_string(&body).unwrap_or_default();
        let mut response = HttpResponse::build(status);
        response.content_type("application/problem+json").insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(after) = problem.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if problem.kind == ProblemKind::Unauthenticated {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(body)
    }
}

/// Returns the status of a kind of problem.
pub(super) const fn status_of(kind: ProblemKind) -> StatusCode {
    match kind {
        ProblemKind::Malformed => StatusCode::BAD_REQUEST,
        ProblemKind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ProblemKind::Forbidden => StatusCode::FORBIDDEN,
        ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
        ProblemKind::Conflict => StatusCode::CONFLICT,
        ProblemKind::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemKind::OtherForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ProblemKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ProblemKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemKind::Unknown => StatusCode::GATEWAY_TIMEOUT,
        ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Answers with a problem.
pub(super) fn problem(problem: Problem) -> HttpResponse {
    Failure(problem).error_response()
}

/// A body is too long.
pub(super) fn too_long(bytes_max: usize) -> Problem {
    let message = format!("the body has more than {bytes_max} bytes");
    Problem::new(ProblemKind::TooLong, "body_too_long", message)
}
