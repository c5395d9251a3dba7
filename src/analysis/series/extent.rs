//! [`Extent`]: the time that figures span, and [`Point`], a value at a time.

use bearpit_core::units::SimTime;

/// A point of a series: nanoseconds since 1970, and a value.
pub type Point = (i64, f64);

/// The time that a figure spans, cut into equal buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    start: i64,
    end: i64,
}

/// Buckets in a figure's width: about one to two pixels each.
const BUCKETS: i64 = 500;

impl Extent {
    /// Makes the extent from `start` to `end`; an end that is not later is moved to a nanosecond after.
    #[must_use]
    pub fn new(start: SimTime, end: SimTime) -> Self {
        Self { start: start.nanos(), end: end.nanos().max(start.nanos() + 1) }
    }

    /// Returns the first nanosecond.
    #[must_use]
    pub const fn start(&self) -> i64 {
        self.start
    }

    /// Returns the last nanosecond.
    #[must_use]
    pub const fn end(&self) -> i64 {
        self.end
    }

    /// Returns the bucket of a time; what lies outside counts to the first or last.
    pub(super) fn bucket(&self, at: i64) -> i64 {
        let width = i128::from(self.end - self.start);
        let place = i128::from(at - self.start) * i128::from(BUCKETS) / width;
        i64::try_from(place.clamp(0, i128::from(BUCKETS - 1))).unwrap_or(0)
    }

    /// Returns in which of so many equal stretches a time lies; what is outside counts to the first or last.
    pub(crate) fn place(&self, at: i64, count: usize) -> usize {
        let width = i128::from(self.end) - i128::from(self.start);
        let place = (i128::from(at) - i128::from(self.start)) * count as i128 / width;
        let last = count.saturating_sub(1);
        // Not negative, so that only what lies far beyond the last stretch fails to convert.
        usize::try_from(place.max(0)).map_or(last, |place| place.min(last))
    }

    /// Returns where one of so many equal stretches begins.
    pub(crate) fn begin_of(&self, place: usize, count: usize) -> i64 {
        let width = i128::from(self.end) - i128::from(self.start);
        self.start
            .saturating_add(i64::try_from(width * place as i128 / count.max(1) as i128).unwrap_or(i64::MAX))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a weight of a mean")]
pub(crate) const fn nanos(span: i64) -> f64 {
    span as f64
}
