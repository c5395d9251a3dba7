//! [`Face`]: all that the public server answers with, besides what it says of itself.

use std::sync::Arc;

use actix_web::web;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

use super::administration::{self, AdministrationDoc};
use super::alpaca;
use super::auctions::{self, AuctionsDoc};
use super::contests::{self, ContestsDoc};
use super::endpoint::{Endpoint, Entry};
use super::estimates::{self, EstimatesDoc};
use super::groups::{self, GroupsDoc};
use super::identity::{self, IdentityDoc};
use super::market_data::{self, MarketDataDoc};
use super::notifications::{self, AlertsDoc, NotificationsDoc};
use super::openapi;
use super::payments::{self, PaymentsDoc};
use super::profile::{self, ProfileDoc};
use super::push::{self, PushDoc};
use super::strategies::{self, StrategiesDoc};
use super::trading::{self, TradingDoc};
use super::wallet::{self, WalletDoc};
use super::watchlists::{self, WatchlistsDoc};
use super::webhooks::{self, WebhooksDoc};
use super::ws::{self, Authenticator, NoticeParts, WsConfig, WsParts};
use crate::services::admin::{Admin, Announcements};
use crate::services::alerts::Alerts;
use crate::services::alpaca::Alpaca;
use crate::services::auctions::Auctions;
use crate::services::channels::{Channels, Groups};
use crate::services::contests::Contests;
use crate::services::estimates::Estimates;
use crate::services::identity::Identity;
use crate::services::market_data::MarketData;
use crate::services::notifications::{NoticeBoard, Notifications};
use crate::services::payments::{Payments, Sandbox};
use crate::services::profiles::Profiles;
use crate::services::push::Push;
use crate::services::strategies::Strategies;
use crate::services::trading::Trading;
use crate::services::wallet::Wallets;
use crate::services::watchlists::Watchlists;
use crate::services::webhooks::Webhooks;

/// The services that the public server answers with.
#[derive(Debug, Clone)]
pub struct Face {
    /// Who is who.
    pub identity: Arc<Identity>,
    /// What they say of themselves.
    pub profiles: Arc<Profiles>,
    /// What everybody may see.
    pub market_data: Arc<MarketData>,
    /// What people do in the market.
    pub trading: Arc<Trading>,
    /// What they offer each other.
    pub auctions: Arc<Auctions>,
    /// What they have, and what was moved.
    pub wallets: Arc<Wallets>,
    /// What their scripts do.
    pub strategies: Arc<Strategies>,
    /// Contests among them.
    pub contests: Arc<Contests>,
    /// What they watch.
    pub watchlists: Arc<Watchlists>,
    /// Endpoints that are called with what they are told.
    pub webhooks: Arc<Webhooks>,
    /// Browsers that show it.
    pub push: Arc<Push>,
    /// Money that comes in and goes back.
    pub payments: Arc<Payments>,
    /// What plays a provider of payments, if it does.
    pub sandbox: Option<Arc<Sandbox>>,
    /// What administrators do.
    pub admin: Arc<Admin>,
    /// What they have everybody told.
    pub announcements: Arc<Announcements>,
    /// What each person is told.
    pub notifications: Arc<Notifications>,
    /// What shows it to those who listen.
    pub board: Arc<NoticeBoard>,
    /// The prices that people wait for.
    pub alerts: Arc<Alerts>,
    /// Groups that send orders over channels.
    pub groups: Arc<Groups>,
    /// How the channels are.
    pub channels: Arc<Channels>,
    /// What things will be worth.
    pub estimates: Arc<Estimates>,
    /// What clients of Alpaca's API ask beyond that.
    pub alpaca: Arc<Alpaca>,
}

