//! [`Gate`]: who asks, and whether they may.

use std::fmt;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, UPGRADE};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::cookies::{self, Kind};
use super::origin;
use super::visitor::is_secure;
use crate::domain::{AccountId, Actor, Credential, Problem, ProblemKind, Scope, Secret};
use crate::http::dialect::Dialect;
use crate::http::endpoint::{Access, Admitting, Gatekeeper};
use crate::services::identity::{Identity, csrf_problem, is_id_of};

/// Knows who asks by what they show.
pub(in crate::http) struct Gate {
    identity: Arc<Identity>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

/// What a request shows.
struct Shown {
    secret: Secret,
    /// The CSRF token that came along; absent where none is needed.
    csrf: Option<String>,
}

impl Gate {
    pub(in crate::http) const fn new(identity: Arc<Identity>) -> Self {
        Self { identity }
    }
}

impl Gatekeeper for Gate {
    fn admit(&self, request: &HttpRequest, access: Access) -> Admitting {
        if access == Access::Public {
            return Box::pin(async { Ok(None) });
        }
        let identity = Arc::clone(&self.identity);
        let shown = shown(request, &identity);
        let account = named_account(request);
        Box::pin(async move {
            let Shown { secret, csrf } = shown?;
            let actor = identity.authenticate(secret.expose()).await?;
            if let Some(csrf) = csrf {
                match actor.credential {
                    Credential::Session(session) if identity.is_csrf_token(session, &csrf) => {}
                    _ => return Err(csrf_problem()),
                }
            }
            allow(&actor, access, identity.config().require_verified_mail)?;
            match account? {
                Some(account) => identity.in_account(actor, account).await.map(Some),
                None => Ok(Some(actor)),
            }
        })
    }
}

/// The header that names another account of one's own than the first.
const ACCOUNT: &str = "X-Account";

/// Returns the account in which something is asked, if one is named. A connection for messages has the
/// account of its credential.
fn named_account(request: &HttpRequest) -> Result<Option<AccountId>, Problem> {
    let Some(value) = request.headers().get(ACCOUNT) else { return Ok(None) };
    if request.headers().contains_key(UPGRADE) {
        let message = "a WebSocket has the account of its credential";
        let problem = Problem::new(ProblemKind::Refused, "invalid_header", message).at(ACCOUNT);
        return Err(problem.hint("make a key for the account, and connect with that"));
    }
    let account = value.to_str().unwrap_or_default().parse();
    let unfit = |error| Problem::new(ProblemKind::Refused, "invalid_header", error).at(ACCOUNT);
    account.map(Some).map_err(unfit)
}

/// Returns what a request shows: one thing, and cookies only if there is nothing else.
fn shown(request: &HttpRequest, identity: &Identity) -> Result<Shown, Problem> {
    let headers = request.headers();
    if Dialect::of(request.path()) == Dialect::Alpaca
        && let Some(secret) = alpaca_secret(headers)
    {
        return secret.map(|secret| Shown { secret, csrf: None });
    }
    let tokens = headers.get_all(AUTHORIZATION).map(|value| (value, true));
    let mut given = tokens.chain(headers.get_all("X-API-Key").map(|value| (value, false)));
    if let Some((value, is_bearer)) = given.next() {
        if given.next().is_some() {
            return Err(unauthenticated("two_credentials", "show one token or key"));
        }
        let text = value.to_str().unwrap_or_default();
        let text = if is_bearer { bearer(text) } else { Some(text) };
        let message = "the header must be `Authorization: Bearer TOKEN`";
        let text = text.ok_or_else(|| unauthenticated("not_bearer", message))?;
        return Ok(Shown { secret: Secret::new(text.to_owned()), csrf: None });
    }
    let config = identity.config();
    let cookie = cookies::value(request, Kind::Access, is_secure(request, config));
    let secret = cookie.ok_or_else(|| {
        let problem = unauthenticated("no_credentials", "who asks is not said");
        problem.hint("log in, and send the header `Authorization: Bearer TOKEN`; or send `X-API-Key: SECRET`")
    })?;
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return Ok(Shown { secret, csrf: None });
    }
    origin::check(request, &config.cors_origins)?;
    Ok(Shown { secret, csrf: Some(csrf_of(request)) })
}

/// Returns the secret of a key as clients of Alpaca's API show it: in two headers, or as name and password.
/// What is shown as the key's id must be the one of the secret.
fn alpaca_secret(headers: &HeaderMap) -> Option<Result<Secret, Problem>> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default().to_owned());
    let (id, secret) = match text("APCA-API-SECRET-KEY") {
        Some(secret) => (text("APCA-API-KEY-ID"), secret),
        None => {
            let shown = text(AUTHORIZATION.as_str())?;
            let (scheme, pair) = shown.split_once(' ')?;
            if !scheme.eq_ignore_ascii_case("Basic") {
                return None;
            }
            let pair = STANDARD.decode(pair.trim()).ok().and_then(|pair| String::from_utf8(pair).ok());
            let pair = pair.unwrap_or_default();
            let (id, secret) = pair.split_once(':').unwrap_or_default();
            (Some(id.to_owned()), secret.to_owned())
        }
    };
    let is_its = id.is_some_and(|id| is_id_of(&id, &secret));
    let wrong = || unauthenticated("invalid_token", "key id and secret are not those of a key");
    Some(is_its.then(|| Secret::new(secret)).ok_or_else(wrong))
}

/// Returns the CSRF token that came with a request; none is a wrong one.
pub(super) fn csrf_of(request: &HttpRequest) -> String {
    let header = request.headers().get("X-CSRF-Token").and_then(|token| token.to_str().ok());
    header.unwrap_or_default().to_owned()
}

fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
}

fn allow(actor: &Actor, access: Access, needs_verified_mail: bool) -> Result<(), Problem> {
    let problem = |code, message| Err(Problem::new(ProblemKind::Forbidden, code, message));
    match (access, actor.credential) {
        (Access::Session, Credential::Key(_)) => problem("session_needed", "a key cannot do this: log in"),
        (Access::Needs(scope), _) if actor.may(scope) => Ok(()),
        (Access::Needs(Scope::Trade), credential) if needs_verified_mail && credential.is_of_person() => {
            problem("mail_unverified", "who trades here must have a verified mail address")
        }
        (Access::Needs(Scope::Admin), credential) if credential.is_of_person() => {
            problem("forbidden", "an operator may, you may not")
        }
        (Access::Needs(_), _) => problem("insufficient_scope", "the key has not the scope that this needs"),
        (Access::Public | Access::Session, _) => Ok(()),
    }
}

fn unauthenticated(code: &'static str, message: &str) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, code, message)
}
