//! The handshake: where a page is from, and who comes with a token.

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};

use super::connection::Connection;
use super::hub::Hub;
use super::watched::Watched;
use crate::domain::{Actor, Problem, ProblemKind, Scope};
use crate::http::answers::Failure;
use crate::http::connection::go_on;
use crate::http::endpoint::{Access, Gatekeeper};
use crate::http::shared::Shared;

/// Opens a connection.
pub(super) async fn open(
    request: HttpRequest,
    body: web::Payload,
    hub: web::Data<Hub>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    if !is_allowed(request.headers(), &hub.config().origins) {
        let message = "pages of this origin may not open a WebSocket here";
        let problem = Problem::new(ProblemKind::Forbidden, "forbidden_origin", message);
        return Err(problem.at("Origin").into());
    }
    let held = who(&request, &hub).await?;
    let handshake = actix_ws::handle(&request, body);
    let (response, session, stream) = handshake.map_err(|error| {
        let problem = Problem::new(
            ProblemKind::Malformed,
            "no_websocket",
            format!("no handshake of a WebSocket: {error}"),
        );
        problem.hint("open it with a client of WebSockets; docs/websocket.md has the protocol")
    })?;
    let bytes_max = hub.config().message_bytes_max;
    let stream = stream.max_frame_size(bytes_max).aggregate_continuations().max_continuation_size(bytes_max);
    let connection = Connection::new(hub.into_inner(), shared, session, held);
    let (head, body) = response.into_parts();
    let (body, has_ended) = Watched::new(body);
    go_on(&request, connection.run(stream, has_ended));
    Ok(head.set_body(body).map_into_boxed_body())
}

/// Returns who opens a connection, as far as the request says that. A cookie that is not believed any more is
/// none, so that a page whose session has ended still sees the market.
async fn who(request: &HttpRequest, hub: &Hub) -> Result<Option<Actor>, Problem> {
    let headers = request.headers();
    if let (Some(token), Some(authenticator)) = (bearer(headers), hub.authenticator()) {
        return authenticator.authenticate(&token).await.map(Some);
    }
    let shows_secret = headers.contains_key(header::AUTHORIZATION) || headers.contains_key("X-API-Key");
    let Some(gatekeeper) = request.app_data::<web::Data<dyn Gatekeeper>>().cloned() else {
        return if shows_secret { Err(nobody_known()) } else { Ok(None) };
    };
    if !shows_secret && !headers.contains_key(header::COOKIE) {
        return Ok(None);
    }
    match gatekeeper.admit(request, Access::Needs(Scope::Read)).await {
        Err(problem) if shows_secret || problem.kind == ProblemKind::Unavailable => Err(problem),
        Err(_) => Ok(None),
        admitted => admitted,
    }
}

/// Says that there is nobody who knows tokens.
pub(super) fn nobody_known() -> Problem {
    Problem::new(ProblemKind::Unauthenticated, "no_accounts", "this server knows no accounts")
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Returns whether whoever asks is no page, or one that may: browsers let any page open a WebSocket anywhere,
/// and say only where it is from.
pub(in crate::http) fn is_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let mut origins = headers.get_all(header::ORIGIN);
    let Some(origin) = origins.next() else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if origins.next().is_some() {
        return false;
    }
    let own = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_own = origin
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
        .is_some_and(|(_, host)| own.is_some_and(|own| own.eq_ignore_ascii_case(host)));
    is_own || allowed.iter().any(|it| it == "*" || it.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_page_may_if_it_is_of_this_server_or_listed() {
        let allowed = |origins: &[&'static str], listed: &[&str]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("market.example:8080"));
            for origin in origins {
                headers.append(header::ORIGIN, HeaderValue::from_static(origin));
            }
            is_allowed(&headers, &listed.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
        };
        assert!(allowed(&[], &[]));
        assert!(allowed(&["http://market.example:8080"], &[]));
        assert!(allowed(&["https://Market.Example:8080"], &[]));
        assert!(allowed(&["https://app.example"], &["https://app.example/"]));
        assert!(allowed(&["https://any.example"], &["*"]));
        for origin in [
            "null",
            "http://market.example",
            "https://market.example:8080.evil.example",
            "file://market.example:8080",
        ] {
            assert!(!allowed(&[origin], &["https://app.example"]), "{origin}");
        }
        assert!(!allowed(&["http://market.example:8080", "https://evil.example"], &[]));
    }
}
