//! Accounts: cash, positions, holds, and the gate that every order passes.
//!
//! An [`Account`] belongs to its owner, not to a venue. Before a command is sent, the gate holds the cash or
//! shares that it could cost ([`Account::admit`]); execution reports release the holds and book the fills
//! ([`Account::book`]). So trading never takes cash below zero, whatever happens between an order and its
//! reports. The module `holds` documents what is held for linked orders and brackets. Cash and shares from
//! outside pass the same rules ([`Account::fund`]). A margin account is covered by its equity instead, as the
//! module `margin` documents. [`trips`] makes round trips of an account's fills.

mod accrual;
mod actions;
mod booking;
mod charging;
mod conservation;
mod cost;
mod cover;
mod financing;
mod funding;
mod gate;
mod holds;
mod ledger;
mod lines;
mod margin;
mod margin_terms;
mod notional;
mod open_orders;
mod opening;
mod order_context;
mod orders;
mod plain_order;
mod position;
mod reducing;
mod replayed;
mod ruin;
mod swapping;
#[cfg(test)]
mod tests;
pub mod trips;
mod unvalued;

pub use booking::BookingError;
pub use charging::{
    FeeFill, FeeLedger, FeePlan, FeeSource, FeeState, OrderFees, Payer, TradeSize, TradedInMonth,
};
pub use conservation::{Flows, Imbalance, Totals};
pub use financing::{Financed, Financing};
pub use funding::FundingRefusal;
pub use gate::Approved;
pub use ledger::{Account, AccountConfig, AccountError, Credit};
pub use margin::{MarginStanding, Marks};
pub use margin_terms::{MarginRate, MarginTerms};
pub use open_orders::{OpenOrderIter, OpenOrders};
pub use opening::{AccountOrder, AccountState, PositionState, UnvaluedState};
pub use order_context::{OrderContext, Pricing};
pub use orders::{OpenOrder, PendingReplace};
pub use position::{Fraction, Position};
pub use replayed::{Affordable, Purchase};
pub use ruin::{Closing, Liquidation, MarginCall, OnRuin, Restriction, Ruined, Valuation};
