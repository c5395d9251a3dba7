//! Reading `process`, the table that says how the value of an instrument moves.

use std::sync::Arc;

use super::baskets::Baskets;
use super::instruments::KnownInstrument;
use super::params::{ParamScope, item, read_params, report_errors};
use crate::scenario::document::{Section, readers};
use crate::scenario::files::Files;
use bearpit_core::params::Values;
use bearpit_core::process::{
    COMMON_PARAMS, ConfiguredProcess, EarlierInstrument, KINDS, ProcessKind, ProcessSite, with_shocks,
};
use bearpit_core::units::SimDuration;

/// What an instrument's process may depend on.
pub(super) struct ProcessScope<'a> {
    /// The instrument's symbol, if it could be read.
    pub(super) symbol: Option<&'a str>,
    pub(super) files: &'a Files,
    /// The instruments before this one.
    pub(super) known: &'a [KnownInstrument],
    pub(super) baskets: &'a Baskets<'a>,
}

/// Reads the process of an instrument, if it has one.
///
/// `None` if there are errors, which have been reported.
pub(super) fn read_process(
    instrument: &Section<'_>,
    scope: &ProcessScope<'_>,
) -> Option<Option<Arc<dyn ConfiguredProcess>>> {
    let Some(section) = instrument.table("process", "the process") else { return Some(None) };
    let kinds = KINDS.map(|kind| (kind.name, kind));
    let kind = section.required("kind", readers::one_of(&kinds));
    let process = kind.and_then(|kind| configure(kind, &section, scope));
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
    scope: &ProcessScope<'_>,
) -> Option<Arc<dyn ConfiguredProcess>> {
    let ProcessScope { symbol, files, known, baskets } = scope;
    let in_file = ParamScope { files, instrument: None, instruments: known, venues: &[] };
    let values = read_params(section, kind.params, &in_file);
    let common = read_params(section, &COMMON_PARAMS, &in_file);
    let (values, common) = values.zip(common)?;
    let length = files.clock.borrow().span.map(|span| span.end - span.start);
    let earlier: Vec<EarlierInstrument> = known
        .iter()
        .map(|known| EarlierInstrument {
            symbol: known.symbol.clone(),
            process: known.config.as_ref().and_then(|config| config.process.clone()),
        })
        .collect();
    let configured = (kind.configure)(&values, &ProcessSite { earlier: &earlier, length });
    let configured = configured.map_err(|errors| report_errors(section, &errors)).ok()?;
    let configured = baskets.join((*symbol)?, kind, configured);
    let configured = with_shocks(configured, &common, length);
    let configured = configured.map_err(|errors| report_errors(section, &errors)).ok()?;
    for warning in configured.warnings() {
        let (place, help) = (section.place_of(warning.param()), warning.help().map(ToOwned::to_owned));
        section.findings.borrow_mut().warn(place, warning.to_string(), help);
    }
    if files.clock.borrow().is_live {
        warn_of_lasting(section, &common);
    }
    Some(configured)
}

/// Warns of shocks of a live market that stay.
fn warn_of_lasting(section: &Section<'_>, common: &Values) {
    let shocks: Vec<Values> = common.given("shocks").ok().flatten().unwrap_or_default();
    let lasts = |shock: &Values| matches!(shock.given::<SimDuration>("half_life"), Ok(None));
    for (number, _) in (1..).zip(&shocks).filter(|(_, shock)| lasts(shock)) {
        let node = section.peek("shocks").and_then(|list| item(list, &number.to_string()));
        let place = node.map_or_else(|| section.place_of("shocks"), |node| node.place.clone());
        let message = format!(
            "shock {number} has no `half_life`: in a live market it comes each day and stays, so that it adds up day after \
             day"
        );
        let help = "give it a `half_life`, in which half of it is forgotten".to_owned();
        section.findings.borrow_mut().warn(place, message, Some(help));
    }
}
