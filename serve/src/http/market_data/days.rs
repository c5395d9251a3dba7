//! Days that are kept, and their replays.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use futures_util::stream;

use super::params::{NoParams, ReplayParams};
use crate::http::answers::{Failure, ok};
use crate::http::body::Params;
use crate::services::market_data::{DaysView, MarketData, ReplayChunks, ReplayLineView, ReplayQuery};

type Service = web::Data<MarketData>;

/// Lists the days that are kept, with the segments of their journal.
#[utoipa::path(
    get,
    path = "/api/days",
    tag = "market data",
    responses(
        (status = 200, description = "The days, the oldest first", body = DaysView),
        (status = 500, description = "The journal cannot be listed"),
    )
)]
pub(super) async fn days(service: Service, _: Params<NoParams>) -> Result<HttpResponse, Failure> {
    Ok(ok(&service.kept_days().await?))
}

/// Replays a day that is over: the whole book at each minute, what has changed at each second, all trades.
///
/// A line of JSON each. It is made when it is asked for first, which may take a while: 503 says when to ask
/// again.
#[utoipa::path(
    get,
    path = "/api/days/{day}/replay",
    tag = "market data",
    params(
        ("day" = String, Path, description = "The day, as in /api/days", example = "2025-03-03"),
        ReplayParams,
    ),
    responses(
        (status = 200, description = "Lines of JSON", body = ReplayLineView, content_type = "application/x-ndjson"),
        (status = 404, description = "There is no such day or listing"),
        (status = 409, description = "The day is not over, or another version of the engine wrote it"),
        (status = 422, description = "A parameter is not as it must be, or a symbol is on several venues"),
        (status = 500, description = "The replay cannot be made"),
        (status = 503, description = "The replay is being made, or another is: `Retry-After` says when to ask again"),
    )
)]
pub(super) async fn replay(
    service: Service,
    day: web::Path<String>,
    params: Params<ReplayParams>,
) -> Result<HttpResponse, Failure> {
    let ReplayParams { symbol, from, to } = params.0;
    let query = ReplayQuery { day: day.into_inner(), symbol, from, to };
    let chunks = service.replay_of(&query).await?;
    let body = stream::unfold(Some(chunks), |chunks: Option<ReplayChunks>| async {
        let mut chunks = chunks?;
        let read = web::block(move || (chunks.next_chunk(), chunks)).await;
        match read {
            Ok((Ok(Some(chunk)), chunks)) => Some((Ok(chunk), Some(chunks))),
            Ok((Ok(None), _)) => None,
            // Whoever reads sees that it is cut off.
            Ok((Err(error), _)) => Some((Err(actix_web::Error::from(error)), None)),
            Err(error) => Some((Err(actix_web::Error::from(error)), None)),
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/x-ndjson"))
        // A day that is over stays as it is.
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .streaming(body))
}