impl Face {
    /// Returns what adds the routes to a server; each of its workers has its own.
    pub(super) fn routes(self) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
        let document = Arc::new(document());
        let identity: Arc<dyn Authenticator> = Arc::clone(&self.identity) as _;
        let ws = WsParts {
            market_data: Arc::clone(&self.market_data),
            announcements: Some(Arc::clone(&self.announcements)),
            notices: Some(NoticeParts {
                board: Arc::clone(&self.board),
                notifications: Arc::clone(&self.notifications),
            }),
            authenticator: Some(identity),
            config: Arc::new(WsConfig {
                origins: self.identity.config().cors_origins.iter().map(|it| it.text().to_owned()).collect(),
                ..WsConfig::default()
            }),
        };
        let of_alpaca = alpaca::Shared::new(Arc::clone(&self.alpaca));
        move |config| {
            identity::configure(config, &self.identity);
            profile::share(config, &self.profiles);
            market_data::provide(config, &self.market_data);
            trading::share(config, &self.trading);
            auctions::share(config, &self.auctions);
            wallet::share(config, &self.wallets);
            strategies::share(config, &self.strategies);
            contests::share(config, &self.contests);
            watchlists::share(config, &self.watchlists);
            webhooks::share(config, &self.webhooks);
            push::share(config, &self.push);
            payments::share(config, &self.payments);
            notifications::share(config, &self.notifications, &self.alerts);
            if let Some(sandbox) = &self.sandbox {
                payments::sandbox::pages(config, sandbox);
            }
            administration::share(config, &self.admin, &self.announcements);
            groups::share(config, &self.groups, &self.channels);
            estimates::share(config, &self.estimates);
            alpaca::share(config, &of_alpaca);
            let all = endpoints().into_iter().chain(openapi::endpoints(&document));
            all.for_each(|endpoint| endpoint.register(config));
            // What a document of requests and answers has no words for: docs/websocket.md has its protocol.
            ws::provide(config, &ws);
            ws::endpoint().register(config);
            openapi::pages(config, &document);
        }
    }
}

/// Returns the paths of this server's own interface, their methods, and who may use each.
#[must_use]
pub fn entries() -> Vec<Entry> {
    native_endpoints().iter().flat_map(|endpoint| endpoint.entries().to_vec()).collect()
}

/// Returns the document that describes the interface.
#[must_use]
pub fn document() -> Document {
    let rooms = [
        IdentityDoc::openapi(),
        ProfileDoc::openapi(),
        MarketDataDoc::openapi(),
        TradingDoc::openapi(),
        AuctionsDoc::openapi(),
        WalletDoc::openapi(),
        StrategiesDoc::openapi(),
        ContestsDoc::openapi(),
        WatchlistsDoc::openapi(),
        WebhooksDoc::openapi(),
        PushDoc::openapi(),
        PaymentsDoc::openapi(),
        NotificationsDoc::openapi(),
        AlertsDoc::openapi(),
        AdministrationDoc::openapi(),
        GroupsDoc::openapi(),
        EstimatesDoc::openapi(),
    ];
    openapi::document(rooms, &entries())
}

/// Returns the endpoints of all rooms, and those that clients of Alpaca's API know: those are described by
/// its documentation, not by this server's own document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    native_endpoints().into_iter().chain(alpaca::endpoints()).collect()
}

/// Returns the endpoints of this server's own interface.
fn native_endpoints() -> Vec<Endpoint> {
    let rooms = [
        identity::endpoints(),
        profile::endpoints(),
        market_data::endpoints(),
        trading::endpoints(),
        auctions::endpoints(),
        wallet::endpoints(),
        strategies::endpoints(),
        contests::endpoints(),
        watchlists::endpoints(),
        webhooks::endpoints(),
        push::endpoints(),
        payments::endpoints(),
        notifications::endpoints(),
        administration::endpoints(),
        groups::endpoints(),
        estimates::endpoints(),
    ];
    rooms.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_describes_every_route_and_no_other() {
        let document = serde_json::to_value(document()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(|method| (path.clone(), method.to_uppercase())).collect::<Vec<_>>()
            })
            .collect();
        let routed: BTreeSet<(String, String)> =
            entries().iter().map(|it| (it.path.to_owned(), it.method.to_string())).collect();
        assert_eq!(described, routed);
    }

    #[test]
    fn each_operation_has_a_name_of_its_own_and_says_who_may() {
        let document = serde_json::to_value(document()).unwrap();
        let mut names = BTreeSet::new();
        for entry in entries() {
            let operation = &document["paths"][entry.path][entry.method.as_str().to_lowercase()];
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name} is there twice");
            let is_public = entry.access == super::super::endpoint::Access::Public;
            assert_eq!(operation["security"].is_array(), !is_public, "{name}");
            let answers = operation["responses"].as_object().unwrap();
            let says_failure = answers.keys().any(|status| status == "default" || status.starts_with('4'));
            // What everybody may ask, and that takes nothing, cannot fail.
            let may_fail =
                !is_public || operation["parameters"].is_array() || operation["requestBody"].is_object();
            assert!(says_failure || !may_fail, "{name} does not say how it fails");
            assert!(operation["summary"].is_string(), "{name} has no sentence");
        }
    }
}
