//! [`Host`]: what a script's functions act on, for the length of a callback.

use rhai::{EvalAltResult, ImmutableString};

use crate::kernel::SimContext;
use crate::pit::{Context, Pit};
use crate::units::{ListingId, SimDuration, SimTime};

/// What a function returns that can fail.
pub(super) type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// The lent context, and what a script has set up.
#[derive(Debug)]
pub(super) struct Host {
    /// The trader's context while a callback runs; a vacant one otherwise.
    pub(super) ctx: Context,
    /// The listing that functions without a market mean.
    pub(super) home: ListingId,
    pub(super) start: SimTime,
    pub(super) timers: Vec<Timer>,
    pub(super) last_refusal: Option<String>,
    /// Symbols and venues of all listings.
    pub(super) names: Vec<(ImmutableString, ImmutableString)>,
    /// Listings that the script asked to hear of.
    pub(super) subscriptions: Vec<ListingId>,
    orders: u32,
    lines: u32,
}

/// A timer by name; the index is the tag of its wake-ups.
#[derive(Debug, Clone)]
pub(super) struct Timer {
    pub(super) name: ImmutableString,
    pub(super) every: Option<SimDuration>,
}

const ORDERS_MAX: u32 = 1_000;
const LINES_MAX: u32 = 100;
const LINE_CHARS_MAX: usize = 500;

impl Host {
    /// Makes a host without a context.
    pub(super) fn vacant() -> Self {
        Self {
            ctx: SimContext::vacant(Pit::vacant()),
            home: ListingId::new(0),
            start: SimTime::from_nanos(0),
            timers: Vec::new(),
            last_refusal: None,
            names: Vec::new(),
            subscriptions: Vec::new(),
            orders: 0,
            lines: 0,
        }
    }

    /// Begins a callback: what is limited per callback is counted anew.
    pub(super) const fn begin(&mut self) {
        self.orders = 0;
        self.lines = 0;
    }

    /// Counts a command to a venue.
    pub(super) fn count_order(&mut self) -> Outcome<()> {
        self.orders += 1;
        if self.orders > ORDERS_MAX {
            return Err(format!("more than {ORDERS_MAX} orders in one callback").into());
        }
        Ok(())
    }

    /// Writes a line into the log, shortened and without control characters.
    pub(super) fn log(&mut self, text: &str) -> Outcome<()> {
        self.lines += 1;
        if self.lines > LINES_MAX {
            return Err(format!("more than {LINES_MAX} log lines in one callback").into());
        }
        let mut line: String = text.chars().take(LINE_CHARS_MAX).flat_map(shown).collect();
        if text.chars().nth(LINE_CHARS_MAX).is_some() {
            line.push_str("...");
        }
        self.ctx.log(line);
        Ok(())
    }

    /// Returns the tag of the timer called `name`, making it if need be.
    pub(super) fn timer(&mut self, name: &str, every: Option<SimDuration>) -> Outcome<u64> {
        let index = match self.timers.iter().position(|timer| timer.name == name) {
            Some(index) => index,
            None if self.timers.len() >= 1_000 => return Err("more than 1000 timers".into()),
            None => {
                self.timers.push(Timer { name: name.into(), every: None });
                self.timers.len() - 1
            }
        };
        self.timers[index].every = every;
        Ok(index as u64)
    }
}

/// Returns a character as it is, or escaped if it would act on a terminal.
fn shown(c: char) -> impl Iterator<Item = char> {
    let escaped: Vec<char> = if c.is_control() { c.escape_default().collect() } else { vec![c] };
    escaped.into_iter()
}
