//! [`ScriptTrader`]: the actor that runs a script.

mod refusals;
mod taking_turns;

use std::rc::Rc;
use std::sync::Arc;

use actix::{Actor, ActorContext, Handler};
use rhai::Dynamic;

use crate::script::host::bar_rounds::{Arrival, BarRounds};
use crate::script::host::feeds::{FeedRequest, Feeds};
use crate::script::host::params::Params;
use crate::script::host::{CallbackUsage, Host, Lifecycle, StrategyState};
use crate::script::runtime::callback_bodies::function_position;
use crate::script::runtime::compile::Scripts;
use crate::script::runtime::config::{OnError, ScriptConfig};
use crate::script::runtime::flatten::Flatten;
use crate::script::runtime::program::Program;
use crate::script::runtime::run_bounds::{Overrun, RunBounds};
use crate::script::runtime::script_test::ScriptTest;
use crate::script::runtime::shared_budget::SharedBudget;
use crate::script::runtime::turns::{Turn, Turns};
use crate::script::value::arguments::ScriptResult;
use crate::script::value::auction::AuctionEventView;
use crate::script::value::callback::Callback;
use crate::script::value::order_event::{OrderEvent, OrderEventKind};
use crate::script::value::script_error::{ScriptError, SourcePosition};
use crate::script::value::views::{
    ActionView, BarView, BookView, MarginCallView, PhaseView, QuoteView, TradeView,
};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{CancelReason, CorporateAction, ExecutionReport, ReportKind};
use bearpit_core::participant::{CancelScope, Context, MarketData, Update};
use bearpit_core::units::{SimDuration, SimTime};

/// Runs a strategy written in Rhai.
///
/// # Examples
/// A market with one instrument, one venue, and nobody but the strategy:
/// ```
/// use bearpit::exchange::MarketBuilder;
/// use bearpit::market::{Fees, Instrument};
/// use bearpit::participant::{Latencies, ParticipantConfig};
/// use bearpit::script::{ScriptConfig, ScriptSource, ScriptTrader};
/// use bearpit::units::{ListingId, Seed, SimDuration, SimTime};
///
/// let open = SimTime::from_nanos(0);
/// let close = open + SimDuration::from_secs(60);
/// let mut builder = MarketBuilder::new(Seed::new(1), open, close)?;
/// let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
/// builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
///
/// let source = ScriptSource::alone("bid.rhai", "fn on_start() { buy_limit(10, 99.5); }");
/// let trader = ScriptTrader::new(ScriptConfig::new(source, ListingId::new(0)));
/// builder.agent("strategy", ParticipantConfig::new("script"), trader)?;
///
/// let mut market = builder.open()?;
/// market.start();
/// market.step(close, 1_000)?;
/// market.settle()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Failure
/// A script that fails is stopped: its error is recorded on the tape with file, line, column, source line,
/// callback and virtual time, its entries are canceled, and none of its functions is called again.
/// [`ScriptConfig::on_error`] decides what happens to its position, its exits and the run; other participants
/// are not affected.
pub struct ScriptTrader {
    config: ScriptConfig,
    scripts: Scripts,
    state: TraderState,
    bounds: RunBounds,
    /// What waits for operations, if it shares them with the scripts of other users.
    turns: Option<Turns>,
    /// The test that runs beside it.
    test: Option<ScriptTest>,
    /// The midnight for which it was told that a day is over.
    day_ended: Option<SimTime>,
}

/// The state of the trader.
enum TraderState {
    /// Not started, or stopped.
    Idle,
    Running(Box<Program>),
    /// The script has failed, and its position is being closed.
    Flattening(Flatten),
}

impl std::fmt::Debug for ScriptTrader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptTrader").field("file", &self.config.source.file).finish_non_exhaustive()
    }
}

/// The tag of the wake-ups at which callbacks that have waited are called; no timer of a script has it.
const TURN_TAG: u64 = u64::MAX - 2;

const DAY: SimDuration = SimDuration::from_secs(86_400);
/// The tag of the wake-ups at midnight.
const MIDNIGHT_TAG: u64 = u64::MAX - 3;

impl ScriptTrader {
    /// Makes a trader; the script is compiled when it starts.
    #[must_use]
    pub fn new(config: ScriptConfig) -> Self {
        Self::sharing(config, Scripts::default())
    }

    /// Makes a trader that shares with others of its world what scripts call, and its script if they have the
    /// same.
    #[must_use]
    pub const fn sharing(config: ScriptConfig, scripts: Scripts) -> Self {
        let bounds = RunBounds::new(config.run_limits);
        Self { config, scripts, state: TraderState::Idle, bounds, turns: None, test: None, day_ended: None }
    }

