//! One tracked account over time.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsResult};

use super::cells::{numbers, texts, times};
use super::thin::{Extent, LineThinner, Point};
use crate::record::AccountSummary;

/// A tracked account: its series for figures, and its measures.
#[derive(Debug, Clone)]
pub struct AccountData {
    /// What the manifest says of it.
    pub summary: AccountSummary,
    /// Equity in currency.
    pub equity: Vec<Point>,
    /// Equity below its highest so far, in currency; at or below zero.
    pub drawdown: Vec<Point>,
    /// Holdings by symbol.
    pub positions: Vec<Position>,
    /// Its fills, in order of time; at most [`AccountData::MARKS_MAX`].
    pub fills: Vec<FillMark>,
    /// How many fills there were.
    pub fills_total: u64,
    /// The deepest drawdown in currency; at or below zero.
    pub max_drawdown: Option<f64>,
    /// The deepest drawdown as a share of the highest equity before it: often another than the deepest
    /// in currency. Absent while equity was never above zero.
    pub max_drawdown_share: Option<f64>,
    /// Final over initial equity less 1, if the initial equity was above zero.
    pub total_return: Option<f64>,
    /// Sum of price times quantity of its fills.
    pub turnover: f64,
    /// Share of its traded quantity in which it was the maker, if it traded.
    pub maker_share: Option<f64>,
}

/// The holding of one symbol over time.
#[derive(Debug, Clone)]
pub struct Position {
    /// The symbol.
    pub symbol: String,
    /// The signed holding.
    pub points: Vec<Point>,
}

/// A fill, for a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct FillMark {
    /// Nanoseconds since 1970.
    pub at: i64,
    /// What.
    pub symbol: String,
    /// Whether it bought.
    pub buys: bool,
    /// At this price.
    pub price: f64,
}

impl AccountData {
    /// How many fills a figure shows at most.
    pub const MARKS_MAX: usize = 300;
}

/// Gathers one account.
#[derive(Debug)]
pub(super) struct AccountBuilder {
    summary: AccountSummary,
    extent: Extent,
    equity: LineThinner,
    drawdown: LineThinner,
    positions: BTreeMap<String, LineThinner>,
    fills: Vec<FillMark>,
    /// Every how many fills one is kept; doubled when there are too many.
    stride: u64,
    fills_total: u64,
    peak: Option<f64>,
    max_drawdown: Option<f64>,
    max_drawdown_share: Option<f64>,
    turnover: f64,
    quantity: f64,
    made: f64,
}

impl AccountBuilder {
    pub(super) fn new(summary: AccountSummary, extent: Extent) -> Self {
        Self {
            summary,
            extent,
            equity: LineThinner::new(extent),
            drawdown: LineThinner::new(extent),
            positions: BTreeMap::new(),
            fills: Vec::new(),
            stride: 1,
            fills_total: 0,
            peak: None,
            max_drawdown: None,
            max_drawdown_share: None,
            turnover: 0.0,
            quantity: 0.0,
            made: 0.0,
        }
    }

    pub(super) fn owner(&self) -> &str {
        &self.summary.owner
    }

    fn mark(&mut self, at: i64, symbol: &str, equity: Option<f64>, position: Option<f64>) {
        if let Some(equity) = equity {
            let peak = self.peak.map_or(equity, |peak| peak.max(equity));
            self.peak = Some(peak);
            let below = equity - peak;
            self.equity.add((at, equity));
            self.drawdown.add((at, below));
            self.max_drawdown = Some(self.max_drawdown.map_or(below, |deepest| deepest.min(below)));
            if peak > 0.0 {
                let share = below / peak;
                self.max_drawdown_share = Some(self.max_drawdown_share.map_or(share, |most| most.min(share)));
            }
        }
        if let Some(position) = position {
            if !self.positions.contains_key(symbol) {
                self.positions.insert(symbol.to_owned(), LineThinner::new(self.extent));
            }
            if let Some(line) = self.positions.get_mut(symbol) {
                line.add((at, position));
            }
        }
    }

