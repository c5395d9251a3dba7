//! What the owner of an account is told of a fact, beside fills and elected stops, which other rows say.

use std::sync::Arc;

use bearpit_core::market::{CancelReason, Fact};
use bearpit_core::units::{ListingId, Money, OrderId, SimTime};

use crate::domain::{
    MarginNotice, MarginStep, NoticeContent, Number, OrderEnd, OrderEndNotice, RefusedOrder, StrategyNotice,
};
use crate::publication::ListingInfo;

/// Something that is told, and what it is told of.
type Told = (String, NoticeContent);

/// Returns what is told of a fact of a segment. What the owner asked for, or follows from the order's own
/// terms, is not told.
pub(super) fn notice_of(
    listings: &[Arc<ListingInfo>],
    (segment, sequence): (u64, u64),
    at: SimTime,
    fact: &Fact,
) -> Option<Told> {
    let margin = |step: MarginStep, equity: Money, maintenance: Option<Money>| {
        let (equity, maintenance) = (Number::of_money(equity), maintenance.map(Number::of_money));
        let content = MarginNotice { step, equity, maintenance, market_at: market_at(at) };
        (format!("margin:{segment}:{sequence}"), NoticeContent::Margin(content))
    };
    Some(match *fact {
        Fact::OrderRejected { order, listing, reason, .. } => {
            ended(listings, (order, listing), at, (OrderEnd::Rejected, &reason))?
        }
        Fact::OrderCanceled { order, reason, .. } if is_told(&reason) => {
            ended(listings, (order, fact.listing()?), at, (OrderEnd::Canceled, &reason))?
        }
        Fact::OrderExpired { order, reason, .. } => {
            ended(listings, (order, fact.listing()?), at, (OrderEnd::Expired, &reason))?
        }
        Fact::MarginCalled { equity, maintenance, .. } => {
            margin(MarginStep::Called, equity, Some(maintenance))
        }
        Fact::MarginCallEnded { equity, .. } => margin(MarginStep::Ended, equity, None),
        Fact::AccountRuined { equity, .. } => margin(MarginStep::Ruined, equity, None),
        _ => return None,
    })
}

/// Returns what is told of a strategy that failed, of whose account this is.
pub(super) fn failure_notice(
    strategy_id: crate::domain::AccountId,
    (segment, sequence): (u64, u64),
    text: &str,
) -> Told {
    let content = StrategyNotice { strategy_id, reason: text.to_owned() };
    (format!("strategy:{segment}:{sequence}"), NoticeContent::StrategyStopped(content))
}

/// Returns what is told of an order that the gate of its account refused.
pub(super) fn refusal_notice(
    listings: &[Arc<ListingInfo>],
    at: SimTime,
    refused: &RefusedOrder,
) -> Option<Told> {
    let id = refused.id.to_string();
    let how = (OrderEnd::Refused, &refused.reason as &dyn std::fmt::Display);
    end_of(listings, (&id, refused.listing), at, how)
}

/// Returns whether a cancel is told: neither one that its owner asked for, nor what an order's own terms
/// say.
const fn is_told(reason: &CancelReason) -> bool {
    let is_by_terms =
        matches!(reason, CancelReason::IocRemainder | CancelReason::ReplacedToFilled | CancelReason::Linked);
    !reason.is_by_owner() && !is_by_terms
}

fn ended(
    listings: &[Arc<ListingInfo>],
    (order, listing): (OrderId, ListingId),
    at: SimTime,
    how: (OrderEnd, &dyn std::fmt::Display),
) -> Option<Told> {
    end_of(listings, (&order.get().to_string(), listing), at, how)
}

fn end_of(
    listings: &[Arc<ListingInfo>],
    (order, listing): (&str, ListingId),
    at: SimTime,
    (outcome, reason): (OrderEnd, &dyn std::fmt::Display),
) -> Option<Told> {
    let info = listings.get(listing.index())?;
    let content = OrderEndNotice {
        order_id: order.to_owned(),
        symbol: info.instrument.symbol().to_owned(),
        venue: info.venue.clone(),
        outcome,
        reason: reason.to_string(),
        market_at: market_at(at),
    };
    Some((format!("order:{order}"), NoticeContent::OrderEnded(content)))
}

/// Returns an instant of virtual time in UTC.
fn market_at(at: SimTime) -> String {
    format!("{at}Z")
}
