//! What callbacks are given: plain values with named fields.

use rhai::{Dynamic, Engine, ImmutableString};

use super::host::Host;
use crate::account::OpenOrder;
use crate::market::{Bar, ExecutionReport, Instrument, Quote, QuoteLevel, ReportKind};
use crate::units::ListingId;

/// Where something happened.
#[derive(Debug, Clone)]
pub(super) struct Place {
    symbol: ImmutableString,
    venue: ImmutableString,
}

impl Place {
    pub(super) fn of(host: &Host, listing: ListingId) -> Self {
        let (symbol, venue) = host.names.get(listing.index()).cloned().unwrap_or_default();
        Self { symbol, venue }
    }
}

/// A bar, in currency and the instrument's units.
#[derive(Debug, Clone)]
pub(super) struct BarView {
    place: Place,
    start: ImmutableString,
    end: ImmutableString,
    prices: [f64; 4],
    volume: f64,
}

impl BarView {
    pub(super) fn new(place: Place, bar: &Bar, instrument: &Instrument) -> Self {
        Self {
            place,
            start: bar.start.to_string().into(),
            end: bar.end.to_string().into(),
            prices: [bar.open, bar.high, bar.low, bar.close].map(|price| instrument.price_f64(price)),
            volume: instrument.quantity_f64(bar.volume),
        }
    }

    /// Makes a bar of open, high, low, close and volume.
    #[cfg(test)]
    pub(super) fn of_numbers(prices: [f64; 4], volume: f64) -> Self {
        let place = Place { symbol: "ACME".into(), venue: "PIT".into() };
        let (start, end) = (ImmutableString::new(), ImmutableString::new());
        Self { place, start, end, prices, volume }
    }

    /// Returns open, high, low and close.
    pub(super) const fn prices(&self) -> [f64; 4] {
        self.prices
    }

    pub(super) const fn volume(&self) -> f64 {
        self.volume
    }
}

/// A touch; a side without orders has neither price nor size.
#[derive(Debug, Clone)]
pub(super) struct QuoteView {
    place: Place,
    bid: Option<(f64, f64)>,
    ask: Option<(f64, f64)>,
}

impl QuoteView {
    pub(super) fn new(place: Place, quote: &Quote, instrument: &Instrument) -> Self {
        let level =
            |level: QuoteLevel| (instrument.price_f64(level.price), instrument.quantity_f64(level.size));
        Self { place, bid: quote.bid.map(level), ask: quote.ask.map(level) }
    }

    pub(super) fn bid(&self) -> Option<f64> {
        self.bid.map(|(price, _)| price)
    }

    pub(super) fn ask(&self) -> Option<f64> {
        self.ask.map(|(price, _)| price)
    }

    pub(super) fn mid(&self) -> Option<f64> {
        Some(f64::midpoint(self.bid()?, self.ask()?))
    }

    pub(super) fn spread(&self) -> Option<f64> {
        Some(self.ask()? - self.bid()?)
    }

    pub(super) fn bid_size(&self) -> Option<f64> {
        self.bid.map(|(_, size)| size)
    }

    pub(super) fn ask_size(&self) -> Option<f64> {
        self.ask.map(|(_, size)| size)
    }
}

/// A fill of an order of the script's own.
#[derive(Debug, Clone)]
pub(super) struct FillView {
    place: Place,
    order: i64,
    side: ImmutableString,
    price: f64,
    quantity: f64,
    leaves: f64,
    fee: f64,
    liquidity: ImmutableString,
}

impl FillView {
    /// Makes a fill of a report, if it tells of one.
    pub(super) fn new(place: Place, report: &ExecutionReport, instrument: &Instrument) -> Option<Self> {
        let ReportKind::Filled { price, quantity, leaves, liquidity, fee, .. } = report.kind else {
            return None;
        };
        Some(Self {
            place,
            order: report.order.get().cast_signed(),
            side: report.side.to_string().into(),
            price: instrument.price_f64(price),
            quantity: instrument.quantity_f64(quantity),
            leaves: instrument.quantity_f64(leaves),
            fee: fee.to_f64(),
            liquidity: liquidity.to_string().into(),
        })
    }
}

/// An open order of the script's own.
#[derive(Debug, Clone)]
pub(super) struct OrderView {
    place: Place,
    id: i64,
    side: ImmutableString,
    price: Option<f64>,
    quantity: f64,
    leaves: f64,
}

