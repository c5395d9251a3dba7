//! A [`ClosingState`] in the ids of the market that opens with it, checked, and brought into that market.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::closing::{ClosingListing, ClosingParticipant, ClosingState, MarketEnd};
use crate::account::{AccountConfig, AccountError, AccountOrder, AccountState, FeeState};
use crate::book::{BookOrder, BookState};
use crate::kernel::JoinRefusal;
use crate::market::{AccountOpening, Fact, Funding, Reference, Transfer};
use crate::participant::{HaltState, MarketState};
use crate::process::ValueState;
use crate::units::{ActorId, InstrumentId, ListingId, Money, NetQuantity, OrderId, SimTime, VenueId};

/// Says why a market cannot open with what the last one left.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpeningError {
    /// The state was written by another version of the engine.
    #[error("the opening state has version {found}, and this engine reads version {known}", known = ClosingState::VERSION)]
    Version {
        /// Its version.
        found: u32,
    },
    /// The market would open before the last one stopped.
    #[error("the market would open at {open}, before the last one stopped at {stopped}")]
    TooEarly {
        /// The opening.
        open: SimTime,
        /// When the last one stopped.
        stopped: SimTime,
    },
    /// An account holds an instrument that the market does not have.
    #[error("{participant:?} holds {symbol}, which the market does not have")]
    UnknownInstrument {
        /// The account.
        participant: String,
        /// The instrument.
        symbol: String,
    },
    /// Orders are open at a listing that the market does not have, or that is replayed there.
    #[error("orders are open for {symbol} at {venue}, where the market has no book")]
    UnknownListing {
        /// The instrument.
        symbol: String,
        /// The venue.
        venue: String,
    },
    /// The actor of a participant from outside cannot be built again.
    #[error("{participant:?} cannot be seated again: {cause}")]
    Seat {
        /// The participant.
        participant: String,
        /// Why.
        #[source]
        cause: JoinRefusal<AccountError>,
    },
    /// The value of an instrument would go on by a process of another kind, for which what the last one left
    /// means nothing.
    #[error(
        "the value of {symbol} was that of a process of kind `{before}` when the last market stopped, and would go on \
         by one of kind `{now}`: give it the kind `{before}` again, or open a new market, which begins with no opening state"
    )]
    ProcessKind {
        /// The instrument.
        symbol: String,
        /// The kind that it had.
        before: String,
        /// The kind that it has now.
        now: &'static str,
    },
    /// Books and accounts do not agree on an order: the state was not left by a market.
    #[error("the books and accounts of the opening state do not agree on order {0}")]
    Inconsistent(OrderId),
    /// Something names an instrument, listing or participant that the state does not have.
    #[error("the opening state is not complete: {0}")]
    Incomplete(&'static str),
}

/// What the market that opens is laid out of, as far as the last one's state refers to it.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) open: SimTime,
    /// By instrument.
    pub(super) symbols: Vec<&'a str>,
    /// Venue, instrument and whether there is a book, by listing.
    pub(super) listings: Vec<(&'a str, InstrumentId, bool)>,
    /// By venue.
    pub(super) venues: Vec<&'a str>,
    /// The agents of the scenario, in the order of their ids.
    pub(super) agents: Vec<&'a str>,
    /// The id of the first of them.
    pub(super) first_agent: u32,
}

/// What a market opens with.
#[derive(Debug)]
pub(super) struct Opening {
    stopped: SimTime,
    end: MarketEnd,
    next_ids: [u64; 2],
    next_auction_ids: [u64; 2],
    values: Vec<Option<ValueState>>,
    books: BTreeMap<ListingId, ResumedBook>,
    /// Agents of the scenario that were there before, in the order of their ids.
    agents: Vec<ClosingParticipant>,
    /// Participants from outside, in the order of their ids, which follow those of the agents.
    guests: Vec<ClosingParticipant>,
    fees: FeeState,
}

/// A book that goes on, and the halt that it was in.
#[derive(Debug, Clone)]
pub(super) struct ResumedBook {
    pub(super) state: BookState,
    pub(super) halt: Option<HaltState>,
}

/// From the ids of the last market to those of the next, by name.
struct Renumbering {
    instruments: Vec<Option<InstrumentId>>,
    listings: Vec<Option<ListingId>>,
    actors: BTreeMap<ActorId, ActorId>,
}

