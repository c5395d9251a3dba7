//! [`ReplayHost`]: what a replay needs of accounts and tape.

use crate::account::{Affordable, Liquidation, Purchase, Restriction, Ruined};
use crate::book::BookEvent;
use crate::market::{CorporateAction, Leg, Liquidity, Phase, Quote, Side};
use crate::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};

use super::bar::ReplayBar;

/// What a replay asks and tells while it fills orders.
pub trait ReplayHost {
    /// Returns how much of an order's purchase its owner's account can pay for now.
    fn affordable(
        &mut self,
        listing: ListingId,
        order: OrderId,
        owner: ActorId,
        purchase: Purchase,
    ) -> Affordable;

    /// Returns whether what an owner buys is covered by margin in the place of cash.
    fn is_on_margin(&self, owner: ActorId) -> bool;

    /// Books and publishes what has happened, before anything else is asked.
    fn publish(&mut self, listing: ListingId, event: ReplayEvent);

    /// Returns whose equity is gone, or below the maintenance margin, at this instant, or was found to be and
    /// has something to be ended here.
    fn ruined(&mut self) -> Vec<Ruined>;

    /// Notes that an owner is ruined or called, and returns what is to be done at these listings.
    fn liquidate(&mut self, owner: ActorId) -> Liquidation;

    /// Returns why an order's owner may not have it, who is ruined or called, if that is so.
    fn restriction_of(&self, owner: ActorId, order: OrderId) -> Option<Restriction>;

    /// Closes the positions in a listing's instrument, sales first; its file is over.
    fn close_positions(&mut self, listing: ListingId, prices: ClosingPrices);
}

/// At which prices positions are closed after a file's last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosingPrices {
    /// That of sales.
    pub sale: Price,
    /// That of purchases.
    pub purchase: Price,
}

/// Something that happened in a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayEvent {
    /// An order was accepted, rejected, changed or ended, as in a book; never a trade.
    Order(BookEvent),
    /// An order traded with the replayed market.
    Filled(ReplayFill),
    /// The price reached a point of its path, or one at which an order is due.
    Moved {
        /// The price.
        price: Price,
        /// Whether participants may see it.
        shown: bool,
        /// The quote that is published with it, if the path is.
        quote: Option<Quote>,
        /// The piece of the path on which it is from now on; none at the close.
        leg: Option<Leg>,
    },
    /// The listing entered another phase.
    Phase {
        /// The phase.
        phase: Phase,
        /// When it changes next, and to which.
        next: Option<(SimTime, Phase)>,
        /// Before an open: whether it is the first of its day.
        opens_day: bool,
    },
    /// A split or dividend took effect; the orders that a split changes follow.
    Action(CorporateAction),
    /// What participants left of a bar's volume traded at its close.
    Printed {
        /// The close.
        price: Price,
        /// The quantity; above zero.
        quantity: Quantity,
    },
    /// A bar ended.
    Bar(ReplayBar),
    /// The quote of a file changed.
    Quoted(Quote),
    /// A trade of a file.
    TradeReplayed {
        /// The price.
        price: Price,
        /// The quantity; zero in a file that does not know it.
        quantity: Quantity,
        /// The side that it is taken to have come from.
        aggressor: Side,
    },
}

/// A trade of an order with the replayed market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayFill {
    /// The order.
    pub order: OrderId,
    /// Its owner.
    pub owner: ActorId,
    /// Its side.
    pub side: Side,
    /// The price.
    pub price: Price,
    /// The quantity.
    pub quantity: Quantity,
    /// What is left of the order.
    pub leaves: Quantity,
    /// Whether the order waited at its price, took the market's, or was in an auction.
    pub liquidity: Liquidity,
    /// The phase in which it traded: that of an auction at an open or close.
    pub phase: Phase,
    /// Ticks of its costs that the bar's range took off.
    pub clamped: i64,
}
