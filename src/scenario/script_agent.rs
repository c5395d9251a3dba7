//! Reading script agents: the script with its imports, and the parameters it declares.

use super::agents::{Place as Seat, Surroundings};
use super::read::{self, Read};
use super::section::Section;
use super::strategy;
use super::tree::{Node, Override, Value};
use crate::script::{
    CompiledScript, OPERATIONS, OPERATIONS_MAX, ScriptError, ScriptSource, check_params, compile, lint,
};
use crate::script::{OnError, ParamValue, ScriptConfig};

const ON_ERROR: [(&str, OnError); 3] =
    [("halt", OnError::Halt), ("flatten", OnError::Flatten), ("abort", OnError::Abort)];

/// Reads a script agent; the script is compiled, and its parameters are checked.
pub(super) fn script(
    section: &Section<'_>,
    place: Option<&Seat<'_>>,
    around: &Surroundings<'_>,
) -> Option<ScriptConfig> {
    let text = around.files.text(section, "file");
    let params = params(section);
    let on_error = section.or("on_error", OnError::Halt, read::one_of(&ON_ERROR));
    let allowed = i64::try_from(OPERATIONS_MAX).unwrap_or(i64::MAX);
    let operations = section.or("operations", OPERATIONS.cast_signed(), read::integer(1, allowed));
    let (file, text) = text?;
    let source = match ScriptSource::gather(file.as_path(), text.as_str()) {
        Ok(source) => source,
        Err(error) => {
            // What the script itself imports; what an imported file imports is told of with its name.
            complain(section, &ScriptSource::alone(file, text), &error);
            return None;
        }
    };
    for (name, module) in &source.modules {
        around.files.absorb(name.as_bytes());
        around.files.absorb(module.text.as_bytes());
    }
    let Ok(compiled) = compile(&source) else {
        // Not the first error only, but all that can be said.
        for finding in lint(&source).findings.iter().filter(|finding| !finding.is_warning) {
            complain(section, &source, &finding.error);
        }
        return None;
    };
    let params = params?;
    check(section, &source, &compiled, &params)?;
    Some(ScriptConfig {
        source,
        listing: place?.listing,
        params,
        on_error: on_error?,
        operations: operations?.unsigned_abs(),
    })
}

/// Complains at the place of an error in the script or in what it imports.
fn complain(section: &Section<'_>, source: &ScriptSource, error: &ScriptError) {
    strategy::complain(&mut section.findings.borrow_mut(), source, error, false);
}

/// Complains of parameters that are not as the script declares them.
fn check(
    section: &Section<'_>,
    source: &ScriptSource,
    script: &CompiledScript,
    params: &[(String, ParamValue)],
) -> Option<()> {
    let complaints = check_params(script, params).map_err(|error| complain(section, source, &error)).ok()?;
    let entries = section.node("params").map_or(&[][..], Node::entries);
    for complaint in &complaints {
        let entry = entries.iter().find(|entry| entry.key == complaint.name);
        let place = entry.map_or_else(|| section.place_of("params"), |entry| entry.node.place.clone());
        section.findings.borrow_mut().push(place, &complaint.message, complaint.help.clone());
    }
    complaints.is_empty().then_some(())
}

fn params(section: &Section<'_>) -> Option<Vec<(String, ParamValue)>> {
    let Some(node) = section.node("params") else { return Some(Vec::new()) };
    if !matches!(node.value, Value::Table(_)) {
        section.complain("params", format!("`params` is {}, but must be a table", node.kind()), None);
        return None;
    }
    let mut found = Vec::new();
    let mut complete = true;
    for entry in node.entries() {
        match param(&entry.node) {
            Ok(value) => found.push((entry.key.clone(), value)),
            Err(why) => {
                complete = false;
                let message = format!("the parameter `{}` {why}", entry.key);
                section.findings.borrow_mut().push(entry.node.place.clone(), message, None);
            }
        }
    }
    complete.then_some(found)
}

impl Override {
    /// Returns the parameter that a script by itself is given with `NAME=VALUE`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn param(&self) -> Result<(String, ParamValue), String> {
        let value =
            param(&self.value(0, 0)).map_err(|why| format!("the parameter `{}` {why}", self.key()))?;
        Ok((self.key().to_owned(), value))
    }
}

fn param(node: &Node) -> Read<ParamValue> {
    match &node.value {
        Value::Bool(value) => Ok(ParamValue::Bool(*value)),
        Value::Int(_) => read::integer(i64::MIN, i64::MAX)(node).map(ParamValue::Int),
        Value::Float(_) => read::number(f64::MIN, f64::MAX)(node).map(ParamValue::Float),
        Value::Text(text) => Ok(ParamValue::Text(text.clone())),
        Value::Time(_) | Value::List(_) | Value::Table(_) => {
            Err(format!("is {}, but must be a boolean, a number or a text", node.kind()))
        }
    }
}
