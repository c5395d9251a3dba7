//! Pacing: how far a world may step by now, and how long its driver may sleep.
//!
//! A [`Pacer`] is arithmetic: wall time, virtual time and the next event are arguments, and it reads no
//! clock. So a driver with a thread and a clock stays thin, and a test drives it through any day in no time.

use std::time::Duration;

use thiserror::Error;

use crate::units::{SimDuration, SimTime};

/// How fast virtual time runs, in thousandths of real time; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Speed(u32);

impl Speed {
    /// As fast as the wall clock.
    pub const REAL_TIME: Self = Self(1_000);
    /// The highest speed: a million times the wall clock.
    pub const MAX: Self = Self(1_000_000_000);

    /// Makes a speed of so many thousandths of real time.
    ///
    /// # Errors
    /// [`SpeedError`] if that is zero, or above [`Speed::MAX`]; to stand still is [`Pacer::pause`].
    pub fn from_thousandths(thousandths: u32) -> Result<Self, SpeedError> {
        if (1..=Self::MAX.0).contains(&thousandths) {
            Ok(Self(thousandths))
        } else {
            Err(SpeedError(thousandths))
        }
    }

    /// Returns the thousandths of real time.
    #[must_use]
    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// Returns how far virtual time runs in `wall`, rounded down.
    fn virtual_nanos(self, wall: Duration) -> u128 {
        wall.as_nanos().saturating_mul(u128::from(self.0)) / 1_000
    }

    /// Returns the shortest wall time in which virtual time runs at least so far.
    fn wall_nanos(self, virtual_nanos: u128) -> u128 {
        virtual_nanos.saturating_mul(1_000).div_ceil(u128::from(self.0))
    }
}

/// Says why a number is no speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a speed of {0} thousandths of real time is not allowed: it must lie between 1 and {max}", max = Speed::MAX.thousandths())]
pub struct SpeedError(u32);

/// What a driver is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Step the world to this time.
    pub step_to: SimTime,
    /// How far virtual time still is behind after that step; the next step is then due at once.
    pub behind: SimDuration,
    /// Then sleep as long, unless a request comes; absent if nothing is ever due, or time stands still, and
    /// only a request can change that.
    pub sleep: Option<Duration>,
}

/// Keeps virtual time in step with wall time.
///
/// Wall time is counted from any moment that the driver chooses, and must not run backwards. A driver asks
/// for the [`Pace`], steps, sleeps or takes a request, and asks again:
///
/// ```
/// use std::time::Duration;
/// use bearpit_core::kernel::{Pacer, Speed};
/// use bearpit_core::units::{SimDuration, SimTime};
///
/// let open: SimTime = "2025-03-03T09:30:00".parse()?;
/// let mut pacer = Pacer::new(Duration::ZERO, open, Speed::REAL_TIME, SimDuration::from_secs(1));
/// // A second of wall time later, with the next event of the world due in another half:
/// let next_event = Some(open + SimDuration::from_millis(1_500));
/// let pace = pacer.pace(Duration::from_secs(1), open, next_event);
/// assert_eq!(pace.step_to, open + SimDuration::from_secs(1));
/// assert_eq!(pace.sleep, Some(Duration::from_millis(500)));
/// // Ten times as fast from now on: no jump, but the event comes sooner.
/// pacer.set_speed(Duration::from_secs(1), Speed::from_thousandths(10_000)?);
/// let pace = pacer.pace(Duration::from_secs(1), pace.step_to, next_event);
/// assert_eq!(pace.sleep, Some(Duration::from_millis(50)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacer {
    /// At this wall time the virtual time was the one beside it.
    wall: Duration,
    time: SimTime,
    speed: Speed,
    is_paused: bool,
    step_max: SimDuration,
}

impl Pacer {
    /// Starts at wall time `wall` and virtual time `now`. A world that is behind catches up in steps of at
    /// most `step_max`, so that requests are taken in between; of at least a nanosecond.
    #[must_use]
    pub fn new(wall: Duration, now: SimTime, speed: Speed, step_max: SimDuration) -> Self {
        let step_max = step_max.max(SimDuration::from_nanos(1));
        Self { wall, time: now, speed, is_paused: false, step_max }
    }

