//! [`CompiledScript`]: a script that has been checked, and [`Program`]: one in execution.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::path::Path;
use std::rc::Rc;

use rhai::{
    AST, Caches, Dynamic, Engine, EvalAltResult, EvalContext, Expression, GlobalRuntimeState, Module,
    ModuleResolver, Position, Scope, Shared as Counted,
};

use super::api::Api;
use super::callbacks::{self, Bodies, Callback};
use super::config::ParamValue;
use super::engine::{self, Language};
use super::error::{Known, ScriptError};
use super::host::{Host, Shared, Stage};
use super::limits::{self, SOURCE_BYTES_MAX, STATE_MAX, VALUE_NESTING_MAX};
use super::nodes::{self, FunctionBody, Nodes};
use super::params::{ParamComplaint, ParamDeclaration, Params};
use super::paths::Constants;
use super::source::{ScriptSource, module_name};
use bearpit_core::participant::Context;

/// A script that has been checked; clones share what was compiled.
#[derive(Debug, Clone)]
pub struct CompiledScript {
    source: ScriptSource,
    /// The script as it is written.
    ast: AST,
    /// The script as it is run, with what it handles being counted; so are the modules.
    charged: AST,
    modules: BTreeMap<String, AST>,
    nodes: Rc<Nodes>,
    bodies: Rc<Bodies>,
    params: Vec<ParamDeclaration>,
}

/// Compiles a script, checks its callbacks, and runs what stands outside of functions to learn its
/// parameters.
///
/// # Errors
/// The first thing that is wrong.
pub fn compile(source: &ScriptSource) -> Result<CompiledScript, ScriptError> {
    let language = engine::language();
    let ast = parse(&language, &source.file, &source.text)?;
    let mut nodes = Nodes::default();
    let charged = charge(&mut nodes, &source.file, &ast)?;
    let bodies = Rc::new(callbacks::find(&nodes, &ast, &source.text, &source.file)?);
    let mut modules = BTreeMap::new();
    for (name, module) in &source.modules {
        let ast = parse(&language, &module.file, &module.text)?;
        modules.insert(name.clone(), charge(&mut nodes, &module.file, &ast)?);
    }
    let (source, nodes) = (source.clone(), Rc::new(nodes));
    let mut script = CompiledScript { source, ast, charged, modules, nodes, bodies, params: Vec::new() };
    script.params = declare(&script, &[])?.declared();
    Ok(script)
}

impl CompiledScript {
    /// Returns what was compiled.
    #[must_use]
    pub const fn source(&self) -> &ScriptSource {
        &self.source
    }

    /// Returns the callbacks that it defines.
    pub fn callbacks(&self) -> impl Iterator<Item = Callback> {
        Callback::all().filter(|callback| self.bodies.has(*callback))
    }

    /// Returns the names of its tests, which are its functions called `test_..` without arguments, in the
    /// order of the file.
    #[must_use]
    pub fn tests(&self) -> Vec<String> {
        let functions = self.ast.iter_functions();
        let tests =
            functions.filter(|it| it.name.starts_with(callbacks::TEST_PREFIX) && it.params.is_empty());
        let mut tests: Vec<_> =
            tests.map(|it| (callbacks::place_of(&self.source.text, it.name), it.name.to_owned())).collect();
        tests.sort_unstable();
        tests.into_iter().map(|(_, name)| name).collect()
    }
}

/// Returns the parameters that a script declares.
#[must_use]
pub fn declared_params(script: &CompiledScript) -> &[ParamDeclaration] {
    &script.params
}

/// Checks values of parameters against what a script declares; a script that declares none takes any.
///
/// # Errors
/// A [`ScriptError`] if the script fails with these values.
pub fn check_params(
    script: &CompiledScript,
    given: &[(String, ParamValue)],
) -> Result<Vec<ParamComplaint>, ScriptError> {
    Ok(declare(script, given)?.complaints())
}

fn declare(script: &CompiledScript, given: &[(String, ParamValue)]) -> Result<Params, ScriptError> {
    let host = Host { params: Params::given(given), ..Host::vacant() };
    let host = Rc::new(RefCell::new(host));
    Program::load(script.clone(), &host)?;
    let params = host.borrow().params.clone();
    Ok(params)
}

