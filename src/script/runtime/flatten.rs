//! [`Flatten`]: closes the positions of a script that has failed.

use bearpit_core::market::{OrderTerms, Side};
use bearpit_core::participant::Context;
use bearpit_core::units::{ListingId, NetQuantity, Quantity, SimDuration, SimTime};

/// Closes all positions at the market, once all orders are canceled.
#[derive(Debug)]
pub(crate) struct Flatten {
    attempts: u32,
    /// The earliest time of the next attempt.
    next: SimTime,
}

/// After so many rounds of orders that did not fill, the rest of the position is kept.
const ATTEMPTS_MAX: u32 = 10;
const PAUSE: SimDuration = SimDuration::from_secs(1);
/// No timer of a script has this tag.
const TAG: u64 = u64::MAX;

impl Flatten {
    /// Begins at `now`.
    pub(crate) const fn new(now: SimTime) -> Self {
        Self { attempts: 0, next: now }
    }

    /// Takes the next step; returns false when there is nothing left to do.
    ///
    /// To be called with each report and wake-up: shares held by open orders can be sold only after those
    /// are canceled.
    pub(crate) fn go_on(&mut self, ctx: &mut Context) -> bool {
        if ctx.account().is_none_or(|account| !account.open_orders().is_empty()) {
            return true;
        }
        let open = positions(ctx);
        if open.is_empty() {
            return false;
        }
        if ctx.now() < self.next {
            return true;
        }
        if self.attempts == ATTEMPTS_MAX {
            ctx.log(format!("{ATTEMPTS_MAX} attempts did not close all positions; the rest is kept"));
            return false;
        }
        self.attempts += 1;
        self.next = ctx.now().saturating_add(PAUSE);
        for (listing, holding) in open {
            let side = if holding.lots() > 0 { Side::Sell } else { Side::Buy };
            let quantity = Quantity::new(holding.lots().unsigned_abs());
            // A refusal is recorded on the tape; the next attempt is made at the wake-up.
            ctx.submit(listing, OrderTerms::market(side, quantity)).ok();
        }
        ctx.wake_at(self.next, TAG);
        true
    }
}

/// Returns the open positions, each at the first listing of its instrument.
fn positions(ctx: &Context) -> Vec<(ListingId, NetQuantity)> {
    let Some(account) = ctx.account() else { return Vec::new() };
    let mut seen = Vec::new();
    let mut open = Vec::new();
    for id in (0..).map(ListingId::new) {
        let Some(listing) = ctx.listing(id) else { break };
        if seen.contains(&listing.instrument) {
            continue;
        }
        seen.push(listing.instrument);
        let holding = account.holding(listing.instrument);
        if holding.lots() != 0 {
            open.push((id, holding));
        }
    }
    open
}
