//! [`ClosingState`]: what one day of a market leaves to the next.

use crate::account::{Account, AccountState, FeeState};
use crate::book::BookState;
use crate::market::Reference;
#[cfg(feature = "serde")]
use crate::participant::FIRST_AUCTION_IDS;
use crate::participant::{AccountLimits, HaltState, MarketState, Participant, Seat};
use crate::process::ValueState;
use crate::units::{ActorId, InstrumentId, ListingId, PersonId, SimTime};

/// What a market leaves when it has settled, and the next opens with
/// ([`MarketBuilder::opening`](super::MarketBuilder::opening)): plain data, so that it can be stored between
/// them.
///
/// It has no actor's insides and no random stream: actors begin anew, and what they have stays. Ids of
/// actors, instruments and listings are those of the market that has closed; the next finds its own by the
/// names.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClosingState {
    /// The version of this type, [`ClosingState::VERSION`].
    pub version: u32,
    /// When the market stopped.
    pub at: SimTime,
    /// Whether its day was over by then.
    pub end: MarketEnd,
    /// The id of the next order: none comes twice in a market.
    pub next_order: u64,
    /// The id of the next trade.
    pub next_trade: u64,
    /// The instruments, in the order of their ids.
    pub instruments: Vec<ClosingInstrument>,
    /// The listings, in the order of their ids.
    pub listings: Vec<ClosingListing>,
    /// The participants, in the order of their ids.
    pub participants: Vec<ClosingParticipant>,
    /// What open orders have been charged, and what sets the tiers of fees.
    pub fees: FeeState,
    /// The ids of the next auction between participants and of the next proposal: none comes twice in a
    /// market. Not part of its serialized form, which is older: whoever stores a closing state stores them
    /// beside it.
    #[cfg_attr(feature = "serde", serde(skip, default = "first_auction_ids"))]
    pub next_auction_ids: [u64; 2],
}

/// Returns the ids with which auctions and proposals begin.
#[cfg(feature = "serde")]
const fn first_auction_ids() -> [u64; 2] {
    FIRST_AUCTION_IDS
}

/// Whether a market stopped with its day or within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MarketEnd {
    /// The day was over: what is good for a day has expired, and the next day brings the agents of the
    /// scenario back to what that gives them.
    DayOver,
    /// It was stopped within the day: all orders stay, and everybody has what they had.
    Stopped,
}

/// What an instrument leaves.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClosingInstrument {
    /// Its symbol.
    pub symbol: String,
    /// What its value goes on from, if it has one.
    pub value: Option<ValueState>,
}

/// What a listing leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClosingListing {
    /// The venue's name.
    pub venue: String,
    /// What is traded.
    pub instrument: InstrumentId,
    /// Its book with all orders that stay; absent for a replayed listing, which keeps none.
    pub book: Option<BookState>,
    /// The halt in force, if one is.
    pub halt: Option<HaltState>,
}

/// What a participant leaves.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClosingParticipant {
    /// Its id in the market that has closed.
    pub id: ActorId,
    /// Its name.
    pub name: String,
    /// Its account, with its open orders.
    pub account: AccountState,
    /// What it joined with, if it came from outside; absent for an agent of the scenario.
    pub seat: Option<Seat>,
    /// Why an operator has blocked it, if one has.
    pub blocked: Option<Reference>,
    /// What its actor keeps for its next beginning, if it does.
    pub saved: Option<String>,
    /// What an operator lets it do, if that is limited. Not part of its serialized form, which is older:
    /// whoever stores a closing state stores limits beside it.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub limits: Option<AccountLimits>,
    /// To whom its account belongs, if that was said; stored beside it like limits.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub person: Option<PersonId>,
}

impl ClosingState {
    /// The version of this type that this engine writes and reads.
    pub const VERSION: u32 = 3;

    /// Takes it from a market that has settled.
    pub(super) fn of(state: &mut MarketState, at: SimTime, end: MarketEnd) -> Self {
        let values = state.value_states(at);
        let symbols = state.instruments().map(|instrument| instrument.symbol().to_owned());
        let instruments = symbols.zip(values).map(|(symbol, value)| ClosingInstrument { symbol, value });
        let instruments = instruments.collect();
        let [next_order, next_trade] = state.next_ids();
        Self {
            version: Self::VERSION,
            at,
            end,
            next_order,
            next_trade,
            instruments,
            listings: listings(state),
            participants: state.participants().iter().map(|it| participant(state, it)).collect(),
            fees: state.fee_state(),
            next_auction_ids: state.next_auction_ids(),
        }
    }
}

fn listings(state: &MarketState) -> Vec<ClosingListing> {
    let listed = (0..).map(ListingId::new).zip(state.listings());
    let left = |id| state.left_books().iter().find(|left| left.listing == id);
    listed
        .map(|(id, listing)| ClosingListing {
            venue: state.venue(listing.venue).map_or_else(String::new, |venue| venue.name.clone()),
            instrument: listing.instrument,
            book: left(id).map(|left| left.book.clone()),
            halt: left(id).and_then(|left| left.halt),
        })
        .collect()
}

fn participant(state: &MarketState, participant: &Participant) -> ClosingParticipant {
    ClosingParticipant {
        id: participant.id,
        name: participant.name.clone(),
        account: state.account(participant.id).map_or_else(AccountState::default, Account::state),
        seat: participant.seat.as_deref().cloned(),
        blocked: state.blocked(participant.id).cloned(),
        saved: state.saved(participant.id).map(|saved| saved.to_string()),
        limits: state.limits(participant.id).cloned(),
        person: state.person_of(participant.id),
    }
}
