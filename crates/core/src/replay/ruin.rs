//! Ruin at its instant: what an owner without equity, or below its maintenance margin, has open is canceled,
//! what it holds is closed (rule 27).

use super::engine::ReplayEngine;
use super::host::ReplayHost;
use super::listing::{Moment, Stage};
use super::orders::OrderNames;
use crate::account::{Closing, Liquidation, Ruined};
use crate::units::{ActorId, SimTime};

impl ReplayEngine {
    /// Fills what is due at `now` at the given listings, once what owners without equity have there is ended:
    /// those that are ruined by a price before anything fills at it, and those that a fill has ruined after.
    pub(super) fn settle_with_ruin(
        &mut self,
        now: SimTime,
        reached: &[(usize, Moment)],
        host: &mut dyn ReplayHost,
    ) {
        let closing = self.liquidate_ruined(reached, host);
        let fills = self.fills;
        if closing.is_empty() {
            if reached.is_empty() {
                return;
            }
            self.settle(now, reached, host);
            if self.fills == fills {
                // Nobody has anything else than before.
                return;
            }
        } else {
            let elsewhere = closing.into_iter().filter(|(index, _)| reached.iter().all(|it| it.0 != *index));
            let at: Vec<(usize, Moment)> = reached.iter().copied().chain(elsewhere).collect();
            self.settle(now, &at, host);
            self.schedule_all(&at, now);
        }
        self.settle_ruin(now, reached, host);
    }

    /// Ends what owners have whom a fill at `now` has ruined, until there are none; `reached` says at which
    /// listings it is an open or close.
    pub(super) fn settle_ruin(
        &mut self,
        now: SimTime,
        reached: &[(usize, Moment)],
        host: &mut dyn ReplayHost,
    ) {
        loop {
            let closing = self.liquidate_ruined(reached, host);
            if closing.is_empty() {
                return;
            }
            self.settle(now, &closing, host);
            self.schedule_all(&closing, now);
        }
    }

    /// Cancels what owners have open whose equity is gone, and enters the orders that close what they hold;
    /// returns at which listings these are due now.
    fn liquidate_ruined(
        &mut self,
        reached: &[(usize, Moment)],
        host: &mut dyn ReplayHost,
    ) -> Vec<(usize, Moment)> {
        let ruined = host.ruined();
        // Nearly always: the rest stands apart, so that asking costs little.
        if ruined.is_empty() { Vec::new() } else { self.liquidate_all(ruined, reached, host) }
    }

    #[cold]
    fn liquidate_all(
        &mut self,
        ruined: Vec<Ruined>,
        reached: &[(usize, Moment)],
        host: &mut dyn ReplayHost,
    ) -> Vec<(usize, Moment)> {
        let mut due = Vec::new();
        for Ruined { owner, held } in ruined {
            let now = self.now;
            for index in held.into_iter().filter_map(|listing| self.find(listing)).collect::<Vec<usize>>() {
                self.show_move(index, now, host);
            }
            let Liquidation { reason, cancels, closes } = host.liquidate(owner);
            for (listing, order) in cancels {
                if let Some(index) = self.find(listing) {
                    self.cancel(index, order, reason, host);
                }
            }
            due.extend(closes.into_iter().filter_map(|closing| self.enter_closing(owner, &closing)));
        }
        due.sort_unstable_by_key(|(index, _)| *index);
        due.dedup_by_key(|(index, _)| *index);
        for (index, moment) in &mut due {
            let known = reached.iter().find(|it| it.0 == *index);
            *moment = known.map_or(*moment, |it| it.1);
        }
        due
    }

    /// Enters an order that closes a position; returns where it is due, if there is a price. Between bars it
    /// waits for the next open.
    fn enter_closing(&mut self, owner: ActorId, closing: &Closing) -> Option<(usize, Moment)> {
        let index = self.find(closing.listing)?;
        self.arrivals += 1;
        let names = OrderNames { id: closing.order, owner, arrival: self.arrivals, since: self.now };
        let listing = &mut self.listings[index];
        let has_price = listing.dealing_price(closing.terms.side, self.now).is_some();
        let touch = listing.rules().touch;
        listing.orders.add(&closing.terms, names, touch, has_price);
        let moment = match listing.stage {
            Stage::Closing { .. } => Moment::Close,
            _ => Moment::Within,
        };
        has_price.then_some((index, moment))
    }

    fn schedule_all(&mut self, at: &[(usize, Moment)], now: SimTime) {
        for (index, _) in at {
            self.schedule(*index, now);
        }
    }
}
