//! [`ParentOrder`]: an order that is traded in parts, and what it cost.

use std::sync::Arc;

use crate::trading::{float, lots, tick_size};
use bearpit_core::market::{Cell, Finite, Row, Side};
use bearpit_core::participant::Context;
use bearpit_core::units::{ListingId, Quantity};

/// Prices of trades, weighted by their quantities.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Traded {
    pub(crate) lots: f64,
    /// Ticks times lots.
    notional: f64,
}

impl Traded {
    pub(crate) fn add(&mut self, ticks: i64, quantity: Quantity) {
        self.lots += lots(quantity);
        self.notional += float(ticks) * lots(quantity);
    }

    /// Returns the mean price in ticks.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.lots > 0.0).then(|| self.notional / self.lots)
    }
}

/// An order that is traded in parts: what it is held against, and what has traded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ParentOrder {
    pub(crate) side: Side,
    pub(crate) quantity: Quantity,
    /// The mid at the beginning, in ticks.
    pub(crate) arrival: Option<f64>,
    pub(crate) own: Traded,
    /// What the market has traded meanwhile.
    pub(crate) market: Traded,
}

impl ParentOrder {
    pub(crate) fn new(side: Side, quantity: Quantity) -> Self {
        Self { side, quantity, arrival: None, own: Traded::default(), market: Traded::default() }
    }

    /// Returns what the order cost, as a row of the table `execution`.
    pub(crate) fn cost(&self, ctx: &Context, listing: ListingId) -> Vec<(&'static str, Cell)> {
        let tick = tick_size(ctx, listing);
        let (average, vwap) = (self.own.mean(), self.market.mean());
        let [to_arrival, to_vwap] = [self.arrival, vwap].map(|to| slippage(self.side, average?, to?));
        let price = |ticks: Option<f64>| number(ticks.map(|ticks| ticks * tick));
        let lot = ctx.instrument(listing).map_or(1.0, |it| it.quantity_f64(Quantity::new(1)));
        vec![
            ("side", Cell::Text(self.side.name().into())),
            ("quantity", number(Some(lots(self.quantity) * lot))),
            ("filled", number(Some(self.own.lots * lot))),
            ("arrival_price", price(self.arrival)),
            ("average_price", price(average)),
            ("market_vwap", price(vwap)),
            ("slippage_arrival_bps", number(to_arrival)),
            ("slippage_vwap_bps", number(to_vwap)),
        ]
    }
}

/// Records a row of a table.
pub(crate) fn record(ctx: &mut Context, table: &str, cells: Vec<(&'static str, Cell)>) {
    let row: Row = cells.into_iter().map(|(name, cell)| (Arc::from(name), cell)).collect();
    ctx.record(table, row);
}

/// Returns how much worse a mean price was than another, in basis points of that.
pub(crate) fn slippage(side: Side, average: f64, reference: f64) -> Option<f64> {
    (reference != 0.0).then(|| float(side.sign()) * (average - reference) / reference.abs() * 1e4)
}

pub(crate) fn number(value: Option<f64>) -> Cell {
    Cell::Float(value.and_then(Finite::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slippage_is_what_was_worse_in_basis_points() {
        let near = |found: Option<f64>, expected: f64| found.is_some_and(|it| (it - expected).abs() < 1e-9);
        assert!(near(slippage(Side::Buy, 10_010.0, 10_000.0), 10.0));
        assert!(near(slippage(Side::Sell, 10_010.0, 10_000.0), -10.0));
        assert!(near(slippage(Side::Sell, 9_990.0, 10_000.0), 10.0));
        assert_eq!(slippage(Side::Buy, 1.0, 0.0), None);
        let mut traded = Traded::default();
        assert_eq!(traded.mean(), None);
        traded.add(100, Quantity::new(1));
        traded.add(110, Quantity::new(3));
        assert!(near(traded.mean(), 107.5));
    }
}
