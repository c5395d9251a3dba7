//! Answers in JSON.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType};
use serde_json::{Value, json};

/// Answers with a value.
pub(super) fn answer(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(ContentType::json())
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body.to_string())
}

/// Answers with an error: a word for programs, and a sentence for people.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    answer(status, &json!({ "error": { "code": code, "message": message } }))
}

/// There is nothing at a path.
pub(super) fn not_found() -> HttpResponse {
    error(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path")
}

/// A path has no such method.
pub(super) fn not_allowed(allowed: &'static str) -> HttpResponse {
    let message = format!("this path has no such method; allowed: {allowed}");
    let mut answer = error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", &message);
    answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    answer
}

/// A body is too long.
pub(super) fn too_long(bytes_max: usize) -> HttpResponse {
    let message = format!("the body has more than {bytes_max} bytes");
    error(StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", &message)
}