    /// Returns the virtual time at `wall`: what a request that comes in then is to be stamped with.
    #[must_use]
    pub fn time_at(&self, wall: Duration) -> SimTime {
        if self.is_paused {
            return self.time;
        }
        let run = self.speed.virtual_nanos(wall.saturating_sub(self.wall));
        self.time.saturating_add(SimDuration::from_nanos(i64::try_from(run).unwrap_or(i64::MAX)))
    }

    /// Returns what to do at `wall` with a world whose clock stands at `now`.
    ///
    /// The step never leads beyond the virtual time of `wall`. The sleep never ends later than the first
    /// nanosecond at which `next_event` is due; nor earlier, so that a driver does not wake in vain.
    #[must_use]
    pub fn pace(&self, wall: Duration, now: SimTime, next_event: Option<SimTime>) -> Pace {
        let target = self.time_at(wall).max(now);
        let step_to = target.min(now.saturating_add(self.step_max));
        let behind = target - step_to;
        if !behind.is_zero() {
            return Pace { step_to, behind, sleep: Some(Duration::ZERO) };
        }
        // What is due by the step itself makes new events; the driver asks again after it.
        let sleep = match next_event {
            Some(due) if due <= step_to => Some(Duration::ZERO),
            Some(due) if !self.is_paused => Some(self.wall_of(due).saturating_sub(wall)),
            _ => None,
        };
        Pace { step_to, behind, sleep }
    }

    /// Changes the speed at `wall`; virtual time runs on without a jump. A pacer that is paused stays so.
    pub fn set_speed(&mut self, wall: Duration, speed: Speed) {
        self.rebase(wall, self.time_at(wall));
        self.speed = speed;
    }

    /// Lets virtual time stand still from `wall` on.
    pub fn pause(&mut self, wall: Duration) {
        self.rebase(wall, self.time_at(wall));
        self.is_paused = true;
    }

    /// Lets virtual time run on from `wall`, from where it stood.
    pub fn resume(&mut self, wall: Duration) {
        self.rebase(wall, self.time_at(wall));
        self.is_paused = false;
    }

    /// Sets the virtual time at `wall` anew. A driver whose world is too far behind to catch up gives its
    /// clock, and so lets the time be lost; one that jumps over an outage gives the time after it.
    pub fn rebase(&mut self, wall: Duration, time: SimTime) {
        self.wall = wall;
        self.time = time;
    }

    /// Returns whether virtual time stands still.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Returns the speed, also while virtual time stands still.
    #[must_use]
    pub const fn speed(&self) -> Speed {
        self.speed
    }

    /// Returns the first wall time by which virtual time has reached `time`.
    fn wall_of(&self, time: SimTime) -> Duration {
        let ahead = u128::try_from((time - self.time).nanos()).unwrap_or(0);
        // A wall time beyond 584 years is never reached: it saturates.
        let nanos = u64::try_from(self.speed.wall_nanos(ahead)).unwrap_or(u64::MAX);
        self.wall.saturating_add(Duration::from_nanos(nanos))
    }
}

#[cfg(test)]
mod property_tests {
    use proptest::prelude::*;

    use super::*;

    const NANO: Duration = Duration::from_nanos(1);

