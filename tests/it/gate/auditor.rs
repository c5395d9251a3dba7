//! What must hold of an account, computed from its open orders by trying every outcome.

use std::collections::BTreeMap;

use bearpit::account::{Account, OpenOrder};
use bearpit::market::{Instrument, Side};
use bearpit::units::{Money, OrderId, Price, Quantity};

use super::floor::ACME;
use super::tariff::{PastFill, Tariff, on};

/// What accounts trade, and what it costs.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) instrument: Instrument,
    /// What the venue and the broker charge.
    pub(super) tariffs: [Vec<Tariff>; 2],
}

/// The fills of each order, and what they were charged, as their owner knows them.
pub(super) type KnownFills = BTreeMap<OrderId, (Vec<PastFill>, i128)>;

impl Terms {
    fn allows_debt_by_sales(&self) -> bool {
        self.instrument.min_price() < Price::new(1)
    }

    /// Returns the most that fills of so much by size can still be charged.
    fn worst_fee(&self, side: Side, parts: &[(i128, u64)], known: Option<&(Vec<PastFill>, i128)>) -> i128 {
        let (past, charged) = known.map_or((&[][..], 0), |(past, charged)| (&past[..], *charged));
        let parts = parts.iter().filter(|(_, lots)| *lots > 0);
        let more: Vec<PastFill> = parts
            .map(|(notional, lots)| PastFill { role: 0, notional: notional.abs(), lots: *lots, traded: 0 })
            .collect();
        if more.is_empty() {
            return 0;
        }
        let all = self.tariffs.iter().flat_map(|tariffs| on(tariffs, side));
        let sums_up = self.tariffs.iter().flatten().all(Tariff::is_rates_only);
        if sums_up {
            return all.map(|tariff| tariff.at_worst().owed(&more)).sum::<i128>().max(0);
        }
        let owed = |tariff: &Tariff| {
            // Fills that are known count by their roles, those to come by the dearest.
            let worst = tariff.at_worst();
            let mut dearest = Tariff { rates: worst.rates, a_lot: worst.a_lot, ..Tariff::default() };
            let more_rated = dearest.owed(&more);
            let of_past = tariff.at_worst_tier();
            dearest = Tariff { rates: of_past.rates, a_lot: of_past.a_lot, ..Tariff::default() };
            let rated = dearest.owed(past) + more_rated;
            let notional: i128 = past.iter().chain(&more).map(|fill| fill.notional).sum();
            tariff.limited(rated + tariff.an_order, notional)
        };
        (all.map(owed).sum::<i128>() - charged).max(0)
    }

    /// Returns the most that filling parts at their prices or better can cost.
    fn cost(
        &self,
        order: &OpenOrder,
        parts: [(Option<Price>, u64); 2],
        known: Option<&(Vec<PastFill>, i128)>,
    ) -> i128 {
        let unit = self.instrument.notional(Price::new(1), Quantity::new(1)).units();
        let amount = |ticks: i64, lots: u64| i128::from(ticks) * i128::from(lots) * unit;
        let sign = i128::from(order.side.sign());
        let at = |ticks: [i64; 2], lots: [u64; 2]| {
            let paid = [0, 1].map(|part| amount(ticks[part], lots[part]));
            let sizes = [0, 1].map(|part| (paid[part], lots[part]));
            (paid[0] + paid[1]) * sign + self.worst_fee(order.side, &sizes, known)
        };
        let lots = parts.map(|(_, lots)| lots);
        if !self.allows_debt_by_sales() {
            // Worse prices only cost more, and sales bring more than their fees.
            let priced =
                parts.map(|(price, lots)| (price.map_or(0, Price::ticks), price.map_or(0, |_| lots)));
            return match order.side {
                Side::Sell => 0,
                Side::Buy => at(priced.map(|it| it.0), priced.map(|it| it.1)),
            };
        }
        let floor = self.instrument.min_price().ticks();
        let worst = parts.map(|(price, _)| price.map_or(floor, Price::ticks));
        if order.side == Side::Buy && parts.iter().any(|(price, lots)| price.is_none() && *lots > 0) {
            return 0;
        }
        let better = |ticks: i64| {
            let all = [ticks, 0, ticks - 7 * order.side.sign()];
            all.into_iter().filter(move |it| order.side.accepts(Price::new(ticks), Price::new(*it)))
        };
        let prices = better(worst[0]).flat_map(|first| better(worst[1]).map(move |second| [first, second]));
        let sizes = [lots, [lots[0].min(1), 0], [lots[0], 0]];
        prices.flat_map(|ticks| sizes.map(|lots| at(ticks, lots))).max().unwrap_or(0).max(0)
    }
}

/// The most that an order can cost, over every part of it that may trade before a replace; a bracket's exit
/// may grow by `growth`.
fn worst_cash(order: &OpenOrder, growth: u64, terms: &Terms, known: Option<&(Vec<PastFill>, i128)>) -> i128 {
    let lots = order.leaves.lots() + growth;
    let filled = order.quantity.lots() - order.leaves.lots();
    let now = |part: u64| (order.price, part);
    let whole = terms.cost(order, [now(lots), (None, 0)], known);
    let Some(new) = order.pending else { return whole };
    let price = new.kind.worst_price();
    let after = |part: u64| (price, (new.quantity.lots() + growth).saturating_sub(filled + part));
    let step = if terms.allows_debt_by_sales() { (lots / 2).max(1) } else { 1 };
    let cases = (0..=lots)
        .step_by(usize::try_from(step).unwrap())
        .map(|part| terms.cost(order, [now(part), after(part)], known));
    cases.max().unwrap_or(0).max(whole)
}

fn worst_lots(order: &OpenOrder) -> u64 {
    let filled = order.quantity.lots() - order.leaves.lots();
    order.leaves.lots().max(order.pending.map_or(0, |new| new.quantity.lots().saturating_sub(filled)))
}

/// Works out what all open orders together may take: cash in units, and lots.
fn worst(account: &Account, terms: &Terms, known: &KnownFills) -> (i128, u64) {
    // Linked orders are one alternative under the smaller of their ids.
    let mut alternatives: BTreeMap<OrderId, (i128, u64)> = BTreeMap::new();
    for order in account.open_orders() {
        let growth = order.grows_with.and_then(|id| account.order(id)).map_or(0, |order| worst_lots(&order));
        let lots = if order.side == Side::Sell { worst_lots(&order) } else { 0 };
        let own = (worst_cash(&order, growth, terms, known.get(&order.id)), lots);
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
    terms: &Terms,
    known: &KnownFills,
) -> Result<(), String> {
    let (cash, lots) = worst(account, terms, known);
    // Under unlimited credit, where nothing is covered, no cash is held.
    let cash = if max_short.is_some() { cash } else { 0 };
    let held = (account.cash() - account.free_cash()).units();
    let open: u64 =
        account.open_orders().iter().map(|order| order.quantity.lots() + worst_lots(&order)).sum();
    // The gate allows one unit for each fill's rounding; linked purchases and replaces count more lots. Of a
    // charge that is rounded to cents it allows half a cent. Where prices may be negative it may hold more.
    let steps: i128 = terms.tariffs.iter().flatten().filter_map(|tariff| tariff.step).sum();
    let orders = account.open_orders().len() as i128;
    let slack = 4 * i128::from(open) + 400 + (steps / 2 + 1) * 2 * orders;
    if held < cash || (held > cash + slack && !terms.allows_debt_by_sales()) {
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
