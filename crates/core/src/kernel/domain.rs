//! [`Domain`]: what the kernel requires of the subject that a world is about.

use super::join::{Join, JoinRefusal, Reseat};
use super::moment::Moment;
use super::wakeup::Wakeup;
use crate::units::{ActorId, Seed, SimTime};

/// What the actors of a world exchange and share.
///
/// The kernel is written against this trait, and knows nothing of markets.
pub trait Domain: Sized + 'static {
    /// Whatever one actor can send another.
    type Message: From<Wakeup> + Clone + 'static;
    /// What an actor brings along when it is added.
    type Config: Clone + 'static;
    /// Which messages an actor has any use for, as its type says.
    type Interest;
    /// A request from outside.
    type Request: Clone + 'static;
    /// Why a request from outside cannot be taken at all.
    type RequestError: std::error::Error;
    /// Why an actor's configuration does not fit.
    type Unfit: std::error::Error + Clone;
    /// Why a run cannot go on.
    type Fault: std::error::Error + Clone;

    /// Makes room for an actor; called once for each, in the order of ids.
    ///
    /// # Errors
    /// Says what is wrong with its configuration; the actor is then not added, and nothing has changed.
    fn admit(&mut self, admission: &Admission<'_, Self>) -> Result<(), Self::Unfit>;

    /// Turns a request from outside into what arrives at its stamp.
    ///
    /// # Errors
    /// Says why the request cannot be taken; it is then not journalled either.
    fn route(&self, request: Self::Request) -> Result<Arrival<Self>, Self::RequestError>;

    /// Called when an actor has joined the running world, before it is started, or was refused.
    ///
    /// # Errors
    /// A fault, which ends the run.
    fn joined(
        &mut self,
        now: SimTime,
        join: &Join<Self::Config>,
        outcome: Result<ActorId, JoinRefusal<Self::Unfit>>,
    ) -> Result<(), Self::Fault>;

    /// Called when another actor has taken an actor's place, before it is started, or was refused. What the
    /// former has sent, and what is on its way to it, stays on its way.
    ///
    /// # Errors
    /// A fault, which ends the run.
    fn reseated(
        &mut self,
        now: SimTime,
        reseat: &Reseat,
        outcome: Result<Self::Interest, JoinRefusal<Self::Unfit>>,
    ) -> Result<(), Self::Fault>;

    /// Called with each message before delivery, even if the recipient has stopped.
    ///
    /// # Errors
    /// A fault, which ends the run.
    fn before_delivery(
        &mut self,
        at: Moment,
        to: ActorId,
        message: &Self::Message,
    ) -> Result<(), Self::Fault>;

    /// Reads some of what the domain keeps of the recipients of the next alarms, if it keeps so much that the
    /// processor has to fetch it from memory. Nothing changes.
    fn fetch_ahead(&self, recipients: &[ActorId]) {
        let _ = recipients;
    }

    /// Does what was put off and is due before `moment`; called whenever the world's state can be looked at
    /// from outside, and with [`Moment::LAST`] when the world ends.
    ///
    /// # Errors
    /// A fault, which ends the run.
    fn catch_up(&mut self, moment: Moment) -> Result<(), Self::Fault>;

    /// Returns how many messages one actor may answer at one instant with messages that arrive at that same
    /// instant. An actor that answers more ends the run: without that, time would never pass again.
    fn instant_answers_max(&self) -> u64;

    /// Names the kind of a message whose recipient may answer it without end; `None` for one that only a
    /// venue receives, or that comes from outside.
    fn answerable(message: &Self::Message) -> Option<&'static str>;

    /// Makes the fault of the actor called `name`, which has answered too much at one instant: `answers` are
    /// the kinds of messages, and how many of each.
    fn endless(name: &str, answers: &[(&'static str, u64)]) -> Self::Fault;

    /// Returns whether a message reaches its recipient even if that has stopped by itself: what is done in an
    /// actor's name without its doing.
    fn outlives(&self, message: &Self::Message) -> bool {
        let _ = message;
        false
    }

    /// Called with each message that is not delivered: its recipient has stopped, or the world has ended.
    fn undelivered(&mut self, now: SimTime, to: ActorId, message: &Self::Message);
}

/// An actor about to be added.
#[derive(Debug)]
pub struct Admission<'a, D: Domain> {
    /// The seed of the run.
    pub seed: Seed,
    /// The id that the actor gets: the next.
    pub id: ActorId,
    /// Its unique name.
    pub name: &'a str,
    /// What it brings along.
    pub config: &'a D::Config,
    /// Which messages it has any use for.
    pub interest: D::Interest,
}

/// What a request from outside comes to at its stamp.
#[derive(Debug)]
pub enum Arrival<D: Domain> {
    /// A message to an actor.
    Message {
        /// The recipient.
        to: ActorId,
        /// The message.
        message: D::Message,
    },
    /// An actor joins. On the heap, since it is rare, and all events wait in one queue.
    Join(Box<Join<D::Config>>),
    /// Another actor takes an actor's place.
    Reseat(Box<Reseat>),
}
