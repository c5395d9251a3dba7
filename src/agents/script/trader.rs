//! [`ScriptTrader`]: the actor that runs a script.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use actix::{Actor, ActorContext, Handler};
use rhai::{CallFnOptions, Dynamic, Engine, FuncArgs, Scope};

use super::callbacks::{self, Callback};
use super::engine::{self, CompiledScript, Constants};
use super::error::ScriptError;
use super::functions;
use super::host::Host;
use super::indicators;
use super::types::{BarView, FillView, Params, Place, QuoteView};
use crate::agents::{ParamValue, ScriptConfig};
use crate::kernel::Wakeup;
use crate::market::ExecutionReport;
use crate::pit::{Context, Feed, MarketData, Update};

/// Runs a strategy written in Rhai.
///
/// A script that fails stops: its error goes onto the tape with file, line, column, callback and virtual
/// time, its open orders are canceled, and nothing of it runs any more. All others go on.
pub struct ScriptTrader {
    config: ScriptConfig,
    running: Option<Running>,
}

/// What there is once the script has started.
struct Running {
    engine: Engine,
    script: CompiledScript,
    source: Arc<str>,
    constants: Constants,
    host: Rc<RefCell<Host>>,
    scope: Scope<'static>,
    /// What the script keeps in `this`.
    state: Dynamic,
    subscribed: usize,
}

impl std::fmt::Debug for ScriptTrader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptTrader").field("file", &self.config.file).finish_non_exhaustive()
    }
}

impl ScriptTrader {
    /// Makes a trader; the script is compiled when it starts.
    #[must_use]
    pub const fn new(config: ScriptConfig) -> Self {
        Self { config, running: None }
    }

    fn start(&mut self, ctx: &mut Context) -> Result<(), ScriptError> {
        let mut host = Host::vacant();
        host.home = self.config.listing;
        host.start = ctx.now();
        host.names =
            ctx.listing_names().into_iter().map(|(symbol, venue)| (symbol.into(), venue.into())).collect();
        host.subscriptions.push(self.config.listing);
        let host = Rc::new(RefCell::new(host));
        let constants = Constants::default();
        constants.borrow_mut().insert("params".to_owned(), params(&self.config.params));
        let engine = engine::engine(&host, &constants);
        let script = engine::compile_with(&engine, &self.config.source, &self.config.file)?;
        let source = Arc::clone(&self.config.source);
        let state = Dynamic::from_map(rhai::Map::new());
        let mut running =
            Running { engine, script, source, constants, host, scope: Scope::new(), state, subscribed: 0 };
        running.declare(ctx)?;
        self.running = Some(running);
        Ok(())
    }

    /// Calls a callback if the script defines it, and stops the script if it fails.
    fn call(&mut self, ctx: &mut Context, callback: Callback, arguments: impl FuncArgs) {
        let Some(running) = &mut self.running else { return };
        if running.script.defined.has(callback)
            && let Err(error) = running.call(ctx, callback, arguments)
        {
            self.fail(ctx, callback, &error);
        }
    }

    fn fail(&mut self, ctx: &mut Context, callback: Callback, error: &ScriptError) {
        let ScriptError { line, column, message, help } = error;
        let help = help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        let file = self.config.file.display();
        let place = format!("{file}:{line}:{column}");
        ctx.log_failure(format!("{place}: {message}{help}, in {} at {}", callback.name(), ctx.now()));
        ctx.disconnect();
        self.running = None;
        ctx.stop();
    }

    fn views<T>(&self, view: impl FnOnce(&Host) -> Option<T>) -> Option<T> {
        view(&self.running.as_ref()?.host.borrow())
    }
}

impl Running {
    /// Runs what stands outside of functions once, and keeps the constants that it declares.
    fn declare(&mut self, ctx: &mut Context) -> Result<(), ScriptError> {
        self.host.borrow_mut().begin();
        mem::swap(ctx, &mut self.host.borrow_mut().ctx);
        let ran = self.engine.run_ast_with_scope(&mut self.scope, &self.script.ast);
        mem::swap(ctx, &mut self.host.borrow_mut().ctx);
        ran.map_err(|error| self.describe(&error, (1, 1)))?;
        let mut constants = self.constants.borrow_mut();
        for (name, _, value) in self.scope.iter() {
            constants.insert(name.to_owned(), value);
        }
        drop(constants);
        self.scope.clear();
        Ok(())
    }

