//! [`SharedScript`]: what all traders of one script in one world share.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use rhai::Scope;

use crate::script::api::language::Language;
use crate::script::runtime::compiled_script::CompiledScript;
use crate::script::sandbox::execution::ResolvedFunctions;
use crate::script::sandbox::metering::ChargeNode;
use crate::script::value::callback::Callback;

/// A compiled script, the functions that it calls, and what callbacks are evaluated in.
///
/// Nothing here depends on which trader runs: no values of a script, only names.
pub(crate) struct SharedScript {
    pub(super) compiled: CompiledScript,
    pub(super) language: Rc<Language>,
    /// The variables of each callback, which are its arguments; between calls they hold nothing.
    scopes: RefCell<[Scope<'static>; Callback::COUNT]>,
    resolved: Rc<ResolvedFunctions>,
    /// What its nodes charge.
    pub(super) charges: Rc<[ChargeNode]>,
}

impl SharedScript {
    pub(crate) fn new(compiled: CompiledScript, language: Rc<Language>) -> Self {
        let charges = compiled.nodes.charges(&language.getters);
        Self { compiled, language, scopes: RefCell::default(), resolved: Rc::default(), charges }
    }

    /// Returns the table of resolved functions for one more trader. A script that imports files has one for
    /// each trader, since what it imports is loaded for each.
    pub(super) fn resolved(&self) -> Rc<ResolvedFunctions> {
        if self.compiled.modules.is_empty() { Rc::clone(&self.resolved) } else { Rc::default() }
    }

    /// Takes out the variables of a callback.
    pub(super) fn take_scope(&self, callback: Callback) -> Scope<'static> {
        mem::take(&mut self.scopes.borrow_mut()[callback as usize])
    }

    /// Puts them back.
    pub(super) fn put_scope(&self, callback: Callback, scope: Scope<'static>) {
        self.scopes.borrow_mut()[callback as usize] = scope;
    }
}
