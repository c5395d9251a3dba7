//! Bars, trades, quotes and snapshots as Alpaca's API shows them, for shares and pairs alike.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::web;
use bearpit_core::market::Side;
use bearpit_core::units::{SimDuration, SimTime};
use serde::Serialize;

use super::fields::{Fields, invalid};
use crate::domain::{Number, Problem, ProblemKind};
use crate::publication::{Candle, CandleInterval, ListingSnapshot, QuotePrint, TradePrint};
use crate::services::alpaca::{Alpaca, Bar, BarsPage, BarsQuery, PagePlace, Timeframe};

type Desk = web::Data<Alpaca>;

/// Of what kind a listing is asked for: trades of pairs say which side took liquidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Market {
    /// As a share.
    Stocks,
    /// As a pair.
    Crypto,
}

/// A bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct BarBody {
    t: String,
    o: f64,
    h: f64,
    l: f64,
    c: f64,
    v: f64,
    n: u64,
    vw: f64,
}

/// The best prices of both sides; a side that is not there has price and size zero.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct QuoteBody {
    t: String,
    ax: &'static str,
    ap: f64,
    #[serde(rename = "as")]
    ask_size: f64,
    bx: &'static str,
    bp: f64,
    bs: f64,
    c: Vec<&'static str>,
    z: &'static str,
}

/// A trade.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TradeBody {
    t: String,
    x: &'static str,
    p: f64,
    s: f64,
    c: Vec<&'static str>,
    i: u64,
    z: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tks: Option<&'static str>,
}

/// All that is newest of a listing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SnapshotBody {
    latest_trade: Option<TradeBody>,
    latest_quote: Option<QuoteBody>,
    minute_bar: Option<BarBody>,
    daily_bar: Option<BarBody>,
    prev_daily_bar: Option<BarBody>,
}

/// A level of a book.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct LevelBody {
    pub(super) p: f64,
    pub(super) s: f64,
}

/// A book.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct BookBody {
    t: String,
    b: Vec<LevelBody>,
    a: Vec<LevelBody>,
}

/// A listing, by the name that it was asked for.
pub(super) type Asked = (String, Arc<ListingSnapshot>);

/// What a page has of each name, and where the next begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pages<T> {
    pub(super) of: BTreeMap<String, Vec<T>>,
    pub(super) next: Option<String>,
}

/// The one letter that stands for this market.
pub(super) const EXCHANGE: &str = "V";
/// The tape of shares.
pub(super) const TAPE: &str = "A";

const LIMIT_DEFAULT: usize = 1_000;
const LIMIT_MAX: usize = 10_000;
const LAST: SimTime = SimTime::from_nanos(i64::MAX);

/// Takes the listings that a request names.
pub(super) fn listings(desk: &Desk, fields: &mut Fields) -> Result<Vec<Asked>, Problem> {
    let mut names = fields.list("symbols")?;
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Err(invalid("symbols", "it is required"));
    }
    names.into_iter().map(|name| listing(desk, name)).collect()
}

/// Finds a listing by a name of it.
pub(super) fn listing(desk: &Desk, name: String) -> Result<Asked, Problem> {
    let found = desk.find(&name).map_err(|problem| {
        let message = problem.message.clone();
        let unknown = Problem::new(ProblemKind::Malformed, problem.code.clone(), message).at("symbols");
        match problem.hint {
            Some(hint) => unknown.hint(hint),
            None => unknown,
        }
    });
    found.map(|named| (name, named.snapshot))
}

/// Answers with the bars of some listings.
pub(super) async fn bars(
    desk: &Desk,
    listings: Vec<Asked>,
    fields: &mut Fields,
) -> Result<Pages<BarBody>, Problem> {
    let timeframe = fields.text("timeframe").ok_or_else(|| invalid("timeframe", "it is required"))?;
    let timeframe = Timeframe::read(&timeframe)?;
    fields.skip(&["adjustment", "feed", "asof", "currency", "loc"]);
    let span = Span::of(desk, fields)?;
    let query = BarsQuery {
        listings,
        timeframe,
        start: span.start,
        end: span.end.min(desk.market_hours().now.instant()),
        limit: span.limit,
        token: span.token,
        is_descending: span.is_descending,
    };
    let BarsPage { bars, next } = desk.bars(query).await?;
    let of = bars.into_iter().map(|(name, bars)| (name, bars.iter().map(bar).collect()));
    Ok(Pages { of: of.collect(), next })
}

