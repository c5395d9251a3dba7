//! What a market on the wall clock does about time in which it could not trade.

use std::time::Duration;

use bearpit_core::participant::{Request, RequestKind};
use bearpit_core::units::SimDuration;

use super::error::LiveError;
use super::market::{Clock, LiveMarket};
use super::record::PaceChange;

/// How long the auction lasts that ends an outage; orders can be canceled until it is over.
const AUCTION: SimDuration = SimDuration::from_secs(60);

/// Whether a market is in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outage {
    /// It is, or has been.
    None,
    /// It has not been yet: nobody has traded in it, so it is stepped through what is missing.
    NeverInStep,
    /// It is not, and trading is halted, or is to be: the halt may not have reached the journal of a process
    /// that ended.
    Halted {
        /// Whether this process has asked for the halt.
        is_sent: bool,
    },
}

impl LiveMarket {
    /// Halts trading where the market has fallen behind too far: nothing trades in time that nobody could act
    /// in.
    pub(super) fn look_for_outage(&mut self, wall: Duration) -> Result<(), LiveError> {
        let Clock::Wall { halt_beyond: Some(beyond) } = self.pacing.clock else { return Ok(()) };
        if self.outage == Outage::None && !self.is_settled && self.behind(wall) > beyond {
            self.change_pace(wall, PaceChange::OutageBegan)?;
        }
        if self.outage == (Outage::Halted { is_sent: false }) {
            self.request_of_its_own(RequestKind::Halt { listing: None })?;
            self.outage = Outage::Halted { is_sent: true };
        }
        Ok(())
    }

    /// Takes note that virtual time is where it should be.
    pub(super) fn caught_up(&mut self, wall: Duration) -> Result<(), LiveError> {
        match self.outage {
            Outage::None => Ok(()),
            Outage::NeverInStep => self.change_pace(wall, PaceChange::InStep),
            Outage::Halted { .. } => {
                self.request_of_its_own(RequestKind::Reopen { listing: None, auction: AUCTION })?;
                self.change_pace(wall, PaceChange::OutageEnded)
            }
        }
    }

    /// Makes a request that nobody else makes, at the time where the market stands.
    fn request_of_its_own(&mut self, kind: RequestKind) -> Result<(), LiveError> {
        let now = self.market.world().now();
        // A market that is over needs none.
        if now < self.market.close() {
            self.market.request(now, Request { tag: None, kind }).map_err(LiveError::OwnRequest)?;
        }
        Ok(())
    }

    /// Returns whether virtual time has ever been in step with the wall clock: before that nobody trades.
    #[must_use]
    pub fn has_been_in_step(&self) -> bool {
        self.outage != Outage::NeverInStep
    }

    /// Returns whether trading is halted since the market has fallen behind.
    #[must_use]
    pub const fn is_in_outage(&self) -> bool {
        matches!(self.outage, Outage::Halted { .. })
    }
}
