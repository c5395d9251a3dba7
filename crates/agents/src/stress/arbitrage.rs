//! A latency arbitrageur: trades where the quotes of two venues cross.

use std::sync::Arc;

use actix::{Actor, Handler};

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::trading::{MAX_QUANTITY, coverable};
use bearpit_core::account::Credit;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, OrderTerms, Phase, Quote, QuoteLevel, Side, TimeInForce};
use bearpit_core::params::{ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values};
use bearpit_core::participant::{AnyTrader, Context, Feed, MarketData, Update};
use bearpit_core::units::{ListingId, Price, Quantity};

/// The kind `latency_arbitrageur`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "latency_arbitrageur",
    doc: "Watches one instrument at two venues, and as soon as one bids more than the other asks, buys at the one and sells at \
          the other with immediate orders: the arbitrage of stale quotes (Budish, Cramton and Shim 2015; Wah and Wellman \
          2013). It holds what it cannot sell, so give it `holdings` or `max_short`.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: true },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const PARAMS: [ParamSpec; 3] = [
    ParamSpec::required("other", ParamType::Listing, "the other listing of the instrument"),
    MAX_QUANTITY,
    ParamSpec::new(
        "threshold",
        ParamType::Integer { min: 1, max: 1_000_000 },
        ParamDefault::Integer(1),
        "how far quotes must cross",
    )
    .in_unit("ticks"),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let other: ListingId = values.get("other")?;
    if other == site.listing {
        let message = "`other` is the listing itself: name one of another venue";
        return Err(ParamError::invalid("other", message).into());
    }
    Ok(Arc::new(ArbitrageConfig {
        listings: [site.listing, other],
        max_quantity: values.get("max_quantity")?,
        threshold: values.get("threshold")?,
    }))
}

/// A latency arbitrageur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArbitrageConfig {
    /// The two listings.
    pub listings: [ListingId; 2],
    /// The largest quantity of an order.
    pub max_quantity: Quantity,
    /// How far quotes must cross, in ticks; above zero.
    pub threshold: i64,
}

impl ConfiguredAgent for ArbitrageConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(LatencyArbitrageur::new(self.clone())))
    }
}

/// Trades where the quotes of two venues cross.
#[derive(Debug)]
pub struct LatencyArbitrageur {
    config: ArbitrageConfig,
    quotes: [Quote; 2],
}

/// What it does about crossed quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chance {
    /// The place of the listing where it buys; it sells at the other.
    buys_at: usize,
    ask: Price,
    bid: Price,
    quantity: Quantity,
}

/// Returns what two quotes that cross by so many ticks offer.
fn chance(quotes: &[Quote; 2], threshold: i64) -> Option<Chance> {
    let between = |buys_at: usize| {
        let (ask, bid) = (quotes[buys_at].ask?, quotes[1 - buys_at].bid?);
        let quantity = ask.size.min(bid.size);
        let is_wide = bid.price.ticks() - ask.price.ticks() >= threshold;
        is_wide.then_some(Chance { buys_at, ask: ask.price, bid: bid.price, quantity })
    };
    between(0).or_else(|| between(1))
}

impl LatencyArbitrageur {
    /// Makes an arbitrageur.
    #[must_use]
    pub fn new(config: ArbitrageConfig) -> Self {
        Self { config, quotes: [Quote::default(); 2] }
    }

    fn act(&mut self, ctx: &mut Context) {
        let ArbitrageConfig { listings, max_quantity, threshold } = self.config;
        let Some(chance) = chance(&self.quotes, threshold) else { return };
        let [buy_at, sell_at] = [listings[chance.buys_at], listings[1 - chance.buys_at]];
        if [buy_at, sell_at].into_iter().any(|at| ctx.market(at).phase != Phase::Continuous) {
            return;
        }
        let quantity = coverable(ctx, sell_at, Side::Sell, chance.quantity.min(max_quantity));
        if quantity.is_zero() {
            return;
        }
        // What it takes is not taken twice, if a further quote of the other venue comes before the fill.
        self.take(chance.buys_at, Side::Sell, quantity);
        self.take(1 - chance.buys_at, Side::Buy, quantity);
        for (listing, side, price) in [(buy_at, Side::Buy, chance.ask), (sell_at, Side::Sell, chance.bid)] {
            let terms = OrderTerms::limit(side, quantity, price).with(TimeInForce::Ioc);
            // Where cash has run out the gate refuses, and it sits this one out.
            if ctx.submit(listing, terms).is_err() {
                return;
            }
        }
    }

    /// Takes a quantity off the quote of a side as it knows it.
    fn take(&mut self, place: usize, side: Side, quantity: Quantity) {
        let level = match side {
            Side::Buy => &mut self.quotes[place].bid,
            Side::Sell => &mut self.quotes[place].ask,
        };
        let left = level.map(|it| QuoteLevel { size: it.size.saturating_sub(quantity), ..it });
        *level = left.filter(|it| !it.size.is_zero());
    }
}

impl Actor for LatencyArbitrageur {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        let [own, other] = self.config.listings.map(|id| ctx.listing(id).map(|it| it.instrument));
        if own != other {
            ctx.log("it does not trade: `other` lists another instrument");
            return;
        }
        for listing in self.config.listings {
            if let Err(error) = ctx.subscribe(listing, Feed::Quotes) {
                ctx.log(format!("it cannot see quotes: {error}"));
            }
        }
    }
}

impl Handler<MarketData> for LatencyArbitrageur {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        let place = self.config.listings.iter().position(|listing| *listing == data.listing);
        if let (Some(place), Update::Quote(quote)) = (place, data.update) {
            self.quotes[place] = quote;
            self.act(ctx);
        }
    }
}

bearpit_core::ignore_messages!(LatencyArbitrageur: Wakeup, ExecutionReport);

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(bid: i64, ask: i64, quantity: u64) -> Quote {
        let level = |ticks| Some(QuoteLevel { price: Price::new(ticks), size: Quantity::new(quantity) });
        Quote { bid: level(bid), ask: level(ask) }
    }

    #[test]
    fn it_buys_where_less_is_asked_than_the_other_bids() {
        let found = chance(&[quote(98, 99, 5), quote(101, 102, 3)], 2).unwrap();
        let expected =
            Chance { buys_at: 0, ask: Price::new(99), bid: Price::new(101), quantity: Quantity::new(3) };
        assert_eq!(found, expected);
        assert_eq!(chance(&[quote(101, 102, 5), quote(98, 99, 3)], 2).map(|it| it.buys_at), Some(1));
        assert_eq!(chance(&[quote(98, 99, 5), quote(100, 102, 3)], 2), None, "one tick is too little");
        assert_eq!(chance(&[quote(98, 99, 5), Quote::default()], 1), None);
    }
}
