//! [`Program`]: a script in execution for one trader.

use std::rc::Rc;

use rhai::{Dynamic, Engine, EvalAltResult, Module, Scope};

use crate::script::api::params::ParamsHandle;
use crate::script::host::lending::Lent;
use crate::script::host::{Host, Lifecycle, StrategyState};
use crate::script::runtime::callback_bodies::function_position;
use crate::script::runtime::error_explanation::NamesInScope;
use crate::script::runtime::imports::Imports;
use crate::script::runtime::shared_script::SharedScript;
use crate::script::sandbox::execution::{Call, Execution};
use crate::script::sandbox::metered_script::{FunctionBody, register_nodes};
use crate::script::value::callback::Callback;
use crate::script::value::limits::{STATE_BYTES_MAX, VALUE_BYTES, VALUE_NESTING_MAX, size};
use crate::script::value::script_error::{ScriptError, SourcePosition};
use bearpit_core::participant::Context;

/// A script in execution for one trader.
pub(crate) struct Program {
    script: Rc<SharedScript>,
    /// The trader's state, which is lent to the host while the script runs. Nothing if it is always in the
    /// host: in a test, where the test and the strategy that it plays with share it.
    own: Option<Box<StrategyState>>,
    /// An engine of the trader's own, since Rhai looks for constants in the modules of the engine; all that
    /// is large in it is shared.
    engine: Rc<Engine>,
    /// Rhai's runtime state, which stays from callback to callback.
    execution: Execution,
    /// What the script keeps in `this`.
    state: Dynamic,
    /// The names of what it declares outside of functions.
    constants: Rc<[String]>,
    state_count: StateCount,
}

/// When the values in `this` were last counted.
#[derive(Debug, Clone, Copy, Default)]
struct StateCount {
    /// How many there were.
    values: usize,
    operations_since: u64,
}

impl Program {
    /// Runs what stands outside of functions once, and keeps the constants that it declares.
    pub(crate) fn load(script: &Rc<SharedScript>, own: Box<StrategyState>) -> Result<Self, ScriptError> {
        let (language, compiled) = (&script.language, &script.compiled);
        let mut engine = language.engine();
        register_nodes(&mut engine, &language.meter, &compiled.nodes, &script.charges);
        engine.set_module_resolver(Imports::new(script));
        let execution = Execution::new(&engine, &compiled.metered, &language.meter, script.resolved());
        let is_tested = own.test_harness.is_some();
        let mut program = Self {
            script: Rc::clone(script),
            own: Some(own),
            engine: Rc::new(engine),
            execution,
            state: Dynamic::from_map(rhai::Map::new()),
            constants: Rc::default(),
            state_count: StateCount::default(),
        };
        if is_tested && let Some(own) = program.own.take() {
            language.host.borrow_mut().trader = own;
        }
        program.declare()?;
        Ok(program)
    }

    fn declare(&mut self) -> Result<(), ScriptError> {
        let script = Rc::clone(&self.script);
        let mut scope = Scope::new();
        let ran = {
            let host = &script.language.host;
            let _lent = Lent::new(host, None, self.own.as_mut());
            host.borrow_mut().begin();
            self.execution.run_statements(&self.engine, &script.compiled.metered, &mut scope)
        };
        ran.map_err(|error| self.explain(&error, SourcePosition::START))?;
        if scope.is_empty() {
            return Ok(());
        }
        let mut module = Module::new();
        self.constants = scope.iter().map(|(name, ..)| name.to_owned()).collect();
        for (name, _, value) in scope.iter() {
            module.set_var(name, value);
        }
        // A script that is being loaded has no twin yet.
        if let Some(engine) = Rc::get_mut(&mut self.engine) {
            engine.register_global_module(module.into());
        }
        Ok(())
    }

    /// Returns whether the script defines a callback.
    pub(crate) fn has(&self, callback: Callback) -> bool {
        self.script.compiled.bodies.has(callback)
    }

    /// Runs a callback, if the script defines it, with the context lent to its functions meanwhile.
    pub(crate) fn call<const N: usize>(
        &mut self,
        ctx: &mut Context,
        callback: Callback,
        arguments: [Dynamic; N],
    ) -> Result<(), ScriptError> {
        let script = Rc::clone(&self.script);
        let Some(body) = script.compiled.bodies.get(callback) else { return Ok(()) };
        let mut scope = script.take_scope(callback);
        let ended = self.run(ctx, body, &mut scope, arguments);
        script.put_scope(callback, scope);
        if self.own.is_none()
            && let Some(test_harness) = &mut script.language.host.borrow_mut().test_harness
        {
            test_harness.state = self.state.clone();
        }
        ended
    }

