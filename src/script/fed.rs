//! [`Fed`]: indicators that the host feeds with what the market tells, before it tells the script.
//!
//! A script that only reads `average.value` pays for no call of `update`, and needs no callback to keep its
//! indicators up to date.

use rhai::Dynamic;

use super::api::Registry;
use super::feeds::Wanted;
use super::host::{Host, Outcome, described, text};
use super::indicators::{Given, Object as Indicator};
use super::market::{Market, span};
use super::objects::{BarView, QuoteView, TradeView};
use bearpit_core::units::{ListingId, SimDuration, suggest};

/// The indicators of a script that the host feeds, in the order in which they were given.
#[derive(Debug, Default)]
pub(super) struct Fed(Vec<Follower>);

/// An indicator, and what it is fed with.
#[derive(Debug)]
struct Follower {
    indicator: Indicator,
    listing: ListingId,
    /// For those fed with bars: of which interval.
    interval: Option<SimDuration>,
    source: Source,
}

/// Reads a number off a message; absent where there is none at the moment.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// Whole bars.
    Bar,
    OfBar(fn(&BarView) -> f64),
    OfQuote(fn(&QuoteView) -> Option<f64>),
    OfTrade(fn(&TradeView) -> f64),
}

const SOURCES: [(&str, Source); 13] = [
    ("bar", Source::Bar),
    ("bar.open", Source::OfBar(|bar| bar.prices()[0])),
    ("bar.high", Source::OfBar(|bar| bar.prices()[1])),
    ("bar.low", Source::OfBar(|bar| bar.prices()[2])),
    ("bar.close", Source::OfBar(BarView::close)),
    ("bar.volume", Source::OfBar(BarView::volume)),
    ("quote.bid", Source::OfQuote(QuoteView::bid)),
    ("quote.ask", Source::OfQuote(QuoteView::ask)),
    ("quote.mid", Source::OfQuote(QuoteView::mid)),
    ("quote.microprice", Source::OfQuote(QuoteView::microprice)),
    ("quote.spread", Source::OfQuote(QuoteView::spread)),
    ("trade.price", Source::OfTrade(|trade| trade.place.price(trade.price))),
    ("trade.quantity", Source::OfTrade(|trade| trade.place.quantity(trade.quantity))),
];

const FOLLOWERS_MAX: usize = 1_000;

impl Fed {
    /// Feeds those that follow the bars of a listing.
    pub(super) fn bar(&self, bar: &BarView) -> Outcome<()> {
        let interval = Some(bar.bar.interval());
        for it in self.at(bar.place.listing).filter(|it| it.interval == interval) {
            match it.source {
                Source::Bar => it.indicator.feed(Given::Bar(bar))?,
                Source::OfBar(read) => it.indicator.feed(Given::Numbers(&[read(bar)]))?,
                Source::OfQuote(_) | Source::OfTrade(_) => None,
            };
        }
        Ok(())
    }

    /// Feeds those that follow the quotes of a listing.
    pub(super) fn quote(&self, quote: &QuoteView) -> Outcome<()> {
        for it in self.at(quote.place.listing) {
            if let Source::OfQuote(read) = it.source
                && let Some(number) = read(quote)
            {
                it.indicator.feed(Given::Numbers(&[number]))?;
            }
        }
        Ok(())
    }

    /// Feeds those that follow the trades of a listing.
    pub(super) fn trade(&self, trade: &TradeView) -> Outcome<()> {
        for it in self.at(trade.place.listing) {
            if let Source::OfTrade(read) = it.source {
                it.indicator.feed(Given::Numbers(&[read(trade)]))?;
            }
        }
        Ok(())
    }

    fn at(&self, listing: ListingId) -> impl Iterator<Item = &Follower> {
        self.0.iter().filter(move |it| it.listing == listing)
    }
}

/// Registers `feed`.
pub(super) fn register(api: &mut Registry<'_>) {
    api.group("Feeds");
    api.function(
        "feed",
        "(indicator: Indicator, source: text, interval?: text) -> Indicator",
        "Has the host update an indicator with `\"bar\"`, `\"bar.close\"`, `\"quote.mid\"`, `\"trade.price\"` or another \
         field of each bar, quote or trade, before the callback; returns the indicator.",
        "feed(ema(12), \"bar.close\").value",
    )
    .at_market(&[2, 3], feed);
}

fn feed(market: &Market, arguments: &[Dynamic]) -> Outcome<Dynamic> {
    let [indicator, source, interval @ ..] = arguments else { return Ok(Dynamic::UNIT) };
    let Some(follower) = indicator.read_lock::<Indicator>().map(|it| it.clone()) else {
        return Err(format!("feed: what is fed must be an indicator, but is {}", described(indicator)).into());
    };
    let name = text("feed", "source", source)?;
    let Some((_, source)) = SOURCES.iter().find(|(known, _)| *known == name) else {
        let known = SOURCES.map(|(name, _)| name);
        return Err(format!("feed: there is no source `{name}`; {}", suggest(&name, &known)).into());
    };
    let is_number = follower.takes_a_number();
    if is_number == matches!(source, Source::Bar) {
        return Err(format!("feed: `{name}` does not go with {follower}: {}", follower.takes()).into());
    }
    let wanted = match (source, interval) {
        (Source::Bar | Source::OfBar(_), [interval]) => Wanted::Bars(span("feed", interval)?),
        (Source::Bar | Source::OfBar(_), _) => Wanted::Bars(market.host().feeds.interval),
        (_, [_, ..]) => return Err(format!("feed: `{name}` has no interval").into()),
        (Source::OfQuote(_), _) => Wanted::Quotes,
        (Source::OfTrade(_), _) => Wanted::Trades,
    };
    market.ask("feed", wanted)?;
    let interval = if let Wanted::Bars(interval) = wanted { Some(interval) } else { None };
    let (mut host, place) = market.open("feed")?;
    host.follow_market(Follower { indicator: follower, listing: place.listing, interval, source: *source })?;
    Ok(indicator.clone())
}

impl Host {
    fn follow_market(&mut self, follower: Follower) -> Outcome<()> {
        if self.fed.0.len() >= FOLLOWERS_MAX {
            return Err(format!("feed: more than {FOLLOWERS_MAX} indicators").into());
        }
        self.fed.0.push(follower);
        Ok(())
    }
}
