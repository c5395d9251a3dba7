//! `/api/watchlists`: symbols that a person watches.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use utoipa::OpenApi;
use uuid::Uuid;

use super::answers::{Failure, ProblemBody, answer, ok};
use super::body::Body;
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, Problem, ProblemKind, Scope};
use crate::services::wall_now;
use crate::services::watchlists::{WatchlistRequest, WatchlistView, Watchlists, WatchlistsView};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(all, add, change, delete),
    tags((name = "watchlists", description = "Lists of symbols."))
)]
pub(super) struct WatchlistsDoc;

type Lists = web::Data<Watchlists>;
type Caller = web::ReqData<Actor>;

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let (read, trade) = (Access::Needs(Scope::Read), Access::Needs(Scope::Trade));
    vec![
        Endpoint::at("/api/watchlists").get(read, all).post(trade, add),
        Endpoint::at("/api/watchlists/{watchlist_id}").on(Method::PUT, trade, change).on(
            Method::DELETE,
            trade,
            delete,
        ),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, lists: &Arc<Watchlists>) {
    config.app_data(web::Data::from(Arc::clone(lists)));
}

/// Returns one's own lists.
#[utoipa::path(
    get, path = "/api/watchlists", tag = "watchlists", operation_id = "watchlists",
    responses((status = 200, body = WatchlistsView), (status = "default", body = ProblemBody)),
)]
async fn all(lists: Lists, caller: Caller) -> Result<HttpResponse, Failure> {
    Ok(ok(&lists.all(lists.owner(&caller).await?).await?))
}

/// Makes a list.
#[utoipa::path(
    post, path = "/api/watchlists", tag = "watchlists", operation_id = "add_watchlist",
    request_body = WatchlistRequest,
    responses((status = 201, body = WatchlistView), (status = "default", body = ProblemBody)),
)]
async fn add(
    lists: Lists,
    caller: Caller,
    Body(request): Body<WatchlistRequest>,
) -> Result<HttpResponse, Failure> {
    Ok(answer(StatusCode::CREATED, &lists.add(lists.owner(&caller).await?, request, wall_now()).await?))
}

/// Replaces name and symbols of a list.
#[utoipa::path(
    put, path = "/api/watchlists/{watchlist_id}", tag = "watchlists", operation_id = "change_watchlist",
    params(("watchlist_id" = Uuid, Path, description = "The list's id.")), request_body = WatchlistRequest,
    responses((status = 200, body = WatchlistView), (status = "default", body = ProblemBody)),
)]
async fn change(
    lists: Lists,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<WatchlistRequest>,
) -> Result<HttpResponse, Failure> {
    Ok(ok(&lists.change(lists.owner(&caller).await?, id_of(&path)?, request).await?))
}

/// Deletes a list.
#[utoipa::path(
    delete, path = "/api/watchlists/{watchlist_id}", tag = "watchlists", operation_id = "delete_watchlist",
    params(("watchlist_id" = Uuid, Path, description = "The list's id.")),
    responses((status = 204), (status = "default", body = ProblemBody)),
)]
async fn delete(lists: Lists, caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    lists.delete(lists.owner(&caller).await?, id_of(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn id_of(text: &str) -> Result<Uuid, Problem> {
    let message = format!("there is no watchlist `{text}`");
    let unknown = |_| Problem::new(ProblemKind::NotFound, "unknown_watchlist", message).at("watchlist_id");
    Uuid::try_parse(text).map_err(unknown)
}