/// Answers with the trades of some listings within the time asked for, as far as they are kept.
pub(super) fn trades(
    desk: &Desk,
    listings: &[Asked],
    fields: &mut Fields,
    market: Market,
) -> Result<Pages<TradeBody>, Problem> {
    fields.skip(&["feed", "asof", "currency", "loc"]);
    let span = Span::of(desk, fields)?;
    let publication = desk.data().publication();
    let items = |snapshot: &ListingSnapshot| {
        let prints = publication.trade_history(snapshot.id, span.start, span.end);
        prints.into_iter().map(|print| (i64::try_from(print.number).unwrap_or(i64::MAX), print)).collect()
    };
    span.page(listings, items, |snapshot, print| trade(desk, snapshot, &print, market))
}

/// Answers with the quotes of some listings within the time asked for, as far as they are kept.
pub(super) fn quotes(
    desk: &Desk,
    listings: &[Asked],
    fields: &mut Fields,
) -> Result<Pages<QuoteBody>, Problem> {
    fields.skip(&["feed", "asof", "currency", "loc"]);
    let span = Span::of(desk, fields)?;
    let publication = desk.data().publication();
    let items = |snapshot: &ListingSnapshot| {
        let mut quotes = publication.quote_history(snapshot.id, span.start, span.end);
        quotes.retain(|quote| quote.bid.or(quote.ask).is_some());
        quotes.into_iter().map(|quote| (quote.at.nanos(), quote)).collect()
    };
    span.page(listings, items, |snapshot, quote| quote_body(desk, snapshot, quote))
}

/// Returns something of each listing that has it.
pub(super) fn each<T>(listings: &[Asked], of: impl Fn(&ListingSnapshot) -> Option<T>) -> BTreeMap<String, T> {
    listings.iter().filter_map(|(name, snapshot)| Some((name.clone(), of(snapshot)?))).collect()
}

/// The time that a request asks about, and how much of it.
struct Span {
    start: SimTime,
    end: SimTime,
    limit: usize,
    token: Option<String>,
    is_descending: bool,
}

impl Span {
    fn of(desk: &Desk, fields: &mut Fields) -> Result<Self, Problem> {
        let zone = desk.data().zone();
        let day = SimDuration::from_secs(86_400);
        let today = || desk.market_hours().now.instant().floor_to(day);
        let start = fields.instant("start", zone)?;
        let end = fields.instant("end", zone)?.unwrap_or(LAST);
        let start = start.unwrap_or_else(|| today().min(end));
        if start > end {
            return Err(invalid("start", "it is later than end"));
        }
        Ok(Self {
            start,
            end,
            limit: fields.count("limit", 1..=LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT),
            token: fields.text("page_token"),
            is_descending: fields.word("sort", &[("asc", false), ("desc", true)])?.unwrap_or(false),
        })
    }

    /// Cuts a page out of all that there is of each listing, each with its place in its list.
    fn page<I, T>(
        &self,
        listings: &[Asked],
        items: impl Fn(&ListingSnapshot) -> Vec<(i64, I)>,
        write: impl Fn(&ListingSnapshot, I) -> T,
    ) -> Result<Pages<T>, Problem> {
        let from = self.token.as_deref().map(PagePlace::read).transpose()?;
        let mut listings: Vec<_> = listings.iter().collect();
        listings.sort_by(|a, b| a.0.cmp(&b.0));
        let mut pages = Pages { of: BTreeMap::new(), next: None };
        let mut left = self.limit;
        for (name, snapshot) in listings {
            let order = from.as_ref().map_or(Ordering::Greater, |from| name.cmp(&from.name));
            if order.is_lt() {
                continue;
            }
            let mut items = counted(items(snapshot));
            if self.is_descending {
                items.reverse();
            }
            for (place, nth, item) in items {
                let from = from.as_ref().filter(|_| order.is_eq());
                let is_behind = from.map(|from| (place, nth).cmp(&(from.place, from.nth)));
                if is_behind == Some(if self.is_descending { Ordering::Greater } else { Ordering::Less }) {
                    continue;
                }
                if left == 0 {
                    pages.next = Some(PagePlace { name: name.clone(), place, nth }.to_text());
                    return Ok(pages);
                }
                left -= 1;
                pages.of.entry(name.clone()).or_default().push(write(snapshot, item));
            }
        }
        Ok(pages)
    }
}

/// Counts those that share a place, which stand one after the other.
fn counted<I>(items: Vec<(i64, I)>) -> Vec<(i64, u32, I)> {
    let (mut last, mut nth) = (None, 0);
    let counted = items.into_iter().map(|(place, item)| {
        nth = if last == Some(place) { nth + 1 } else { 0 };
        last = Some(place);
        (place, nth, item)
    });
    counted.collect()
}

fn utc(at: SimTime) -> String {
    format!("{at}Z")
}

fn float(number: Number) -> f64 {
    number.0.to_f64()
}