    fn call(
        &mut self,
        ctx: &mut Context,
        callback: Callback,
        arguments: impl FuncArgs,
    ) -> Result<(), ScriptError> {
        self.lend(ctx);
        let options = CallFnOptions::new().eval_ast(false).rewind_scope(true).bind_this_ptr(&mut self.state);
        let called = self.engine.call_fn_with_options::<Dynamic>(
            options,
            &mut self.scope,
            &self.script.ast,
            callback.name(),
            arguments,
        );
        self.take_back(ctx);
        called
            .map(|_| ())
            .map_err(|error| self.describe(&error, callbacks::place_of(&self.source, callback.name())))
    }

    /// Puts the context into the slot that the script's functions see.
    fn lend(&self, ctx: &mut Context) {
        let mut host = self.host.borrow_mut();
        host.begin();
        mem::swap(ctx, &mut host.ctx);
    }

    /// Takes the context back, and carries out what the script subscribed to meanwhile.
    fn take_back(&mut self, ctx: &mut Context) {
        let mut host = self.host.borrow_mut();
        mem::swap(ctx, &mut host.ctx);
        while let Some(listing) = host.subscriptions.get(self.subscribed) {
            for (callback, feed) in
                [(Callback::Bar, Feed::Bars(ctx.bar_interval())), (Callback::Quote, Feed::Quotes)]
            {
                if self.script.defined.has(callback) {
                    // Scripts name listings that there are, and these feeds are always to be had.
                    ctx.subscribe(*listing, feed).ok();
                }
            }
            self.subscribed += 1;
        }
    }

    fn describe(&self, error: &rhai::EvalAltResult, fallback: (usize, usize)) -> ScriptError {
        let own = self.script.ast.iter_functions().map(|function| function.name.to_owned());
        let given = functions::NAMES.iter().chain(&indicators::NAMES);
        let names: Vec<String> = given.map(|name| (*name).to_owned()).chain(own).collect();
        ScriptError::running(error, &names, fallback)
    }
}

/// The parameters, as `params.name` reads them.
fn params(given: &[(String, ParamValue)]) -> Dynamic {
    let mut map = rhai::Map::new();
    for (name, value) in given {
        let value = match value {
            ParamValue::Bool(value) => Dynamic::from_bool(*value),
            ParamValue::Int(value) => Dynamic::from_int(*value),
            ParamValue::Float(value) => Dynamic::from_float(*value),
            ParamValue::Text(text) => text.clone().into(),
        };
        map.insert(name.as_str().into(), value);
    }
    Dynamic::from(Params::new(map))
}

impl Actor for ScriptTrader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        if let Err(error) = self.start(ctx) {
            return self.fail(ctx, Callback::Start, &error);
        }
        if let Some(running) = &mut self.running {
            // Subscribes to the home market even where there is no on_start.
            running.lend(ctx);
            running.take_back(ctx);
        }
        self.call(ctx, Callback::Start, ());
    }

    fn stopped(&mut self, ctx: &mut Context) {
        self.call(ctx, Callback::Stop, ());
        self.running = None;
    }
}

impl Handler<Wakeup> for ScriptTrader {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        let timer = self
            .views(|host| usize::try_from(wakeup.tag).ok().and_then(|index| host.timers.get(index)).cloned());
        let Some(timer) = timer else { return };
        if let Some(every) = timer.every {
            ctx.wake_after(every, wakeup.tag);
        }
        self.call(ctx, Callback::Timer, (timer.name,));
    }
}

impl Handler<ExecutionReport> for ScriptTrader {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        let Some(instrument) = ctx.instrument(report.listing) else { return };
        let fill = self.views(|host| FillView::new(Place::of(host, report.listing), &report, instrument));
        if let Some(fill) = fill {
            self.call(ctx, Callback::Fill, (fill,));
        }
    }
}

impl Handler<MarketData> for ScriptTrader {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        let Some(instrument) = ctx.instrument(data.listing) else { return };
        let Some(place) = self.views(|host| Some(Place::of(host, data.listing))) else { return };
        match data.update {
            Update::Bar(bar) => {
                let bar = BarView::new(place, &bar, instrument);
                self.call(ctx, Callback::Bar, (bar,));
            }
            Update::Quote(quote) => {
                let quote = QuoteView::new(place, &quote, instrument);
                self.call(ctx, Callback::Quote, (quote,));
            }
            Update::Trade { .. } | Update::Phase(_) | Update::Indicative(_) | Update::Book(_) => {}
        }
    }
}