pub(super) fn parse(language: &Engine, file: &Path, text: &str) -> Result<AST, ScriptError> {
    if text.len() > SOURCE_BYTES_MAX {
        let message = format!("the script has {} bytes; at most {SOURCE_BYTES_MAX} are allowed", text.len());
        return Err(ScriptError::new(file, (1, 1), message));
    }
    let mut ast = language.compile(text).map_err(|error| ScriptError::syntax(file, &error))?;
    ast.set_source(file.display().to_string());
    if let Some(typed) = ast.iter_functions().find(|function| function.this_type.is_some()) {
        let message = format!("the function `{}` is made for one type", typed.name);
        let help = "write it without the type; it can be called on any value";
        return Err(ScriptError::new(file, callbacks::place_of(text, typed.name), message).with_help(help));
    }
    Ok(ast)
}

/// Returns the form of a script that is run.
fn charge(nodes: &mut Nodes, file: &Path, ast: &AST) -> Result<AST, ScriptError> {
    let mut charged = nodes.charged(ast).map_err(|error| ScriptError::syntax(file, &error))?;
    charged.set_source(file.display().to_string());
    Ok(charged)
}

/// After so many operations the table of resolved functions is emptied.
const RESOLVING_OPERATIONS: u64 = 1_000_000;

/// A script in execution.
pub(super) struct Program {
    script: CompiledScript,
    engine: Rc<Engine>,
    api: Rc<Api>,
    pub(super) host: Shared,
    /// What stays from callback to callback, so that each costs little to enter.
    global: GlobalRuntimeState,
    caches: Caches,
    /// The variables of each callback, which are its arguments between calls.
    scopes: [Scope<'static>; Callback::COUNT],
    /// What the script keeps in `this`.
    state: Dynamic,
    constants: Constants,
    /// How many values the state held when it was last counted, and the operations since.
    counted: (usize, u64),
    /// The operations since the table of resolved functions was emptied.
    resolved: u64,
}

impl Program {
    /// Runs what stands outside of functions once, and keeps the constants that it declares.
    pub(super) fn load(script: CompiledScript, host: &Shared) -> Result<Self, ScriptError> {
        let Language { mut engine, api, fields } = engine::engine(host);
        let constants = nodes::understand(&mut engine, &host.borrow().meter, &script.nodes, &fields);
        engine.set_module_resolver(Imports { modules: script.modules.clone(), loaded: RefCell::default() });
        let mut params = Module::new();
        params.set_var("params", Dynamic::from(host.borrow().params.clone()));
        engine.register_global_module(params.into());
        let mut global = engine.new_global_runtime_state();
        global.source = script.charged.source().map(Into::into);
        global.lib.push(script.charged.shared_lib().clone());
        let mut program = Self {
            script,
            engine: Rc::new(engine),
            api: Rc::new(api),
            host: Rc::clone(host),
            global,
            caches: Caches::new(),
            scopes: Default::default(),
            state: Dynamic::from_map(rhai::Map::new()),
            constants,
            counted: (0, 0),
            resolved: 0,
        };
        program.declare()?;
        Ok(program)
    }

