//! Logins at other providers (OpenID Connect), and the identities that people have there.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HOST, LOCATION};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::SessionTokens;
use super::cookies::{self, Kind};
use super::origin;
use super::sessions::session;
use super::visitor::{is_secure, visitor};
use crate::config::{IdentityConfig, WebOrigin};
use crate::domain::{Actor, IdentityId, Problem, ProblemKind, Secret};
use crate::http::answers::{Failure, Problems, nothing, ok, problem};
use crate::http::body::{Body, Params};
use crate::services::identity::{
    CallbackParams, Identity, LOGIN_LIFETIME, LinkedIdentity, LoginWish, Outcome, ProviderName,
};

type Answer = Result<HttpResponse, Failure>;
type Service = web::Data<Identity>;
type Asking = web::ReqData<Actor>;

/// The providers with which people log in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Providers {
    /// Each, as the operator has listed them.
    providers: Vec<ProviderAnswer>,
}

/// A provider.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProviderAnswer {
    /// Its name in routes.
    #[schema(example = "google")]
    name: String,
    /// What people call it.
    #[schema(example = "Google")]
    label: String,
}

impl From<ProviderName> for ProviderAnswer {
    fn from(provider: ProviderName) -> Self {
        Self { name: provider.name, label: provider.label }
    }
}

/// How a login at a provider ends.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct OutsideLoginParams {
    /// The path of this server to which the browser goes afterwards, with the tokens in cookies.
    #[param(example = "/portfolio")]
    return_to: Option<String>,
    /// Whether the tokens come as cookies where there is no such path.
    #[serde(default)]
    cookie: bool,
}

/// What a provider sends a browser back with; there may be more, which says nothing here.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct CallbackQuery {
    /// What is exchanged for tokens.
    code: Option<String>,
    /// What the browser was sent with.
    state: Option<String>,
    /// Who sends it.
    iss: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// Who logs in at a provider, and needs a code here.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutsideCode {
    /// A code of the second factor, or a recovery code.
    code: Secret,
    /// Whether the tokens come as cookies.
    #[serde(default)]
    cookie: bool,
}

/// Who links an identity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkRequest {
    /// The password; empty for people without one, who have logged in just now.
    password: Secret,
    /// A code of the second factor, if a login needs one.
    #[serde(default)]
    code: Option<Secret>,
    /// The path of this server to which the browser goes afterwards.
    #[serde(default)]
    #[schema(example = "/settings")]
    return_to: Option<String>,
}

/// Where the browser goes to link an identity.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkAnswer {
    /// The page of the provider.
    url: String,
}

/// The identities of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Identities {
    /// Each, the oldest first.
    identities: Vec<IdentityAnswer>,
}

/// An identity of a person elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IdentityAnswer {
    /// Its id.
    identity_id: IdentityId,
    /// Its provider, if it is still one of this market.
    provider: Option<ProviderAnswer>,
    /// Who says so.
    #[schema(example = "https://accounts.google.com")]
    issuer: String,
    /// Whom they name.
    subject: String,
    /// Since when it is the person's.
    #[schema(format = DateTime)]
    linked_at: String,
    /// When it was used last, give or take a minute.
    #[schema(format = DateTime)]
    last_used_at: String,
}

impl From<LinkedIdentity> for IdentityAnswer {
    fn from(linked: LinkedIdentity) -> Self {
        let LinkedIdentity { identity, provider } = linked;
        Self {
            identity_id: identity.id,
            provider: provider.map(ProviderAnswer::from),
            issuer: identity.issuer,
            subject: identity.subject,
            linked_at: identity.linked_at.to_string(),
            last_used_at: identity.last_used_at.to_string(),
        }
    }
}

/// Lists the providers with which people log in.
#[utoipa::path(get, path = "/api/auth/oidc", tag = "identity", operation_id = "providers",
    responses((status = 200, description = "Those that there are", body = Providers), Problems))]
pub(super) async fn providers(identity: Service) -> Answer {
    let providers = identity.providers().into_iter().map(ProviderAnswer::from).collect();
    Ok(ok(&Providers { providers }))
}

/// Sends the browser to a provider to log in there.
#[utoipa::path(get, path = "/api/auth/oidc/{provider}/login", tag = "identity", operation_id = "log_in_outside",
    params(("provider" = String, Path, description = "Its name"), OutsideLoginParams),
    responses((status = 303, description = "The login goes on there"), Problems))]
