//! [`Wakeups`]: when an agent acts.

use rand_distr::Distribution;

use super::Activity;
use crate::kind::AgentSite;
use bearpit_core::kernel::Exponential;
use bearpit_core::params::{ParamError, Values};
use bearpit_core::participant::Context;
use bearpit_core::units::SimDuration;

/// When an agent acts: after exponentially distributed waits, shorter at some times of the day than at others
/// if it has an activity.
#[derive(Debug, Clone, PartialEq)]
pub struct Wakeups {
    /// Mean time between two actions, above zero; with an activity, the mean of its session.
    pub mean: SimDuration,
    /// How much more often at some times of the day than at others; always alike if absent.
    pub activity: Option<Activity>,
}

impl Wakeups {
    /// Makes wake-ups that come as often at all times of the day.
    #[must_use]
    pub const fn every(mean: SimDuration) -> Self {
        Self { mean, activity: None }
    }

    /// Reads `interval` and `activity`.
    pub(crate) fn read(values: &Values, site: &AgentSite<'_>) -> Result<Self, ParamError> {
        Ok(Self { mean: values.get("interval")?, activity: Activity::read(values, site)? })
    }

    /// Wakes the actor at its next action.
    pub(crate) fn wait(&self, ctx: &mut Context) {
        let mut pause = Exponential { mean: self.mean.secs_f64() }.sample(ctx.rng());
        if let Some(activity) = &self.activity {
            pause = activity.stretched(ctx.now(), pause);
        }
        ctx.wake_after(SimDuration::from_secs_f64(pause), 0);
    }
}
