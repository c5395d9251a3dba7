//! Which accounts a price could ruin or bring below their maintenance margin, and when a replayed path does:
//! to the nanosecond.

use super::mark::Mark;
use super::state::MarketState;
use crate::account::Valuation;
use crate::market::Leg;
use crate::units::{ActorId, InstrumentId, ListingId, Money, NetQuantity, SimDuration, SimTime};

/// An account that a price could ruin: it has no cash or owes it, owes shares, or holds what may be worth
/// less than nothing; or a margin account that holds or owes anything.
///
/// All others are passed over: equity of cash and shares is above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AtRisk {
    pub(super) owner: ActorId,
    held: Vec<InstrumentId>,
}

/// A holding whose price is on its way along a path.
#[derive(Debug, Clone, Copy)]
struct Moving {
    /// What the holding is worth for each tick of its price.
    tick: Money,
    leg: Leg,
}

impl Moving {
    fn worth_at(&self, time: SimTime) -> Money {
        self.tick * i128::from(self.leg.price_at(time).ticks())
    }

    /// Returns whether the leg makes it worth more.
    fn rises(&self) -> bool {
        let ticks = self.leg.to.price - self.leg.from.price;
        self.tick * i128::from(ticks) > Money::ZERO
    }
}

/// What an account's equity is made of between two points of the paths that it depends on.
#[derive(Debug)]
struct EquityPath {
    /// Cash, and what holds still.
    fixed: Money,
    moving: Vec<Moving>,
}

/// Equity at an instant: what grows until the end of the span, and what shrinks.
#[derive(Debug, Clone, Copy)]
struct Sample {
    time: SimTime,
    growing: Money,
    shrinking: Money,
}

impl EquityPath {
    fn sample(&self, time: SimTime) -> Sample {
        let mut sample = Sample { time, growing: self.fixed, shrinking: Money::ZERO };
        for holding in &self.moving {
            let part = if holding.rises() { &mut sample.growing } else { &mut sample.shrinking };
            *part += holding.worth_at(time);
        }
        sample
    }

    /// Returns the first instant after `from`, and not after `to`, at which the equity is gone.
    ///
    /// Equity is at least what has grown by the beginning of a span and what has shrunk by its end: a span in
    /// which that is enough is passed over, any other is halved.
    fn first(&self, from: Sample, to: Sample, is_gone: &impl Fn(Money) -> bool) -> Option<SimTime> {
        if !is_gone(from.growing + to.shrinking) {
            return None;
        }
        let span = to.time - from.time;
        if span.nanos() <= 1 {
            return is_gone(to.growing + to.shrinking).then_some(to.time);
        }
        let middle = self.sample(from.time + SimDuration::from_nanos(span.nanos() / 2));
        self.first(from, middle, is_gone).or_else(|| self.first(middle, to, is_gone))
    }
}

impl MarketState {
    /// Notes whether an account can be ruined by a price; called when its cash or holdings have changed.
    pub(super) fn follow_risk(&mut self, owner: ActorId) {
        let found = self.at_risk.binary_search_by_key(&owner, |it| it.owner);
        let held = self.held_at_risk(owner);
        match (found, held) {
            (Ok(index), Some(held)) => self.at_risk[index].held = held,
            (Ok(index), None) => drop(self.at_risk.remove(index)),
            (Err(index), Some(held)) => self.at_risk.insert(index, AtRisk { owner, held }),
            (Err(_), None) => {}
        }
    }

    /// Returns what an account holds, if a price could ruin it.
    fn held_at_risk(&self, owner: ActorId) -> Option<Vec<InstrumentId>> {
        let account = self.accounts.get(owner.index())?;
        if account.on_ruin().is_none() || account.is_ruined() {
            return None;
        }
        let may_fall_below_zero = |(id, holding): (InstrumentId, NetQuantity)| {
            holding.lots() < 0 || self.instruments[id.index()].instrument.may_be_negative()
        };
        let may_be_called = account.margin_terms().is_some() && account.held().next().is_some();
        let is_at_risk =
            may_be_called || account.cash() <= Money::ZERO || account.held().any(may_fall_below_zero);
        is_at_risk.then(|| account.held().map(|(id, _)| id).collect())
    }

    /// Returns what an account is worth at `now`, at the prices of the paths; none while something that it
    /// holds has no price, or a listing that opens at this instant has not opened yet.
    pub(super) fn valuation_on_path(&self, owner: ActorId, now: SimTime) -> Option<Valuation> {
        let account = self.accounts.get(owner.index())?;
        let worth = |(id, holding): (InstrumentId, NetQuantity)| {
            let state = &self.instruments[id.index()];
            let mark = self.mark_on_path(id, now)?;
            Some(mark.value(&state.instrument, holding))
        };
        let mut all = Valuation { equity: account.cash_less_futures(), exposure: Money::ZERO };
        for held in account.held() {
            let worth = worth(held)?;
            all.equity += worth;
            all.exposure += worth.abs();
        }
        Some(all)
    }

    /// Returns an instrument's mark at `now`, if its market is not about to open.
    pub(super) fn mark_on_path(&self, id: InstrumentId, now: SimTime) -> Option<Mark> {
        if let Some(listing) = self.replayed_primary(id) {
            if self.opens_at(listing).is_some_and(|open| open <= now) {
                return None;
            }
            if let Some(leg) = self.listings[listing.index()].leg {
                return Some(Mark { half_ticks: 2 * leg.price_at(now).ticks() });
            }
        }
        self.instruments[id.index()].mark
    }

