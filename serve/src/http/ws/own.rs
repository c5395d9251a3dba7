//! What happens to one's own orders and account, as it is sent.

use bearpit_core::market::{Fact, OrderKind, OrderTerms, TimeInForce, TrailingDistance, Transfer};
use bearpit_core::units::{Decimal, InstrumentId, ListingId, Money, NetQuantity, OrderId, Price, Quantity};
use serde::Serialize;

use crate::domain::{ClientOrderId, MarketTime, Number, SentOrder};
use crate::publication::{Fill, ListingSnapshot, OpenOrder, OwnChange, OwnEvent, OwnState};
use crate::services::market_data::{MarketData, SideName};

/// All open orders of a participant, and its account.
#[derive(Debug, Serialize)]
pub(super) struct OwnBody {
    orders: Vec<OrderBody>,
    positions: Vec<PositionBody>,
    /// Cash, free and held; absent before the first mark.
    cash: Option<Number>,
    /// Cash and all holdings at their marks.
    equity: Option<Number>,
}

/// An open order.
#[derive(Debug, Serialize)]
struct OrderBody {
    order_id: String,
    client_order_id: Option<String>,
    symbol: Option<String>,
    venue: Option<String>,
    #[serde(flatten)]
    terms: Option<TermsBody>,
    price: Option<Number>,
    leaves: Option<Number>,
    filled: Option<Number>,
    is_triggered: bool,
    accepted_at: MarketTime,
}

#[derive(Debug, Serialize)]
struct TermsBody {
    side: SideName,
    order_type: &'static str,
    time_in_force: String,
    quantity: Number,
}

/// A holding.
#[derive(Debug, Serialize)]
struct PositionBody {
    symbol: Option<String>,
    quantity: Option<Number>,
    cost: Number,
    realized: Number,
    unrealized: Number,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub(super) struct EventBody {
    /// What it is about: `order`, `fill`, `position`, `account`, `day`, `strategy`.
    #[serde(skip)]
    about: &'static str,
    /// What happened, as a word.
    event: &'static str,
    at: MarketTime,
    #[serde(flatten)]
    details: Details,
}

impl EventBody {
    pub(super) const fn kind(&self) -> &'static str {
        self.about
    }
}

/// What there is to say of an event; what does not apply is left out.
#[derive(Debug, Default, Serialize)]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trade_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<String>,
    #[serde(flatten)]
    terms: Option<TermsBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fill_side: Option<SideName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail_amount: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail_percent: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_time_in_force: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fill_quantity: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leaves: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    liquidity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_ahead: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cash: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    equity: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Writes what a participant has.
pub(super) fn snapshot(service: &MarketData, state: &OwnState) -> OwnBody {
    let order = |(id, order): (&OrderId, &OpenOrder)| {
        let on = On::new(service, order.listing);
        OrderBody {
            order_id: id.get().to_string(),
            client_order_id: order.client.as_ref().map(|client| client.as_str().to_owned()),
            symbol: on.symbol(),
            venue: on.venue(),
            terms: on.terms(&order.terms),
            price: order.price.and_then(|price| on.price(price)),
            leaves: on.quantity(order.leaves),
            filled: on.quantity(order.filled),
            is_triggered: order.is_triggered,
            accepted_at: service.time(order.accepted_at),
        }
    };
    let last = state.marks.values().next_back();
    let position = |mark: &bearpit_core::market::AccountMark| PositionBody {
        symbol: symbol_of(service, mark.instrument),
        quantity: holding_of(service, mark.instrument, mark.position),
        cost: Number::of_money(mark.cost),
        realized: Number::of_money(mark.realized),
        unrealized: Number::of_money(mark.unrealized),
    };
    let opened = state.opening.as_ref().map(|opening| opening.cash);
    OwnBody {
        orders: state.orders.iter().map(order).collect(),
        positions: state.marks.values().map(position).collect(),
        cash: last.map(|mark| mark.cash).or(opened).map(Number::of_money),
        equity: last.map(|mark| Number::of_money(mark.equity)),
    }
}

/// Writes something that happened.
pub(super) fn event(service: &MarketData, event: &OwnEvent) -> EventBody {
    let (about, name, details) = match &event.change {
        OwnChange::DayBegan => ("day", "began", Details::default()),
        OwnChange::Named { order, client } => ("order", "carried_over", named(*order, Some(client))),
        OwnChange::Sent(sent) => ("order", "sent", sent_details(service, sent)),
        OwnChange::Filled(fill) => ("fill", "filled", filled(service, fill)),
        OwnChange::Fact(fact) => of_fact(service, fact),
    };
    EventBody { about, event: name, at: service.time(event.at), details }
}

fn named(order: OrderId, client: Option<&ClientOrderId>) -> Details {
    let client_order_id = client.map(|client| client.as_str().to_owned());
    Details { order_id: Some(order.get().to_string()), client_order_id, ..Details::default() }
}

fn sent_details(service: &MarketData, sent: &SentOrder) -> Details {
    let on = On::new(service, sent.listing);
    Details {
        symbol: on.symbol(),
        venue: on.venue(),
        terms: on.terms(&sent.terms),
        price: sent.terms.kind.limit().and_then(|price| on.price(price)),
        ..named(sent.order, sent.client.as_ref())
    }
}

