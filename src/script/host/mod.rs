//! [`Host`]: what the functions of a world's scripts act on, for the length of a callback.

pub(crate) mod auto_update;
pub(crate) mod bar_rounds;
pub(crate) mod feeds;
pub(crate) mod lending;
pub(crate) mod meter;
pub(crate) mod output_names;
pub(crate) mod params;
pub(crate) mod test_harness;
pub(crate) mod timers;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use crate::script::host::auto_update::AutoUpdates;
use crate::script::host::bar_rounds::BarRounds;
use crate::script::host::feeds::{FeedRequest, Feeds};
use crate::script::host::meter::Meter;
use crate::script::host::output_names::OutputNames;
use crate::script::host::params::Params;
use crate::script::host::test_harness::TestHarness;
use crate::script::host::timers::Timers;
use crate::script::value::arguments::{ScriptResult, exceeded, printable};
use crate::script::value::indicator::IndicatorBudget;
use crate::script::value::limits::{
    COMMANDS_MAX, LINE_CHARS_MAX, LINES_MAX, OPEN_ORDERS_MAX, OPERATIONS, ROWS_MAX, RunLimits,
};
use crate::script::value::listing::ListingInfo;
use crate::script::value::order_handle::{OrderHandle, OrderReason};
use crate::script::value::views::HoldingView;
use bearpit_core::kernel::SimContext;
use bearpit_core::market::{AuctionRefusal, BarInterval};
use bearpit_core::participant::{Context, FeedError, MarketState};
use bearpit_core::units::{ActorId, ListingId, OrderId, SimTime};

/// The host as the functions of a world share it.
pub(crate) type SharedHost = Rc<RefCell<Host>>;

/// The stages of a script's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lifecycle {
    /// Statements outside of functions are being run.
    Loading,
    /// `on_init` is being run.
    Init,
    /// The market is open.
    Trading,
    /// The strategy is over: it is called for the last times.
    Ended,
}

/// What the functions of a world act on: the context and the state of the trader that runs a callback,
/// which are lent to it for that time ([`Lent`](lending::Lent)).
#[derive(Debug)]
pub(crate) struct Host {
    /// The trader's context while a callback runs; a vacant one otherwise.
    pub(crate) ctx: Context,
    /// What a callback has used up of its operations.
    pub(crate) meter: Rc<Meter>,
    /// The state of the trader while a callback runs; a vacant one otherwise. On the heap, so that lending it
    /// moves a pointer.
    pub(crate) trader: Box<StrategyState>,
}

/// What a script has set up, and how far it has come: all that the functions of a world keep of one trader.
#[derive(Debug)]
pub(crate) struct StrategyState {
    pub(crate) stage: Lifecycle,
    /// The default listing of functions; absent while a script is loaded without a market.
    pub(crate) home: Option<ListingId>,
    pub(crate) start: SimTime,
    /// All listings, in the order of their ids; none while a script is loaded.
    pub(crate) listings: Rc<[Rc<ListingInfo>]>,
    pub(crate) params: Params,
    pub(crate) timers: Timers,
    pub(crate) feeds: Feeds,
    /// The bars that wait for those of other markets.
    pub(crate) rounds: BarRounds,
    /// The indicators that the host updates.
    pub(crate) auto_updates: AutoUpdates,
    /// The names of series and tables.
    pub(crate) names: OutputNames,
    /// The script's own open orders.
    pub(crate) orders: BTreeMap<OrderId, OrderHandle>,
    /// The orders about which requests are on their way, with how many: a rejection of one can come after its
    /// order has ended.
    pub(crate) requests: BTreeMap<OrderId, (OrderHandle, u32)>,
    /// Refused orders and requests for which `on_order` has not been called yet.
    pub(crate) refused: Vec<(OrderHandle, OrderReason)>,
    /// Why things were refused in auctions for which `on_auction` has not been called yet.
    pub(crate) refused_in_auctions: Vec<AuctionRefusal>,
    /// The trader's actor, once it runs.
    pub(crate) actor: ActorId,
    /// The orders that `order_target` and `close` have sent, by the listing.
    pub(crate) targets: BTreeMap<ListingId, Vec<OrderHandle>>,
    pub(crate) spent: CallbackUsage,
    /// What it may use over the whole run, and what it has written.
    pub(crate) run_limits: RunLimits,
    pub(crate) written: RunUsage,
    /// How many operations a callback may take.
    pub(crate) operations: u64,
    /// What its indicators hold.
    pub(crate) budget: Rc<IndicatorBudget>,
    /// The market that a test of the script plays on.
    pub(crate) test_harness: Option<TestHarness>,
}

/// What a callback has used of its limits.
#[derive(Debug, Default)]
pub(crate) struct CallbackUsage {
    pub(crate) commands: u32,
    pub(crate) lines: u32,
    pub(crate) rows: u32,
}

/// What a strategy has written over the run so far.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RunUsage {
    pub(crate) lines: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

impl RunUsage {
    /// Checks what a strategy has written against what it may.
    ///
    /// # Errors
    /// What it has written too much of.
    fn check(self, most: RunLimits) -> Result<(), String> {
        let complaint = |what: &str, most: u64| Err(format!("more than {most} {what} over the run"));
        match () {
            () if self.lines > most.lines => complaint("lines", most.lines),
            () if self.rows > most.rows => complaint("rows and points", most.rows),
            () if self.bytes > most.bytes => complaint("bytes of lines, rows and points", most.bytes),
            () => Ok(()),
        }
    }
}

