//! `/api/auctions`: shares that participants offer each other, and what others propose for them.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::answers::{Failure, ProblemBody, answer, ok};
use super::body::{Body, Params, idempotency_key};
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, Scope};
use crate::services::auctions::{
    AuctionQuery, AuctionReceipt, AuctionRequest, AuctionView, Auctions, AuctionsPage, OfferRequest,
    OpenQuery, ProposalRequest, path_auction, path_proposal,
};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(open, history, one, offer, withdraw, propose, accept, reject, withdraw_proposal),
    tags((name = "auctions", description = "Shares that participants offer each other, for cash or other shares."))
)]
pub(super) struct AuctionsDoc;

type Service = web::Data<Auctions>;
type Caller = web::ReqData<Actor>;

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let (read, trade) = (Access::Needs(Scope::Read), Access::Needs(Scope::Trade));
    vec![
        Endpoint::at("/api/auctions/history").get(read, history),
        Endpoint::at("/api/auctions/{auction_id}/proposals/{proposal_id}/accept").post(trade, accept),
        Endpoint::at("/api/auctions/{auction_id}/proposals/{proposal_id}/reject").post(trade, reject),
        Endpoint::at("/api/auctions/{auction_id}/proposals/{proposal_id}").on(
            Method::DELETE,
            trade,
            withdraw_proposal,
        ),
        Endpoint::at("/api/auctions/{auction_id}/proposals").post(trade, propose),
        Endpoint::at("/api/auctions/{auction_id}").get(read, one).on(Method::DELETE, trade, withdraw),
        Endpoint::at("/api/auctions").get(read, open).post(trade, offer),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, auctions: &Arc<Auctions>) {
    config.app_data(web::Data::from(Arc::clone(auctions)));
}

/// Which open auctions are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OpenParams {
    /// Those of a symbol.
    symbol: Option<String>,
    /// `true`: one's own, and those to which one proposes something.
    mine: Option<bool>,
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most, 1 to 200; 50 if nothing is said.
    limit: Option<u32>,
}

/// Which auctions that are over are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryParams {
    /// Those of a symbol.
    symbol: Option<String>,
    /// Those that ended so, such as `accepted` or `expired`.
    outcome: Option<String>,
    /// `true`: one's own, and those to which one proposed something.
    mine: Option<bool>,
    /// Those that ended then or later, as of RFC 3339.
    from: Option<String>,
    /// Those that ended before, as of RFC 3339.
    to: Option<String>,
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most, 1 to 200; 50 if nothing is said.
    limit: Option<u32>,
}

/// Returns the auctions that are open, the newest first, in pages, each with the proposals that are.
#[utoipa::path(
    get, path = "/api/auctions", tag = "auctions", operation_id = "open_auctions",
    params(OpenParams),
    responses((status = 200, body = AuctionsPage), (status = "default", body = ProblemBody)),
)]
async fn open(
    auctions: Service,
    caller: Caller,
    Params(params): Params<OpenParams>,
) -> Result<HttpResponse, Failure> {
    let OpenParams { symbol, mine, cursor, limit } = params;
    let query = OpenQuery { symbol, is_mine: mine.unwrap_or(false), cursor, limit };
    Ok(ok(&auctions.open(caller.account, &query)?))
}

/// Returns auctions that are over, those that ended last first, in pages.
#[utoipa::path(
    get, path = "/api/auctions/history", tag = "auctions", operation_id = "auction_history",
    params(HistoryParams),
    responses((status = 200, body = AuctionsPage), (status = "default", body = ProblemBody)),
)]
async fn history(
    auctions: Service,
    caller: Caller,
    Params(params): Params<HistoryParams>,
) -> Result<HttpResponse, Failure> {
    let HistoryParams { symbol, outcome, mine, from, to, cursor, limit } = params;
    let query = AuctionQuery { symbol, outcome, is_mine: mine.unwrap_or(false), from, to, cursor, limit };
    Ok(ok(&auctions.history(caller.account, &query).await?))
}

/// Returns an auction, whenever it was offered, with all of its proposals.
#[utoipa::path(
    get, path = "/api/auctions/{auction_id}", tag = "auctions", operation_id = "auction",
    params(("auction_id" = String, Path, description = "The auction's id.")),
    responses((status = 200, body = AuctionView), (status = "default", body = ProblemBody)),
)]
async fn one(auctions: Service, caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    Ok(ok(&auctions.one(caller.account, path_auction(&path)?).await?))
}

