//! Replay of historical bars as the value of an instrument.

use std::sync::Arc;

use super::bar_file::{
    BAR_COLUMNS, BAR_DATA, BAR_HEADER, BAR_ON_BAD_ROW, BAR_ORDER, BAR_SEPARATOR, BAR_TIME_FORMAT, BAR_ZONE,
};
use super::history::HistoricalBar;
use super::kind::{Prepared, ProcessKind, STEP};
use super::value::PriceProcess;
use crate::kernel::Stream;
use crate::params::{DurationRange, ParamDefault, ParamError, ParamSpec, ParamType};
use crate::units::{SimDuration, SimTime};

/// When a bar begins.
pub const BAR_OPEN: ParamSpec = ParamSpec::new(
    "bar_open",
    ParamType::Duration(DurationRange::AnyLength),
    ParamDefault::Duration(SimDuration::ZERO),
    "when a bar begins, after its row's time",
);

/// How long a bar lasts.
pub const BAR_LENGTH: ParamSpec =
    ParamSpec::required("bar_length", ParamType::Duration(DurationRange::Positive), "how long a bar lasts");

/// The kind `replay`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "replay",
    doc: "The path of historical bars: the value is a bar's open, extremes and close at its beginning, at one and at \
          two thirds of it, and at its end; the last price holds until the next.",
    params: &[
        BAR_DATA,
        BAR_OPEN,
        BAR_LENGTH,
        STEP,
        BAR_COLUMNS,
        BAR_SEPARATOR,
        BAR_TIME_FORMAT,
        BAR_ZONE,
        BAR_HEADER,
        BAR_ORDER,
        BAR_ON_BAD_ROW,
    ],
    configure: |values, _| {
        let bars: Arc<Vec<HistoricalBar>> = values.content("data")?;
        let empty = || ParamError::invalid("data", "`data` has no bars; at least one is needed");
        let initial = bars.first().ok_or_else(empty)?.open;
        let process =
            Replay::new(bars, values.get("bar_open")?, values.get("bar_length")?).ok_or_else(empty)?;
        Ok(Arc::new(Prepared::new(process, initial, values.get("step")?)))
    },
};

/// The path of historical bars: each bar's open, extremes and close at its beginning, at one and at
/// two thirds, and at its end; the last price holds until the next.
#[derive(Debug, Clone)]
pub struct Replay {
    bars: Arc<Vec<HistoricalBar>>,
    offset: SimDuration,
    length: SimDuration,
    next: usize,
    current: f64,
}

impl Replay {
    /// Makes a replay of `bars` (in order of time, not empty), each of which begins `offset` after
    /// its row's time and lasts `length`.
    ///
    /// Returns `None` if there are no bars.
    #[must_use]
    pub fn new(bars: Arc<Vec<HistoricalBar>>, offset: SimDuration, length: SimDuration) -> Option<Self> {
        let current = bars.first()?.open;
        Some(Self { bars, offset, length, next: 0, current })
    }

    /// Returns the time and price of waypoint `index`, four to a bar.
    fn waypoint(&self, index: usize) -> Option<(SimTime, f64)> {
        let bar = self.bars.get(index / 4)?;
        Some((waypoint_time(bar.time + self.offset, self.length, index % 4), bar.path()[index % 4]))
    }
}

/// Returns when the `index`-th (0 to 3) of the four prices of a bar is reached.
pub fn waypoint_time(start: SimTime, length: SimDuration, index: usize) -> SimTime {
    let thirds = i64::try_from(index.min(3)).unwrap_or(3);
    start + SimDuration::from_nanos(length.nanos() / 3 * thirds + length.nanos() % 3 * thirds / 3)
}

impl PriceProcess for Replay {
    fn step(&mut self, to: SimTime, _span: SimDuration, _rng: &mut Stream) -> f64 {
        while let Some((time, price)) = self.waypoint(self.next) {
            if time > to {
                break;
            }
            self.current = price;
            self.next += 1;
        }
        self.current
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream;
    use crate::units::Seed;

    #[test]
    fn the_kind_starts_at_the_first_open_and_needs_a_bar() {
        use crate::params::{FileContent, Values};
        use crate::process::ProcessSite;

        let time = SimTime::from_nanos(0);
        let bar = HistoricalBar {
            time,
            open: 10.0,
            high: 11.0,
            low: 8.0,
            close: 9.0,
            volume: None,
            adjusted_close: None,
            split: 1.0,
            dividend: 0.0,
        };
        let configure = |bars: Arc<Vec<HistoricalBar>>| {
            let values = Values::new()
                .with("data", FileContent::new("bars.csv", bars))
                .with("bar_length", SimDuration::from_secs(60));
            (KIND.configure)(&values.complete(KIND.params)?, &ProcessSite::default())
        };
        assert!((configure(Arc::new(vec![bar])).unwrap().initial() - 10.0).abs() < 1e-12);
        let error = configure(Arc::default()).unwrap_err();
        assert_eq!(error.to_string(), "`data` has no bars; at least one is needed");
    }

    #[test]
    fn the_value_walks_from_open_to_close() {
        let bar = HistoricalBar {
            time: SimTime::from_nanos(0),
            open: 10.0,
            high: 11.0,
            low: 8.0,
            close: 9.0,
            volume: None,
            adjusted_close: None,
            split: 1.0,
            dividend: 0.0,
        };
        let length = SimDuration::from_nanos(100);
        let mut replay = Replay::new(Arc::new(vec![bar]), SimDuration::from_nanos(50), length).unwrap();
        let mut rng = stream(Seed::new(0), "replay");
        let mut at = |nanos| replay.step(SimTime::from_nanos(nanos), SimDuration::ZERO, &mut rng);
        let path = [at(49), at(50), at(82), at(83), at(115), at(116), at(149), at(150), at(999)];
        assert_eq!(
            path.map(f64::to_bits),
            [10.0, 10.0, 10.0, 11.0, 11.0, 8.0, 8.0, 9.0, 9.0].map(f64::to_bits)
        );
    }
}