impl Opening {
    /// Checks what the last market left, and brings it into the ids of the next.
    pub(super) fn new(state: ClosingState, layout: &Layout<'_>) -> Result<Self, OpeningError> {
        if state.version != ClosingState::VERSION {
            return Err(OpeningError::Version { found: state.version });
        }
        if layout.open < state.at {
            return Err(OpeningError::TooEarly { open: layout.open, stopped: state.at });
        }
        check_orders(&state)?;
        let ids = Renumbering::new(&state, layout)?;
        let mut values = vec![None; layout.symbols.len()];
        for (instrument, new) in state.instruments.iter().zip(&ids.instruments) {
            if let Some(new) = new {
                values[new.index()].clone_from(&instrument.value);
            }
        }
        let (mut agents, mut guests) = (Vec::new(), Vec::new());
        for participant in &state.participants {
            let Some(participant) = ids.participant(participant, &state)? else { continue };
            if participant.seat.is_some() { guests.push(participant) } else { agents.push(participant) }
        }
        agents.sort_unstable_by_key(|agent| agent.id);
        let fees = ids.fees(state.fees.clone(), &state, layout);
        let books = ids.books(&state, layout)?;
        let next_ids = [state.next_order, state.next_trade];
        Ok(Self {
            stopped: state.at,
            end: state.end,
            next_ids,
            next_auction_ids: state.next_auction_ids,
            values,
            books,
            agents,
            guests,
            fees,
        })
    }

    /// Returns what an instrument's value goes on from.
    pub(super) fn value(&self, instrument: usize) -> Option<&ValueState> {
        self.values.get(instrument)?.as_ref()
    }

    /// Returns the book of a listing as it goes on.
    pub(super) fn book(&self, listing: ListingId) -> Option<&ResumedBook> {
        self.books.get(&listing)
    }

    /// Returns the participants from outside, in the order of their ids.
    pub(super) fn guests(&self) -> &[ClosingParticipant] {
        &self.guests
    }

    /// Brings accounts and ids into the market, before it opens.
    pub(super) fn restore_accounts(&self, state: &mut MarketState, open: SimTime) {
        let agents = self.agents.iter().filter(|_| self.end == MarketEnd::Stopped);
        let restored: Vec<&ClosingParticipant> = agents.chain(&self.guests).collect();
        let all: Vec<ActorId> = state.participants().iter().map(|participant| participant.id).collect();
        for owner in all {
            match restored.iter().find(|participant| participant.id == owner) {
                Some(participant) => {
                    state.restore_account(owner, participant.account.clone(), participant.seat.clone());
                }
                None => state.accrue_from(owner, open),
            }
        }
    }

    /// Brings ids, fees and interest into the market, and says on its tape what it begins with.
    pub(super) fn finish(self, state: &mut MarketState) {
        state.restore_ledgers(self.next_ids, self.fees, self.stopped);
        state.restore_auction_ids(self.next_auction_ids);
        let mut facts = Vec::new();
        if self.end == MarketEnd::DayOver {
            self.agents.iter().for_each(|agent| bring_back(agent, state, &mut facts));
        }
        let carried = || self.agents.iter().chain(&self.guests);
        facts.extend(carried().filter_map(|carried| opened(carried.id, state)));
        for (owner, reason) in carried().filter_map(|carried| Some((carried.id, carried.blocked.clone()?))) {
            state.restore_block(owner, reason.clone());
            facts.push(Fact::ParticipantBlocked { owner, reason });
        }
        for (owner, limits) in carried().filter_map(|carried| Some((carried.id, carried.limits.clone()?))) {
            state.limit(owner, limits);
        }
        for (owner, person) in carried().filter_map(|carried| Some((carried.id, carried.person?))) {
            state.identify(owner, person);
        }
        for (id, saved) in carried().filter_map(|carried| Some((carried.id, carried.saved.as_deref()?))) {
            state.restore_saved(id, saved.into());
        }
        state.open_with(facts);
    }
}

/// Returns what an account that was carried over begins with.
fn opened(owner: ActorId, state: &MarketState) -> Option<Fact> {
    let participant = state.participants().iter().find(|participant| participant.id == owner)?;
    Some(Fact::AccountOpened(AccountOpening {
        owner,
        name: participant.name.as_str().into(),
        kind: participant.kind.as_str().into(),
        cash: participant.opening_cash(),
        holdings: participant.opening_holdings().collect(),
    }))
}

/// What the transfers refer to that bring an agent back to what its scenario gives it.
const BACK_TO_SCENARIO: &str = "day opening: back to the scenario";

/// Books what brings an agent back to what the scenario gives it.
fn bring_back(agent: &ClosingParticipant, state: &mut MarketState, facts: &mut Vec<Fact>) {
    let Ok(reference) = Reference::new(BACK_TO_SCENARIO) else { return };
    let known = state.participants().iter().find(|participant| participant.id == agent.id);
    let Some(config) = known.map(|participant| participant.account.clone()) else { return };
    let cash = config.cash - agent.account.cash;
    let cash = (cash != Money::ZERO).then_some(Transfer::Cash(cash));
    for transfer in cash.into_iter().chain(shares_to(&config, &agent.account)) {
        let funding = Funding { transfer, reference: reference.clone() };
        state.note_restored(&funding);
        facts.push(Fact::AccountFunded { owner: agent.id, funding });
    }
}