/// Offers shares. The answer comes once the auction is durable; the shares are held until it is over.
#[utoipa::path(
    post, path = "/api/auctions", tag = "auctions", operation_id = "offer_auction",
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "Stands for `client_request_id` if there is none."
    )),
    request_body = OfferRequest,
    responses((status = 201, body = AuctionReceipt), (status = "default", body = ProblemBody)),
)]
async fn offer(
    auctions: Service,
    caller: Caller,
    head: HttpRequest,
    Body(request): Body<OfferRequest>,
) -> Result<HttpResponse, Failure> {
    let request = AuctionRequest::Offer(request);
    let receipt = auctions.act(caller.account, &request, idempotency_key(&head)?).await?;
    Ok(answer(StatusCode::CREATED, &receipt))
}

/// Withdraws an auction of one's own: what it and its proposals held is free again.
#[utoipa::path(
    delete, path = "/api/auctions/{auction_id}", tag = "auctions", operation_id = "withdraw_auction",
    params(
        ("auction_id" = String, Path, description = "The auction's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "An id of one's own: it is done once for it."),
    ),
    responses((status = 200, body = AuctionReceipt), (status = "default", body = ProblemBody)),
)]
async fn withdraw(
    auctions: Service,
    caller: Caller,
    head: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let request = AuctionRequest::Withdraw(path_auction(&path)?);
    Ok(ok(&auctions.act(caller.account, &request, idempotency_key(&head)?).await?))
}

/// Proposes cash, or other shares, for what an auction offers; it is held until the proposal is over.
#[utoipa::path(
    post, path = "/api/auctions/{auction_id}/proposals", tag = "auctions", operation_id = "propose_in_auction",
    params(
        ("auction_id" = String, Path, description = "The auction's id."),
        (
            "Idempotency-Key" = Option<String>, Header,
            description = "Stands for `client_request_id` if there is none."
        ),
    ),
    request_body = ProposalRequest,
    responses((status = 201, body = AuctionReceipt), (status = "default", body = ProblemBody)),
)]
async fn propose(
    auctions: Service,
    caller: Caller,
    head: HttpRequest,
    path: web::Path<String>,
    Body(request): Body<ProposalRequest>,
) -> Result<HttpResponse, Failure> {
    let request = AuctionRequest::Propose(path_auction(&path)?, request);
    let receipt = auctions.act(caller.account, &request, idempotency_key(&head)?).await?;
    Ok(answer(StatusCode::CREATED, &receipt))
}

/// Accepts a proposal to an auction of one's own: both change hands at once, and the auction is over.
#[utoipa::path(
    post, path = "/api/auctions/{auction_id}/proposals/{proposal_id}/accept", tag = "auctions",
    operation_id = "accept_proposal",
    params(
        ("auction_id" = String, Path, description = "The auction's id."),
        ("proposal_id" = String, Path, description = "The proposal's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "An id of one's own: it is done once for it."),
    ),
    responses((status = 200, body = AuctionReceipt), (status = "default", body = ProblemBody)),
)]
async fn accept(
    auctions: Service,
    caller: Caller,
    head: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let request = AuctionRequest::Accept(path_auction(&path.0)?, path_proposal(&path.1)?);
    Ok(ok(&auctions.act(caller.account, &request, idempotency_key(&head)?).await?))
}

/// Rejects a proposal to an auction of one's own, which goes on: what the proposal held is free again.
#[utoipa::path(
    post, path = "/api/auctions/{auction_id}/proposals/{proposal_id}/reject", tag = "auctions",
    operation_id = "reject_proposal",
    params(
        ("auction_id" = String, Path, description = "The auction's id."),
        ("proposal_id" = String, Path, description = "The proposal's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "An id of one's own: it is done once for it."),
    ),
    responses((status = 200, body = AuctionReceipt), (status = "default", body = ProblemBody)),
)]
async fn reject(
    auctions: Service,
    caller: Caller,
    head: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let request = AuctionRequest::Reject(path_auction(&path.0)?, path_proposal(&path.1)?);
    Ok(ok(&auctions.act(caller.account, &request, idempotency_key(&head)?).await?))
}

/// Withdraws a proposal of one's own: what it held is free again.
#[utoipa::path(
    delete, path = "/api/auctions/{auction_id}/proposals/{proposal_id}", tag = "auctions",
    operation_id = "withdraw_proposal",
    params(
        ("auction_id" = String, Path, description = "The auction's id."),
        ("proposal_id" = String, Path, description = "The proposal's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "An id of one's own: it is done once for it."),
    ),
    responses((status = 200, body = AuctionReceipt), (status = "default", body = ProblemBody)),
)]
async fn withdraw_proposal(
    auctions: Service,
    caller: Caller,
    head: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let request = AuctionRequest::WithdrawProposal(path_auction(&path.0)?, path_proposal(&path.1)?);
    Ok(ok(&auctions.act(caller.account, &request, idempotency_key(&head)?).await?))
}