    fn declare(&mut self) -> Result<(), ScriptError> {
        self.host.borrow_mut().begin();
        let mut scope = Scope::new();
        #[expect(
            deprecated,
            reason = "Rhai marks this way what may change; it keeps the imports for the callbacks"
        )]
        let ran = self.engine.eval_statements_raw(
            &mut self.global,
            &mut self.caches,
            &mut scope,
            self.script.charged.statements(),
        );
        if let Err(error) = ran
            && !is_end(&error)
        {
            return Err(self.explain(&error, (1, 1)));
        }
        let mut module = Module::new();
        let mut constants = BTreeMap::new();
        for (name, _, value) in scope.iter() {
            module.set_var(name, value.clone());
            constants.insert(name.to_owned(), value);
        }
        let fresh = self.constants.set(constants);
        debug_assert!(fresh.is_ok(), "a script is loaded once");
        // A script that is being loaded has no twin yet.
        if let Some(engine) = Rc::get_mut(&mut self.engine) {
            engine.register_global_module(module.into());
        }
        self.caches = Caches::new();
        Ok(())
    }

    /// Tells whether the script defines a callback.
    pub(super) fn has(&self, callback: Callback) -> bool {
        self.script.bodies.has(callback)
    }

    /// Runs a callback, if the script defines it, with the context lent to its functions meanwhile.
    pub(super) fn call<const N: usize>(
        &mut self,
        ctx: &mut Context,
        callback: Callback,
        arguments: [Dynamic; N],
    ) -> Result<(), ScriptError> {
        let bodies = Rc::clone(&self.script.bodies);
        let Some(body) = bodies.get(callback) else { return Ok(()) };
        let mut scope = mem::take(&mut self.scopes[callback as usize]);
        let ended = self.run(ctx, (callback.name(), body), &mut scope, arguments);
        self.scopes[callback as usize] = scope;
        if let Some(rehearsal) = &mut self.host.borrow_mut().rehearsal {
            rehearsal.state = self.state.clone();
        }
        ended
    }

    /// Runs a test of the script, with the context lent to its functions meanwhile.
    pub(super) fn test(&mut self, ctx: &mut Context, name: &str) -> Result<(), ScriptError> {
        match Rc::clone(&self.script.nodes).function(name, 0) {
            Some(body) => self.run(ctx, (name, body), &mut Scope::new(), []),
            None => {
                let message = format!("there is no test `{name}`");
                Err(ScriptError::new(&self.script.source.file, (1, 1), message))
            }
        }
    }

    /// Returns a program that shares all with this one but `this` and what is being called, so that it can
    /// run while this one is called.
    pub(super) fn twin(&self) -> Self {
        Self {
            script: self.script.clone(),
            engine: Rc::clone(&self.engine),
            api: Rc::clone(&self.api),
            host: Rc::clone(&self.host),
            global: self.global.clone(),
            caches: Caches::new(),
            scopes: Default::default(),
            state: Dynamic::from_map(rhai::Map::new()),
            constants: Rc::clone(&self.constants),
            counted: (0, 0),
            resolved: 0,
        }
    }

    fn run<const N: usize>(
        &mut self,
        ctx: &mut Context,
        (name, body): (&str, &FunctionBody),
        scope: &mut Scope<'static>,
        arguments: [Dynamic; N],
    ) -> Result<(), ScriptError> {
        self.lend(ctx);
        let ended = self.evaluate(body, scope, arguments);
        self.take_back(ctx);
        match ended {
            Err(error) if !is_end(&error) => {
                let place = callbacks::place_of(&self.script.source.text, name);
                Err(self.explain(&error, place))
            }
            _ => self.count_state(name),
        }
    }

    /// Counts what is in `this`, now and then: once as many operations have been done as there were values.
    fn count_state(&mut self, name: &str) -> Result<(), ScriptError> {
        let spent = self.host.borrow().meter.spent();
        self.resolved += spent;
        if self.resolved > RESOLVING_OPERATIONS {
            // A script can make up names of functions without end, of which Rhai notes that there are none.
            self.caches = Caches::new();
            self.resolved = 0;
        }
        let (values, operations) = &mut self.counted;
        *operations += spent;
        if *operations < (*values as u64).max(1_000) {
            return Ok(());
        }
        let size = limits::size(&self.state, VALUE_NESTING_MAX);
        self.counted = (size.unwrap_or(0), 0);
        if size.is_some_and(|size| size <= STATE_MAX) {
            return Ok(());
        }
        let message = size.map_or_else(
            || format!("what is kept in `this` nests deeper than {VALUE_NESTING_MAX}"),
            |size| format!("`this` holds {size} values; at most {STATE_MAX} are allowed"),
        );
        let source = &self.script.source;
        let place = callbacks::place_of(&source.text, name);
        Err(ScriptError::new(&source.file, place, message).with_help("drop what is no longer needed"))
    }

    fn evaluate<const N: usize>(
        &mut self,
        body: &FunctionBody,
        scope: &mut Scope<'static>,
        arguments: [Dynamic; N],
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        for (name, value) in body.arguments.iter().zip(arguments) {
            // From the second call on the variable is there.
            match scope.get_mut(name) {
                Some(argument) => *argument = value,
                None => drop(scope.push_dynamic(name.clone(), value)),
            }
        }
        let meter = Rc::clone(&self.host.borrow().meter);
        meter.enter(body.nesting)?;
        let this = Some(&mut self.state);
        let mut context = EvalContext::new(&self.engine, &mut self.global, &mut self.caches, scope, this);
        #[expect(
            deprecated,
            reason = "Rhai marks this way what may change; the version is held to one minor release"
        )]
        let ended = context.eval_expression_tree_raw(&Expression::from(&body.block), true);
        scope.rewind(N);
        for name in &body.arguments {
            // Nothing is held on to.
            if let Some(argument) = scope.get_mut(name) {
                *argument = Dynamic::UNIT;
            }
        }
        ended
    }

    /// Puts the context into the slot that the script's functions see.
    fn lend(&self, ctx: &mut Context) {
        let mut host = self.host.borrow_mut();
        host.begin();
        mem::swap(ctx, &mut host.ctx);
    }

    fn take_back(&self, ctx: &mut Context) {
        mem::swap(ctx, &mut self.host.borrow_mut().ctx);
    }

    /// Lets the host act with the context.
    pub(super) fn with_host<T>(&self, ctx: &mut Context, act: impl FnOnce(&mut Host) -> T) -> T {
        let mut host = self.host.borrow_mut();
        mem::swap(ctx, &mut host.ctx);
        let result = act(&mut host);
        mem::swap(ctx, &mut host.ctx);
        result
    }

    /// Notes how far the script has come.
    pub(super) fn enter(&self, stage: Stage) {
        self.host.borrow_mut().stage = stage;
    }

    /// Returns the values of the parameters, as `on_init` gets them.
    pub(super) fn params(&self) -> Dynamic {
        Dynamic::from(self.host.borrow().params.clone())
    }

    /// Draws the source line of an error.
    pub(super) fn excerpt(&self, error: &ScriptError) -> Option<String> {
        self.script.source.text_of(&error.file).map(|text| error.excerpt(text))
    }

    fn explain(&self, error: &EvalAltResult, place: (usize, usize)) -> ScriptError {
        let functions = self.script.ast.iter_functions();
        let arguments = Callback::all().filter_map(|callback| self.script.bodies.get(callback));
        let arguments = arguments.flat_map(|body| body.arguments.iter().map(ToString::to_string));
        let constants = self.constants.get().into_iter().flat_map(|constants| constants.keys().cloned());
        let state = self.state.as_map_ref().map(|map| map.keys().map(ToString::to_string).collect());
        let known = Known {
            api: &self.api,
            functions: functions.map(|function| (function.name.to_owned(), function.params.len())).collect(),
            variables: constants.chain(arguments).collect(),
            state: state.unwrap_or_default(),
        };
        known.explain(&self.script.source.file, error, place)
    }
}

