//! [`Imports`]: resolves a script's imports to the modules that were read with it, and to nothing else.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rhai::{AST, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared as Counted};

use crate::script::runtime::source::module_name;

/// Resolves imports to the modules that were read with the script, and to nothing else.
pub(super) struct Imports {
    pub(super) modules: BTreeMap<String, AST>,
    pub(super) loaded: RefCell<BTreeMap<String, Counted<Module>>>,
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
