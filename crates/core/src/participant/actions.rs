//! Splits and dividends of replayed listings: what they change of accounts and market data.

use std::sync::Arc;

use super::context::Context;
use super::message::{MarketData, Message, Update};
use crate::account::Fraction;
use crate::market::{CorporateAction, Fact, PaymentReason, Phase, SplitRatio};
use crate::units::{ActorId, InstrumentId, ListingId, Money, NetQuantity, Price, Quantity};

/// What a split has left of a lot, to be paid at the next open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owed {
    owner: ActorId,
    fraction: Fraction,
}

/// A payment on an account's holding.
struct Payment {
    reason: PaymentReason,
    amount: Money,
    /// Of what leaves the holding for it.
    cost: Money,
}

impl Context {
    /// Applies a split or dividend to all accounts and to what subscribers are told; returns what a split
    /// leaves of lots. The account of the venue, the replayed market's, has the other side.
    pub(crate) fn take_action(&mut self, listing: ListingId, action: CorporateAction) -> Vec<Owed> {
        self.publish(Fact::CorporateAction { listing, action });
        let Some(instrument) = self.listing(listing).map(|listing| listing.instrument) else {
            return Vec::new();
        };
        let owed = match action {
            CorporateAction::Split(ratio) => self.split(listing, instrument, ratio),
            CorporateAction::Dividend(each) => {
                self.pay_dividends(listing, instrument, each);
                Vec::new()
            }
        };
        self.announce(listing, action);
        owed
    }

    fn split(&mut self, listing: ListingId, instrument: InstrumentId, ratio: SplitRatio) -> Vec<Owed> {
        let (venue, now) = (self.id(), self.now());
        // What they hold would have to be split, and what was agreed on with it.
        self.end_auctions_for(instrument);
        let mut owed = Vec::new();
        let mut given = NetQuantity::ZERO;
        for owner in (0..).map(ActorId::new).take(self.domain().accounts().len()) {
            let Some((account, at)) = self.domain_mut().gate(owner, listing, now) else { continue };
            if owner == venue {
                continue;
            }
            let before = account.holding(instrument);
            let fraction = account.split(ratio, &at);
            let position = account.holding(instrument);
            if before == NetQuantity::ZERO {
                continue;
            }
            given += position - before;
            self.domain_mut().follow_risk(owner);
            self.publish(Fact::PositionSplit { owner, instrument, ratio, position });
            if fraction.remainder != 0 {
                owed.push(Owed { owner, fraction });
            }
        }
        let market = self.domain_mut();
        market.accounts[venue.index()].book_issue(instrument, -given, Money::ZERO);
        if let Some(state) = market.listings.get_mut(listing.index()) {
            state.splits += 1;
            state.feeds.bars.iter_mut().for_each(|feed| feed.open.split(ratio));
        }
        owed
    }

    fn pay_dividends(&mut self, listing: ListingId, instrument: InstrumentId, each: Money) {
        for (owner, holding) in self.positions_at(listing) {
            let amount = self.domain().instruments[instrument.index()].instrument.payment(each, holding);
            let payment = Payment { reason: PaymentReason::Dividend, amount, cost: Money::ZERO };
            self.pay(owner, instrument, &payment);
        }
    }

    /// Returns whether a listing trades continuously.
    pub(crate) fn is_continuous(&self, listing: ListingId) -> bool {
        let state = self.domain().listings.get(listing.index());
        state.is_some_and(|state| state.history.latest().phase == Phase::Continuous)
    }

    /// Pays what a split has left of lots, at a price.
    pub(crate) fn pay_owed(&mut self, listing: ListingId, owed: Vec<Owed>, price: Price) {
        let Some(instrument) = self.listing(listing).map(|listing| listing.instrument) else { return };
        let lot = self.domain().instruments[instrument.index()].instrument.notional(price, Quantity::new(1));
        for Owed { owner, fraction } in owed {
            let (amount, cost) = (fraction.worth(lot), fraction.cost);
            self.pay(owner, instrument, &Payment { reason: PaymentReason::Fraction, amount, cost });
        }
    }

    fn pay(&mut self, owner: ActorId, instrument: InstrumentId, payment: &Payment) {
        let &Payment { reason, amount, cost } = payment;
        let venue = self.id();
        let accounts = &mut self.domain_mut().accounts;
        accounts[owner.index()].receive(instrument, amount, cost);
        accounts[venue.index()].book_issue(instrument, NetQuantity::ZERO, -amount);
        self.domain_mut().follow_risk(owner);
        self.publish(Fact::AccountPaid { owner, instrument, reason, amount, cost });
    }

    /// Tells all subscribers of a listing's feeds.
    fn announce(&mut self, listing: ListingId, action: CorporateAction) {
        let at = self.now();
        let market = self.domain_mut();
        let Some(state) = market.listings.get(listing.index()) else { return };
        let (venue, followers) = (state.listing.venue, state.feeds.followers());
        let data = Arc::new(MarketData { listing, at, update: Update::Action(action) });
        for to in followers {
            let Some(arrival) = self.domain_mut().links.get(to, venue).map(|link| link.feed.arrival(at))
            else {
                continue;
            };
            self.send_at(to, arrival, Message::Market(Arc::clone(&data)));
        }
    }
}
