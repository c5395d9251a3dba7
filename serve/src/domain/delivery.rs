//! [`DeliveryState`] and [`OffReason`]: how far something has come that is sent to an endpoint of a person's.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far something has come that is sent to an endpoint or a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is sent when its time comes.
    Waiting,
    /// It has arrived.
    Delivered,
    /// It is not tried any more.
    Failed,
}

impl DeliveryState {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Returns the state of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Failed].into_iter().find(|state| state.name() == name)
    }
}

/// Why an endpoint was turned off, if its person did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OffReason {
    /// It answered that it is gone: 410.
    Gone,
    /// Nothing has arrived for days.
    Failing,
}

impl OffReason {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// Returns the reason of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Gone, Self::Failing].into_iter().find(|reason| reason.name() == name)
    }
}
