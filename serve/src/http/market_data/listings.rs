//! Instruments, quotes, books, trades, candles.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::params::{BookParams, CandlesParams, NoParams, QuotesParams, TradesParams};
use crate::http::answers::{Failure, ok};
use crate::http::body::Params;
use crate::services::market_data::{
    BookView, CandleQuery, CandlesView, InstrumentsView, MarketData, QuoteView, QuotesView, TradesView,
};

type Answer = Result<HttpResponse, Failure>;
type Service = web::Data<MarketData>;

/// Lists all instruments.
#[utoipa::path(
    get,
    path = "/api/instruments",
    tag = "market data",
    responses((status = 200, description = "All instruments", body = InstrumentsView))
)]
pub(super) async fn instruments(service: Service, _: Params<NoParams>) -> HttpResponse {
    ok(&service.instruments())
}

/// Returns the quotes of several listings, or of all.
#[utoipa::path(
    get,
    path = "/api/quotes",
    tag = "market data",
    params(QuotesParams),
    responses(
        (status = 200, description = "A quote of each", body = QuotesView),
        (status = 404, description = "There is no such listing; the hint names the nearest"),
        (status = 422, description = "A parameter is not as it must be, or a symbol is on several venues"),
    )
)]
pub(super) async fn quotes(service: Service, params: Params<QuotesParams>) -> Answer {
    Ok(ok(&service.quotes(params.0.symbols.as_deref())?))
}

/// Returns the quote of a listing.
#[utoipa::path(
    get,
    path = "/api/quotes/{symbol}",
    tag = "market data",
    params(("symbol" = String, Path, description = "The listing, as `ALFA` or `ALFA@PIT`", example = "ALFA")),
    responses(
        (status = 200, description = "Its quote", body = QuoteView),
        (status = 404, description = "There is no such listing; the hint names the nearest"),
        (status = 422, description = "A parameter is not as it must be, or a symbol is on several venues"),
    )
)]
pub(super) async fn quote(service: Service, symbol: web::Path<String>, _: Params<NoParams>) -> Answer {
    Ok(ok(&service.quote(&symbol)?))
}

/// Returns a book and its last trades, and from where the WebSocket goes on.
#[utoipa::path(
    get,
    path = "/api/book/snapshot",
    tag = "market data",
    params(BookParams),
    responses(
        (status = 200, description = "The book", body = BookView, headers(("etag" = String, description = "Tells it from all others"))),
        (status = 304, description = "It is still the one that `If-None-Match` has"),
        (status = 404, description = "There is no such listing; the hint names the nearest"),
        (status = 422, description = "A parameter is not as it must be, or a symbol is on several venues"),
    )
)]
pub(super) async fn book_snapshot(
    service: Service,
    request: HttpRequest,
    params: Params<BookParams>,
) -> Answer {
    let book = service.book(&params.0.symbol, params.0.depth)?;
    // Digits and quotes are always a header's text.
    let tag = HeaderValue::from_str(&book.tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    let is_known = names(request.headers(), &book.tag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::ETAG, tag));
    // It may be kept, and is to be asked for anew each time.
    answer.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    if is_known {
        return Ok(answer.finish());
    }
    answer.insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/json")));
    Ok(answer.body(book.json))
}

/// Returns whether `If-None-Match` names a tag, weakly compared.
fn names(headers: &HeaderMap, tag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag)
}

/// Returns a page of candles, the oldest first.
#[utoipa::path(
    get,
    path = "/api/candles",
    tag = "market data",
    params(CandlesParams),
    responses(
        (status = 200, description = "A page", body = CandlesView),
        (status = 404, description = "There is no such listing; the hint names the nearest"),
        (status = 422, description = "A parameter is not as it must be, or a symbol is on several venues"),
        (status = 503, description = "What is no longer in memory cannot be read at the moment"),
    )
)]
pub(super) async fn candles(service: Service, params: Params<CandlesParams>) -> Answer {
    let CandlesParams { symbol, interval, from, to, cursor, limit } = params.0;
    let query = CandleQuery { symbol, interval, from, to, cursor, limit };
    Ok(ok(&service.candles(query).await?))
}

/// Returns the last trades of a listing, the newest first.
#[utoipa::path(
    get,
    path = "/api/trades/recent",
    tag = "market data",
    params(TradesParams),
    responses(
        (status = 200, description = "The trades", body = TradesView),
        (status = 404, description = "There is no such listing; the hint names the nearest"),
        (status = 422, description = "A parameter is not as it must be, or a symbol is on several venues"),
    )
)]
pub(super) async fn recent_trades(service: Service, params: Params<TradesParams>) -> Answer {
    Ok(ok(&service.recent_trades(&params.0.symbol, params.0.limit)?))
}
