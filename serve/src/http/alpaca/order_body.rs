//! [`OrderBody`]: an order as Alpaca's API shows it.

use bearpit_core::units::OrderId;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{AccountId, KindName, MarketTime, Number, StatusName, TimeInForceName};
use crate::services::alpaca::{AccountNames, Alpaca, Found, Leg, Naming, OrderName};
use crate::services::market_data::SideName;
use crate::services::trading::OrderView;

/// An order as Alpaca's API shows it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct OrderBody {
    pub(super) id: Uuid,
    client_order_id: String,
    created_at: String,
    updated_at: String,
    submitted_at: String,
    filled_at: Option<String>,
    expired_at: Option<String>,
    expires_at: Option<String>,
    canceled_at: Option<String>,
    failed_at: Option<String>,
    replaced_at: Option<String>,
    replaced_by: Option<Uuid>,
    replaces: Option<Uuid>,
    asset_id: Uuid,
    symbol: String,
    asset_class: &'static str,
    notional: Option<Number>,
    qty: Number,
    filled_qty: Number,
    filled_avg_price: Option<Number>,
    order_class: &'static str,
    order_type: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    side: SideName,
    time_in_force: &'static str,
    limit_price: Option<Number>,
    stop_price: Option<Number>,
    status: &'static str,
    extended_hours: bool,
    legs: Option<Vec<Self>>,
    trail_percent: Option<Number>,
    trail_price: Option<Number>,
    hwm: Option<Number>,
    position_intent: Option<&'static str>,
    commission: Number,
    /// Why it ended, in words.
    reason: Option<String>,
}

/// Writes the orders of an account.
pub(super) struct OrderWriter<'a> {
    alpaca: &'a Alpaca,
    names: AccountNames,
}

impl<'a> OrderWriter<'a> {
    /// Makes one that knows what the account calls its instruments.
    pub(super) async fn of(alpaca: &'a Alpaca, account: AccountId) -> Self {
        Self { alpaca, names: alpaca.names(account).await }
    }

    /// Writes an order that was looked up, with its exits.
    pub(super) fn found(&self, found: &Found) -> OrderBody {
        let mut body = self.order(&found.view);
        if !found.legs.is_empty() {
            body = body.with_legs(self, &found.legs);
        }
        if found.is_held {
            body.status = "held";
        }
        if found.is_replaced() {
            let name = |revision| self.id(&found.view, revision);
            (body.id, body.replaced_by) = (name(found.revision), Some(name(found.revision + 1)));
            body.replaces = found.revision.checked_sub(1).map(name);
            body.status = "replaced";
            body.replaced_at = Some(body.updated_at.clone());
            (body.filled_at, body.canceled_at, body.expired_at) = (None, None, None);
        }
        body
    }

    /// Writes an order that another one of a class enters.
    fn leg(&self, leg: &Leg, class: &'static str) -> OrderBody {
        let mut body = self.order(&leg.view);
        body.order_class = class;
        if leg.is_held {
            body.status = "held";
        }
        body
    }

    fn id(&self, view: &OrderView, revision: u32) -> Uuid {
        let order = OrderId::new(view.order_id.parse().unwrap_or(0));
        self.alpaca.ids().order(OrderName { order, revision })
    }

    /// Writes an order.
    pub(super) fn order(&self, view: &OrderView) -> OrderBody {
        let naming = self.names.of(&view.symbol);
        let symbol = self.alpaca.traded_name(&view.symbol, &view.venue, naming);
        let id = self.id(view, view.revision);
        let sent = view.sent_at.or(view.accepted_at).or(view.ended_at);
        let sent = sent.map(|at| at.in_utc()).unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned());
        let ended = view.ended_at.map(|at| at.in_utc());
        let ended_as = |status| ended.clone().filter(|_| view.status == status);
        let updated = view.ended_at.or(view.accepted_at).map_or_else(|| sent.clone(), |at| at.in_utc());
        let kind = kind_of(view.kind);
        let has_limit = matches!(kind, "limit" | "stop_limit");
        OrderBody {
            id,
            client_order_id: view.client_order_id.clone().unwrap_or_else(|| id.to_string()),
            created_at: sent.clone(),
            updated_at: updated,
            submitted_at: sent,
            filled_at: ended_as(StatusName::Filled),
            expired_at: ended_as(StatusName::Expired),
            expires_at: view.expires_at.map(|at: MarketTime| at.in_utc()),
            canceled_at: ended_as(StatusName::Canceled),
            failed_at: ended_as(StatusName::Rejected),
            replaced_at: None,
            replaced_by: None,
            replaces: view.revision.checked_sub(1).map(|revision| self.id(view, revision)),
            asset_id: self.alpaca.ids().asset(&symbol),
            symbol,
            asset_class: class_of(naming),
            notional: None,
            qty: view.quantity,
            filled_qty: view.filled_quantity,
            filled_avg_price: view.average_price,
            order_class: order_class(view),
            order_type: kind,
            kind,
            side: view.side,
            time_in_force: time_in_force_of(view.time_in_force),
            limit_price: view.price.filter(|_| has_limit),
            stop_price: view.stop_price,
            status: status_of(view),
            extended_hours: false,
            legs: None,
            trail_percent: view.trail_percent,
            trail_price: view.trail_amount,
            hwm: view.trail_mark,
            position_intent: None,
            commission: view.fees,
            reason: view.explanation.clone(),
        }
    }
}

/// Returns the class of an asset by how it is named.
pub(super) const fn class_of(naming: Naming) -> &'static str {
    match naming {
        Naming::Symbol => "us_equity",
        Naming::Pair => "crypto",
    }
}

const fn order_class(view: &OrderView) -> &'static str {
    match &view.bracket {
        Some(bracket) if bracket.take_profit.is_some() && bracket.stop_loss.is_some() => "bracket",
        Some(_) => "oto",
        None if view.exit_of.is_some() => "oto",
        None if view.one_cancels_other.is_some() => "oco",
        None => "",
    }
}

const fn kind_of(kind: KindName) -> &'static str {
    match kind {
        KindName::Limit | KindName::Pegged => "limit",
        KindName::Market | KindName::MarketToLimit => "market",
        KindName::Stop => "stop",
        KindName::StopLimit => "stop_limit",
        KindName::TrailingStop => "trailing_stop",
    }
}

const fn time_in_force_of(name: TimeInForceName) -> &'static str {
    match name {
        TimeInForceName::Gtc | TimeInForceName::Gtd => "gtc",
        TimeInForceName::Day => "day",
        TimeInForceName::Ioc => "ioc",
        TimeInForceName::Fok => "fok",
        TimeInForceName::AtOpen => "opg",
        TimeInForceName::AtClose => "cls",
    }
}

const fn status_of(view: &OrderView) -> &'static str {
    match view.status {
        StatusName::PendingNew => "pending_new",
        StatusName::Open | StatusName::PartiallyFilled if view.cancel_pending => "pending_cancel",
        StatusName::Open | StatusName::PartiallyFilled if view.replace_pending => "pending_replace",
        StatusName::Open => "new",
        StatusName::PartiallyFilled => "partially_filled",
        StatusName::Filled => "filled",
        StatusName::Canceled => "canceled",
        StatusName::Expired => "expired",
        StatusName::Rejected => "rejected",
    }
}

impl OrderBody {
    /// Adds the orders that it enters.
    pub(super) fn with_legs(mut self, writer: &OrderWriter<'_>, legs: &[Leg]) -> Self {
        self.legs = Some(legs.iter().map(|leg| writer.leg(leg, self.order_class)).collect());
        self
    }
}
