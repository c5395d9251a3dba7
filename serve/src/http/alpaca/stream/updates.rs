//! What happens to one's own orders, as `trade_updates` say it.

use std::collections::BTreeMap;

use bearpit_core::market::{Fact, MarkCause, Side};
use bearpit_core::units::{NetQuantity, OrderId, SimTime};
use serde::Serialize;
use uuid::Uuid;

use super::super::order_body::{OrderBody, OrderWriter};
use crate::domain::{AccountId, Number, Problem};
use crate::publication::{Fill, OwnChange, OwnEvent, OwnState};
use crate::services::alpaca::Alpaca;

/// A message of the stream.
#[derive(Debug, Serialize)]
pub(super) struct UpdateMessage {
    stream: &'static str,
    data: UpdateBody,
}

#[derive(Debug, Serialize)]
struct UpdateBody {
    event: &'static str,
    timestamp: String,
    order: OrderBody,
    #[serde(flatten)]
    fill: Option<FillBody>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct FillBody {
    execution_id: Uuid,
    price: Number,
    qty: Number,
    position_qty: Option<Number>,
}

/// What an account's orders and positions are, up to the last event.
#[derive(Debug, Default)]
pub(super) struct Follower {
    state: OwnState,
    /// By symbol.
    positions: BTreeMap<String, NetQuantity>,
    /// Of orders that had come from another day when this day began; what they are called again is no news.
    carried: Vec<OrderId>,
}

/// What is said of an event.
struct Told {
    event: &'static str,
    order: OrderId,
    fill: Option<Fill>,
    /// Whether it is about the order as it was before a replace.
    is_replaced: bool,
    reason: Option<String>,
}

impl Told {
    const fn of(event: &'static str, order: OrderId) -> Self {
        Self { event, order, fill: None, is_replaced: false, reason: None }
    }
}

impl Follower {
    /// Begins with what there is.
    pub(super) async fn begin(alpaca: &Alpaca, account: AccountId, state: OwnState) -> Self {
        let lines = alpaca.trading().positions(account).await.map(|it| it.positions).unwrap_or_default();
        let lots = |symbol: &str, quantity: Number| {
            let (_, snapshot) = alpaca.data().find_symbol(symbol)?;
            quantity.0.in_units_of(snapshot.listing.instrument.lot_size()).map(NetQuantity::new)
        };
        let positions =
            lines.into_iter().filter_map(|it| Some((it.symbol.clone(), lots(&it.symbol, it.quantity)?)));
        Self { state, positions: positions.collect(), carried: Vec::new() }
    }

    /// Takes an event, and returns what is said of it.
    pub(super) async fn take(
        &mut self,
        alpaca: &Alpaca,
        account: AccountId,
        event: &OwnEvent,
    ) -> Result<Vec<UpdateMessage>, Problem> {
        if matches!(event.change, OwnChange::DayBegan) {
            self.carried = self.state.orders.keys().copied().collect();
        }
        self.state.follow(event);
        self.count(alpaca, event);
        let told = self.told(&event.change);
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let writer = OrderWriter::of(alpaca, account).await;
        let mut messages = Vec::with_capacity(told.len());
        for told in told {
            let Some(view) = alpaca.trading().view_in(&self.state, told.order) else { continue };
            let mut found = alpaca.found_in(account, view).await?;
            if told.is_replaced {
                found.revision = found.view.revision.saturating_sub(1);
            }
            let fill = told.fill.and_then(|fill| self.fill(alpaca, &fill));
            let data = UpdateBody {
                event: told.event,
                timestamp: utc(event.at),
                order: writer.found(&found),
                fill,
                reason: told.reason,
            };
            messages.push(UpdateMessage { stream: "trade_updates", data });
        }
        Ok(messages)
    }

    fn told(&mut self, change: &OwnChange) -> Vec<Told> {
        match change {
            OwnChange::DayBegan | OwnChange::Named { .. } | OwnChange::Refused(_) => Vec::new(),
            OwnChange::Sent(sent) => vec![Told::of("pending_new", sent.order)],
            OwnChange::Filled(fill) => {
                let event = if fill.leaves.is_zero() { "fill" } else { "partial_fill" };
                vec![Told { fill: Some(*fill), ..Told::of(event, fill.order) }]
            }
            OwnChange::Fact(fact) => self.told_fact(fact),
        }
    }

    fn told_fact(&mut self, fact: &Fact) -> Vec<Told> {
        match fact {
            Fact::OrderAccepted { order, .. } => {
                let place = self.carried.iter().position(|it| it == order);
                match place {
                    Some(place) => {
                        self.carried.swap_remove(place);
                        Vec::new()
                    }
                    None => vec![Told::of("new", *order)],
                }
            }
            Fact::OrderRejected { order, reason, .. } => {
                vec![Told { reason: Some(reason.to_string()), ..Told::of("rejected", *order) }]
            }
            Fact::OrderReplaced { order, .. } | Fact::OrderTermsReplaced { order, .. } => {
                let replaced = Told { is_replaced: true, ..Told::of("replaced", *order) };
                vec![replaced, Told::of("new", *order)]
            }
            // What was asked for is not said: a replace is by far the most that can fail.
            Fact::CommandRejected { order, reason, .. } => {
                let reason = Some(reason.to_string());
                vec![Told { reason, ..Told::of("order_replace_rejected", *order) }]
            }
            Fact::OrderRepriced { order, .. }
            | Fact::OrderReduced { order, .. }
            | Fact::OrderGrown { order, .. }
            | Fact::OrderRestated { order, .. }
            | Fact::OrderTriggered { order, .. } => vec![Told::of("restated", *order)],
            Fact::OrderCanceled { order, reason, .. } => {
                vec![Told { reason: Some(reason.to_string()), ..Told::of("canceled", *order) }]
            }
            Fact::OrderExpired { order, reason, .. } => {
                vec![Told { reason: Some(reason.to_string()), ..Told::of("expired", *order) }]
            }
            _ => Vec::new(),
        }
    }

    /// Keeps positions.
    fn count(&mut self, alpaca: &Alpaca, event: &OwnEvent) {
        match &event.change {
            OwnChange::Filled(fill) => {
                let Some(snapshot) = alpaca.data().publication().snapshot(fill.listing) else { return };
                let symbol = snapshot.listing.instrument.symbol().to_owned();
                let position = self.positions.entry(symbol).or_insert(NetQuantity::ZERO);
                let lots = fill.quantity.net();
                *position = match fill.side {
                    Side::Buy => *position + lots,
                    Side::Sell => *position - lots,
                };
            }
            // Between samples, marks may be of before the last fill.
            OwnChange::Fact(Fact::AccountMarked(mark)) if mark.cause == MarkCause::Sample => {
                if let Some(instrument) = alpaca.data().instrument(mark.instrument) {
                    self.positions.insert(instrument.symbol().to_owned(), mark.position);
                }
            }
            _ => {}
        }
    }

    fn fill(&self, alpaca: &Alpaca, fill: &Fill) -> Option<FillBody> {
        let snapshot = alpaca.data().publication().snapshot(fill.listing)?;
        let instrument = &snapshot.listing.instrument;
        let scale = alpaca.data().scale(instrument);
        let position = self.positions.get(instrument.symbol());
        Some(FillBody {
            execution_id: alpaca.ids().execution(fill.trade, fill.order),
            price: scale.price(fill.price),
            qty: scale.quantity(fill.quantity),
            position_qty: position.and_then(|it| Number::of_units(it.lots(), instrument.lot_size())),
        })
    }
}

fn utc(at: SimTime) -> String {
    format!("{at}Z")
}
