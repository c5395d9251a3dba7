//! [`OwnSnapshotView`]: one's own orders and account as they are sent to whoever follows them, in the words
//! and shapes of what is asked for.

use std::sync::Arc;

use bearpit_core::market::AccountMark;
use bearpit_core::units::{InstrumentId, ListingId, NetQuantity, Quantity};
use serde::Serialize;

use super::order_view::{OrderView, Writer, average};
use crate::domain::Number;
use crate::publication::{AccountSnapshot, ListingSnapshot, OwnState};
use crate::services::market_data::MarketData;

/// All open orders of an account, its positions, and what it is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnSnapshotView {
    /// The orders that venues have, and those that are on their way.
    pub orders: Vec<OrderView>,
    /// The positions as of their last marks.
    pub positions: Vec<MarkedPosition>,
    /// The account as of its last mark; absent before the first.
    pub account: Option<MarkedAccount>,
}

/// A position as of a mark: a [`PositionLine`](super::PositionLine) without what open orders hold of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarkedPosition {
    /// What is held.
    pub symbol: String,
    /// How much; below zero if it is short.
    pub quantity: Number,
    /// The average price that was paid for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_price: Option<Number>,
    /// What was paid for it; absent after a split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Number>,
    /// What it is worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market_value: Option<Number>,
    /// The difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unrealized_pnl: Option<Number>,
    /// The P&L that was realized in it, before fees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realized_pnl: Option<Number>,
}

/// An account as of a mark: an [`AccountSummary`](super::AccountSummary) without what open orders hold of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarkedAccount {
    /// The currency of all amounts.
    pub currency: String,
    /// The cash, free and held.
    pub cash: Number,
    /// Cash and all holdings at their marks.
    pub equity: Number,
    /// The cash that it began today with, if it was opened or carried over today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening_cash: Option<Number>,
    /// The P&L realized so far, before fees.
    pub realized_pnl: Number,
    /// The P&L of what it holds.
    pub unrealized_pnl: Number,
    /// Fees paid less rebates.
    pub fees: Number,
    /// How many of its orders are open or on their way.
    pub open_orders: usize,
}

impl OwnSnapshotView {
    /// Writes what an account has.
    #[must_use]
    pub fn of(data: &MarketData, state: &OwnState) -> Self {
        let on = |listing, write: &dyn Fn(Writer<'_>) -> OrderView| {
            snapshot_of(data, listing).map(|snapshot| write(Writer::of(data, &snapshot)))
        };
        let open = state.orders.iter().filter_map(|(id, it)| on(it.listing, &|to| to.open(*id, it, None)));
        let sent = state.sent.values().filter_map(|it| on(it.listing, &|to| to.sent(it)));
        let positions = state.marks.values().filter(|mark| mark.position != NetQuantity::ZERO);
        Self {
            orders: open.chain(sent).collect(),
            positions: positions.filter_map(|mark| MarkedPosition::of(data, mark)).collect(),
            account: state.account().map(|account| MarkedAccount::of(data, &account)),
        }
    }
}

impl MarkedPosition {
    pub(super) fn of(data: &MarketData, mark: &AccountMark) -> Option<Self> {
        let instrument = data.instrument(mark.instrument)?;
        let lots = Quantity::new(mark.position.lots().unsigned_abs());
        Some(Self {
            average_price: average(instrument, mark.cost.abs(), lots),
            cost: Some(Number::of_money(mark.cost)),
            market_value: Some(Number::of_money(mark.cost + mark.unrealized)),
            unrealized_pnl: Some(Number::of_money(mark.unrealized)),
            realized_pnl: Some(Number::of_money(mark.realized)),
            ..Self::held(data, mark.instrument, mark.position)?
        })
    }

    pub(super) fn held(data: &MarketData, instrument: InstrumentId, holding: NetQuantity) -> Option<Self> {
        Some(Self {
            symbol: symbol_of(data, instrument)?,
            quantity: holding_of(data, instrument, holding)?,
            average_price: None,
            cost: None,
            market_value: None,
            unrealized_pnl: None,
            realized_pnl: None,
        })
    }
}

impl MarkedAccount {
    pub(super) fn of(data: &MarketData, account: &AccountSnapshot) -> Self {
        Self {
            currency: data.currency().to_owned(),
            cash: Number::of_money(account.cash),
            equity: Number::of_money(account.equity),
            opening_cash: account.opening_cash.map(Number::of_money),
            realized_pnl: Number::of_money(account.realized),
            unrealized_pnl: Number::of_money(account.unrealized),
            fees: Number::of_money(account.fees),
            open_orders: account.open_orders,
        }
    }
}

pub(super) fn snapshot_of(data: &MarketData, listing: ListingId) -> Option<Arc<ListingSnapshot>> {
    data.publication().snapshot(listing)
}

pub(super) fn symbol_of(data: &MarketData, id: InstrumentId) -> Option<String> {
    data.instrument(id).map(|instrument| instrument.symbol().to_owned())
}

pub(super) fn holding_of(data: &MarketData, id: InstrumentId, holding: NetQuantity) -> Option<Number> {
    Number::of_units(holding.lots(), data.instrument(id)?.lot_size())
}