pub(super) async fn log_in(
    identity: Service,
    request: HttpRequest,
    provider: web::Path<String>,
    params: Params<OutsideLoginParams>,
) -> Answer {
    let config = identity.config();
    let wish = LoginWish {
        provider: &provider,
        base: &base(&request, config)?,
        return_to: params.0.return_to.as_deref(),
        in_cookies: params.0.cookie,
    };
    let begun = identity.begin_outside(&wish, &visitor(&request, config)).await?;
    let mut response = see(&begun.url);
    let is_secure = is_secure(&request, config);
    cookies::remember(&mut response, begun.cookie.expose(), LOGIN_LIFETIME, is_secure);
    Ok(response.finish())
}

/// Ends a login at a provider: opens a session, or links the identity. The provider sends the browser here.
#[utoipa::path(get, path = "/api/auth/oidc/{provider}/callback", tag = "identity", operation_id = "outside_callback",
    params(("provider" = String, Path, description = "Its name"), CallbackQuery),
    responses((status = 200, description = "The session is open", body = SessionTokens),
        (status = 204, description = "The identity is linked"),
        (status = 303, description = "It is done, and the browser goes where the login was begun"), Problems))]
pub(super) async fn callback(
    identity: Service,
    request: HttpRequest,
    provider: web::Path<String>,
    params: Params<CallbackQuery>,
) -> Answer {
    let CallbackQuery { code, state, iss, error } = params.0;
    let params = CallbackParams { code: code.map(Secret::new), state: state.map(Secret::new), iss, error };
    let config = identity.config();
    let is_secure = is_secure(&request, config);
    let cookie = cookies::value(&request, Kind::Outside, is_secure);
    let visitor = visitor(&request, config);
    let outcome = identity.end_outside(&provider, &params, cookie.as_ref(), &visitor).await?;
    let (mut response, kept) = match outcome {
        Outcome::Open { tokens, in_cookies, return_to: None } => {
            let mut response = session(&identity, &request, &tokens, in_cookies);
            forget(&mut response, is_secure);
            return Ok(response);
        }
        Outcome::Open { tokens, return_to: Some(path), .. } => {
            let mut response = see(&path);
            cookies::set(&mut response, &tokens, config.refresh_token, is_secure);
            (response, None)
        }
        Outcome::NeedsCode { cookie, return_to: Some(path) } => (see(&needing_code(&path)), Some(cookie)),
        Outcome::NeedsCode { cookie, return_to: None } => {
            let mut response = problem(code_needed());
            let mut kept = HttpResponse::Ok();
            cookies::remember(&mut kept, cookie.expose(), LOGIN_LIFETIME, is_secure);
            copy_cookies(kept, &mut response);
            return Ok(response);
        }
        Outcome::Linked { return_to: Some(path) } => (see(&path), None),
        Outcome::Linked { return_to: None } => (HttpResponse::NoContent(), None),
    };
    let (value, age) = kept.as_ref().map_or(("", Duration::ZERO), |it| (it.expose(), LOGIN_LIFETIME));
    cookies::remember(&mut response, value, age, is_secure);
    Ok(response.finish())
}

/// Opens the session of a login at a provider that lacked a code of the second factor.
#[utoipa::path(post, path = "/api/auth/oidc/second-factor", tag = "identity", operation_id = "outside_second_factor",
    request_body = OutsideCode,
    responses((status = 200, description = "The session is open", body = SessionTokens), Problems))]
pub(super) async fn second_factor(
    identity: Service,
    request: HttpRequest,
    body: Body<OutsideCode>,
) -> Answer {
    let config = identity.config();
    origin::check(&request, &config.cors_origins)?;
    let is_secure = is_secure(&request, config);
    let cookie = cookies::value(&request, Kind::Outside, is_secure);
    let visitor = visitor(&request, config);
    let tokens = identity.complete_outside(cookie.as_ref(), &body.0.code, &visitor).await?;
    let mut response = session(&identity, &request, &tokens, body.0.cookie);
    forget(&mut response, is_secure);
    Ok(response)
}

/// Begins to link an identity at a provider: answers where the browser goes. The mail address of the account
/// must be verified.
#[utoipa::path(post, path = "/api/auth/oidc/{provider}/link", tag = "identity", operation_id = "link_identity",
    params(("provider" = String, Path, description = "Its name")), request_body = LinkRequest,
    responses((status = 200, description = "The login goes on there", body = LinkAnswer), Problems))]
