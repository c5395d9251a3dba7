//! `/api/groups`: groups that send orders over channels. `/api/admin/channels`: how channels are.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::answers::{Failure, Problems, answer, nothing, ok};
use super::body::{Body, Params};
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, Scope};
use crate::services::channels::{Channels, ChannelsView, DrawnGroupView, GroupRequest, Groups, GroupsView};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(all, register, delete, rotate, channels),
    tags((name = "groups", description = "Groups that send orders over channels such as MQTT."))
)]
pub(super) struct GroupsDoc;

type Desk = web::Data<Groups>;
type Caller = web::ReqData<Actor>;
type Answer = Result<HttpResponse, Failure>;

/// Returns the routes. A program with a key makes no other credentials.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let session = Access::Session;
    vec![
        Endpoint::at("/api/groups").get(session, all).post(session, register),
        Endpoint::at("/api/groups/{name}").on(Method::DELETE, session, delete),
        Endpoint::at("/api/groups/{name}/rotate").post(session, rotate),
        Endpoint::at("/api/admin/channels").get(Access::Needs(Scope::Admin), channels),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, groups: &Arc<Groups>, channels: &Arc<Channels>) {
    config.app_data(web::Data::from(Arc::clone(groups))).app_data(web::Data::from(Arc::clone(channels)));
}

/// Returns one's own groups.
#[utoipa::path(get, path = "/api/groups", tag = "groups", operation_id = "groups",
    responses((status = 200, description = "The groups", body = GroupsView), Problems))]
async fn all(groups: Desk, caller: Caller) -> Answer {
    Ok(ok(&groups.all(&caller).await?))
}

/// Registers a group, which trades in one's account. Its secret is shown this once.
#[utoipa::path(post, path = "/api/groups", tag = "groups", operation_id = "register_group",
    request_body = GroupRequest,
    responses((status = 201, description = "The group", body = DrawnGroupView), Problems))]
async fn register(groups: Desk, caller: Caller, Body(request): Body<GroupRequest>) -> Answer {
    Ok(answer(StatusCode::CREATED, &groups.register(&caller, request).await?))
}

/// Deletes a group; its orders stay.
#[utoipa::path(delete, path = "/api/groups/{name}", tag = "groups", operation_id = "delete_group",
    params(("name" = String, Path, description = "The group's name.")),
    responses((status = 204, description = "It is deleted"), Problems))]
async fn delete(groups: Desk, caller: Caller, path: web::Path<String>) -> Answer {
    groups.delete(&caller, &path).await?;
    Ok(nothing())
}

/// Replaces the secret of a group. The new one is shown this once.
#[utoipa::path(post, path = "/api/groups/{name}/rotate", tag = "groups", operation_id = "rotate_group",
    params(("name" = String, Path, description = "The group's name.")),
    responses((status = 200, description = "The group", body = DrawnGroupView), Problems))]
async fn rotate(groups: Desk, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&groups.rotate(&caller, &path).await?))
}

/// How much of it is asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChannelsParams {
    /// How many dead letters at most; 50 if nothing is said, 1,000 at most.
    letters: Option<u32>,
}

/// Returns how each channel is, and the newest dead letters.
#[utoipa::path(get, path = "/api/admin/channels", tag = "admin", operation_id = "admin_channels",
    params(ChannelsParams),
    responses((status = 200, description = "The channels", body = ChannelsView), Problems))]
async fn channels(channels: web::Data<Channels>, Params(params): Params<ChannelsParams>) -> Answer {
    Ok(ok(&channels.view(params.letters.unwrap_or(50)).await?))
}