    /// Returns the listing that marks an instrument, if bars are replayed there.
    fn replayed_primary(&self, id: InstrumentId) -> Option<ListingId> {
        let primary = self.instruments.get(id.index())?.primary?;
        self.listings.get(primary.index())?.listing.is_replayed().then_some(primary)
    }

    /// Returns the owners whom their equity ruins or brings below their maintenance margin at `now`, in the
    /// order of their ids.
    pub(super) fn owners_to_restrict(&self, now: SimTime) -> Vec<ActorId> {
        let is_gone = |it: &&AtRisk| {
            let worth = self.valuation_on_path(it.owner, now);
            worth.is_some_and(|worth| self.accounts[it.owner.index()].would_restrict(worth))
        };
        self.at_risk.iter().filter(is_gone).map(|it| it.owner).collect()
    }

    /// Returns the replayed listings whose prices an account's equity depends on.
    pub(super) fn replays_held(&self, owner: ActorId) -> Vec<ListingId> {
        let held = self.accounts.get(owner.index()).into_iter().flat_map(|account| account.held());
        held.filter_map(|(id, _)| self.replayed_primary(id)).collect()
    }

    /// Returns when the paths of replayed listings ruin an account or have it called next, if they do so
    /// before any of them is at its next point.
    pub(super) fn next_ruin(&self, now: SimTime) -> Option<SimTime> {
        self.at_risk.iter().filter_map(|it| self.next_ruin_of(it, now)).min()
    }

    fn next_ruin_of(&self, at_risk: &AtRisk, now: SimTime) -> Option<SimTime> {
        let account = &self.accounts[at_risk.owner.index()];
        // Before it is called, what counts of a margin account is equity beyond the maintenance margin, in
        // parts of which the margin is a whole number. Where prices are above zero that goes with them as
        // equity does.
        let margin = account.margin_terms().filter(|_| account.restriction().is_none());
        let (part, of) = margin.map_or((0, 1), |terms| terms.maintenance().parts());
        let (part, of) = (i128::from(part), i128::from(of));
        let beyond =
            |worth: Money, holding: NetQuantity| worth * (of - part * i128::from(holding.lots().signum()));
        let is_gone = |equity| if part > 0 { equity < Money::ZERO } else { account.would_ruin(equity) };
        let mut path = EquityPath { fixed: account.cash_less_futures() * of, moving: Vec::new() };
        let mut least = Money::ZERO;
        let mut end: Option<SimTime> = None;
        for id in &at_risk.held {
            let (state, holding) = (&self.instruments[id.index()], account.holding(*id));
            let leg = self.replayed_primary(*id).and_then(|listing| self.listings[listing.index()].leg);
            if let Some(leg) = leg {
                let tick = beyond(state.instrument.value(ONE_TICK, holding), holding);
                least +=
                    [leg.from, leg.to].map(|at| tick * i128::from(at.price.ticks())).into_iter().min()?;
                end = Some(end.map_or(leg.to.time, |end| end.min(leg.to.time)));
                path.moving.push(Moving { tick, leg });
            } else {
                path.fixed += beyond(state.mark?.value(&state.instrument, holding), holding);
            }
        }
        let end = end.filter(|end| *end > now)?;
        // Mostly that settles it: even the worst that is to come does not take all.
        if !is_gone(path.fixed + least) {
            return None;
        }
        path.first(path.sample(now), path.sample(end), &is_gone)
    }
}

const ONE_TICK: crate::units::Price = crate::units::Price::new(1);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::market::Point;
    use crate::units::Price;

    fn point(nanos: i64, ticks: i64) -> Point {
        Point { time: SimTime::from_nanos(nanos), price: Price::new(ticks) }
    }

    proptest! {
        #[test]
        fn prop_ruin_is_found_at_the_first_nanosecond_at_which_equity_is_gone(
            cash in -3_000..3_000_i128,
            holdings in prop::collection::vec((-9..9_i128, 0..200_i64, 0..200_i64, 1..40_i64, 0..40_i64), 1..5),
        ) {
            // Legs that began earlier, and end later, than the span of 0 to 300.
            let moving = holdings.iter().map(|(tick, from, to, before, after)| Moving {
                tick: Money::from_units(*tick),
                leg: Leg { from: point(-before, *from), to: point(300 + after, *to) },
            });
            let path = EquityPath { fixed: Money::from_units(cash), moving: moving.collect() };
            let is_gone = |equity: Money| equity <= Money::ZERO;
            let equity = |nanos: i64| {
                let at = |it: &Moving| it.tick * i128::from(it.leg.price_at(SimTime::from_nanos(nanos)).ticks());
                path.moving.iter().map(at).sum::<Money>() + path.fixed
            };
            let plain = (1..=300).find(|nanos| is_gone(equity(*nanos))).map(SimTime::from_nanos);
            let [from, to] = [0, 300].map(|nanos| path.sample(SimTime::from_nanos(nanos)));
            prop_assert_eq!(path.first(from, to, &is_gone), plain);
        }
    }
}