fn bar(bar: &Bar) -> BarBody {
    let volume = float(bar.volume);
    BarBody {
        t: utc(bar.start),
        o: float(bar.open),
        h: float(bar.high),
        l: float(bar.low),
        c: float(bar.close),
        v: volume,
        n: bar.trades,
        vw: if volume > 0.0 { float(bar.notional) / volume } else { float(bar.close) },
    }
}

fn candle_bar(alpaca: &Alpaca, snapshot: &ListingSnapshot, candle: &Candle) -> BarBody {
    let scale = alpaca.data().scale(&snapshot.listing.instrument);
    bar(&Bar {
        start: candle.start,
        open: scale.price(candle.open),
        high: scale.price(candle.high),
        low: scale.price(candle.low),
        close: scale.price(candle.close),
        volume: scale.quantity(candle.volume),
        notional: scale.money(candle.notional),
        trades: candle.trades,
    })
}

/// Returns the newest bar of a minute.
pub(super) fn latest_bar(alpaca: &Alpaca, snapshot: &ListingSnapshot) -> Option<BarBody> {
    let publication = alpaca.data().publication();
    let candles = publication.candles(snapshot.id, CandleInterval::Minute, 1)?;
    candles.last().map(|candle| candle_bar(alpaca, snapshot, candle))
}

/// Returns a trade.
pub(super) fn trade(
    alpaca: &Alpaca,
    snapshot: &ListingSnapshot,
    print: &TradePrint,
    market: Market,
) -> TradeBody {
    let scale = alpaca.data().scale(&snapshot.listing.instrument);
    let taker = print.aggressor.map(|side| match side {
        Side::Buy => "B",
        Side::Sell => "S",
    });
    TradeBody {
        t: utc(print.at),
        x: EXCHANGE,
        p: float(scale.price(print.price)),
        s: float(scale.quantity(print.quantity)),
        c: vec!["@"],
        i: print.id.get(),
        z: TAPE,
        tks: taker.filter(|_| market == Market::Crypto),
    }
}

/// Returns the newest trade.
pub(super) fn latest_trade(alpaca: &Alpaca, snapshot: &ListingSnapshot, market: Market) -> Option<TradeBody> {
    snapshot.trades.first().map(|print| trade(alpaca, snapshot, print, market))
}

/// Returns the newest quote; none while both sides are empty.
pub(super) fn quote(alpaca: &Alpaca, snapshot: &ListingSnapshot) -> Option<QuoteBody> {
    let (bid, ask) = (snapshot.bid(), snapshot.ask());
    bid.or(ask)?;
    Some(quote_body(alpaca, snapshot, QuotePrint { at: snapshot.at, bid, ask }))
}

fn quote_body(alpaca: &Alpaca, snapshot: &ListingSnapshot, quote: QuotePrint) -> QuoteBody {
    let scale = alpaca.data().scale(&snapshot.listing.instrument);
    let price = |level: Option<bearpit_core::market::QuoteLevel>| {
        level.map_or((0.0, 0.0), |it| (float(scale.price(it.price)), float(scale.quantity(it.size))))
    };
    let ((bp, bs), (ap, ask_size)) = (price(quote.bid), price(quote.ask));
    let (ax, bx) = (EXCHANGE, EXCHANGE);
    QuoteBody { t: utc(quote.at), ax, ap, ask_size, bx, bp, bs, c: vec!["R"], z: TAPE }
}

/// Returns all that is newest.
pub(super) fn snapshot(alpaca: &Alpaca, snapshot: &ListingSnapshot, market: Market) -> SnapshotBody {
    let publication = alpaca.data().publication();
    let days = publication.candles(snapshot.id, CandleInterval::Day, 2).unwrap_or_default();
    let mut days = days.iter().rev().map(|candle| candle_bar(alpaca, snapshot, candle));
    SnapshotBody {
        latest_trade: latest_trade(alpaca, snapshot, market),
        latest_quote: quote(alpaca, snapshot),
        minute_bar: latest_bar(alpaca, snapshot),
        daily_bar: days.next(),
        prev_daily_bar: days.next(),
    }
}

/// Returns a whole book.
pub(super) fn book(alpaca: &Alpaca, snapshot: &ListingSnapshot) -> Option<BookBody> {
    let scale = alpaca.data().scale(&snapshot.listing.instrument);
    let book = alpaca.data().publication().book(snapshot.id)?.state;
    let level = |level: &bearpit_core::market::QuoteLevel| LevelBody {
        p: float(scale.price(level.price)),
        s: float(scale.quantity(level.size)),
    };
    let (b, a) = (book.bids.iter().map(level).collect(), book.asks.iter().map(level).collect());
    Some(BookBody { t: utc(snapshot.at), b, a })
}