    /// Makes a trader of a user, who shares a budget of operations with all others in the world.
    #[must_use]
    pub fn of_user(config: ScriptConfig, scripts: Scripts, budget: &SharedBudget) -> Self {
        Self { turns: Some(Turns::new(budget)), ..Self::sharing(config, scripts) }
    }

    /// Makes a trader for a test.
    #[must_use]
    pub fn tested(config: ScriptConfig, test: ScriptTest) -> Self {
        Self { test: Some(test), ..Self::sharing(config, Scripts::with_test_functions()) }
    }

    fn start(&mut self, ctx: &mut Context) -> Result<(), ScriptError> {
        let script = self.scripts.compile(&self.config.source)?;
        let state = StrategyState {
            home: Some(self.config.listing),
            start: ctx.now(),
            actor: ctx.id(),
            params: Params::given(&self.config.params),
            feeds: Feeds::new(ctx.bar_interval()),
            operations: self.config.operations,
            run_limits: self.config.run_limits,
            test_harness: self.test.as_ref().and_then(ScriptTest::test_harness),
            ..StrategyState::default()
        };
        let mut program = Program::load(&script, Box::new(state))?;
        let complaints = program.with_state(|state| state.params.settle());
        if let Some(complaint) = complaints.into_iter().next() {
            let error = ScriptError::new(&self.config.source.file, SourcePosition::START, complaint.message);
            return Err(ScriptError { help: complaint.help, ..error });
        }
        let listings = self.scripts.listings(ctx);
        program.with_state(|state| state.listings = listings);
        // Before its first callback, which may offer something already.
        if program.has(Callback::Auction) {
            ctx.subscribe_auctions();
        }
        if let Some(test) = &self.test {
            test.begin(program.twin());
        }
        self.state = TraderState::Running(Box::new(program));
        Ok(())
    }

    /// Calls a callback if the script defines it, and stops the script if it fails. Where the operations of a
    /// shared budget are used up, the callback waits.
    fn call<const N: usize>(&mut self, ctx: &mut Context, callback: Callback, arguments: [Dynamic; N]) {
        let TraderState::Running(program) = &self.state else { return };
        if let Some(turns) = &self.turns
            && program.has(callback)
            && !turns.may_begin(ctx.now(), callback)
        {
            let argument = arguments.into_iter().next();
            return self.put_off(ctx, Turn::Call(callback, argument));
        }
        self.call_now(ctx, callback, arguments);
    }

    /// Calls a callback if the script defines it, whatever the budget.
    fn call_now<const N: usize>(&mut self, ctx: &mut Context, callback: Callback, arguments: [Dynamic; N]) {
        if let Err(error) = self.call_counted(ctx, callback, arguments) {
            return self.fail(ctx, Some(callback), &error);
        }
        self.report_refusals(ctx);
    }

    /// Calls a callback if the script defines it, and counts what it uses.
    fn call_counted<const N: usize>(
        &mut self,
        ctx: &mut Context,
        callback: Callback,
        arguments: [Dynamic; N],
    ) -> Result<(), ScriptError> {
        let TraderState::Running(program) = &mut self.state else { return Ok(()) };
        if !program.has(callback) {
            return Ok(());
        }
        let ended = program.call(ctx, callback, arguments);
        let (operations, bounds, turns) = (program.spent(), &mut self.bounds, &self.turns);
        let counted = program.with_state(|state| {
            if let Some(turns) = turns {
                turns.took(ctx.now(), callback, operations, &state.spent);
            }
            bounds.count(ctx.now(), callback, operations, &state.spent)
        });
        ended?;
        counted.map_err(|Overrun { message, help }| self.at_callback(callback, message).with_help(help))
    }

    /// Makes an error that concerns a callback as a whole.
    fn at_callback(&self, callback: Callback, message: String) -> ScriptError {
        let source = &self.config.source;
        ScriptError::new(&source.file, function_position(&source.text, callback.name()), message)
    }

