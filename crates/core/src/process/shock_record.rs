//! [`ShockRecord`]: what shocks leave to the next day, each recognizable by what it is.

use super::shock::Shock;
use crate::units::SimTime;

/// What the shocks of a process leave to the next day.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ShockRecord {
    /// When the process last moved; `None` if that is not known.
    pub at: Option<SimTime>,
    /// Each shock, and the logarithm of its factor.
    pub shocks: Vec<(Shock, f64)>,
}

impl ShockRecord {
    /// Takes out the logarithm of a shock's factor; nothing is left of one that was not there.
    pub(super) fn take(&mut self, shock: &Shock) -> f64 {
        let place = self.shocks.iter().position(|(recorded, _)| recorded == shock);
        place.map_or(0.0, |place| self.shocks.remove(place).1)
    }
}
