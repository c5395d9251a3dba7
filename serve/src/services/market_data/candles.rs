//! Candles, from memory and from the database as if there were one series.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;

use bearpit_core::units::{SimDuration, SimTime};

use super::MarketData;
use super::views::CandlesView;
use super::words::IntervalName;
use crate::domain::{Problem, ProblemKind};
use crate::publication::{Candle, CandleInterval, ListingSnapshot};

/// Has the closed candles that are no longer in memory.
pub trait CandleArchive: Send + Sync {
    /// Returns candles, each start at most once.
    fn candles(&self, wanted: ArchivedCandles) -> ReadingArchive<'_>;
}

/// Candles that are being read.
pub type ReadingArchive<'a> = Pin<Box<dyn Future<Output = Result<Vec<Candle>, Problem>> + Send + 'a>>;

/// Which candles are wanted of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedCandles {
    /// The venue.
    pub venue: String,
    /// The symbol.
    pub symbol: String,
    /// The interval.
    pub interval: CandleInterval,
    /// Within which they begin.
    pub span: Range<SimTime>,
    /// How many at most.
    pub limit: usize,
    /// Which of them if there are more. They are returned with the oldest first in any case.
    pub end: End,
}

/// One end of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The oldest.
    Oldest,
    /// The newest.
    Newest,
}

/// An archive without candles, for a market that keeps them in memory only.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoArchive;

impl CandleArchive for NoArchive {
    fn candles(&self, _: ArchivedCandles) -> ReadingArchive<'_> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Which candles are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandleQuery {
    /// The listing, as `ALFA` or `ALFA@PIT`.
    pub symbol: String,
    /// The interval.
    pub interval: IntervalName,
    /// From when on, included. Without it, the last candles before `to` are returned.
    pub from: Option<SimTime>,
    /// Until when, not included.
    pub to: Option<SimTime>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many on a page.
    pub limit: usize,
}

/// Which candles of a listing are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandlesWanted {
    /// The interval.
    pub interval: CandleInterval,
    /// Within which they begin.
    pub span: Range<SimTime>,
    /// How many at most.
    pub limit: usize,
    /// Which of them if there are more.
    pub end: End,
}

/// The most candles on a page.
pub const CANDLES_MAX: usize = 5_000;

/// How many candles are on a page if nobody says.
pub const CANDLES_DEFAULT: usize = 500;

const FIRST: SimTime = SimTime::from_nanos(i64::MIN);
const LAST: SimTime = SimTime::from_nanos(i64::MAX);

impl MarketData {
    /// Returns a page of candles, the oldest first; the one at hand is among them.
    ///
    /// # Errors
    /// [`Problem`] if there is no such listing, the query is no range, or the archive cannot be read.
    pub async fn candles(&self, query: CandleQuery) -> Result<CandlesView, Problem> {
        let (publication, snapshot) = self.find(&query.symbol)?;
        if !(1..=CANDLES_MAX).contains(&query.limit) {
            let message = format!("a page has 1 to {CANDLES_MAX} candles");
            return Err(Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("limit"));
        }
        let from = match &query.cursor {
            Some(cursor) => Some(start_of(cursor)?),
            None => query.from,
        };
        let to = query.to.unwrap_or(LAST);
        if from.is_some_and(|from| from > to) {
            let problem =
                Problem::new(ProblemKind::Refused, "invalid_parameter", "`from` is later than `to`");
            return Err(problem.at("from"));
        }
        let interval = query.interval.interval();
        // Memory first: what it forgets while the archive is read has been copied.
        let memory = publication.candles(snapshot.id, interval, usize::MAX).unwrap_or_default();
        let series = Series { service: self, snapshot: &snapshot, interval, memory };
        let (candles, next) = match from {
            Some(from) => series.page(from..to, query.limit).await?,
            None => (series.last(to, query.limit).await?, None),
        };
        let scale = self.scale(&snapshot.listing.instrument);
        // What had ended before memory was read has its last state there.
        let is_closed = |candle: &Candle| candle.start.saturating_add(interval.length()) <= snapshot.at;
        Ok(CandlesView {
            symbol: snapshot.listing.instrument.symbol().to_owned(),
            venue: snapshot.listing.venue.clone(),
            interval: query.interval,
            candles: candles.iter().map(|candle| scale.candle(candle, is_closed(candle))).collect(),
            next_cursor: next.map(|start| start.nanos().to_string()),
        })
    }

