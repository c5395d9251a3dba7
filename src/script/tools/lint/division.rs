//! Finds divisions of integers that lose a fraction, such as `1 / 2`, which is 0.

use std::collections::BTreeMap;

use crate::script::sandbox::outline::{Argument, Call, CallKind, Outline};
use crate::script::tools::lint::parsed_file::ParsedFile;
use crate::script::value::param::{ParamDeclaration, ParamValue};
use crate::script::value::script_error::ScriptError;

/// Returns a warning for each division in a file whose integers are known and lose a fraction.
///
/// Between written numbers that is never wanted. Where a name stands for the divisor, it is only odd where
/// the result is 0.
pub(crate) fn lost_fractions(file: &ParsedFile<'_>, declared: &[ParamDeclaration]) -> Vec<ScriptError> {
    let Some((top, _)) = file.outlines.split_first() else { return Vec::new() };
    let outside = integers_of(top, declared);
    let mut warnings = Vec::new();
    for (index, outline) in file.outlines.iter().enumerate() {
        let mut known = outside.clone();
        if index > 0 {
            let arguments = outline.function.iter().flat_map(|it| &it.arguments);
            known.retain(|name, _| {
                !outline.declared.contains(name) && !arguments.clone().any(|it| it == name)
            });
            known.extend(integers_of(outline, declared));
        }
        let divisions = outline.calls.iter().filter(|it| it.kind == CallKind::Operator && it.name == "/");
        warnings.extend(divisions.filter_map(|division| explain(file, division, &known)));
    }
    warnings
}

/// Returns the names that stand for an integer, as it is declared, and that nothing changes.
fn integers_of(outline: &Outline, declared: &[ParamDeclaration]) -> BTreeMap<String, i64> {
    let param = |name: &str| {
        let declaration = declared.iter().find(|it| it.name == name)?;
        if let ParamValue::Int(value) = declaration.default { Some(value) } else { None }
    };
    let params =
        outline.param_constants.iter().filter_map(|it| Some((it.constant.clone(), param(&it.param)?)));
    let mut integers = outline.integers.clone();
    integers.extend(params);
    integers.retain(|name, _| !outline.changes.iter().any(|change| change.name == *name));
    integers
}

fn explain(file: &ParsedFile<'_>, division: &Call, known: &BTreeMap<String, i64>) -> Option<ScriptError> {
    let [Argument::Integer(dividend), divisor] = division.arguments.as_slice() else { return None };
    let (message, written) = match divisor {
        Argument::Integer(divisor) => {
            let is_exact = *divisor == 0 || dividend.checked_rem(*divisor)? == 0;
            let quotient = dividend.checked_div(*divisor).filter(|_| !is_exact)?;
            (format!("`{dividend} / {divisor}` is {quotient}"), divisor.to_string())
        }
        Argument::Variable(name) => {
            let value = *known.get(name)?;
            let is_lost = *dividend != 0 && dividend.checked_div(value)? == 0;
            let message = format!("`{dividend} / {name}` is 0 where `{name}` is {value}");
            is_lost.then_some((message, name.clone()))?
        }
        Argument::Length if *dividend == 1 => {
            ("`1 / ..` is 0 where the length is above 1".to_owned(), "..".to_owned())
        }
        Argument::Length | Argument::Text(_) | Argument::Other => return None,
    };
    let message = format!("{message}: a division of integers drops the fraction");
    let help = format!("write {dividend}.0 / {written} for a number with a fraction");
    Some(ScriptError::new(file.path, division.position, message).with_help(help))
}
