//! Series of values over time, kept to what a figure can show: memory does not follow the length of a run.
//!
//! [`LineDownsampler`] keeps the extremes of a line, [`MeanDownsampler`] the means of what holds until it
//! changes, [`TimeBuckets`](time_buckets::TimeBuckets) sums over equal stretches, and [`EvenSample`] some of
//! a long list.

pub(crate) mod downsample;
pub(crate) mod even_sample;
pub(crate) mod extent;
pub(crate) mod time_buckets;

pub use downsample::{LineDownsampler, MeanDownsampler, downsampled};
pub use even_sample::EvenSample;
pub use extent::{Extent, Point};
