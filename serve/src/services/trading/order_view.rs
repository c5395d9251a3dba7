//! [`OrderView`]: an order as its owner sees it.

use std::fmt;

use bearpit_core::market::{Instrument, OrderKind, OrderTerms, Side, TrailingDistance};
use bearpit_core::units::{Decimal, Money, OrderId, Price, Quantity, SimTime};
use serde::Serialize;
use utoipa::ToSchema;

use super::exits::{BracketView, LinkView, PairView};
use crate::domain::{
    ClientOrderId, KindName, MarketTime, Number, PegName, PostOnlyName, RefusedOrder, SelfTradeName,
    SentOrder, StatusName, TimeInForceName,
};
use crate::driver::OrderProgress;
use crate::publication::{ClosedOrder, ListingInfo, ListingSnapshot, OpenOrder, OrderEnd};
use crate::services::market_data::{MarketData, Scale, SideName};

/// An order as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OrderView {
    /// Its id, unique in the market over all days; of one that the account's gate refused, `R` and a number.
    #[schema(example = "4711")]
    pub order_id: String,
    /// The id that its owner gave it.
    pub client_order_id: Option<String>,
    /// What it trades.
    pub symbol: String,
    /// Where.
    pub venue: String,
    /// Whether it buys or sells.
    pub side: SideName,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: KindName,
    /// How far it is.
    pub status: StatusName,
    /// The whole quantity.
    pub quantity: Number,
    /// What is open of it.
    pub open_quantity: Number,
    /// What has traded of it.
    pub filled_quantity: Number,
    /// The average price of what has traded.
    pub average_price: Option<Number>,
    /// Its limit now, or the worst price that it accepts.
    pub price: Option<Number>,
    /// The price of a trade that elects it, if it is a stop.
    pub stop_price: Option<Number>,
    /// How far the trigger of a trailing stop stays behind the market.
    pub trail_amount: Option<Number>,
    /// The same in percent.
    pub trail_percent: Option<Number>,
    /// The best trade that a trailing stop has followed since it was entered, if it is asked for as an open
    /// order and there was one.
    pub trail_mark: Option<Number>,
    /// What the price of a pegged order follows.
    pub peg: Option<PegName>,
    /// How far behind that it stays.
    pub peg_offset: Option<Number>,
    /// Whether it is a stop that a trade has elected.
    pub is_triggered: bool,
    /// How long it stays.
    pub time_in_force: TimeInForceName,
    /// Until when, if it has a date.
    pub expires_at: Option<MarketTime>,
    /// How much of it is displayed at a time, if not all.
    pub display_quantity: Option<Number>,
    /// How much had to trade at entry.
    pub minimum_quantity: Option<Number>,
    /// What becomes of it if it would take liquidity; absent if it may.
    pub post_only: Option<PostOnlyName>,
    /// What happens if it meets an order of the same account.
    pub self_trade: SelfTradeName,
    /// Whether it may only bring a position nearer to zero.
    pub reduce_only: bool,
    /// The order that it is linked with: what one trades the other loses.
    pub one_cancels_other: Option<String>,
    /// The exits of a bracket: their prices.
    pub bracket: Option<BracketView>,
    /// The stop that entered together with it, if it is the first of a pair.
    pub pair: Option<PairView>,
    /// The bracket's entry, if it is the only exit of that.
    pub exit_of: Option<String>,
    /// The displayed quantity that is ahead of it in the queue of its price, if it rests and is asked for as
    /// an open order.
    pub queue_ahead: Option<Number>,
    /// Whether a cancel is on its way.
    pub cancel_pending: bool,
    /// Whether a replace is on its way.
    pub replace_pending: bool,
    /// How often it has been replaced.
    pub revision: u32,
    /// What venue and broker have charged for it; a rebate is negative.
    pub fees: Number,
    /// When it was sent; absent for an exit of a bracket.
    pub sent_at: Option<MarketTime>,
    /// When the venue accepted it.
    pub accepted_at: Option<MarketTime>,
    /// When it ended.
    pub ended_at: Option<MarketTime>,
    /// Why it ended, as a word.
    pub reason: Option<String>,
    /// Why it ended, as a sentence.
    pub explanation: Option<String>,
    /// Whether what has traded of it, and how often it was replaced, is counted from when the market began
    /// or went on only.
    #[serde(skip)]
    pub(in crate::services) is_since_opening: bool,
}

