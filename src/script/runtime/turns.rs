//! [`Turns`]: the callbacks of a user's script that wait for operations of the [shared
//! budget](super::shared_budget).

use std::collections::VecDeque;

use rhai::Dynamic;

use super::shared_budget::{BudgetPlace, SharedBudget};
use crate::script::host::CallbackUsage;
use crate::script::value::callback::Callback;
use bearpit_core::units::{SimDuration, SimTime};

/// The most callbacks of a script that wait; more than it can have timers.
pub(crate) const WAITING_MAX: usize = 2_000;
/// What a callback costs besides its operations: what the host does for it.
pub(crate) const CALLBACK_COST: u64 = 50;
/// What an order or a request costs: the account gate, the venue and the tape.
pub(crate) const COMMAND_COST: u64 = 500;
/// What a line of the log, a point or a row costs.
pub(crate) const LINE_COST: u64 = 50;
/// How often a script's owner is told at most that callbacks wait.
const TELL_EVERY: SimDuration = SimDuration::from_secs(60);

/// What a script does next.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It begins: compiled, set up, `on_init`, `on_start`.
    Begin,
    /// A timer is due; it goes on once this is taken, so that a script that waits is not woken meanwhile.
    Wake(u64),
    /// A callback, with its argument if it has one.
    Call(Callback, Option<Dynamic>),
}

impl Turn {
    const fn callback(&self) -> Callback {
        match self {
            Self::Begin => Callback::Init,
            Self::Wake(_) => Callback::Timer,
            Self::Call(callback, _) => *callback,
        }
    }

    /// Returns whether it only tells of the market, so that it may be left out where it is old: what happened
    /// to orders never is, nor that the script begins, nor a timer, which would not go on.
    const fn can_be_left_out(&self) -> bool {
        matches!(
            self,
            Self::Call(
                Callback::Warmup
                    | Callback::Bar
                    | Callback::Bars
                    | Callback::Quote
                    | Callback::Trade
                    | Callback::Book
                    | Callback::Session
                    | Callback::Action,
                _
            )
        )
    }
}

/// What comes of asking for the next turn.
#[derive(Debug)]
pub(crate) enum NextTurn {
    /// It is taken now.
    Take(Turn),
    /// It waits; the script is to be woken then.
    Wait(SimTime),
    /// Nothing waits.
    None,
}

/// Who waits, and why it is not let in.
#[derive(Debug)]
pub(crate) struct Turns {
    place: BudgetPlace,
    waiting: VecDeque<Turn>,
    is_woken: bool,
    /// Since its owner was told.
    delayed: u64,
    skipped: u64,
    told: Option<SimTime>,
}

/// More callbacks wait than may, and none of them can be left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooManyWait;

impl Turns {
    pub(crate) fn new(budget: &SharedBudget) -> Self {
        let place = BudgetPlace::new(budget);
        Self { place, waiting: VecDeque::new(), is_woken: false, delayed: 0, skipped: 0, told: None }
    }

    /// Takes part in the budget from now on.
    pub(crate) fn enter(&mut self, now: SimTime) {
        self.place.enter(now);
    }

    /// Takes no part any longer; nothing waits then.
    pub(crate) fn leave(&mut self) {
        self.place.leave();
        self.waiting.clear();
    }

    /// Returns whether a callback may begin now: callbacks of a script keep their order.
    pub(crate) fn may_begin(&self, now: SimTime, callback: Callback) -> bool {
        self.waiting.is_empty() && self.place.may_begin(now, callback)
    }

    /// Lets a turn wait. A new quote or book takes the place of one of the same market that waits; where too
    /// many wait, the oldest that tells of the market is left out.
    ///
    /// # Errors
    /// [`TooManyWait`].
    pub(crate) fn put_off(
        &mut self,
        turn: Turn,
        is_replaced: impl Fn(&Turn, &Turn) -> bool,
    ) -> Result<(), TooManyWait> {
        self.delayed += 1;
        if let Some(older) = self.waiting.iter().position(|waiting| is_replaced(waiting, &turn)) {
            self.waiting.remove(older);
            self.skipped += 1;
        }
        if self.waiting.len() >= WAITING_MAX {
            let oldest = self.waiting.iter().position(Turn::can_be_left_out);
            self.waiting.remove(oldest.ok_or(TooManyWait)?);
            self.skipped += 1;
        }
        self.waiting.push_back(turn);
        Ok(())
    }

    /// Returns when the script is to be woken for what waits, unless it will be already.
    pub(crate) fn wake_at(&mut self, now: SimTime) -> Option<SimTime> {
        if self.is_woken || self.waiting.is_empty() {
            return None;
        }
        self.is_woken = true;
        Some(self.place.ask_again_at(now))
    }

    /// Takes note that the script was woken.
    pub(crate) const fn woken(&mut self) {
        self.is_woken = false;
    }

    /// Returns the next turn, if there is one and it may begin.
    pub(crate) fn next(&mut self, now: SimTime) -> NextTurn {
        let Some(turn) = self.waiting.front() else { return NextTurn::None };
        if self.place.may_begin(now, turn.callback()) {
            return self.waiting.pop_front().map_or(NextTurn::None, NextTurn::Take);
        }
        self.wake_at(now).map_or(NextTurn::None, NextTurn::Wait)
    }

    /// Counts what a callback took.
    pub(crate) fn took(&self, now: SimTime, callback: Callback, operations: u64, used: &CallbackUsage) {
        let lines = u64::from(used.lines) + u64::from(used.rows);
        let cost = CALLBACK_COST + COMMAND_COST * u64::from(used.commands) + LINE_COST * lines;
        self.place.took(now, callback, operations.saturating_add(cost));
    }

    /// Returns what to tell the script's owner, once a minute at most.
    pub(crate) fn word(&mut self, now: SimTime) -> Option<String> {
        if self.delayed == 0 || self.told.is_some_and(|told| now - told < TELL_EVERY) {
            return None;
        }
        self.told = Some(now);
        let (delayed, skipped) = (std::mem::take(&mut self.delayed), std::mem::take(&mut self.skipped));
        let were =
            if delayed == 1 { "1 callback waits" } else { &format!("{delayed} callbacks have waited") };
        let left_out =
            if skipped == 0 { String::new() } else { format!(", and {skipped} of them were left out") };
        let (whole, share) = (self.place.whole(), self.place.share());
        Some(format!(
            "{were} for its turn{left_out}: the scripts of users have {whole} operations a second together, \
             {share} each"
        ))
    }
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;
