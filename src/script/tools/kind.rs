//! The kind `script`: its parameters, and how an agent is built that runs a strategy.

use std::path::PathBuf;
use std::sync::Arc;

use super::lint::lint;
use crate::script::runtime::compile::check_params;
use crate::script::runtime::compiled_script::CompiledScript;
use crate::script::runtime::config::{OnError, ScriptConfig};
use crate::script::runtime::source::ScriptSource;
use crate::script::runtime::trader::ScriptTrader;
use crate::script::value::limits::{OPERATIONS, OPERATIONS_MAX, RunLimits};
use crate::script::value::param::{ParamComplaint, ParamValue};
use crate::script::value::script_error::ScriptError;
use bearpit_agents::{
    AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, FurtherInput, ListingChoice, Shared,
};
use bearpit_core::account::Credit;
use bearpit_core::params::{
    Choice, FileContent, FileFormat, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Scalar,
    Values,
};
use bearpit_core::participant::AnyTrader;

/// The kind `script`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "script",
    doc: "Runs a strategy written in Rhai; see [strategies.md](strategies.md). The script and the files it imports \
          are compiled, and its parameters checked, when the scenario is loaded.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: true },
    listing: ListingChoice::First,
    is_exclusive: false,
    configure,
};

const PARAMS: [ParamSpec; 8] = [
    ParamSpec::required("file", ParamType::File(FileFormat::Text), "the script"),
    ParamSpec::new(
        "params",
        ParamType::Scalars,
        ParamDefault::Derived("none"),
        "parameters of the script, such as `{ fast = 12, word = \"x\" }`, checked against its declarations",
    ),
    ParamSpec::new(
        "on_error",
        ParamType::Choice(&[
            Choice {
                name: "halt",
                doc: "its entries are canceled; it keeps its position, with brackets' exits and reduce-only orders",
            },
            Choice {
                name: "flatten",
                doc: "its orders are canceled, and its position is closed at the market",
            },
            Choice { name: "abort", doc: "the whole run ends" },
        ]),
        ParamDefault::Choice("halt"),
        "what happens if the script fails",
    ),
    ParamSpec::new(
        "operations",
        ParamType::Integer { min: 1, max: OPERATIONS_MAX.cast_signed() },
        ParamDefault::Integer(OPERATIONS.cast_signed()),
        "how many operations each callback may take",
    ),
    run_limit(
        "run_operations",
        RunLimits::DEFAULT.operations,
        "how many operations all callbacks of a run may take",
    ),
    run_limit("run_lines", RunLimits::DEFAULT.lines, "how many lines it may log over a run"),
    run_limit("run_rows", RunLimits::DEFAULT.rows, "how many points and rows it may write over a run"),
    run_limit(
        "run_bytes",
        RunLimits::DEFAULT.bytes,
        "how many bytes these may have together: those of texts, and eight for each other value",
    ),
];

const fn run_limit(name: &'static str, most: u64, doc: &'static str) -> ParamSpec {
    let most = most.cast_signed();
    ParamSpec::new(name, ParamType::Integer { min: 1, max: i64::MAX }, ParamDefault::Integer(most), doc)
}

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let file: FileContent = values.get("file")?;
    let text: Arc<str> = values.content("file")?;
    let source = ScriptSource::gather(file.path.clone(), Arc::clone(&text))
        .map_err(|error| in_file(&ScriptSource::alone(file.path, text), error))?;
    // What is wrong with a script by `bearpit check` is not run either.
    let linted = lint(&source);
    let errors = linted.findings.into_iter().filter(|finding| !finding.is_warning);
    ParamErrors::check(errors.map(|finding| in_file(&source, finding.error)).collect())?;
    let Some(compiled) = linted.script else {
        return Err(ParamError::invalid("file", "the script does not compile").into());
    };
    let given: Vec<(String, Scalar)> = values.given("params")?.unwrap_or_default();
    let params: Vec<(String, ParamValue)> =
        given.into_iter().map(|(name, value)| (name, value.into())).collect();
    check(&source, &compiled, &params)?;
    let on_error = match values.get::<String>("on_error")?.as_str() {
        "flatten" => OnError::Flatten,
        "abort" => OnError::Abort,
        _ => OnError::Halt,
    };
    let operations = values.get::<i64>("operations")?.unsigned_abs();
    let most = |name| values.get::<i64>(name).map(i64::unsigned_abs);
    let run_limits = RunLimits {
        operations: most("run_operations")?,
        lines: most("run_lines")?,
        rows: most("run_rows")?,
        bytes: most("run_bytes")?,
    };
    Ok(Arc::new(ScriptConfig { source, listing: site.listing, params, on_error, operations, run_limits }))
}

/// Checks parameters against the declarations of the script.
fn check(
    source: &ScriptSource,
    script: &CompiledScript,
    params: &[(String, ParamValue)],
) -> Result<(), ParamErrors> {
    let complaints = check_params(script, params).map_err(|error| in_file(source, error))?;
    let error = |complaint: ParamComplaint| ParamError::InvalidEntry {
        param: "params",
        entry: complaint.name,
        message: complaint.message,
        help: complaint.help,
    };
    ParamErrors::check(complaints.into_iter().map(error).collect())
}

/// Points into the script, or into the file that it imports.
fn in_file(source: &ScriptSource, error: ScriptError) -> ParamError {
    let ScriptError { file, line, column, message, help } = error;
    let text = source.text_of(&file).cloned().unwrap_or_default();
    let file: PathBuf = file;
    ParamError::InFile { param: "file", file, text, line, column, message, help }
}

impl ConfiguredAgent for ScriptConfig {
    fn actor(&self, shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(ScriptTrader::sharing(self.clone(), shared.get())))
    }

    fn further_inputs(&self) -> Vec<FurtherInput<'_>> {
        let modules = self.source.modules.iter();
        modules.map(|(name, module)| FurtherInput { name, content: module.text.as_bytes() }).collect()
    }
}

impl From<Scalar> for ParamValue {
    fn from(value: Scalar) -> Self {
        match value {
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Int(value) => Self::Int(value),
            Scalar::Float(value) => Self::Float(value),
            Scalar::Text(text) => Self::Text(text),
        }
    }
}