    /// Runs a test of the script, with the context lent to its functions meanwhile.
    pub(crate) fn test(&mut self, ctx: &mut Context, name: &str) -> Result<(), ScriptError> {
        let script = Rc::clone(&self.script);
        match script.compiled.nodes.function(name, 0) {
            Some(body) => self.run(ctx, body, &mut Scope::new(), []),
            None => {
                let message = format!("there is no test `{name}`");
                Err(ScriptError::new(&script.compiled.source.file, SourcePosition::START, message))
            }
        }
    }

    /// Returns a program that shares all with this one but `this` and what is being called, so that it can
    /// run while this one is called; for tests, whose trader's state is always in the host.
    pub(crate) fn twin(&self) -> Self {
        Self {
            script: Rc::clone(&self.script),
            own: None,
            engine: Rc::clone(&self.engine),
            execution: self.execution.twin(),
            state: Dynamic::from_map(rhai::Map::new()),
            constants: Rc::clone(&self.constants),
            state_count: StateCount::default(),
        }
    }

    fn run<const N: usize>(
        &mut self,
        ctx: &mut Context,
        body: &FunctionBody,
        scope: &mut Scope<'static>,
        arguments: [Dynamic; N],
    ) -> Result<(), ScriptError> {
        let script = Rc::clone(&self.script);
        let ended = {
            let host = &script.language.host;
            let _lent = Lent::new(host, Some(ctx), self.own.as_mut());
            host.borrow_mut().begin();
            let call = Call { body, this: &mut self.state, arguments };
            self.execution.run_body(&self.engine, scope, call)
        };
        match ended {
            Ok(()) => self.count_state(body.name()),
            Err(error) => {
                Err(self.explain(&error, function_position(&script.compiled.source.text, body.name())))
            }
        }
    }

    /// Checks the size of `this` from time to time: after as many operations as it had values.
    fn count_state(&mut self, name: &str) -> Result<(), ScriptError> {
        let StateCount { values, operations_since } = &mut self.state_count;
        *operations_since += self.script.language.meter.spent();
        if *operations_since < (*values as u64).max(1_000) {
            return Ok(());
        }
        let size = size(&self.state, VALUE_NESTING_MAX);
        self.state_count = StateCount { values: size.unwrap_or(0), operations_since: 0 };
        if size.is_some_and(|size| size * VALUE_BYTES <= STATE_BYTES_MAX) {
            return Ok(());
        }
        let message = size.map_or_else(
            || format!("what is kept in `this` nests deeper than {VALUE_NESTING_MAX}"),
            |size| {
                let bytes = size * VALUE_BYTES;
                format!("`this` holds about {bytes} bytes; at most {STATE_BYTES_MAX} are allowed")
            },
        );
        let source = &self.script.compiled.source;
        let position = function_position(&source.text, name);
        Err(ScriptError::new(&source.file, position, message).with_help("remove what is no longer needed"))
    }

    /// Returns how many operations the last callback took.
    pub(crate) fn spent(&self) -> u64 {
        self.script.language.meter.spent()
    }

    /// Lets `act` use the host with the context and the trader's state in it.
    pub(crate) fn with_host<T>(&mut self, ctx: &mut Context, act: impl FnOnce(&mut Host) -> T) -> T {
        let host = &self.script.language.host;
        let _lent = Lent::new(host, Some(ctx), self.own.as_mut());
        act(&mut host.borrow_mut())
    }

    /// Lets `act` use the trader's state.
    pub(crate) fn with_state<T>(&mut self, act: impl FnOnce(&mut StrategyState) -> T) -> T {
        match &mut self.own {
            Some(own) => act(own),
            None => act(&mut self.script.language.host.borrow_mut().trader),
        }
    }

    /// Notes how far the script has come.
    pub(crate) fn enter(&mut self, stage: Lifecycle) {
        self.with_state(|state| state.stage = stage);
    }

