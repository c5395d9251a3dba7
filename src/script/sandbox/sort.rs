//! Sorting with a comparison function of the script.
//!
//! Rhai's own sort continues when the function fails, even when it has used up its operations, and the
//! standard library's panics if the function is inconsistent.

use rhai::{Array, Dynamic, FnPtr, Module, NativeCallContext};

use crate::script::sandbox::native::add_function;
use crate::script::value::arguments::{ScriptResult, described};

/// Registers all forms, which hide Rhai's own.
pub(crate) fn register(module: &mut Module) {
    type Call<'a> = NativeCallContext<'a>;
    for name in ["sort", "sort_by"] {
        add_function(module, name, |call: Call<'_>, items: &mut Array, compare: FnPtr| -> ScriptResult<()> {
            *items = sorted(&call, items, &compare)?;
            Ok(())
        });
    }
    for name in ["order", "order_by"] {
        add_function(module, name, |call: Call<'_>, items: &mut Array, compare: FnPtr| {
            sorted(&call, items, &compare)
        });
    }
}

/// Returns the items in order, by a stable binary insertion sort.
fn sorted(call: &NativeCallContext<'_>, items: &Array, compare: &FnPtr) -> ScriptResult<Array> {
    let mut done = Array::with_capacity(items.len());
    for item in items {
        let (mut low, mut high) = (0, done.len());
        while low < high {
            let middle = low.midpoint(high);
            let order = compare.call_within_context(call, (item.clone(), Dynamic::clone(&done[middle])))?;
            if is_before(&order)? { high = middle } else { low = middle + 1 }
        }
        done.insert(low, item.clone());
    }
    Ok(done)
}

/// Returns whether a comparison orders the first before the second.
fn is_before(order: &Dynamic) -> ScriptResult<bool> {
    if let Ok(number) = order.as_int() {
        return Ok(number < 0);
    }
    order.as_bool().map_err(|_| {
        let wanted = "a number below, at or above 0, or whether the first comes before the second";
        format!("sort: the function must return {wanted}, but returns {}", described(order)).into()
    })
}
