//! [`Output`]: what a live market shows, and the queue in which it waits to be durable.

use std::collections::VecDeque;

use bearpit_core::exchange::Market;
use bearpit_core::kernel::RequestTag;
use bearpit_core::market::Fact;
use bearpit_core::participant::Answer;
use bearpit_core::units::{ActorId, OrderId, SimTime};

use super::record::PaceChange;
use crate::domain::{ClientOrderId, RefusedOrder, SentOrder};

/// Something that follows from the journal, to be shown to those whom it concerns.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// The answer to a request.
    Answer(Answer),
    /// The answer to a request that had been made before, to whoever made it again. It follows from no new
    /// record, so a market that is rebuilt does not give it.
    Again(Answer),
    /// An open order that was carried over has an id of its owner's; these come first.
    Named {
        /// Whose it is.
        owner: ActorId,
        /// The order.
        order: OrderId,
        /// What its owner calls it.
        client: ClientOrderId,
    },
    /// An order from outside is on its way to its venue; the answer to its request comes next.
    Sent(SentOrder),
    /// An order from outside was refused by the gate of its account: the fact that says so comes next, and
    /// the answer to its request after that.
    Refused(Box<RefusedOrder>),
    /// A request was taken out of the market, which it would have stopped: it was not executed.
    Voided(RequestTag),
    /// A fact.
    Fact {
        /// Its number on the tape, from zero.
        sequence: u64,
        /// When it happened.
        at: SimTime,
        /// What happened.
        fact: Fact,
    },
    /// How the market keeps in step with the wall clock has changed.
    Pace {
        /// When.
        at: SimTime,
        /// The change.
        change: PaceChange,
    },
}

/// Is shown what happens in a market while that is rebuilt.
pub trait Viewer {
    /// The market has been opened; nothing has happened yet.
    fn begin(&mut self, _market: &Market) {}

    /// This has happened next.
    fn show(&mut self, output: Output);
}

impl<F: FnMut(Output)> Viewer for F {
    fn show(&mut self, output: Output) {
        self(output);
    }
}

/// Outputs in order, each with the place up to which the journal must be synced before it is shown.
#[derive(Debug, Default)]
pub(super) struct Held(VecDeque<(u64, Output)>);

impl Held {
    /// Adds outputs that may be shown once the journal is synced up to `place`.
    pub(super) fn push(&mut self, place: u64, outputs: impl IntoIterator<Item = Output>) {
        self.0.extend(outputs.into_iter().map(|output| (place, output)));
    }

    /// Takes the next output, if the journal is synced far enough.
    pub(super) fn next(&mut self, is_synced: impl Fn(u64) -> bool) -> Option<Output> {
        let (place, _) = self.0.front()?;
        if is_synced(*place) { self.0.pop_front().map(|(_, output)| output) } else { None }
    }

    /// Returns how many wait.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
