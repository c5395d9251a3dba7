//! The terms of an order, in words and decimal numbers.

use bearpit_core::market::{
    Instrument, Link, OrderKind, OrderTerms, Peg, PostOnly, SelfTrade, TimeInForce, TrailingDistance,
};
use bearpit_core::units::{Decimal, Price, Quantity};

use crate::store::database::Amount;
use crate::store::projection::{OrderDetails, OrderTermsRow};

/// Returns a price as it stands in the database. An instrument's ticks and lots have ten decimals at most, as
/// money has.
pub(super) fn price_of(instrument: &Instrument, price: Price) -> Amount {
    in_units(price.ticks(), instrument.tick_size())
}

/// Returns a quantity as it stands in the database.
pub(super) fn quantity_of(instrument: &Instrument, quantity: Quantity) -> Amount {
    in_units(quantity.net().lots(), instrument.lot_size())
}

fn in_units(count: i64, unit: Decimal) -> Amount {
    unit.checked_mul(Decimal::new(i128::from(count), 0)).and_then(Amount::of).unwrap_or_default()
}

/// Returns the terms of an order as a row has them.
pub(super) fn terms_of(instrument: &Instrument, terms: &OrderTerms) -> OrderTermsRow {
    let price = |price: Option<Price>| price.map(|price| price_of(instrument, price));
    let quantity = |quantity: Option<Quantity>| quantity.map(|quantity| quantity_of(instrument, quantity));
    OrderTermsRow {
        kind: terms.kind.name().to_owned(),
        time_in_force: terms.time_in_force.name().to_owned(),
        expires_at: match terms.time_in_force {
            TimeInForce::Gtd(until) => Some(until.nanos()),
            _ => None,
        },
        price: price(terms.kind.limit()),
        trigger_price: price(terms.kind.trigger()),
        displayed: quantity(terms.display),
        minimum: quantity(terms.minimum),
        post_only: post_only(terms.post_only).to_owned(),
        self_trade: self_trade(terms.self_trade).to_owned(),
        reduce_only: terms.reduce_only,
        details: details_of(instrument, terms),
    }
}

fn details_of(instrument: &Instrument, terms: &OrderTerms) -> OrderDetails {
    let price = |price: Price| price_of(instrument, price);
    let mut details = OrderDetails::default();
    if terms.kind.limit().is_none() {
        details.protection = terms.kind.worst_price().map(price);
    }
    match terms.kind.trailing() {
        Some(TrailingDistance::Ticks(ticks)) => details.trail = Some(price(Price::new(ticks))),
        Some(TrailingDistance::BasisPoints(bps)) => details.trail_bps = Some(bps),
        None => {}
    }
    if let OrderKind::Pegged { to, offset, .. } = terms.kind {
        details.peg = Some(if to == Peg::Mid { "mid" } else { "touch" }.to_owned());
        details.peg_offset = Some(price(Price::new(offset.into())));
    }
    match terms.link {
        Link::None => {}
        Link::OneCancelsOther(order) => details.linked_order = i64::try_from(order.get()).ok(),
        Link::Bracket { take_profit, stop_loss, .. } => {
            (details.take_profit, details.stop_loss) = (Some(price(take_profit)), Some(price(stop_loss)));
        }
    }
    details
}

const fn post_only(rule: PostOnly) -> &'static str {
    match rule {
        PostOnly::No => "no",
        PostOnly::Reject => "reject",
        PostOnly::Slide => "slide",
    }
}

const fn self_trade(rule: SelfTrade) -> &'static str {
    match rule {
        SelfTrade::Allow => "allow",
        SelfTrade::CancelNewest => "cancel_newest",
        SelfTrade::CancelOldest => "cancel_oldest",
        SelfTrade::CancelBoth => "cancel_both",
        SelfTrade::Decrement => "decrement",
    }
}
