//! Progress of runs: bars on a terminal, plain lines elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::number_text::{rate, thousands};
use crate::scenario::Scenario;
use bearpit_core::units::{SimDuration, SimTime};

/// How far a run has come; written by its thread, read by the display.
#[derive(Debug)]
pub(super) struct Gauge {
    start: SimTime,
    /// How many nanoseconds of virtual time the run covers.
    length: u64,
    events: AtomicU64,
    /// Nanoseconds of virtual time since the start.
    elapsed: AtomicI64,
}

impl Gauge {
    fn new(scenario: &Scenario) -> Self {
        let length = (scenario.end - scenario.start).nanos().unsigned_abs();
        Self { start: scenario.start, length, events: AtomicU64::new(0), elapsed: AtomicI64::new(0) }
    }

    /// Stores how far the run has come.
    pub(super) fn set(&self, events: u64, now: SimTime) {
        self.events.store(events, Ordering::Relaxed);
        self.elapsed.store((now - self.start).nanos(), Ordering::Relaxed);
    }

    fn elapsed(&self) -> u64 {
        self.elapsed.load(Ordering::Relaxed).unsigned_abs()
    }

    fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
}

/// How often the bars are drawn.
pub(super) const REFRESH: Duration = Duration::from_millis(100);

/// The largest number of runs that have bars of their own; more share one.
const BARS_MAX: usize = 12;

/// The progress bars of all runs of a command.
#[derive(Debug)]
pub(super) struct Display {
    all: MultiProgress,
    gauges: Arc<[Gauge]>,
    /// One bar per run, or one for all.
    bars: Vec<ProgressBar>,
}

impl Display {
    /// Makes a display on standard error; it draws nothing if that is not a terminal, or if `quiet`.
    pub(super) fn new(quiet: bool, scenarios: &[Scenario]) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let all = MultiProgress::with_draw_target(target);
        let gauges: Arc<[Gauge]> = scenarios.iter().map(Gauge::new).collect();
        let add = |length, prefix: String| {
            let bar = all.add(styled(length));
            bar.set_prefix(prefix);
            bar
        };
        let bars = if scenarios.len() > BARS_MAX {
            let length = gauges.iter().map(|gauge| gauge.length).sum();
            vec![add(length, format!("{} runs", scenarios.len()))]
        } else {
            gauges.iter().zip(scenarios).map(|(gauge, it)| add(gauge.length, it.name.clone())).collect()
        };
        Self { all, gauges, bars }
    }

    /// Returns the gauges, in the order of the scenarios.
    pub(super) fn gauges(&self) -> Arc<[Gauge]> {
        Arc::clone(&self.gauges)
    }

    /// Returns whether anything is drawn: on a terminal only.
    pub(super) fn is_drawn(&self) -> bool {
        !self.all.is_hidden()
    }

    /// Draws how far the runs have come.
    pub(super) fn refresh(&self) {
        let has_own_bars = self.bars.len() == self.gauges.len();
        match self.bars.as_slice() {
            [bar] if !has_own_bars => refresh_all(bar, &self.gauges),
            bars => bars.iter().zip(self.gauges.iter()).for_each(|(bar, gauge)| refresh_one(bar, gauge)),
        }
    }

    /// Removes the bars.
    pub(super) fn clear(&self) {
        self.bars.iter().for_each(ProgressBar::finish_and_clear);
        // If the terminal is gone there is nothing to clear.
        self.all.clear().ok();
    }
}

fn refresh_one(bar: &ProgressBar, gauge: &Gauge) {
    if bar.is_finished() {
        return;
    }
    let elapsed = gauge.elapsed();
    bar.set_position(elapsed);
    let seconds = bar.elapsed().as_secs_f64().max(1e-3);
    let time = gauge.start + SimDuration::from_nanos(i64::try_from(elapsed).unwrap_or(i64::MAX));
    let whole_seconds = time.floor_to(SimDuration::from_secs(1));
    bar.set_message(format!("{whole_seconds}  {} events/s", thousands(rate(gauge.events(), seconds))));
}

fn refresh_all(bar: &ProgressBar, gauges: &[Gauge]) {
    bar.set_position(gauges.iter().map(Gauge::elapsed).sum());
    let ended = gauges.iter().filter(|gauge| gauge.elapsed() >= gauge.length).count();
    let events = gauges.iter().map(Gauge::events).sum();
    let seconds = bar.elapsed().as_secs_f64().max(1e-3);
    bar.set_message(format!("{ended} done  {} events/s", thousands(rate(events, seconds))));
}

/// Makes a bar of a length.
fn styled(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = "{prefix:>18} {wide_bar} {percent:>3}%  {msg}  ETA {eta}";
    // The template is a constant that is valid; the default bar is a fallback that is never used.
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