    fn at(nanos: i64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    fn speed() -> impl Strategy<Value = Speed> {
        prop_oneof![1..=1_000_000_000_u32, 1..=5_000_u32].prop_map(|it| Speed::from_thousandths(it).unwrap())
    }

    fn wall() -> impl Strategy<Value = Duration> {
        (0..10_000_000_000_000_u64).prop_map(Duration::from_nanos)
    }

    proptest! {
        #[test]
        fn prop_no_step_leads_into_the_future_or_back(
            speed in speed(), wall in wall(), now in 0..20_000_000_000_000_i64, step in 0..1_000_000_000_000_i64,
            next in prop::option::of(0..20_000_000_000_000_i64),
        ) {
            let pacer = Pacer::new(Duration::ZERO, at(0), speed, SimDuration::from_nanos(step));
            let pace = pacer.pace(wall, at(now), next.map(at));
            prop_assert!(pace.step_to >= at(now));
            prop_assert!(pace.step_to == at(now) || pace.step_to <= pacer.time_at(wall));
            prop_assert!(pace.step_to - at(now) <= SimDuration::from_nanos(step.max(1)));
            prop_assert_eq!(pace.step_to + pace.behind, pacer.time_at(wall).max(at(now)));
            prop_assert!(pace.behind.is_zero() || pace.sleep == Some(Duration::ZERO));
        }

        #[test]
        fn prop_a_sleep_ends_at_the_first_nanosecond_of_the_next_event(
            speed in speed(), wall in wall(), ahead in 1..1_000_000_000_000_i64,
        ) {
            let pacer = Pacer::new(Duration::ZERO, at(0), speed, SimDuration::from_secs(1_000_000_000));
            let now = pacer.time_at(wall);
            // Saturates: the fastest speeds reach the end of time within these walls.
            let due = now.saturating_add(SimDuration::from_nanos(ahead));
            let sleep = pacer.pace(wall, now, Some(due)).sleep.unwrap();
            prop_assert!(pacer.time_at(wall + sleep) >= due);
            prop_assert!(sleep.is_zero() || pacer.time_at(wall + sleep - NANO) < due);
        }

        #[test]
        fn prop_time_runs_on_without_a_jump_through_any_change(
            changes in prop::collection::vec((speed(), 0..1_000_000_000_u64, 0..3_u8), 1..20),
        ) {
            let mut pacer = Pacer::new(Duration::ZERO, at(0), Speed::REAL_TIME, SimDuration::from_secs(1));
            let mut wall = Duration::ZERO;
            for (speed, later, change) in changes {
                wall += Duration::from_nanos(later);
                let before = pacer.time_at(wall);
                match change {
                    0 => pacer.set_speed(wall, speed),
                    1 => pacer.pause(wall),
                    _ => pacer.resume(wall),
                }
                prop_assert_eq!(pacer.time_at(wall), before);
                prop_assert!(pacer.time_at(wall + NANO) >= before);
                if change == 1 {
                    prop_assert_eq!(pacer.time_at(wall + Duration::from_secs(9)), before);
                    prop_assert_eq!(pacer.pace(wall, before, Some(before + SimDuration::from_nanos(1))).sleep, None);
                }
            }
        }

        #[test]
        fn prop_a_driver_that_obeys_delivers_each_event_when_it_is_due(
            speed in speed(), gaps in prop::collection::vec(1..5_000_000_000_i64, 1..20),
        ) {
            let mut pacer = Pacer::new(Duration::ZERO, at(0), speed, SimDuration::from_secs(1));
            let events: Vec<SimTime> = gaps.iter().scan(0, |sum, gap| { *sum += gap; Some(at(*sum)) }).collect();
            let (mut wall, mut now, mut next, mut turns) = (Duration::ZERO, at(0), 0, 0);
            while let Some(due) = events.get(next).copied() {
                let pace = pacer.pace(wall, now, Some(due));
                now = pace.step_to;
                if now >= due {
                    prop_assert!(pacer.time_at(wall) >= due);
                    next += 1;
                }
                wall += pace.sleep.unwrap();
                turns += 1;
                prop_assert!(turns < 200 * events.len() as u64, "no turn is in vain");
            }
            pacer.rebase(wall, now);
            prop_assert_eq!(pacer.time_at(wall), now);
        }
    }

    #[test]
    fn a_world_that_is_behind_catches_up_in_bounded_steps() {
        let second = SimDuration::from_secs(1);
        let pacer = Pacer::new(Duration::ZERO, at(0), Speed::REAL_TIME, second);
        let wall = Duration::from_millis(3_500);
        let mut now = at(0);
        let mut behind = Vec::new();
        loop {
            let pace = pacer.pace(wall, now, None);
            now = pace.step_to;
            behind.push(pace.behind.nanos() / 1_000_000);
            if pace.sleep.is_none() {
                break;
            }
        }
        assert_eq!(behind, [2_500, 1_500, 500, 0]);
        assert_eq!(now, at(3_500_000_000));
    }

    #[test]
    fn speeds_are_bounded_and_extremes_do_not_overflow() {
        assert_eq!(Speed::from_thousandths(0), Err(SpeedError(0)));
        assert!(Speed::from_thousandths(1_000_000_001).is_err());
        let pacer = Pacer::new(Duration::ZERO, at(0), Speed::MAX, SimDuration::from_nanos(i64::MAX));
        assert_eq!(pacer.time_at(Duration::MAX), at(i64::MAX));
        let slow = Pacer::new(Duration::ZERO, at(0), Speed::from_thousandths(1).unwrap(), SimDuration::ZERO);
        let pace = slow.pace(Duration::ZERO, at(0), Some(at(i64::MAX)));
        assert!(pace.sleep.unwrap() > Duration::from_secs(1_000_000_000));
    }
}
