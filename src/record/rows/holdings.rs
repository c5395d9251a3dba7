//! [`Holdings`]: holdings of all accounts, summed from trades and transfers.

use std::mem;

use crate::record::names::Names;
use bearpit_core::market::{AccountOpening, Side, Trade};
use bearpit_core::units::{ActorId, InstrumentId, Money, NetQuantity, Quantity, SimDuration, SimTime};

/// What an account holds of an instrument at a time, and how it came to it.
#[derive(Debug, Clone, Copy)]
pub struct PositionRow {
    /// When.
    pub at: SimTime,
    /// The account.
    pub owner: ActorId,
    /// The instrument.
    pub instrument: InstrumentId,
    /// The holding.
    pub state: Holding,
}

/// What an account holds of an instrument, and how it came to it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Holding {
    /// The signed holding.
    pub position: NetQuantity,
    /// How much was bought so far.
    pub bought: Quantity,
    /// How much was sold so far.
    pub sold: Quantity,
    /// How many fills there were so far.
    pub fills: u64,
    /// Fees less rebates so far.
    pub fees: Money,
    is_changed: bool,
}

/// The holdings of all accounts.
#[derive(Debug)]
pub(in crate::record) struct Holdings {
    interval: SimDuration,
    /// When the run ends, and the last rows are made at the latest.
    end: SimTime,
    instruments: usize,
    /// By owner, then instrument; grows with the participants that join.
    states: Vec<Holding>,
    changed: Vec<(ActorId, InstrumentId)>,
    /// When those that have changed get their rows.
    due: Option<SimTime>,
}

impl Holdings {
    /// Begins with what accounts hold before the first trade, which has its rows when the run begins.
    pub(in crate::record) fn new(names: &Names, interval: SimDuration, start: SimTime, end: SimTime) -> Self {
        let instruments = names.instruments.len();
        let states = vec![Holding::default(); names.actors.len() * instruments];
        let mut holdings = Self { interval, end, instruments, states, changed: Vec::new(), due: None };
        for (owner, instrument, position) in &names.openings {
            holdings.change(*owner, *instrument, |state| state.position = *position);
        }
        holdings.due = Some(start);
        holdings
    }

    /// Appends the rows that are due by `now`: account by account.
    pub(in crate::record) fn take_due(&mut self, now: SimTime, rows: &mut Vec<PositionRow>) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        self.take_changed(rows);
    }

    /// Appends the rows of all that have changed.
    pub(in crate::record) fn take_changed(&mut self, rows: &mut Vec<PositionRow>) {
        let Some(at) = self.due.take().map(|due| due.min(self.end)) else { return };
        let mut changed = mem::take(&mut self.changed);
        changed.sort_unstable();
        for (owner, instrument) in changed.drain(..) {
            let index = self.index(owner, instrument);
            let Some(state) = self.states.get_mut(index) else { continue };
            state.is_changed = false;
            rows.push(PositionRow { at, owner, instrument, state: *state });
        }
        self.changed = changed;
    }

    /// Books a trade in both accounts; what is due by then must be taken first.
    pub(in crate::record) fn trade(&mut self, at: SimTime, instrument: InstrumentId, trade: &Trade) {
        let Trade { maker, taker, quantity, aggressor, maker_fee, taker_fee, .. } = *trade;
        let sides = [(maker, aggressor.opposite(), maker_fee), (taker, aggressor, taker_fee)];
        for (owner, side, fee) in sides {
            self.change(owner, instrument, |state| {
                match side {
                    Side::Buy => {
                        state.bought += quantity;
                        state.position += quantity.net();
                    }
                    Side::Sell => {
                        state.sold += quantity;
                        state.position = state.position - quantity.net();
                    }
                }
                state.fills += 1;
                state.fees += fee;
            });
        }
        self.become_due(at);
    }

    /// Begins the account of a participant that has joined, with the shares that it brought, or that was
    /// carried over with what it held: whatever it was to begin with.
    pub(in crate::record) fn open(&mut self, at: SimTime, opening: &AccountOpening) {
        let states = (opening.owner.index() + 1) * self.instruments;
        if self.states.len() < states {
            self.states.resize(states, Holding::default());
        }
        let all = (0..).map(InstrumentId::new).take(self.instruments);
        let replaced =
            all.filter(|id| self.states[self.index(opening.owner, *id)].position != NetQuantity::ZERO);
        for instrument in replaced.collect::<Vec<_>>() {
            self.set(at, opening.owner, instrument, NetQuantity::ZERO);
        }
        for (instrument, holding) in opening.holdings.iter() {
            self.set(at, opening.owner, *instrument, *holding);
        }
    }

    /// Books shares that were brought in from outside, or taken out; what is due by then must be taken first.
    pub(in crate::record) fn transfer(
        &mut self,
        at: SimTime,
        owner: ActorId,
        instrument: InstrumentId,
        quantity: NetQuantity,
    ) {
        self.change(owner, instrument, |state| state.position += quantity);
        self.become_due(at);
    }

    /// Sets what an account holds after a split; what is due by then must be taken first.
    pub(in crate::record) fn set(
        &mut self,
        at: SimTime,
        owner: ActorId,
        instrument: InstrumentId,
        position: NetQuantity,
    ) {
        self.change(owner, instrument, |state| state.position = position);
        self.become_due(at);
    }

    /// Has the next rows made at the end of the interval.
    fn become_due(&mut self, at: SimTime) {
        if self.due.is_none() {
            self.due = Some(at.floor_to(self.interval).saturating_add(self.interval));
        }
    }

    fn change(&mut self, owner: ActorId, instrument: InstrumentId, change: impl FnOnce(&mut Holding)) {
        let index = self.index(owner, instrument);
        let Some(state) = self.states.get_mut(index) else { return };
        change(state);
        if !mem::replace(&mut state.is_changed, true) {
            self.changed.push((owner, instrument));
        }
    }

    const fn index(&self, owner: ActorId, instrument: InstrumentId) -> usize {
        owner.index() * self.instruments + instrument.index()
    }
}
