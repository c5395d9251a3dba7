//! [`OutputNames`]: the names of series and tables that a script writes to.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::ImmutableString;

use crate::script::value::arguments::{ScriptResult, exceeded, printable};
use crate::script::value::limits::NAMES_MAX;

/// The names of a script's series and tables: each is stored once, and their number is limited.
#[derive(Debug, Default)]
pub(crate) struct OutputNames(BTreeMap<ImmutableString, Arc<str>>);

/// The most characters of a name.
pub(crate) const NAME_CHARS_MAX: usize = 100;

impl OutputNames {
    pub(crate) fn get(&mut self, function: &str, name: &ImmutableString) -> ScriptResult<Arc<str>> {
        if let Some(known) = self.0.get(name) {
            return Ok(Arc::clone(known));
        }
        if self.0.len() >= NAMES_MAX {
            return Err(exceeded(format!("{function}: more than {NAMES_MAX} names")));
        }
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(format!("{function}: a name has 1 to {NAME_CHARS_MAX} characters").into());
        }
        let shared: Arc<str> = printable(name, NAME_CHARS_MAX).into();
        self.0.insert(name.clone(), Arc::clone(&shared));
        Ok(shared)
    }
}
