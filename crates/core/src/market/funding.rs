//! [`Funding`]: cash or shares brought into an account from outside, or taken out.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::units::{InstrumentId, Money, NetQuantity};

/// What is moved: positive into the account, negative out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Transfer {
    /// Cash.
    Cash(Money),
    /// Shares, at the instrument's mark: the transfer itself is neither a gain nor a loss.
    Shares {
        /// Of which instrument.
        instrument: InstrumentId,
        /// How many lots.
        quantity: NetQuantity,
    },
}

impl Transfer {
    /// Returns the transfer the other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Cash(amount) => Self::Cash(-amount),
            Self::Shares { instrument, quantity } => Self::Shares { instrument, quantity: -quantity },
        }
    }

    /// Returns whether it moves something into an account.
    #[must_use]
    pub fn is_inward(self) -> bool {
        match self {
            Self::Cash(amount) => amount > Money::ZERO,
            Self::Shares { quantity, .. } => quantity.lots() > 0,
        }
    }
}

/// A transfer between an account and the outside, with a reference to what it stands for there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Funding {
    /// What is moved.
    pub transfer: Transfer,
    /// What it stands for, such as the id of a payment.
    pub reference: Reference,
}

/// A reference to something outside: 1 to [`Reference::BYTES_MAX`] bytes of text without control characters.
///
/// The engine stores it with the fact, and does not interpret it: uniqueness is the caller's concern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Reference(Arc<str>);

impl Reference {
    /// The longest reference, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// Takes a text as a reference.
    ///
    /// # Errors
    /// [`ReferenceError`] if it is empty, too long, or has control characters.
    pub fn new(text: &str) -> Result<Self, ReferenceError> {
        if !(1..=Self::BYTES_MAX).contains(&text.len()) {
            return Err(ReferenceError::Length(text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(ReferenceError::ControlCharacter);
        }
        Ok(Self(text.into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        Self::new(&text)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.as_str().to_owned()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Says why a text is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// It is empty or too long.
    #[error("a reference has 1 to {most} bytes, not {0}", most = Reference::BYTES_MAX)]
    Length(usize),
    /// It has control characters.
    #[error("a reference has no control characters")]
    ControlCharacter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_bounded_text() {
        assert_eq!(Reference::new("payment 7").map(|it| it.to_string()), Ok("payment 7".to_owned()));
        assert_eq!(Reference::new(""), Err(ReferenceError::Length(0)));
        assert!(Reference::new(&"x".repeat(64)).is_ok());
        assert_eq!(Reference::new(&"x".repeat(65)), Err(ReferenceError::Length(65)));
        assert_eq!(Reference::new("a\nb"), Err(ReferenceError::ControlCharacter));
    }
}
