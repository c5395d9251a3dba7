//! [`compile`]: checks a script without a market.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::script::host::Host;
use crate::script::host::params::Params;
use crate::script::runtime::callback_bodies;
use crate::script::runtime::compiled_script::charge;
use crate::script::runtime::compiled_script::{CompiledScript, parse};
use crate::script::runtime::program::Program;
use crate::script::runtime::source::ScriptSource;
use crate::script::sandbox::confinement::language;
use crate::script::sandbox::metered_script::MeteredCode;
use crate::script::value::param::{ParamComplaint, ParamDeclaration, ParamValue};
use crate::script::value::script_error::ScriptError;

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
    let host = Host { params: Params::given(given), ..Host::vacant() };
    let host = Rc::new(RefCell::new(host));
    Program::load(script.clone(), &host)?;
    let params = host.borrow().params.clone();
    Ok(params)
}

/// The scripts of one world, each compiled once; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Scripts(Rc<RefCell<Vec<CompiledScript>>>);

impl Scripts {
    /// Returns the compiled form of a script, and compiles it if necessary.
    pub(crate) fn compile(&self, source: &ScriptSource) -> Result<CompiledScript, ScriptError> {
        if let Some(script) = self.0.borrow().iter().find(|script| script.source == *source) {
            return Ok(script.clone());
        }
        let script = compile(source)?;
        self.0.borrow_mut().push(script.clone());
        Ok(script)
    }
}
