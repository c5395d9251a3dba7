//! [`ScriptTest`]: a test of a script, which runs beside a strategy.
//!
//! A test is a function of the script called `test_..`. It runs between the events of the world, in a twin
//! of the strategy's program that shares its engine, host and imports; so `position()` or `orders()` return
//! those of the strategy.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use rhai::Dynamic;

use crate::script::host::test_harness::{MockMarket, TestHarness};
use crate::script::runtime::program::Program;
use crate::script::value::script_error::ScriptError;
use bearpit_core::participant::Context;

/// A test of a strategy; clones are the same.
#[derive(Clone, Default)]
pub struct ScriptTest(Rc<RefCell<TestSlot>>);

#[derive(Default)]
struct TestSlot {
    market: Option<Weak<RefCell<dyn MockMarket>>>,
    program: Option<Program>,
}

impl std::fmt::Debug for ScriptTest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptTest").finish_non_exhaustive()
    }
}

impl ScriptTest {
    /// Sets the market of the test; to be called before the strategy starts.
    pub fn play_on(&self, market: &Rc<RefCell<dyn MockMarket>>) {
        self.0.borrow_mut().market = Some(Rc::downgrade(market));
    }

    /// Runs the test called `name` with the strategy's context; does nothing if the strategy did not start.
    ///
    /// # Errors
    /// Where and why it failed.
    pub fn run(&self, name: &str, ctx: &mut Context) -> Result<(), ScriptError> {
        let program = self.0.borrow_mut().program.take();
        program.map_or(Ok(()), |mut program| program.test(ctx, name))
    }

    pub(crate) fn test_harness(&self) -> Option<TestHarness> {
        let market = self.0.borrow().market.clone()?;
        Some(TestHarness { market, state: Dynamic::from_map(rhai::Map::new()) })
    }

    pub(crate) fn begin(&self, program: Program) {
        self.0.borrow_mut().program = Some(program);
    }
}
