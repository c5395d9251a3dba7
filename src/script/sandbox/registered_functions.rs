//! The functions that an engine has, Rhai's own among them.

use std::any::TypeId;

use rhai::Engine;

/// One form of a function: functions of one name differ in their arguments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FunctionForm {
    pub(crate) name: String,
    /// The number of its arguments, the object that a method is called on included.
    pub(crate) arguments: usize,
    /// Their types.
    pub(crate) types: Vec<TypeId>,
}

/// Returns all functions of an engine.
pub(crate) fn registered_functions(engine: &Engine) -> Vec<FunctionForm> {
    engine.collect_fn_metadata(
        None,
        |info| {
            Some(FunctionForm {
                name: info.metadata.name.to_string(),
                arguments: info.metadata.num_params,
                types: info.metadata.param_types.to_vec(),
            })
        },
        true,
    )
}
