//! [`Owners`]: whose orders and accounts facts are about.

use bearpit_core::market::{Fact, Trade};
use bearpit_core::units::{ActorId, OrderId, Quantity, SimTime};
use rustc_hash::FxHashMap;

use super::own::{Fill, OwnChange, OwnEvent};

/// Whose orders and accounts the facts of a day are about: those of participants that were assigned to
/// somebody, of which the crowd is none.
#[derive(Debug)]
pub struct Owners<K> {
    /// Of each participant of the day, by its number, whose it is.
    by_actor: Vec<Option<K>>,
    /// The orders of theirs that are open.
    by_order: FxHashMap<OrderId, OpenShare<K>>,
}

#[derive(Debug, Clone, Copy)]
struct OpenShare<K> {
    owner: K,
    leaves: Quantity,
}

impl<K> Default for Owners<K> {
    fn default() -> Self {
        Self { by_actor: Vec::new(), by_order: FxHashMap::default() }
    }
}

impl<K: Copy> Owners<K> {
    /// Begins a day, in which nobody is assigned yet.
    pub fn begin_day(&mut self) {
        self.by_actor.clear();
        self.by_order.clear();
    }

    /// Says whose a participant is.
    pub fn assign(&mut self, id: ActorId, owner: Option<K>) {
        if self.by_actor.len() <= id.index() {
            self.by_actor.resize(id.index() + 1, None);
        }
        self.by_actor[id.index()] = owner;
    }

    /// Returns whose a participant is.
    #[must_use]
    pub fn of(&self, id: ActorId) -> Option<K> {
        self.by_actor.get(id.index()).copied().flatten()
    }

    /// Returns whether a participant, or one with a higher number, was assigned: otherwise it has joined
    /// since.
    #[must_use]
    pub fn knows(&self, id: ActorId) -> bool {
        id.index() < self.by_actor.len()
    }

    /// Hands the events of a fact to whom they concern: a trade is up to two fills, and a swap concerns two.
    pub fn follow(&mut self, at: SimTime, fact: &Fact, take: &mut impl FnMut(K, OwnEvent)) {
        if let Fact::Traded(trade) = fact {
            for fill in fills(trade) {
                self.fill(at, fill, take);
            }
            return;
        }
        if let Fact::Auction(event) = fact {
            let (first, other) = event.concerned();
            let owners = [Some(first), other].into_iter().flatten().filter_map(|id| self.of(id));
            owners.for_each(|owner| take(owner, OwnEvent::new(at, OwnChange::Fact(fact.clone()))));
            return;
        }
        let (order, owner) = concerned(fact);
        let of_order = || Some(self.by_order.get(&order?)?.owner);
        let Some(owner) = owner.map_or_else(of_order, |owner| self.of(owner)) else { return };
        if let Some(order) = order {
            self.note(order, owner, fact);
        }
        take(owner, OwnEvent::new(at, OwnChange::Fact(fact.clone())));
    }

    /// Keeps what is open of an order.
    fn note(&mut self, order: OrderId, owner: K, fact: &Fact) {
        match *fact {
            Fact::OrderAccepted { ref terms, .. } => {
                self.by_order.insert(order, OpenShare { owner, leaves: terms.quantity });
            }
            Fact::OrderReplaced { leaves, .. }
            | Fact::OrderTermsReplaced { leaves, .. }
            | Fact::OrderReduced { leaves, .. }
            | Fact::OrderGrown { leaves, .. }
            | Fact::OrderRestated { leaves, .. } => {
                if let Some(open) = self.by_order.get_mut(&order) {
                    open.leaves = leaves;
                }
            }
            Fact::OrderCanceled { .. } | Fact::OrderExpired { .. } => {
                self.by_order.remove(&order);
            }
            _ => {}
        }
    }

    fn fill(&mut self, at: SimTime, mut fill: Fill, take: &mut impl FnMut(K, OwnEvent)) {
        let Some(open) = self.by_order.get_mut(&fill.order) else { return };
        open.leaves = open.leaves.saturating_sub(fill.quantity);
        fill.leaves = open.leaves;
        let owner = open.owner;
        if fill.leaves.is_zero() {
            self.by_order.remove(&fill.order);
        }
        take(owner, OwnEvent::new(at, OwnChange::Filled(fill)));
    }
}

