//! Auctions between participants: an owner offers shares, others propose cash or other shares for them, and
//! the owner accepts one proposal, which swaps the two.
//!
//! Auctions and what is proposed are seen by everybody; whose they are, by nobody but themselves. All that is
//! done goes through the journal, as orders do: once for each id that its sender gives it.
//!
//! Accounts of one person do each other no favours: the market is told to whom an account belongs
//! (`Trading::identify`) before anything is auctioned in its name, and refuses proposals between them.
//! Accounts of contests are sealed, and take no part at all.

mod acting;
mod reading;
mod request;
#[cfg(test)]
mod tests;
mod views;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::domain::UserId;
use crate::services::trading::Trading;

pub use acting::AuctionReceipt;
pub(in crate::services) use acting::{done, explained};
pub use reading::{AuctionQuery, OpenQuery};
pub use request::{AuctionRequest, OfferRequest, ProposalRequest, path_auction, path_proposal};
pub use views::{AuctionEventView, AuctionView, AuctionsPage, OpenAuctionsView, ProposalView};

/// Auctions in the name of people.
#[derive(Debug)]
pub struct Auctions {
    trading: Arc<Trading>,
    /// Whose accounts the market was told of since the process started.
    identified: Mutex<BTreeSet<UserId>>,
}

impl Auctions {
    /// Puts it together.
    #[must_use]
    pub const fn new(trading: Arc<Trading>) -> Self {
        Self { trading, identified: Mutex::new(BTreeSet::new()) }
    }
}
