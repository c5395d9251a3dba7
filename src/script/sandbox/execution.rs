//! [`Execution`]: evaluates function bodies in Rhai's runtime state, which is kept from call to call.
//!
//! A call through Rhai's `call_fn` sets up a state, a scope and a table of resolved functions each time,
//! which costs more than a short callback. So the state and the table are kept here, and a body is evaluated
//! in them directly. The table can be shared: all traders of one script mean the same functions.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rhai::{AST, Caches, Dynamic, Engine, EvalAltResult, EvalContext, Expression, GlobalRuntimeState, Scope};

use crate::script::host::meter::Meter;
use crate::script::sandbox::metered_script::FunctionBody;
use crate::script::value::arguments::ScriptResult;

/// The runtime state of one script.
#[derive(Debug)]
pub(crate) struct Execution {
    global: GlobalRuntimeState,
    resolved: Rc<ResolvedFunctions>,
    meter: Rc<Meter>,
}

impl Execution {
    /// Makes the state of a script whose functions are those of `code`.
    pub(crate) fn new(
        engine: &Engine,
        code: &AST,
        meter: &Rc<Meter>,
        resolved: Rc<ResolvedFunctions>,
    ) -> Self {
        let mut global = engine.new_global_runtime_state();
        global.source = code.source().map(Into::into);
        global.lib.push(code.shared_lib().clone());
        Self { global, resolved, meter: Rc::clone(meter) }
    }

    /// Returns a state with the same functions and imports, which can be used while this one is in use.
    pub(crate) fn twin(&self) -> Self {
        Self { global: self.global.clone(), resolved: Rc::default(), meter: Rc::clone(&self.meter) }
    }

    /// Runs the statements outside of functions; variables and constants are left in `scope`, imports in the
    /// state.
    pub(crate) fn run_statements(
        &mut self,
        engine: &Engine,
        code: &AST,
        scope: &mut Scope<'static>,
    ) -> ScriptResult<()> {
        let run = |caches: &mut Caches| {
            #[expect(
                deprecated,
                reason = "Rhai marks this way what may change; it keeps the imports for the callbacks"
            )]
            engine.eval_statements_raw(&mut self.global, caches, scope, code.statements())
        };
        let ran = self.resolved.with(run);
        self.resolved.settle(until_end(ran), self.meter.spent())
    }

    /// Evaluates a function body with its arguments in `scope`, where they keep their places between calls.
    pub(crate) fn run_body<const N: usize>(
        &mut self,
        engine: &Engine,
        scope: &mut Scope<'static>,
        call: Call<'_, N>,
    ) -> ScriptResult<()> {
        let body = call.body;
        for (name, value) in body.arguments.iter().zip(call.arguments) {
            // From the second call on the variable exists.
            match scope.get_mut(name) {
                Some(argument) => *argument = value,
                None => drop(scope.push_dynamic(name.clone(), value)),
            }
        }
        let ended = self.resolved.with(|caches| {
            let mut context = EvalContext::new(engine, &mut self.global, caches, scope, Some(call.this));
            self.meter.within(body.nesting, || {
                #[expect(
                    deprecated,
                    reason = "Rhai marks this way what may change; the version is held to one minor release"
                )]
                context.eval_expression_tree_raw(&Expression::from(&body.block), true)
            })
        });
        let ended = ended.and_then(|value| self.meter.check_stopped().map(|()| value));
        scope.rewind(N);
        for name in &body.arguments {
            // No value is kept alive between calls.
            if let Some(argument) = scope.get_mut(name) {
                *argument = Dynamic::UNIT;
            }
        }
        self.resolved.settle(until_end(ended), self.meter.spent())
    }
}

/// After so many operations a table of resolved functions is emptied.
const RESOLVING_OPERATIONS: u64 = 1_000_000;

/// Which functions the calls of a script mean, as Rhai has found out.
#[derive(Debug, Default)]
pub(crate) struct ResolvedFunctions {
    caches: RefCell<Caches>,
    /// The operations since the table was emptied.
    operations: Cell<u64>,
}

impl ResolvedFunctions {
    /// Lets `act` use and fill the table.
    fn with<T>(&self, act: impl FnOnce(&mut Caches) -> T) -> T {
        match self.caches.try_borrow_mut() {
            Ok(mut caches) => act(&mut caches),
            // A script is running in it already.
            Err(_) => act(&mut Caches::new()),
        }
    }

    /// Empties the table after an error, since other traders must not rely on what an interrupted call
    /// leaves in it, and now and then: a script can make up names of functions without end, and Rhai stores
    /// for each that it does not exist.
    fn settle(&self, ended: ScriptResult<()>, operations: u64) -> ScriptResult<()> {
        let operations = self.operations.get().saturating_add(operations);
        self.operations.set(operations);
        if (ended.is_err() || operations > RESOLVING_OPERATIONS)
            && let Ok(mut caches) = self.caches.try_borrow_mut()
        {
            *caches = Caches::new();
            self.operations.set(0);
        }
        ended
    }
}

/// What one call of a function body gets.
pub(crate) struct Call<'a, const N: usize> {
    pub(crate) body: &'a FunctionBody,
    pub(crate) this: &'a mut Dynamic,
    pub(crate) arguments: [Dynamic; N],
}

/// Takes the end of a script by `return` or `exit`, which Rhai reports as an error, for success.
fn until_end(ended: ScriptResult<Dynamic>) -> ScriptResult<()> {
    match ended {
        Err(error) if !matches!(*error, EvalAltResult::Return(..) | EvalAltResult::Exit(..)) => Err(error),
        _ => Ok(()),
    }
}
