//! What a script uses of what it declares and of the market: its parameters, and its feeds.

use std::collections::BTreeSet;
use std::fmt;

use crate::script::sandbox::outline::{Argument, Call, CallKind, Outline};
use crate::script::tools::lint::parsed_file::ParsedFile;
use crate::script::value::callback::Callback;
use crate::script::value::param::ParamDeclaration;
use crate::script::value::script_error::{ScriptError, SourcePosition};

/// Returns a warning for each parameter that nothing reads.
pub(crate) fn unused_params(files: &[ParsedFile<'_>], declared: &[ParamDeclaration]) -> Vec<ScriptError> {
    let Some(main) = files.iter().find(|file| file.is_main) else { return Vec::new() };
    let outlines: Vec<&Outline> = files.iter().flat_map(|file| &file.outlines).collect();
    let variables = outlines.iter().flat_map(|it| &it.variables);
    // Where all of `params` is passed on, any parameter may be read.
    if variables.clone().any(|it| it.name == "params" && !it.is_looked_into) {
        return Vec::new();
    }
    let mut read: BTreeSet<&str> = variables.map(|it| it.name.as_str()).collect();
    // A text may be an index.
    let others = outlines.iter().flat_map(|it| it.properties.iter().chain(&it.texts));
    read.extend(others.map(String::as_str));
    let is_read = |param: &&ParamDeclaration| {
        let mut constants = outlines.iter().flat_map(|it| &it.param_constants);
        read.contains(param.name.as_str())
            || constants.any(|it| it.param == param.name && read.contains(it.constant.as_str()))
    };
    let warning = |param: &ParamDeclaration| {
        let line = main.text.lines().nth(param.line.saturating_sub(1)).unwrap_or("");
        let column = line.find("param(").map_or(1, |at| line[..at].chars().count() + 1);
        let message = format!("the parameter `{}` is never read", param.name);
        ScriptError::new(main.path, SourcePosition { line: param.line, column }, message)
            .with_help("use it, or remove the declaration")
    };
    declared.iter().filter(|param| !is_read(param)).map(warning).collect()
}

/// Returns the calls that subscribe to feeds, as they are written.
pub(crate) fn feeds(files: &[ParsedFile<'_>]) -> Vec<String> {
    const FEEDS: [&str; 6] = ["bars", "quotes", "trades", "book", "phases", "feed"];
    let calls = files.iter().flat_map(|file| &file.outlines).flat_map(|it| &it.calls);
    let feeds = calls.filter(|call| call.kind != CallKind::Operator && FEEDS.contains(&call.name.as_str()));
    let found: BTreeSet<String> = feeds.map(written).collect();
    found.into_iter().collect()
}

/// The functions that subscribe to a feed, the callback that receives it, and what else makes use of it.
const RECEIVERS: [(&str, Callback, &[&str]); 5] = [
    ("bars", Callback::Bar, &["on_warmup", "on_bars", "history", "closes"]),
    ("quotes", Callback::Quote, &[]),
    ("trades", Callback::Trade, &[]),
    ("book", Callback::Book, &["depth"]),
    ("phases", Callback::Session, &[]),
];

/// Returns a warning for each subscription whose feed nothing receives.
pub(crate) fn unreceived_feeds(files: &[ParsedFile<'_>]) -> Vec<ScriptError> {
    let outlines = || files.iter().flat_map(|file| &file.outlines);
    let functions: BTreeSet<&str> =
        outlines().filter_map(|it| it.function.as_ref()).map(|it| it.name.as_str()).collect();
    let called: BTreeSet<&str> = outlines().flat_map(|it| &it.calls).map(|call| call.name.as_str()).collect();
    let is_used = |name: &str| functions.contains(name) || called.contains(name);
    let mut warnings = Vec::new();
    for file in files {
        for call in file.outlines.iter().flat_map(|it| &it.calls) {
            let receiver = RECEIVERS.iter().find(|(function, ..)| *function == call.name);
            let Some((function, callback, others)) = receiver else { continue };
            let is_own = functions.contains(function) || call.kind == CallKind::Operator;
            if is_own || functions.contains(callback.name()) || others.iter().any(|name| is_used(name)) {
                continue;
            }
            let (name, arguments) = (callback.name(), callback.arguments().join(", "));
            let message = format!("`{function}` subscribes to a feed, but the script has no `{name}`");
            let help = format!("define fn {name}({arguments}), or remove the subscription");
            warnings.push(ScriptError::new(file.path, call.position, message).with_help(help));
        }
    }
    warnings
}

fn written(call: &Call) -> String {
    let arguments: Vec<String> = call.arguments.iter().map(ToString::to_string).collect();
    format!("{}({})", call.name, arguments.join(", "))
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Integer(number) => number.fmt(f),
            Self::Variable(name) => f.write_str(name),
            Self::Length | Self::Other => f.write_str(".."),
        }
    }
}