impl Host {
    /// Makes a host to which nothing is lent.
    pub(crate) fn vacant() -> Self {
        Self {
            ctx: SimContext::vacant(MarketState::vacant()),
            meter: Meter::new(OPERATIONS),
            trader: Box::default(),
        }
    }

    /// Begins a callback: what is limited per callback is counted anew.
    pub(crate) fn begin(&mut self) {
        self.trader.spent = CallbackUsage::default();
        self.meter.begin(self.trader.operations);
    }
}

impl Default for StrategyState {
    fn default() -> Self {
        Self {
            stage: Lifecycle::Loading,
            home: None,
            start: SimTime::from_nanos(0),
            listings: Rc::default(),
            params: Params::default(),
            timers: Timers::default(),
            feeds: Feeds::new(BarInterval::default()),
            rounds: BarRounds::default(),
            auto_updates: AutoUpdates::default(),
            names: OutputNames::default(),
            orders: BTreeMap::new(),
            requests: BTreeMap::new(),
            refused: Vec::new(),
            refused_in_auctions: Vec::new(),
            actor: ActorId::new(0),
            targets: BTreeMap::new(),
            spent: CallbackUsage::default(),
            run_limits: RunLimits::DEFAULT,
            written: RunUsage::default(),
            operations: OPERATIONS,
            budget: Rc::default(),
            test_harness: None,
        }
    }
}

impl Deref for Host {
    type Target = StrategyState;

    fn deref(&self) -> &StrategyState {
        &self.trader
    }
}

impl DerefMut for Host {
    fn deref_mut(&mut self) -> &mut StrategyState {
        &mut self.trader
    }
}

impl Host {
    /// Returns a listing.
    ///
    /// # Errors
    /// That there are none while the script is loaded.
    pub(crate) fn listing(&self, function: &str, id: Option<ListingId>) -> ScriptResult<Rc<ListingInfo>> {
        let listing = id.and_then(|id| self.listings.get(id.index())).cloned();
        listing.ok_or_else(|| {
            format!("{function}: there is no market while the script is loaded; call it in a callback").into()
        })
    }

    /// Checks that a callback is running.
    ///
    /// # Errors
    /// That the function is for callbacks, if the script is only being loaded.
    pub(crate) fn need_run(&self, function: &str) -> ScriptResult<()> {
        if self.stage == Lifecycle::Loading {
            return Err(format!("{function}: the script is only being loaded; call it in a callback").into());
        }
        Ok(())
    }

    /// Counts a command to a venue.
    ///
    /// # Errors
    /// That no command can be sent at this stage, or that there are too many.
    pub(crate) fn count_command(&mut self, function: &str) -> ScriptResult<()> {
        self.need_run(function)?;
        if self.stage == Lifecycle::Init {
            return Err(
                format!("{function}: the market has not opened in on_init; trade from on_start on").into()
            );
        }
        if self.stage == Lifecycle::Ended {
            return Err(format!("{function}: the strategy is over, and sends nothing any more").into());
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

    /// Counts a point of a series or a row of a table, of so many bytes.
    pub(crate) fn count_row(&mut self, function: &str, bytes: usize) -> ScriptResult<()> {
        self.need_run(function)?;
        self.spent.rows += 1;
        if self.spent.rows > ROWS_MAX {
            return Err(exceeded(format!(
                "{function}: more than {ROWS_MAX} rows and points in one callback"
            )));
        }
        self.written.rows += 1;
        self.count_bytes(function, bytes)
    }

    /// Counts bytes that are written, and checks what has been written over the run.
    fn count_bytes(&mut self, function: &str, bytes: usize) -> ScriptResult<()> {
        self.written.bytes += bytes as u64;
        let checked = self.written.check(self.run_limits);
        checked.map_err(|complaint| exceeded(format!("{function}: {complaint}")))
    }

    /// Writes a line into the log, shortened and without control characters.
    pub(crate) fn log(&mut self, text: &str) -> ScriptResult<()> {
        self.spent.lines += 1;
        if self.spent.lines > LINES_MAX {
            return Err(exceeded(format!("log: more than {LINES_MAX} lines in one callback")));
        }
        if self.stage > Lifecycle::Loading {
            let line = printable(text, LINE_CHARS_MAX);
            self.written.lines += 1;
            self.count_bytes("log", line.len())?;
            self.ctx.log(line);
        }
        Ok(())
    }
}

impl Host {
    /// Subscribes to a feed of a listing; subscribing twice changes nothing.
    ///
    /// # Errors
    /// [`FeedError`] if the market has no such feed.
    pub(crate) fn ask(&mut self, listing: ListingId, wanted: FeedRequest) -> Result<(), FeedError> {
        self.ctx.subscribe(listing, wanted.feed())?;
        self.feeds.ask(listing, wanted);
        Ok(())
    }
}

impl Host {
    /// Returns the position in a listing's instrument.
    pub(crate) fn holding(&self, listing: &Rc<ListingInfo>) -> HoldingView {
        let worth = self.ctx.worth(listing.instrument_id);
        let position = self.ctx.account().map(|account| *account.position(listing.instrument_id));
        let quantity = position.map_or(0.0, |it| listing.instrument.holding_f64(it.holding()));
        let cost = position.map_or(0.0, |it| it.cost().to_f64());
        HoldingView {
            listing: Rc::clone(listing),
            quantity,
            average_price: (quantity != 0.0 && worth.is_some()).then(|| cost / quantity),
            realized: position.map_or(0.0, |it| it.realized().to_f64()),
            unrealized: worth.map(|worth| worth.to_f64() - cost),
            value: worth.map(bearpit_core::units::Money::to_f64),
        }
    }
}
