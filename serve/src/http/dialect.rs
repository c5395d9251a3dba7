//! [`Dialect`]: in which form a path answers: this server's own, or Alpaca's.
//!
//! What both have in common, such as who may do what and what is at no path, answers in the form of the path.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use super::answers::{problem, status_of};
use crate::domain::{Problem, ProblemKind};

/// In which form a path answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// This server's own.
    Native,
    /// That of Alpaca's API.
    Alpaca,
}

/// What the paths of Alpaca's API begin with.
const PREFIXES: [&str; 5] = ["/v2", "/v1beta1", "/v1beta2", "/v1beta3", "/stream"];

impl Dialect {
    /// Returns that of a path.
    pub(super) fn of(path: &str) -> Self {
        let is_below = |prefix: &&str| {
            path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if PREFIXES.iter().any(is_below) { Self::Alpaca } else { Self::Native }
    }

    /// Answers with a problem.
    pub(super) fn problem(self, found: Problem) -> HttpResponse {
        match self {
            Self::Native => problem(found),
            Self::Alpaca => AlpacaFailure::from(found).error_response(),
        }
    }

    /// There is nothing at a path.
    pub(super) fn not_found(self, path: &str) -> HttpResponse {
        let problem = Problem::new(ProblemKind::NotFound, "not_found", "there is nothing at this path");
        self.problem(match base_at_fault(path) {
            Some(hint) => problem.hint(hint),
            None => problem,
        })
    }

    /// A path has no such method.
    pub(super) fn not_allowed(self, allowed: &str) -> HttpResponse {
        let message = format!("this path has no such method; allowed: {allowed}");
        let mut answer = self.problem(Problem::new(ProblemKind::NoSuchMethod, "method_not_allowed", message));
        // Names of methods are always a header's text.
        let allowed = HeaderValue::from_str(allowed).unwrap_or_else(|_| HeaderValue::from_static("GET"));
        answer.headers_mut().insert(header::ALLOW, allowed);
        answer
    }
}

/// Returns what to do about the base URL of a client, where that is what a path is wrong by.
fn base_at_fault(path: &str) -> Option<&'static str> {
    if path.starts_with("//") {
        return Some("the path begins with two slashes: give the base URL without a slash at its end");
    }
    let mut parts = path.split('/').skip(1);
    let (first, second) = (parts.next()?, parts.next()?);
    let is_twice = first == second && PREFIXES.iter().any(|prefix| prefix.strip_prefix('/') == Some(first));
    is_twice.then_some("the path has its version twice: give the base URL without it")
}

/// A problem in Alpaca's form: `{"code", "message"}`, and some members more.
///
/// The code's first three digits are a status, which is not always that of the answer. `error` is the word
/// that this server's own API has, `field` the field as Alpaca's API names it.
#[derive(Debug)]
pub(super) struct AlpacaFailure {
    problem: Box<Problem>,
    more: Map<String, Value>,
}

impl From<Problem> for AlpacaFailure {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), more: Map::new() }
    }
}

impl fmt::Display for AlpacaFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl AlpacaFailure {
    /// Adds a member to the answer.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Returns status, code and message.
    fn told(&self) -> (StatusCode, u32, String) {
        let Problem { kind, code, message, .. } = &*self.problem;
        let message = message.clone();
        match (kind, &**code) {
            (ProblemKind::Unauthenticated, _) => {
                (StatusCode::UNAUTHORIZED, 40_110_000, format!("request is not authorized: {message}"))
            }
            (ProblemKind::Forbidden, "insufficient_scope" | "mail_unverified" | "session_needed") => {
                (StatusCode::FORBIDDEN, 40_310_000, "forbidden.".to_owned())
            }
            (ProblemKind::Refused, "insufficient_cash") => {
                (StatusCode::FORBIDDEN, 40_310_000, format!("insufficient balance for USD: {message}"))
            }
            (ProblemKind::Refused, "insufficient_shares" | "would_not_reduce") => {
                let message = format!(
                    "insufficient balance for the order: insufficient qty available for order: {message}"
                );
                (StatusCode::FORBIDDEN, 40_310_000, message)
            }
            (ProblemKind::Refused, "below_one_lot") => {
                let message = format!("cost basis must be >= minimal amount of order: {message}");
                (StatusCode::FORBIDDEN, 40_310_000, message)
            }
            (ProblemKind::Refused, "invalid_parameter" | "invalid_field" | "missing_field") => {
                (StatusCode::UNPROCESSABLE_ENTITY, 40_010_001, message)
            }
            (ProblemKind::Conflict, "client_order_id_in_use") => {
                let message = "client_order_id must be unique".to_owned();
                (StatusCode::UNPROCESSABLE_ENTITY, 40_010_001, message)
            }
            (ProblemKind::Refused | ProblemKind::Conflict, _) => {
                (StatusCode::UNPROCESSABLE_ENTITY, 42_210_000, message)
            }
            // Clients try a 504 again by themselves, and an order without an id of theirs would be there
            // twice.
            (ProblemKind::Unknown, _) => (StatusCode::INTERNAL_SERVER_ERROR, 50_010_000, message),
            (kind, _) => {
                let status = status_of(*kind);
                (status, u32::from(status.as_u16()) * 100_000 + 10_000, message)
            }
        }
    }