/// How the orders of a listing are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) listing: &'a ListingInfo,
    pub(super) scale: Scale<'a>,
}

impl OrderView {
    /// Returns whether it is an order that the gate of its account refused: it was never at a venue.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.order_id.starts_with('R')
    }
}

impl<'a> Writer<'a> {
    /// Writes the orders of a listing.
    pub(super) fn of(data: &'a MarketData, snapshot: &'a ListingSnapshot) -> Self {
        let listing = &*snapshot.listing;
        Self { listing, scale: data.scale(&listing.instrument) }
    }

    /// An order that the gate of its account refused.
    pub(super) fn refused(&self, refused: &RefusedOrder) -> OrderView {
        let mut view = self.order(refused.id, &refused.terms);
        view.client_order_id = refused.client.as_ref().map(|id| id.as_str().to_owned());
        view.status = StatusName::Rejected;
        view.open_quantity = self.scale.quantity(Quantity::ZERO);
        view.sent_at = Some(self.scale.time(refused.at));
        view.ended_at = view.sent_at;
        view.reason = Some(refused.reason.name().to_owned());
        view.explanation = Some(refused.reason.to_string());
        view
    }

    /// An order that is on its way.
    pub(super) fn sent(&self, sent: &SentOrder) -> OrderView {
        self.sent_at(sent.at, sent.order, &sent.terms, sent.client.as_ref())
    }

    /// An order that was sent a moment ago.
    pub(super) fn sent_at(
        &self,
        at: SimTime,
        order: OrderId,
        terms: &OrderTerms,
        client: Option<&ClientOrderId>,
    ) -> OrderView {
        let mut view = self.order(order, terms);
        view.client_order_id = client.map(|id| id.as_str().to_owned());
        view.sent_at = Some(self.scale.time(at));
        view
    }

    /// An order that a venue has.
    pub(super) fn open(&self, id: OrderId, order: &OpenOrder, progress: Option<&OrderProgress>) -> OrderView {
        let mut view = self.order(id, &order.terms);
        let has_traded = !order.filled.is_zero();
        view.status = if has_traded { StatusName::PartiallyFilled } else { StatusName::Open };
        view.client_order_id = order.client.as_ref().map(|id| id.as_str().to_owned());
        view.quantity = self.scale.quantity(order.leaves + order.filled);
        view.open_quantity = self.scale.quantity(order.leaves);
        view.filled_quantity = self.scale.quantity(order.filled);
        view.average_price = has_traded.then(|| self.average(order.turnover, order.filled));
        if let Some(price) = order.price {
            view.price = Some(self.scale.price(price));
        }
        view.is_triggered = order.is_triggered;
        view.fees = Number::of_money(order.fees);
        view.revision = order.revision;
        view.sent_at = order.sent_at.map(|at| self.scale.time(at));
        view.accepted_at = Some(self.scale.time(order.accepted_at));
        if let Some(progress) = progress {
            self.follow(&mut view, &order.terms, progress.trailing_mark);
            view.queue_ahead = progress.queue_ahead.map(|ahead| self.scale.quantity(ahead));
            view.cancel_pending = progress.cancel_sent;
            view.replace_pending = progress.replace_sent;
        }
        view
    }

    /// Adds where the trigger of a trailing stop is.
    pub(super) fn follow(&self, view: &mut OrderView, terms: &OrderTerms, mark: Option<Price>) {
        if let Some((mark, distance)) = mark.zip(terms.kind.trailing()) {
            view.trail_mark = Some(self.scale.price(mark));
            view.stop_price = Some(self.scale.price(distance.trigger(terms.side, mark)));
        }
    }

    /// An order that is over.
    pub(super) fn closed(&self, closed: &ClosedOrder) -> OrderView {
        let mut view = self.open(closed.id, &closed.last, None);
        let (status, reason, explanation) = match closed.end {
            OrderEnd::Filled => (StatusName::Filled, None, None),
            OrderEnd::Canceled(reason) => {
                (StatusName::Canceled, Some(reason.name()), Some(reason.to_string()))
            }
            OrderEnd::Expired(reason) => (StatusName::Expired, Some(reason.name()), Some(reason.to_string())),
            OrderEnd::Rejected(reason) => {
                (StatusName::Rejected, Some(reason.name()), Some(reason.to_string()))
            }
        };
        if status == StatusName::Rejected {
            view.accepted_at = None;
        }
        view.status = status;
        view.open_quantity = self.scale.quantity(Quantity::ZERO);
        view.ended_at = Some(self.scale.time(closed.at));
        (view.reason, view.explanation) = (reason.map(str::to_owned), explanation);
        view
    }

