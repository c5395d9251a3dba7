//! Alpaca's API, so that clients of it work by another base URL and keys of this server: `/v2`, `/v1beta3`,
//! `/v1beta1` and `/stream`.
//!
//! Requests are read leniently, as those clients write them: numbers come as numbers or texts, truth values
//! as `True`; fields that mean nothing here are ignored and counted. Answers have all members that clients
//! insist on. What is asked is answered by the same services as this server's own interface; `docs/bots.md`
//! says what is another here.

mod account;
mod assets;
mod clock;
mod crypto;
mod data;
mod fields;
mod history;
mod order_body;
mod order_request;
mod orders;
mod positions;
mod stocks;
mod stream;
#[cfg(test)]
mod tests;
mod watchlists;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::{HttpResponse, web};

use super::dialect::AlpacaFailure;
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, Scope};
use crate::services::alpaca::Alpaca;

/// What the handlers share.
type Desk = web::Data<Alpaca>;

/// Who asks.
type Caller = web::ReqData<Actor>;

type Answer = Result<HttpResponse, AlpacaFailure>;

const READ: Access = Access::Needs(Scope::Read);
const TRADE: Access = Access::Needs(Scope::Trade);

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let rooms = [trading(), lists(), market_data(), stream::endpoints()];
    rooms.into_iter().flatten().collect()
}

/// What the handlers of all workers share.
#[derive(Clone)]
pub(super) struct Shared {
    alpaca: Arc<Alpaca>,
    places: web::Data<stream::Places>,
}

impl Shared {
    /// Makes it, once for a server.
    pub(super) fn new(alpaca: Arc<Alpaca>) -> Self {
        Self { alpaca, places: web::Data::new(stream::Places::default()) }
    }
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, shared: &Shared) {
    config.app_data(web::Data::from(Arc::clone(&shared.alpaca)));
    stream::share(config, &shared.places);
}

fn trading() -> Vec<Endpoint> {
    use Method as M;
    vec![
        Endpoint::at("/v2/account").get(READ, account::account),
        Endpoint::at("/v2/account/configurations").get(READ, account::configurations).on(
            M::PATCH,
            TRADE,
            account::configure,
        ),
        Endpoint::at("/v2/account/portfolio/history").get(READ, history::portfolio),
        Endpoint::at("/v2/account/activities").get(READ, history::activities),
        Endpoint::at("/v2/account/activities/{kind}").get(READ, history::activities_of),
        Endpoint::at("/v2/clock").get(READ, clock::clock),
        Endpoint::at("/v2/calendar").get(READ, clock::calendar),
        Endpoint::at("/v2/assets").get(READ, assets::all),
        Endpoint::at("/v2/assets/{name:.+}").get(READ, assets::one),
        Endpoint::at("/v2/orders").get(READ, orders::list).post(TRADE, orders::enter).on(
            M::DELETE,
            TRADE,
            orders::cancel_all,
        ),
        Endpoint::at("/v2/orders:by_client_order_id").get(READ, orders::of_client),
        Endpoint::at("/v2/orders/{order_id}").get(READ, orders::one).on(M::PATCH, TRADE, orders::replace).on(
            M::DELETE,
            TRADE,
            orders::cancel,
        ),
        Endpoint::at("/v2/positions").get(READ, positions::list).on(M::DELETE, TRADE, positions::close_all),
        Endpoint::at("/v2/positions/{name:.+}").get(READ, positions::one).on(
            M::DELETE,
            TRADE,
            positions::close,
        ),
    ]
}

fn lists() -> Vec<Endpoint> {
    use Method as M;
    vec![
        Endpoint::at("/v2/watchlists").get(READ, watchlists::all).post(TRADE, watchlists::add),
        Endpoint::at("/v2/watchlists:by_name").get(READ, watchlists::of_name),
        Endpoint::at("/v2/watchlists/{watchlist_id}")
            .get(READ, watchlists::one)
            .on(M::PUT, TRADE, watchlists::change)
            .post(TRADE, watchlists::add_symbol)
            .on(M::DELETE, TRADE, watchlists::delete),
        Endpoint::at("/v2/watchlists/{watchlist_id}/{name:.+}").on(
            M::DELETE,
            TRADE,
            watchlists::remove_symbol,
        ),
    ]
}

fn market_data() -> Vec<Endpoint> {
    let public = Access::Public;
    vec![
        Endpoint::at("/v2/stocks/bars").get(public, stocks::bars),
        Endpoint::at("/v2/stocks/trades").get(public, stocks::trades),
        Endpoint::at("/v2/stocks/quotes").get(public, stocks::quotes),
        Endpoint::at("/v2/stocks/bars/latest").get(public, stocks::latest_bars),
        Endpoint::at("/v2/stocks/trades/latest").get(public, stocks::latest_trades),
        Endpoint::at("/v2/stocks/quotes/latest").get(public, stocks::latest_quotes),
        Endpoint::at("/v2/stocks/snapshots").get(public, stocks::snapshots),
        Endpoint::at("/v2/stocks/{name}/bars").get(public, stocks::bars_of),
        Endpoint::at("/v2/stocks/{name}/trades").get(public, stocks::trades_of),
        Endpoint::at("/v2/stocks/{name}/quotes").get(public, stocks::quotes_of),
        Endpoint::at("/v2/stocks/{name}/bars/latest").get(public, stocks::latest_bar_of),
        Endpoint::at("/v2/stocks/{name}/trades/latest").get(public, stocks::latest_trade_of),
        Endpoint::at("/v2/stocks/{name}/quotes/latest").get(public, stocks::latest_quote_of),
        Endpoint::at("/v2/stocks/{name}/snapshot").get(public, stocks::snapshot_of),
        Endpoint::at("/v1beta3/crypto/{place}/bars").get(public, stocks::bars),
        Endpoint::at("/v1beta3/crypto/{place}/trades").get(public, crypto::trades),
        Endpoint::at("/v1beta3/crypto/{place}/quotes").get(public, stocks::quotes),
        Endpoint::at("/v1beta3/crypto/{place}/latest/bars").get(public, crypto::latest_bars),
        Endpoint::at("/v1beta3/crypto/{place}/latest/trades").get(public, crypto::latest_trades),
        Endpoint::at("/v1beta3/crypto/{place}/latest/quotes").get(public, crypto::latest_quotes),
        Endpoint::at("/v1beta3/crypto/{place}/latest/orderbooks").get(public, crypto::latest_books),
        Endpoint::at("/v1beta3/crypto/{place}/snapshots").get(public, crypto::snapshots),
    ]
}
