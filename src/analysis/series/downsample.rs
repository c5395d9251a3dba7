//! Thinning: long series to as many points as a figure can show, without hiding extremes.

use super::extent::{Extent, Point, Stretches, nanos};

/// Buckets in a figure's width: about one to two pixels each.
const BUCKETS: usize = 500;

/// Thins a line: of each bucket the first, lowest, highest and last point stay, in order of time.
#[derive(Debug, Clone)]
pub struct LineDownsampler {
    buckets: Stretches,
    points: Vec<Point>,
    current: Option<Bucket>,
    seen: u64,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    number: usize,
    first: Point,
    low: Point,
    high: Point,
    last: Point,
    /// Whether the line breaks off after the last point.
    breaks: bool,
}

impl LineDownsampler {
    /// Makes a thinner for a figure over `extent`.
    #[must_use]
    pub const fn new(extent: Extent) -> Self {
        Self { buckets: Stretches::new(extent, BUCKETS), points: Vec::new(), current: None, seen: 0 }
    }

    /// Adds a point; points come in order of time, and values that are not finite are left out.
    pub fn add(&mut self, point: Point) {
        if !point.1.is_finite() {
            return;
        }
        self.seen += 1;
        let number = self.buckets.place(point.0);
        match &mut self.current {
            Some(bucket) if bucket.number == number => {
                if point.1 < bucket.low.1 {
                    bucket.low = point;
                }
                if point.1 > bucket.high.1 {
                    bucket.high = point;
                }
                bucket.last = point;
                bucket.breaks = false;
            }
            _ => {
                self.close();
                let (first, low, high, last) = (point, point, point, point);
                self.current = Some(Bucket { number, first, low, high, last, breaks: false });
            }
        }
    }

    /// Says that there is no value until the next: a point that is no number stands for that. Gaps shorter
    /// than a bucket are not seen.
    pub fn gap(&mut self) {
        if let Some(bucket) = &mut self.current {
            bucket.breaks = true;
        }
    }

    fn close(&mut self) {
        let Some(bucket) = self.current.take() else { return };
        let mut points = [bucket.first, bucket.low, bucket.high, bucket.last];
        points.sort_by_key(|point| point.0);
        for point in points {
            if self.points.last() != Some(&point) {
                self.points.push(point);
            }
        }
        if bucket.breaks {
            self.points.push((bucket.last.0, f64::NAN));
        }
    }

    /// Returns the points that stay, and how many there were.
    #[must_use]
    pub fn finish(mut self) -> (Vec<Point>, u64) {
        self.close();
        (self.points, self.seen)
    }
}

/// Downsamples a given line.
#[must_use]
pub fn downsampled(extent: Extent, points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut line = LineDownsampler::new(extent);
    points.for_each(|point| line.add(point));
    line.finish().0
}

/// Thins a quantity that holds until it changes to its mean over time in each of [`MeanDownsampler::MEANS`]
/// stretches.
#[derive(Debug, Clone)]
pub struct MeanDownsampler {
    stretches: Stretches,
    /// Value times nanoseconds, and nanoseconds, of the current bucket.
    area: f64,
    weight: f64,
    bucket: usize,
    /// The last stretch that has a mean.
    closed: Option<usize>,
    held: Option<Point>,
    points: Vec<Point>,
    total: (f64, f64),
}

impl MeanDownsampler {
    /// How many means there are at most: more would be noise.
    pub const MEANS: usize = 100;

    /// Makes a thinner for a figure over `extent`.
    #[must_use]
    pub const fn new(extent: Extent) -> Self {
        let points = Vec::new();
        Self {
            stretches: Stretches::new(extent, Self::MEANS),
            area: 0.0,
            weight: 0.0,
            bucket: 0,
            closed: None,
            held: None,
            points,
            total: (0.0, 0.0),
        }
    }

    /// Says that from `at` on the value is `value`, or that there is not valid.
    pub fn set(&mut self, at: i64, value: Option<f64>) {
        self.hold_until(at);
        self.held = value.filter(|value| value.is_finite()).map(|value| (at, value));
    }