/// Returns the shares that are moved to an account that held others than it is configured with.
fn shares_to(config: &AccountConfig, held: &AccountState) -> Vec<Transfer> {
    let mut moved: BTreeMap<InstrumentId, NetQuantity> = BTreeMap::new();
    for (instrument, quantity) in &config.holdings {
        moved.insert(*instrument, quantity.net());
    }
    for position in &held.positions {
        let moved = moved.entry(position.instrument).or_insert(NetQuantity::ZERO);
        *moved = *moved - position.holding;
    }
    let moved = moved.into_iter().filter(|(_, quantity)| *quantity != NetQuantity::ZERO);
    moved.map(|(instrument, quantity)| Transfer::Shares { instrument, quantity }).collect()
}

impl Renumbering {
    fn new(state: &ClosingState, layout: &Layout<'_>) -> Result<Self, OpeningError> {
        let instrument = |symbol: &str| {
            let found = layout.symbols.iter().zip(0..).find(|(known, _)| **known == symbol);
            found.map(|(_, index)| InstrumentId::new(index))
        };
        let instruments: Vec<Option<InstrumentId>> =
            state.instruments.iter().map(|it| instrument(&it.symbol)).collect();
        let mut listings = Vec::new();
        for listing in &state.listings {
            let traded = instruments.get(listing.instrument.index());
            let traded = *traded.ok_or(OpeningError::Incomplete("a listing has no instrument"))?;
            let is_same = |(venue, instrument, _): &(&str, InstrumentId, bool)| {
                *venue == listing.venue && Some(*instrument) == traded
            };
            let found = layout.listings.iter().zip(0..).find(|(known, _)| is_same(known));
            listings.push(found.map(|(_, index)| ListingId::new(index)));
        }
        let agents: BTreeMap<&str, u32> = layout.agents.iter().copied().zip(layout.first_agent..).collect();
        let mut next_guest = layout.first_agent + u32::try_from(layout.agents.len()).unwrap_or(u32::MAX);
        let mut actors = BTreeMap::new();
        for participant in &state.participants {
            let new = if participant.seat.is_some() {
                next_guest += 1;
                Some(next_guest - 1)
            } else {
                agents.get(participant.name.as_str()).copied()
            };
            if let Some(new) = new {
                actors.insert(participant.id, ActorId::new(new));
            }
        }
        Ok(Self { instruments, listings, actors })
    }

    /// Returns a participant with its new ids; none if it was an agent that the scenario no longer has.
    fn participant(
        &self,
        participant: &ClosingParticipant,
        state: &ClosingState,
    ) -> Result<Option<ClosingParticipant>, OpeningError> {
        let Some(id) = self.actors.get(&participant.id) else { return Ok(None) };
        let mut renumbered = ClosingParticipant { id: *id, ..participant.clone() };
        renumbered.account.positions.clear();
        for position in &participant.account.positions {
            let known = self.instruments.get(position.instrument.index());
            match known.ok_or(OpeningError::Incomplete("a position has no instrument"))? {
                Some(instrument) => {
                    let position = crate::account::PositionState { instrument: *instrument, ..*position };
                    renumbered.account.positions.push(position);
                }
                // What was realized there stays in the cash.
                None if position.holding == NetQuantity::ZERO => {}
                None => {
                    return Err(OpeningError::UnknownInstrument {
                        participant: participant.name.clone(),
                        symbol: state.instruments[position.instrument.index()].symbol.clone(),
                    });
                }
            }
        }
        for order in &mut renumbered.account.orders {
            order.listing = self.listing(order.listing, state)?;
        }
        if let Some(seat) = &mut renumbered.seat {
            self.renumber_config(&mut seat.config.account);
        }
        Ok(Some(renumbered))
    }

    /// Brings the configuration of an account into the new ids; what it says of instruments that are gone
    /// goes, too.
    fn renumber_config(&self, config: &mut AccountConfig) {
        for named in [&mut config.holdings, &mut config.max_short] {
            let new = |id: InstrumentId| self.instruments.get(id.index()).copied().flatten();
            *named = named.iter().filter_map(|(id, lots)| new(*id).map(|id| (id, *lots))).collect();
        }
    }

    fn listing(&self, old: ListingId, state: &ClosingState) -> Result<ListingId, OpeningError> {
        let known =
            self.listings.get(old.index()).ok_or(OpeningError::Incomplete("an order has no listing"))?;
        known.ok_or_else(|| unknown_listing(&state.listings[old.index()], state))
    }

