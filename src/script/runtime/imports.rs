//! [`Imports`]: resolves a script's imports to the modules that were read with it, and to nothing else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared as Counted};

use crate::script::runtime::shared_script::SharedScript;
use crate::script::runtime::source::module_name;

/// Gives one trader's script the modules that were read with it, and nothing else. Each trader loads them
/// anew, since a module can keep objects that change, such as indicators.
pub(super) struct Imports {
    script: Rc<SharedScript>,
    loaded: RefCell<BTreeMap<String, Counted<Module>>>,
}

impl Imports {
    pub(super) fn new(script: &Rc<SharedScript>) -> Self {
        Self { script: Rc::clone(script), loaded: RefCell::default() }
    }
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
        let Some(ast) = self.script.compiled.modules.get(name) else {
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
