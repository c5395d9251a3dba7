//! What happened to orders of a session, as its account's feed says it, to what is told in FIX.

use bearpit_core::market::Fact;

use super::Said;
use super::answers::{CancelRejection, cancel_reject, reject_reason};
use super::report::{Execution, report};
use super::state::{OrderState, PendingKind};
use crate::domain::{ClientOrderId, StatusName};
use crate::fix::codec::{Body, tags, tags::kind};
use crate::publication::{OrderSnapshot, OwnChange, OwnEvent};
use crate::services::market_data::MarketData;
use crate::services::trading::{OrderView, OwnEventView};

/// What an event says to a session.
#[derive(Debug, Default)]
pub(in crate::fix) struct Told {
    /// The order as it is from now on, by its number.
    pub(in crate::fix) order: Option<(u64, OrderState)>,
    /// What is sent.
    pub(in crate::fix) said: Vec<Said>,
}

/// Returns the order that an event is about, and its name in the market, as far as the event says.
pub(in crate::fix) fn concerned(event: &OwnEvent) -> (Option<u64>, Option<&ClientOrderId>) {
    match &event.change {
        OwnChange::Sent(sent) => (Some(sent.order.get()), sent.client.as_ref()),
        OwnChange::Refused(refused) => (None, refused.client.as_ref()),
        OwnChange::Named { order, client } => (Some(order.get()), Some(client)),
        OwnChange::Fact(Fact::CommandRejected { order, .. }) => (Some(order.get()), None),
        OwnChange::DayBegan | OwnChange::Filled(_) | OwnChange::Fact(_) => {
            match event.after.order.as_deref() {
                Some(OrderSnapshot::Open(id, open)) => (Some(id.get()), open.client.as_ref()),
                Some(OrderSnapshot::Closed(closed)) => (Some(closed.id.get()), closed.last.client.as_ref()),
                None => (None, None),
            }
        }
    }
}

/// Says what an event means to a session: of an order that it knows, or that has a name of its own.
pub(in crate::fix) fn tell(
    data: &MarketData,
    event: &OwnEvent,
    order: (Option<u64>, Option<OrderState>),
    name: Option<&str>,
    id: &str,
) -> Told {
    let view = OwnEventView::of(data, event);
    let (number, known) = order;
    let state = known.or_else(|| name.map(OrderState::new));
    let Some(mut state) = state else { return Told::default() };
    let at = event.at.nanos() / 1_000_000;
    let said = match (&view.order, view.event) {
        // The name is told with what follows.
        (_, "carried_over") => Vec::new(),
        (Some(order), "command_rejected") => {
            rejected(&mut state, order, view.more.explanation.as_deref(), view.more.reason.as_deref())
        }
        (Some(order), word) => reported(&mut state, order, (word, &view, id, at)),
        (None, "command_rejected") => {
            let reason = view.more.reason.as_deref();
            rejected_without_order(&mut state, number, view.more.explanation.as_deref(), reason)
        }
        (None, _) => Vec::new(),
    };
    let Some(number) = number else { return Told { order: None, said } };
    state.is_over |= view.order.as_ref().is_some_and(is_over);
    Told { order: Some((number, state)), said }
}

fn is_over(order: &OrderView) -> bool {
    use StatusName::{Canceled, Expired, Filled, Rejected};
    matches!(order.status, Canceled | Expired | Filled | Rejected)
}

/// A report of what happened to an order.
fn reported(
    state: &mut OrderState,
    order: &OrderView,
    (word, view, id, at): (&str, &OwnEventView, &str, i64),
) -> Vec<Said> {
    let mut more = Body::default();
    let mut original = None;
    let exec_type = match word {
        "sent" => 'A',
        "refused" | "rejected" => {
            more.put(tags::ORD_REJ_REASON, reject_reason(order.reason.as_deref().unwrap_or_default()));
            '8'
        }
        "accepted" if state.is_accepted => {
            // Carried over from the last day: what is open of it counts from here.
            more.put(tags::EXEC_RESTATEMENT_REASON, 1);
            'D'
        }
        "accepted" => '0',
        "filled" => 'F',
        "replaced" => {
            original = state.arrived(PendingKind::Replace).map(|name| state.rename(name));
            // By another face than this session.
            if original.is_none() {
                more.put(tags::EXEC_RESTATEMENT_REASON, 99);
            }
            if original.is_some() { '5' } else { 'D' }
        }
        "triggered" => 'L',
        "canceled" => {
            original = state.arrived(PendingKind::Cancel).map(|name| state.rename(name));
            '4'
        }
        "expired" => 'C',
        "repriced" => {
            more.put(tags::EXEC_RESTATEMENT_REASON, 3);
            'D'
        }
        _ => {
            more.put(tags::EXEC_RESTATEMENT_REASON, 99);
            if let Some(text) = &view.more.explanation {
                more.put(tags::TEXT, text);
            }
            'D'
        }
    };
    state.is_accepted |= !matches!(word, "sent" | "refused" | "rejected");
    if let Some(trade) = view.fill.as_ref().and_then(|fill| fill.trade_id.parse().ok()) {
        state.last_trade = trade;
    }
    let execution = Execution {
        id,
        kind: exec_type,
        name: &state.name,
        original: original.as_deref(),
        fill: view.fill.as_ref(),
        at,
        more,
    };
    vec![(kind::EXECUTION_REPORT, report(order, &execution))]
}

/// The venue has rejected a cancel or a replace: the oldest that is on its way.
fn rejected(state: &mut OrderState, order: &OrderView, text: Option<&str>, why: Option<&str>) -> Vec<Said> {
    let Some(pending) = state.pending.pop_front() else { return Vec::new() };
    vec![cancel_reject(&CancelRejection {
        order: Some((&order.order_id, order.status)),
        name: &pending.name,
        original: &state.name,
        is_replace: pending.kind == PendingKind::Replace,
        reason: if is_too_late(why) { 0 } else { 99 },
        text: text.unwrap_or("the venue has rejected it"),
    })]
}

fn rejected_without_order(
    state: &mut OrderState,
    number: Option<u64>,
    text: Option<&str>,
    why: Option<&str>,
) -> Vec<Said> {
    let Some(pending) = state.pending.pop_front() else { return Vec::new() };
    let number = number.map(|it| it.to_string()).unwrap_or_default();
    vec![cancel_reject(&CancelRejection {
        order: state.is_over.then_some((&*number, StatusName::Rejected)),
        name: &pending.name,
        original: &state.name,
        is_replace: pending.kind == PendingKind::Replace,
        reason: if is_too_late(why) { 0 } else { 99 },
        text: text.unwrap_or("the venue has rejected it"),
    })]
}

/// Returns whether a venue does not know the order any more.
fn is_too_late(why: Option<&str>) -> bool {
    why == Some("unknown_order")
}
