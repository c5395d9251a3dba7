//! [`figure`]: an outcome as a picture.

use bearpit::report::{EstimateFigure, ReportError, render_estimate};
use bearpit_core::units::{SimDuration, SimTime};

use super::outcome::Outcome;

/// Draws an outcome as SVG: a fan over time from `now` on, and the distribution at the end.
///
/// # Errors
/// [`ReportError`] if it cannot be drawn.
pub fn figure(outcome: &Outcome, title: &str, now: SimTime) -> Result<String, ReportError> {
    let after = |secs: f64| now.saturating_add(SimDuration::from_secs_f64(secs));
    let data = EstimateFigure {
        title: title.to_owned(),
        span: [now, after(outcome.horizon_secs)],
        present: outcome.present,
        fan: outcome.fan.iter().map(|point| (after(point.after_secs), point.quantiles)).collect(),
        ends: outcome.ends.clone(),
    };
    Ok(render_estimate(&data)?.svg)
}