fn filled(service: &MarketData, fill: &Fill) -> Details {
    let on = On::new(service, fill.listing);
    Details {
        trade_id: Some(fill.trade.get().to_string()),
        fill_side: Some(fill.side.into()),
        price: on.price(fill.price),
        fill_quantity: on.quantity(fill.quantity),
        leaves: on.quantity(fill.leaves),
        liquidity: Some(fill.liquidity.to_string()),
        fee: Some(Number::of_money(fill.fee)),
        queue_ahead: fill.queue_ahead.and_then(|quantity| on.quantity(quantity)),
        ..on.order(fill.order)
    }
}

type Told = (&'static str, &'static str, Details);

fn of_fact(service: &MarketData, fact: &Fact) -> Told {
    let on = |listing| On::new(service, listing);
    match *fact {
        Fact::OrderAccepted { order, listing, ref terms, .. } => {
            let on = on(listing);
            let price = terms.kind.limit().and_then(|price| on.price(price));
            let leaves = on.quantity(terms.quantity);
            ("order", "accepted", Details { terms: on.terms(terms), price, leaves, ..on.order(order) })
        }
        Fact::OrderRejected { order, listing, ref terms, reason, .. } => {
            let reason = Some(reason.name().to_owned());
            (
                "order",
                "rejected",
                Details { terms: on(listing).terms(terms), reason, ..on(listing).order(order) },
            )
        }
        Fact::OrderRefused { listing, ref terms, ref reason, .. } => {
            let on = on(listing);
            let (reason, text) = (Some(reason.name().to_owned()), Some(reason.to_string()));
            ("order", "refused", Details { terms: on.terms(terms), reason, text, ..on.nothing() })
        }
        Fact::CommandRejected { order, listing, reason, .. } => {
            let reason = Some(reason.name().to_owned());
            ("order", "command_rejected", Details { reason, ..on(listing).order(order) })
        }
        Fact::OrderReplaced { order, listing, price, leaves, .. } => {
            let on = on(listing);
            let (price, leaves) = (on.price(price), on.quantity(leaves));
            ("order", "replaced", Details { price, leaves, ..on.order(order) })
        }
        Fact::OrderTermsReplaced { order, listing, kind, time_in_force, leaves, .. } => {
            let on = on(listing);
            let leaves = on.quantity(leaves);
            ("order", "replaced", Details { leaves, ..terms_replaced(&on, order, kind, time_in_force) })
        }
        ref other => of_change(service, other),
    }
}

/// Writes what has become of an order without a word of its owner's.
fn of_change(service: &MarketData, fact: &Fact) -> Told {
    let on = |listing| On::new(service, listing);
    match *fact {
        Fact::OrderRepriced { order, listing, price } => {
            let price = price.and_then(|price| on(listing).price(price));
            ("order", "repriced", Details { price, ..on(listing).order(order) })
        }
        Fact::OrderReduced { order, listing, leaves, reason } => {
            let (leaves, reason) = (on(listing).quantity(leaves), Some(reason.name().to_owned()));
            ("order", "reduced", Details { leaves, reason, ..on(listing).order(order) })
        }
        Fact::OrderGrown { order, listing, leaves } => {
            ("order", "grown", Details { leaves: on(listing).quantity(leaves), ..on(listing).order(order) })
        }
        Fact::OrderRestated { order, listing, ref terms, leaves } => {
            let on = on(listing);
            let leaves = on.quantity(leaves);
            ("order", "restated", Details { terms: on.terms(terms), leaves, ..on.order(order) })
        }
        Fact::OrderTriggered { order, listing, trigger } => {
            let price = on(listing).price(trigger);
            ("order", "triggered", Details { price, ..on(listing).order(order) })
        }
        Fact::OrderCanceled { order, listing, reason, .. } => {
            let reason = Some(reason.name().to_owned());
            ("order", "canceled", Details { reason, ..on(listing).order(order) })
        }
        Fact::OrderExpired { order, listing, reason, .. } => {
            let reason = Some(reason.name().to_owned());
            ("order", "expired", Details { reason, ..on(listing).order(order) })
        }
        ref other => of_account(service, other),
    }
}

fn terms_replaced(on: &On<'_>, order: OrderId, kind: OrderKind, time_in_force: TimeInForce) -> Details {
    let trailing = kind.trailing();
    Details {
        price: kind.worst_price().and_then(|price| on.price(price)),
        stop_price: kind.trigger().and_then(|price| on.price(price)),
        trail_amount: trailing.and_then(TrailingDistance::ticks).and_then(|by| on.distance(by)),
        trail_percent: trailing.and_then(percent_of),
        new_time_in_force: Some(time_in_force.to_string()),
        ..on.order(order)
    }
}

