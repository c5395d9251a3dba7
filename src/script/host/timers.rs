//! [`Timers`]: a script's timers, by name.
//!
//! A name has one timer: setting it again moves it. Each timer has at most one wake-up on its way, or a later
//! one where it was moved to an earlier time; so a script that sets the same timers again and again does not
//! multiply its own callbacks, nor what waits in the queue.

use rhai::ImmutableString;

use crate::script::value::arguments::{ScriptResult, exceeded};
use crate::script::value::limits::TIMERS_MAX;
use bearpit_core::units::{SimDuration, SimTime};

/// The timers a script has set; a timer's index is the tag of its wake-ups.
#[derive(Debug, Default)]
pub(crate) struct Timers(Vec<Timer>);

/// A timer.
#[derive(Debug, Clone)]
struct Timer {
    name: ImmutableString,
    /// The period of a repeating timer.
    every: Option<SimDuration>,
    /// When it is due; none once it has been.
    due: Option<SimTime>,
    /// The earliest of its wake-ups that are on their way.
    wakeup: Option<SimTime>,
}

/// What a wake-up leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Woken {
    /// When the timer is to be woken next.
    pub(crate) next: Option<SimTime>,
    /// The name of the timer, if it is due.
    pub(crate) due: Option<ImmutableString>,
}

/// When a timer is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimerSpan {
    pub(crate) now: SimTime,
    pub(crate) span: SimDuration,
    /// Whether it is due again and again.
    pub(crate) repeats: bool,
}

impl Timers {
    /// Sets the timer called `name`, creating it if necessary; returns its tag, and whether it needs a
    /// wake-up when it is due.
    pub(crate) fn set(&mut self, name: ImmutableString, when: TimerSpan) -> ScriptResult<(u64, bool)> {
        let index = match self.0.iter().position(|timer| timer.name == name) {
            Some(index) => index,
            None if self.0.len() >= TIMERS_MAX => {
                return Err(exceeded(format!("more than {TIMERS_MAX} timers")));
            }
            None => {
                self.0.push(Timer { name, every: None, due: None, wakeup: None });
                self.0.len() - 1
            }
        };
        let due = when.now.saturating_add(when.span);
        let timer = &mut self.0[index];
        timer.every = when.repeats.then_some(when.span);
        timer.due = Some(due);
        let needs_wakeup = timer.wakeup.is_none_or(|wakeup| due < wakeup);
        if needs_wakeup {
            timer.wakeup = timer.due;
        }
        Ok((index as u64, needs_wakeup))
    }

    /// Takes a wake-up.
    pub(crate) fn wake(&mut self, tag: u64, now: SimTime) -> Woken {
        let timer = usize::try_from(tag).ok().and_then(|index| self.0.get_mut(index));
        let Some(timer) = timer else { return Woken::default() };
        timer.wakeup = timer.wakeup.filter(|wakeup| *wakeup > now);
        let is_due = timer.due.is_some_and(|due| due <= now);
        if is_due {
            timer.due = timer.every.zip(timer.due).map(|(every, due)| next_after(now, due, every));
        }
        let next = timer.due.filter(|due| timer.wakeup.is_none_or(|wakeup| *due < wakeup));
        timer.wakeup = next.or(timer.wakeup);
        Woken { next, due: is_due.then(|| timer.name.clone()) }
    }
}

/// Returns when a timer is due that was due at `due`, so often after each other. Whoever is woken late goes
/// on with the same times.
fn next_after(now: SimTime, due: SimTime, every: SimDuration) -> SimTime {
    let late = (now - due).nanos().checked_rem(every.nanos()).unwrap_or(0);
    now.saturating_add(SimDuration::from_nanos(every.nanos() - late))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(nanos: i64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    fn set(timers: &mut Timers, now: i64, span: i64, repeats: bool) -> bool {
        let when = TimerSpan { now: at(now), span: SimDuration::from_nanos(span), repeats };
        timers.set("a".into(), when).unwrap().1
    }

    fn woken(next: Option<i64>, is_due: bool) -> Woken {
        Woken { next: next.map(at), due: is_due.then(|| "a".into()) }
    }

    #[test]
    fn a_timer_that_is_set_again_moves() {
        let mut timers = Timers::default();
        assert!(set(&mut timers, 0, 10, false));
        // Later: the wake-up that is on its way sends another.
        assert!(!set(&mut timers, 5, 10, false));
        assert_eq!(timers.wake(0, at(10)), woken(Some(15), false));
        assert_eq!(timers.wake(0, at(15)), woken(None, true));
        assert_eq!(timers.wake(0, at(16)), woken(None, false));
        // Earlier: it needs one of its own, and the other finds nothing to do.
        assert!(set(&mut timers, 20, 10, false) && set(&mut timers, 21, 2, false));
        assert_eq!(timers.wake(0, at(23)), woken(None, true));
        assert_eq!(timers.wake(0, at(30)), woken(None, false));
        assert_eq!(timers.wake(7, at(30)), Woken::default());
    }

    #[test]
    fn a_timer_that_is_woken_late_goes_on_with_the_same_times() {
        let mut timers = Timers::default();
        assert!(set(&mut timers, 0, 10, true));
        assert_eq!(timers.wake(0, at(27)), woken(Some(30), true));
        assert_eq!(timers.wake(0, at(40)), woken(Some(50), true));
    }

    #[test]
    fn a_timer_repeats_until_it_is_set_to_be_due_once() {
        let mut timers = Timers::default();
        assert!(set(&mut timers, 0, 10, true));
        assert_eq!(timers.wake(0, at(10)), woken(Some(20), true));
        assert!(!set(&mut timers, 12, 10, true));
        assert_eq!(timers.wake(0, at(20)), woken(Some(22), false));
        assert_eq!(timers.wake(0, at(22)), woken(Some(32), true));
        assert!(set(&mut timers, 23, 1, false));
        assert_eq!(timers.wake(0, at(24)), woken(None, true));
        assert_eq!(timers.wake(0, at(32)), woken(None, false));
    }
}