    /// Returns candles of a listing that begin within a span, the oldest first: the first of them or the
    /// last, if there are more.
    ///
    /// # Errors
    /// [`Problem`] if the archive cannot be read.
    pub async fn candles_of(
        &self,
        snapshot: &ListingSnapshot,
        wanted: CandlesWanted,
    ) -> Result<Vec<Candle>, Problem> {
        let CandlesWanted { interval, span, limit, end } = wanted;
        let memory = self.publication().candles(snapshot.id, interval, usize::MAX).unwrap_or_default();
        let series = Series { service: self, snapshot, interval, memory };
        match end {
            End::Oldest => series.page(span, limit).await.map(|(candles, _)| candles),
            End::Newest => {
                let candles = series.last(span.end, limit).await?;
                Ok(candles.into_iter().filter(|candle| candle.start >= span.start).collect())
            }
        }
    }
}

/// Reads a cursor: the start of the first candle of the page.
fn start_of(cursor: &str) -> Result<SimTime, Problem> {
    let nanos = cursor.parse().map_err(|_| {
        Problem::new(ProblemKind::Refused, "invalid_cursor", "this is no cursor of a page of candles")
            .at("cursor")
            .hint("send `next_cursor` of the page before as it is")
    })?;
    Ok(SimTime::from_nanos(nanos))
}

/// The candles of one listing and interval.
struct Series<'a> {
    service: &'a MarketData,
    snapshot: &'a ListingSnapshot,
    interval: CandleInterval,
    /// Those in memory, the oldest first.
    memory: Vec<Candle>,
}

impl Series<'_> {
    /// Returns the first candles of a span, and where the next page begins if there are more.
    async fn page(
        &self,
        span: Range<SimTime>,
        limit: usize,
    ) -> Result<(Vec<Candle>, Option<SimTime>), Problem> {
        // One more shows whether there is another page.
        let mut page = self.archived(span.clone(), limit + 1, End::Oldest).await?;
        page.extend(self.remembered(&span));
        let next = page.get(limit).map(|candle| candle.start);
        page.truncate(limit);
        Ok((page, next))
    }

    /// Returns the last candles that begin before `to`.
    async fn last(&self, to: SimTime, limit: usize) -> Result<Vec<Candle>, Problem> {
        let remembered: Vec<_> = self.remembered(&(FIRST..to)).collect();
        let newest = &remembered[remembered.len().saturating_sub(limit)..];
        let missing = limit - newest.len();
        let mut all =
            if missing > 0 { self.archived(FIRST..to, missing, End::Newest).await? } else { Vec::new() };
        all.extend_from_slice(newest);
        Ok(all)
    }

    fn remembered(&self, span: &Range<SimTime>) -> impl Iterator<Item = Candle> {
        self.memory.iter().copied().filter(|candle| span.contains(&candle.start))
    }

    /// Returns what lies before all that is in memory.
    async fn archived(&self, span: Range<SimTime>, limit: usize, end: End) -> Result<Vec<Candle>, Problem> {
        // Nothing is later than the market is.
        let latest = span.end.min(self.snapshot.at.saturating_add(SimDuration::from_secs(1)));
        let until = self.memory.first().map_or(latest, |first| first.start.min(latest));
        if span.start >= until {
            return Ok(Vec::new());
        }
        let instrument = &self.snapshot.listing.instrument;
        let wanted = ArchivedCandles {
            venue: self.snapshot.listing.venue.clone(),
            symbol: instrument.symbol().to_owned(),
            interval: self.interval,
            span: span.start..until,
            limit,
            end,
        };
        self.service.archive.candles(wanted).await
    }
}
