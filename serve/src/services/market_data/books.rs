//! Books and trades. A book is written once for each of its versions, however many ask.

use std::sync::{Arc, Mutex, PoisonError};

use bearpit_core::units::ListingId;
use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::MarketData;
use super::views::{BookView, TradesView};
use crate::domain::{Problem, ProblemKind};
use crate::publication::{ListingSnapshot, Publication};

/// A book as it is sent.
#[derive(Debug, Clone)]
pub struct BookBytes {
    /// The JSON of a [`BookView`].
    pub json: Bytes,
    /// What tells it from all others, in quotes as a header has it.
    pub tag: Arc<str>,
}

/// The most levels of each side that are answered.
pub const DEPTH_MAX: usize = 50;

/// How many are answered if nobody says.
pub const DEPTH_DEFAULT: usize = 20;

/// Books as they were sent last, by listing and depth: as many as there are of both.
#[derive(Debug, Default)]
pub(super) struct BookCache(Mutex<FxHashMap<(ListingId, usize), Written>>);

#[derive(Debug)]
struct Written {
    /// The version; as long as it is here, no other one has its address.
    snapshot: Arc<ListingSnapshot>,
    bytes: BookBytes,
}

impl MarketData {
    /// Returns up to `depth` levels of both sides of a book, and its last trades.
    ///
    /// # Errors
    /// [`Problem`] if there is no such listing, or the depth is out of range.
    pub fn book(&self, name: &str, depth: usize) -> Result<BookBytes, Problem> {
        check("depth", depth)?;
        let (publication, snapshot) = self.find(name)?;
        let key = (snapshot.id, depth);
        let locked = || self.books.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(written) = locked().get(&key).filter(|it| Arc::ptr_eq(&it.snapshot, &snapshot)) {
            return Ok(written.bytes.clone());
        }
        let view = self.book_view(&publication, &snapshot, depth);
        // Fails for maps with keys that are no texts only, and there are none.
        let json = Bytes::from(serde_json::to_vec(&view).unwrap_or_default());
        let tag = format!("\"{}\"", &blake3::hash(&json).to_hex()[..24]);
        let bytes = BookBytes { json, tag: tag.into() };
        locked().insert(key, Written { snapshot, bytes: bytes.clone() });
        Ok(bytes)
    }

    fn book_view(&self, publication: &Publication, snapshot: &ListingSnapshot, depth: usize) -> BookView {
        let instrument = &snapshot.listing.instrument;
        let scale = self.scale(instrument);
        BookView {
            symbol: instrument.symbol().to_owned(),
            venue: snapshot.listing.venue.clone(),
            at: scale.time(snapshot.at),
            epoch: publication.epoch().nanos().to_string(),
            next: snapshot.book_number.map_or(0, |number| number + 1),
            phase: snapshot.phase.phase.into(),
            bids: snapshot.book.bids.iter().take(depth).map(|level| scale.level(*level)).collect(),
            asks: snapshot.book.asks.iter().take(depth).map(|level| scale.level(*level)).collect(),
            trades: snapshot.trades.iter().map(|print| scale.trade(print)).collect(),
        }
    }

    /// Returns the last trades of a listing, the newest first.
    ///
    /// # Errors
    /// [`Problem`] if there is no such listing, or the limit is out of range.
    pub fn recent_trades(&self, name: &str, limit: usize) -> Result<TradesView, Problem> {
        check("limit", limit)?;
        let (_, snapshot) = self.find(name)?;
        let instrument = &snapshot.listing.instrument;
        let scale = self.scale(instrument);
        Ok(TradesView {
            symbol: instrument.symbol().to_owned(),
            venue: snapshot.listing.venue.clone(),
            trades: snapshot.trades.iter().take(limit).map(|print| scale.trade(print)).collect(),
        })
    }
}

/// Levels and trades are as many as a snapshot has.
fn check(field: &'static str, count: usize) -> Result<(), Problem> {
    if (1..=DEPTH_MAX).contains(&count) {
        return Ok(());
    }
    let message = format!("`{field}` is 1 to {DEPTH_MAX}, not {count}");
    Err(Problem::new(ProblemKind::Refused, "invalid_parameter", message).at(field))
}
