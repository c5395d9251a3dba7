//! What comes with requests of identity.

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::domain::{AccountId, Problem, ProblemKind, Scope, Secret};
use crate::http::answers::{Failure, too_long};
use crate::http::body::Body;
use crate::http::shared::Shared;

/// Who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterRequest {
    /// 3 to 32 letters, digits and `_`, `.`, `-`; unique without differences of case.
    #[schema(example = "anne")]
    pub(super) username: String,
    /// A mail address; `email` is read as well.
    #[serde(default, alias = "email")]
    #[schema(value_type = Option<String>, example = "anne@example.org")]
    pub(super) mail: Option<Secret>,
    /// 10 to 256 characters.
    #[schema(example = "correct horse battery")]
    pub(super) password: Secret,
}

/// Who wants a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    /// The name, or the mail address; `mail` and `email` are read as well.
    #[serde(alias = "mail", alias = "email")]
    #[schema(value_type = String, example = "anne")]
    pub(super) username: Secret,
    /// The password.
    #[schema(example = "correct horse battery")]
    pub(super) password: Secret,
    /// A code of the second factor, or a recovery code: of people who have one.
    #[serde(default)]
    pub(super) code: Option<Secret>,
    /// Whether the tokens come as cookies, for browsers.
    #[serde(default)]
    pub(super) cookie: bool,
}

/// A login as OAuth 2 clients send it, of which only name and password count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginForm {
    /// The name, or the mail address.
    #[schema(value_type = String, example = "anne")]
    username: Secret,
    /// The password.
    #[schema(example = "correct horse battery")]
    password: Secret,
    /// A code of the second factor, or a recovery code: of people who have one.
    #[serde(default)]
    code: Option<Secret>,
    /// `password`.
    #[serde(default)]
    grant_type: Option<String>,
    /// Not used.
    #[serde(default)]
    #[expect(dead_code, reason = "clients send it")]
    scope: Option<String>,
    /// Not used.
    #[serde(default)]
    #[expect(dead_code, reason = "clients send it")]
    client_id: Option<String>,
    /// Not used.
    #[serde(default)]
    #[expect(dead_code, reason = "clients send it")]
    client_secret: Option<Secret>,
}

/// Whose session is to go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshRequest {
    /// The refresh token, which is good for nothing afterwards.
    pub(super) refresh_token: Secret,
}

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordRequest {
    /// The password so far; `old_password` is read as well.
    #[serde(alias = "old_password")]
    pub(super) current_password: Secret,
    /// The new one: 10 to 256 characters.
    pub(super) new_password: Secret,
}

/// A new password of somebody to whom an operator gave a link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetRequest {
    /// What the operator gave.
    pub(super) token: Secret,
    /// 10 to 256 characters.
    pub(super) password: Secret,
}

/// Another mail address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailRequest {
    /// The password.
    pub(super) password: Secret,
    /// The address; `email` is read as well.
    #[serde(alias = "email")]
    #[schema(value_type = String, example = "anne@example.org")]
    pub(super) mail: Secret,
}

/// What shows that an address is theirs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailCodeRequest {
    /// The six digits that were sent there.
    pub(super) code: Secret,
}

/// Who has forgotten the password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForgottenRequest {
    /// The name, or the mail address; `mail` and `email` are read as well.
    #[serde(alias = "mail", alias = "email")]
    #[schema(value_type = String, example = "anne")]
    pub(super) username: Secret,
}

/// A new password in the place of one that is forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasswordRequest {
    /// The name, or the mail address; `mail` and `email` are read as well.
    #[serde(alias = "mail", alias = "email")]
    #[schema(value_type = String, example = "anne")]
    pub(super) username: Secret,
    /// The six digits that were sent.
    pub(super) code: Secret,
    /// 10 to 256 characters.
    pub(super) password: Secret,
}

/// A second factor that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FactorRequest {
    /// The password.
    pub(super) password: Secret,
}

/// What shows that an app has the secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeRequest {
    /// The six digits that the app shows.
    pub(super) code: Secret,
}

/// What changes a second factor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FactorChange {
    /// The password.
    pub(super) password: Secret,
    /// The six digits that the app shows, or a recovery code.
    pub(super) code: Secret,
}

/// A key that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyRequest {
    /// What it is for, in up to 64 characters.
    #[schema(example = "my bot")]
    pub(super) name: String,
    /// What it allows: no more than its person may.
    pub(super) scopes: Vec<Scope>,
    /// The account that it trades in: one of the person's in a contest; the person's own if none is named.
    pub(super) account_id: Option<AccountId>,
}

/// How tokens come.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CookieParams {
    /// Whether the tokens come as cookies, for browsers.
    #[serde(default)]
    pub(super) cookie: bool,
}

/// Which sessions end.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LogoutParams {
    /// Whether all sessions of the person end.
    #[serde(default)]
    pub(super) everywhere: bool,
}

/// A login in either form.
#[derive(Debug)]
pub(super) struct AnyLogin(pub(super) LoginRequest);

impl FromRequest for AnyLogin {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !is_form(request) {
            let json = Body::<LoginRequest>::from_request(request, payload);
            return Box::pin(async move { json.await.map(|Body(login)| Self(login)) });
        }
        let most = request.app_data::<web::Data<Shared>>().map_or(0, |shared| shared.body_bytes_max);
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            let bytes = bytes.await.map_err(|_| too_long(most))?;
            let form: LoginForm = serde_urlencoded::from_bytes(&bytes)
                .map_err(|error| Problem::new(ProblemKind::Refused, "invalid_form", error))?;
            if form.grant_type.as_ref().is_some_and(|it| it != "password") {
                let message = "only `grant_type=password` is known here";
                let problem = Problem::new(ProblemKind::Refused, "invalid_grant_type", message);
                return Err(problem.at("grant_type").into());
            }
            let LoginForm { username, password, code, .. } = form;
            Ok(Self(LoginRequest { username, password, code, cookie: false }))
        })
    }
}

/// A refresh token, if the body has one; a browser's is in its cookies.
#[derive(Debug)]
pub(super) struct MaybeRefresh(pub(super) Option<Secret>);

impl FromRequest for MaybeRefresh {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(CONTENT_TYPE) {
            return Box::pin(async { Ok(Self(None)) });
        }
        let json = Body::<RefreshRequest>::from_request(request, payload);
        Box::pin(async move { json.await.map(|Body(request)| Self(Some(request.refresh_token))) })
    }
}

fn is_form(request: &HttpRequest) -> bool {
    let form = request.headers().get(CONTENT_TYPE).and_then(|form| form.to_str().ok()).unwrap_or_default();
    let kind = form.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
