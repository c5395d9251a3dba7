//! [`EventConfig`]: what happens to a simulated market at a time that the scenario sets.

use bearpit_agents::Desk;
use bearpit_core::account::{AccountConfig, Credit};
use bearpit_core::exchange::{BuildError, MarketBuilder, ScheduledEvent};
use bearpit_core::market::{OrderTerms, Reference, Side, ValueQuote};
use bearpit_core::participant::ParticipantConfig;
use bearpit_core::units::{InstrumentId, ListingId, Quantity, SimDuration, SimTime};

/// Something that happens to a simulated market.
#[derive(Debug, Clone, PartialEq)]
pub struct EventConfig {
    /// When.
    pub at: SimTime,
    /// What.
    pub kind: EventKind,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// Trading halts, and reopens with an auction.
    Halt {
        /// Where.
        listing: ListingId,
        /// How long nothing trades.
        duration: SimDuration,
        /// How long the auction lasts.
        reopening: SimDuration,
    },
    /// Somebody sends a market order that is far too large.
    FatFinger {
        /// Where.
        listing: ListingId,
        /// Whether it buys or sells.
        side: Side,
        /// How much.
        quantity: Quantity,
        /// The name of the account that has sent it.
        name: String,
    },
    /// The value jumps, and goes on from there.
    FundamentalShock {
        /// Whose value.
        instrument: InstrumentId,
        /// By which share of itself.
        change: f64,
    },
    /// An instrument whose value is a feed is quoted outside.
    Quote {
        /// The instrument.
        instrument: InstrumentId,
        /// What it is worth there.
        quote: ValueQuote,
    },
    /// Agents cancel their orders and send none for a time.
    LiquidityWithdrawal {
        /// The names of all of them.
        agents: Vec<String>,
        /// For how long.
        duration: SimDuration,
    },
}

impl EventConfig {
    /// Returns when it begins and when trading is as it was, if it is not over at once.
    pub(super) fn span(&self) -> Option<(SimTime, SimTime)> {
        let end = |span: &SimDuration| self.at.saturating_add(*span);
        match &self.kind {
            EventKind::Halt { duration, reopening, .. } => {
                Some((self.at, end(duration).saturating_add(*reopening)))
            }
            EventKind::LiquidityWithdrawal { duration, .. } => Some((self.at, end(duration))),
            EventKind::FatFinger { .. } | EventKind::FundamentalShock { .. } | EventKind::Quote { .. } => {
                None
            }
        }
    }

    /// Has it happen in a market that is laid out; a shock of a value is part of the value's process.
    pub(super) fn schedule(&self, builder: &mut MarketBuilder) -> Result<(), BuildError> {
        match &self.kind {
            EventKind::Halt { listing, duration, reopening } => {
                let listing = Some(*listing);
                builder.schedule(self.at, ScheduledEvent::Halt { listing });
                let reopen = ScheduledEvent::Reopen { listing, auction: *reopening };
                builder.schedule(self.at.saturating_add(*duration), reopen);
            }
            EventKind::FatFinger { listing, side, quantity, name } => {
                let account = AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() };
                builder.agent(name, ParticipantConfig::new("fat_finger").with_account(account), Desk)?;
                let (participant, terms) = (name.clone(), OrderTerms::market(*side, *quantity));
                builder.schedule(self.at, ScheduledEvent::Submit { participant, listing: *listing, terms });
            }
            EventKind::FundamentalShock { .. } => {}
            EventKind::Quote { instrument, quote } => {
                let (instrument, quote) = (*instrument, *quote);
                builder.schedule(self.at, ScheduledEvent::Quote { instrument, quote });
            }
            EventKind::LiquidityWithdrawal { agents, duration } => {
                // The text is short and has no control characters.
                let Ok(reason) = Reference::new("liquidity_withdrawal") else { return Ok(()) };
                for name in agents {
                    let (participant, reason) = (name.clone(), reason.clone());
                    builder.schedule(self.at, ScheduledEvent::Block { participant, reason });
                    let participant = name.clone();
                    let end = self.at.saturating_add(*duration);
                    builder.schedule(end, ScheduledEvent::Unblock { participant });
                }
            }
        }
        Ok(())
    }
}
