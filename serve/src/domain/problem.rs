//! [`Problem`]: why something was not done, for whoever asked for it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::refused_order::RefusalId;

/// Why something was not done, for whoever asked: a word for programs, a sentence for people, and what to
/// do next. Each face writes it in its own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// The problem as a word in `snake_case`, which stays the same.
    pub code: Cow<'static, str>,
    /// The problem as a sentence.
    pub message: String,
    /// The field of the request that is at fault, if one is.
    pub field: Option<String>,
    /// The order that it is about, if that has an id though it was refused.
    pub order: Option<RefusalId>,
    /// What to do about it, if that is known.
    pub hint: Option<Box<str>>,
    /// After what time to try again, if that may help.
    pub retry_after: Option<Duration>,
}

/// What kind of problem it is: whose fault, and whether the same request can succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The request cannot be understood.
    Malformed,
    /// The request is understood, and cannot be carried out as it is.
    Refused,
    /// Nobody has said who asks, or it was not believed.
    Unauthenticated,
    /// Whoever asks may not.
    Forbidden,
    /// There is no such thing, or it is somebody else's.
    NotFound,
    /// There is no such way to use it.
    NoSuchMethod,
    /// It contradicts what is there.
    Conflict,
    /// The request is too long.
    TooLong,
    /// The request is written in a form that is not read.
    OtherForm,
    /// There have been too many requests.
    TooMany,
    /// It cannot be done at the moment.
    Unavailable,
    /// Whether it was done is not known in time.
    Unknown,
    /// A fault of the program.
    Internal,
}

impl Problem {
    /// Makes one of its kind, word and sentence.
    #[must_use]
    pub fn new(kind: ProblemKind, code: impl Into<Cow<'static, str>>, message: impl fmt::Display) -> Self {
        let (code, message) = (code.into(), message.to_string());
        Self { kind, code, message, field: None, order: None, hint: None, retry_after: None }
    }

    /// Names the field of the request that is at fault.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says what the order is called that was refused.
    #[must_use]
    pub const fn of_order(mut self, order: RefusalId) -> Self {
        self.order = Some(order);
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into().into_boxed_str());
        self
    }

    /// Says after what time to try again.
    #[must_use]
    pub const fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {} ({})", self.message, self.code),
            None => write!(f, "{} ({})", self.message, self.code),
        }
    }
}

impl std::error::Error for Problem {}