pub(super) async fn link(
    identity: Service,
    request: HttpRequest,
    actor: Asking,
    provider: web::Path<String>,
    body: Body<LinkRequest>,
) -> Answer {
    let LinkRequest { password, code, return_to } = body.0;
    let config = identity.config();
    let (base, return_to) = (base(&request, config)?, return_to.as_deref());
    let wish = LoginWish { provider: &provider, base: &base, return_to, in_cookies: false };
    let proof = (&password, code.as_ref());
    let begun = identity.begin_link(&actor, proof, &wish, &visitor(&request, config)).await?;
    let mut response = HttpResponse::Ok();
    let is_secure = is_secure(&request, config);
    cookies::remember(&mut response, begun.cookie.expose(), LOGIN_LIFETIME, is_secure);
    response.insert_header((CACHE_CONTROL, "no-store"));
    Ok(response.json(LinkAnswer { url: begun.url }))
}

/// Lists the identities that the person has at providers.
#[utoipa::path(get, path = "/api/auth/identities", tag = "identity", operation_id = "identities",
    responses((status = 200, description = "Those that are linked", body = Identities), Problems))]
pub(super) async fn list(identity: Service, actor: Asking) -> Answer {
    let identities = identity.identities(&actor).await?;
    Ok(ok(&Identities { identities: identities.into_iter().map(IdentityAnswer::from).collect() }))
}

/// Removes an identity, unless the person could not come in any more.
#[utoipa::path(delete, path = "/api/auth/identities/{identity_id}", tag = "identity", operation_id = "unlink_identity",
    params(("identity_id" = String, Path, description = "The identity")),
    responses((status = 204, description = "It is not linked any more"), Problems))]
pub(super) async fn unlink(identity: Service, actor: Asking, path: web::Path<String>) -> Answer {
    let unknown = |_| Problem::new(ProblemKind::NotFound, "unknown_identity", "there is no such identity");
    identity.unlink(&actor, path.parse().map_err(unknown)?).await?;
    Ok(nothing())
}

/// Returns where this server is reached: what its operator says, or else what the browser has asked for,
/// which the provider compares with what it knows.
fn base(request: &HttpRequest, config: &IdentityConfig) -> Result<String, Problem> {
    if let Some(origin) = &config.public_url {
        return Ok(origin.text().to_owned());
    }
    let scheme = if is_secure(request, config) { "https" } else { "http" };
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin: Result<WebOrigin, _> = format!("{scheme}://{host}").parse();
    let unfit = |_| Problem::new(ProblemKind::Malformed, "invalid_header", "the host is none").at("Host");
    origin.map(|origin| origin.text().to_owned()).map_err(unfit)
}

/// Sends a browser elsewhere.
fn see(url: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(StatusCode::SEE_OTHER);
    response.insert_header((LOCATION, url)).insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// Has the browser forget the login.
fn forget(response: &mut HttpResponse, is_secure: bool) {
    let mut kept = HttpResponse::Ok();
    cookies::remember(&mut kept, "", Duration::ZERO, is_secure);
    copy_cookies(kept, response);
}

fn copy_cookies(mut from: HttpResponseBuilder, to: &mut HttpResponse) {
    for value in from.finish().headers().get_all(header::SET_COOKIE) {
        to.headers_mut().append(header::SET_COOKIE, value.clone());
    }
}

/// Adds to a path that a code is needed.
fn needing_code(path: &str) -> String {
    let (path, fragment) = path.split_once('#').map_or((path, None), |(path, rest)| (path, Some(rest)));
    let joint = if path.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|it| format!("#{it}")).unwrap_or_default();
    format!("{path}{joint}second_factor=needed{fragment}")
}

fn code_needed() -> Problem {
    let message = "a code of the second factor is needed beside the login at the provider";
    let problem = Problem::new(ProblemKind::Unauthenticated, "second_factor_needed", message);
    problem.hint("send `code` to /api/auth/oidc/second-factor, with the cookie of this answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_a_code_is_needed_is_said_before_the_fragment() {
        for (path, expected) in [
            ("/", "/?second_factor=needed"),
            ("/a?b=c", "/a?b=c&second_factor=needed"),
            ("/a#b?c", "/a?second_factor=needed#b?c"),
        ] {
            assert_eq!(needing_code(path), expected);
        }
    }
}
