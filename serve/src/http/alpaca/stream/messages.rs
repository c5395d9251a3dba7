//! What the streams of market data send, and the forms in which feeds write it.

use bearpit_core::market::{LevelChange, Phase, QuoteLevel, Side};
use serde::Serialize;

use super::super::super::ws::{Format, Frame, ListingTopic, Topic};
use super::super::data::{EXCHANGE, LevelBody, TAPE};
use super::codec::{Codec, Stamp};
use crate::domain::Number;
use crate::publication::{Candle, CandleInterval, Content, PhaseState, TradePrint, Update};
use crate::services::alpaca::{Naming, listing_name};
use crate::services::market_data::{MarketData, QuoteView, Scale};

/// What a client is told about its connection.
#[derive(Debug, Serialize)]
pub(super) struct Notice {
    #[serde(rename = "T")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    msg: &'static str,
}

impl Notice {
    pub(super) const fn success(msg: &'static str) -> [Self; 1] {
        [Self { kind: "success", code: None, msg }]
    }

    pub(super) const fn error(code: u16, msg: &'static str) -> [Self; 1] {
        [Self { kind: "error", code: Some(code), msg }]
    }
}

#[derive(Debug, Serialize)]
struct TradeMessage<'a> {
    #[serde(rename = "T")]
    kind: &'static str,
    #[serde(rename = "S")]
    symbol: &'a str,
    i: u64,
    x: &'static str,
    p: f64,
    s: f64,
    c: [&'static str; 1],
    t: Stamp,
    z: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tks: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct QuoteMessage<'a> {
    #[serde(rename = "T")]
    kind: &'static str,
    #[serde(rename = "S")]
    symbol: &'a str,
    ax: &'static str,
    ap: f64,
    #[serde(rename = "as")]
    ask_size: f64,
    bx: &'static str,
    bp: f64,
    bs: f64,
    c: [&'static str; 1],
    t: Stamp,
    z: &'static str,
}

#[derive(Debug, Serialize)]
struct BarMessage<'a> {
    #[serde(rename = "T")]
    kind: &'static str,
    #[serde(rename = "S")]
    symbol: &'a str,
    o: f64,
    h: f64,
    l: f64,
    c: f64,
    v: f64,
    n: u64,
    vw: f64,
    t: Stamp,
}

#[derive(Debug, Serialize)]
struct StatusMessage<'a> {
    #[serde(rename = "T")]
    kind: &'static str,
    #[serde(rename = "S")]
    symbol: &'a str,
    sc: &'static str,
    sm: &'static str,
    rc: &'static str,
    rm: &'static str,
    t: Stamp,
    z: &'static str,
}

#[derive(Debug, Serialize)]
struct BookMessage<'a> {
    #[serde(rename = "T")]
    kind: &'static str,
    #[serde(rename = "S")]
    symbol: &'a str,
    t: Stamp,
    b: Vec<LevelBody>,
    a: Vec<LevelBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r: Option<bool>,
}

/// Returns the form of a channel. Bars of days go out with those of minutes.
pub(super) const fn format(naming: Naming, codec: Codec, is_daily: bool) -> Format {
    match (naming, codec, is_daily) {
        (Naming::Symbol, Codec::Json, false) => form::<0>(),
        (Naming::Symbol, Codec::Json, true) => form::<1>(),
        (Naming::Symbol, Codec::Packed, false) => form::<2>(),
        (Naming::Symbol, Codec::Packed, true) => form::<3>(),
        (Naming::Pair, Codec::Json, false) => form::<4>(),
        (Naming::Pair, Codec::Json, true) => form::<5>(),
        (Naming::Pair, Codec::Packed, false) => form::<6>(),
        (Naming::Pair, Codec::Packed, true) => form::<7>(),
    }
}

/// The first id of a form here: 0 is that of this server's own WebSocket.
const FIRST: u8 = 1;

const fn form<const FORM: u8>() -> Format {
    Format {
        id: FIRST + FORM,
        update: |service, topic, _, update| Form::of(FORM).update(service, topic, update),
        quote: |service, quote| Form::of(FORM).quote(service, quote),
        // Clients know nothing of numbers; a book begins with a whole one again.
        reset: |_, _| Frame::Nothing,
    }
}

/// How messages are written, and for whom.
struct Form {
    naming: Naming,
    codec: Codec,
    is_daily: bool,
}

impl Form {
    const fn of(number: u8) -> Self {
        Self {
            naming: if number & 4 == 0 { Naming::Symbol } else { Naming::Pair },
            codec: if number & 2 == 0 { Codec::Json } else { Codec::Packed },
            is_daily: number & 1 != 0,
        }
    }

