//! [`compile`], which checks a script without a market, and [`Scripts`], which compiles each once for a
//! thread.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use crate::script::api::language::Language;
use crate::script::host::StrategyState;
use crate::script::host::params::Params;
use crate::script::runtime::callback_bodies;
use crate::script::runtime::compiled_script::charge;
use crate::script::runtime::compiled_script::{CompiledScript, parse};
use crate::script::runtime::program::Program;
use crate::script::runtime::shared_script::SharedScript;
use crate::script::runtime::source::ScriptSource;
use crate::script::sandbox::confinement::language;
use crate::script::sandbox::metered_script::MeteredCode;
use crate::script::value::listing::ListingInfo;
use crate::script::value::param::{ParamComplaint, ParamDeclaration, ParamValue};
use crate::script::value::script_error::ScriptError;
use bearpit_core::participant::Context;

/// Compiles a script, checks its callbacks, and runs the statements outside of functions once to learn its
/// parameters.
///
/// # Errors
/// The first error in the script. Also one if this process has set a hashing seed of its own for Rhai, under
/// which runs would not be reproducible.
///
/// # Examples
/// ```
/// use bearpit::script::{Callback, ScriptSource, compile};
///
/// let source = ScriptSource::alone("hello.rhai", "fn on_start() { log(\"hello\"); }");
/// let script = compile(&source)?;
/// assert_eq!(script.callbacks().collect::<Vec<_>>(), [Callback::Start]);
///
/// let misspelt = ScriptSource::alone("hello.rhai", "fn on_strat() { log(\"hello\"); }");
/// let error = compile(&misspelt).unwrap_err();
/// assert!(error.help.unwrap().contains("did you mean `on_start`?"));
/// # Ok::<(), bearpit::script::ScriptError>(())
/// ```
pub fn compile(source: &ScriptSource) -> Result<CompiledScript, ScriptError> {
    let language = language().map_err(|error| ScriptError::of_file(&source.file, &error))?;
    let ast = parse(&language, &source.file, &source.text)?;
    let mut nodes = MeteredCode::default();
    let metered = charge(&mut nodes, &source.file, &ast)?;
    let bodies = Rc::new(callback_bodies::find(&nodes, &ast, &source.text, &source.file)?);
    let mut modules = BTreeMap::new();
    for (name, module) in &source.modules {
        let ast = parse(&language, &module.file, &module.text)?;
        modules.insert(name.clone(), charge(&mut nodes, &module.file, &ast)?);
    }
    let (source, nodes) = (source.clone(), Rc::new(nodes));
    let mut script = CompiledScript { source, ast, metered, modules, nodes, bodies, params: Vec::new() };
    script.params = declare(&script, &[])?.declared();
    Ok(script)
}

/// Returns the parameters that a script declares.
///
/// # Examples
/// ```
/// use bearpit::script::{ParamRange, ScriptSource, compile, declared_params};
///
/// let text = "const FAST = param(\"fast\", 12, 1..=500);\nfn on_start() { log(FAST); }";
/// let script = compile(&ScriptSource::alone("cross.rhai", text))?;
/// assert_eq!(declared_params(&script)[0].range, ParamRange::Whole(1, 500));
/// # Ok::<(), bearpit::script::ScriptError>(())
/// ```
#[must_use]
pub fn declared_params(script: &CompiledScript) -> &[ParamDeclaration] {
    &script.params
}

/// Checks values of parameters against the declarations of a script; a script that declares none accepts any.
///
/// # Errors
/// A [`ScriptError`] if the script fails with these values.
///
/// # Examples
/// ```
/// use bearpit::script::{ParamValue, ScriptSource, check_params, compile};
///
/// let text = "const FAST = param(\"fast\", 12, 1..=500);\nfn on_start() { log(FAST); }";
/// let script = compile(&ScriptSource::alone("cross.rhai", text))?;
/// let given = [("fast".to_owned(), ParamValue::Int(501))];
/// let complaints = check_params(&script, &given)?;
/// assert_eq!(complaints[0].message, "the parameter `fast` is 501, but must be in the range 1 to 500");
/// # Ok::<(), bearpit::script::ScriptError>(())
/// ```
pub fn check_params(
    script: &CompiledScript,
    given: &[(String, ParamValue)],
) -> Result<Vec<ParamComplaint>, ScriptError> {
    Ok(declare(script, given)?.complaints())
}

