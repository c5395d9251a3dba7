//! [`ProcessState`] and [`ValueState`]: what a value leaves to the next day of a market.

use super::shock_record::ShockRecord;

/// What a process leaves to the next day of a market.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProcessState {
    /// The name of its kind; `None` for a process that has no name.
    pub kind: Option<String>,
    /// What its shocks left, if it had some.
    pub shocks: Option<ShockRecord>,
    /// Its own numbers, [`PriceProcess::state`](super::PriceProcess::state).
    pub numbers: Vec<f64>,
    /// What the process left that it follows, if it follows one.
    pub leader: Option<Box<Self>>,
}

impl ProcessState {
    /// Returns whether a process of that kind can have left it: a kind that has no name may be any.
    #[must_use]
    pub fn is_of(&self, kind: Option<&str>) -> bool {
        self.kind.as_deref().zip(kind).is_none_or(|(own, other)| own == other)
    }

    /// Returns whether there is something that shocks left.
    pub(super) fn is_shocked(&self) -> bool {
        self.shocks.iter().flat_map(|record| &record.shocks).any(|(_, level)| level.abs() > 0.0)
    }
}

/// What a [`Value`](super::Value) goes on from on the next day of a market.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ValueState {
    /// The last value, in currency.
    pub value: f64,
    /// What its process goes on from.
    pub process: ProcessState,
}
