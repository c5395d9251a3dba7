//! Native functions in Rhai modules, which many engines can share.

use rhai::{FuncRegistration, Module, RhaiNativeFunc};

/// Adds a function to a module; scripts call it without a namespace.
pub(crate) fn add_function<A: 'static, const N: usize, const X: bool, R, const F: bool>(
    module: &mut Module,
    name: &str,
    function: impl RhaiNativeFunc<A, N, X, R, F> + 'static,
) where
    R: Clone + 'static,
{
    FuncRegistration::new(name).in_global_namespace().set_into_module(module, function);
}
