//! [`Carried`]: what shocks leave to the next day, each recognizable by what it is.

use super::shock::Shock;
use crate::units::SimTime;

/// Stands before and behind what shocks leave, in the numbers of a process's state. No value or logarithm is
/// that low, so that a state without it is of a process without shocks, or of an earlier format.
const MARK: f64 = f64::MIN;

const NANOS_PER_SEC: i64 = 1_000_000_000;

/// What the shocks of a process leave.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Carried {
    /// When the process last moved; `None` if that is not known.
    pub(super) at: Option<SimTime>,
    /// Each shock, and the logarithm of its factor.
    pub(super) shocks: Vec<CarriedShock>,
}

/// A shock, and the logarithm of its factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CarriedShock {
    /// What it is known by: its time in nanoseconds, its size, and its half-life, which is 0 if it stays.
    key: [f64; 3],
    pub(super) level: f64,
}

impl CarriedShock {
    pub(super) fn new(shock: &Shock, level: f64) -> Self {
        let half_life = shock.half_life.map_or(0, |half_life| half_life.nanos());
        Self { key: [shock.after.nanos() as f64, shock.size, half_life as f64], level }
    }

    fn is_of(&self, shock: &Shock) -> bool {
        self.key.map(f64::to_bits) == Self::new(shock, 0.0).key.map(f64::to_bits)
    }
}

impl Carried {
    /// Returns it as numbers, which those of the process follow.
    pub(super) fn numbers(&self) -> Vec<f64> {
        // In two numbers, since nanoseconds since 1970 are too many for one.
        let [secs, nanos] = self.at.map_or([0, -1], |at| {
            [at.nanos().div_euclid(NANOS_PER_SEC), at.nanos().rem_euclid(NANOS_PER_SEC)]
        });
        let mut numbers = vec![MARK, secs as f64, nanos as f64];
        for CarriedShock { key: [after, size, half_life], level } in &self.shocks {
            numbers.extend([after, size, half_life, level]);
        }
        numbers.push(MARK);
        numbers
    }

    /// Reads it from the state of a process with shocks, and returns what follows it; `None` for others.
    pub(super) fn read(state: &[f64]) -> Option<(Self, &[f64])> {
        let is_mark = |number: &f64| number.to_bits() == MARK.to_bits();
        let [first, secs, nanos, rest @ ..] = state else { return None };
        if !is_mark(first) {
            return None;
        }
        let (shocks, process) = rest.split_at_checked(rest.iter().position(is_mark)?)?;
        let shocks = shocks.chunks_exact(4).filter_map(|shock| match *shock {
            [after, size, half_life, level] => Some(CarriedShock { key: [after, size, half_life], level }),
            _ => None,
        });
        Some((Self { at: time(*secs, *nanos), shocks: shocks.collect() }, process.get(1..)?))
    }

    /// Takes out what is left of a shock; nothing is of one that was not there.
    pub(super) fn take(&mut self, shock: &Shock) -> f64 {
        let place = self.shocks.iter().position(|carried| carried.is_of(shock));
        place.map_or(0.0, |place| self.shocks.remove(place).level)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "they were integers when they were written")]
fn time(secs: f64, nanos: f64) -> Option<SimTime> {
    let nanos_in_all = (secs as i64).saturating_mul(NANOS_PER_SEC).saturating_add(nanos as i64);
    (nanos >= 0.0).then_some(SimTime::from_nanos(nanos_in_all))
}
