//! [`Strategy`]: a script by itself, checked.

use std::fs;
use std::path::Path;

use super::diagnostics::{Diagnostics, Place};
use super::files::utf8;
use super::section::Findings;
use super::spec::{AgentKind, Scenario};
use crate::script::{CompiledScript, ScriptError, ScriptSource, lint};

/// A script that compiles.
#[derive(Debug, Clone)]
pub struct Strategy {
    /// The script.
    pub script: CompiledScript,
    /// What is odd about it, or would be wrong if it ran.
    pub findings: Diagnostics,
    /// The calls that ask for feeds.
    pub feeds: Vec<String>,
}

impl Strategy {
    /// Reads a script with what it imports, compiles it, and checks every name in it.
    ///
    /// # Errors
    /// All that is wrong, if it does not even compile.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let findings = Findings::default();
        let text = read(path, &findings);
        let mut diagnostics = findings.into_inner();
        let Some(text) = text else { return Err(diagnostics) };
        let source = match ScriptSource::gather(path, text.as_str()) {
            Ok(source) => source,
            Err(error) => {
                complain(&mut diagnostics, &ScriptSource::alone(path, text), &error, false);
                return Err(diagnostics);
            }
        };
        let linted = lint(&source);
        for finding in &linted.findings {
            complain(&mut diagnostics, &source, &finding.error, finding.is_warning);
        }
        match linted.script {
            Some(script) => Ok(Self { script, findings: diagnostics, feeds: linted.feeds }),
            None => Err(diagnostics),
        }
    }
}

impl Scenario {
    /// Checks every name in the scripts of the scenario, each script once.
    #[must_use]
    pub fn check_scripts(&self) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        let mut seen: Vec<&ScriptSource> = Vec::new();
        for agent in &self.agents {
            let AgentKind::Script(config) = &agent.kind else { continue };
            if seen.contains(&&config.source) {
                continue;
            }
            seen.push(&config.source);
            for finding in lint(&config.source).findings {
                complain(&mut diagnostics, &config.source, &finding.error, finding.is_warning);
            }
        }
        diagnostics
    }
}

fn read(path: &Path, findings: &Findings) -> Option<String> {
    match fs::read(path) {
        Ok(bytes) => utf8(path, bytes, findings),
        Err(error) => {
            let mut diagnostics = findings.borrow_mut();
            let source = diagnostics.add_source(path.display().to_string(), "");
            let message = format!("`{}` cannot be read: {error}", path.display());
            let help = "name a script, such as strategies/ema_cross.rhai".to_owned();
            diagnostics.push(Place { source, span: 0..0 }, message, Some(help));
            None
        }
    }
}

/// Complains at the place of an error in a script or in what it imports.
pub(super) fn complain(
    diagnostics: &mut Diagnostics,
    source: &ScriptSource,
    error: &ScriptError,
    is_warning: bool,
) {
    let ScriptError { file, line, column, message, help } = error;
    let text = source.text_of(file).map_or("", |text| &**text);
    let index = diagnostics.add_source(file.display().to_string(), text);
    let at = offset_of(text, *line, *column);
    let place = Place { source: index, span: at..at + 1 };
    if is_warning {
        diagnostics.warn(place, message, help.clone());
    } else {
        diagnostics.push(place, message, help.clone());
    }
}

/// Returns the byte of a line and column, both from 1.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let within = text[start..].char_indices().nth(column.saturating_sub(1)).map_or(0, |(offset, _)| offset);
    start + within
}
