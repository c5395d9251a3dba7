//! [`Canceling`]: cancels that are carried out while a market is paused.

use std::collections::BTreeSet;
use std::time::Duration;

use bearpit_core::participant::{Instruction, RequestKind};
use bearpit_core::units::{ActorId, SimDuration, SimTime};

use super::error::LiveError;
use super::market::LiveMarket;

/// How far virtual time goes on for a cancel at most: no venue's line is as long.
const SPAN_MAX: SimDuration = SimDuration::from_secs(60);
/// So many events are delivered at once; requests are taken in between.
const EVENTS_MAX: usize = 1_000;

/// The cancels that came while a market was paused, and have not been carried out.
#[derive(Debug, Default)]
pub(super) struct Canceling {
    /// Whose they are.
    owners: BTreeSet<ActorId>,
    /// Up to when virtual time goes on for them.
    until: Option<SimTime>,
}

impl Canceling {
    /// Takes note of a request that came at a time.
    pub(super) fn took(&mut self, kind: &RequestKind, stamp: SimTime) {
        if let RequestKind::Instruct { participant, .. } | RequestKind::Block { participant, .. } = kind {
            self.owners.insert(*participant);
            self.until = Some(stamp.saturating_add(SPAN_MAX));
        }
    }

    /// Forgets all: virtual time goes on by itself.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl LiveMarket {
    /// Delivers events of a paused market until its venues have answered the cancels that came meanwhile,
    /// however many commands are before them in line. Returns whether there is more to do at once.
    pub(super) fn carry_cancels_out(&mut self, wall: Duration) -> Result<bool, LiveError> {
        for _ in 0..EVENTS_MAX {
            let Some(next) = self.next_for_cancels() else {
                self.canceling.clear();
                return Ok(false);
            };
            self.step_to(next)?;
            self.pacer.rebase(wall, next);
            self.collect()?;
        }
        Ok(true)
    }

    /// Returns when the next event is due, if a cancel waits for it.
    fn next_for_cancels(&self) -> Option<SimTime> {
        let until = self.canceling.until?.min(self.market.close());
        let state = self.market.world().domain();
        let waits = |owner: &ActorId| {
            let account = state.account(*owner);
            account.is_some_and(|account| account.open_orders().iter().any(|order| order.cancel_sent))
        };
        if !self.pacer.is_paused() || !self.canceling.owners.iter().any(waits) {
            return None;
        }
        self.market.world().next_event().filter(|next| *next <= until)
    }
}

/// Returns whether a request does nothing but take orders out of the market, or keep them out.
#[must_use]
pub const fn is_cancel(kind: &RequestKind) -> bool {
    matches!(
        kind,
        RequestKind::Block { .. }
            | RequestKind::Instruct {
                instruction: Instruction::Cancel(_)
                    | Instruction::MassCancel { .. }
                    | Instruction::Disconnect,
                ..
            }
    )
}
