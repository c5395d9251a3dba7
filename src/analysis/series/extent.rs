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

/// In which of the equal stretches of an extent times lie: the last answer holds as long as its stretch does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretches {
    extent: Extent,
    count: usize,
    place: usize,
    /// From when on, and until when, times are known to lie there.
    from: i64,
    end: i64,
}

impl Stretches {
    /// Cuts an extent into so many stretches, at least one.
    pub(crate) const fn new(extent: Extent, count: usize) -> Self {
        Self { extent, count, place: 0, from: i64::MAX, end: i64::MAX }
    }

    /// Returns the stretch of a time; what lies outside counts to the first or last.
    #[inline]
    pub(crate) fn place(&mut self, at: i64) -> usize {
        if at < self.from || at >= self.end {
            self.move_to(at);
        }
        self.place
    }

    #[cold]
    fn move_to(&mut self, at: i64) {
        self.place = self.extent.place(at, self.count);
        self.from = at;
        let next = self.place + 1;
        self.end = if next >= self.count { i64::MAX } else { self.extent.begin_of(next, self.count) };
    }

    /// Returns where the stretch of the last time ends, rounded down; the last stretch has no end.
    pub(crate) const fn end(&self) -> i64 {
        self.end
    }

    /// Returns where one of the stretches begins.
    pub(crate) fn begin_of(&self, place: usize) -> i64 {
        self.extent.begin_of(place, self.count)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a weight of a mean")]
pub(crate) const fn nanos(span: i64) -> f64 {
    span as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_that_of_its_time_in_whatever_order_times_come() {
        let extent = Extent::new(SimTime::from_nanos(1_000), SimTime::from_nanos(1_997));
        for count in [1, 3, 100, 500, 2_000] {
            let mut stretches = Stretches::new(extent, count);
            for step in 0..4_000_i64 {
                // Mostly onward, at times far back, and to both sides of the extent.
                let at = 900 + (step * 7 + step * step % 11 * 97) % 1_300;
                assert_eq!(stretches.place(at), extent.place(at, count), "{at} of {count}");
            }
            assert_eq!(stretches.place(i64::MIN), 0);
            assert_eq!(stretches.place(i64::MAX), count - 1);
        }
    }
}
