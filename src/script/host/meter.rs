//! [`Meter`]: counts the operations of a callback, and ends it at the limit.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rhai::{Dynamic, Engine, EvalAltResult, Position};

use crate::script::value::arguments::{ScriptResult, exceeded};
use crate::script::value::limits::size;
use crate::script::value::limits::{CALL_NESTING, DEPTH_MAX, VALUE_NESTING_MAX};

/// How many items are handled for one operation.
const ITEMS_PER_OPERATION: usize = 4;

/// Counts the operations of a callback.
///
/// It counts each operation, also in functions that Rhai's own functions call back, whose operations Rhai
/// itself does not add up.
#[derive(Debug)]
pub(crate) struct Meter {
    spent: Cell<u64>,
    limit: Cell<u64>,
    /// How deep the statements and expressions of all functions in progress nest.
    depth: Cell<usize>,
    /// How much deeper they may nest on the stack that is in use.
    room: Cell<usize>,
    /// Why the callback is to end, where that is not its operations.
    stopped: RefCell<Option<String>>,
}

/// How deep functions may nest on the stack of any thread.
const ROOM: usize = 100;
/// What a level takes of the stack at most, which is much more without optimization than with it.
const LEVEL_BYTES: usize = 24 << 10;

impl Meter {
    pub(crate) fn new(limit: u64) -> Rc<Self> {
        Rc::new(Self {
            spent: Cell::new(0),
            limit: Cell::new(limit),
            depth: Cell::new(0),
            room: Cell::new(ROOM),
            stopped: RefCell::default(),
        })
    }

    /// Begins a callback that may take so many operations.
    pub(crate) fn begin(&self, limit: u64) {
        self.spent.set(0);
        self.limit.set(limit);
        self.depth.set(0);
        self.room.set(ROOM);
        self.stopped.take();
    }

    /// Evaluates a function whose statements and expressions nest so deep, on a new stack where the one in
    /// use may not have room for it. When that is so depends on the script only, never on the machine.
    pub(crate) fn within<T>(
        &self,
        nesting: usize,
        evaluate: impl FnOnce() -> ScriptResult<T>,
    ) -> ScriptResult<T> {
        let (depth, room, deeper) = (self.depth.get(), self.room.get(), nesting + CALL_NESTING);
        if depth + deeper > DEPTH_MAX {
            return Err(exceeded(format!(
                "functions that call each other nest deeper than {DEPTH_MAX} blocks, expressions and calls"
            )));
        }
        self.depth.set(depth + deeper);
        let ended = match room.checked_sub(deeper) {
            Some(left) => {
                self.room.set(left);
                evaluate()
            }
            None => {
                self.room.set(ROOM);
                stacker::grow((deeper + ROOM) * LEVEL_BYTES, evaluate)
            }
        };
        self.depth.set(depth);
        self.room.set(room);
        ended
    }

    /// Returns how many operations the callback has taken.
    pub(crate) fn spent(&self) -> u64 {
        self.spent.get()
    }

    /// Counts work; the callback ends at its next operation if that was too much.
    pub(crate) fn charge(&self, operations: u64) {
        self.spent.set(self.spent.get().saturating_add(operations));
    }

    /// Counts work that is about to be done.
    ///
    /// # Errors
    /// That the operations are used up by it.
    pub(crate) fn charge_before(&self, operations: u64) -> ScriptResult<()> {
        self.charge(operations);
        self.complaint().map_or(Ok(()), |why| Err(EvalAltResult::ErrorTerminated(why, Position::NONE).into()))
    }

    /// Ends the callback at its next operation, with this error.
    pub(crate) fn stop(&self, why: String) {
        self.stopped.replace(Some(why));
        self.spent.set(u64::MAX);
    }

    /// Checks that nothing has stopped the callback at its last operation.
    ///
    /// # Errors
    /// What has.
    pub(crate) fn check_stopped(&self) -> ScriptResult<()> {
        match self.stopped.take() {
            Some(why) => Err(exceeded(why)),
            None => Ok(()),
        }
    }

    /// Tells whether so many operations more stay within the limit.
    pub(crate) fn has_left(&self, operations: u64) -> bool {
        self.spent.get().saturating_add(operations) <= self.limit.get()
    }

    /// Counts the items of a value that was copied so many times, and checks how deep they nest.
    pub(crate) fn charge_value(&self, value: &Dynamic, times: u64) -> Result<(), Box<EvalAltResult>> {
        if !(value.is_array() || value.is_map() || value.is_string()) {
            return Ok(());
        }
        let size = size(value, VALUE_NESTING_MAX)
            .ok_or_else(|| exceeded(format!("arrays and maps nest deeper than {VALUE_NESTING_MAX}")))?;
        self.charge((size / ITEMS_PER_OPERATION) as u64 * times);
        Ok(())
    }

    /// Returns the message for a script that has used up its operations.
    fn complaint(&self) -> Option<Dynamic> {
        let limit = self.limit.get();
        (self.spent.get() > limit).then(|| {
            let stopped = self.stopped.borrow().clone();
            let endless =
                || format!("the callback ran for more than {limit} operations (is there an endless loop?)");
            stopped.unwrap_or_else(endless).into()
        })
    }

    /// Makes an engine count with this meter.
    pub(crate) fn watch(self: &Rc<Self>, engine: &mut Engine) {
        let meter = Rc::clone(self);
        engine.on_progress(move |_| {
            meter.charge(1);
            meter.complaint()
        });
    }
}
