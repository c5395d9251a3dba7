//! Progress of runs: bars on a terminal, plain lines elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use bearpit_core::units::SimTime;

/// What a run tells of itself while it is under way; written by its thread, read by the display.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    events: AtomicU64,
    /// Virtual nanoseconds since the start.
    elapsed: AtomicI64,
}

impl Gauge {
    /// Notes how far a run has come.
    pub(super) fn note(&self, events: u64, start: SimTime, now: SimTime) {
        self.events.store(events, Ordering::Relaxed);
        self.elapsed.store((now - start).nanos(), Ordering::Relaxed);
    }
}

/// How often the bars are drawn.
pub(super) const REFRESH: Duration = Duration::from_millis(100);

/// The bars of all runs of a command; of more runs than fit a terminal, one bar for all of them.
#[derive(Debug)]
pub(super) struct Display {
    bars: Vec<(ProgressBar, Arc<Gauge>, SimTime)>,
    all: MultiProgress,
    together: Option<Together>,
}

/// One bar over many runs: how much of their virtual time has passed.
#[derive(Debug)]
struct Together {
    bar: ProgressBar,
    gauges: Vec<(Arc<Gauge>, u64)>,
}

/// So many runs have bars of their own.
const BARS_MAX: usize = 12;

impl Display {
    /// Makes a display on standard error; nothing shows where that is no terminal or `quiet` is asked.
    pub(super) fn new(quiet: bool, runs: usize) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let all = MultiProgress::with_draw_target(target);
        let together = (runs > BARS_MAX).then(|| {
            let bar = all.add(styled(0));
            bar.set_prefix(format!("{runs} runs"));
            Together { bar, gauges: Vec::new() }
        });
        Self { bars: Vec::new(), all, together }
    }

    /// Adds a run that goes from `start` to `end`.
    pub(super) fn add(&mut self, name: &str, start: SimTime, end: SimTime) -> Arc<Gauge> {
        let gauge = Arc::new(Gauge::default());
        let length = (end - start).nanos().unsigned_abs();
        if let Some(together) = &mut self.together {
            together.bar.inc_length(length);
            together.gauges.push((Arc::clone(&gauge), length));
            return gauge;
        }
        let bar = self.all.add(styled(length));
        bar.set_prefix(name.to_owned());
        self.bars.push((bar, Arc::clone(&gauge), start));
        gauge
    }

    /// Tells whether anything is drawn: on a terminal only.
    pub(super) fn is_drawn(&self) -> bool {
        !self.all.is_hidden()
    }

    /// Draws how far the runs have come.
    pub(super) fn refresh(&self) {
        if let Some(Together { bar, gauges }) = &self.together {
            let elapsed = |gauge: &Gauge| gauge.elapsed.load(Ordering::Relaxed).unsigned_abs();
            bar.set_position(gauges.iter().map(|(gauge, _)| elapsed(gauge)).sum());
            let ended = gauges.iter().filter(|(gauge, length)| elapsed(gauge) >= *length).count();
            let events = gauges.iter().map(|(gauge, _)| gauge.events.load(Ordering::Relaxed)).sum();
            let seconds = bar.elapsed().as_secs_f64().max(1e-3);
            bar.set_message(format!("{ended} done  {} events/s", thousands(rate(events, seconds))));
        }
        for (bar, gauge, start) in &self.bars {
            if bar.is_finished() {
                continue;
            }
            let elapsed = gauge.elapsed.load(Ordering::Relaxed);
            bar.set_position(elapsed.unsigned_abs());
            let seconds = bar.elapsed().as_secs_f64().max(1e-3);
            let events = gauge.events.load(Ordering::Relaxed);
            let time = *start + bearpit_core::units::SimDuration::from_nanos(elapsed);
            let whole_seconds = time.floor_to(bearpit_core::units::SimDuration::from_secs(1));
            bar.set_message(format!("{whole_seconds}  {} events/s", thousands(rate(events, seconds))));
        }
    }

    /// Takes the bars away.
    pub(super) fn clear(&self) {
        for (bar, ..) in &self.bars {
            bar.finish_and_clear();
        }
        if let Some(together) = &self.together {
            together.bar.finish_and_clear();
        }
        // Where the terminal is gone there is nothing to clear.
        self.all.clear().ok();
    }
}

/// Makes a bar of a length.
fn styled(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = "{prefix:>18} {wide_bar} {percent:>3}%  {msg}  ETA {eta}";
    // The template is fixed, so it is valid; were it not, indicatif's own would do.
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Returns events per second, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate for people to read"
)]
pub(super) fn rate(events: u64, seconds: f64) -> u64 {
    (events as f64 / seconds).round() as u64
}

/// Writes a number with a comma between groups of three digits.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
