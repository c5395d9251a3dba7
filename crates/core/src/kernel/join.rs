//! Joining a running world: the request, and the reasons for refusing it.

use std::fmt;

use thiserror::Error;

use crate::units::ActorId;

/// A number by which the sender of a request recognizes its answer.
///
/// The caller chooses it, and should choose each once; the kernel only carries it along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RequestTag(u64);

impl RequestTag {
    /// Makes the tag of that number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RequestTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Describes an actor as data, so that a journal can hold it: an [`ActorFactory`](super::ActorFactory)
/// builds the actor from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ActorSpec {
    /// The kind of actor, by a name that the factory knows.
    pub kind: String,
    /// The parameters of that kind, in any text form that the factory reads; empty if it has none.
    pub parameters: String,
}

impl ActorSpec {
    /// Describes an actor of a kind without parameters.
    #[must_use]
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), parameters: String::new() }
    }
}

/// Asks that an actor join a running world; `C` is what it brings along.
#[derive(Debug, Clone, PartialEq)]
pub struct Join<C> {
    /// Marks the answer, if one is wanted.
    pub tag: Option<RequestTag>,
    /// The actor's name, unique in the world: its random stream is derived from it.
    pub name: String,
    /// What the factory builds the actor from.
    pub spec: ActorSpec,
    /// What it brings along.
    pub config: C,
}

/// Asks that another actor take an actor's place: its id, its name, and whatever the domain has of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reseat {
    /// Marks the answer, if one is wanted.
    pub tag: Option<RequestTag>,
    /// Whose place.
    pub actor: ActorId,
    /// What the factory builds the new one from.
    pub spec: ActorSpec,
}

/// The longest name of an actor that joins, in bytes.
pub const JOIN_NAME_BYTES_MAX: usize = 128;

/// Returns whether an actor that joins may have that name.
pub(super) fn is_fit_name(name: &str) -> bool {
    (1..=JOIN_NAME_BYTES_MAX).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// Says why an actor cannot be added; `U` says what is wrong with its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddError<U> {
    /// Two actors have one name, and would share a random stream.
    #[error(
        "two actors are called `{0}`: every name must be unique, since random streams are derived from it"
    )]
    DuplicateName(String),
    /// There are as many actors as ids.
    #[error("the world is full: ids are 32 bits wide")]
    TooManyActors,
    /// The world already runs.
    #[error("`{0}` cannot be added to a world that has started: inject a request to join")]
    Started(String),
    /// The configuration does not fit the world.
    #[error("`{name}`: {cause}")]
    Unfit {
        /// The actor.
        name: String,
        /// What is wrong.
        cause: U,
    },
}

/// Says why a request to join was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JoinRefusal<U> {
    /// The name is empty, too long, or has control characters.
    #[error("a name has 1 to {JOIN_NAME_BYTES_MAX} bytes and no control characters")]
    NameUnfit,
    /// The actor cannot be added.
    #[error(transparent)]
    Add(#[from] AddError<U>),
    /// The world was given no factory.
    #[error("this world builds no actors: it was given no factory")]
    NoFactory,
    /// The factory could not build the actor.
    #[error(transparent)]
    Factory(#[from] FactoryError),
    /// The world ended before the request arrived.
    #[error("the world has ended")]
    Ended,
}

/// Says why a factory could not build an actor.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FactoryError {
    /// The factory does not know the kind.
    #[error("there is no kind of actor called `{0}`")]
    UnknownKind(String),
    /// The parameters do not make an actor of that kind.
    #[error("`{kind}`: {why}")]
    Parameters {
        /// The kind.
        kind: String,
        /// What is wrong, in a sentence of the factory.
        why: String,
    },
}