    fn fail(&mut self, ctx: &mut Context, callback: Option<Callback>, error: &ScriptError) {
        let excerpt = match &self.state {
            TraderState::Running(program) => program.excerpt(error),
            _ => self.config.source.text_of(&error.file).map(|text| error.excerpt(text)),
        };
        let excerpt = excerpt.map_or_else(String::new, |excerpt| format!("\n{excerpt}"));
        let callback = callback.map_or_else(String::new, |callback| format!(", in {}", callback.name()));
        let text = format!("{error}{callback} at {}{excerpt}", ctx.now());
        ctx.log_failure(text.as_str());
        self.state = TraderState::Idle;
        if let Some(turns) = &mut self.turns {
            turns.leave();
        }
        ctx.leave_auctions();
        match self.config.on_error {
            OnError::Halt => {
                // The position stays, and so does what protects it.
                ctx.cancel_all(CancelScope::Entries, None);
                ctx.stop();
            }
            OnError::Flatten => {
                ctx.disconnect();
                let mut flatten = Flatten::new(ctx.now());
                if flatten.go_on(ctx) { self.state = TraderState::Flattening(flatten) } else { ctx.stop() }
            }
            OnError::Abort => {
                ctx.disconnect();
                ctx.fail(format!("strategy `{}` failed: {text}", ctx.name()));
            }
        }
    }

    /// Subscribes to feeds of the default market for callbacks whose feed the script has not subscribed to.
    fn ask_for_defaults(&mut self, ctx: &mut Context) {
        let TraderState::Running(program) = &mut self.state else { return };
        let home = self.config.listing;
        if program.has(Callback::Bars) && !program.with_state(|state| state.feeds.has_feed_for(Callback::Bar))
        {
            let wanted = FeedRequest::Bars(ctx.bar_interval());
            for listing in program.with_state(|state| Rc::clone(&state.listings)).iter() {
                let asked = program.with_host(ctx, |host| host.ask(listing.id, wanted));
                debug_assert!(asked.is_ok(), "every market has bars of the scenario's interval");
            }
        }
        for wanted in FeedRequest::defaults(ctx.bar_interval()) {
            let is_wanted = program.has(wanted.callback())
                && !program.with_state(|state| state.feeds.has_feed_for(wanted.callback()));
            if is_wanted {
                let asked = program.with_host(ctx, |host| host.ask(home, wanted));
                debug_assert!(asked.is_ok(), "the home market has all feeds");
            }
        }
    }

    /// Adds a bar to its round, if the script takes rounds of bars.
    fn round_of(&mut self, ctx: &mut Context, bar: &Dynamic) {
        let TraderState::Running(program) = &mut self.state else { return };
        let Some(bar) = bar.read_lock::<BarView>().filter(|_| program.has(Callback::Bars)) else { return };
        let arrival = Arrival { now: ctx.now(), slowest: ctx.feed_latency_bound() };
        let due = program.with_state(|state| state.add_to_round(arrival, &bar));
        if let Some(at) = due {
            ctx.wake_at(at, BarRounds::TAG);
        }
    }

    /// Calls `on_bars` for each round that is complete, or that nothing more is expected of.
    fn end_rounds(&mut self, ctx: &mut Context) {
        loop {
            let TraderState::Running(program) = &mut self.state else { return };
            let now = ctx.now();
            let Some(bars) = program.with_state(|state| state.rounds.take_due(now)) else { return };
            let bars: rhai::Array = bars.into_iter().map(Dynamic::from).collect();
            self.call(ctx, Callback::Bars, [Dynamic::from_array(bars)]);
        }
    }

    fn is_flat_or_go_on(&mut self, ctx: &mut Context) {
        if let TraderState::Flattening(flatten) = &mut self.state
            && !flatten.go_on(ctx)
        {
            self.state = TraderState::Idle;
            ctx.stop();
        }
    }
}

impl ScriptTrader {
    /// Compiles the script, sets it up and calls its first callbacks.
    fn begin(&mut self, ctx: &mut Context) {
        if let Err(error) = self.start(ctx) {
            return self.fail(ctx, None, &error);
        }
        let TraderState::Running(program) = &mut self.state else { return };
        if let Some(turns) = &self.turns {
            // What stands outside of functions.
            turns.took(ctx.now(), Callback::Init, program.spent(), &CallbackUsage::default());
        }
        program.enter(Lifecycle::Init);
        let params = program.params();
        self.call_now(ctx, Callback::Init, [params]);
        let TraderState::Running(program) = &mut self.state else { return };
        program.enter(Lifecycle::Trading);
        self.call_now(ctx, Callback::Start, []);
        self.ask_for_defaults(ctx);
        self.await_midnight(ctx);
    }

    /// Has the script told when this day is over, if it wants to know. A market that goes on has no other end
    /// of its day than its close.
    fn await_midnight(&self, ctx: &mut Context) {
        let TraderState::Running(program) = &self.state else { return };
        if program.has(Callback::DayEnd) && !ctx.goes_on() {
            let midnight = ctx.now().floor_to(DAY) + DAY;
            ctx.wake_at(midnight, MIDNIGHT_TAG);
        }
    }

