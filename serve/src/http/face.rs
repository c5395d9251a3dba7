//! [`Face`]: all that the public server answers with.

use std::sync::Arc;

use actix_web::web;

use super::endpoint::{Endpoint, Entry, Gatekeeper};
use super::{identity, market_data, openapi, trading, watchlists, ws};
use crate::services::identity::Identity;
use crate::services::market_data::MarketData;
use crate::services::trading::Trading;
use crate::services::watchlists::Watchlists;

/// The services that the public server answers with.
#[derive(Debug, Clone)]
pub struct Face {
    /// Who is who.
    pub identity: Arc<Identity>,
    /// What everybody may see.
    pub market_data: Arc<MarketData>,
    /// What people do in the market.
    pub trading: Arc<Trading>,
    /// What they watch.
    pub watchlists: Arc<Watchlists>,
}