    fn quote(&self, service: &MarketData, quote: &QuoteView) -> Frame {
        let side = |price: Option<Number>, size: Option<Number>| {
            price.zip(size).map_or((0.0, 0.0), |(price, size)| (float(price), float(size)))
        };
        let (bp, bs) = side(quote.bid, quote.bid_size);
        let (ap, ask_size) = side(quote.ask, quote.ask_size);
        if quote.bid.is_none() && quote.ask.is_none() {
            return Frame::Nothing;
        }
        self.codec.write(&[QuoteMessage {
            kind: "q",
            symbol: &listing_name(service, &quote.symbol, &quote.venue, self.naming),
            ax: EXCHANGE,
            ap,
            ask_size,
            bx: EXCHANGE,
            bp,
            bs,
            c: ["R"],
            t: Stamp(quote.at.instant()),
            z: TAPE,
        }])
    }

    fn update(&self, service: &MarketData, topic: &Topic, update: &Update) -> Frame {
        let Some(ListingTopic { symbol, venue }) = topic.listing() else { return Frame::Nothing };
        let Ok((_, snapshot)) = service.find(&format!("{symbol}@{venue}")) else { return Frame::Nothing };
        let scale = service.scale(&snapshot.listing.instrument);
        let symbol = &*listing_name(service, symbol, venue, self.naming);
        match &update.content {
            Content::Trade(print) => self.trade(&scale, symbol, print),
            Content::Candle { candle, is_closed: true } if self.is_daily => {
                let publication = service.publication();
                let today = publication.candles(snapshot.id, CandleInterval::Day, 1);
                let today = today.and_then(|days| days.last().copied()).unwrap_or(*candle);
                self.bar(&scale, symbol, "d", &today)
            }
            Content::Candle { candle, is_closed: true } => self.bar(&scale, symbol, "b", candle),
            Content::Phase(state) => self.status(symbol, state),
            Content::BookSnapshot(ladders) => {
                let side = |levels: &[QuoteLevel]| levels.iter().map(|it| level(&scale, it)).collect();
                let (b, a) = (side(&ladders.bids), side(&ladders.asks));
                let t = Stamp(snapshot.at);
                self.codec.write(&[BookMessage { kind: "o", symbol, t, b, a, r: Some(true) }])
            }
            Content::BookChanges(changes) => {
                let side = |side: Side| {
                    let changes = changes.iter().filter(|it: &&LevelChange| it.side == side);
                    changes.map(|it| level(&scale, &QuoteLevel { price: it.price, size: it.size })).collect()
                };
                let (b, a) = (side(Side::Buy), side(Side::Sell));
                let t = Stamp(snapshot.at);
                self.codec.write(&[BookMessage { kind: "o", symbol, t, b, a, r: None }])
            }
            Content::Candle { .. }
            | Content::OwnSnapshot(_)
            | Content::Own(_)
            | Content::AuctionsSnapshot(_)
            | Content::Auction(_) => Frame::Nothing,
        }
    }

    fn trade(&self, scale: &Scale<'_>, symbol: &str, print: &TradePrint) -> Frame {
        let taker = print.aggressor.map(|side| match side {
            Side::Buy => "B",
            Side::Sell => "S",
        });
        self.codec.write(&[TradeMessage {
            kind: "t",
            symbol,
            i: print.id.get(),
            x: EXCHANGE,
            p: float(scale.price(print.price)),
            s: float(scale.quantity(print.quantity)),
            c: ["@"],
            t: Stamp(print.at),
            z: TAPE,
            tks: taker.filter(|_| self.naming == Naming::Pair),
        }])
    }

    fn bar(&self, scale: &Scale<'_>, symbol: &str, kind: &'static str, candle: &Candle) -> Frame {
        let volume = float(scale.quantity(candle.volume));
        let close = float(scale.price(candle.close));
        self.codec.write(&[BarMessage {
            kind,
            symbol,
            o: float(scale.price(candle.open)),
            h: float(scale.price(candle.high)),
            l: float(scale.price(candle.low)),
            c: close,
            v: volume,
            n: candle.trades,
            vw: if volume > 0.0 { float(scale.money(candle.notional)) / volume } else { close },
            t: Stamp(candle.start),
        }])
    }

    fn status(&self, symbol: &str, state: &PhaseState) -> Frame {
        // A new indicative price is no other phase.
        if state.indicative.is_some() {
            return Frame::Nothing;
        }
        let (sc, sm) = match state.phase {
            Phase::Continuous => ("T", "Trading"),
            Phase::Halt => ("H", "Trading Halt"),
            Phase::ReopeningAuction => ("Q", "Quotation Resumption"),
            Phase::PreOpen => ("P", "Pre-open"),
            Phase::OpeningAuction => ("O", "Opening Auction"),
            Phase::ClosingAuction => ("C", "Closing Auction"),
            Phase::Closed => ("E", "Closed"),
        };
        let t = Stamp(state.at);
        self.codec.write(&[StatusMessage { kind: "s", symbol, sc, sm, rc: "", rm: "", t, z: TAPE }])
    }
}

fn level(scale: &Scale<'_>, level: &QuoteLevel) -> LevelBody {
    LevelBody { p: float(scale.price(level.price)), s: float(scale.quantity(level.size)) }
}

fn float(number: Number) -> f64 {
    number.0.to_f64()
}
