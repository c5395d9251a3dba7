//! Registration, logins, sessions and passwords.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::{EndedSessions, Me, RegisteredAnswer, SessionAnswer, SessionTokens, Sessions};
use super::cookies::{self, Kind};
use super::gate::csrf_of;
use super::origin;
use super::requests::{
    AnyLogin, CookieParams, LoginForm, LoginRequest, LogoutParams, MaybeRefresh, PasswordRequest,
    RefreshRequest, RegisterRequest, ResetRequest,
};
use super::visitor::{is_secure, visitor};
use crate::domain::{Actor, Problem, ProblemKind};
use crate::http::answers::{Failure, Problems, answer, nothing, ok};
use crate::http::body::{Body, Params};
use crate::services::identity::{Identity, Login, RegistrationRequest, Tokens};

type Answer = Result<HttpResponse, Failure>;
type Service = web::Data<Identity>;
type Asking = web::ReqData<Actor>;

/// Makes a person and an account with the starting cash. The answer is the same whether the mail address is
/// known or not.
#[utoipa::path(post, path = "/api/auth/register", tag = "identity", operation_id = "register", request_body = RegisterRequest,
    responses((status = 201, description = "The account is there", body = RegisteredAnswer), Problems))]
pub(super) async fn register(identity: Service, request: HttpRequest, body: Body<RegisterRequest>) -> Answer {
    let RegisterRequest { username, mail, password } = body.0;
    let mail = mail.map(|mail| mail.expose().to_owned());
    let wanted = RegistrationRequest { username, mail, password };
    let registered = identity.register(wanted, &visitor(&request, identity.config())).await?;
    Ok(answer(StatusCode::CREATED, &RegisteredAnswer::from(registered)))
}

/// As `/api/auth/register`.
#[utoipa::path(post, path = "/register", tag = "identity", operation_id = "register_at_root", request_body = RegisterRequest,
    responses((status = 201, description = "The account is there", body = RegisteredAnswer), Problems))]
pub(super) async fn register_at_root(
    identity: Service,
    request: HttpRequest,
    body: Body<RegisterRequest>,
) -> Answer {
    register(identity, request, body).await
}

/// Opens a session by name or mail address and password.
#[utoipa::path(post, path = "/api/auth/login", tag = "identity", operation_id = "log_in", params(CookieParams),
    request_body(content((LoginRequest = "application/json"), (LoginForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "The session is open", body = SessionTokens), Problems))]
pub(super) async fn log_in(
    identity: Service,
    request: HttpRequest,
    params: Params<CookieParams>,
    login: AnyLogin,
) -> Answer {
    let LoginRequest { username, password, code, cookie } = login.0;
    let in_cookies = cookie || params.0.cookie;
    if in_cookies {
        // Nobody is logged in as somebody else by a page from elsewhere.
        origin::check(&request, &identity.config().cors_origins)?;
    }
    let login = Login { username: username.expose().to_owned(), password, code };
    let tokens = identity.log_in(&login, &visitor(&request, identity.config())).await?;
    Ok(session(&identity, &request, &tokens, in_cookies))
}

/// As `/api/auth/login`.
#[utoipa::path(post, path = "/login", tag = "identity", operation_id = "log_in_at_root", params(CookieParams),
    request_body(content((LoginRequest = "application/json"), (LoginForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "The session is open", body = SessionTokens), Problems))]
pub(super) async fn log_in_at_root(
    identity: Service,
    request: HttpRequest,
    params: Params<CookieParams>,
    login: AnyLogin,
) -> Answer {
    log_in(identity, request, params, login).await
}

/// Gives the next tokens of a session for its refresh token, in the body or in cookies. A token that comes a
/// second time ends its session.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "identity", operation_id = "refresh", request_body = Option<RefreshRequest>,
    responses((status = 200, description = "The session goes on", body = SessionTokens), Problems))]
pub(super) async fn refresh(identity: Service, request: HttpRequest, token: MaybeRefresh) -> Answer {
    let config = identity.config();
    let (token, csrf) = match token.0 {
        Some(token) => (token, None),
        None => {
            let cookie = cookies::value(&request, Kind::Refresh, is_secure(&request, config));
            let message = "there is no refresh token, neither in the body nor in a cookie";
            let problem = || Problem::new(ProblemKind::Unauthenticated, "no_credentials", message);
            origin::check(&request, &config.cors_origins)?;
            (cookie.ok_or_else(problem)?, Some(csrf_of(&request)))
        }
    };
    let tokens = identity.refresh(&token, csrf.as_deref(), &visitor(&request, config)).await?;
    Ok(session(&identity, &request, &tokens, csrf.is_some()))
}