    /// Returns the parameters, as `on_init` gets them.
    pub(crate) fn params(&self) -> Dynamic {
        Dynamic::from(ParamsHandle::new(Rc::clone(&self.script.language.host)))
    }

    /// Returns the source line of an error with a caret.
    pub(crate) fn excerpt(&self, error: &ScriptError) -> Option<String> {
        self.script.compiled.source.text_of(&error.file).map(|text| error.excerpt(text))
    }

    fn explain(&self, error: &EvalAltResult, position: SourcePosition) -> ScriptError {
        let functions = self.script.compiled.ast.iter_functions();
        let arguments = Callback::all().filter_map(|callback| self.script.compiled.bodies.get(callback));
        let arguments = arguments.flat_map(|body| body.arguments.iter().map(ToString::to_string));
        let constants = self.constants.iter().cloned();
        let state = self.state.as_map_ref().map(|map| {
            // Rhai leaves an absent entry where one was to be changed that was not there.
            map.iter().filter(|(_, value)| !value.is_unit()).map(|(name, _)| name.to_string()).collect()
        });
        let known = NamesInScope {
            api: &self.script.language.api,
            code: &self.script.compiled.nodes,
            functions: functions.map(|function| (function.name.to_owned(), function.params.len())).collect(),
            variables: constants.chain(arguments).collect(),
            state: state.unwrap_or_default(),
        };
        known.explain(&self.script.compiled.source.file, error, position)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::script::api::language::Language;
    use crate::script::runtime::compile::compile;
    use crate::script::runtime::source::ScriptSource;
    use bearpit_core::kernel::SimContext;
    use bearpit_core::market::{BarInterval, Tape};
    use bearpit_core::participant::{MarketConfig, MarketState};
    use bearpit_core::units::{ListingId, SimDuration};

    const MINE: BarInterval = BarInterval::of(SimDuration::from_secs(77));
    const HOME: Option<ListingId> = Some(ListingId::new(5));

    /// Makes a program, and a context that differs from a vacant one.
    fn program(text: &str) -> (Program, Context) {
        let compiled = compile(&ScriptSource::alone("s.rhai", text)).unwrap();
        let script = Rc::new(SharedScript::new(compiled, Language::of_thread()));
        let own = Box::new(StrategyState { home: HOME, ..StrategyState::default() });
        let program = Program::load(&script, own).unwrap();
        let market = MarketConfig { bar_interval: MINE, ..MarketConfig::default() };
        (program, SimContext::vacant(MarketState::new(market, Tape::new())))
    }

    /// Tells whether the context and the state are with their trader, and nothing is in the host.
    fn is_given_back(program: &mut Program, ctx: &Context) -> bool {
        let home = program.with_state(|state| state.home);
        let host = program.script.language.host.borrow();
        let left = (host.ctx.bar_interval(), host.trader.home);
        (ctx.bar_interval(), home) == (MINE, HOME) && left != (MINE, HOME) && left.1 != HOME && left.0 != MINE
    }

    #[test]
    fn what_was_lent_comes_back_when_a_callback_ends() {
        let (mut program, mut ctx) = program("fn on_start() { this.x = 1; } fn on_stop() { throw 1; }");
        assert!(is_given_back(&mut program, &ctx));
        program.call(&mut ctx, Callback::Start, []).unwrap();
        assert!(is_given_back(&mut program, &ctx));
        program.call(&mut ctx, Callback::Stop, []).unwrap_err();
        assert!(is_given_back(&mut program, &ctx));
    }

    #[test]
    fn what_was_lent_comes_back_when_a_function_panics() {
        let (mut program, mut ctx) =
            program("fn on_start() { this.x = boom(); } fn on_stop() { this.y = 1; }");
        let host = Rc::clone(&program.script.language.host);
        let engine = Rc::get_mut(&mut program.engine).unwrap();
        engine.register_fn("boom", move || -> i64 {
            // As a function that panics in the middle of its work.
            let host = host.borrow_mut();
            assert_ne!(host.ctx.bar_interval(), MINE, "the context is lent");
            1
        });
        let ended = catch_unwind(AssertUnwindSafe(|| program.call(&mut ctx, Callback::Start, [])));
        assert!(ended.is_err());
        assert!(is_given_back(&mut program, &ctx));
        program.call(&mut ctx, Callback::Stop, []).unwrap();
    }
}
