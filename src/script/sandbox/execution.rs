//! [`Execution`]: evaluates function bodies in Rhai's runtime state, which is kept from call to call.
//!
//! A call through Rhai's `call_fn` sets up a state, a scope and a table of resolved functions each time,
//! which costs more than a short callback. So the state and the table are kept here, and a body is evaluated
//! in them directly.

use std::rc::Rc;

use rhai::{AST, Caches, Dynamic, Engine, EvalAltResult, EvalContext, Expression, GlobalRuntimeState, Scope};

use crate::script::host::meter::Meter;
use crate::script::sandbox::metered_script::FunctionBody;
use crate::script::value::arguments::ScriptResult;

/// The runtime state of one script.
#[derive(Debug)]
pub(crate) struct Execution {
    global: GlobalRuntimeState,
    /// The table of resolved functions.
    caches: Caches,
    meter: Rc<Meter>,
}

impl Execution {
    /// Makes the state of a script whose functions are those of `code`.
    pub(crate) fn new(engine: &Engine, code: &AST, meter: &Rc<Meter>) -> Self {
        let mut global = engine.new_global_runtime_state();
        global.source = code.source().map(Into::into);
        global.lib.push(code.shared_lib().clone());
        Self { global, caches: Caches::new(), meter: Rc::clone(meter) }
    }

    /// Returns a state with the same functions and imports, which can be used while this one is in use.
    pub(crate) fn twin(&self) -> Self {
        Self { global: self.global.clone(), caches: Caches::new(), meter: Rc::clone(&self.meter) }
    }

    /// Empties the table of resolved functions.
    ///
    /// To be called when functions were added to the engine, and now and then: a script can make up names of
    /// functions without end, and Rhai stores for each that it does not exist.
    pub(crate) fn forget_resolved_functions(&mut self) {
        self.caches = Caches::new();
    }

    /// Runs the statements outside of functions; variables and constants are left in `scope`, imports in the
    /// state.
    pub(crate) fn run_statements(
        &mut self,
        engine: &Engine,
        code: &AST,
        scope: &mut Scope<'static>,
    ) -> ScriptResult<()> {
        #[expect(
            deprecated,
            reason = "Rhai marks this way what may change; it keeps the imports for the callbacks"
        )]
        let ran = engine.eval_statements_raw(&mut self.global, &mut self.caches, scope, code.statements());
        until_end(ran)
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
        self.meter.enter(body.nesting)?;
        let this = Some(call.this);
        let mut context = EvalContext::new(engine, &mut self.global, &mut self.caches, scope, this);
        #[expect(
            deprecated,
            reason = "Rhai marks this way what may change; the version is held to one minor release"
        )]
        let ended = context.eval_expression_tree_raw(&Expression::from(&body.block), true);
        scope.rewind(N);
        for name in &body.arguments {
            // No value is kept alive between calls.
            if let Some(argument) = scope.get_mut(name) {
                *argument = Dynamic::UNIT;
            }
        }
        until_end(ended)
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
