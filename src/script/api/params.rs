//! The function `param`, which declares a parameter, and the object `params`.

use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use rhai::{Array, Dynamic, ImmutableString, NativeCallContext};

use crate::script::api::registry::Registry;
use crate::script::host::{Lifecycle, SharedHost};
use crate::script::sandbox::native::add_function;
use crate::script::value::arguments::{ScriptResult, described, number, text};
use crate::script::value::param::{ParamDeclaration, ParamRange, ParamValue};

/// The parameters of the trader at hand, which scripts read as `params.name`.
#[derive(Debug, Clone)]
pub(crate) struct ParamsHandle(SharedHost);

impl ParamsHandle {
    /// Makes the handle of the traders to which this host is lent.
    pub(crate) const fn new(host: SharedHost) -> Self {
        Self(host)
    }

    fn get(&self, name: &str) -> ScriptResult<Dynamic> {
        self.0.borrow().params.get(name)
    }
}

/// Registers `param`, and `params` as an object.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
    type Name = ImmutableString;
    api.module.set_custom_type::<ParamsHandle>("Params");
    api.module.set_indexer_get_fn(|params: &mut ParamsHandle, name: Name| params.get(&name));
    add_function(api.module, "contains", |params: &mut ParamsHandle, name: Name| params.get(&name).is_ok());
    api.module.set_var("params", ParamsHandle::new(Rc::clone(host)));
    api.group("Parameters");
    let forms = [Rc::clone(host), Rc::clone(host), Rc::clone(host)];
    let [plain, ranged, described] = forms;
    type Call<'a> = NativeCallContext<'a>;
    api.function(
        "param",
        "(name: text, default: any, range?: range | array, about?: text) -> any",
        "Declares a parameter, outside of functions, and returns its value: the scenario's, or else the default.",
        "const FAST = param(\"fast\", 12, 1..=500, \"bars of the fast average\");",
    )
    .form(move |call: Call<'_>, name: Dynamic, default: Dynamic| {
        declare(&plain, &call, &name, &default, &[])
    })
    .form(move |call: Call<'_>, name: Dynamic, default: Dynamic, a: Dynamic| {
        declare(&ranged, &call, &name, &default, &[a])
    })
    .form(move |call: Call<'_>, name: Dynamic, default: Dynamic, a: Dynamic, b: Dynamic| {
        declare(&described, &call, &name, &default, &[a, b])
    });
}

fn declare(
    host: &SharedHost,
    call: &NativeCallContext<'_>,
    name: &Dynamic,
    default: &Dynamic,
    rest: &[Dynamic],
) -> ScriptResult<Dynamic> {
    let name = text("param", "name", name)?;
    if host.borrow().stage != Lifecycle::Loading {
        let message = "param: parameters are declared outside of functions: const N = param(..) at the top";
        return Err(message.into());
    }
    let default = value(default).ok_or_else(|| {
        format!(
            "param: the default of `{name}` must be a boolean, a number or a text, but is {}",
            described(default)
        )
    })?;
    let (range, about) = match rest {
        [] => (None, None),
        [about] if about.is_string() => (None, Some(about)),
        [range] => (Some(range), None),
        [range, about, ..] => (Some(range), Some(about)),
    };
    let range = range.map_or(Ok(ParamRange::Any), |range| read_range(&name, &default, range))?;
    let about = about.map_or(Ok(ImmutableString::new()), |about| text("param", "sentence", about))?;
    let line = call.call_position().line().unwrap_or(1);
    let params = host.borrow().params.clone();
    let (name, about) = (name.to_string(), about.to_string());
    params.declare(ParamDeclaration { name, default, range, about, line })
}

fn value(value: &Dynamic) -> Option<ParamValue> {
    let text = || value.clone().into_string().ok().map(ParamValue::Text);
    let whole = || value.as_int().ok().map(ParamValue::Int);
    let float = || value.as_float().ok().filter(|it| it.is_finite()).map(ParamValue::Float);
    value.as_bool().ok().map(ParamValue::Bool).or_else(whole).or_else(float).or_else(text)
}

/// Reads the allowed values, for the type of the default.
fn read_range(name: &str, default: &ParamValue, range: &Dynamic) -> ScriptResult<ParamRange> {
    let complaint = |wanted: &str| -> ScriptResult<ParamRange> {
        let message = format!("param: the range of `{name}` must be {wanted}, but is {}", described(range));
        Err(message.into())
    };
    let whole = || {
        let inclusive = range.read_lock::<RangeInclusive<i64>>().map(|it| (*it.start(), *it.end()));
        inclusive.or_else(|| range.read_lock::<Range<i64>>().map(|it| (it.start, it.end.saturating_sub(1))))
    };
    let items = range.read_lock::<Array>().map(|items| items.clone());
    match (default, items) {
        (ParamValue::Bool(_), _) => complaint("left out, since it is a boolean"),
        (ParamValue::Int(_), Some(items)) => match &items[..] {
            [low, high] => match (low.as_int(), high.as_int()) {
                (Ok(low), Ok(high)) => Ok(ParamRange::Whole(low, high)),
                _ => complaint("two whole numbers, or written as 1..=500"),
            },
            _ => complaint("two whole numbers, or written as 1..=500"),
        },
        (ParamValue::Int(_), None) => match whole() {
            Some((low, high)) => Ok(ParamRange::Whole(low, high)),
            None => complaint("written as 1..=500"),
        },
        (ParamValue::Float(_), Some(items)) => match &items[..] {
            [low, high] => {
                Ok(ParamRange::Number(number("param", "low end", low)?, number("param", "high end", high)?))
            }
            _ => complaint("two numbers, as in [0.0, 1.0]"),
        },
        #[expect(clippy::cast_precision_loss, reason = "an end beyond 2^53 is no end for a broken number")]
        (ParamValue::Float(_), None) => match whole() {
            Some((low, high)) => Ok(ParamRange::Number(low as f64, high as f64)),
            None => complaint("two numbers, as in [0.0, 1.0]"),
        },
        (ParamValue::Text(_), Some(items)) => {
            let words = items.iter().map(|word| Ok(text("param", "choice", word)?.to_string()));
            words.collect::<ScriptResult<Vec<String>>>().map(ParamRange::Choice)
        }
        (ParamValue::Text(_), None) => complaint("the texts to choose from, as in [\"mid\", \"touch\"]"),
    }
}
