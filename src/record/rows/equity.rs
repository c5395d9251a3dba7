//! [`EquityRow`]: what an account was worth at the end of a sample interval, and [`EquitySamples`], which
//! makes one row of the marks of all its instruments.

use bearpit_core::market::{AccountMark, MarkCause};
use bearpit_core::units::{ActorId, Money, SimTime};

/// What an account was worth at the end of a sample interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EquityRow {
    /// When.
    pub at: SimTime,
    /// The account.
    pub owner: ActorId,
    /// Its cash, free and held.
    pub cash: Money,
    /// Cash plus all holdings at their marks.
    pub equity: Money,
    /// Fees paid less rebates so far.
    pub fees: Money,
    /// Interest received less paid so far, and less what borrowed shares cost.
    pub financing: Money,
}

/// The samples of the current instant.
#[derive(Debug, Default)]
pub(in crate::record) struct EquitySamples {
    waiting: Vec<EquityRow>,
}

impl EquitySamples {
    /// Takes a mark; an account is marked in each instrument, with the same cash and equity. Where the run
    /// ends with a sample interval, an account is marked twice at one time: the last marks count.
    pub(in crate::record) fn take(&mut self, at: SimTime, mark: &AccountMark, financing: Money) {
        if mark.cause != MarkCause::Sample {
            return;
        }
        let AccountMark { owner, cash, equity, fees, .. } = *mark;
        let row = EquityRow { at, owner, cash, equity, fees, financing };
        match self.waiting.iter_mut().rev().find(|it| it.owner == owner) {
            Some(same) => *same = row,
            None => self.waiting.push(row),
        }
    }

    /// Hands on the samples of the instant that is over.
    pub(in crate::record) fn drain(&mut self) -> impl Iterator<Item = EquityRow> + '_ {
        self.waiting.drain(..)
    }
}
