//! Reading `process`, the table that says how the value of an instrument moves.

use std::sync::Arc;

use super::instruments::KnownInstrument;
use super::params::{ParamScope, read_params, report_errors};
use crate::scenario::document::{Section, readers};
use crate::scenario::files::Files;
use bearpit_core::process::{ConfiguredProcess, EarlierInstrument, KINDS, ProcessKind, ProcessSite};

/// Reads the process of an instrument, if it has one; `known` are the instruments before it.
///
/// `None` if there are errors, which have been reported.
pub(super) fn read_process(
    instrument: &Section<'_>,
    files: &Files,
    known: &[KnownInstrument],
) -> Option<Option<Arc<dyn ConfiguredProcess>>> {
    let Some(section) = instrument.table("process", "the process") else { return Some(None) };
    let kinds = KINDS.map(|kind| (kind.name, kind));
    let kind = section.required("kind", readers::one_of(&kinds));
    let process = kind.and_then(|kind| configure(kind, &section, files, known));
    match kind {
        Some(_) => section.finish(),
        // Without a kind, it is not known which keys there are.
        None => section.abandon(),
    }
    process.map(Some)
}

fn configure(
    kind: &ProcessKind,
    section: &Section<'_>,
    files: &Files,
    known: &[KnownInstrument],
) -> Option<Arc<dyn ConfiguredProcess>> {
    let scope = ParamScope { files, instrument: None, instruments: known, venues: &[] };
    let values = read_params(section, kind.params, &scope)?;
    let earlier: Vec<EarlierInstrument> = known
        .iter()
        .map(|known| EarlierInstrument {
            symbol: known.symbol.clone(),
            process: known.config.as_ref().and_then(|config| config.process.clone()),
        })
        .collect();
    let length = files.clock.borrow().span.map(|span| span.end - span.start);
    let configured = (kind.configure)(&values, &ProcessSite { earlier: &earlier, length });
    let configured = configured.map_err(|errors| report_errors(section, &errors)).ok()?;
    for warning in configured.warnings() {
        let (place, help) = (section.place_of(warning.param()), warning.help().map(ToOwned::to_owned));
        section.findings.borrow_mut().warn(place, warning.to_string(), help);
    }
    Some(configured)
}