    fn end_day(&mut self, ctx: &mut Context) {
        self.day_ended = Some(ctx.now());
        self.call(ctx, Callback::DayEnd, []);
        self.await_midnight(ctx);
    }

    /// Lets a timer go on, and calls the script if it is due.
    fn wake(&mut self, ctx: &mut Context, tag: u64) {
        let TraderState::Running(program) = &mut self.state else { return };
        let woken = program.with_state(|state| state.timers.wake(tag, ctx.now()));
        if let Some(next) = woken.next {
            ctx.wake_at(next, tag);
        }
        if let Some(turns) = self.turns.as_ref().filter(|_| !program.has(Callback::Timer)) {
            turns.took(ctx.now(), Callback::Timer, 0, &CallbackUsage::default());
        }
        if let Some(name) = woken.due {
            self.call_now(ctx, Callback::Timer, [name.into()]);
        }
    }
}

impl Actor for ScriptTrader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        if let Some(turns) = &mut self.turns {
            turns.enter(ctx.now());
            if !turns.may_begin(ctx.now(), Callback::Init) {
                return self.put_off(ctx, Turn::Begin);
            }
        }
        self.begin(ctx);
    }

    fn stopped(&mut self, ctx: &mut Context) {
        // A script that owes operations, or has something waiting, is not called once more.
        let was_told = self.day_ended == Some(ctx.now());
        if let TraderState::Running(program) = &mut self.state
            && !ctx.has_closed()
        {
            // Its owner has ended it while the market is open.
            program.enter(Lifecycle::Ended);
        }
        for callback in [Callback::DayEnd, Callback::Stop] {
            let may_begin = self.turns.as_ref().is_none_or(|turns| turns.may_begin(ctx.now(), callback));
            if may_begin && !(was_told && callback == Callback::DayEnd) {
                self.call_now(ctx, callback, []);
            }
        }
        self.state = TraderState::Idle;
        if let Some(turns) = &mut self.turns {
            turns.leave();
        }
    }
}

impl Handler<Wakeup> for ScriptTrader {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        if wakeup.tag == TURN_TAG {
            return self.take_turns(ctx);
        }
        let TraderState::Running(_) = &self.state else { return self.is_flat_or_go_on(ctx) };
        if wakeup.tag == BarRounds::TAG {
            return self.end_rounds(ctx);
        }
        if wakeup.tag == MIDNIGHT_TAG {
            return self.end_day(ctx);
        }
        match &self.turns {
            Some(turns) if !turns.may_begin(ctx.now(), Callback::Timer) => {
                self.put_off(ctx, Turn::Wake(wakeup.tag));
            }
            _ => self.wake(ctx, wakeup.tag),
        }
    }
}

impl Handler<ExecutionReport> for ScriptTrader {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        let TraderState::Running(program) = &mut self.state else { return self.is_flat_or_go_on(ctx) };
        let event = program.with_host(ctx, |host| host.follow(&report));
        let Some(event) = event else { return };
        let callback = match report.kind {
            ReportKind::Accepted => Some(Callback::OrderAccepted),
            ReportKind::Rejected(_) => Some(Callback::OrderRejected),
            ReportKind::Canceled(_) => Some(Callback::OrderCanceled),
            ReportKind::Expired(_) => Some(Callback::OrderExpired),
            ReportKind::Filled { .. } => Some(Callback::OrderFilled),
            _ => None,
        };
        if let Some(callback) = callback.filter(|callback| program.has(*callback)) {
            self.call(ctx, callback, [Dynamic::from(event.clone())]);
        }
        self.call(ctx, Callback::Order, [Dynamic::from(event.clone())]);
        let TraderState::Running(program) = &mut self.state else { return };
        if matches!(report.kind, ReportKind::Filled { .. }) && program.has(Callback::Position) {
            let holding = program.with_host(ctx, |host| host.holding(event.order.listing()));
            self.call(ctx, Callback::Position, [Dynamic::from(holding)]);
        }
    }
}