    /// Adds what has been held up to `until`, bucket by bucket.
    fn hold_until(&mut self, until: i64) {
        let Some((mut from, value)) = self.held else { return };
        while from < until {
            let bucket = self.stretches.place(from);
            if bucket != self.bucket {
                self.close();
                self.bucket = bucket;
            }
            // The last bucket is open to the right.
            let end = self.stretches.end().clamp(from + 1, until);
            let span = nanos(end - from);
            self.area += value * span;
            self.weight += span;
            from = end;
        }
        self.held = Some((from.max(until), value));
    }

    fn close(&mut self) {
        if self.weight > 0.0 {
            self.end_before(self.bucket);
            self.points.push((self.stretches.begin_of(self.bucket), self.area / self.weight));
            self.closed = Some(self.bucket);
            self.total.0 += self.area;
            self.total.1 += self.weight;
        }
        self.area = 0.0;
        self.weight = 0.0;
    }

    /// Ends the last stretch with a gap, unless `bucket` is the next one.
    fn end_before(&mut self, bucket: usize) {
        let next = self.closed.map(|closed| closed + 1).filter(|next| *next < bucket);
        if let Some((next, (_, last))) = next.zip(self.points.last().copied()) {
            let end = self.stretches.begin_of(next);
            self.points.extend([(end, last), (end, f64::NAN)]);
        }
    }

    /// Returns a mean per stretch up to `end` where it begins, and the mean over all time, if there was any.
    /// Where a stretch follows that has none, the last one ends with a point of its own and a gap, which is
    /// no number.
    #[must_use]
    pub fn finish(mut self, end: i64) -> (Vec<Point>, Option<f64>) {
        self.hold_until(end);
        self.close();
        self.end_before(Self::MEANS + 1);
        let mean = (self.total.1 > 0.0).then(|| self.total.0 / self.total.1);
        (self.points, mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::SimTime;

    fn extent(end: i64) -> Extent {
        Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(end))
    }

    #[test]
    fn a_thinned_line_keeps_its_extremes_and_ends() {
        let mut line = LineDownsampler::new(extent(1_000_000));
        for at in 0..1_000_000 {
            let spike = if at == 123_457 { 1e6 } else { 0.0 };
            line.add((at, spike + (at % 7) as f64));
        }
        let (points, seen) = line.finish();
        assert_eq!(seen, 1_000_000);
        assert!(points.len() <= 2_000 && points.is_sorted_by_key(|point| point.0));
        assert!(points.iter().any(|point| point.1 > 1e6 - 1.0));
        assert_eq!((points[0].0, points[points.len() - 1].0), (0, 999_999));
    }

    #[test]
    fn a_gap_breaks_the_line_unless_it_is_shorter_than_a_bucket() {
        let mut line = LineDownsampler::new(extent(5_000));
        line.gap();
        for at in [0, 3, 2_000, 4_000] {
            line.add((at, 1.0));
            line.gap();
        }
        line.add((4_001, 2.0));
        let (points, seen) = line.finish();
        let gaps: Vec<i64> = points.iter().filter(|point| point.1.is_nan()).map(|point| point.0).collect();
        assert_eq!((gaps, seen), (vec![3, 2_000], 5));
    }

    #[test]
    fn a_mean_weighs_by_time() {
        let mut mean = MeanDownsampler::new(extent(1_000));
        mean.set(0, Some(1.0));
        mean.set(250, Some(3.0));
        mean.set(500, None);
        mean.set(750, Some(5.0));
        let (points, overall) = mean.finish(1_000);
        assert!((overall.unwrap() - (250.0 + 750.0 + 1_250.0) / 750.0).abs() < 1e-9);
        let (gaps, values): (Vec<Point>, Vec<Point>) = points.into_iter().partition(|point| point.1.is_nan());
        assert!(
            values.iter().all(|point| [1.0, 3.0, 5.0].iter().any(|value| (point.1 - value).abs() < 1e-9))
        );
        // Each stretch with values ends with one of its own, and a gap.
        let at = |points: &[Point], from: i64| points.iter().filter(|point| point.0 == from).count();
        assert_eq!((at(&values, 500), at(&gaps, 500), at(&values, 1_000), at(&gaps, 1_000)), (1, 1, 1, 1));
        assert!(values.iter().all(|point| !(501..750).contains(&point.0)) && gaps.len() == 2);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(LineDownsampler::new(extent(10)).finish(), (Vec::new(), 0));
        assert_eq!(MeanDownsampler::new(extent(10)).finish(10), (Vec::new(), None));
    }
}