/// Returns the shares of maker and taker in a trade, without what is left open of them.
fn fills(trade: &Trade) -> [Fill; 2] {
    let [maker_role, taker_role] = trade.roles();
    let made = Fill {
        trade: trade.id,
        order: trade.maker_order,
        listing: trade.listing,
        side: trade.aggressor.opposite(),
        price: trade.price,
        quantity: trade.quantity,
        leaves: Quantity::ZERO,
        liquidity: maker_role,
        fee: trade.maker_fee,
        queue_ahead: Some(trade.maker_queue_ahead),
    };
    let taken = Fill {
        order: trade.taker_order,
        side: trade.aggressor,
        liquidity: taker_role,
        fee: trade.taker_fee,
        queue_ahead: None,
        ..made
    };
    [made, taken]
}

/// Returns the order that an event is about, if it is about one.
pub(super) fn order_of(event: &OwnEvent) -> Option<OrderId> {
    match &event.change {
        OwnChange::DayBegan | OwnChange::Refused(_) => None,
        OwnChange::Named { order, .. } => Some(*order),
        OwnChange::Sent(sent) => Some(sent.order),
        OwnChange::Filled(fill) => Some(fill.order),
        OwnChange::Fact(fact) => concerned(fact).0,
    }
}

/// Returns the order and the account that a fact is about; it is about nobody's own if both are absent.
fn concerned(fact: &Fact) -> (Option<OrderId>, Option<ActorId>) {
    match *fact {
        Fact::OrderAccepted { order, owner, .. }
        | Fact::OrderRejected { order, owner, .. }
        | Fact::CommandRejected { order, owner, .. } => (Some(order), Some(owner)),
        Fact::OrderReplaced { order, .. }
        | Fact::OrderTermsReplaced { order, .. }
        | Fact::OrderRepriced { order, .. }
        | Fact::OrderReduced { order, .. }
        | Fact::OrderGrown { order, .. }
        | Fact::OrderRestated { order, .. }
        | Fact::OrderTriggered { order, .. }
        | Fact::OrderCanceled { order, .. }
        | Fact::OrderExpired { order, .. } => (Some(order), None),
        Fact::OrderRefused { owner, .. }
        | Fact::AccountFinanced { owner, .. }
        | Fact::AccountRuined { owner, .. }
        | Fact::MarginCalled { owner, .. }
        | Fact::MarginCallEnded { owner, .. }
        | Fact::PositionSplit { owner, .. }
        | Fact::AccountPaid { owner, .. }
        | Fact::AccountFunded { owner, .. }
        | Fact::ParticipantBlocked { owner, .. }
        | Fact::ParticipantUnblocked { owner }
        | Fact::ParticipantReseated { owner, .. } => (None, Some(owner)),
        Fact::AccountOpened(ref opening) => (None, Some(opening.owner)),
        Fact::AccountMarked(ref mark) => (None, Some(mark.owner)),
        Fact::Logged { actor, .. }
        | Fact::Plotted { actor, .. }
        | Fact::Recorded { actor, .. }
        | Fact::StrategyFailed { actor, .. } => (None, Some(actor)),
        Fact::Auction(ref event) => (None, Some(event.concerned().0)),
        // Owners are not told that the next part of an iceberg is displayed.
        Fact::OrderRefreshed { .. }
        | Fact::Traded(_)
        | Fact::PhaseChanged { .. }
        | Fact::TradingHalted { .. }
        | Fact::HaltLifted { .. }
        | Fact::IndicativeChanged { .. }
        | Fact::AuctionUncrossed { .. }
        | Fact::TouchChanged { .. }
        | Fact::PriceMoved { .. }
        | Fact::BarReplayed { .. }
        | Fact::CorporateAction { .. }
        | Fact::ContractCleared { .. }
        | Fact::ValueQuoted { .. }
        | Fact::BarClosed { .. } => (None, None),
    }
}