impl Host {
    /// Updates the order's handle with a report, and returns the event.
    fn follow(&mut self, report: &ExecutionReport) -> Option<OrderEvent> {
        let order = match self.orders.get(&report.order) {
            Some(order) => order.clone(),
            // The order had ended before the request about it arrived.
            None => self.requests.get(&report.order)?.0.clone(),
        };
        self.trader.answer_request(report);
        let account = self.ctx.account()?;
        order.follow(report.kind, account.order(report.order).as_ref());
        if report.kind.is_terminal() {
            self.trader.orders.remove(&report.order);
            // The exits of a bracket whose entry ended without a fill are gone without a report.
            for exit in [1, 2].map(|step| bearpit_core::units::OrderId::new(report.order.get() + step)) {
                if account.order(exit).is_none()
                    && let Some(exit) = self.trader.orders.remove(&exit)
                {
                    exit.end_with_entry();
                }
            }
        }
        Some(OrderEvent { order, what: OrderEventKind::Reported(report.kind), at: report.at })
    }
}

impl Handler<MarketData> for ScriptTrader {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        let TraderState::Running(program) = &mut self.state else { return };
        let taken = program.with_state(|state| state.take(data));
        match taken {
            None => {}
            Some((callback, Ok(argument))) => {
                self.call(ctx, callback, [argument.clone()]);
                if callback == Callback::Bar {
                    self.round_of(ctx, &argument);
                }
            }
            Some((callback, Err(error))) => {
                let error =
                    ScriptError::new(&self.config.source.file, SourcePosition::START, error.to_string());
                self.fail(ctx, Some(callback), &error);
            }
        }
    }
}

impl StrategyState {
    /// Notes that a request about an order was answered, if the report is that.
    fn answer_request(&mut self, report: &ExecutionReport) {
        let is_answer = matches!(
            report.kind,
            ReportKind::Canceled(CancelReason::Requested)
                | ReportKind::Replaced { .. }
                | ReportKind::TermsReplaced { .. }
                | ReportKind::CommandRejected(_)
        );
        if is_answer && let Some((_, waiting)) = self.requests.get_mut(&report.order) {
            *waiting -= 1;
            if *waiting == 0 {
                self.requests.remove(&report.order);
            }
        }
    }

    /// Adds a bar to its round; returns when to look for its end, if nothing else does.
    fn add_to_round(&mut self, arrival: Arrival, bar: &BarView) -> Option<SimTime> {
        let expected = self.feeds.markets_with(bar.bar.interval);
        self.rounds.add(arrival, bar, expected)
    }

    /// Stores what the script can read later of the market data, updates the indicators that follow it, and
    /// returns the callback to run with its argument.
    fn take(&mut self, data: MarketData) -> Option<(Callback, ScriptResult<Dynamic>)> {
        let listing = self.listings.get(data.listing.index()).cloned()?;
        Some(match data.update {
            Update::Bar(bar) => {
                self.feeds.keep(data.listing, bar);
                let bar = BarView { listing, bar };
                (Callback::Bar, self.auto_updates.bar(&bar).map(|()| Dynamic::from(bar)))
            }
            Update::Warmup(bar) => {
                self.feeds.keep(data.listing, bar);
                let bar = BarView { listing, bar };
                (Callback::Warmup, self.auto_updates.bar(&bar).map(|()| Dynamic::from(bar)))
            }
            Update::Quote(quote) => {
                let quote = QuoteView { listing, quote, at: data.at };
                (Callback::Quote, self.auto_updates.quote(&quote).map(|()| Dynamic::from(quote)))
            }
            Update::Trade { price, quantity, aggressor, phase } => {
                let trade = TradeView { listing, price, quantity, aggressor, phase, at: data.at };
                (Callback::Trade, self.auto_updates.trade(&trade).map(|()| Dynamic::from(trade)))
            }
            Update::Book(ladders) => {
                self.feeds.show(data.listing, Arc::clone(&ladders));
                (Callback::Book, Ok(Dynamic::from(BookView { listing, ladders })))
            }
            Update::Phase(phase) => {
                (Callback::Session, Ok(Dynamic::from(PhaseView { listing, phase, at: data.at })))
            }
            Update::Action(action) => {
                if let CorporateAction::Split(ratio) = action {
                    self.feeds.split(data.listing, ratio);
                    self.auto_updates.split(data.listing, ratio);
                }
                (Callback::Action, Ok(Dynamic::from(ActionView { listing, action, at: data.at })))
            }
            Update::MarginCall(call) => {
                (Callback::MarginCall, Ok(Dynamic::from(MarginCallView { call, at: data.at })))
            }
            Update::Auction(event) => {
                let news = AuctionEventView::of(&self.listings, event, (listing, self.actor, data.at));
                (Callback::Auction, Ok(Dynamic::from(news)))
            }
            Update::Indicative(_) => return None,
        })
    }
}
