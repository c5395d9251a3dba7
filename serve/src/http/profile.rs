//! `/api/profile`: what people say of themselves, their pictures and settings.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::Header;
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream::unfold;
use utoipa::OpenApi;

use super::answers::{Failure, Problems, nothing, ok, too_long};
use super::body::Body;
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, Problem, ProblemKind, Scope};
use crate::services::profiles::{
    BYTES_MAX, LeaveRequest, LeftView, Picture, ProfileChange, ProfileView, Profiles,
};
use crate::services::wall_now;

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(profile, change, export, leave, picture, put_picture, delete_picture),
    tags((name = "profile", description = "What people say of themselves, and their settings."))
)]
pub(super) struct ProfileDoc;

type Service = web::Data<Profiles>;
type Caller = web::ReqData<Actor>;

/// How long the bytes of a picture may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let read = Access::Needs(Scope::Read);
    vec![
        Endpoint::at("/api/profile").get(read, profile).on(Method::PATCH, Access::Session, change),
        Endpoint::at("/api/profile/export").get(Access::Session, export),
        Endpoint::at("/api/profile/leave").post(Access::Session, leave),
        Endpoint::at("/api/profile/picture")
            .get(read, picture)
            .on(Method::PUT, Access::Session, put_picture)
            .on(Method::DELETE, Access::Session, delete_picture),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, profiles: &Arc<Profiles>) {
    config.app_data(web::Data::from(Arc::clone(profiles)));
}

/// Returns one's own profile.
#[utoipa::path(get, path = "/api/profile", tag = "profile", operation_id = "profile",
    responses((status = 200, description = "The profile", body = ProfileView), Problems))]
async fn profile(profiles: Service, caller: Caller) -> Result<HttpResponse, Failure> {
    Ok(ok(&profiles.profile(&caller).await?))
}

/// Changes names and settings; what is not said stays as it is.
#[utoipa::path(patch, path = "/api/profile", tag = "profile", operation_id = "change_profile",
    request_body = ProfileChange,
    responses((status = 200, description = "The profile as it is now", body = ProfileView), Problems))]
async fn change(
    profiles: Service,
    caller: Caller,
    Body(request): Body<ProfileChange>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&profiles.change(&caller, request).await?))
}

/// Returns all that the server knows of a person, as one document of JSON: the profile, sessions, keys
/// without their secrets, watchlists, strategies with their texts, and of each account the orders, fills and
/// values. It is written as it is read; where that fails, the connection is closed before the document ends.
#[utoipa::path(get, path = "/api/profile/export", tag = "profile", operation_id = "export",
    responses((status = 200, description = "The document", body = serde_json::Value), Problems))]
async fn export(profiles: Service, caller: Caller) -> Result<HttpResponse, Failure> {
    let pieces = Arc::clone(&profiles).export(&caller, wall_now()).await?;
    let pieces = unfold(pieces, |mut pieces| async { pieces.recv().await.map(|piece| (piece, pieces)) });
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"bearpit-export.json\""))
        .streaming(pieces))
}

/// Leaves for good: strategies are ended, orders canceled, positions closed as far as somebody takes them,
/// and all that says who it was is deleted. What was traded stays, in the name of nobody.
#[utoipa::path(post, path = "/api/profile/leave", tag = "profile", operation_id = "leave",
    request_body = LeaveRequest,
    responses((status = 200, description = "The person is gone", body = LeftView), Problems))]
async fn leave(
    profiles: Service,
    caller: Caller,
    Body(request): Body<LeaveRequest>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&Arc::clone(&profiles).leave(&caller, request).await?))
}

/// Returns one's own picture.
#[utoipa::path(get, path = "/api/profile/picture", tag = "profile", operation_id = "picture",
    responses(
        (status = 200, description = "The picture", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 304, description = "It is the one of `If-None-Match`"),
        Problems
    ))]
async fn picture(profiles: Service, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let Picture { jpeg, tag } = profiles.picture(&caller).await?.ok_or_else(no_picture)?;
    let tag = header::EntityTag::new_strong(tag);
    let is_known = match header::IfNoneMatch::parse(&request) {
        Ok(header::IfNoneMatch::Any) => true,
        Ok(header::IfNoneMatch::Items(known)) => known.iter().any(|it| it.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(header::ETag(tag)).insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if is_known {
        return Ok(answer.finish());
    }
    Ok(answer
        .content_type("image/jpeg")
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(jpeg))
}

/// Keeps a picture: PNG, JPEG or WebP, at most 2 MiB and 40 million pixels. It is made small, upright and
/// a JPEG; nothing else that the file says is kept.
#[utoipa::path(put, path = "/api/profile/picture", tag = "profile", operation_id = "put_picture",
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))),
    responses((status = 204, description = "It is kept"), Problems))]
async fn put_picture(profiles: Service, caller: Caller, body: web::Payload) -> Result<HttpResponse, Failure> {
    let turn = profiles.picture_turn()?;
    let bytes = tokio::time::timeout(PATIENCE, body.to_bytes_limited(BYTES_MAX));
    let bytes = bytes.await.map_err(|_| {
        let message = "the picture did not come within 30 seconds";
        Problem::new(ProblemKind::Malformed, "too_slow", message)
    })?;
    // A body that comes in pieces that are none is as much the client's fault.
    let bytes = bytes.ok().and_then(Result::ok).ok_or_else(|| too_long(BYTES_MAX))?;
    profiles.put_picture(&caller, bytes.to_vec(), turn).await?;
    Ok(nothing())
}

/// Deletes one's own picture.
#[utoipa::path(delete, path = "/api/profile/picture", tag = "profile", operation_id = "delete_picture",
    responses((status = 204, description = "There is none now"), Problems))]
async fn delete_picture(profiles: Service, caller: Caller) -> Result<HttpResponse, Failure> {
    profiles.delete_picture(&caller).await?;
    Ok(nothing())
}

fn no_picture() -> Problem {
    Problem::new(ProblemKind::NotFound, "no_picture", "there is no picture")
}
