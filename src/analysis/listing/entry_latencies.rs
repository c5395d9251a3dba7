//! [`EntryLatencies`]: how long orders are on their way to a venue.

use polars_core::prelude::{DataFrame, PolarsResult};

use crate::analysis::metrics::series::quantile;
use crate::analysis::rows::frame_columns::{numbers, texts};
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::series::even_sample::EvenSample;
use crate::record::{OpenError, StoredRun, Table};

/// How long the orders of a listing were on their way from their owners to the venue, in nanoseconds.
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
    /// Returns the latency that a share of the sample does not exceed, which is from 0 to 1; none without orders.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        quantile(&self.sample, share)
    }
}

/// So many are looked at of each listing, so that memory does not grow with the run.
const SAMPLE_MAX: usize = 20_000;

/// Sums up one listing.
#[derive(Debug)]
struct Gathered {
    sample: EvenSample<f64>,
    longest: f64,
}

/// Reads the latencies of each listing that there may be, in the order of their numbers; none where orders were not
/// recorded.
///
/// # Errors
/// [`OpenError`] if the table is missing or damaged.
pub(crate) fn read(run: &StoredRun, directory: &NameIndex) -> Result<Vec<EntryLatencies>, OpenError> {
    let begin = |_| Gathered { sample: EvenSample::new(SAMPLE_MAX), longest: 0.0 };
    let mut gathered: Vec<Gathered> = directory.listings().map(begin).collect();
    if run.has(Table::Orders) {
        let columns = ["venue", "symbol", "entry_latency_ns"];
        run.visit(Table::Orders, &columns, |frame| add(directory, frame, &mut gathered))?;
    }
    Ok(gathered.into_iter().map(Gathered::finish).collect())
}

fn add(directory: &NameIndex, frame: &DataFrame, gathered: &mut [Gathered]) -> PolarsResult<()> {
    let (venues, symbols) = (texts(frame, "venue")?, texts(frame, "symbol")?);
    for (row, latency) in numbers(frame, "entry_latency_ns")?.into_iter().enumerate() {
        // Those without one were never on their way.
        let Some(latency) = latency else { continue };
        let listing = directory.listing(venues[row], symbols[row]).and_then(|it| gathered.get_mut(it));
        if let Some(listing) = listing {
            listing.longest = listing.longest.max(latency);
            listing.sample.add(latency);
        }
    }
    Ok(())
}

impl Gathered {
    fn finish(self) -> EntryLatencies {
        let (mut sample, orders) = self.sample.finish();
        sample.sort_by(f64::total_cmp);
        EntryLatencies { orders, longest: self.longest, sample }
    }
}
