//! The key `finer` of a replay: finer bars of the same instrument, which are the path within its bars.

use std::sync::Arc;

use crate::kind::AgentSite;
use bearpit_core::params::{FileContent, FileFormat, ParamDefault, ParamError, ParamSpec, ParamType, Values};
use bearpit_core::process::HistoricalBar;
use bearpit_core::replay::ReplayBar;
use bearpit_core::units::{SimDuration, SimTime};

/// The parameter.
pub(crate) const FINER: ParamSpec = ParamSpec::new(
    "finer",
    ParamType::File(FileFormat::Bars),
    ParamDefault::Derived("none"),
    "finer bars of the same instrument, such as those of minutes, read as `data` is: within each bar they are the path; \
     their rows are stamped with their beginning, and their volume counts for nothing",
);

/// Reads the finer bars, and checks that they lie within `bars`.
pub(crate) fn finer(
    values: &Values,
    bars: &[ReplayBar],
    site: &AgentSite<'_>,
) -> Result<Arc<Vec<ReplayBar>>, ParamError> {
    if values.given::<FileContent>("finer")?.is_none() {
        return Ok(Arc::default());
    }
    let rows: Arc<Vec<HistoricalBar>> = values.content("finer")?;
    let between = rows.windows(2).map(|pair| pair[1].time - pair[0].time).min();
    let mut finer = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let index = bars.partition_point(|bar| bar.start <= row.time);
        // What lies between two bars is the path of none.
        let Some(bar) = index.checked_sub(1).map(|it| bars[it]).filter(|bar| row.time < bar.end) else {
            continue;
        };
        finer.push(within(row, &bar, between, site)?);
    }
    if finer.is_empty() {
        let message = "no bar of `finer` lies within one of `data`";
        let help = "both are read on the scenario's clock: compare their zones, and `bar_open`";
        return Err(ParamError::invalid("finer", message).with_help(help));
    }
    Ok(finer.into())
}

/// Puts a row on the grid, as a part of the bar in which it begins.
fn within(
    row: &HistoricalBar,
    bar: &ReplayBar,
    between: Option<SimDuration>,
    site: &AgentSite<'_>,
) -> Result<ReplayBar, ParamError> {
    let length = between.unwrap_or(bar.end - bar.start);
    if length >= bar.end - bar.start {
        let message =
            format!("the bars of `finer` are {length} apart: they are no finer than those of `data`");
        return Err(ParamError::invalid("finer", message));
    }
    let end: SimTime = row.time + length;
    if end > bar.end {
        let message = format!(
            "the bar of {} in `finer` lasts until {end}, beyond the end of the bar of {} in `data`, {}",
            row.time, bar.start, bar.end
        );
        return Err(ParamError::invalid("finer", message));
    }
    let finer = ReplayBar::of_row(row, site.instrument, row.time, end);
    let finer = finer.map_err(|error| ParamError::invalid("finer", error.to_string()))?;
    if finer.low < bar.low || finer.high > bar.high {
        let price = |ticks| site.instrument.price_f64(ticks);
        let message = format!(
            "the bar of {} in `finer` goes from {} to {}, outside of the bar of {} in `data`, from {} to {}",
            row.time,
            price(finer.low),
            price(finer.high),
            bar.start,
            price(bar.low),
            price(bar.high)
        );
        let help = "both must be of the same instrument, adjusted alike, and of the same session";
        return Err(ParamError::invalid("finer", message).with_help(help));
    }
    Ok(finer)
}
