//! [`LiveState`]: what a live market leaves to the next one.

use std::time::Duration;

use bearpit_core::exchange::{BuildError, ClosingState, Market, MarketBuilder};
use bearpit_core::kernel::{Pacer, Speed};
use bearpit_core::participant::AccountLimits;
use bearpit_core::units::{PersonId, SimDuration};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::client_orders::{ClientOrders, Remembered};

/// For how long the ids of requests are remembered after their orders have ended.
pub(super) const REMEMBERED_FOR: SimDuration = SimDuration::from_secs(7 * 24 * 60 * 60);

/// What a live market leaves when it has settled, and the next opens with: the engine's closing state, and
/// which requests are known by the ids that their senders gave them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveState {
    /// What the engine leaves.
    pub market: ClosingState,
    /// The tag of the next request: none comes twice in a market.
    pub(super) next_tag: u64,
    /// The requests that are remembered.
    pub(super) remembered: Vec<Remembered>,
    /// What an operator has changed about its pace.
    pub(super) pace: LeftPace,
}

/// What an operator has changed about a market's pace, which holds until somebody changes it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct LeftPace {
    /// Whether virtual time stands still.
    pub(super) is_paused: bool,
    /// Another speed than that of the scenario; of another scenario it is not.
    pub(super) speed: Option<ChangedSpeed>,
}

/// A speed that an operator has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChangedSpeed {
    /// What the scenario says.
    from: Speed,
    to: Speed,
}

impl LeftPace {
    /// Takes it from a market whose scenario says that speed.
    pub(super) fn of(pacer: &Pacer, scenario: Speed) -> Self {
        let (from, to) = (scenario, pacer.speed());
        Self { is_paused: pacer.is_paused(), speed: (from != to).then_some(ChangedSpeed { from, to }) }
    }

    /// Gives it to the next market, whose scenario says that speed.
    pub(super) fn apply(self, wall: Duration, pacer: &mut Pacer, scenario: Speed) {
        if let Some(speed) = self.speed.filter(|speed| speed.from == scenario) {
            pacer.set_speed(wall, speed.to);
        }
        if self.is_paused {
            pacer.pause(wall);
        }
    }
}

/// What a market leaves of auctions between participants: all of them have ended with its day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LeftAuctions {
    /// The ids of the next auction and the next proposal.
    next_ids: [u64; 2],
    /// To whom the account at each place among the participants belongs, where that was said.
    persons: Vec<(u32, PersonId)>,
}

impl Default for LeftAuctions {
    fn default() -> Self {
        Self { next_ids: [1, 1], persons: Vec::new() }
    }
}

impl LeftAuctions {
    fn of(market: &ClosingState) -> Self {
        let persons = market.participants.iter().zip(0_u32..);
        let persons = persons.filter_map(|(it, place)| Some((place, it.person?))).collect();
        Self { next_ids: market.next_auction_ids, persons }
    }

    fn apply(self, market: &mut ClosingState) -> Result<(), UnknownState> {
        market.next_auction_ids = self.next_ids;
        for (place, person) in self.persons {
            let place = usize::try_from(place).map_err(|_| UnknownState)?;
            market.participants.get_mut(place).ok_or(UnknownState)?.person = Some(person);
        }
        Ok(())
    }
}

/// Bytes that are no state of this program.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the opening state is of another version of this program")]
pub struct UnknownState;

impl LiveState {
    /// Takes it from a market that has settled.
    pub(super) fn of(market: &Market, clients: &ClientOrders, next_tag: u64, pace: LeftPace) -> Option<Self> {
        let closing = market.closing_state()?.clone();
        let remembered = clients.remembered(market);
        Some(Self { market: closing, next_tag, remembered, pace })
    }

    /// Writes it as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Fails for sequences of unknown length only, which it has none of.
        let mut bytes = postcard::to_stdvec(self).unwrap_or_default();
        // Behind all else, where states that were written before there were limits have nothing.
        let limited = self.market.participants.iter().zip(0_u32..);
        let limited = limited.filter_map(|(it, place)| Some((place, it.limits.clone()?)));
        let limited: Vec<(u32, AccountLimits)> = limited.collect();
        // And behind those, where there were no auctions yet.
        let auctions = LeftAuctions::of(&self.market);
        if !limited.is_empty() || auctions != LeftAuctions::default() {
            bytes.extend(postcard::to_stdvec(&limited).unwrap_or_default());
        }
        if auctions != LeftAuctions::default() {
            bytes.extend(postcard::to_stdvec(&auctions).unwrap_or_default());
        }
        bytes
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`UnknownState`] if the bytes are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnknownState> {
        let (mut state, rest): (Self, _) = postcard::take_from_bytes(bytes).map_err(|_| UnknownState)?;
        if !rest.is_empty() {
            let (limited, rest): (Vec<(u32, AccountLimits)>, _) =
                postcard::take_from_bytes(rest).map_err(|_| UnknownState)?;
            for (place, limits) in limited {
                let place = usize::try_from(place).map_err(|_| UnknownState)?;
                state.market.participants.get_mut(place).ok_or(UnknownState)?.limits = Some(limits);
            }
            if !rest.is_empty() {
                let auctions: LeftAuctions = postcard::from_bytes(rest).map_err(|_| UnknownState)?;
                auctions.apply(&mut state.market)?;
            }
        }
        if state.market.version == ClosingState::VERSION { Ok(state) } else { Err(UnknownState) }
    }
}

/// A market that is laid out, with what the last one left.
#[derive(Debug)]
pub struct LaidOut {
    /// The market.
    pub builder: MarketBuilder,
    /// What the last one left; nothing for the first.
    pub left: Option<LiveState>,
}

/// Opens the market of a live day, which is not started yet, with what the last one left.
///
/// # Errors
/// [`BuildError`] if it cannot be opened.
pub fn open_market(mut builder: MarketBuilder, left: Option<ClosingState>) -> Result<Market, BuildError> {
    builder.goes_on();
    if let Some(left) = left {
        builder.opening(left);
    }
    builder.open()
}