/// Ends the session that asks, or all of its person.
#[utoipa::path(post, path = "/api/auth/logout", tag = "identity", operation_id = "log_out", params(LogoutParams),
    responses((status = 204, description = "The session has ended"), Problems))]
pub(super) async fn log_out(
    identity: Service,
    request: HttpRequest,
    actor: Asking,
    params: Params<LogoutParams>,
) -> Answer {
    identity.log_out(&actor, params.0.everywhere).await?;
    let is_secure = is_secure(&request, identity.config());
    if cookies::value(&request, Kind::Access, is_secure).is_none() {
        return Ok(nothing());
    }
    let mut response = HttpResponse::NoContent();
    cookies::clear(&mut response, is_secure);
    Ok(response.finish())
}

/// Changes the password, and ends the other sessions.
#[utoipa::path(post, path = "/api/auth/password", tag = "identity", operation_id = "change_password", request_body = PasswordRequest,
    responses((status = 204, description = "The password is changed"), Problems))]
pub(super) async fn change_password(identity: Service, actor: Asking, body: Body<PasswordRequest>) -> Answer {
    identity.change_password(&actor, &body.0.current_password, &body.0.new_password).await?;
    Ok(nothing())
}

/// Sets the password by what an operator gave, once; ends all sessions and keys.
#[utoipa::path(post, path = "/api/auth/reset", tag = "identity", operation_id = "reset_password", request_body = ResetRequest,
    responses((status = 204, description = "The password is set"), Problems))]
pub(super) async fn reset_password(
    identity: Service,
    request: HttpRequest,
    body: Body<ResetRequest>,
) -> Answer {
    let visitor = visitor(&request, identity.config());
    identity.reset_password(&body.0.token, &body.0.password, &visitor).await?;
    Ok(nothing())
}

/// Tells who asks.
#[utoipa::path(get, path = "/api/auth/me", tag = "identity", operation_id = "me",
    responses((status = 200, description = "Who asks", body = Me), Problems))]
pub(super) async fn me(identity: Service, actor: Asking) -> Answer {
    let profile = identity.profile(&actor).await?;
    Ok(ok(&Me::of(profile, &actor)))
}

/// Lists the sessions of the person.
#[utoipa::path(get, path = "/api/auth/sessions", tag = "identity", operation_id = "sessions",
    responses((status = 200, description = "Those that go on", body = Sessions), Problems))]
pub(super) async fn list(identity: Service, actor: Asking) -> Answer {
    let sessions = identity.sessions(&actor).await?;
    let sessions = sessions.into_iter().map(|session| SessionAnswer::of(session, &actor)).collect();
    Ok(ok(&Sessions { sessions }))
}

/// Ends all sessions of the person but the one that asks.
#[utoipa::path(delete, path = "/api/auth/sessions", tag = "identity", operation_id = "end_other_sessions",
    responses((status = 200, description = "How many have ended", body = EndedSessions), Problems))]
pub(super) async fn end_others(identity: Service, actor: Asking) -> Answer {
    let ended = identity.end_sessions(&actor, true).await?;
    Ok(ok(&EndedSessions { ended }))
}

/// Ends a session of the person.
#[utoipa::path(delete, path = "/api/auth/sessions/{session_id}", tag = "identity", operation_id = "end_session",
    params(("session_id" = String, Path, description = "The session")),
    responses((status = 204, description = "The session has ended"), Problems))]
pub(super) async fn end(identity: Service, actor: Asking, path: web::Path<String>) -> Answer {
    let unknown = |_| Problem::new(ProblemKind::NotFound, "unknown_session", "there is no such session");
    identity.end_session(&actor, path.parse().map_err(unknown)?).await?;
    Ok(nothing())
}

/// Answers with the tokens of a session.
pub(super) fn session(
    identity: &Arc<Identity>,
    request: &HttpRequest,
    tokens: &Tokens,
    in_cookies: bool,
) -> HttpResponse {
    let body = SessionTokens::of(tokens, in_cookies);
    if !in_cookies {
        return ok(&body);
    }
    let mut response = HttpResponse::Ok();
    let config = identity.config();
    cookies::set(&mut response, tokens, config.refresh_token, is_secure(request, config));
    response.insert_header(("Cache-Control", "no-store")).json(&body)
}
