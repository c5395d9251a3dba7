//! Accounts: cash, positions, holds, and the gate through which every order leaves.
//!
//! An [`Account`] lives with its owner, not with a venue. Before a command leaves, the gate holds the
//! cash or shares that it could cost ([`Account::admit`]); from execution reports it releases the holds
//! and books what happened ([`Account::book`]). So cash never goes below zero by trading, whatever
//! happens between sending and hearing. What is held for linked orders and brackets stands in the head of
//! `holds`.

mod accrual;
mod booking;
mod conservation;
mod cover;
mod financing;
mod funding;
mod gate;
mod holds;
mod ledger;
mod order_context;
mod orders;
mod position;
mod reducing;
#[cfg(test)]
mod tests;

pub use booking::BookingError;
pub use conservation::{Flows, Imbalance, Totals};
pub use financing::{Financed, Financing};
pub use funding::FundingRefusal;
pub use gate::Approved;
pub use ledger::{Account, AccountConfig, AccountError, Credit};
pub use order_context::OrderContext;
pub use orders::{OpenOrder, PendingReplace};
pub use position::Position;
