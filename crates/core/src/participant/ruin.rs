//! Ruin: orders of accounts without equity are canceled, and their positions closed.

use super::context::Context;
use super::state::MarketState;
use crate::account::Account;
use crate::market::{CommandKind, Fact, OrderTerms, Phase, Side, SinkError};
use crate::units::{ActorId, InstrumentId, ListingId, OrderId, SimTime};

impl MarketState {
    /// Notes which accounts are ruined from now on, and writes that to the tape.
    pub(super) fn note_ruin(&mut self, now: SimTime) -> Result<(), SinkError> {
        for owner in (0..).map(ActorId::new).take(self.accounts.len()) {
            let account = &self.accounts[owner.index()];
            if account.on_ruin().is_none() || account.is_ruined() {
                continue;
            }
            let Some(equity) = self.equity(owner) else { continue };
            if self.accounts[owner.index()].note_equity(equity) {
                self.record(now, &Fact::AccountRuined { owner, equity })?;
            }
        }
        Ok(())
    }

    /// Returns the owners of ruined accounts, in the order of their ids.
    fn ruined(&self) -> Vec<ActorId> {
        let all = (0..).map(ActorId::new).zip(&self.accounts);
        all.filter(|(_, account)| account.is_ruined()).map(|(owner, _)| owner).collect()
    }

    /// Returns the listing where an instrument's positions are closed, if orders for that may be sent there
    /// now.
    fn closing_listing(&self, instrument: InstrumentId) -> Option<ListingId> {
        let listing = self.instruments.get(instrument.index())?.primary?;
        let state = self.listings.get(listing.index())?;
        let phase = state.history.latest().phase;
        let takes =
            if state.listing.is_replayed { phase != Phase::Closed } else { phase == Phase::Continuous };
        takes.then_some(listing)
    }
}

impl Context {
    /// Cancels what ruined accounts may not have open, and closes what they may not hold.
    ///
    /// What could not be closed is tried again when accounts are marked next.
    pub(super) fn enforce_ruin(&mut self) {
        for owner in self.domain_mut().ruined() {
            let account = self.domain_mut().account(owner);
            let orders = account.map_or_else(Vec::new, Account::orders_beyond_ruin);
            let positions = account.map_or_else(Vec::new, Account::positions_beyond_ruin);
            for order in orders {
                self.cancel_for(owner, order);
            }
            for instrument in positions {
                self.close_for(owner, instrument);
            }
        }
    }

    fn cancel_for(&mut self, owner: ActorId, order: OrderId) {
        let Some(account) = self.domain_mut().accounts.get_mut(owner.index()) else { return };
        let listing = account.order(order).map(|order| order.listing);
        if let (Some(listing), Ok(approved)) = (listing, account.admit_cancel(order)) {
            self.dispatch_for(owner, order, listing, approved.map(|_| CommandKind::Cancel));
        }
    }

    fn close_for(&mut self, owner: ActorId, instrument: InstrumentId) {
        let now = self.now();
        let market = self.domain_mut();
        let Some(listing) = market.closing_listing(instrument) else { return };
        let order = OrderId::new(market.next_order);
        let Some((account, at)) = market.gate(owner, listing, now) else { return };
        let holding = account.holding(instrument);
        let side = if holding.lots() > 0 { Side::Sell } else { Side::Buy };
        let terms = OrderTerms { reduce_only: true, ..OrderTerms::market(side, holding.magnitude()) };
        let approved = account.force(order, terms, &at);
        market.next_order += 1;
        self.dispatch_for(owner, order, listing, approved.map(CommandKind::New));
    }
}
