//! The cookies of a browser's session.

use std::time::Duration;

use actix_web::cookie::time::Duration as Age;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponseBuilder};

use crate::domain::Secret;
use crate::services::identity::Tokens;

/// A cookie of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Has the access token.
    Access,
    /// Has the refresh token.
    Refresh,
    /// Has the CSRF token, which scripts of the page read.
    Csrf,
    /// Has what a login at another provider is to remember: of no session yet.
    Outside,
}

impl Kind {
    const OF_SESSION: [Self; 3] = [Self::Access, Self::Refresh, Self::Csrf];

    /// Returns its name. `__Host-` has browsers take it by TLS only, for all of this host and no other.
    pub(super) const fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Access, true) => "__Host-bearpit_access",
            (Self::Refresh, true) => "__Host-bearpit_refresh",
            (Self::Csrf, true) => "__Host-bearpit_csrf",
            (Self::Outside, true) => "__Host-bearpit_oidc",
            (Self::Outside, false) => "bearpit_oidc",
            (Self::Access, false) => "bearpit_access",
            (Self::Refresh, false) => "bearpit_refresh",
            (Self::Csrf, false) => "bearpit_csrf",
        }
    }

    /// A link from elsewhere may show a page as logged in; what changes something comes from own pages.
    const fn same_site(self) -> SameSite {
        match self {
            // The provider's page sends the browser back.
            Self::Access | Self::Outside => SameSite::Lax,
            Self::Refresh | Self::Csrf => SameSite::Strict,
        }
    }
}

/// Returns the value of a cookie of a request.
pub(super) fn value(request: &HttpRequest, kind: Kind, is_secure: bool) -> Option<Secret> {
    request.cookie(kind.name(is_secure)).map(|cookie| Secret::new(cookie.value().to_owned()))
}

/// Sets the cookies of a session.
pub(super) fn set(response: &mut HttpResponseBuilder, tokens: &Tokens, session: Duration, is_secure: bool) {
    for (kind, secret, age) in [
        (Kind::Access, &tokens.access, tokens.expires_in),
        (Kind::Refresh, &tokens.refresh, session),
        (Kind::Csrf, &tokens.csrf, session),
    ] {
        response.cookie(cookie(kind, secret.expose(), age, is_secure));
    }
}

/// Has the browser forget the cookies of a session.
pub(super) fn clear(response: &mut HttpResponseBuilder, is_secure: bool) {
    for kind in Kind::OF_SESSION {
        response.cookie(cookie(kind, "", Duration::ZERO, is_secure));
    }
}

/// Sets what a login at another provider is to remember; for no time, it is forgotten.
pub(super) fn remember(response: &mut HttpResponseBuilder, value: &str, age: Duration, is_secure: bool) {
    response.cookie(cookie(Kind::Outside, value, age, is_secure));
}

fn cookie(kind: Kind, value: &str, age: Duration, is_secure: bool) -> Cookie<'_> {
    Cookie::build(kind.name(is_secure), value)
        .path("/")
        .max_age(Age::try_from(age).unwrap_or(Age::MAX))
        .secure(is_secure)
        .http_only(kind != Kind::Csrf)
        .same_site(kind.same_site())
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_read_the_csrf_token_only_and_plain_http_has_other_names() {
        let text = |kind, is_secure| cookie(kind, "v", Duration::from_secs(9), is_secure).to_string();
        for (kind, is_secure, expected) in [
            (
                Kind::Access,
                true,
                "__Host-bearpit_access=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=9",
            ),
            (
                Kind::Refresh,
                true,
                "__Host-bearpit_refresh=v; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=9",
            ),
            (Kind::Csrf, true, "__Host-bearpit_csrf=v; SameSite=Strict; Secure; Path=/; Max-Age=9"),
            (Kind::Csrf, false, "bearpit_csrf=v; SameSite=Strict; Path=/; Max-Age=9"),
            (Kind::Outside, true, "__Host-bearpit_oidc=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=9"),
        ] {
            assert_eq!(text(kind, is_secure), expected);
        }
    }
}
