//! Replay of historical bars as the value of an instrument.

use std::sync::Arc;

use super::history::HistoricalBar;
use super::value::PriceProcess;
use crate::kernel::Stream;
use crate::units::{SimDuration, SimTime};

/// The path of historical bars: each bar's open, extremes and close at its beginning, at one and at
/// two thirds, and at its end; the last price holds until the next.
#[derive(Debug, Clone)]
pub struct Replay {
    bars: Arc<[HistoricalBar]>,
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
    pub fn new(bars: Arc<[HistoricalBar]>, offset: SimDuration, length: SimDuration) -> Option<Self> {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream;
    use crate::units::Seed;

    #[test]
    fn the_value_walks_from_open_to_close() {
        let bar = HistoricalBar {
            time: SimTime::from_nanos(0),
            open: 10.0,
            high: 11.0,
            low: 8.0,
            close: 9.0,
            volume: 1.0,
        };
        let length = SimDuration::from_nanos(100);
        let mut replay = Replay::new([bar].into(), SimDuration::from_nanos(50), length).unwrap();
        let mut rng = stream(Seed::new(0), "replay");
        let mut at = |nanos| replay.step(SimTime::from_nanos(nanos), SimDuration::ZERO, &mut rng);
        let path = [at(49), at(50), at(82), at(83), at(115), at(116), at(149), at(150), at(999)];
        assert_eq!(
            path.map(f64::to_bits),
            [10.0, 10.0, 10.0, 11.0, 11.0, 8.0, 8.0, 9.0, 9.0].map(f64::to_bits)
        );
    }
}
