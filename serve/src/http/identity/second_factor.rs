//! Second factors: codes beside the password.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::answers::{FactorAnswer, NewFactorAnswer, RecoveryCodes};
use super::requests::{CodeRequest, FactorChange, FactorRequest};
use crate::domain::Actor;
use crate::http::answers::{Failure, Problems, answer, nothing, ok};
use crate::http::body::Body;
use crate::services::identity::Identity;

type Answer = Result<HttpResponse, Failure>;
type Service = web::Data<Identity>;
type Asking = web::ReqData<Actor>;

/// Tells whether a login needs a code.
#[utoipa::path(get, path = "/api/auth/second-factor", tag = "identity", operation_id = "second_factor",
    responses((status = 200, description = "Whether it is on", body = FactorAnswer), Problems))]
pub(super) async fn status(identity: Service, actor: Asking) -> Answer {
    Ok(ok(&FactorAnswer::from(identity.second_factor(&actor).await?)))
}

/// Draws a secret for an app that shows codes; nothing else changes until a code confirms it.
#[utoipa::path(post, path = "/api/auth/second-factor", tag = "identity", operation_id = "begin_second_factor",
    request_body = FactorRequest,
    responses((status = 201, description = "A secret to confirm", body = NewFactorAnswer), Problems))]
pub(super) async fn begin(identity: Service, actor: Asking, body: Body<FactorRequest>) -> Answer {
    let factor = identity.begin_second_factor(&actor, &body.0.password).await?;
    Ok(answer(StatusCode::CREATED, &NewFactorAnswer::from(factor)))
}

/// Confirms the secret by a code: from then on a login needs one.
#[utoipa::path(post, path = "/api/auth/second-factor/confirm", tag = "identity", operation_id = "confirm_second_factor",
    request_body = CodeRequest,
    responses((status = 200, description = "It is on", body = RecoveryCodes), Problems))]
pub(super) async fn confirm(identity: Service, actor: Asking, body: Body<CodeRequest>) -> Answer {
    let recovery_codes = identity.confirm_second_factor(&actor, &body.0.code).await?;
    Ok(ok(&RecoveryCodes { recovery_codes }))
}

/// Replaces the recovery codes.
#[utoipa::path(post, path = "/api/auth/second-factor/recovery-codes", tag = "identity",
    operation_id = "draw_recovery_codes", request_body = FactorChange,
    responses((status = 200, description = "The codes before are good for nothing", body = RecoveryCodes), Problems))]
pub(super) async fn draw_codes(identity: Service, actor: Asking, body: Body<FactorChange>) -> Answer {
    let FactorChange { password, code } = body.0;
    let recovery_codes = identity.draw_recovery_codes(&actor, &password, &code).await?;
    Ok(ok(&RecoveryCodes { recovery_codes }))
}

/// Removes the second factor and the recovery codes: the password alone is enough.
#[utoipa::path(post, path = "/api/auth/second-factor/remove", tag = "identity", operation_id = "remove_second_factor",
    request_body = FactorChange,
    responses((status = 204, description = "It is off"), Problems))]
pub(super) async fn remove(identity: Service, actor: Asking, body: Body<FactorChange>) -> Answer {
    let FactorChange { password, code } = body.0;
    identity.remove_second_factor(&actor, &password, &code).await?;
    Ok(nothing())
}