    fn fill(&mut self, mark: FillMark, quantity: f64, is_maker: bool) {
        self.turnover += mark.price * quantity;
        self.quantity += quantity;
        self.made += if is_maker { quantity } else { 0.0 };
        if self.fills_total.is_multiple_of(self.stride) {
            self.fills.push(mark);
        }
        self.fills_total += 1;
        if self.fills.len() > AccountData::MARKS_MAX {
            let mut keep = false;
            self.fills.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride *= 2;
        }
    }

    pub(super) fn finish(self) -> AccountData {
        let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let initial = number(&self.summary.initial_equity).filter(|initial| *initial > 0.0);
        let total_return =
            initial.zip(number(&self.summary.final_equity)).map(|(initial, last)| last / initial - 1.0);
        let positions = self.positions.into_iter();
        AccountData {
            summary: self.summary,
            equity: self.equity.finish().0,
            drawdown: self.drawdown.finish().0,
            positions: positions.map(|(symbol, line)| Position { symbol, points: line.finish().0 }).collect(),
            fills: self.fills,
            fills_total: self.fills_total,
            max_drawdown: self.max_drawdown,
            max_drawdown_share: self.max_drawdown_share,
            total_return,
            turnover: self.turnover,
            maker_share: (self.quantity > 0.0).then(|| self.made / self.quantity),
        }
    }
}

/// The columns of the `pnl` table that are needed.
pub(super) const PNL: [&str; 5] = ["time", "owner", "symbol", "position", "equity"];

/// Adds a piece of the `pnl` table.
pub(super) fn add_pnl(accounts: &mut [AccountBuilder], frame: &DataFrame) -> PolarsResult<()> {
    let (at, owners, symbols) = (times(frame, "time")?, texts(frame, "owner")?, texts(frame, "symbol")?);
    let (positions, equities) = (numbers(frame, "position")?, numbers(frame, "equity")?);
    for row in 0..at.len() {
        if let Some(account) = accounts.iter_mut().find(|account| account.owner() == owners[row]) {
            account.mark(at[row], symbols[row], equities[row], positions[row]);
        }
    }
    Ok(())
}

/// The columns of the `fills` table that are needed.
pub(super) const FILLS: [&str; 7] = ["time", "owner", "symbol", "side", "liquidity", "price", "quantity"];

/// Adds a piece of the `fills` table.
pub(super) fn add_fills(accounts: &mut [AccountBuilder], frame: &DataFrame) -> PolarsResult<()> {
    let (at, owners, symbols) = (times(frame, "time")?, texts(frame, "owner")?, texts(frame, "symbol")?);
    let (sides, roles) = (texts(frame, "side")?, texts(frame, "liquidity")?);
    let (prices, quantities) = (numbers(frame, "price")?, numbers(frame, "quantity")?);
    for row in 0..at.len() {
        let Some((price, quantity)) = prices[row].zip(quantities[row]) else { continue };
        if let Some(account) = accounts.iter_mut().find(|account| account.owner() == owners[row]) {
            let mark =
                FillMark { at: at[row], symbol: symbols[row].to_owned(), buys: sides[row] == "buy", price };
            account.fill(mark, quantity, roles[row] == "maker");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimTime;

    #[test]
    fn the_deepest_fall_in_currency_and_the_deepest_share_are_told_apart() {
        let summary = AccountSummary { owner: "ema".to_owned(), ..AccountSummary::default() };
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(10));
        let mut account = AccountBuilder::new(summary, extent);
        for (at, equity) in [(0, 100.0), (1, 60.0), (2, 1_000.0), (3, 900.0)] {
            account.mark(at, "ACME", Some(equity), None);
        }
        let account = account.finish();
        assert_eq!(account.max_drawdown, Some(-100.0));
        assert_eq!(account.max_drawdown_share, Some(-0.4));
    }
}
