//! Publication: facts to the tape, and from there to those who subscribed.

use super::message::{MarketData, Message, Update};
use super::{Context, Pit};
use crate::market::{ExecutionReport, Fact};
use crate::units::{ActorId, ListingId, SimTime, TradeId};

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feed {
    /// Every change of the touch.
    Quotes,
    /// Every trade.
    Trades,
    /// Every bar, when it ends.
    Bars,
}

impl Feed {
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Quotes => 0,
            Self::Trades => 1,
            Self::Bars => 2,
        }
    }
}

impl Context {
    /// Writes a fact to the tape and sends it to subscribers, each with its own feed latency.
    pub(crate) fn publish(&mut self, fact: Fact) {
        let now = self.now();
        if let Err(why) = self.domain_mut().record(now, &fact) {
            self.fail(why);
        }
        let (feed, listing, update) = match fact {
            Fact::TouchChanged { listing, quote } => (Feed::Quotes, listing, Update::Quote(quote)),
            Fact::Traded(trade) => {
                let update = Update::Trade {
                    price: trade.price,
                    quantity: trade.quantity,
                    aggressor: trade.aggressor,
                };
                (Feed::Trades, trade.listing, update)
            }
            Fact::BarClosed { listing, bar } => (Feed::Bars, listing, Update::Bar(bar)),
            _ => return,
        };
        self.push(feed, MarketData { listing, at: now, update });
    }

    fn push(&mut self, feed: Feed, data: MarketData) {
        // By index, since sending needs the whole context; subscribing is not possible meanwhile.
        let mut index = 0;
        while let Some((to, arrival)) = self.domain_mut().next_subscriber(feed, data.listing, index, data.at)
        {
            self.send_at(to, arrival, Message::Market(data));
            index += 1;
        }
    }

    /// Sends a report to the owner of an order, with the latency of its wire to the listing's venue.
    pub(crate) fn report(&mut self, to: ActorId, report: ExecutionReport) {
        let now = self.now();
        let pit = self.domain_mut();
        let Some(venue) = pit.listings.get(report.listing.index()).map(|state| state.listing.venue) else {
            return;
        };
        let Some(arrival) = pit.wires.get(to, venue).map(|wire| wire.report.arrival(now)) else { return };
        self.send_at(to, arrival, Message::Report(report));
    }

    /// Returns the id of the next trade.
    pub(crate) const fn next_trade_id(&mut self) -> TradeId {
        let pit = self.domain_mut();
        let id = TradeId::new(pit.next_trade);
        pit.next_trade += 1;
        id
    }
}

impl Pit {
    fn next_subscriber(
        &mut self,
        feed: Feed,
        listing: ListingId,
        index: usize,
        now: SimTime,
    ) -> Option<(ActorId, SimTime)> {
        let state = self.listings.get(listing.index())?;
        let to = *state.subscribers[feed.index()].get(index)?;
        let arrival = self.wires.get(to, state.listing.venue)?.feed.arrival(now);
        Some((to, arrival))
    }
}
