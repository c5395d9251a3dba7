//! What must hold of an account, computed from its open orders by trying every outcome.

use std::collections::BTreeMap;

use bearpit::account::{Account, OpenOrder};
use bearpit::market::{Fees, Instrument, Side};
use bearpit::units::{Money, OrderId, Price, Quantity};

use super::floor::ACME;

/// The most that buying at a price can cost, in units of money, but for the rounding of each fill's fee.
fn cost(instrument: &Instrument, fees: &Fees, price: Option<Price>, lots: u64) -> i128 {
    let Some(price) = price else { return 0 };
    let notional = instrument.notional(price, Quantity::new(lots));
    (notional + fees.worst(notional)).units()
}

/// The most that `lots` of a purchase can cost, over every part of it that may trade before a replace.
fn worst_cash(order: &OpenOrder, lots: u64, instrument: &Instrument, fees: &Fees) -> i128 {
    let filled = order.quantity.lots() - order.leaves.lots();
    let before = |part: u64| cost(instrument, fees, order.price, part);
    let Some(new) = order.pending else { return before(lots) };
    let price = order.kind.at(new.price).worst_price();
    let after = |part: u64| {
        let left = new.quantity.lots().saturating_sub(filled + part);
        cost(instrument, fees, price, left)
    };
    (0..=lots).map(|part| before(part) + after(part)).max().unwrap_or(0).max(before(lots))
}

fn worst_lots(order: &OpenOrder) -> u64 {
    let filled = order.quantity.lots() - order.leaves.lots();
    order.leaves.lots().max(order.pending.map_or(0, |new| new.quantity.lots().saturating_sub(filled)))
}

/// Works out what all open orders together may take: cash in units, and lots.
fn worst(account: &Account, instrument: &Instrument, fees: &Fees) -> (i128, u64) {
    // Linked orders are one alternative under the smaller of their ids.
    let mut alternatives: BTreeMap<OrderId, (i128, u64)> = BTreeMap::new();
    for order in account.open_orders() {
        let entry = order.awaits_entry.and_then(|id| account.order(id));
        let own = match order.side {
            Side::Sell => (0, worst_lots(order)),
            Side::Buy => {
                let lots = entry.map_or(order.leaves.lots(), |entry| {
                    entry.quantity.lots() - entry.leaves.lots() + worst_lots(entry)
                });
                (worst_cash(order, lots, instrument, fees), 0)
            }
        };
        let key = order.partner.map_or(order.id, |partner| partner.min(order.id));
        let held = alternatives.entry(key).or_default();
        *held = (held.0.max(own.0), held.1.max(own.1));
    }
    alternatives.values().fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1))
}

/// Checks an account that may go short by `max_short`; a covered one must not be in debt.
pub(super) fn check(
    account: &Account,
    max_short: Option<i64>,
    instrument: &Instrument,
    fees: &Fees,
) -> Result<(), String> {
    let (cash, lots) = worst(account, instrument, fees);
    let held = (account.cash() - account.free_cash()).units();
    let open: u64 = account.open_orders().iter().map(|order| order.quantity.lots() + worst_lots(order)).sum();
    // The gate allows one unit for each fill's rounding; linked purchases and replaces count more lots.
    let slack = 4 * i128::from(open) + 400;
    if held < cash || held > cash + slack {
        return Err(format!("{held} is held, but the open orders may take {cash}: {account:?}"));
    }
    for order in account.open_orders() {
        let is_mutual = |id: OrderId| account.order(id).is_some_and(|other| other.partner == Some(order.id));
        if !order.partner.is_none_or(is_mutual) {
            return Err(format!("order {} is linked, but its partner is not: {account:?}", order.id));
        }
    }
    let (holding, sellable) = (account.holding(ACME).lots(), account.sellable(ACME).lots());
    if i64::try_from(lots).unwrap() != holding + max_short.unwrap_or(0) - sellable {
        return Err(format!("{sellable} may be sold, but the open orders take {lots} lots: {account:?}"));
    }
    let Some(max_short) = max_short else { return Ok(()) };
    if account.free_cash() < Money::ZERO || account.cash() < Money::ZERO {
        return Err(format!("in debt: {} free of {}", account.free_cash(), account.cash()));
    }
    if sellable < 0 || holding < -max_short {
        return Err(format!("too short: holds {holding}, may sell {sellable}"));
    }
    Ok(())
}
