//! `/api/orders`, `/api/account` and what belongs to them: trading in one's own name.

mod account;
pub(super) mod history;
mod legacy;
mod orders;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, Problem, ProblemKind, Scope};
use crate::services::trading::{Trading, VenueWait};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        orders::enter,
        orders::preview,
        orders::open,
        orders::one,
        orders::cancel,
        orders::replace,
        orders::cancel_all,
        history::orders,
        history::trades,
        history::portfolio,
        account::account,
        account::positions,
        account::close,
        account::report,
        legacy::buy,
        legacy::sell,
    ),
    components(schemas(WaitFor)),
    tags((name = "trading", description = "Orders, positions and their history, in one's own name."))
)]
pub(super) struct TradingDoc;

/// What the handlers share.
type Desk = web::Data<Trading>;

/// Who asks.
type Caller = web::ReqData<Actor>;

const READ: Access = Access::Needs(Scope::Read);
const TRADE: Access = Access::Needs(Scope::Trade);

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::at("/api/orders/preview").post(READ, orders::preview),
        Endpoint::at("/api/orders/open").get(READ, orders::open),
        Endpoint::at("/api/orders/{order_id}")
            .get(READ, orders::one)
            .on(actix_web::http::Method::PATCH, TRADE, orders::replace)
            .on(actix_web::http::Method::DELETE, TRADE, orders::cancel),
        Endpoint::at("/api/orders").get(READ, history::orders).post(TRADE, orders::enter).on(
            actix_web::http::Method::DELETE,
            TRADE,
            orders::cancel_all,
        ),
        Endpoint::at("/api/trades/history").get(READ, history::trades),
        Endpoint::at("/api/account/report").get(READ, account::report),
        Endpoint::at("/api/account").get(READ, account::account),
        Endpoint::at("/api/positions").get(READ, account::positions),
        Endpoint::at("/api/positions/{symbol}/close").post(TRADE, account::close),
        Endpoint::at("/api/portfolio").get(READ, history::portfolio),
        Endpoint::at("/trade/buy").post(TRADE, legacy::buy),
        Endpoint::at("/trade/sell").post(TRADE, legacy::sell),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, trading: &Arc<Trading>) {
    config.app_data(web::Data::from(Arc::clone(trading)));
}

/// Whether to wait for the word of the venue.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WaitParams {
    /// `venue` waits until the venue has said something about the order.
    wait: Option<WaitFor>,
    /// For how many milliseconds at most; 500 if nothing is said, 10,000 at most.
    ms: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum WaitFor {
    /// For the venue's word.
    Venue,
}

impl WaitParams {
    fn wait(self) -> Result<Option<VenueWait>, Problem> {
        match (self.wait, self.ms) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                let problem = Problem::new(ProblemKind::Refused, "invalid_parameter", "ms needs wait=venue");
                Err(problem.at("ms"))
            }
            (Some(WaitFor::Venue), ms) => {
                Ok(Some(VenueWait(Duration::from_millis(ms.unwrap_or(500).into()).min(VenueWait::MAX))))
            }
        }
    }
}
