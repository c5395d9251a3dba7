//! Accounts: what is there, what it is worth, what is held.

use bearpit_core::market::{OrderKind, OrderTerms, SelfTrade, Side, TimeInForce};
use bearpit_core::units::{Money, NetQuantity, Quantity};
use serde::Serialize;
use utoipa::ToSchema;

use super::Trading;
use super::order_view::OrderView;
use super::order_view::average;
use super::orders::{Book, Entry, VenueWait};
use crate::domain::{AccountId, ClientOrderId, MarketTime, Number, Problem, ProblemKind};
use crate::driver::{AccountView, PositionView};
use crate::publication::ListingSnapshot;

/// An account as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AccountSummary {
    /// Its id.
    pub account_id: AccountId,
    /// The moment.
    pub at: Option<MarketTime>,
    /// The currency of all amounts.
    pub currency: String,
    /// The cash, free and held.
    pub cash: Number,
    /// The cash that no open order holds: what can be bought for.
    pub free_cash: Number,
    /// The cash that open orders hold.
    pub held_cash: Number,
    /// Cash and all holdings at the middle of bid and ask, or the last trade; absent while a holding has
    /// neither.
    pub equity: Option<Number>,
    /// The cash that it began today with.
    pub opening_cash: Number,
    /// The P&L realized so far, before fees.
    pub realized_pnl: Number,
    /// The P&L of what it holds.
    pub unrealized_pnl: Number,
    /// Fees paid less rebates.
    pub fees: Number,
    /// How many of its orders are open or on their way.
    pub open_orders: usize,
    /// Why an operator has blocked it, if one has: orders can only be canceled then.
    pub blocked: Option<String>,
}

/// The positions of an account.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PositionsView {
    /// Those that are not zero.
    pub positions: Vec<PositionLine>,
}

/// A position in an instrument.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PositionLine {
    /// What is held.
    pub symbol: String,
    /// How much; below zero if it is short.
    pub quantity: Number,
    /// How much of it can be sold: what no open order is to sell.
    pub sellable: Number,
    /// The average price that was paid for it.
    pub average_price: Option<Number>,
    /// What was paid for it.
    pub cost: Number,
    /// What it is worth at the middle of bid and ask, or the last trade.
    pub market_value: Option<Number>,
    /// The difference.
    pub unrealized_pnl: Option<Number>,
    /// The P&L that was realized in it, before fees.
    pub realized_pnl: Number,
}

impl Trading {
    /// Returns an account as it stands.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment.
    pub async fn account(&self, account: AccountId) -> Result<AccountSummary, Problem> {
        let view = self.account_view(account).await?;
        Ok(self.summary(account, &view))
    }

    /// Writes an account as it was seen.
    pub(in crate::services) fn summary(&self, account: AccountId, view: &AccountView) -> AccountSummary {
        let book = self.book(account);
        let at = book.listings().first().map(|it| self.data.scale(&it.listing.instrument).time(view.at));
        let unrealized: Money = view.positions.iter().filter_map(|it| Some(it.worth? - it.cost)).sum();
        AccountSummary {
            account_id: account,
            at,
            currency: self.data.currency().to_owned(),
            cash: Number::of_money(view.cash),
            free_cash: Number::of_money(view.free_cash),
            held_cash: Number::of_money(view.cash - view.free_cash),
            equity: view.equity.map(Number::of_money),
            opening_cash: Number::of_money(view.opening_cash),
            realized_pnl: Number::of_money(view.realized),
            unrealized_pnl: Number::of_money(unrealized),
            fees: Number::of_money(view.fees),
            open_orders: view.orders.len(),
            blocked: view.blocked.as_deref().map(str::to_owned),
        }
    }

    /// Returns an account's positions.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment.
    pub async fn positions(&self, account: AccountId) -> Result<PositionsView, Problem> {
        let view = self.account_view(account).await?;
        Ok(self.positions_of(account, &view))
    }

    /// Writes the positions of an account as it was seen.
    pub(in crate::services) fn positions_of(&self, account: AccountId, view: &AccountView) -> PositionsView {
        let book = self.book(account);
        let held = view.positions.iter().filter(|it| it.holding != NetQuantity::ZERO);
        let positions = held.filter_map(|position| line(&book, position)).collect();
        PositionsView { positions }
    }

    /// Closes a position with a market order; `None` if nothing is held.
    ///
    /// # Errors
    /// [`Problem`] if there is no such symbol, nothing is held, or the order is refused.
    pub async fn close(
        &self,
        account: AccountId,
        symbol: &str,
        client: Option<ClientOrderId>,
        wait: Option<VenueWait>,
    ) -> Result<OrderView, Problem> {
        let (_, snapshot) = self.data.find(symbol).map_err(|problem| problem.at("symbol"))?;
        let view = self.account_view(account).await?;
        let held = position_of(&view, &snapshot);
        let lots = held.map_or(0, |position| position.holding.lots());
        if lots == 0 {
            let message = format!("nothing of {symbol} is held");
            return Err(Problem::new(ProblemKind::Conflict, "no_position", message).at("symbol"));
        }
        let side = if lots > 0 { Side::Sell } else { Side::Buy };
        let kind = OrderKind::Market { protection: None };
        let terms = OrderTerms::new(side, Quantity::new(lots.unsigned_abs()), kind).with(TimeInForce::Ioc);
        let terms = OrderTerms { reduce_only: true, self_trade: SelfTrade::CancelOldest, ..terms };
        self.submit(account, &snapshot, Entry { terms, notional: None, client, wait }).await
    }
}

fn position_of<'a>(view: &'a AccountView, snapshot: &ListingSnapshot) -> Option<&'a PositionView> {
    let symbol = snapshot.listing.instrument.symbol();
    view.positions.iter().find(|position| position.symbol == symbol)
}

fn line(book: &Book, position: &PositionView) -> Option<PositionLine> {
    let snapshot = book.of_symbol(&position.symbol)?;
    let instrument = &snapshot.listing.instrument;
    let quantity = |holding: NetQuantity| Number::of_units(holding.lots(), instrument.lot_size());
    let lots = Quantity::new(position.holding.lots().unsigned_abs());
    Some(PositionLine {
        symbol: instrument.symbol().to_owned(),
        quantity: quantity(position.holding)?,
        sellable: quantity(position.sellable)?,
        average_price: average(instrument, position.cost.abs(), lots),
        cost: Number::of_money(position.cost),
        market_value: position.worth.map(Number::of_money),
        unrealized_pnl: position.worth.map(|worth| Number::of_money(worth - position.cost)),
        realized_pnl: Number::of_money(position.realized),
    })
}
