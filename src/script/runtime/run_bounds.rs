//! [`RunBounds`]: what a strategy may use over a whole run, and how much at one instant.
//!
//! A strategy without latency that answers its own messages stops virtual time: accepted, so it cancels;
//! canceled, so it sends again. Callbacks that send nothing do not count, since what they follow from ends by
//! itself.

use crate::script::host::CallbackUsage;
use crate::script::value::callback::Callback;
use crate::script::value::limits::{ANSWERS_MAX, INSTANT_COMMANDS_MAX, RunLimits};
use bearpit_core::units::SimTime;

/// Counts what a strategy uses, callback by callback.
#[derive(Debug)]
pub(crate) struct RunBounds {
    limits: RunLimits,
    operations: u64,
    instant: Option<Instant>,
}

/// What a strategy has used too much of, and what helps.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overrun {
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

/// What a strategy has sent at one instant.
#[derive(Debug)]
struct Instant {
    at: SimTime,
    commands: u64,
    /// The callbacks that have sent something, and how often each has.
    answers: Vec<(Callback, u32)>,
}

impl RunBounds {
    pub(crate) const fn new(limits: RunLimits) -> Self {
        Self { limits, operations: 0, instant: None }
    }

    /// Counts a callback that has ended.
    ///
    /// # Errors
    /// What the strategy has used too much of.
    pub(crate) fn count(
        &mut self,
        now: SimTime,
        callback: Callback,
        operations: u64,
        used: &CallbackUsage,
    ) -> Result<(), Overrun> {
        self.operations = self.operations.saturating_add(operations);
        let most = self.limits.operations;
        if self.operations > most {
            let message = format!("its callbacks ran for more than {most} operations over the run");
            return Err(Overrun { message, help: "`run_operations` of the agent allows more" });
        }
        match used.commands {
            0 => Ok(()),
            commands => self.count_answer(now, callback, commands),
        }
    }

    fn count_answer(&mut self, now: SimTime, callback: Callback, commands: u32) -> Result<(), Overrun> {
        let instant = match &mut self.instant {
            Some(instant) if instant.at == now => instant,
            other => other.insert(Instant { at: now, commands: 0, answers: Vec::new() }),
        };
        instant.commands += u64::from(commands);
        match instant.answers.iter_mut().find(|(known, _)| *known == callback) {
            Some((_, count)) => *count += 1,
            None => instant.answers.push((callback, 1)),
        }
        let answers: u32 = instant.answers.iter().map(|(_, count)| count).sum();
        if answers <= ANSWERS_MAX && instant.commands <= INSTANT_COMMANDS_MAX {
            return Ok(());
        }
        let times = |count: &u32| if *count == 1 { "once".to_owned() } else { format!("{count} times") };
        let answers = instant.answers.iter();
        let list: Vec<String> =
            answers.map(|(callback, count)| format!("{} {}", callback.name(), times(count))).collect();
        let message = format!(
            "it answers itself without end: at this instant it has sent {} orders and requests, in {}",
            instant.commands,
            list.join(", ")
        );
        let help =
            "a `latency` of the agent, or a timer, lets time pass between an event and the answer to it";
        Err(Overrun { message, help })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(commands: u32) -> CallbackUsage {
        CallbackUsage { commands, ..CallbackUsage::default() }
    }

    #[test]
    fn a_loop_without_time_is_told_with_its_callbacks() {
        let mut bounds = RunBounds::new(RunLimits::default());
        let now = SimTime::from_nanos(5);
        let mut error = None;
        for round in 0..=ANSWERS_MAX {
            let callback = if round % 2 == 0 { Callback::OrderAccepted } else { Callback::OrderCanceled };
            assert_eq!(bounds.count(now, Callback::Order, 1, &used(0)), Ok(()));
            error = bounds.count(now, callback, 1, &used(1)).err();
            assert_eq!(error.is_some(), round == ANSWERS_MAX, "{round}");
        }
        assert_eq!(
            error.unwrap().message,
            "it answers itself without end: at this instant it has sent 10001 orders and requests, in \
             on_order_accepted 5001 times, on_order_canceled 5000 times"
        );
    }

    #[test]
    fn time_that_passes_begins_a_new_count() {
        let mut bounds = RunBounds::new(RunLimits::default());
        for nanos in 0..3 * i64::from(ANSWERS_MAX) {
            let now = SimTime::from_nanos(nanos / 2);
            assert_eq!(bounds.count(now, Callback::Quote, 1, &used(1)), Ok(()));
        }
    }

    #[test]
    fn many_orders_in_few_callbacks_count_too() {
        let mut bounds = RunBounds::new(RunLimits::default());
        let now = SimTime::from_nanos(0);
        let counts =
            (0..=INSTANT_COMMANDS_MAX / 1_000).map(|_| bounds.count(now, Callback::Order, 1, &used(1_000)));
        assert_eq!(counts.filter(Result::is_err).count(), 1);
    }

    #[test]
    fn operations_are_those_of_all_callbacks() {
        let mut bounds = RunBounds::new(RunLimits { operations: 100, ..RunLimits::default() });
        let mut count = || bounds.count(SimTime::from_nanos(0), Callback::Bar, 40, &used(0));
        assert_eq!([count().is_ok(), count().is_ok(), count().is_ok()], [true, true, false]);
    }
}
