//! Progress of runs: bars on a terminal that can draw them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::color::can_draw;
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
    /// When the run itself began, which may be long after others of the command.
    begun: OnceLock<Instant>,
    ended: OnceLock<Instant>,
}

impl Gauge {
    fn new(scenario: &Scenario) -> Self {
        Self::of(scenario.start, scenario.end)
    }

    fn of(start: SimTime, end: SimTime) -> Self {
        Self {
            start,
            length: (end - start).nanos().unsigned_abs(),
            events: AtomicU64::new(0),
            elapsed: AtomicI64::new(0),
            begun: OnceLock::new(),
            ended: OnceLock::new(),
        }
    }

    /// Stores when the run began.
    pub(super) fn begin(&self, now: Instant) {
        self.begun.get_or_init(|| now);
    }

    /// Stores when the run ended: its rate is final then.
    pub(super) fn end(&self, now: Instant) {
        self.ended.get_or_init(|| now);
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

    /// Returns the run's pace, or `None` if it has not begun.
    fn pace(&self, now: Instant) -> Option<Pace> {
        let begun = *self.begun.get()?;
        let until = self.ended.get().copied().unwrap_or(now);
        let wall = until.saturating_duration_since(begun);
        Some(Pace { done: self.elapsed(), length: self.length, events: self.events(), wall })
    }

    /// Says where the run is, and how fast.
    fn message(&self, now: Instant) -> String {
        let Some(pace) = self.pace(now) else { return "waits".to_owned() };
        let time = self.start + SimDuration::from_nanos(i64::try_from(pace.done).unwrap_or(i64::MAX));
        format!("{}  {}", time.floor_to(SimDuration::from_secs(1)), pace.text())
    }
}

/// How far something has come in some time on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    /// Nanoseconds of virtual time, of `length`.
    done: u64,
    length: u64,
    events: u64,
    wall: Duration,
}

impl Pace {
    /// Adds up the runs that have begun, over all there are: from when the first of them began.
    fn of_all(gauges: &[Gauge], now: Instant) -> Option<Self> {
        let begun = gauges.iter().filter_map(|gauge| gauge.begun.get()).min()?;
        Some(Self {
            done: gauges.iter().map(Gauge::elapsed).sum(),
            length: gauges.iter().map(|gauge| gauge.length).sum(),
            events: gauges.iter().map(Gauge::events).sum(),
            wall: now.saturating_duration_since(*begun),
        })
    }

    fn text(&self) -> String {
        let rate = rate(self.events, self.wall.as_secs_f64().max(1e-3));
        let left = self.left().map_or_else(|| "-".to_owned(), wall_text);
        format!("{} events/s  ETA {left}", thousands(rate))
    }

    /// Returns how long the rest takes at this pace; `None` before anything is done.
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people to read")]
    fn left(&self) -> Option<Duration> {
        let (done, length) = (self.done.min(self.length), self.length);
        if done == 0 {
            return None;
        }
        let seconds = self.wall.as_secs_f64() * (length - done) as f64 / done as f64;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

fn wall_text(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_millis() >= 500);
    match [seconds / 3_600, seconds / 60 % 60, seconds % 60] {
        [0, 0, seconds] => format!("{seconds}s"),
        [0, minutes, seconds] => format!("{minutes}m{seconds:02}s"),
        [hours, minutes, _] => format!("{hours}h{minutes:02}m"),
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
    /// Makes a display on standard error; it draws nothing if that cannot be drawn on, or if `quiet`.
    pub(super) fn new(quiet: bool, scenarios: &[Scenario]) -> Self {
        let is_drawn = can_draw() && !quiet;
        let target = if is_drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let gauges: Arc<[Gauge]> = scenarios.iter().map(Gauge::new).collect();
        let name_max = scenarios.iter().map(|it| it.name.len()).max().unwrap_or(0);
        let add = |length, prefix: String| {
            let bar = all.add(styled(length, name_max));
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

    /// Draws how far the runs have come.
    pub(super) fn refresh(&self, now: Instant) {
        let has_own_bars = self.bars.len() == self.gauges.len();
        match self.bars.as_slice() {
            [bar] if !has_own_bars => refresh_all(bar, &self.gauges, now),
            bars => bars.iter().zip(self.gauges.iter()).for_each(|(bar, gauge)| {
                bar.set_position(gauge.elapsed());
                bar.set_message(gauge.message(now));
            }),
        }
    }

    /// Removes the bars.
    pub(super) fn clear(&self) {
        self.bars.iter().for_each(ProgressBar::finish_and_clear);
        // If the terminal is gone there is nothing to clear.
        self.all.clear().ok();
    }
}

fn refresh_all(bar: &ProgressBar, gauges: &[Gauge], now: Instant) {
    let Some(pace) = Pace::of_all(gauges, now) else { return };
    bar.set_position(pace.done);
    let ended = gauges.iter().filter(|gauge| gauge.ended.get().is_some()).count();
    bar.set_message(format!("{ended} done  {}", pace.text()));
}

/// Makes a bar of a length, beside names of at most so many characters.
fn styled(length: u64, name_max: usize) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = format!("{{prefix:>{name_max}}} {{wide_bar}} {{percent:>3}}%  {{msg}}");
    // The template is valid; the default bar is a fallback that is never used.
    bar.set_style(ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "instants are needed to measure from, whichever they are")]
mod tests {
    use super::*;

    fn gauge() -> Gauge {
        let time = |text: &str| text.parse().unwrap();
        Gauge::of(time("2025-03-03T09:00:00"), time("2025-03-03T10:00:00"))
    }

    #[test]
    fn rate_and_rest_count_from_the_start_of_each_run() {
        let (command, gauge) = (Instant::now(), gauge());
        let after = |seconds: u64| command + Duration::from_secs(seconds);
        assert_eq!(gauge.message(after(50)), "waits");
        gauge.begin(after(100));
        gauge.set(5_000, "2025-03-03T09:15:00".parse().unwrap());
        // A quarter in ten seconds, though the command began long ago.
        assert_eq!(gauge.message(after(110)), "2025-03-03T09:15:00  500 events/s  ETA 30s");
        gauge.set(40_000, "2025-03-03T10:00:00".parse().unwrap());
        gauge.end(after(120));
        // Others may go on for long; this one's rate is final.
        assert_eq!(gauge.message(after(900)), "2025-03-03T10:00:00  2,000 events/s  ETA 0s");
    }

    #[test]
    fn runs_that_share_a_bar_count_from_the_first() {
        let command = Instant::now();
        let after = |seconds: u64| command + Duration::from_secs(seconds);
        let gauges = [gauge(), gauge(), gauge()];
        assert_eq!(Pace::of_all(&gauges, after(5)), None);
        gauges[1].begin(after(10));
        gauges[1].set(600, "2025-03-03T09:45:00".parse().unwrap());
        let pace = Pace::of_all(&gauges, after(40)).unwrap();
        assert_eq!(pace.text(), "20 events/s  ETA 1m30s");
        assert_eq!(Pace { done: 0, ..pace }.text(), "20 events/s  ETA -");
    }

    #[test]
    fn times_are_written_in_two_units_at_most() {
        let texts = [0, 59, 60, 3_599, 3_600, 90_061].map(|seconds| wall_text(Duration::from_secs(seconds)));
        assert_eq!(texts, ["0s", "59s", "1m00s", "59m59s", "1h00m", "25h01m"]);
    }
}
