//! [`Outside`]: what a world needs that takes requests from outside.

use std::fmt;

use super::actor::{ActorFactory, SimActor};
use super::domain::Domain;
use super::join::{ActorSpec, JoinRefusal};
use super::journal::JournalSink;

/// The journal of the requests that a world takes from outside, and the factory of the actors that join.
///
/// Both are given with [`World::with_outside`](super::World::with_outside), since a journal that does not
/// have every request cannot be replayed. Without a journal, requests leave no trace; without a factory,
/// nobody can join.
pub struct Outside<D: Domain> {
    pub(super) journal: Option<Box<dyn JournalSink<D::Request>>>,
    pub(super) factory: Option<Box<dyn ActorFactory<D>>>,
}

impl<D: Domain> Outside<D> {
    /// Journals all requests to `journal`, which is called before a request has any effect.
    pub fn journal_to(&mut self, journal: impl JournalSink<D::Request> + 'static) {
        self.journal = Some(Box::new(journal));
    }

    /// Builds the actor of a participant that joined on an earlier day, or what stands in for it.
    ///
    /// # Errors
    /// [`JoinRefusal`] if there is no factory, or it cannot build it.
    pub(crate) fn build<U>(
        &mut self,
        name: &str,
        spec: &ActorSpec,
    ) -> Result<Box<dyn SimActor<D>>, JoinRefusal<U>> {
        let factory = self.factory.as_mut().ok_or(JoinRefusal::NoFactory)?;
        match factory.build(name, spec) {
            Ok(actor) => Ok(actor),
            Err(error) => Ok(factory.stand_in(spec, &error).ok_or(error)?),
        }
    }

    /// Has the actors that join later built by `factory`.
    pub fn build_with(&mut self, factory: impl ActorFactory<D> + 'static) {
        self.factory = Some(Box::new(factory));
    }
}

impl<D: Domain> Default for Outside<D> {
    fn default() -> Self {
        Self { journal: None, factory: None }
    }
}

impl<D: Domain> fmt::Debug for Outside<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside")
            .field("journal", &self.journal.is_some())
            .field("factory", &self.factory.is_some())
            .finish()
    }
}
