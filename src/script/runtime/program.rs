//! [`Program`]: a script in execution.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use rhai::{Dynamic, Engine, EvalAltResult, Module, Scope};

use crate::script::api::entries::Api;
use crate::script::api::language::Language;
use crate::script::api::language::engine;
use crate::script::host::{Host, Lifecycle, SharedHost};
use crate::script::runtime::callback_bodies::function_position;
use crate::script::runtime::compiled_script::CompiledScript;
use crate::script::runtime::error_explanation::NamesInScope;
use crate::script::runtime::imports::Imports;
use crate::script::sandbox::execution::{Call, Execution};
use crate::script::sandbox::metered_script::{FunctionBody, register_nodes};
use crate::script::value::callback::Callback;
use crate::script::value::limits::size;
use crate::script::value::limits::{STATE_MAX, VALUE_NESTING_MAX};
use crate::script::value::script_error::{ScriptError, SourcePosition};
use bearpit_core::participant::Context;

/// The operations after which the table of resolved functions is emptied.
const RESOLVING_OPERATIONS: u64 = 1_000_000;

/// A script in execution.
pub(crate) struct Program {
    script: CompiledScript,
    engine: Rc<Engine>,
    api: Rc<Api>,
    pub(crate) host: SharedHost,
    /// Rhai's runtime state, which is kept from callback to callback.
    execution: Execution,
    /// The variables of each callback, which are its arguments between calls.
    scopes: [Scope<'static>; Callback::COUNT],
    /// What the script keeps in `this`.
    state: Dynamic,
    /// The names that it declares outside of functions.
    constants: Vec<String>,
    state_count: StateCount,
    /// The operations since the table of resolved functions was emptied.
    resolved: u64,
}

/// When the values in `this` were last counted.
#[derive(Debug, Clone, Copy, Default)]
struct StateCount {
    /// How many there were.
    values: usize,
    operations_since: u64,
}

impl Program {
    /// Runs the statements outside of functions once, and keeps the constants that they declare.
    pub(crate) fn load(script: CompiledScript, host: &SharedHost) -> Result<Self, ScriptError> {
        let Language { mut engine, api } = engine(host);
        register_nodes(&mut engine, &host.borrow().meter, &script.nodes);
        engine.set_module_resolver(Imports { modules: script.modules.clone(), loaded: RefCell::default() });
        let mut params = Module::new();
        params.set_var("params", Dynamic::from(host.borrow().params.clone()));
        engine.register_global_module(params.into());
        let execution = Execution::new(&engine, &script.metered, &host.borrow().meter);
        let mut program = Self {
            script,
            engine: Rc::new(engine),
            api: Rc::new(api),
            host: Rc::clone(host),
            execution,
            scopes: Default::default(),
            state: Dynamic::from_map(rhai::Map::new()),
            constants: Vec::new(),
            state_count: StateCount::default(),
            resolved: 0,
        };
        program.declare()?;
        Ok(program)
    }

    fn declare(&mut self) -> Result<(), ScriptError> {
        self.host.borrow_mut().begin();
        let mut scope = Scope::new();
        let ran = self.execution.run_statements(&self.engine, &self.script.metered, &mut scope);
        ran.map_err(|error| self.explain(&error, SourcePosition::START))?;
        let mut module = Module::new();
        for (name, _, value) in scope.iter() {
            self.constants.push(name.to_owned());
            module.set_var(name, value);
        }
        // A script that is being loaded has no twin yet.
        if let Some(engine) = Rc::get_mut(&mut self.engine) {
            engine.register_global_module(module.into());
        }
        self.execution.forget_resolved_functions();
        Ok(())
    }

    /// Returns whether the script defines a callback.
    pub(crate) fn has(&self, callback: Callback) -> bool {
        self.script.bodies.has(callback)
    }

    /// Runs a callback, if the script defines it, with the context lent to its functions meanwhile.
    pub(crate) fn call<const N: usize>(
        &mut self,
        ctx: &mut Context,
        callback: Callback,
        arguments: [Dynamic; N],
    ) -> Result<(), ScriptError> {
        let bodies = Rc::clone(&self.script.bodies);
        let Some(body) = bodies.get(callback) else { return Ok(()) };
        let mut scope = mem::take(&mut self.scopes[callback as usize]);
        let ended = self.run(ctx, body, &mut scope, arguments);
        self.scopes[callback as usize] = scope;
        if let Some(test_harness) = &mut self.host.borrow_mut().test_harness {
            test_harness.state = self.state.clone();
        }
        ended
    }