fn declare(script: &CompiledScript, given: &[(String, ParamValue)]) -> Result<Params, ScriptError> {
    let params = Params::given(given);
    let own = StrategyState { params: params.clone(), ..StrategyState::default() };
    let script = SharedScript::new(script.clone(), Language::of_thread());
    Program::load(&Rc::new(script), Box::new(own))?;
    Ok(params)
}

/// What the scripts of one world share: the functions that they call, and each script, compiled once.
/// Clones are the same.
///
/// Worlds that follow each other on a thread share it, too, so that a run of many seeds compiles a script
/// once a thread. Nothing that a strategy keeps is in there.
#[derive(Clone, Default)]
pub struct Scripts(Rc<World>);

#[derive(Default)]
struct World {
    /// The functions that only tests can call, and all others, for traders with which tests play.
    with_test_functions: Option<Rc<Language>>,
    scripts: RefCell<Vec<Rc<SharedScript>>>,
    listings: RefCell<Rc<[Rc<ListingInfo>]>>,
}

/// How many scripts a thread keeps compiled between its worlds.
const KEPT_MAX: usize = 16;

thread_local! {
    /// The scripts that were compiled last on this thread, the newest last.
    static KEPT: RefCell<Vec<Rc<SharedScript>>> = const { RefCell::new(Vec::new()) };
}

/// Finds the script of a source.
fn find(scripts: &[Rc<SharedScript>], source: &ScriptSource) -> Option<Rc<SharedScript>> {
    scripts.iter().find(|known| known.compiled.source == *source).cloned()
}

/// Returns a script that this thread has compiled, or compiles it now.
fn of_thread(source: &ScriptSource) -> Result<Rc<SharedScript>, ScriptError> {
    if let Some(known) = KEPT.with_borrow(|kept| find(kept, source)) {
        return Ok(known);
    }
    let script = Rc::new(SharedScript::new(compile(source)?, Language::of_thread()));
    let oldest = KEPT.with_borrow_mut(|kept| {
        kept.push(Rc::clone(&script));
        (kept.len() > KEPT_MAX).then(|| kept.remove(0))
    });
    drop(oldest);
    Ok(script)
}

impl fmt::Debug for Scripts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scripts = self.0.scripts.borrow();
        f.debug_list().entries(scripts.iter().map(|script| &script.compiled.source.file)).finish()
    }
}

impl Scripts {
    /// Begins without scripts, for traders with which tests play.
    pub(crate) fn with_test_functions() -> Self {
        let with_test_functions = Some(Rc::new(Language::with_test_functions()));
        Self(Rc::new(World { with_test_functions, ..World::default() }))
    }

    /// Returns a script, which is compiled if it was not yet.
    pub(crate) fn compile(&self, source: &ScriptSource) -> Result<Rc<SharedScript>, ScriptError> {
        if let Some(known) = find(&self.0.scripts.borrow(), source) {
            return Ok(known);
        }
        let script = match &self.0.with_test_functions {
            Some(language) => Rc::new(SharedScript::new(compile(source)?, Rc::clone(language))),
            None => of_thread(source)?,
        };
        self.0.scripts.borrow_mut().push(Rc::clone(&script));
        Ok(script)
    }

    /// Returns the listings of the context's world, which traders share as long as they are the same.
    pub(crate) fn listings(&self, ctx: &Context) -> Rc<[Rc<ListingInfo>]> {
        let now = ListingInfo::all(ctx);
        let mut shared = self.0.listings.borrow_mut();
        if shared[..] != now[..] {
            *shared = now.into();
        }
        Rc::clone(&shared)
    }
}
