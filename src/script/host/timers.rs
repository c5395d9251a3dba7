//! [`Timers`]: a script's timers, by name.

use rhai::ImmutableString;

use crate::script::value::arguments::{ScriptResult, exceeded};
use crate::script::value::limits::TIMERS_MAX;
use bearpit_core::units::SimDuration;

/// The timers a script has set; a timer's index is the tag of its wake-ups.
#[derive(Debug, Default)]
pub(crate) struct Timers(Vec<Timer>);

/// A timer.
#[derive(Debug, Clone)]
pub(crate) struct Timer {
    pub(crate) name: ImmutableString,
    /// The period of a repeating timer.
    pub(crate) every: Option<SimDuration>,
}

impl Timers {
    /// Sets the timer called `name`, creating it if necessary, and returns the tag of its wake-ups.
    pub(crate) fn set(&mut self, name: ImmutableString, every: Option<SimDuration>) -> ScriptResult<u64> {
        let index = match self.0.iter().position(|timer| timer.name == name) {
            Some(index) => index,
            None if self.0.len() >= TIMERS_MAX => {
                return Err(exceeded(format!("more than {TIMERS_MAX} timers")));
            }
            None => {
                self.0.push(Timer { name, every: None });
                self.0.len() - 1
            }
        };
        self.0[index].every = every;
        Ok(index as u64)
    }

    /// Returns the timer of a wake-up.
    pub(crate) fn get(&self, tag: u64) -> Option<&Timer> {
        self.0.get(usize::try_from(tag).ok()?)
    }
}
