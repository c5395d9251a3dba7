//! [`Strategy`]: a script outside of a scenario, checked; and the scripts of a scenario, checked.

use std::path::Path;

use super::config::Scenario;
use super::document::{Diagnostics, Findings, Override, SourceSpan, readers};
use super::files::utf8;
use super::sections::{offset_of, scalar};
use crate::data::read_text_file;
use crate::script::{CompiledScript, ParamValue, ScriptConfig, ScriptError, ScriptSource, lint};

/// A script that compiles.
#[derive(Debug, Clone)]
pub struct Strategy {
    /// The script.
    pub script: CompiledScript,
    /// Warnings, and errors that would occur when it runs.
    pub findings: Diagnostics,
    /// The calls that subscribe to feeds.
    pub feeds: Vec<String>,
}

impl Strategy {
    /// Reads a script with what it imports, compiles it, and checks every name in it.
    ///
    /// # Errors
    /// Everything that is wrong, if it does not compile.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let findings = Findings::default();
        if let Some(what) = what_it_is(path) {
            let mut diagnostics = Diagnostics::default();
            diagnostics
                .say_only(path.display().to_string(), format!("`{}` is no script: {what}", path.display()));
            return Err(diagnostics);
        }
        let text = read(path, &findings);
        let mut diagnostics = findings.into_inner();
        let Some(text) = text else { return Err(diagnostics) };
        let source = match ScriptSource::gather(path, text.as_str()) {
            Ok(source) => source,
            Err(error) => {
                report(&mut diagnostics, &ScriptSource::alone(path, text), &error, false);
                return Err(diagnostics);
            }
        };
        let linted = lint(&source);
        for finding in &linted.findings {
            report(&mut diagnostics, &source, &finding.error, finding.is_warning);
        }
        match linted.script {
            Some(script) => Ok(Self { script, findings: diagnostics, feeds: linted.feeds }),
            None => Err(diagnostics),
        }
    }
}

impl Scenario {
    /// Checks every name in the scripts of the scenario, each script once; what is odd in the scenario itself
    /// stands before that.
    #[must_use]
    pub fn check(&self) -> Diagnostics {
        let mut diagnostics = self.warnings.clone();
        let mut seen: Vec<&ScriptSource> = Vec::new();
        for agent in &self.agents {
            let Some(config) = agent.config::<ScriptConfig>() else { continue };
            if seen.contains(&&config.source) {
                continue;
            }
            seen.push(&config.source);
            for finding in lint(&config.source).findings {
                report(&mut diagnostics, &config.source, &finding.error, finding.is_warning);
            }
        }
        diagnostics
    }
}

/// Says what a file is that is no script, as far as its name tells; a file that is not there is nothing.
fn what_it_is(path: &Path) -> Option<String> {
    let name = path.display();
    let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default().to_ascii_lowercase();
    let what = match extension.as_str() {
        "toml" => format!("it is a scenario; `bearpit simulate {name}` runs it"),
        "csv" | "tsv" | "parquet" | "arrow" | "ipc" | "feather" => {
            format!("it is a file of data; `bearpit data {name}` says what is in it")
        }
        _ => return None,
    };
    path.exists().then_some(what)
}

fn read(path: &Path, findings: &Findings) -> Option<String> {
    match read_text_file(path) {
        Ok(bytes) => utf8(path, bytes, findings),
        Err(error) => {
            let mut diagnostics = findings.borrow_mut();
            let place = diagnostics.add_unread(path.display().to_string());
            let message = format!("`{}` cannot be read: {error}", path.display());
            let help = "name a script, such as strategies/ema_cross.rhai".to_owned();
            diagnostics.push(place, message, Some(help));
            None
        }
    }
}

/// Reports an error at its location in a script or in a file that it imports.
fn report(diagnostics: &mut Diagnostics, source: &ScriptSource, error: &ScriptError, is_warning: bool) {
    let ScriptError { file, line, column, message, help } = error;
    let text = source.text_of(file).map_or("", |text| &**text);
    let index = diagnostics.add_source(file.display().to_string(), text);
    let at = offset_of(text, *line, *column);
    let place = SourceSpan { source: index, span: at..at + 1 };
    if is_warning {
        diagnostics.warn(place, message, help.clone());
    } else {
        diagnostics.push(place, message, help.clone());
    }
}

impl Override {
    /// Returns the parameter that a script outside of a scenario is given with `NAME=VALUE`.
    ///
    /// # Errors
    /// The value is neither a boolean nor a number nor a text.
    pub fn param(&self) -> Result<(String, ParamValue), NotAParam> {
        let key = self.key().to_owned();
        match scalar(&self.value(0, 0)) {
            Ok(value) => Ok((key, value.into())),
            Err(error) => Err(NotAParam { key, error }),
        }
    }
}

/// A change gives a script's parameter a value of a type that parameters do not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the parameter `{key}` {error}")]
pub struct NotAParam {
    key: String,
    error: readers::ValueError,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCRIPT: &str = "const N = param(\"n\", 2);\nimport \"lib/h\" as h;\n\
        fn on_bar(bar) {\n  let a = #{ b: [1, 2] };\n  log(`${a.b[0]} ${bar.close}`); // x\n  buy(N);\n}\n";

    /// Checks a text as `bearpit check` does a file, and draws what is wrong.
    fn drawn(text: &str) -> String {
        let mut diagnostics = Diagnostics::default();
        let source = ScriptSource::alone("s.rhai", text);
        if let Err(error) = ScriptSource::gather("s.rhai", text) {
            report(&mut diagnostics, &source, &error, false);
        }
        for finding in lint(&source).findings {
            report(&mut diagnostics, &source, &finding.error, finding.is_warning);
        }
        diagnostics.render(false)
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_script() {
        let text = "fn on_bar(bar) { log(1); }";
        assert_eq!(drawn(&format!("\u{feff}{text}")), "");
        let drawn = drawn(&format!("\u{feff}{}", text.replace('1', "prise")));
        assert!(drawn.contains("s.rhai:1:22") && drawn.contains("there is no variable `prise`"), "{drawn}");
    }

    #[test]
    fn characters_that_the_language_does_not_know_are_errors_in_their_place() {
        for (text, place) in [
            ("fn on_bar(bar) { log(\u{201c}x\u{201d}); }", "s.rhai:1:22"),
            ("fn on_bar(bar) {\u{a0}log(1); }", "s.rhai:1:17"),
            ("let \u{e9} = 1; fn on_bar(bar) { }", "s.rhai:1:5"),
            ("fn on_bar(bar) { log(1);\u{feff} }", "s.rhai:1:25"),
        ] {
            let drawn = drawn(text);
            assert!(drawn.contains(place), "{text}: {drawn}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 60 } else { 2_000 }))]

        #[test]
        fn prop_any_text_is_checked_without_a_panic(
            edits in prop::collection::vec(
                (any::<prop::sample::Index>(), "[\"'`${}()\\[\\];.\r\n\t\u{0}\u{a0}\u{e9}\u{301}\u{201c}\u{feff}\u{1f600}0-9a-z]", 0_usize..4),
                0..4,
            ),
        ) {
            let mut text: Vec<char> = SCRIPT.chars().collect();
            for (index, added, removed) in edits {
                let at = index.index(text.len() + 1);
                text.splice(at..(at + removed).min(text.len()), added.chars());
            }
            let text: String = text.into_iter().collect();
            let drawn = drawn(&text);
            prop_assert!(drawn.is_empty() || drawn.contains(" --> s.rhai:"), "{drawn}");
        }
    }
}
