//! What is asked of services, and what came of it.

use std::future::Future;

use futures_util::FutureExt;

use super::Desk;
use crate::domain::StatusName;
use crate::fix::orders::{CancelRejection, OrderState, PendingKind, Said, cancel_reject};

/// What came of something that was asked.
pub(super) enum Done {
    /// Nothing that anybody is told.
    Nothing,
    /// It is said.
    Say(Vec<Said>),
    /// The order of this name was entered, or not.
    Entered(String, Option<Said>),
    /// It is known which order a cancel or a replace means.
    Found(Box<Meant>, Option<u64>),
    /// A cancel or a replace was not taken: of the order, its name, and why.
    NotTaken(Box<Untaken>),
    /// An order is to be canceled once more.
    CancelAgain(u64),
}

/// A cancel or a replace.
pub(super) struct Meant {
    pub(super) message: crate::fix::codec::Message,
    pub(super) kind: PendingKind,
    pub(super) name: String,
    pub(super) original: String,
}

/// A cancel or a replace that was not taken.
pub(super) struct Untaken {
    pub(super) order: u64,
    pub(super) status: StatusName,
    pub(super) name: String,
    pub(super) original: String,
    pub(super) kind: PendingKind,
    pub(super) reason: u32,
    pub(super) text: String,
}

impl Desk {
    /// Begins to ask something. It is asked here and now, so that requests come to the market in their order;
    /// what came of it is waited for elsewhere.
    pub(super) fn begin(&mut self, work: impl Future<Output = Done> + Send + 'static) {
        self.in_flight += 1;
        let mut work = Box::pin(work);
        let done = self.done.0.clone();
        // Who waits has not ended: it is this task.
        match work.as_mut().now_or_never() {
            Some(outcome) => done.send(outcome).unwrap_or_default(),
            None => drop(tokio::spawn(async move { done.send(work.await).unwrap_or_default() })),
        }
    }

    /// Takes what came of things, as much as is there.
    pub(super) fn take_done(&mut self, done: Done) {
        let mut next = Some(done);
        while let Some(done) = next {
            self.in_flight = self.in_flight.saturating_sub(1);
            self.take_one(done);
            next = self.done.1.try_recv().ok();
        }
    }

    fn take_one(&mut self, done: Done) {
        match done {
            Done::Nothing => {}
            Done::Say(said) => said.into_iter().for_each(|said| self.say(said)),
            Done::Entered(name, said) => {
                if let Some(said) = said {
                    self.entering.remove(&name);
                    self.say(said);
                }
            }
            Done::Found(meant, order) => {
                // Its feed has not said anything of it yet.
                let is_told = self.file.state().named(&meant.original).is_some();
                if let Some(id) = order.filter(|id| !is_told && self.known(*id).is_none()) {
                    self.keep_order(id, OrderState::new(&meant.original));
                }
                self.carry_out(*meant, order);
            }
            Done::NotTaken(untaken) => self.not_taken(&untaken),
            Done::CancelAgain(id) => {
                self.to_cancel.insert(id);
            }
        }
    }

    fn not_taken(&mut self, untaken: &Untaken) {
        let Untaken { order, status, name, original, kind, reason, text } = untaken;
        if let Some(mut state) = self.known(*order) {
            let before = state.pending.len();
            state.pending.retain(|pending| pending.name != *name);
            if state.pending.len() == before {
                // The venue has spoken first.
                return;
            }
            self.keep_order(*order, state);
        }
        let id = order.to_string();
        self.say(cancel_reject(&CancelRejection {
            order: Some((&id, *status)),
            name,
            original,
            is_replace: *kind == PendingKind::Replace,
            reason: *reason,
            text,
        }));
    }
}
