//! What instruments are worth elsewhere, and what polls that.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::answers::{ProblemBody, ok};
use super::super::body::Body;
use super::{Answer, Caller, Desk};
use crate::services::admin::{QuoteLine, QuotedView};
use crate::services::feeds::FeedsView;

/// What instruments are worth elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotesRequest {
    /// One for each instrument, whose process is a `feed`; 1,000 at most.
    #[schema(min_items = 1, max_items = 1000)]
    quotes: Vec<QuoteLine>,
    /// Why, for the audit log.
    #[schema(min_length = 1, max_length = 500, example = "the close of New York")]
    reason: Option<String>,
}

/// What became of quotes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct QuotesAnswer {
    /// In the order of the request.
    results: Vec<QuotedView>,
}

/// Says what instruments are worth elsewhere; their values follow. One that is refused does not keep the
/// others.
#[utoipa::path(
    post, path = "/api/admin/quotes", tag = "admin", operation_id = "admin_quotes",
    request_body = QuotesRequest,
    responses((status = 200, body = QuotesAnswer), (status = "default", body = ProblemBody)),
)]
pub(super) async fn quote(desk: Desk, caller: Caller, Body(request): Body<QuotesRequest>) -> Answer {
    let QuotesRequest { quotes, reason } = request;
    Ok(ok(&QuotesAnswer { results: desk.quote(*caller, quotes, reason.as_deref()).await? }))
}

/// Returns how the feeds are that this process polls.
#[utoipa::path(
    get, path = "/api/admin/feeds", tag = "admin", operation_id = "admin_feeds",
    responses((status = 200, body = FeedsView), (status = "default", body = ProblemBody)),
)]
pub(super) async fn feeds(desk: Desk) -> Answer {
    Ok(ok(&desk.feeds()))
}