    /// Runs a test of the script, with the context lent to its functions meanwhile.
    pub(crate) fn test(&mut self, ctx: &mut Context, name: &str) -> Result<(), ScriptError> {
        match Rc::clone(&self.script.nodes).function(name, 0) {
            Some(body) => self.run(ctx, body, &mut Scope::new(), []),
            None => {
                let message = format!("there is no test `{name}`");
                Err(ScriptError::new(&self.script.source.file, SourcePosition::START, message))
            }
        }
    }

    /// Returns a program that shares everything with this one but `this` and the state of calls, so that it
    /// can run while this one is called.
    pub(crate) fn twin(&self) -> Self {
        Self {
            script: self.script.clone(),
            engine: Rc::clone(&self.engine),
            api: Rc::clone(&self.api),
            host: Rc::clone(&self.host),
            execution: self.execution.twin(),
            scopes: Default::default(),
            state: Dynamic::from_map(rhai::Map::new()),
            constants: self.constants.clone(),
            state_count: StateCount::default(),
            resolved: 0,
        }
    }

    fn run<const N: usize>(
        &mut self,
        ctx: &mut Context,
        body: &FunctionBody,
        scope: &mut Scope<'static>,
        arguments: [Dynamic; N],
    ) -> Result<(), ScriptError> {
        self.lend(ctx);
        let call = Call { body, this: &mut self.state, arguments };
        let ended = self.execution.run_body(&self.engine, scope, call);
        self.take_back(ctx);
        match ended {
            Ok(()) => self.count_state(body.name()),
            Err(error) => Err(self.explain(&error, function_position(&self.script.source.text, body.name()))),
        }
    }

    /// Checks the size of `this` from time to time: after as many operations as it had values.
    fn count_state(&mut self, name: &str) -> Result<(), ScriptError> {
        let spent = self.host.borrow().meter.spent();
        self.resolved += spent;
        if self.resolved > RESOLVING_OPERATIONS {
            self.execution.forget_resolved_functions();
            self.resolved = 0;
        }
        let StateCount { values, operations_since } = &mut self.state_count;
        *operations_since += spent;
        if *operations_since < (*values as u64).max(1_000) {
            return Ok(());
        }
        let size = size(&self.state, VALUE_NESTING_MAX);
        self.state_count = StateCount { values: size.unwrap_or(0), operations_since: 0 };
        if size.is_some_and(|size| size <= STATE_MAX) {
            return Ok(());
        }
        let message = size.map_or_else(
            || format!("what is kept in `this` nests deeper than {VALUE_NESTING_MAX}"),
            |size| format!("`this` holds {size} values; at most {STATE_MAX} are allowed"),
        );
        let source = &self.script.source;
        let position = function_position(&source.text, name);
        Err(ScriptError::new(&source.file, position, message).with_help("remove what is no longer needed"))
    }

    /// Lends the context to the functions of the script.
    fn lend(&self, ctx: &mut Context) {
        let mut host = self.host.borrow_mut();
        host.begin();
        mem::swap(ctx, &mut host.ctx);
    }

    fn take_back(&self, ctx: &mut Context) {
        mem::swap(ctx, &mut self.host.borrow_mut().ctx);
    }

    /// Runs `act` on the host with the context lent to it.
    pub(crate) fn with_host<T>(&self, ctx: &mut Context, act: impl FnOnce(&mut Host) -> T) -> T {
        let mut host = self.host.borrow_mut();
        mem::swap(ctx, &mut host.ctx);
        let result = act(&mut host);
        mem::swap(ctx, &mut host.ctx);
        result
    }

    /// Sets the stage of the script's life.
    pub(crate) fn enter(&self, stage: Lifecycle) {
        self.host.borrow_mut().stage = stage;
    }

    /// Returns the values of the parameters, as `on_init` gets them.
    pub(crate) fn params(&self) -> Dynamic {
        Dynamic::from(self.host.borrow().params.clone())
    }

    /// Returns the source line of an error with a caret.
    pub(crate) fn excerpt(&self, error: &ScriptError) -> Option<String> {
        self.script.source.text_of(&error.file).map(|text| error.excerpt(text))
    }

    fn explain(&self, error: &EvalAltResult, position: SourcePosition) -> ScriptError {
        let functions = self.script.ast.iter_functions();
        let arguments = Callback::all().filter_map(|callback| self.script.bodies.get(callback));
        let arguments = arguments.flat_map(|body| body.arguments.iter().map(ToString::to_string));
        let constants = self.constants.iter().cloned();
        let state = self.state.as_map_ref().map(|map| map.keys().map(ToString::to_string).collect());
        let known = NamesInScope {
            api: &self.api,
            functions: functions.map(|function| (function.name.to_owned(), function.params.len())).collect(),
            variables: constants.chain(arguments).collect(),
            state: state.unwrap_or_default(),
        };
        known.explain(&self.script.source.file, error, position)
    }
}
