//! Mail addresses, and passwords that are forgotten: what codes show that are sent to an address.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::CodeSent;
use super::requests::{ForgottenRequest, MailCodeRequest, MailRequest, NewPasswordRequest};
use super::visitor::visitor;
use crate::domain::Actor;
use crate::http::answers::{Failure, Problems, answer, nothing};
use crate::http::body::Body;
use crate::services::identity::{ForgottenPassword, Identity};

type Answer = Result<HttpResponse, Failure>;
type Service = web::Data<Identity>;
type Asking = web::ReqData<Actor>;

/// Sends a code to another mail address; the one before stays until the code is shown.
#[utoipa::path(post, path = "/api/auth/mail", tag = "identity", operation_id = "change_mail", request_body = MailRequest,
    responses((status = 202, description = "A code is on its way", body = CodeSent), Problems))]
pub(super) async fn change(identity: Service, actor: Asking, body: Body<MailRequest>) -> Answer {
    identity.change_mail(&actor, &body.0.password, body.0.mail.expose()).await?;
    Ok(answer(StatusCode::ACCEPTED, &CodeSent::new()))
}

/// Sends a code to the mail address, if it is not yet known to be the person's.
#[utoipa::path(post, path = "/api/auth/mail/code", tag = "identity", operation_id = "send_mail_code",
    responses((status = 202, description = "A code is on its way", body = CodeSent), Problems))]
pub(super) async fn send_code(identity: Service, actor: Asking) -> Answer {
    identity.send_mail_code(&actor).await?;
    Ok(answer(StatusCode::ACCEPTED, &CodeSent::new()))
}

/// Takes the address to which the code was sent as the person's.
#[utoipa::path(post, path = "/api/auth/mail/confirm", tag = "identity", operation_id = "confirm_mail", request_body = MailCodeRequest,
    responses((status = 204, description = "The address is the person's"), Problems))]
pub(super) async fn confirm(identity: Service, actor: Asking, body: Body<MailCodeRequest>) -> Answer {
    identity.confirm_mail(&actor, &body.0.code).await?;
    Ok(nothing())
}

/// Sends a code to whoever has forgotten the password, if the mail address is known to be theirs. The answer
/// is the same whether it is, and whether the name or address is known.
#[utoipa::path(post, path = "/api/auth/forgotten", tag = "identity", operation_id = "forget_password", request_body = ForgottenRequest,
    responses((status = 202, description = "If there is such a person, a code is on its way", body = CodeSent), Problems))]
pub(super) async fn forgotten(
    identity: Service,
    request: HttpRequest,
    body: Body<ForgottenRequest>,
) -> Answer {
    let visitor = visitor(&request, identity.config());
    identity.forget_password(body.0.username.expose(), &visitor).await?;
    Ok(answer(StatusCode::ACCEPTED, &CodeSent::new()))
}

/// Sets the password by the code that was sent, once; ends all sessions and keys.
#[utoipa::path(post, path = "/api/auth/forgotten/confirm", tag = "identity", operation_id = "set_forgotten_password",
    request_body = NewPasswordRequest,
    responses((status = 204, description = "The password is set"), Problems))]
pub(super) async fn set_password(
    identity: Service,
    request: HttpRequest,
    body: Body<NewPasswordRequest>,
) -> Answer {
    let visitor = visitor(&request, identity.config());
    let NewPasswordRequest { username, code, password } = body.0;
    let wanted = ForgottenPassword { username: username.expose().to_owned(), code, password };
    identity.set_forgotten(&wanted, &visitor).await?;
    Ok(nothing())
}