/// Tells whether what Rhai reports as an error is the end of a callback by `return` or `exit`.
const fn is_end(error: &EvalAltResult) -> bool {
    matches!(error, EvalAltResult::Return(..) | EvalAltResult::Exit(..))
}

/// Gives a script the modules that were read with it, and nothing else.
struct Imports {
    modules: BTreeMap<String, AST>,
    loaded: RefCell<BTreeMap<String, Counted<Module>>>,
}

impl ModuleResolver for Imports {
    fn resolve(
        &self,
        engine: &Engine,
        _: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Counted<Module>, Box<EvalAltResult>> {
        let name = module_name(path);
        if let Some(module) = self.loaded.borrow().get(name) {
            return Ok(module.clone());
        }
        let Some(ast) = self.modules.get(name) else {
            return Err(EvalAltResult::ErrorModuleNotFound(path.to_owned(), position).into());
        };
        let module = Module::eval_ast_as_new(Scope::new(), ast, engine).map_err(|error| {
            let file = ast.source().unwrap_or(path).to_owned();
            EvalAltResult::ErrorInModule(file, error, position)
        })?;
        let module: Counted<Module> = module.into();
        self.loaded.borrow_mut().insert(name.to_owned(), module.clone());
        Ok(module)
    }
}

/// The scripts of one world, each compiled once; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Scripts(Rc<RefCell<Vec<CompiledScript>>>);

impl Scripts {
    /// Returns the compiled form of a script, which is compiled if it was not yet.
    pub(super) fn compile(&self, source: &ScriptSource) -> Result<CompiledScript, ScriptError> {
        if let Some(script) = self.0.borrow().iter().find(|script| script.source == *source) {
            return Ok(script.clone());
        }
        let script = compile(source)?;
        self.0.borrow_mut().push(script.clone());
        Ok(script)
    }
}
