//! An account to data and back, for the next day of a market.

use super::charging::OrderFees;
use super::holds::Need;
use super::ledger::{Account, AccountConfig};
use super::lines::Line;
use super::order_context::OrderContext;
use super::orders::OpenOrder;
use super::position::Position;
use super::unvalued::Unvalued;
use crate::market::{OrderKind, OrderTerms, Side, TimeInForce};
use crate::units::{InstrumentId, ListingId, Money, NetQuantity, OrderId, Quantity, SimTime};

/// What an account has that its configuration does not say.
///
/// [`Account::state`] takes it, and [`Account::reopen`] makes an account of it that goes on as the first
/// would have. It names no holds: they follow from the orders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AccountState {
    /// Cash, held part included.
    pub cash: Money,
    /// Fees paid less rebates.
    pub fees: Money,
    /// What financing has brought, less what it has cost.
    pub financed: Money,
    /// What was brought in from outside since it was opened, less what was taken out.
    pub contributed: Money,
    /// How many fills have been booked.
    pub fills: u64,
    /// How many requests the gate has refused.
    pub refused: u64,
    /// Whether its equity was found to be gone.
    pub is_ruined: bool,
    /// What it holds, or has held, in the order of instruments.
    pub positions: Vec<PositionState>,
    /// The open orders, oldest first.
    pub orders: Vec<AccountOrder>,
    /// Whether it is being liquidated by a margin call.
    pub is_called: bool,
    /// What positions in futures cost, which nobody has paid.
    pub futures_cost: Money,
}

/// What an account has of one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PositionState {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The signed holding.
    pub holding: NetQuantity,
    /// What it cost; negative for a short position.
    pub cost: Money,
    /// The P&L realized so far, before fees.
    pub realized: Money,
    /// What waits for the instrument's first mark, if anything does.
    pub unvalued: Option<UnvaluedState>,
}

/// Lots that came in before their instrument had a first mark, which is to say what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnvaluedState {
    /// What the holding would have cost, were each of these lots worth one unit and all others nothing.
    pub cost: Money,
    /// The P&L realized so far by the same measure.
    pub realized: Money,
    /// Lots brought in from outside since the opening, less those taken out.
    pub contributed: NetQuantity,
}

/// An open order as its owner's account knows it: one in a book, or a bracket's exit that has yet to enter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AccountOrder {
    /// The order.
    pub id: OrderId,
    /// Where.
    pub listing: ListingId,
    /// Which way.
    pub side: Side,
    /// At what price and when it trades: a stop that was elected is a market or limit order.
    pub kind: OrderKind,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Its total, filled part included.
    pub quantity: Quantity,
    /// What is open.
    pub leaves: Quantity,
    /// When it was sent.
    pub sent_at: SimTime,
    /// Whether it may only bring the position nearer to zero.
    pub reduce_only: bool,
    /// Whether it is a bracket's exit, entered or not.
    pub is_exit: bool,
    /// Whether it is a bracket's entry.
    pub has_exits: bool,
    /// The order it is linked with.
    pub partner: Option<OrderId>,
    /// The bracket's entry without whose first fill this exit does not enter.
    pub awaits_entry: Option<OrderId>,
    /// The bracket's entry, while what it trades enlarges this exit.
    pub grows_with: Option<OrderId>,
    /// What its fills were charged as the account knows it, where its next fills' fees depend on that.
    pub fees: Option<OrderFees>,
}

impl Account {
    /// Returns what the account has that its configuration does not say.
    ///
    /// Replaces and cancels that are on their way are not in it: whoever takes the state has seen to it that
    /// there are none.
    #[must_use]
    pub fn state(&self) -> AccountState {
        let lines = (0..).map(InstrumentId::new).zip(self.lines.iter());
        AccountState {
            cash: self.cash,
            fees: self.fees,
            financed: self.financed,
            contributed: self.contributed,
            fills: self.fills,
            refused: self.refused,
            is_ruined: self.is_ruined,
            positions: lines.filter_map(|(id, line)| line.state(id)).collect(),
            orders: self.orders.iter().map(|order| self.order_state(&order)).collect(),
            is_called: self.is_called,
            futures_cost: self.futures_cost,
        }
    }

    fn order_state(&self, order: &OpenOrder) -> AccountOrder {
        AccountOrder {
            id: order.id,
            listing: order.listing,
            side: order.side,
            kind: order.kind,
            time_in_force: order.time_in_force,
            quantity: order.quantity,
            leaves: order.leaves,
            sent_at: order.sent_at,
            reduce_only: order.reduce_only,
            is_exit: order.is_exit,
            has_exits: order.has_exits,
            partner: order.partner,
            awaits_entry: order.awaits_entry,
            grows_with: order.grows_with,
            fees: self.order_fees.get(&order.id).cloned(),
        }
    }

    /// Opens an account of `config` that goes on from `state`, but for its orders, in a world of
    /// `instruments` instruments; both must fit that world.
    #[must_use]
    pub fn reopen(config: &AccountConfig, state: &AccountState, instruments: usize) -> Self {
        let bare = AccountConfig { holdings: Vec::new(), ..config.clone() };
        let mut account = Self::open(&bare, instruments);
        account.cash = state.cash;
        account.fees = state.fees;
        account.financed = state.financed;
        account.contributed = state.contributed;
        account.fills = state.fills;
        account.refused = state.refused;
        account.is_ruined = state.is_ruined;
        account.is_called = state.is_called;
        account.futures_cost = state.futures_cost;
        for position in &state.positions {
            account.lines[position.instrument.index()].restore(position);
        }
        account
    }

    /// Takes an open order up again; they come oldest first, and hold nothing yet.
    pub fn restore_order(&mut self, order: &AccountOrder, at: &OrderContext<'_>) {
        self.orders.push(order.open(at));
        if let Some(fees) = &order.fees {
            self.order_fees.insert(order.id, fees.clone());
        }
    }

    /// Holds what a restored order can cost, once all those that it is linked with are there.
    pub fn hold_restored(&mut self, id: OrderId, at: &OrderContext<'_>) {
        let need = self.renew_hold(id, at);
        self.change_held(Need::default(), need, at.instrument_id);
    }
}

impl AccountOrder {
    /// Returns the order as an account has it, holding nothing yet.
    fn open(&self, at: &OrderContext<'_>) -> OpenOrder {
        let terms = OrderTerms::new(self.side, self.quantity, self.kind).with(self.time_in_force);
        let terms = OrderTerms { reduce_only: self.reduce_only, ..terms };
        OpenOrder {
            leaves: self.leaves,
            sent_at: self.sent_at,
            is_exit: self.is_exit,
            has_exits: self.has_exits,
            partner: self.partner,
            awaits_entry: self.awaits_entry,
            grows_with: self.grows_with,
            ..OpenOrder::leaving(self.id, &terms, at)
        }
    }
}

impl Line {
    /// Returns what the line has; nothing if the instrument never was in the account.
    fn state(&self, instrument: InstrumentId) -> Option<PositionState> {
        if self.position == Position::default() && self.unvalued.is_none() {
            return None;
        }
        let unvalued = self.unvalued.as_ref().map(|unvalued| unvalued.state());
        let (holding, cost) = (self.position.holding(), self.position.cost());
        Some(PositionState { instrument, holding, cost, realized: self.position.realized(), unvalued })
    }

    fn restore(&mut self, state: &PositionState) {
        self.position = Position::restored(state.holding, state.cost, state.realized);
        let unvalued = state.unvalued.map(|unvalued| Unvalued::restored(state.holding, unvalued));
        self.unvalued = unvalued.map(Box::new);
    }
}
