//! The handshakes: which codec a client speaks, and keys that come with it.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::super::super::connection::go_on;
use super::super::super::dialect::AlpacaFailure;
use super::super::super::shared::Shared;
use super::super::super::ws::{Hub, Watched, is_allowed};
use super::codec::Codec;
use super::data::DataConnection;
use super::outgoing::Outgoing;
use super::places::Places;
use super::trading::TradingConnection;
use crate::domain::{Problem, ProblemKind};
use crate::services::alpaca::{Alpaca, Naming};

type Desk = web::Data<Alpaca>;
type Answer = Result<HttpResponse, AlpacaFailure>;

/// The longest message: the names of thousands of symbols.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// What all handshakes need.
pub(super) struct Parts {
    hub: web::Data<Hub>,
    shared: web::Data<Shared>,
    places: web::Data<Places>,
}

impl actix_web::FromRequest for Parts {
    type Error = AlpacaFailure;
    type Future = std::future::Ready<Result<Self, AlpacaFailure>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let parts = || {
            Some(Self {
                hub: request.app_data::<web::Data<Hub>>()?.clone(),
                shared: request.app_data::<web::Data<Shared>>()?.clone(),
                places: request.app_data::<web::Data<Places>>()?.clone(),
            })
        };
        let none = || Problem::new(ProblemKind::Internal, "no_streams", "there are no streams").into();
        std::future::ready(parts().ok_or_else(none))
    }
}

/// Opens a stream of one's own orders.
pub(super) async fn trading(request: HttpRequest, body: web::Payload, parts: Parts, desk: Desk) -> Answer {
    let (response, stream, outgoing) = begin(&request, body, parts)?;
    let connection = TradingConnection::new(desk.into_inner(), outgoing);
    let (head, body) = response.into_parts();
    let (body, has_ended) = Watched::new(body);
    go_on(&request, connection.run(stream, has_ended));
    Ok(head.set_body(body).map_into_boxed_body())
}

/// Opens a stream of market data of shares.
pub(super) async fn stocks(request: HttpRequest, body: web::Payload, parts: Parts, desk: Desk) -> Answer {
    data(&request, body, parts, &desk, Naming::Symbol)
}

/// Opens a stream of market data of pairs.
pub(super) async fn crypto(request: HttpRequest, body: web::Payload, parts: Parts, desk: Desk) -> Answer {
    data(&request, body, parts, &desk, Naming::Pair)
}

fn data(request: &HttpRequest, body: web::Payload, parts: Parts, desk: &Desk, naming: Naming) -> Answer {
    let form = request.headers().get(header::CONTENT_TYPE).and_then(|form| form.to_str().ok());
    let is_packed = form.is_some_and(|form| form.to_ascii_lowercase().contains("msgpack"));
    let codec = if is_packed { Codec::Packed } else { Codec::Json };
    let keys = ["APCA-API-KEY-ID", "APCA-API-SECRET-KEY"].map(|name| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    });
    let keys = Some(keys).filter(|[_, secret]| !secret.is_empty());
    let (response, stream, outgoing) = begin(request, body, parts)?;
    let desk = std::sync::Arc::clone(desk);
    let connection = DataConnection::new(desk, outgoing, naming, codec);
    let (head, body) = response.into_parts();
    let (body, has_ended) = Watched::new(body);
    go_on(request, connection.run(stream, has_ended, keys));
    Ok(head.set_body(body).map_into_boxed_body())
}

fn begin(
    request: &HttpRequest,
    body: web::Payload,
    parts: Parts,
) -> Result<(HttpResponse, actix_ws::AggregatedMessageStream, Outgoing), Problem> {
    let Parts { hub, shared, places } = parts;
    if !is_allowed(request.headers(), &hub.config().origins) {
        let message = "pages of this origin may not open a WebSocket here";
        return Err(Problem::new(ProblemKind::Forbidden, "forbidden_origin", message).at("Origin"));
    }
    let handshake = actix_ws::handle(request, body);
    let (response, session, stream) = handshake.map_err(|error| {
        let message = format!("no handshake of a WebSocket: {error}");
        Problem::new(ProblemKind::Malformed, "no_websocket", message)
    })?;
    let stream = stream
        .max_frame_size(MESSAGE_BYTES_MAX)
        .aggregate_continuations()
        .max_continuation_size(MESSAGE_BYTES_MAX);
    Ok((response, stream, Outgoing::new(session, hub.into_inner(), shared, places)))
}
