//! One listing over time: its series, its trades against the mid, its book, and its order latencies.

pub(crate) mod builder;
pub(crate) mod data;
pub(crate) mod depth_profile;
pub(crate) mod entry_latencies;
pub(crate) mod flow;
pub(crate) mod order_sign_acf;

pub use data::ListingData;
pub use depth_profile::DepthProfile;
pub use entry_latencies::EntryLatencies;
