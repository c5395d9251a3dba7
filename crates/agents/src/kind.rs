//! [`AgentKind`]: a kind of agent as data, and how it is built from values.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bearpit_core::account::Credit;
use bearpit_core::market::Instrument;
use bearpit_core::params::{ParamError, ParamErrors, ParamSpec, Values};
use bearpit_core::participant::{AnyTrader, Latencies};
use bearpit_core::replay::{ReplayConfig, TickConfig};
use bearpit_core::units::{ListingId, SimTime};

/// A kind of agent: its name, its parameters, its account, and how it is built from values.
///
/// ```
/// use bearpit_agents::{AgentKind, AgentSite, KINDS, Shared};
/// use bearpit_core::market::Instrument;
/// use bearpit_core::params::Values;
/// use bearpit_core::units::{Decimal, ListingId, Quantity};
///
/// let noise: &AgentKind = KINDS.iter().find(|kind| kind.name == "noise").ok_or("no such kind")?;
/// let values = Values::new().with("max_quantity", Quantity::new(10)).with("depth", Decimal::new(5, 2));
/// let acme = Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?;
/// let site = AgentSite::new(ListingId::new(0), &acme);
/// let configured = (noise.configure)(&values.complete(noise.params)?, &site)?;
/// let trader = configured.actor(&mut Shared::default());
/// assert!(trader.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct AgentKind {
    /// Its name in scenario files.
    pub name: &'static str,
    /// What it does, in full sentences, with its source.
    pub doc: &'static str,
    /// Its parameters, in the order of the documentation.
    pub params: &'static [ParamSpec],
    /// Keys that it had once, and what to do instead.
    pub retired: &'static [RetiredParam],
    /// What its account may do, and whether it is recorded.
    pub account: AccountDefaults,
    /// Which listing it trades at if several fit.
    pub listing: ListingChoice,
    /// Whether a listing can have one such agent at most.
    pub is_exclusive: bool,
    /// Builds it from values that [`Values::complete`] has accepted.
    pub configure: Configure,
}

impl AgentKind {
    /// Makes a kind whose agents trade at one listing, any number of them, and which never had other keys.
    pub(crate) const fn at_one_listing(
        account: AccountDefaults,
        name: &'static str,
        doc: &'static str,
        params: &'static [ParamSpec],
        configure: Configure,
    ) -> Self {
        let listing = ListingChoice::Only;
        Self { name, doc, params, retired: &[], account, listing, is_exclusive: false, configure }
    }
}

/// Builds an agent of one kind from its values.
///
/// # Errors
/// Values that do not go together, or with the place where the agent is to trade.
pub type Configure = fn(&Values, &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors>;

/// A key that a kind had once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetiredParam {
    /// The key.
    pub name: &'static str,
    /// What to do instead.
    pub help: &'static str,
    /// Whether a scenario that has it is refused; else it is passed over with a warning.
    pub is_error: bool,
}

/// What the account of a kind may do, and whether it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountDefaults {
    /// Whether its orders must be covered.
    pub credit: Credit,
    /// Whether its account is marked to market and recorded.
    pub is_tracked: bool,
}

/// Which listing an agent trades at if several fit what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingChoice {
    /// It must say which.
    Only,
    /// The first; it can trade at others too.
    First,
    /// All listings of one instrument, of which the first is its own.
    Instrument,
}

/// What an agent may know of the place where it is to trade.
#[derive(Debug, Clone, Copy)]
pub struct AgentSite<'a> {
    /// The listing.
    pub listing: ListingId,
    /// The instrument listed there.
    pub instrument: &'a Instrument,
    /// Whether the instrument has a value process.
    pub has_value: bool,
    /// The venue.
    pub venue: SiteVenue<'a>,
    /// All venues that list the instrument, this one among them; empty if they are not known.
    pub instrument_venues: &'a [InstrumentVenue<'a>],
    /// The agent's own latencies.
    pub latencies: &'a Latencies,
    /// First and last instant of the scenario, if they are known.
    pub span: Option<SiteSpan>,
    /// The scenario's clock, if it can be compared with those of zones.
    pub clock: Option<&'a dyn SiteClock>,
}

/// What clocks elsewhere show.
pub trait SiteClock: fmt::Debug {
    /// Returns how the times of the scenario's clock are read on that of a zone.
    ///
    /// # Errors
    /// Why that is not known, as a sentence.
    fn local(&self, zone: &str) -> Result<LocalClock<'_>, String>;
}

