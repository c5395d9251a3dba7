//! [`Lines`]: what an account has of each instrument.

use std::ops::{Deref, DerefMut};
use std::slice;

use super::position::Position;
use super::unvalued::Unvalued;
use crate::units::Quantity;

/// What an account has of one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Line {
    pub(super) position: Position,
    pub(super) held: Quantity,
    pub(super) max_short: Quantity,
    /// Present while lots wait for the first mark.
    pub(super) unvalued: Option<Box<Unvalued>>,
}

/// A line to an instrument, in the order of their ids.
///
/// Where there is one instrument, its line is within the account: populations of agents mostly trade one, and
/// a line elsewhere is one more miss of the processor's caches for each event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lines {
    One(Line),
    Other(Box<[Line]>),
}

impl Lines {
    /// Makes empty lines.
    pub(super) fn new(instruments: usize) -> Self {
        if instruments == 1 {
            return Self::One(Line::default());
        }
        Self::Other(vec![Line::default(); instruments].into())
    }
}

impl Deref for Lines {
    type Target = [Line];

    #[inline]
    fn deref(&self) -> &[Line] {
        match self {
            Self::One(line) => slice::from_ref(line),
            Self::Other(lines) => lines,
        }
    }
}

impl DerefMut for Lines {
    #[inline]
    fn deref_mut(&mut self) -> &mut [Line] {
        match self {
            Self::One(line) => slice::from_mut(line),
            Self::Other(lines) => lines,
        }
    }
}
