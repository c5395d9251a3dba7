//! Bars of any length, in pages over several listings.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bearpit_core::units::SimTime;

use super::{Alpaca, Timeframe};
use crate::domain::{Number, Problem, ProblemKind};
use crate::publication::{Candle, ListingSnapshot};
use crate::services::market_data::{CANDLES_MAX, CandlesWanted, End};

/// Which bars are asked for.
#[derive(Debug, Clone)]
pub struct BarsQuery {
    /// The listings, each with the name that it has in the answer.
    pub listings: Vec<(String, Arc<ListingSnapshot>)>,
    /// How long a bar is.
    pub timeframe: Timeframe,
    /// Those that begin then or later.
    pub start: SimTime,
    /// Those that begin then or before.
    pub end: SimTime,
    /// How many bars a page has.
    pub limit: usize,
    /// Where the last page ended.
    pub token: Option<String>,
    /// Whether the newest come first.
    pub is_descending: bool,
}

/// A page of bars, by listing in order of their names.
#[derive(Debug, Clone, PartialEq)]
pub struct BarsPage {
    /// The bars of each listing that has some on this page.
    pub bars: Vec<(String, Vec<Bar>)>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// The trades of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// When it begins.
    pub start: SimTime,
    /// The first price.
    pub open: Number,
    /// The highest.
    pub high: Number,
    /// The lowest.
    pub low: Number,
    /// The last.
    pub close: Number,
    /// The quantity.
    pub volume: Number,
    /// The sum of price times quantity.
    pub notional: Number,
    /// How many trades.
    pub trades: u64,
}

/// How many candles are read for one page: then it ends early.
const CANDLES_READ_MAX: usize = 60_000;

impl Alpaca {
    /// Returns a page of bars.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the archive cannot be read.
    pub async fn bars(&self, mut query: BarsQuery) -> Result<BarsPage, Problem> {
        query.listings.sort_by(|a, b| a.0.cmp(&b.0));
        query.listings.dedup_by(|a, b| a.0 == b.0);
        let mut from = query.token.as_deref().map(PagePlace::read).transpose()?;
        let mut page = BarsPage { bars: Vec::new(), next: None };
        let (mut left, mut reads_left) = (query.limit, CANDLES_READ_MAX);
        for (name, snapshot) in &query.listings {
            let resumed = match &from {
                Some(from) if *name < from.name => continue,
                Some(from) if *name == from.name => {
                    // Somebody may have written it themselves.
                    Some(SimTime::from_nanos(from.place).clamp(query.start, query.end.max(query.start)))
                }
                _ => None,
            };
            from = None;
            if left == 0 || reads_left == 0 {
                let begin = if query.is_descending { query.end } else { query.start };
                page.next = Some(place(name, begin));
                break;
            }
            let stretch = Stretch { alpaca: self, snapshot, query: &query, resumed };
            let (bars, next) = stretch.read(left, &mut reads_left).await?;
            left -= bars.len();
            let scale = self.data.scale(&snapshot.listing.instrument);
            let bar = |it: &Candle| Bar {
                start: it.start,
                open: scale.price(it.open),
                high: scale.price(it.high),
                low: scale.price(it.low),
                close: scale.price(it.close),
                volume: scale.quantity(it.volume),
                notional: scale.money(it.notional),
                trades: it.trades,
            };
            if !bars.is_empty() {
                page.bars.push((name.clone(), bars.iter().map(bar).collect()));
            }
            if let Some(next) = next {
                page.next = Some(place(name, next));
                break;
            }
        }
        Ok(page)
    }
}

/// The bars of one listing.
struct Stretch<'a> {
    alpaca: &'a Alpaca,
    snapshot: &'a Arc<ListingSnapshot>,
    query: &'a BarsQuery,
    /// Where its part of this page begins.
    resumed: Option<SimTime>,
}

