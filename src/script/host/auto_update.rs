//! [`AutoUpdates`]: indicators that the host feeds with what the market tells, before it tells the script.
//!
//! A script that only reads `average.value` pays for no call of `update`, and needs no callback to keep its
//! indicators up to date.

use crate::script::value::arguments::Outcome;
use crate::script::value::indicator::{Given, IndicatorHandle};
use crate::script::value::views::{BarView, QuoteView, TradeView};
use bearpit_core::units::{ListingId, SimDuration};

/// The indicators of a script that the host feeds, in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct AutoUpdates(Vec<Follower>);

/// An indicator, and what it is fed with.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(crate) indicator: IndicatorHandle,
    pub(crate) listing: ListingId,
    /// For those fed with bars: of which interval.
    pub(crate) interval: Option<SimDuration>,
    pub(crate) source: Source,
}

/// Reads a number off a message; absent where there is none at the moment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// Whole bars.
    Bar,
    OfBar(fn(&BarView) -> f64),
    OfQuote(fn(&QuoteView) -> Option<f64>),
    OfTrade(fn(&TradeView) -> f64),
}

pub(crate) const SOURCES: [(&str, Source); 13] = [
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

impl AutoUpdates {
    /// Feeds those that follow the bars of a listing.
    pub(crate) fn bar(&self, bar: &BarView) -> Outcome<()> {
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
    pub(crate) fn quote(&self, quote: &QuoteView) -> Outcome<()> {
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
    pub(crate) fn trade(&self, trade: &TradeView) -> Outcome<()> {
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

impl AutoUpdates {
    pub(crate) fn follow_market(&mut self, follower: Follower) -> Outcome<()> {
        if self.0.len() >= FOLLOWERS_MAX {
            return Err(format!("feed: more than {FOLLOWERS_MAX} indicators").into());
        }
        self.0.push(follower);
        Ok(())
    }
}
