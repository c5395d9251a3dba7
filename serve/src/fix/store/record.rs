//! [`Record`]: what is written of a session; [`SessionState`]: what follows from all of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::fix::orders::OrderState;

/// How many names of orders that are over are kept.
const NAMES_MAX: usize = 10_000;

/// How far the feed of the account has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::fix) struct FeedPlace {
    /// The epoch of the feed's numbers, in nanoseconds.
    pub(in crate::fix) epoch: i64,
    /// The number of the next event.
    pub(in crate::fix) next: u64,
}

/// Something that is written of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::fix) enum Record {
    /// All of it, at the beginning of a file.
    Whole(Box<SessionState>),
    /// A message of the application, which is sent again if it is asked for.
    Message {
        /// Its number.
        number: u64,
        /// When it was sent, or would have been.
        at: i64,
        /// Its type.
        kind: String,
        /// Its fields.
        body: String,
    },
    /// The numbers of the next messages.
    Numbers {
        /// Of the other side's.
        incoming: u64,
        /// Of ours.
        outgoing: u64,
    },
    /// Both sides count from one again.
    Reset,
    /// Numbers below this may have been used once the record is on disk.
    Reserved(u64),
    /// How far the feed has been told.
    Feed(FeedPlace),
    /// An order as it is now, by its number.
    Order(u64, Box<OrderState>),
    /// An order is over.
    Over(u64),
    /// Whether orders are canceled when the connection ends.
    Cancels(bool),
    /// The connection has ended: what follows was sent to nobody. None once somebody is there.
    Away(Option<u64>),
    /// The process that wrote before has let go of the file, and all of it is on disk.
    Closed,
    /// Another process begins to write, on a system that was started under this name.
    Opened(String),
    /// The orders that are to be canceled since the connection has ended.
    Leaving(BTreeSet<u64>),
}

/// What follows from all that was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::fix) struct SessionState {
    /// The number of the other side's next message.
    pub(in crate::fix) incoming: u64,
    /// The number of our next message.
    pub(in crate::fix) outgoing: u64,
    /// Numbers below this may have been used.
    pub(in crate::fix) reserved: u64,
    /// How far the feed has been told.
    pub(in crate::fix) feed: Option<FeedPlace>,
    /// The orders that are open or on their way.
    pub(in crate::fix) orders: BTreeMap<u64, OrderState>,
    /// The names of orders that are over, with their numbers, the newest last.
    pub(in crate::fix) names: VecDeque<(String, u64)>,
    /// Whether orders are canceled when the connection ends.
    pub(in crate::fix) cancels: bool,
    /// The first number that was sent to nobody, while nobody is there.
    pub(in crate::fix) away_from: Option<u64>,
    /// Orders that are to be canceled since the connection has ended, and were not by then.
    pub(in crate::fix) leaving: BTreeSet<u64>,
    /// Whether all that was written is on disk for sure.
    pub(in crate::fix) is_closed: bool,
    /// The name of the system's start under which was written last.
    pub(in crate::fix) boot: String,
    /// All names of orders, those that are over included, with their numbers.
    #[serde(skip)]
    index: BTreeMap<String, u64>,
}

impl SessionState {
    /// That of a session that begins.
    pub(in crate::fix) fn new(cancels: bool) -> Self {
        Self { incoming: 1, outgoing: 1, cancels, is_closed: true, ..Self::default() }
    }

    /// Returns the number of the order that has, or had, a name.
    pub(in crate::fix) fn named(&self, name: &str) -> Option<u64> {
        self.index.get(name).copied()
    }

    fn take_whole(&mut self, state: &Self) {
        *self = state.clone();
        let open = self.orders.iter().flat_map(|(id, order)| order.names().map(|name| (name, *id)));
        self.index = open.chain(self.names.iter().cloned()).collect();
    }

    /// Follows a record.
    pub(in crate::fix) fn follow(&mut self, record: &Record) {
        match record {
            Record::Whole(state) => self.take_whole(state),
            Record::Message { number, .. } => self.outgoing = self.outgoing.max(number + 1),
            Record::Numbers { incoming, outgoing } => {
                (self.incoming, self.outgoing) = (*incoming, *outgoing);
            }
            Record::Reset => {
                (self.incoming, self.outgoing, self.reserved, self.away_from) = (1, 1, 0, None);
            }
            Record::Reserved(below) => self.reserved = *below,
            Record::Feed(place) => self.feed = Some(*place),
            Record::Order(id, order) => {
                self.index.extend(order.names().map(|name| (name, *id)));
                self.orders.insert(*id, (**order).clone());
            }
            Record::Over(id) => {
                self.leaving.remove(id);
                if let Some(order) = self.orders.remove(id) {
                    for name in order.names() {
                        if self.names.len() == NAMES_MAX
                            && let Some((oldest, _)) = self.names.pop_front()
                        {
                            self.index.remove(&oldest);
                        }
                        self.names.push_back((name, *id));
                    }
                }
            }
            Record::Cancels(cancels) => self.cancels = *cancels,
            Record::Away(from) => self.away_from = *from,
            Record::Leaving(orders) => self.leaving.clone_from(orders),
            Record::Closed => self.is_closed = true,
            Record::Opened(boot) => {
                self.is_closed = false;
                boot.clone_into(&mut self.boot);
            }
        }
    }
}
