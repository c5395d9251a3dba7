//! What a market and its participants are laid out from.

use crate::account::{AccountConfig, AccountError, AccountState, Credit};
use crate::kernel::{ActorSpec, Join};
use crate::market::{BarInterval, FeeSchedule, Instrument, Listing};
use crate::process::Value;
use crate::units::{ActorId, InstrumentId, Money, NetQuantity, SimDuration};

use super::links::Latencies;
use super::private_auctions::AuctionRules;

/// What a market is laid out from: instruments with their value processes, venues, listings.
#[derive(Debug)]
pub struct MarketConfig {
    /// The instruments, each with its value process if it has one.
    pub instruments: Vec<(Instrument, Option<Value>)>,
    /// The venues.
    pub venues: Vec<VenueConfig>,
    /// The listings, in the order of their ids.
    pub listings: Vec<Listing>,
    /// The interval of the bars that are recorded.
    pub bar_interval: BarInterval,
    /// How many messages one agent may answer at one instant with messages that arrive at that same instant.
    pub instant_answers_max: u64,
    /// What participants may do in auctions between them; nothing if absent.
    pub auctions: Option<AuctionRules>,
}

impl MarketConfig {
    /// How many messages an agent may answer at one instant unless something else is said: far more than
    /// agents do that let time pass, and reached within a second or two.
    pub const INSTANT_ANSWERS_MAX: u64 = 250_000;
}

impl Default for MarketConfig {
    fn default() -> Self {
        Self {
            instruments: Vec::new(),
            venues: Vec::new(),
            listings: Vec::new(),
            bar_interval: BarInterval::default(),
            instant_answers_max: Self::INSTANT_ANSWERS_MAX,
            auctions: None,
        }
    }
}

/// A venue as its customers know it.
#[derive(Debug, Clone, PartialEq)]
pub struct VenueConfig {
    /// Its name.
    pub name: String,
    /// What it charges.
    pub fees: FeeSchedule,
    /// Its end of the links.
    pub latencies: Latencies,
    /// How long it takes over each command, one after another.
    pub processing: SimDuration,
}

/// What a participant is, and has when it joins.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ParticipantConfig {
    /// The kind of its actor, for summaries.
    pub kind: String,
    /// Its account.
    pub account: AccountConfig,
    /// Its end of the links.
    pub latencies: Latencies,
}

impl ParticipantConfig {
    /// Describes a participant of `kind` with an empty account and no latency.
    #[must_use]
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }

    /// Sets what its account starts with.
    #[must_use]
    pub fn with_account(self, account: AccountConfig) -> Self {
        Self { account, ..self }
    }

    /// Sets its end of the latencies.
    #[must_use]
    pub fn with_latencies(self, latencies: Latencies) -> Self {
        Self { latencies, ..self }
    }

    /// Checks that the account begins with no position in a future, and on margin with nothing whose prices
    /// may be negative.
    pub(crate) fn check_holdings<'a>(
        &self,
        instrument: impl Fn(InstrumentId) -> Option<&'a Instrument>,
    ) -> Result<(), AccountError> {
        let is_on_margin = matches!(self.account.credit, Credit::Margin(_));
        for (id, _) in self.account.holdings.iter().filter(|(_, quantity)| !quantity.is_zero()) {
            let Some(instrument) = instrument(*id) else { continue };
            if instrument.is_future() {
                return Err(AccountError::FutureHolding(*id));
            }
            if is_on_margin && instrument.may_be_negative() {
                return Err(AccountError::NegativeOnMargin(*id));
            }
        }
        Ok(())
    }
}

/// What an actor is to the market.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "made once for each actor, and not kept")]
pub enum Role {
    /// Part of the market itself, such as a venue: it has nothing and trades nothing.
    House,
    /// A participant.
    Participant(ParticipantConfig),
}

/// What a participant that came from outside joined with.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Seat {
    /// What its actor is built from.
    pub spec: ActorSpec,
    /// What it is, and what it brought along.
    pub config: ParticipantConfig,
}

/// A participant of the market, with what it began with.
#[derive(Debug, Clone, PartialEq)]
pub struct Participant {
    /// Its actor, and account.
    pub id: ActorId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// How its account was configured, with what it began with unless it was carried over.
    pub account: AccountConfig,
    /// What each of its holdings was worth when it joined. Absent where the instrument had no mark yet, and
    /// for participants of the opening: those holdings count what they were first marked at.
    pub joined_costs: Vec<Option<Money>>,
    /// Its seat, if it joined a running market, today or on an earlier day: a person or program from outside,
    /// and no agent of the scenario.
    pub seat: Option<Box<Seat>>,
    /// What its account had when it was carried over from the market's last day, if it was; its orders are
    /// left out.
    pub carried: Option<Box<AccountState>>,
}

impl Participant {
    /// Notes what it has joined with.
    pub(super) fn take_seat(&mut self, join: &Join<Role>) {
        if let Role::Participant(config) = &join.config {
            self.seat = Some(Box::new(Seat { spec: join.spec.clone(), config: config.clone() }));
        }
    }

    /// Returns the cash that its account had at the start, or when it joined.
    #[must_use]
    pub fn opening_cash(&self) -> Money {
        self.carried.as_ref().map_or(self.account.cash, |carried| carried.cash)
    }

    /// Returns what its account held at the start, or when it joined.
    pub fn opening_holdings(&self) -> impl Iterator<Item = (InstrumentId, NetQuantity)> {
        let configured = self.account.holdings.iter().filter(|_| self.carried.is_none());
        let configured = configured.map(|(instrument, quantity)| (*instrument, quantity.net()));
        let positions = self.carried.iter().flat_map(|carried| &carried.positions);
        let held = positions.filter(|position| position.holding != NetQuantity::ZERO);
        configured.chain(held.map(|position| (position.instrument, position.holding)))
    }
}
