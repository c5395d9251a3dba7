//! SecurityStatus: where the session of a listing stands.

use std::sync::Arc;

use bearpit_core::market::Phase;

use super::{AGAIN, Outlet};
use crate::fix::codec::{Body, Fault, Message, reason, tags, tags::kind, timestamp};
use crate::fix::orders::{Said, Unfit, symbol_of};
use crate::publication::{Channel, ListingSnapshot};
use crate::services::market_data::MarketData;

/// What a SecurityStatusRequest asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fix) struct StatusWanted {
    /// The name of the request.
    pub(in crate::fix) id: String,
    /// The listing.
    pub(in crate::fix) symbol: String,
    /// Whether changes follow; none to end that.
    pub(in crate::fix) subscribes: Option<bool>,
}

impl StatusWanted {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Fault`] if it is none.
    pub(in crate::fix) fn read(message: &Message) -> Result<Self, Fault> {
        let id = message.need(tags::SECURITY_STATUS_REQ_ID)?.to_owned();
        let symbol = match symbol_of(message) {
            Ok(symbol) => symbol,
            Err(Unfit::Session(fault)) => return Err(fault),
            Err(Unfit::Order(_, text)) => return Err(Fault::new(tags::SYMBOL, reason::BAD_VALUE, text)),
        };
        let subscribes = match message.need(tags::SUBSCRIPTION_REQUEST_TYPE)? {
            "0" => Some(false),
            "1" => Some(true),
            "2" => None,
            other => {
                let text = format!("SubscriptionRequestType (263) is 0, 1 or 2, not `{other}`");
                return Err(Fault::new(tags::SUBSCRIPTION_REQUEST_TYPE, reason::BAD_VALUE, text));
            }
        };
        Ok(Self { id, symbol, subscribes })
    }
}

/// Writes where a listing stands.
///
/// # Errors
/// In words, that there is no such listing.
pub(in crate::fix) fn status_once(data: &MarketData, wanted: &StatusWanted) -> Result<Said, String> {
    let (_, snapshot) = data.find(&wanted.symbol).map_err(|problem| problem.message)?;
    Ok(status(wanted, &snapshot))
}

fn status(wanted: &StatusWanted, snapshot: &ListingSnapshot) -> Said {
    let phase = snapshot.phase.phase;
    let mut body = Body::default();
    body.put(tags::SECURITY_STATUS_REQ_ID, &wanted.id)
        .put(tags::SYMBOL, snapshot.listing.instrument.symbol())
        .put(tags::SECURITY_EXCHANGE, &snapshot.listing.venue)
        .put(tags::UNSOLICITED_INDICATOR, if wanted.subscribes == Some(true) { 'Y' } else { 'N' })
        .put(tags::SECURITY_TRADING_STATUS, status_of(phase))
        .put(tags::TRANSACT_TIME, timestamp(snapshot.phase.at.nanos() / 1_000_000))
        .put(tags::TEXT, phase.name());
    (kind::SECURITY_STATUS, body)
}

const fn status_of(phase: Phase) -> u32 {
    match phase {
        Phase::Halt => 2,
        Phase::Continuous => 17,
        Phase::Closed => 18,
        // Orders are collected, for whatever auction: the text says which.
        Phase::PreOpen | Phase::OpeningAuction | Phase::ReopeningAuction | Phase::ClosingAuction => 21,
    }
}

/// Sends where a listing stands, and each phase that it enters, until nobody takes it.
pub(in crate::fix) async fn follow_status(data: Arc<MarketData>, wanted: StatusWanted, outlet: Outlet) {
    let mut last = None;
    while !outlet.is_closed() {
        let found = data.find(&wanted.symbol).ok();
        let subscription = found.and_then(|(publication, snapshot)| {
            let news = publication.subscribe(&Channel::Phases(snapshot.id), None).ok()?;
            Some((publication, snapshot.id, news))
        });
        if let Some((publication, listing, mut news)) = subscription {
            loop {
                let is_over = tokio::select! {
                    update = news.next() => update.is_err(),
                    () = outlet.closed() => return,
                };
                let Some(snapshot) = publication.snapshot(listing).filter(|_| !is_over) else { break };
                // Indicative prices change the phase's state too.
                if last == Some(snapshot.phase.phase) {
                    continue;
                }
                last = Some(snapshot.phase.phase);
                if outlet.send(status(&wanted, &snapshot)).await.is_err() {
                    return;
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}