    /// Returns the books in the new ids, without orders of agents that the scenario no longer has.
    fn books(
        &self,
        state: &ClosingState,
        layout: &Layout<'_>,
    ) -> Result<BTreeMap<ListingId, ResumedBook>, OpeningError> {
        let mut books = BTreeMap::new();
        for (listing, new) in state.listings.iter().zip(&self.listings) {
            let Some(book) = &listing.book else { continue };
            let owned = book.orders.iter().filter_map(|order| {
                let owner = *self.actors.get(&order.owner)?;
                Some(BookOrder { owner, ..*order })
            });
            let orders: Vec<BookOrder> = owned.collect();
            let has_book = new.is_some_and(|new| layout.listings[new.index()].2);
            match new.filter(|_| has_book) {
                Some(new) => {
                    let state = BookState { orders, ..book.clone() };
                    books.insert(new, ResumedBook { state, halt: listing.halt });
                }
                None if orders.is_empty() => {}
                None => return Err(unknown_listing(listing, state)),
            }
        }
        Ok(books)
    }

    /// Brings the ledger of fees into the new ids.
    fn fees(&self, fees: FeeState, state: &ClosingState, layout: &Layout<'_>) -> FeeState {
        // Venues are named by their listings, in the order of their ids.
        let mut names: Vec<&str> = state.listings.iter().map(|listing| listing.venue.as_str()).collect();
        names.dedup();
        let venue = |old: VenueId| {
            let name = names.get(old.index())?;
            let found = layout.venues.iter().zip(0..).find(|(known, _)| *known == name);
            found.map(|(_, index)| VenueId::new(index))
        };
        let actor = |old: &ActorId| self.actors.get(old).copied();
        let at_venues = fees.at_venues.into_iter();
        let of_accounts = fees.of_accounts.into_iter();
        FeeState {
            orders: fees.orders,
            at_venues: at_venues.filter_map(|(at, of, sum)| Some((venue(at)?, actor(&of)?, sum))).collect(),
            of_accounts: of_accounts.filter_map(|(of, sum)| Some((actor(&of)?, sum))).collect(),
        }
    }
}

fn unknown_listing(listing: &ClosingListing, state: &ClosingState) -> OpeningError {
    let symbol = state.instruments.get(listing.instrument.index()).map_or("", |it| it.symbol.as_str());
    OpeningError::UnknownListing { symbol: symbol.to_owned(), venue: listing.venue.clone() }
}

/// Checks that books and accounts have the same orders, each once, with ids that were given.
fn check_orders(state: &ClosingState) -> Result<(), OpeningError> {
    let mut resting = BTreeMap::new();
    for (listing, place) in state.listings.iter().zip((0..).map(ListingId::new)) {
        for order in listing.book.iter().flat_map(|book| &book.orders) {
            let is_new = resting.insert(order.id, (place, order)).is_none();
            let is_fit = !order.displayed.is_zero() && order.id.get() < state.next_order;
            if !(is_new && is_fit && agrees_with_itself(order)) {
                return Err(OpeningError::Inconsistent(order.id));
            }
        }
    }
    let mut owned = BTreeSet::new();
    for participant in &state.participants {
        let orders = &participant.account.orders;
        let ascend = orders.windows(2).find(|pair| pair[0].id >= pair[1].id);
        if let Some([_, later]) = ascend {
            return Err(OpeningError::Inconsistent(later.id));
        }
        for order in orders {
            let agrees = match resting.get(&order.id) {
                Some((listing, rests)) => agree(participant.id, order, *listing, rests),
                None => order.awaits_entry.is_some_and(|entry| resting.contains_key(&entry)),
            };
            if !(agrees && owned.insert(order.id)) {
                return Err(OpeningError::Inconsistent(order.id));
            }
        }
    }
    let unowned = resting.keys().find(|id| !owned.contains(id));
    unowned.map_or(Ok(()), |id| Err(OpeningError::Inconsistent(*id)))
}

/// Returns whether an order could be one of a book.
fn agrees_with_itself(order: &BookOrder) -> bool {
    let lots = order.leaves().lots().checked_add(order.filled.lots());
    lots.is_some_and(|lots| lots <= crate::units::Quantity::MAX_LOTS * 2)
}

/// Returns whether an account and a book have the same of an order.
fn agree(owner: ActorId, order: &AccountOrder, listing: ListingId, rests: &BookOrder) -> bool {
    let (leaves, side) = (rests.leaves(), rests.terms.side);
    rests.owner == owner
        && order.listing == listing
        && order.leaves == leaves
        && order.side == side
        && order.partner == rests.partner
}
