//! The functions that subscribe to feeds, and those that return past bars and the book.

use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;

use rhai::{Array, Dynamic};

use crate::script::api::market_handle::MarketHandle;
use crate::script::api::registry::Registry;
use crate::script::host::feeds::{FeedRequest, HISTORY_MAX};
use crate::script::value::arguments::{ScriptResult, bar_interval, exceeded, number};
use crate::script::value::limits::FEEDS_MAX;
use crate::script::value::listing::ListingInfo;
use crate::script::value::views::{BarView, BookView};
use bearpit_core::market::{Bar, Ladders, Side};
use bearpit_core::participant::Feed;
use bearpit_core::units::NumberText;

/// Registers the functions that subscribe to feeds, and those that return past bars.
pub(crate) fn register(api: &mut Registry<'_>) {
    api.group("Feeds");
    api.function(
        "bars",
        "(interval?: text) -> ()",
        "Subscribes to bars, of the scenario's interval unless one is given; they arrive in `on_bar`.",
        "bars()",
    )
    .at_market(&[0, 1], |market, arguments| {
        let interval = match arguments {
            [interval] => bar_interval("bars", interval, market.host().feeds.interval)?,
            _ => market.host().feeds.interval,
        };
        market.ask("bars", FeedRequest::Bars(interval))
    });
    api.function(
        "quotes",
        "() -> ()",
        "Subscribes to changes of the touch; they arrive in `on_quote`.",
        "quotes()",
    )
    .at_market(&[0], |market, _| market.ask("quotes", FeedRequest::Quotes));
    api.function("trades", "() -> ()", "Subscribes to all trades; they arrive in `on_trade`.", "trades()")
        .at_market(&[0], |market, _| market.ask("trades", FeedRequest::Trades));
    api.function(
        "book",
        "(levels: number) -> ()",
        "Subscribes to the best levels of both sides (1 to 50); changes arrive in `on_book`.",
        "book(10)",
    )
    .at_market(&[1], |market, arguments| market.ask_book(&arguments[0]));
    api.function(
        "phases",
        "() -> ()",
        "Subscribes to changes of phase; they arrive in `on_session`.",
        "phases()",
    )
    .at_market(&[0], |market, _| market.ask("phases", FeedRequest::Phases));
    api.function(
        "history",
        "(interval?: text, count: number) -> array",
        "The last bars received, the newest last; of the interval subscribed to first unless one is given.",
        "history(20).len",
    )
    .at_market(&[1, 2], |market, arguments| {
        market.past("history", arguments, |listing, bar| {
            Dynamic::from(BarView { listing: Rc::clone(listing), bar: *bar })
        })
    });
    api.function(
        "closes",
        "(interval?: text, count: number) -> array",
        "The closes of the last bars received, the newest last.",
        "closes(20).len",
    )
    .at_market(&[1, 2], |market, arguments| {
        market.past("closes", arguments, |listing, bar| listing.price(bar.close).into())
    });
}

impl MarketHandle {
    /// Subscribes to a feed of this market.
    pub(crate) fn ask(&self, function: &str, wanted: FeedRequest) -> ScriptResult<()> {
        let (mut host, listing) = self.open(function)?;
        if host.feeds.len() >= FEEDS_MAX {
            return Err(exceeded(format!("{function}: more than {FEEDS_MAX} feeds")));
        }
        host.need_run(function)?;
        host.ask(listing.id, wanted).map_err(|error| format!("{function}: {error}").into())
    }

    /// Subscribes to the book; a listing has one number of levels for the whole script.
    fn ask_book(&self, levels: &Dynamic) -> ScriptResult<()> {
        let levels = whole("book", "number of levels", levels, 1..=BOOK_LEVELS_MAX)?;
        let (host, listing) = self.open("book")?;
        if let Some(other) = host.feeds.levels(listing.id).filter(|other| *other != levels) {
            let message = format!(
                "book: the script has already subscribed to the book of {} with {other} levels",
                listing.symbol
            );
            return Err(message.into());
        }
        drop(host);
        self.ask("book", FeedRequest::Book(levels))
    }

    /// Returns the best levels of the last book received.
    pub(crate) fn depth(&self, function: &str, levels: &Dynamic) -> ScriptResult<BookView> {
        self.book_levels(function, levels, false)
    }

    /// Returns the same without the strategy's own orders.
    pub(crate) fn depth_without_own(&self, function: &str, levels: &Dynamic) -> ScriptResult<BookView> {
        self.book_levels(function, levels, true)
    }

    fn book_levels(&self, function: &str, levels: &Dynamic, is_without_own: bool) -> ScriptResult<BookView> {
        let levels = whole(function, "number of levels", levels, 1..=BOOK_LEVELS_MAX)?;
        let (host, listing) = self.open(function)?;
        let (Some(ladders), Some(asked)) = (host.feeds.book(listing.id), host.feeds.levels(listing.id))
        else {
            let message = format!(
                "{function}: there is no subscription to the book; call book({levels}) in on_init or on_start"
            );
            return Err(message.into());
        };
        if levels > asked {
            let message = format!(
                "{function}: the subscription to the book has {asked} levels; call book({levels}) instead"
            );
            return Err(message.into());
        }
        let mut ladders = Ladders::clone(ladders);
        if is_without_own {
            let own = host.orders.values().filter(|order| order.listing().id == listing.id);
            for (side, (price, displayed)) in own.filter_map(|it| Some((it.side(), it.displayed()?))) {
                let levels = if side == Side::Buy { &mut ladders.bids } else { &mut ladders.asks };
                for level in levels.iter_mut().filter(|level| level.price == price) {
                    level.size = level.size.saturating_sub(displayed);
                }
                levels.retain(|level| !level.size.is_zero());
            }
        }
        ladders.bids.truncate(levels);
        ladders.asks.truncate(levels);
        drop(host);
        Ok(BookView { listing, ladders: Arc::new(ladders) })
    }

    /// Returns the last bars received, each converted by `take`.
    fn past(
        &self,
        function: &str,
        arguments: &[Dynamic],
        take: impl Fn(&Rc<ListingInfo>, &Bar) -> Dynamic,
    ) -> ScriptResult<Array> {
        let (interval, count) = match arguments {
            [interval, count] => {
                let scenario = self.host().feeds.interval;
                (Some(bar_interval(function, interval, scenario)?), count)
            }
            [count] => (None, count),
            _ => return Ok(Array::new()),
        };
        let wanted = whole(function, "number of bars", count, 0..=HISTORY_MAX)?;
        let (host, listing) = self.open(function)?;
        let Some(bars) = host.feeds.history(listing.id, interval) else {
            let asked = interval.map_or_else(String::new, |it| format!("\"{it}\""));
            let message = format!(
                "{function}: there is no subscription to such bars; call bars({asked}) in on_init or on_start"
            );
            return Err(message.into());
        };
        let skip = bars.len().saturating_sub(wanted);
        Ok(bars.iter().skip(skip).map(|bar| take(&listing, bar)).collect())
    }
}

const BOOK_LEVELS_MAX: usize = Feed::MOST_LEVELS;

/// Reads an integer within a range.
fn whole(function: &str, what: &str, value: &Dynamic, range: RangeInclusive<usize>) -> ScriptResult<usize> {
    let number = number(function, what, value)?;
    let whole = value.as_int().ok().and_then(|it| usize::try_from(it).ok()).filter(|it| range.contains(it));
    whole.ok_or_else(|| {
        let (low, high) = range.into_inner();
        let number = NumberText(number);
        format!(
            "{function}: a {what} of {number} is not allowed; it must be a whole number from {low} to {high}"
        )
        .into()
    })
}