fn of_account(service: &MarketData, fact: &Fact) -> Told {
    let money = |amount: Money| Some(Number::of_money(amount));
    match fact {
        Fact::AccountMarked(mark) => {
            let details = Details {
                symbol: symbol_of(service, mark.instrument),
                position: holding_of(service, mark.instrument, mark.position),
                cost: money(mark.cost),
                cash: money(mark.cash),
                equity: money(mark.equity),
                ..Details::default()
            };
            ("position", "marked", details)
        }
        Fact::PositionSplit { instrument, position, .. } => {
            let position = holding_of(service, *instrument, *position);
            let symbol = symbol_of(service, *instrument);
            ("position", "split", Details { symbol, position, ..Details::default() })
        }
        Fact::AccountPaid { instrument, reason, amount, .. } => {
            let (symbol, reason) = (symbol_of(service, *instrument), Some(reason.name().to_owned()));
            ("account", "paid", Details { symbol, reason, amount: money(*amount), ..Details::default() })
        }
        Fact::AccountOpened(opening) => {
            ("account", "opened", Details { cash: money(opening.cash), ..Details::default() })
        }
        Fact::AccountFunded { funding, .. } => {
            let details = match funding.transfer {
                Transfer::Cash(amount) => Details { amount: money(amount), ..Details::default() },
                Transfer::Shares { instrument, quantity } => Details {
                    symbol: symbol_of(service, instrument),
                    position: holding_of(service, instrument, quantity),
                    ..Details::default()
                },
            };
            ("account", "funded", details)
        }
        Fact::AccountFinanced { interest, borrow, .. } => {
            ("account", "financed", Details { amount: money(*interest - *borrow), ..Details::default() })
        }
        Fact::AccountRuined { equity, .. } => {
            ("account", "ruined", Details { equity: money(*equity), ..Details::default() })
        }
        Fact::MarginCalled { equity, .. } => {
            ("account", "margin_called", Details { equity: money(*equity), ..Details::default() })
        }
        Fact::MarginCallEnded { equity, .. } => {
            ("account", "margin_call_ended", Details { equity: money(*equity), ..Details::default() })
        }
        Fact::ParticipantBlocked { reason, .. } => {
            ("account", "blocked", Details { reason: Some(reason.to_string()), ..Details::default() })
        }
        Fact::ParticipantUnblocked { .. } => ("account", "unblocked", Details::default()),
        Fact::ParticipantReseated { kind, .. } => {
            ("account", "reseated", Details { text: Some(kind.to_string()), ..Details::default() })
        }
        Fact::Logged { text, .. } => {
            ("strategy", "logged", Details { text: Some(text.to_string()), ..Details::default() })
        }
        Fact::StrategyFailed { text, .. } => {
            ("strategy", "failed", Details { text: Some(text.to_string()), ..Details::default() })
        }
        // Series and tables of strategies are in the day's tables; all else is nobody's own.
        _ => ("strategy", "recorded", Details::default()),
    }
}

/// Returns a distance in percent, if it is one.
fn percent_of(distance: TrailingDistance) -> Option<Number> {
    match distance {
        TrailingDistance::Ticks(_) => None,
        TrailingDistance::BasisPoints(bps) => Some(Number(Decimal::new(i128::from(bps), 2))),
    }
}

/// The listing of an order, if it is still there.
struct On<'a> {
    service: &'a MarketData,
    snapshot: Option<std::sync::Arc<ListingSnapshot>>,
}

impl<'a> On<'a> {
    fn new(service: &'a MarketData, listing: ListingId) -> Self {
        Self { service, snapshot: service.publication().snapshot(listing) }
    }

    fn symbol(&self) -> Option<String> {
        self.snapshot.as_ref().map(|it| it.listing.instrument.symbol().to_owned())
    }

    fn venue(&self) -> Option<String> {
        self.snapshot.as_ref().map(|it| it.listing.venue.clone())
    }

    fn price(&self, price: Price) -> Option<Number> {
        self.snapshot.as_ref().map(|it| self.service.scale(&it.listing.instrument).price(price))
    }

    /// Returns a distance between prices.
    fn distance(&self, ticks: i64) -> Option<Number> {
        let snapshot = self.snapshot.as_ref()?;
        Number::of_units(ticks, snapshot.listing.instrument.tick_size())
    }

    fn quantity(&self, quantity: Quantity) -> Option<Number> {
        self.snapshot.as_ref().map(|it| self.service.scale(&it.listing.instrument).quantity(quantity))
    }

    fn terms(&self, terms: &OrderTerms) -> Option<TermsBody> {
        Some(TermsBody {
            side: terms.side.into(),
            order_type: terms.kind.name(),
            time_in_force: terms.time_in_force.to_string(),
            quantity: self.quantity(terms.quantity)?,
        })
    }

    fn nothing(&self) -> Details {
        Details { symbol: self.symbol(), venue: self.venue(), ..Details::default() }
    }

    fn order(&self, order: OrderId) -> Details {
        Details { order_id: Some(order.get().to_string()), ..self.nothing() }
    }
}

fn symbol_of(service: &MarketData, id: InstrumentId) -> Option<String> {
    service.instrument(id).map(|instrument| instrument.symbol().to_owned())
}

fn holding_of(service: &MarketData, id: InstrumentId, holding: NetQuantity) -> Option<Number> {
    Number::of_units(holding.lots(), service.instrument(id)?.lot_size())
}
