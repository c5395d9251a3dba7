//! `/api/contests`: contests, who takes part, where everybody stands.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::answers::{Failure, ProblemBody, answer, nothing, ok};
use super::body::{Body, Params};
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, ContestId, Problem, Scope};
use crate::services::contests::{
    ContestChange, ContestRequest, ContestView, Contests, ContestsView, EnterRequest, EntrantsView,
    EntryView, FlagRequest, LeaderboardView, ReasonRequest, ReportsView, unknown,
};
use crate::services::wall_now;

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        all, create, one, change, cancel, enter, rename, withdraw, me, leaderboard, entrants, disqualify, flag,
        reports,
    ),
    tags((name = "contests", description = "Contests in accounts of their own, with leaderboards."))
)]
pub(super) struct ContestsDoc;

type Service = web::Data<Contests>;
type Caller = web::ReqData<Actor>;
type Answer = Result<HttpResponse, Failure>;

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let (read, trade) = (Access::Needs(Scope::Read), Access::Needs(Scope::Trade));
    let (admin, public) = (Access::Needs(Scope::Admin), Access::Public);
    vec![
        Endpoint::at("/api/contests").get(public, all).post(admin, create),
        Endpoint::at("/api/contests/{contest_id}/enter")
            .post(trade, enter)
            .on(Method::PATCH, trade, rename)
            .on(Method::DELETE, trade, withdraw),
        Endpoint::at("/api/contests/{contest_id}/me").get(read, me),
        Endpoint::at("/api/contests/{contest_id}/leaderboard").get(public, leaderboard),
        Endpoint::at("/api/contests/{contest_id}/cancel").post(admin, cancel),
        Endpoint::at("/api/contests/{contest_id}/entrants").get(admin, entrants),
        Endpoint::at("/api/contests/{contest_id}/entrants/{number}/disqualify").post(admin, disqualify),
        Endpoint::at("/api/contests/{contest_id}/pairs").post(admin, flag),
        Endpoint::at("/api/contests/{contest_id}/reports").get(admin, reports),
        Endpoint::at("/api/contests/{contest_id}").get(public, one).on(Method::PATCH, admin, change),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, contests: &Arc<Contests>) {
    config.app_data(web::Data::from(Arc::clone(contests)));
}

/// Returns the contests, those that begin last first.
#[utoipa::path(
    get, path = "/api/contests", tag = "contests", operation_id = "contests",
    responses((status = 200, body = ContestsView), (status = "default", body = ProblemBody)),
)]
async fn all(service: Service) -> Answer {
    Ok(ok(&service.all().await?))
}

/// Makes a contest.
#[utoipa::path(
    post, path = "/api/contests", tag = "contests", operation_id = "create_contest",
    request_body = ContestRequest,
    responses((status = 201, body = ContestView), (status = "default", body = ProblemBody)),
)]
async fn create(service: Service, caller: Caller, Body(request): Body<ContestRequest>) -> Answer {
    Ok(answer(StatusCode::CREATED, &service.create(*caller, &request, wall_now()).await?))
}

/// Returns a contest.
#[utoipa::path(
    get, path = "/api/contests/{contest_id}", tag = "contests", operation_id = "contest",
    params(("contest_id" = ContestId, Path, description = "The contest.")),
    responses((status = 200, body = ContestView), (status = "default", body = ProblemBody)),
)]
async fn one(service: Service, path: web::Path<String>) -> Answer {
    Ok(ok(&service.one(id_of(&path)?).await?))
}

/// Changes a contest that has not begun; what is not said stays as it is.
#[utoipa::path(
    patch, path = "/api/contests/{contest_id}", tag = "contests", operation_id = "change_contest",
    params(("contest_id" = ContestId, Path, description = "The contest.")), request_body = ContestChange,
    responses((status = 200, body = ContestView), (status = "default", body = ProblemBody)),
)]
async fn change(
    service: Service,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<ContestChange>,
) -> Answer {
    Ok(ok(&service.change(*caller, id_of(&path)?, request).await?))
}

/// Cancels a contest, or breaks it off: its accounts do not trade any more, and there is no final ranking.
#[utoipa::path(
    post, path = "/api/contests/{contest_id}/cancel", tag = "contests", operation_id = "cancel_contest",
    params(("contest_id" = ContestId, Path, description = "The contest.")), request_body = ReasonRequest,
    responses((status = 200, body = ContestView), (status = "default", body = ProblemBody)),
)]
async fn cancel(
    service: Service,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<ReasonRequest>,
) -> Answer {
    Ok(ok(&service.cancel(*caller, id_of(&path)?, &request).await?))
}

/// Enters a contest: one gets an account of its own in it, which is open once the contest has begun.
#[utoipa::path(
    post, path = "/api/contests/{contest_id}/enter", tag = "contests", operation_id = "enter_contest",
    params(("contest_id" = ContestId, Path, description = "The contest.")), request_body = EnterRequest,
    responses((status = 201, body = EntryView), (status = "default", body = ProblemBody)),
)]
async fn enter(
    service: Service,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<EnterRequest>,
) -> Answer {
    Ok(answer(StatusCode::CREATED, &service.enter(*caller, id_of(&path)?, &request, wall_now()).await?))
}

