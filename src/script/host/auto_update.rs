//! [`AutoUpdates`]: indicators that the host updates from market data, before it calls the script's
//! callback.
//!
//! A script that only reads `average.value` needs no call of `update` and no callback.

use crate::script::value::arguments::ScriptResult;
use crate::script::value::indicator::{IndicatorHandle, InputArgs};
use crate::script::value::views::{BarView, QuoteView, TradeView};
use bearpit_agents::indicators::Scale;
use bearpit_core::market::{BarInterval, SplitFactors, SplitRatio};
use bearpit_core::units::ListingId;

/// The indicators that the host updates, in the order in which the script passed them to `feed`.
#[derive(Debug, Default)]
pub(crate) struct AutoUpdates(Vec<AutoUpdate>);

/// An indicator, and the source of its inputs.
#[derive(Debug)]
pub(crate) struct AutoUpdate {
    pub(crate) indicator: IndicatorHandle,
    pub(crate) listing: ListingId,
    /// The interval of the bars, where the source is bars.
    pub(crate) interval: Option<BarInterval>,
    pub(crate) source: InputSource,
}

/// Where an input comes from: a field of a message, absent where the message has no such number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum InputSource {
    /// Whole bars.
    Bar,
    OfBar(fn(&BarView) -> Option<f64>),
    OfQuote(fn(&QuoteView) -> Option<f64>),
    OfTrade(fn(&TradeView) -> f64),
    /// As [`InputSource::OfBar`], for volumes.
    VolumeOfBar,
    /// As [`InputSource::OfTrade`], for quantities.
    QuantityOfTrade,
}

impl InputSource {
    const fn is_volume(self) -> bool {
        matches!(self, Self::VolumeOfBar | Self::QuantityOfTrade)
    }
}

pub(crate) const INPUT_SOURCES: [(&str, InputSource); 13] = [
    ("bar", InputSource::Bar),
    ("bar.open", InputSource::OfBar(|bar| Some(bar.prices()[0]))),
    ("bar.high", InputSource::OfBar(|bar| Some(bar.prices()[1]))),
    ("bar.low", InputSource::OfBar(|bar| Some(bar.prices()[2]))),
    ("bar.close", InputSource::OfBar(|bar| Some(bar.close()))),
    ("bar.volume", InputSource::VolumeOfBar),
    ("quote.bid", InputSource::OfQuote(QuoteView::bid)),
    ("quote.ask", InputSource::OfQuote(QuoteView::ask)),
    ("quote.mid", InputSource::OfQuote(QuoteView::mid)),
    ("quote.microprice", InputSource::OfQuote(QuoteView::microprice)),
    ("quote.spread", InputSource::OfQuote(QuoteView::spread)),
    ("trade.price", InputSource::OfTrade(|trade| trade.listing.price(trade.price))),
    ("trade.quantity", InputSource::QuantityOfTrade),
];

const FOLLOWERS_MAX: usize = 1_000;

impl AutoUpdates {
    /// Updates the indicators whose source is the bars of a listing.
    pub(crate) fn bar(&self, bar: &BarView) -> ScriptResult<()> {
        let interval = Some(bar.bar.interval);
        for it in self.at(bar.listing.id).filter(|it| it.interval == interval) {
            match it.source {
                InputSource::Bar => it.indicator.feed(InputArgs::Bar(bar))?,
                InputSource::OfBar(read) => match read(bar) {
                    Some(number) => it.indicator.feed(InputArgs::Numbers(&[number]))?,
                    None => None,
                },
                InputSource::VolumeOfBar => match bar.volume() {
                    Some(volume) => it.indicator.feed(InputArgs::Numbers(&[volume]))?,
                    None => None,
                },
                InputSource::OfQuote(_) | InputSource::OfTrade(_) | InputSource::QuantityOfTrade => None,
            };
        }
        Ok(())
    }

    /// Updates the indicators whose source is the quotes of a listing.
    pub(crate) fn quote(&self, quote: &QuoteView) -> ScriptResult<()> {
        for it in self.at(quote.listing.id) {
            if let InputSource::OfQuote(read) = it.source
                && let Some(number) = read(quote)
            {
                it.indicator.feed(InputArgs::Numbers(&[number]))?;
            }
        }
        Ok(())
    }

    /// Updates the indicators whose source is the trades of a listing.
    pub(crate) fn trade(&self, trade: &TradeView) -> ScriptResult<()> {
        for it in self.at(trade.listing.id) {
            let number = match it.source {
                InputSource::OfTrade(read) => read(trade),
                InputSource::QuantityOfTrade => trade.listing.quantity(trade.quantity),
                InputSource::Bar
                | InputSource::OfBar(_)
                | InputSource::VolumeOfBar
                | InputSource::OfQuote(_) => continue,
            };
            it.indicator.feed(InputArgs::Numbers(&[number]))?;
        }
        Ok(())
    }

    /// Rescales the indicators whose source is a listing that was split.
    pub(crate) fn split(&self, listing: ListingId, ratio: SplitRatio) {
        let SplitFactors { price, volume } = ratio.factors();
        for it in self.at(listing) {
            // An indicator of volumes takes them for its numbers.
            let price = if it.source.is_volume() { volume } else { price };
            it.indicator.rescale(Scale { price, volume });
        }
    }

    fn at(&self, listing: ListingId) -> impl Iterator<Item = &AutoUpdate> {
        self.0.iter().filter(move |it| it.listing == listing)
    }
}

impl AutoUpdates {
    pub(crate) fn follow_market(&mut self, follower: AutoUpdate) -> ScriptResult<()> {
        if self.0.len() >= FOLLOWERS_MAX {
            return Err(format!("feed: more than {FOLLOWERS_MAX} indicators").into());
        }
        self.0.push(follower);
        Ok(())
    }
}
