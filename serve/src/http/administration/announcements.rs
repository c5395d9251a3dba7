//! Announcements: made and ended by administrators, shown to everybody.

use actix_web::http::StatusCode;
use actix_web::web;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::answers::{ProblemBody, answer, nothing, ok};
use super::super::body::{Body, Params};
use super::{Answer, Board, Caller};
use crate::domain::{AnnouncementId, Problem, ProblemKind};
use crate::services::admin::{AnnouncementRequest, AnnouncementView, AnnouncementsPage, AnnouncementsView};

/// Which announcements are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most; 100 if nothing is said, 1,000 at most.
    limit: Option<u32>,
}

/// Returns what everybody is told now, the newest first.
#[utoipa::path(
    get, path = "/api/announcements", tag = "announcements", operation_id = "announcements",
    responses((status = 200, body = AnnouncementsView)),
)]
pub(super) async fn shown(board: Board) -> Answer {
    Ok(ok(&board.shown()))
}

/// Returns all announcements, ended ones too, the newest first, in pages.
#[utoipa::path(
    get, path = "/api/admin/announcements", tag = "admin", operation_id = "admin_announcements",
    params(PageParams),
    responses((status = 200, body = AnnouncementsPage), (status = "default", body = ProblemBody)),
)]
pub(super) async fn all(board: Board, Params(params): Params<PageParams>) -> Answer {
    Ok(ok(&board.all(params.cursor.as_deref(), params.limit).await?))
}

/// Has everybody told something, until it expires or is ended.
#[utoipa::path(
    post, path = "/api/admin/announcements", tag = "admin", operation_id = "admin_announce",
    request_body = AnnouncementRequest,
    responses((status = 201, body = AnnouncementView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn announce(
    board: Board,
    caller: Caller,
    Body(request): Body<AnnouncementRequest>,
) -> Answer {
    Ok(answer(StatusCode::CREATED, &board.into_inner().announce(*caller, request).await?))
}

/// Ends an announcement.
#[utoipa::path(
    delete, path = "/api/admin/announcements/{announcement_id}", tag = "admin",
    operation_id = "admin_end_announcement",
    params(("announcement_id" = AnnouncementId, Path, description = "The announcement.")),
    responses((status = 204), (status = "default", body = ProblemBody)),
)]
pub(super) async fn end(board: Board, caller: Caller, path: web::Path<String>) -> Answer {
    let message = format!("there is no announcement `{path}`");
    let unknown =
        |_| Problem::new(ProblemKind::NotFound, "unknown_announcement", message).at("announcement_id");
    let id: AnnouncementId = path.parse().map_err(unknown)?;
    board.into_inner().end(*caller, id).await?;
    Ok(nothing())
}
