//! The projection: people's orders and fills, auctions between participants that are over, the ledger of
//! their accounts, what these were worth over time, and closed candles, in the database.
//!
//! The journal is the truth about trading; this is for whoever looks things up. A [`Batch`] is what a stretch
//! of a segment's tape changes; [`Projection::apply`] writes it together with the [`Position`] that it comes
//! to, in one transaction. So each fact is applied once, and rows and position always agree. The orders and
//! fills of a scenario's agents are not in it.
//!
//! Reads are methods of [`Database`](super::database::Database): `order`, `orders`, `order_of_client`,
//! `fills`, `ledger`, `auctions`, `account_marks`, `candles`, each with a filter and in pages.
//!
//! Deliberately absent: what facts mean. `projector` makes batches of them.

mod apply;
pub(super) mod auctions;
pub(super) mod candles;
mod change;
pub(super) mod fills;
pub(super) mod ledger;
pub(super) mod marks;
pub(super) mod notices;
pub(super) mod orders;
mod page;
pub(super) mod position;
mod rows;
#[cfg(test)]
mod tests;

pub use apply::Projection;
pub use auctions::{AuctionFilter, AuctionPlace, AuctionProposalRow, AuctionRow};
pub use change::{Batch, Change};
pub use ledger::{LedgerFilter, LedgerPlace, LedgerRow, Movement, OpenedRow, PostingRow};
pub use page::{CandleFilter, FillFilter, FillPlace, OrderFilter, OrderPlace, Page};
pub use position::{Fit, Position};
pub use rows::{
    CandleRow, CarriedRow, FillRow, MarkRow, NoticedRow, OrderDetails, OrderRow, OrderStatus, OrderTermsRow,
    ReplacedTermsRow,
};
