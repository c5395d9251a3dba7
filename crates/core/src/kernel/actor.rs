//! [`SimActor`]: an actor as the world drives it, and the factory of those that join later.

use std::any::Any;

use actix::Running;

use super::context::SimContext;
use super::domain::Domain;
use super::join::{ActorSpec, FactoryError};
use crate::units::ActorId;

/// An actor as the world drives it; [`crate::participant::Trader`] makes one of an `actix` actor.
pub trait SimActor<D: Domain> {
    /// Begins; called once, before any message.
    fn started(&mut self, ctx: &mut SimContext<D>);
    /// Returns which messages the actor has any use for.
    fn interest(&self) -> D::Interest;
    /// Handles one message.
    fn deliver(&mut self, message: D::Message, ctx: &mut SimContext<D>);
    /// Answers a request to stop: go on, or stop.
    fn stopping(&mut self, ctx: &mut SimContext<D>) -> Running;
    /// Ends; nothing is delivered afterwards.
    fn stopped(&mut self, ctx: &mut SimContext<D>);
    /// Reads some of its memory, to have it fetched; nothing by default.
    fn fetch(&self) {}
    /// Returns whether it keeps something of each actor that sends it messages; not by default.
    fn keeps_of_senders(&self) -> bool {
        false
    }
    /// Reads some of what it keeps of actors that may soon send it messages, to have it fetched from memory;
    /// nothing by default.
    fn fetch_for(&self, senders: &[ActorId], domain: &D) {
        let _ = (senders, domain);
    }
    /// Returns what of it can be read between two steps, from outside of the world; nothing by default.
    fn readable(&self) -> Option<&dyn Any> {
        None
    }
}

/// Builds the actors that join a running world from data.
///
/// What it builds must depend on its arguments alone: a replayed journal builds the same actors again.
pub trait ActorFactory<D: Domain> {
    /// Builds the actor called `name`.
    ///
    /// # Errors
    /// [`FactoryError`] if the kind is unknown or its parameters are wrong; the request to join is refused
    /// with it.
    fn build(&mut self, name: &str, spec: &ActorSpec) -> Result<Box<dyn SimActor<D>>, FactoryError>;

    /// Builds what stands in, on a later day, for an actor that cannot be built any more: without it that day
    /// does not open.
    fn stand_in(&mut self, spec: &ActorSpec, error: &FactoryError) -> Option<Box<dyn SimActor<D>>> {
        let _ = (spec, error);
        None
    }
}