/// From a time of the scenario's clock to what another clock shows then.
pub type LocalClock<'a> = Box<dyn Fn(SimTime) -> SimTime + 'a>;

/// What an agent may know of the venue where it is to trade.
#[derive(Debug, Clone, Copy)]
pub struct SiteVenue<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it has a calendar of sessions.
    pub has_sessions: bool,
    /// Its latencies.
    pub latencies: &'a Latencies,
}

/// First and last instant of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteSpan {
    /// The first.
    pub start: SimTime,
    /// The last.
    pub end: SimTime,
}

/// A venue that lists an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstrumentVenue<'a> {
    /// Its name.
    pub name: &'a str,
    /// The listing there.
    pub listing: ListingId,
}

impl<'a> AgentSite<'a> {
    /// Describes a listing of an instrument without a value process, at a venue without sessions and
    /// latencies.
    #[must_use]
    pub const fn new(listing: ListingId, instrument: &'a Instrument) -> Self {
        let venue = SiteVenue { name: "venue", has_sessions: false, latencies: &Latencies::NONE };
        Self {
            listing,
            instrument,
            has_value: false,
            venue,
            instrument_venues: &[],
            latencies: &Latencies::NONE,
            span: None,
            clock: None,
        }
    }
}

/// An agent whose parameters are known to be right; any number of actors can be made from it.
pub trait ConfiguredAgent: fmt::Debug + Any + Send + Sync {
    /// Makes an actor; `shared` is what the agents of its world have in common. `None` if it is no
    /// participant, but a part of its listing.
    fn actor(&self, shared: &mut Shared) -> Option<AnyTrader>;

    /// Returns the bars that are replayed at its listing in the place of a book, if it is that.
    fn replay(&self) -> Option<&ReplayConfig> {
        None
    }

    /// Returns the trades and quotes that are replayed at its listing in the place of a book, if it is that.
    fn tick_replay(&self) -> Option<&TickConfig> {
        None
    }

    /// Returns whether its actor enters the orders of a file, which stand for the rest of the world.
    fn replays_orders(&self) -> bool {
        false
    }

    /// Returns what is odd about its values, but not wrong.
    fn warnings(&self) -> Vec<ParamError> {
        Vec::new()
    }

    /// Returns the files that it has read besides those that its parameters name.
    fn further_inputs(&self) -> Vec<FurtherInput<'_>> {
        Vec::new()
    }
}

/// A file that an agent has read besides those that its parameters name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FurtherInput<'a> {
    /// The name under which it was asked for, the same on every machine.
    pub name: &'a str,
    /// Its content.
    pub content: &'a [u8],
}

/// What the agents of one world have in common, one value of each type; such as compiled scripts.
#[derive(Debug, Default)]
pub struct Shared {
    values: Vec<Box<dyn Any>>,
}

impl Shared {
    /// Returns the value of a type, which is made on first use.
    pub fn get<T: Any + Default + Clone>(&mut self) -> T {
        if let Some(found) = self.values.iter().find_map(|value| value.downcast_ref::<T>()) {
            return found.clone();
        }
        let made = T::default();
        self.values.push(Box::new(made.clone()));
        made
    }
}

impl fmt::Debug for AgentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentKind").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;
    use crate::KINDS;

    #[test]
    fn names_of_kinds_and_of_their_parameters_are_unique_and_documented() {
        for (index, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..index].iter().all(|other| other.name != kind.name), "{}", kind.name);
            assert!(kind.doc.ends_with('.'), "{}", kind.name);
            for (index, spec) in kind.params.iter().enumerate() {
                assert!(kind.params[..index].iter().all(|other| other.name != spec.name), "{}", spec.name);
                assert!(!spec.doc.is_empty() && !spec.doc.ends_with('.'), "{}: {}", kind.name, spec.name);
            }
            let is_taken = |name| kind.params.iter().any(|spec| spec.name == name);
            assert!(kind.retired.iter().all(|retired| !is_taken(retired.name)), "{}", kind.name);
        }
    }

    #[test]
    fn agents_of_one_world_share_one_value_of_a_type() {
        let mut shared = Shared::default();
        shared.get::<Rc<Cell<u8>>>().set(7);
        assert_eq!(shared.get::<Rc<Cell<u8>>>().get(), 7);
        assert_eq!(shared.get::<Rc<Cell<u16>>>().get(), 0);
    }
}
