//! The routes of market data: everybody may ask.

mod days;
mod listings;
mod params;
#[cfg(test)]
mod tests;
mod venue;

use std::sync::Arc;

use actix_web::web;
use utoipa::OpenApi;

use super::endpoint::{Access, Endpoint};
use crate::services::market_data::{
    BookView, CandleView, CandlesView, ClockView, DayView, DaysView, HoursView, InstrumentView,
    InstrumentsView, IntervalName, LevelView, ListingStatusView, MarketData, MarketDayView, MarketStatusView,
    NextPhaseView, PhaseName, QuoteView, QuotesView, ReplayLineKind, ReplayLineView, SegmentView, SideName,
    StageName, TradeView, TradesView,
};

/// The part of the API's document about market data.
#[derive(OpenApi)]
#[openapi(
    paths(
        listings::instruments,
        listings::quotes,
        listings::quote,
        listings::book_snapshot,
        listings::candles,
        listings::recent_trades,
        venue::market_status,
        venue::clock,
        days::days,
        days::replay,
    ),
    components(schemas(
        BookView,
        CandleView,
        CandlesView,
        ClockView,
        DayView,
        DaysView,
        HoursView,
        InstrumentView,
        InstrumentsView,
        IntervalName,
        LevelView,
        ListingStatusView,
        MarketDayView,
        MarketStatusView,
        NextPhaseView,
        PhaseName,
        QuoteView,
        QuotesView,
        ReplayLineKind,
        ReplayLineView,
        SegmentView,
        SideName,
        StageName,
        TradeView,
        TradesView,
    )),
    tags((name = "market data", description = "What everybody may see of the market."))
)]
pub(super) struct MarketDataDoc;

/// Returns the routes; whoever registers them adds a [`MarketData`] by [`provide`].
pub(super) fn endpoints() -> Vec<Endpoint> {
    let public = Access::Public;
    vec![
        Endpoint::at("/api/instruments").get(public, listings::instruments),
        Endpoint::at("/api/quotes").get(public, listings::quotes),
        Endpoint::at("/api/quotes/{symbol}").get(public, listings::quote),
        Endpoint::at("/api/book/snapshot").get(public, listings::book_snapshot),
        Endpoint::at("/api/candles").get(public, listings::candles),
        Endpoint::at("/api/trades/recent").get(public, listings::recent_trades),
        Endpoint::at("/api/market/status").get(public, venue::market_status),
        Endpoint::at("/api/clock").get(public, venue::clock),
        Endpoint::at("/api/days").get(public, days::days),
        Endpoint::at("/api/days/{day}/replay").get(public, days::replay),
    ]
}

/// Gives the routes what they answer from.
pub(super) fn provide(config: &mut web::ServiceConfig, service: &Arc<MarketData>) {
    config.app_data(web::Data::from(Arc::clone(service)));
}
