//! [`CompiledScript`]: a script that has been parsed and checked.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use rhai::{AST, Engine};

use crate::script::runtime::callback_bodies::CallbackBodies;
use crate::script::runtime::callback_bodies::function_position;
use crate::script::runtime::source::ScriptSource;
use crate::script::sandbox::confinement::with_room;
use crate::script::sandbox::metered_script::MeteredCode;
use crate::script::value::callback::Callback;
use crate::script::value::callback::TEST_PREFIX;
use crate::script::value::limits::SOURCE_BYTES_MAX;
use crate::script::value::param::ParamDeclaration;
use crate::script::value::script_error::{ScriptError, SourcePosition};

/// A script that has been checked; clones share the compiled code.
#[derive(Debug, Clone)]
pub struct CompiledScript {
    pub(super) source: ScriptSource,
    /// The script as parsed.
    pub(super) ast: AST,
    /// The metered script, which is run; the modules are metered too.
    pub(super) metered: AST,
    pub(super) modules: BTreeMap<String, AST>,
    pub(super) nodes: Rc<MeteredCode>,
    pub(super) bodies: Rc<CallbackBodies>,
    pub(super) params: Vec<ParamDeclaration>,
}

impl CompiledScript {
    /// Returns the source.
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
        let tests = functions.filter(|it| it.name.starts_with(TEST_PREFIX) && it.params.is_empty());
        let mut tests: Vec<_> =
            tests.map(|it| (function_position(&self.source.text, it.name), it.name.to_owned())).collect();
        tests.sort_unstable();
        tests.into_iter().map(|(_, name)| name).collect()
    }
}

pub(crate) fn parse(language: &Engine, file: &Path, text: &str) -> Result<AST, ScriptError> {
    if text.len() > SOURCE_BYTES_MAX {
        let message = format!("the script has {} bytes; at most {SOURCE_BYTES_MAX} are allowed", text.len());
        return Err(ScriptError::new(file, SourcePosition::START, message));
    }
    let parsed = with_room(|| language.compile(text));
    let mut ast = parsed.map_err(|error| ScriptError::syntax(file, text, &error))?;
    ast.set_source(file.display().to_string());
    if let Some(typed) = ast.iter_functions().find(|function| function.this_type.is_some()) {
        let message = format!("the function `{}` is defined for one type", typed.name);
        let help = "write it without the type; it can be called on any value";
        return Err(ScriptError::new(file, function_position(text, typed.name), message).with_help(help));
    }
    Ok(ast)
}

/// Returns the metered form of a script.
pub(super) fn charge(nodes: &mut MeteredCode, file: &Path, ast: &AST) -> Result<AST, ScriptError> {
    let metered = with_room(|| nodes.metered(ast));
    let mut metered = metered.map_err(|error| ScriptError::syntax(file, "", &error))?;
    metered.set_source(file.display().to_string());
    Ok(metered)
}
