//! The streams of Alpaca's API: one's own orders at `/stream`, market data at `/v2/iex` and its like.
//!
//! Market data is read through the feeds of this server's own WebSocket, which write each update once in each
//! form that somebody on the worker follows. A client that stalls waits alone, and delays nobody.

mod codec;
mod data;
mod handshake;
mod messages;
mod outgoing;
mod places;
mod request;
mod trading;
mod updates;

use actix_web::web;

pub(super) use places::Places;

use super::super::endpoint::{Access, Endpoint};

/// Returns the routes. They decide by themselves who may use them, since keys come in the first message.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let public = Access::Public;
    vec![
        Endpoint::at("/stream").get(public, handshake::trading),
        Endpoint::at("/stream/").get(public, handshake::trading),
        Endpoint::at("/v2/iex").get(public, handshake::stocks),
        Endpoint::at("/v2/sip").get(public, handshake::stocks),
        Endpoint::at("/v2/delayed_sip").get(public, handshake::stocks),
        Endpoint::at("/v1beta3/crypto/us").get(public, handshake::crypto),
        Endpoint::at("/v1beta2/crypto").get(public, handshake::crypto),
    ]
}

/// Gives the routes what all workers share.
pub(super) fn share(config: &mut web::ServiceConfig, places: &web::Data<Places>) {
    config.app_data(places.clone());
}