impl OrderView {
    pub(super) fn new(place: Place, order: &OpenOrder, instrument: &Instrument) -> Self {
        Self {
            place,
            id: order.id.get().cast_signed(),
            side: order.side.to_string().into(),
            price: order.price.map(|price| instrument.price_f64(price)),
            quantity: instrument.quantity_f64(order.quantity),
            leaves: instrument.quantity_f64(order.leaves),
        }
    }
}

/// Returns `()` for nothing, which is how Rhai says so.
pub(super) fn optional<T: Into<Dynamic>>(value: Option<T>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Into::into)
}

/// Registers the types with their fields.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<BarView>("Bar");
    engine.register_get("symbol", |bar: &mut BarView| bar.place.symbol.clone());
    engine.register_get("venue", |bar: &mut BarView| bar.place.venue.clone());
    engine.register_get("start", |bar: &mut BarView| bar.start.clone());
    engine.register_get("end", |bar: &mut BarView| bar.end.clone());
    engine.register_get("open", |bar: &mut BarView| bar.prices[0]);
    engine.register_get("high", |bar: &mut BarView| bar.prices[1]);
    engine.register_get("low", |bar: &mut BarView| bar.prices[2]);
    engine.register_get("close", |bar: &mut BarView| bar.prices[3]);
    engine.register_get("volume", |bar: &mut BarView| bar.volume);

    engine.register_type_with_name::<QuoteView>("Quote");
    engine.register_get("symbol", |quote: &mut QuoteView| quote.place.symbol.clone());
    engine.register_get("venue", |quote: &mut QuoteView| quote.place.venue.clone());
    engine.register_get("bid", |quote: &mut QuoteView| optional(quote.bid()));
    engine.register_get("ask", |quote: &mut QuoteView| optional(quote.ask()));
    engine.register_get("bid_size", |quote: &mut QuoteView| optional(quote.bid_size()));
    engine.register_get("ask_size", |quote: &mut QuoteView| optional(quote.ask_size()));
    engine.register_get("mid", |quote: &mut QuoteView| optional(quote.mid()));
    engine.register_get("spread", |quote: &mut QuoteView| optional(quote.spread()));

    engine.register_type_with_name::<FillView>("Fill");
    engine.register_get("symbol", |fill: &mut FillView| fill.place.symbol.clone());
    engine.register_get("venue", |fill: &mut FillView| fill.place.venue.clone());
    engine.register_get("order", |fill: &mut FillView| fill.order);
    engine.register_get("side", |fill: &mut FillView| fill.side.clone());
    engine.register_get("price", |fill: &mut FillView| fill.price);
    engine.register_get("quantity", |fill: &mut FillView| fill.quantity);
    engine.register_get("leaves", |fill: &mut FillView| fill.leaves);
    engine.register_get("fee", |fill: &mut FillView| fill.fee);
    engine.register_get("liquidity", |fill: &mut FillView| fill.liquidity.clone());

    engine.register_type_with_name::<Params>("Params");
    engine.register_indexer_get(|params: &mut Params, name: ImmutableString| params.get(&name));
    engine.register_fn("contains", |params: &mut Params, name: ImmutableString| {
        params.0.contains_key(name.as_str())
    });

    engine.register_type_with_name::<OrderView>("Order");
    engine.register_get("symbol", |order: &mut OrderView| order.place.symbol.clone());
    engine.register_get("venue", |order: &mut OrderView| order.place.venue.clone());
    engine.register_get("id", |order: &mut OrderView| order.id);
    engine.register_get("side", |order: &mut OrderView| order.side.clone());
    engine.register_get("price", |order: &mut OrderView| optional(order.price));
    engine.register_get("quantity", |order: &mut OrderView| order.quantity);
    engine.register_get("leaves", |order: &mut OrderView| order.leaves);
}

/// The parameters of a script, read as `params.name`.
#[derive(Debug, Clone)]
pub(super) struct Params(std::rc::Rc<rhai::Map>);

impl Params {
    pub(super) fn new(map: rhai::Map) -> Self {
        Self(std::rc::Rc::new(map))
    }

    /// Returns the parameter called `name`, or an error that says which there are.
    fn get(&self, name: &str) -> super::host::Outcome<Dynamic> {
        self.0.get(name).cloned().ok_or_else(|| {
            let all: Vec<&str> = self.0.keys().map(|key| key.as_str()).collect();
            let all = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
            format!("the scenario gives no parameter `{name}`; it gives: {all}").into()
        })
    }
}
