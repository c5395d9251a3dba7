//! API keys.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::answers::{KeyAnswer, Keys, NewKeyAnswer};
use super::requests::KeyRequest;
use crate::domain::{Actor, Problem, ProblemKind};
use crate::http::answers::{Failure, Problems, answer, nothing, ok};
use crate::http::body::Body;
use crate::services::identity::Identity;

type Answer = Result<HttpResponse, Failure>;
type Service = web::Data<Identity>;
type Asking = web::ReqData<Actor>;

/// Makes a key. Its secret is shown this once; programs send it as `Authorization: Bearer SECRET` or as
/// `X-API-Key: SECRET`.
#[utoipa::path(post, path = "/api/keys", tag = "identity", operation_id = "create_key", request_body = KeyRequest,
    responses((status = 201, description = "The key is made", body = NewKeyAnswer), Problems))]
pub(super) async fn create(identity: Service, actor: Asking, body: Body<KeyRequest>) -> Answer {
    let KeyRequest { name, scopes, account_id } = body.0;
    let scopes = scopes.into_iter().collect();
    let key = identity.create_key_for(&actor, &name, scopes, account_id).await?;
    Ok(answer(StatusCode::CREATED, &NewKeyAnswer::from(key)))
}

/// Lists the keys of the person, without their secrets.
#[utoipa::path(get, path = "/api/keys", tag = "identity", operation_id = "keys",
    responses((status = 200, description = "Those that go on", body = Keys), Problems))]
pub(super) async fn list(identity: Service, actor: Asking) -> Answer {
    let keys = identity.api_keys(&actor).await?.into_iter().map(KeyAnswer::from).collect();
    Ok(ok(&Keys { keys }))
}

/// Ends a key of the person.
#[utoipa::path(delete, path = "/api/keys/{key_id}", tag = "identity", operation_id = "end_key",
    params(("key_id" = String, Path, description = "The key")),
    responses((status = 204, description = "The key has ended"), Problems))]
pub(super) async fn end(identity: Service, actor: Asking, path: web::Path<String>) -> Answer {
    let unknown = |_| Problem::new(ProblemKind::NotFound, "unknown_key", "there is no such key");
    identity.end_key(&actor, path.parse().map_err(unknown)?).await?;
    Ok(nothing())
}
