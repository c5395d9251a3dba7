//! Reading price processes.

use super::files::Files;
use super::read;
use super::section::Section;
use super::spec::{InstrumentSpec, ProcessSpec};
use super::world::Known;
use bearpit_core::process::{GapConfig, TRADING_HOURS_PER_YEAR};
use bearpit_core::units::{SimDuration, suggest};

const GRID: SimDuration = SimDuration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ou,
    Gbm,
    Replay,
    Linked,
}

const KINDS: [(&str, Kind); 4] =
    [("ou", Kind::Ou), ("gbm", Kind::Gbm), ("replay", Kind::Replay), ("linked", Kind::Linked)];

/// Reads the process of an instrument, if it has one, and its grid; `known` are the instruments before it.
pub(super) fn process(
    instrument: &Section<'_>,
    files: &Files,
    known: &[Known],
) -> Option<(Option<ProcessSpec>, SimDuration)> {
    let Some(section) = instrument.table("process", "the process") else { return Some((None, GRID)) };
    let read = match section.required("kind", read::one_of(&KINDS)) {
        Some(Kind::Linked) => linked(&section, known),
        kind => {
            let grid = section.or("step", GRID, read::step);
            kind.and_then(|kind| alone(&section, kind, files)).zip(grid)
        }
    };
    section.finish();
    read.map(|(process, grid)| (Some(process), grid))
}

/// Reads a process that follows no other.
fn alone(section: &Section<'_>, kind: Kind, files: &Files) -> Option<ProcessSpec> {
    if kind == Kind::Replay {
        let bars = files.bars(section, "data");
        let offset = section.or("bar_open", SimDuration::ZERO, read::duration);
        let length = section.required("bar_length", read::positive_duration);
        return Some(ProcessSpec::Replay { bars: bars?, offset: offset?, length: length? });
    }
    let initial = section.required("initial", read::positive);
    let volatility = section.required("volatility", read::number(0.0, 100.0));
    let hours_per_year = section.or("hours_per_year", TRADING_HOURS_PER_YEAR, read::positive);
    if kind == Kind::Gbm {
        let drift = section.or("drift", 0.0, read::number(-100.0, 100.0));
        let (initial, drift, volatility) = (initial?, drift?, volatility?);
        return Some(ProcessSpec::Gbm { initial, drift, volatility, hours_per_year: hours_per_year? });
    }
    let mean = if section.has("mean") {
        section.optional("mean", read::positive)
    } else {
        section.or("mean", initial?, read::positive)
    };
    let half_life = section.required("half_life", read::positive_duration);
    Some(ProcessSpec::Ou {
        initial: initial?,
        mean: mean?,
        half_life: half_life?,
        volatility: volatility?,
        hours_per_year: hours_per_year?,
    })
}

/// Reads a process that follows that of an instrument before it, on the grid of that one.
fn linked(section: &Section<'_>, known: &[Known]) -> Option<(ProcessSpec, SimDuration)> {
    let leader = section.required("leader", |node| {
        let symbol = read::text(node)?;
        let leaders: Vec<&str> =
            known.iter().filter(|it| it.has_process).map(|it| it.symbol.as_str()).collect();
        known.iter().find(|it| it.has_process && it.symbol == symbol).ok_or_else(|| match leaders[..] {
            [] => format!("is `{symbol}`, but no instrument before this one has a process to follow"),
            _ => format!(
                "is `{symbol}`, but must be an instrument before this one that has a process; {}",
                suggest(&symbol, &leaders)
            ),
        })
    });
    let ratio = section.or("ratio", 1.0, read::positive);
    let half_life = section.required("half_life", read::positive_duration);
    let volatility = section.required("volatility", read::number(0.0, 100.0));
    let hours_per_year = section.or("hours_per_year", TRADING_HOURS_PER_YEAR, read::positive);
    let (half_life, volatility) = (half_life?, volatility?);
    let gap = GapConfig { half_life, volatility, hours_per_year: hours_per_year? };
    // A leader that is wrong has been complained of.
    let InstrumentSpec { instrument, process, grid } = leader?.spec.as_ref()?;
    let (leader, process) = (instrument.symbol().to_owned(), Box::new(process.clone()?));
    Some((ProcessSpec::Linked { leader, process, ratio: ratio?, gap }, *grid))
}