/// Changes the name that others see, until the final ranking stands.
#[utoipa::path(
    patch, path = "/api/contests/{contest_id}/enter", tag = "contests", operation_id = "rename_entry",
    params(("contest_id" = ContestId, Path, description = "The contest.")), request_body = EnterRequest,
    responses((status = 200, body = EntryView), (status = "default", body = ProblemBody)),
)]
async fn rename(
    service: Service,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<EnterRequest>,
) -> Answer {
    Ok(ok(&service.rename(*caller, id_of(&path)?, &request).await?))
}

/// Withdraws from a contest that has not begun.
#[utoipa::path(
    delete, path = "/api/contests/{contest_id}/enter", tag = "contests", operation_id = "withdraw_entry",
    params(("contest_id" = ContestId, Path, description = "The contest.")),
    responses((status = 204), (status = "default", body = ProblemBody)),
)]
async fn withdraw(service: Service, caller: Caller, path: web::Path<String>) -> Answer {
    service.withdraw(*caller, id_of(&path)?).await?;
    Ok(nothing())
}

/// Returns one's own entry, with the account, and where one stands.
#[utoipa::path(
    get, path = "/api/contests/{contest_id}/me", tag = "contests", operation_id = "entry",
    params(("contest_id" = ContestId, Path, description = "The contest.")),
    responses((status = 200, body = EntryView), (status = "default", body = ProblemBody)),
)]
async fn me(service: Service, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&service.me(*caller, id_of(&path)?, wall_now()).await?))
}

/// Returns where everybody stands: by the last marks while the contest goes on, then by the settled journal.
#[utoipa::path(
    get, path = "/api/contests/{contest_id}/leaderboard", tag = "contests", operation_id = "leaderboard",
    params(("contest_id" = ContestId, Path, description = "The contest.")),
    responses((status = 200, body = LeaderboardView), (status = "default", body = ProblemBody)),
)]
async fn leaderboard(service: Service, path: web::Path<String>) -> Answer {
    Ok(ok(&service.leaderboard(id_of(&path)?, wall_now()).await?))
}

/// Returns who takes part, with the people behind the names.
#[utoipa::path(
    get, path = "/api/contests/{contest_id}/entrants", tag = "contests", operation_id = "entrants",
    params(("contest_id" = ContestId, Path, description = "The contest.")),
    responses((status = 200, body = EntrantsView), (status = "default", body = ProblemBody)),
)]
async fn entrants(service: Service, path: web::Path<String>) -> Answer {
    Ok(ok(&service.entrants(id_of(&path)?).await?))
}

/// Disqualifies an entrant: the account does not trade any more, and gets no place.
#[utoipa::path(
    post, path = "/api/contests/{contest_id}/entrants/{number}/disqualify", tag = "contests",
    operation_id = "disqualify_entrant",
    params(
        ("contest_id" = ContestId, Path, description = "The contest."),
        ("number" = u32, Path, description = "The entrant's number."),
    ),
    request_body = ReasonRequest,
    responses((status = 204), (status = "default", body = ProblemBody)),
)]
async fn disqualify(
    service: Service,
    caller: Caller,
    path: web::Path<(String, String)>,
    Body(request): Body<ReasonRequest>,
) -> Answer {
    let (id, number) = path.into_inner();
    let message = format!("there is no entrant `{number}`");
    let nobody =
        |_| Problem::new(crate::domain::ProblemKind::NotFound, "unknown_entrant", message).at("number");
    let number = number.parse().map_err(nobody)?;
    service.disqualify(*caller, id_of(&id)?, number, &request).await?;
    Ok(nothing())
}

/// Flags two entrants: their trades with each other are reported.
#[utoipa::path(
    post, path = "/api/contests/{contest_id}/pairs", tag = "contests", operation_id = "flag_pair",
    params(("contest_id" = ContestId, Path, description = "The contest.")), request_body = FlagRequest,
    responses((status = 204), (status = "default", body = ProblemBody)),
)]
async fn flag(
    service: Service,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<FlagRequest>,
) -> Answer {
    service.flag(*caller, id_of(&path)?, &request, wall_now()).await?;
    Ok(nothing())
}

/// Which reports are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportParams {
    /// Those after this trade, by its id.
    after: Option<String>,
}

/// Returns the trades between accounts of one person, and between people who are flagged.
#[utoipa::path(
    get, path = "/api/contests/{contest_id}/reports", tag = "contests", operation_id = "contest_reports",
    params(("contest_id" = ContestId, Path, description = "The contest."), ReportParams),
    responses((status = 200, body = ReportsView), (status = "default", body = ProblemBody)),
)]
async fn reports(service: Service, path: web::Path<String>, Params(params): Params<ReportParams>) -> Answer {
    Ok(ok(&service.reports(id_of(&path)?, params.after.as_deref()).await?))
}

fn id_of(text: &str) -> Result<ContestId, Problem> {
    text.parse().map_err(|_| unknown(text))
}