    /// Returns it as it is answered.
    pub(super) fn body(&self) -> Value {
        let (_, code, message) = self.told();
        let mut body = json!({ "code": code, "message": message, "error": self.problem.code });
        if let Some(map) = body.as_object_mut() {
            let Problem { field, hint, .. } = &*self.problem;
            let field = field.as_deref().map(alpaca_name);
            for (name, value) in [("field", field), ("hint", hint.as_deref())] {
                if let Some(value) = value {
                    map.insert(name.to_owned(), Value::from(value));
                }
            }
            map.extend(self.more.clone());
        }
        body
    }
}

/// Returns what a field of this server's own API is called in Alpaca's.
fn alpaca_name(field: &str) -> &str {
    match field {
        "quantity" => "qty",
        "price" => "limit_price",
        "trail_amount" => "trail_price",
        other => other,
    }
}

impl ResponseError for AlpacaFailure {
    fn status_code(&self) -> StatusCode {
        self.told().0
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type(ContentType::json()).insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(after) = self.problem.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.body(self.body().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_prefixes_are_alpacas() {
        for (path, dialect) in [
            ("/v2/orders", Dialect::Alpaca),
            ("/v2", Dialect::Alpaca),
            ("/v1beta3/crypto/us/bars", Dialect::Alpaca),
            ("/stream", Dialect::Alpaca),
            ("/stream/", Dialect::Alpaca),
            ("/v20/orders", Dialect::Native),
            ("/streams", Dialect::Native),
            ("/api/v2/orders", Dialect::Native),
            ("/", Dialect::Native),
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }

    #[test]
    fn a_path_says_what_is_wrong_with_the_base_of_a_client() {
        let hints = ["//v2/account", "/v2/v2/account", "/v2/accounts", "/v2", "/api/api"].map(base_at_fault);
        let is_given = hints.map(|hint| hint.is_some());
        assert_eq!(is_given, [true, true, false, false, false], "{hints:?}");
        let answer = Dialect::of("//v2/account").not_found("//v2/account");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn fields_have_the_names_of_the_request() {
        for (field, expected) in
            [("quantity", "qty"), ("price", "limit_price"), ("trail_amount", "trail_price"), ("side", "side")]
        {
            let problem = Problem::new(ProblemKind::Refused, "off_tick", "why").at(field);
            assert_eq!(AlpacaFailure::from(problem).body()["field"], expected);
        }
    }

    #[test]
    fn a_problem_has_the_code_and_the_words_that_clients_look_for() {
        for (kind, word, status, code, words) in [
            (ProblemKind::Unauthenticated, "invalid_token", 401, 40_110_000, "request is not authorized"),
            (ProblemKind::Forbidden, "insufficient_scope", 403, 40_310_000, "forbidden."),
            (ProblemKind::Forbidden, "blocked", 403, 40_310_000, "why"),
            (ProblemKind::Refused, "insufficient_cash", 403, 40_310_000, "insufficient balance for USD"),
            (ProblemKind::Refused, "insufficient_shares", 403, 40_310_000, "insufficient qty"),
            (ProblemKind::Refused, "invalid_field", 422, 40_010_001, "why"),
            (ProblemKind::Refused, "off_tick", 422, 42_210_000, "why"),
            (ProblemKind::Conflict, "client_order_id_in_use", 422, 40_010_001, "must be unique"),
            (ProblemKind::NotFound, "unknown_order", 404, 40_410_000, "why"),
            (ProblemKind::TooMany, "too_many", 429, 42_910_000, "why"),
            (ProblemKind::Unknown, "outcome_unknown", 500, 50_010_000, "why"),
            (ProblemKind::Unavailable, "paused", 503, 50_310_000, "why"),
            (ProblemKind::Malformed, "malformed_json", 400, 40_010_000, "why"),
        ] {
            let failure = AlpacaFailure::from(Problem::new(kind, word, "why"));
            let body = failure.body();
            assert_eq!((failure.status_code().as_u16(), &body["code"]), (status, &json!(code)), "{word}");
            assert!(body["message"].as_str().unwrap().contains(words), "{body}");
        }
    }
}
