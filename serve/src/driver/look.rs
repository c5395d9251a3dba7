//! [`Look`]: what can be read of a seat; nothing changes by it.

use std::collections::VecDeque;
use std::sync::Arc;

use bearpit_core::exchange::Market;
use bearpit_core::market::{Instrument, OrderTerms, Refusal};
use bearpit_core::participant::{Answer, Preview};
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, NetQuantity, OrderId, Price, Quantity, SimTime,
};
use tokio::sync::oneshot;

use super::handle::Refused;
use super::status::Unavailable;
use crate::domain::ClientOrderId;
use crate::live::LiveMarket;

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// The account.
    Account,
    /// What the account's gate would make of an order now.
    Preview {
        /// The listing, by its number in the day's market.
        listing: ListingId,
        /// The terms.
        terms: OrderTerms,
    },
    /// What came of the request that was made under an id.
    Known(ClientOrderId),
}

/// What was seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// The account.
    Account(Box<AccountView>),
    /// What the gate would make of the order.
    Preview(Result<Preview, Refusal>),
    /// The answer to the request; absent if there was none under that id, or it has no answer yet.
    Known(Option<Box<Answer>>),
}

/// An account as its gate knows it at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountView {
    /// The moment.
    pub at: SimTime,
    /// The cash, free and held.
    pub cash: Money,
    /// The cash that no open order holds.
    pub free_cash: Money,
    /// Cash plus all holdings at their marks; absent while a holding has none.
    pub equity: Option<Money>,
    /// The cash that the account began with.
    pub opening_cash: Money,
    /// Fees paid less rebates.
    pub fees: Money,
    /// The P&L realized so far, before fees.
    pub realized: Money,
    /// What it holds, or held today.
    pub positions: Vec<PositionView>,
    /// Its open orders.
    pub orders: Vec<OrderProgress>,
    /// Why an operator has blocked it, if one has.
    pub blocked: Option<Arc<str>>,
    /// Whether an operator has sealed it: neither cash nor shares enter or leave it but by trading.
    pub is_sealed: bool,
}

/// A position as its account knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionView {
    /// The instrument's symbol.
    pub symbol: String,
    /// The holding.
    pub holding: NetQuantity,
    /// How many lots may still be sold.
    pub sellable: NetQuantity,
    /// The cost of the open holding, signed like it.
    pub cost: Money,
    /// The P&L realized in it, before fees.
    pub realized: Money,
    /// What it is worth at its mark, if it has one.
    pub worth: Option<Money>,
}

/// How far an open order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderProgress {
    /// The order.
    pub order: OrderId,
    /// Its listing, by its number in the day's market.
    pub listing: ListingId,
    /// What is open, as its owner knows.
    pub leaves: Quantity,
    /// Whether it can build a position; else it only leaves one, as exits and reduce-only orders do.
    pub is_entry: bool,
    /// Whether a cancel is on its way.
    pub cancel_sent: bool,
    /// Whether a replace is on its way.
    pub replace_sent: bool,
    /// The displayed quantity ahead of it in the queue of its price, if it rests.
    pub queue_ahead: Option<Quantity>,
    /// The best trade since its entry, if it is a trailing stop and there was one.
    pub trailing_mark: Option<Price>,
}

/// What is waited for with it.
pub type LookReply = oneshot::Receiver<Result<Seen, Refused>>;

/// The largest account of which a preview is made: it takes a copy.
const PREVIEW_ORDERS_MAX: usize = 10_000;

impl AccountView {
    fn of(market: &Market, owner: ActorId) -> Option<Self> {
        let state = market.world().domain();
        let account = state.account(owner)?;
        let position = |(instrument, known): (InstrumentId, &Instrument)| {
            let position = account.position(instrument);
            PositionView {
                symbol: known.symbol().to_owned(),
                holding: position.holding(),
                sellable: account.sellable(instrument),
                cost: position.cost(),
                realized: position.realized(),
                worth: state.worth(owner, instrument),
            }
        };
        let used = |it: &PositionView| it.holding != NetQuantity::ZERO || it.realized != Money::ZERO;
        let instruments = (0..).map(InstrumentId::new).zip(state.instruments());
        Some(Self {
            at: market.world().now(),
            cash: account.cash(),
            free_cash: account.free_cash(),
            equity: state.equity(owner),
            opening_cash: market.participants().get(participant_index(market, owner)?)?.opening_cash(),
            fees: account.fees(),
            realized: account.realized(),
            positions: instruments.map(position).filter(used).collect(),
            orders: account
                .open_orders()
                .iter()
                .map(|order| OrderProgress {
                    order: order.id,
                    listing: order.listing,
                    leaves: order.leaves,
                    is_entry: !order.leaves_position(),
                    cancel_sent: order.cancel_sent,
                    replace_sent: order.pending.is_some(),
                    queue_ahead: market.queue_ahead(order.listing, order.id),
                    trailing_mark: market.trailing_mark(order.listing, order.id),
                })
                .collect(),
            blocked: state.blocked(owner).map(|reason| Arc::from(reason.as_str())),
            is_sealed: state.limits(owner).is_some_and(|limits| limits.is_sealed),
        })
    }
}

fn participant_index(market: &Market, owner: ActorId) -> Option<usize> {
    market.participants().binary_search_by_key(&owner, |participant| participant.id).ok()
}

impl Look {
    /// Looks, in the name of a seat.
    pub(super) fn at(&self, live: &LiveMarket, seat: &Arc<str>, owner: ActorId) -> Result<Seen, Refused> {
        let market = live.market();
        let none = || Refused::NoSuchSeat(Arc::clone(seat));
        Ok(match self {
            Self::Account => Seen::Account(Box::new(AccountView::of(market, owner).ok_or_else(none)?)),
            Self::Preview { listing, terms } => {
                let account = market.world().domain().account(owner).ok_or_else(none)?;
                if account.open_orders().len() > PREVIEW_ORDERS_MAX {
                    return Err(Refused::TooLargeToPreview);
                }
                Seen::Preview(market.preview(owner, *listing, *terms))
            }
            Self::Known(id) => {
                let answer = live.known(owner, id).and_then(|(_, answer)| answer);
                Seen::Known(answer.cloned().map(Box::new))
            }
        })
    }
}

/// What was seen, until all that it follows from is on disk.
#[derive(Debug, Default)]
pub(super) struct Looks(VecDeque<Untold>);

/// Something that was seen and is not told yet.
#[derive(Debug)]
struct Untold {
    /// Up to where the journal must be synced before.
    place: u64,
    seen: Seen,
    reply: Looker,
}

/// Who waits for what was seen.
pub(super) type Looker = oneshot::Sender<Result<Seen, Refused>>;

impl Looks {
    /// Keeps what was seen until the journal is synced up to a place.
    pub(super) fn hold(&mut self, place: u64, seen: Seen, reply: Looker) {
        self.0.push_back(Untold { place, seen, reply });
    }

    /// Tells what follows from what is synced.
    pub(super) fn tell(&mut self, is_synced: impl Fn(u64) -> bool) {
        while self.0.front().is_some_and(|untold| is_synced(untold.place)) {
            let Some(Untold { seen, reply, .. }) = self.0.pop_front() else { return };
            // Who asked may have gone.
            reply.send(Ok(seen)).unwrap_or_default();
        }
    }

    /// Tells whoever waits that it cannot be said at the moment.
    pub(super) fn refuse(&mut self, why: &Unavailable) {
        for Untold { reply, .. } in self.0.drain(..) {
            reply.send(Err(why.clone().into())).unwrap_or_default();
        }
    }

    /// Forgets all: whoever waits may look again.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
