//! [`Body`] and [`Params`]: what comes with a request, read strictly; faults name their field.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::answers::{Failure, too_long};
use super::shared::Shared;
use crate::domain::{ClientOrderId, Problem, ProblemKind};

/// The body of a request: JSON, of which no field is unknown.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = is_json(request);
        let most = request.app_data::<web::Data<Shared>>().map_or(0, |shared| shared.body_bytes_max);
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            form?;
            // A body that does not end or comes in pieces that are none is as much the client's fault.
            let bytes = bytes.await.map_err(|_| too_long(most))?;
            read(&bytes).map(Self).map_err(Failure)
        })
    }
}

/// Returns the id that the header `Idempotency-Key` gives a request, if it has one.
///
/// # Errors
/// [`Problem`] if it is no id.
pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<ClientOrderId>, Problem> {
    let Some(key) = request.headers().get("Idempotency-Key") else { return Ok(None) };
    let id = key.to_str().unwrap_or_default().to_owned();
    let unfit = |error| Problem::new(ProblemKind::Refused, "invalid_header", error).at("Idempotency-Key");
    ClientOrderId::try_from(id).map(Some).map_err(unfit)
}

fn is_json(request: &HttpRequest) -> Result<(), Failure> {
    let form = request.headers().get(CONTENT_TYPE).and_then(|form| form.to_str().ok()).unwrap_or_default();
    let kind = form.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let problem = Problem::new(ProblemKind::OtherForm, "not_json", "the body must be JSON");
    Err(problem.hint("send the header `Content-Type: application/json`").into())
}

/// Reads JSON.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut text = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut text)
        .map_err(|error| faulty(error.inner(), named(error.path())))?;
    text.end().map_err(|error| faulty(&error, None))?;
    Ok(value)
}

fn faulty(error: &serde_json::Error, path: Option<String>) -> Problem {
    let is_of_form = error.is_syntax() || error.is_eof();
    let (kind, code) = if is_of_form {
        (ProblemKind::Malformed, "malformed_json")
    } else {
        (ProblemKind::Refused, "invalid_field")
    };
    let mut problem = Problem::new(kind, code, error);
    problem.field = path.or_else(|| named_in(&problem.message));
    problem
}

/// Returns the path of a field; nothing for the whole, or where it ended before a name.
fn named(path: &serde_path_to_error::Path) -> Option<String> {
    let is_known = path.iter().all(|step| !matches!(step, serde_path_to_error::Segment::Unknown));
    Some(path.to_string()).filter(|text| is_known && text != ".")
}

/// Returns the field that is named in what serde says of one that is missing or unknown.
fn named_in(message: &str) -> Option<String> {
    let rest = message.strip_prefix("missing field `").or_else(|| message.strip_prefix("unknown field `"))?;
    rest.split('`').next().map(str::to_owned)
}

/// What stands behind the question mark of a request's path, of which no name is unknown.
#[derive(Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded(request));
        let read = serde_path_to_error::deserialize(pairs).map_err(|error| {
            let mut problem = Problem::new(ProblemKind::Refused, "invalid_parameter", error.inner());
            problem.field = named(error.path()).or_else(|| named_in(&problem.message));
            Failure(problem)
        });
        ready(read.map(Self))
    }
}

fn form_urlencoded(request: &HttpRequest) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(request.query_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is read for its faults")]
    struct Order {
        symbol: String,
        legs: Vec<u8>,
    }

    #[test]
    fn a_fault_names_its_field() {
        for (json, code, field) in [
            ("{", "malformed_json", None),
            (r#"{"symbol":"A","legs":[1]} x"#, "malformed_json", None),
            (r#"{"symbol":1,"legs":[]}"#, "invalid_field", Some("symbol")),
            (r#"{"symbol":"A","legs":[1,-1]}"#, "invalid_field", Some("legs[1]")),
            (r#"{"symbol":"A"}"#, "invalid_field", Some("legs")),
            (r#"{"symbol":"A","legs":[],"price":1}"#, "invalid_field", Some("price")),
        ] {
            let problem = read::<Order>(json.as_bytes()).unwrap_err();
            assert_eq!((&*problem.code, problem.field.as_deref()), (code, field), "{json}: {problem}");
        }
    }
}
