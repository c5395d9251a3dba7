//! The terms of an order, in words and decimal numbers.

use bearpit_core::market::{Instrument, Link, OrderKind, OrderTerms, Side, TimeInForce, TrailingDistance};
use bearpit_core::units::{Decimal, OrderId, Price, Quantity};

use crate::domain::{KindName, PegName, PostOnlyName, SelfTradeName, TimeInForceName};
use crate::store::database::Amount;
use crate::store::projection::{OrderDetails, OrderTermsRow, ReplacedTermsRow};

/// Returns a price as it stands in the database. An instrument's ticks and lots have ten decimals at most, as
/// money has.
pub(super) fn price_of(instrument: &Instrument, price: Price) -> Amount {
    in_units(price.ticks(), instrument.tick_size())
}

/// Returns a quantity as it stands in the database.
pub(super) fn quantity_of(instrument: &Instrument, quantity: Quantity) -> Amount {
    in_units(quantity.net().lots(), instrument.lot_size())
}

/// Returns a count of units as it stands in the database.
pub(super) fn in_units(count: i64, unit: Decimal) -> Amount {
    unit.checked_mul(Decimal::new(i128::from(count), 0)).and_then(Amount::of).unwrap_or_default()
}

/// Returns the terms of an order as a row has them.
pub(super) fn terms_of(instrument: &Instrument, terms: &OrderTerms) -> OrderTermsRow {
    let price = |price: Option<Price>| price.map(|price| price_of(instrument, price));
    let quantity = |quantity: Option<Quantity>| quantity.map(|quantity| quantity_of(instrument, quantity));
    OrderTermsRow {
        kind: KindName::of(terms.kind).name().to_owned(),
        time_in_force: TimeInForceName::of(terms.time_in_force).name().to_owned(),
        expires_at: match terms.time_in_force {
            TimeInForce::Gtd(until) => Some(until.nanos()),
            _ => None,
        },
        price: price(terms.kind.limit()),
        trigger_price: price(terms.kind.trigger()),
        displayed: quantity(terms.display),
        minimum: quantity(terms.minimum),
        post_only: PostOnlyName::of(terms.post_only).map_or("no", PostOnlyName::name).to_owned(),
        self_trade: SelfTradeName::from(terms.self_trade).name().to_owned(),
        reduce_only: terms.reduce_only,
        details: details_of(instrument, terms),
    }
}

/// Returns the terms that a replace has changed as a row has them.
pub(super) fn replaced_of(
    instrument: &Instrument,
    kind: OrderKind,
    time_in_force: TimeInForce,
) -> ReplacedTermsRow {
    let row = terms_of(instrument, &OrderTerms::new(Side::Buy, Quantity::ZERO, kind).with(time_in_force));
    ReplacedTermsRow {
        time_in_force: row.time_in_force,
        expires_at: row.expires_at,
        price: row.price,
        trigger_price: row.trigger_price,
        trail: row.details.trail,
        trail_bps: row.details.trail_bps,
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
        details.peg = Some(PegName::from(to).name().to_owned());
        details.peg_offset = Some(price(Price::new(offset.into())));
    }
    let id = |order: OrderId| i64::try_from(order.get()).ok();
    match terms.link {
        Link::None | Link::Bracket { .. } => {}
        Link::OneCancelsOther(order) => details.linked_order = id(order),
        Link::ExitOf(entry) => details.exit_of = id(entry),
        Link::Pair(_) => details.is_pair = true,
    }
    details.take_profit = terms.link.take_profit().map(price);
    if let Some(stop) = terms.link.stop_loss() {
        details.stop_loss = Some(price(stop.trigger()));
        details.stop_limit = stop.worst_price().map(price);
        details.stop_is_limit = stop.limit().is_some();
    }
    details
}

#[cfg(test)]
mod tests {
    use bearpit_core::market::StopLoss;

    use super::*;

    #[test]
    fn the_exits_of_a_bracket_are_kept_with_what_the_second_accepts() {
        let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let (take_profit, stop_loss) = (Price::new(11_000), Price::new(9_000));
        let link = Link::Bracket {
            take_profit: Some(take_profit),
            stop_loss: Some(StopLoss::Market { trigger: stop_loss, protection: Some(Price::new(8_900)) }),
        };
        let limit = OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(10_000));
        let row = terms_of(&acme, &OrderTerms { link, ..limit });
        let prices = [row.price, row.details.take_profit, row.details.stop_loss, row.details.stop_limit];
        assert_eq!(prices.map(|it| it.unwrap().decimal().to_string()), ["100", "110", "90", "89"]);
        assert_eq!((row.kind.as_str(), row.time_in_force.as_str()), ("limit", "gtc"));
    }
}
