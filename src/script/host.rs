//! [`Host`]: what a script's functions act on, for the length of a callback.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult};

use super::fed::Fed;
use super::feeds::Feeds;
use super::limits::{
    COMMANDS_MAX, LINE_CHARS_MAX, LINES_MAX, Meter, OPEN_ORDERS_MAX, OPERATIONS, ROWS_MAX, exceeded,
};
use super::order::{Order, Reason};
use super::output::Names;
use super::params::Params;
use super::place::Place;
use super::rehearsal::Rehearsal;
use super::timers::Timers;
use bearpit_core::kernel::SimContext;
use bearpit_core::participant::{Context, MarketState};
use bearpit_core::units::{ListingId, OrderId, SimDuration, SimTime};

/// The host as the functions of a script share it.
pub(super) type Shared = Rc<RefCell<Host>>;

/// What a function returns that can fail.
pub(super) type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// How far a script has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// What stands outside of functions is being run.
    Loading,
    /// `on_init` is being run.
    Init,
    /// The market is there.
    Trading,
}

/// The lent context, and what a script has set up.
#[derive(Debug)]
pub(super) struct Host {
    /// The trader's context while a callback runs; a vacant one otherwise.
    pub(super) ctx: Context,
    pub(super) stage: Stage,
    /// The listing that functions without a market mean.
    pub(super) home: ListingId,
    pub(super) start: SimTime,
    /// All listings, in the order of their ids; none while a script is loaded.
    pub(super) places: Vec<Rc<Place>>,
    pub(super) params: Params,
    pub(super) timers: Timers,
    pub(super) feeds: Feeds,
    /// The indicators that the host feeds.
    pub(super) fed: Fed,
    /// The names of series and tables.
    pub(super) names: Names,
    /// The script's own open orders.
    pub(super) orders: BTreeMap<OrderId, Order>,
    /// Orders, and requests about orders, that were refused, of which `on_order` is yet to be told.
    pub(super) refused: Vec<(Order, Reason)>,
    /// The orders that `order_target` and `close` have sent, by the listing.
    pub(super) targets: BTreeMap<ListingId, Vec<Order>>,
    pub(super) spent: Spent,
    /// What a callback has used up of its operations.
    pub(super) meter: Rc<Meter>,
    /// The market that a test of the script plays on.
    pub(super) rehearsal: Option<Rehearsal>,
}

/// What a callback has used up of its limits.
#[derive(Debug, Default)]
pub(super) struct Spent {
    commands: u32,
    lines: u32,
    rows: u32,
}

impl Host {
    /// Makes a host without a context.
    pub(super) fn vacant() -> Self {
        Self {
            ctx: SimContext::vacant(MarketState::vacant()),
            stage: Stage::Loading,
            home: ListingId::new(0),
            start: SimTime::from_nanos(0),
            places: Vec::new(),
            params: Params::default(),
            timers: Timers::default(),
            feeds: Feeds::new(SimDuration::ZERO),
            fed: Fed::default(),
            names: Names::default(),
            orders: BTreeMap::new(),
            refused: Vec::new(),
            targets: BTreeMap::new(),
            spent: Spent::default(),
            meter: Meter::new(OPERATIONS),
            rehearsal: None,
        }
    }

    /// Begins a callback: what is limited per callback is counted anew.
    pub(super) fn begin(&mut self) {
        self.spent = Spent::default();
        self.meter.begin();
    }

    /// Returns a listing, or says that there are none yet.
    pub(super) fn place(&self, function: &str, listing: ListingId) -> Outcome<Rc<Place>> {
        let place = self.places.get(listing.index()).cloned();
        place.ok_or_else(|| {
            format!("{function}: there is no market while the script is loaded; call it in a callback").into()
        })
    }

    /// Says that a function is for callbacks, if the script is only being loaded.
    pub(super) fn need_run(&self, function: &str) -> Outcome<()> {
        if self.stage == Stage::Loading {
            return Err(format!("{function}: the script is only being loaded; call it in a callback").into());
        }
        Ok(())
    }

    /// Counts a command to a venue, if there can be one.
    pub(super) fn count_command(&mut self, function: &str) -> Outcome<()> {
        self.need_run(function)?;
        if self.stage == Stage::Init {
            return Err(
                format!("{function}: the market has not opened in on_init; trade from on_start on").into()
            );
        }
        self.spent.commands += 1;
        if self.orders.len() > OPEN_ORDERS_MAX {
            let open = self.orders.len();
            let message =
                format!("{function}: {open} orders are open; at most {OPEN_ORDERS_MAX} are allowed");
            return Err(exceeded(message));
        }
        if self.spent.commands > COMMANDS_MAX {
            return Err(exceeded(format!("{function}: more than {COMMANDS_MAX} orders in one callback")));
        }
        Ok(())
    }

    /// Counts a number of a series or a row of a table, once the script runs.
    pub(super) fn count_row(&mut self, function: &str) -> Outcome<()> {
        self.need_run(function)?;
        self.spent.rows += 1;
        if self.spent.rows > ROWS_MAX {
            return Err(exceeded(format!(
                "{function}: more than {ROWS_MAX} rows and points in one callback"
            )));
        }
        Ok(())
    }

    /// Writes a line into the log, shortened and without control characters.
    pub(super) fn log(&mut self, text: &str) -> Outcome<()> {
        self.spent.lines += 1;
        if self.spent.lines > LINES_MAX {
            return Err(exceeded(format!("log: more than {LINES_MAX} lines in one callback")));
        }
        if self.stage > Stage::Loading {
            self.ctx.log(printable(text, LINE_CHARS_MAX));
        }
        Ok(())
    }
}

/// Returns the first characters of a text; what would act on a terminal is escaped.
pub(super) fn printable(text: &str, chars_max: usize) -> String {
    let mut line = String::new();
    let mut chars = text.chars();
    for c in chars.by_ref().take(chars_max) {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    if chars.next().is_some() {
        line.push_str("...");
    }
    line
}

/// Returns a whole or broken number.
pub(super) fn number(function: &str, what: &str, value: &Dynamic) -> Outcome<f64> {
    #[expect(clippy::cast_precision_loss, reason = "what is beyond 2^53 is out of every range here")]
    let whole = value.as_int().ok().map(|value| value as f64);
    whole
        .or_else(|| value.as_float().ok())
        .ok_or_else(|| format!("{function}: the {what} must be a number, but is {}", described(value)).into())
}

/// Returns a text.
pub(super) fn text(function: &str, what: &str, value: &Dynamic) -> Outcome<rhai::ImmutableString> {
    value
        .as_immutable_string_ref()
        .map(|text| text.clone())
        .map_err(|_| format!("{function}: the {what} must be a text, but is {}", described(value)).into())
}

/// Returns a value's type and, where it is short, the value.
pub(super) fn described(value: &Dynamic) -> String {
    match value.type_name() {
        "()" => "absent, ()".to_owned(),
        "array" | "map" => format!("an {}", value.type_name()).replace("an map", "a map"),
        _ if value.is_string() => format!("a text ({})", printable(&value.to_string(), 40)),
        "i64" | "f64" => format!("a number ({value})"),
        "bool" => format!("a boolean ({value})"),
        other => format!("of the type {}", other.rsplit("::").next().unwrap_or(other)),
    }
}
