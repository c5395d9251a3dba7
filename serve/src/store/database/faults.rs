//! [`Faults`]: makes a database fail at any step, for tests.

use super::error::StoreError;

/// Makes a database fail at any step, for tests; in a program it is nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    #[cfg(test)]
    plan: std::sync::Arc<std::sync::Mutex<Plan>>,
}

#[cfg(test)]
#[derive(Debug, Default)]
struct Plan {
    /// How many steps succeed before all fail.
    good: Option<u64>,
}

impl Faults {
    /// Is called at each step: the beginning of a transaction, each statement in one, before and after its
    /// commit.
    #[cfg_attr(
        not(test),
        expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "tests make it fail")
    )]
    pub(super) fn step(&self) -> Result<(), StoreError> {
        #[cfg(test)]
        if let Some(good) = &mut self.plan.lock().unwrap().good {
            if *good == 0 {
                return Err(StoreError::Away("a test says so".to_owned()));
            }
            *good -= 1;
        }
        Ok(())
    }

    /// Lets so many steps succeed, and all others fail until it heals.
    #[cfg(test)]
    pub(crate) fn fail_after(&self, good: u64) {
        self.plan.lock().unwrap().good = Some(good);
    }

    /// Lets all steps succeed; returns whether one had failed, or none was left.
    #[cfg(test)]
    pub(crate) fn heal(&self) -> bool {
        self.plan.lock().unwrap().good.take() == Some(0)
    }
}
