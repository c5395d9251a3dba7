//! The routes of [identity](crate::services::identity): registration, sessions, keys.
//!
//! Whoever asks shows an access token (`Authorization: Bearer TOKEN`), the secret of an API key (the same
//! header, or `X-API-Key`), or the cookies of a browser's session. What comes with cookies and changes
//! something must have the session's CSRF token in `X-CSRF-Token`, and come from a page of this server or of
//! an allowed origin.

mod answers;
mod cookies;
mod gate;
mod keys;
mod mail;
pub(super) mod origin;
mod outside;
mod requests;
mod second_factor;
mod sessions;
#[cfg(test)]
mod tests;
mod visitor;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web;
use utoipa::OpenApi;

use super::endpoint::{Access, Endpoint, Gatekeeper};
use crate::domain::Scope;
use crate::services::identity::Identity;

pub(super) use gate::Gate;

/// The routes of identity, as the OpenAPI document has them.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        sessions::register,
        sessions::register_at_root,
        sessions::log_in,
        sessions::log_in_at_root,
        sessions::refresh,
        sessions::log_out,
        sessions::change_password,
        sessions::reset_password,
        sessions::me,
        sessions::list,
        sessions::end_others,
        sessions::end,
        mail::change,
        mail::send_code,
        mail::confirm,
        mail::forgotten,
        mail::set_password,
        second_factor::status,
        second_factor::begin,
        second_factor::confirm,
        second_factor::draw_codes,
        second_factor::remove,
        outside::providers,
        outside::log_in,
        outside::callback,
        outside::second_factor,
        outside::link,
        outside::list,
        outside::unlink,
        keys::create,
        keys::list,
        keys::end
    ),
    components(schemas(super::answers::ProblemBody)),
    tags((name = "identity", description = "Registration, sessions and API keys"))
)]
pub(super) struct IdentityDoc;

/// Returns the endpoints.
pub(super) fn endpoints() -> Vec<Endpoint> {
    use Access::{Needs, Public, Session};
    let sessions = Endpoint::at("/api/auth/sessions").get(Session, sessions::list);
    vec![
        Endpoint::at("/api/auth/register").post(Public, sessions::register),
        Endpoint::at("/register").post(Public, sessions::register_at_root),
        Endpoint::at("/api/auth/login").post(Public, sessions::log_in),
        Endpoint::at("/login").post(Public, sessions::log_in_at_root),
        Endpoint::at("/api/auth/refresh").post(Public, sessions::refresh),
        Endpoint::at("/api/auth/reset").post(Public, sessions::reset_password),
        Endpoint::at("/api/auth/logout").post(Session, sessions::log_out),
        Endpoint::at("/api/auth/password").post(Session, sessions::change_password),
        Endpoint::at("/api/auth/me").get(Needs(Scope::Read), sessions::me),
        sessions.on(Method::DELETE, Session, sessions::end_others),
        Endpoint::at("/api/auth/sessions/{session_id}").on(Method::DELETE, Session, sessions::end),
        Endpoint::at("/api/auth/mail").post(Session, mail::change),
        Endpoint::at("/api/auth/mail/code").post(Session, mail::send_code),
        Endpoint::at("/api/auth/mail/confirm").post(Session, mail::confirm),
        Endpoint::at("/api/auth/forgotten").post(Public, mail::forgotten),
        Endpoint::at("/api/auth/forgotten/confirm").post(Public, mail::set_password),
        Endpoint::at("/api/auth/second-factor")
            .get(Session, second_factor::status)
            .post(Session, second_factor::begin),
        Endpoint::at("/api/auth/second-factor/confirm").post(Session, second_factor::confirm),
        Endpoint::at("/api/auth/second-factor/recovery-codes").post(Session, second_factor::draw_codes),
        Endpoint::at("/api/auth/second-factor/remove").post(Session, second_factor::remove),
        Endpoint::at("/api/auth/oidc").get(Public, outside::providers),
        Endpoint::at("/api/auth/oidc/second-factor").post(Public, outside::second_factor),
        Endpoint::at("/api/auth/oidc/{provider}/login").get(Public, outside::log_in),
        Endpoint::at("/api/auth/oidc/{provider}/callback").get(Public, outside::callback),
        Endpoint::at("/api/auth/oidc/{provider}/link").post(Session, outside::link),
        Endpoint::at("/api/auth/identities").get(Session, outside::list),
        Endpoint::at("/api/auth/identities/{identity_id}").on(Method::DELETE, Session, outside::unlink),
        Endpoint::at("/api/keys").get(Session, keys::list).post(Session, keys::create),
        Endpoint::at("/api/keys/{key_id}").on(Method::DELETE, Session, keys::end),
    ]
}

/// Gives a server what its endpoints need to know who asks, these and all others.
pub(super) fn configure(config: &mut web::ServiceConfig, identity: &Arc<Identity>) {
    let gate: Arc<dyn Gatekeeper> = Arc::new(Gate::new(Arc::clone(identity)));
    config.app_data(web::Data::from(Arc::clone(identity))).app_data(web::Data::from(gate));
}

#[cfg(test)]
mod document {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_described_by_a_name_of_its_own() {
        let document = serde_json::to_value(IdentityDoc::openapi()).unwrap();
        let mut names = BTreeSet::new();
        for entry in endpoints().iter().flat_map(|endpoint| endpoint.entries().to_vec()) {
            let operation = &document["paths"][entry.path][entry.method.as_str().to_lowercase()];
            assert!(operation["summary"].is_string(), "{} {}", entry.method, entry.path);
            assert_eq!(
                operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"],
                "#/components/schemas/Problem"
            );
            assert!(names.insert(operation["operationId"].to_string()), "{}", operation["operationId"]);
        }
        assert!(document["components"]["schemas"]["Problem"].is_object());
    }
}
