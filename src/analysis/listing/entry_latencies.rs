//! [`EntryLatencies`]: how long it takes until a venue has accepted an order.

use crate::analysis::metrics::series::quantile;
use crate::analysis::series::even_sample::EvenSample;

/// How long it took from the sending of a listing's orders until the venue had accepted them, in nanoseconds:
/// their way, and where the venue takes time over commands, its line and its processing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EntryLatencies {
    /// How many orders there were.
    pub orders: u64,
    /// The longest of them all.
    pub longest: f64,
    /// Some of them, evenly taken, from the shortest to the longest; all where there are not many.
    pub sample: Vec<f64>,
}

impl EntryLatencies {
    /// Returns the latency that a share of the sample does not exceed, which is from 0 to 1; none without
    /// orders.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        quantile(&self.sample, share)
    }
}

/// So many are sampled of each listing, so that memory does not grow with the run.
const SAMPLE_MAX: usize = 20_000;

/// Collects the latencies of one listing.
#[derive(Debug, Clone)]
pub(crate) struct LatencyBuilder {
    sample: EvenSample<f64>,
    longest: f64,
}

impl LatencyBuilder {
    pub(crate) const fn new() -> Self {
        Self { sample: EvenSample::new(SAMPLE_MAX), longest: 0.0 }
    }

    pub(crate) fn add(&mut self, latency: f64) {
        self.longest = self.longest.max(latency);
        self.sample.add(latency);
    }

    pub(crate) fn finish(self) -> EntryLatencies {
        let (mut sample, orders) = self.sample.finish();
        sample.sort_unstable_by(f64::total_cmp);
        EntryLatencies { orders, longest: self.longest, sample }
    }
}