    fn order(&self, id: impl fmt::Display, terms: &OrderTerms) -> OrderView {
        let scale = self.scale;
        let price = |price: Option<Price>| price.map(|price| scale.price(price));
        let quantity = |quantity: Option<Quantity>| quantity.map(|quantity| scale.quantity(quantity));
        let kind = terms.kind;
        let (trail_amount, trail_percent) = match kind.trailing() {
            Some(TrailingDistance::Ticks(ticks)) => (Some(self.distance(ticks)), None),
            Some(TrailingDistance::BasisPoints(points)) => {
                (None, Some(Number(Decimal::new(i128::from(points), 2))))
            }
            None => (None, None),
        };
        let (peg, peg_offset) = match kind {
            OrderKind::Pegged { to, offset, .. } => {
                (Some(PegName::from(to)), Some(self.distance(i64::from(offset))))
            }
            _ => (None, None),
        };
        // Of one that was refused there are no others.
        let id = id.to_string();
        let LinkView { one_cancels_other, bracket, pair, exit_of } =
            LinkView::of_terms(id.parse().ok().map(OrderId::new), terms, scale);
        OrderView {
            order_id: id,
            client_order_id: None,
            symbol: self.listing.instrument.symbol().to_owned(),
            venue: self.listing.venue.clone(),
            side: side_name(terms.side),
            kind: KindName::of(kind),
            status: StatusName::PendingNew,
            quantity: scale.quantity(terms.quantity),
            open_quantity: scale.quantity(terms.quantity),
            filled_quantity: scale.quantity(Quantity::ZERO),
            average_price: None,
            price: price(kind.worst_price()),
            stop_price: price(kind.trigger()),
            trail_amount,
            trail_percent,
            trail_mark: None,
            peg,
            peg_offset,
            is_triggered: false,
            time_in_force: TimeInForceName::of(terms.time_in_force),
            expires_at: self.expiry(terms),
            display_quantity: quantity(terms.display),
            minimum_quantity: quantity(terms.minimum),
            post_only: PostOnlyName::of(terms.post_only),
            self_trade: terms.self_trade.into(),
            reduce_only: terms.reduce_only,
            one_cancels_other,
            bracket,
            pair,
            exit_of,
            queue_ahead: None,
            cancel_pending: false,
            replace_pending: false,
            revision: 0,
            fees: Number::of_money(Money::ZERO),
            sent_at: None,
            accepted_at: None,
            ended_at: None,
            reason: None,
            explanation: None,
            is_since_opening: true,
        }
    }

    fn expiry(&self, terms: &OrderTerms) -> Option<MarketTime> {
        let until: Option<SimTime> = match terms.time_in_force {
            bearpit_core::market::TimeInForce::Gtd(until) => Some(until),
            _ => None,
        };
        until.map(|until| self.scale.time(until))
    }

    fn distance(&self, ticks: i64) -> Number {
        let tick = self.listing.instrument.tick_size();
        // At most 2^40 ticks.
        Number::of_units(ticks, tick).unwrap_or(Number(tick))
    }

    /// Returns the average price of a turnover, in ticks times lots, over a quantity that is not zero.
    fn average(&self, turnover: i128, filled: Quantity) -> Number {
        let tick = Money::from_decimal(self.listing.instrument.tick_size()).unwrap_or(Money::ZERO);
        Number::of_money(tick.share(turnover, i128::from(filled.lots())))
    }
}

/// Returns the average price at which a quantity was traded for an amount; nothing of nothing.
pub(super) fn average(instrument: &Instrument, notional: Money, quantity: Quantity) -> Option<Number> {
    let lot = instrument.lot_size();
    let units = lot.scaled(lot.scale())?.checked_mul(i128::from(quantity.lots()))?;
    let whole = 10_i128.checked_pow(lot.scale())?;
    (units != 0).then(|| Number::of_money(notional.share(whole, units)))
}

/// Returns the word for a side.
pub(super) const fn side_name(side: Side) -> SideName {
    match side {
        Side::Buy => SideName::Buy,
        Side::Sell => SideName::Sell,
    }
}