impl Stretch<'_> {
    /// Reads bars, and where to go on if there may be more.
    async fn read(
        &self,
        limit: usize,
        reads_left: &mut usize,
    ) -> Result<(Vec<Candle>, Option<SimTime>), Problem> {
        if self.query.is_descending {
            self.newest(limit, reads_left).await
        } else {
            self.oldest(limit, reads_left).await
        }
    }

    async fn oldest(
        &self,
        limit: usize,
        reads_left: &mut usize,
    ) -> Result<(Vec<Candle>, Option<SimTime>), Problem> {
        let BarsQuery { timeframe, start, end, .. } = *self.query;
        let mut from = self.resumed.unwrap_or(start);
        if timeframe.floor(from) < from {
            from = timeframe.next(from);
        }
        let to = timeframe.next(end);
        let mut bars: Vec<Candle> = Vec::new();
        while from < to {
            let wanted = CANDLES_MAX.min((*reads_left).max(1));
            let candles = self.candles(from..to, wanted, End::Oldest).await?;
            *reads_left = reads_left.saturating_sub(candles.len());
            for candle in &candles {
                let begin = timeframe.floor(candle.start);
                let is_full = bars.len() == limit;
                match bars.last_mut().filter(|bar| bar.start == begin) {
                    Some(bar) => join(bar, candle),
                    None if is_full => return Ok((bars, Some(begin))),
                    None => bars.push(Candle { start: begin, ..*candle }),
                }
            }
            let Some(last) = candles.last().filter(|_| candles.len() == wanted) else { break };
            from = last.start.saturating_add(timeframe.base().length());
            if *reads_left == 0 && from < to {
                // The last bar may go on.
                let cut = bars.pop().map_or(from, |bar| bar.start);
                return Ok((bars, Some(cut)));
            }
        }
        Ok((bars, None))
    }

    async fn newest(
        &self,
        limit: usize,
        reads_left: &mut usize,
    ) -> Result<(Vec<Candle>, Option<SimTime>), Problem> {
        let BarsQuery { timeframe, start, end, .. } = *self.query;
        let from = if timeframe.floor(start) < start { timeframe.next(start) } else { start };
        let mut to = timeframe.next(self.resumed.unwrap_or(end));
        let mut bars: Vec<Candle> = Vec::new();
        while from < to {
            let wanted = CANDLES_MAX.min((*reads_left).max(1));
            let candles = self.candles(from..to, wanted, End::Newest).await?;
            *reads_left = reads_left.saturating_sub(candles.len());
            for candle in candles.iter().rev() {
                let begin = timeframe.floor(candle.start);
                let is_full = bars.len() == limit;
                match bars.last_mut().filter(|bar| bar.start == begin) {
                    Some(bar) => {
                        let mut whole = Candle { start: begin, ..*candle };
                        join(&mut whole, bar);
                        *bar = whole;
                    }
                    None if is_full => return Ok((bars, Some(begin))),
                    None => bars.push(Candle { start: begin, ..*candle }),
                }
            }
            let Some(first) = candles.first().filter(|_| candles.len() == wanted) else { break };
            to = first.start;
            if *reads_left == 0 && from < to {
                let cut = bars.pop().map_or(to, |bar| bar.start);
                return Ok((bars, Some(cut)));
            }
        }
        Ok((bars, None))
    }

    async fn candles(
        &self,
        span: std::ops::Range<SimTime>,
        limit: usize,
        end: End,
    ) -> Result<Vec<Candle>, Problem> {
        let wanted = CandlesWanted { interval: self.query.timeframe.base(), span, limit, end };
        self.alpaca.data.candles_of(self.snapshot, wanted).await
    }
}

/// Adds candles that follow.
fn join(bar: &mut Candle, later: &Candle) {
    bar.high = bar.high.max(later.high);
    bar.low = bar.low.min(later.low);
    bar.close = later.close;
    bar.volume += later.volume;
    bar.notional += later.notional;
    bar.trades += later.trades;
}

fn place(name: &str, at: SimTime) -> String {
    PagePlace { name: name.to_owned(), place: at.nanos(), nth: 0 }.to_text()
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePlace {
    /// The name of the listing.
    pub name: String,
    /// The place in its list: a moment, or the number of a trade. It must mean the same once the market has
    /// gone on after a stop.
    pub place: i64,
    /// Which of those that share the place.
    pub nth: u32,
}

impl PagePlace {
    /// Writes it as a text that says nothing to others.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}|{}.{}", self.name, self.place, self.nth))
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Problem`] if it is none.
    pub fn read(token: &str) -> Result<Self, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let read = text.and_then(|text| {
            let (name, place) = text.rsplit_once('|')?;
            let (place, nth) = place.split_once('.').unwrap_or((place, "0"));
            Some(Self { name: name.to_owned(), place: place.parse().ok()?, nth: nth.parse().ok()? })
        });
        read.ok_or_else(|| {
            let message = "page_token is what the page before gave as next_page_token";
            Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("page_token")
        })
    }
}
