//! [`AutoUpdates`]: indicators that the host feeds with what the market tells, before it tells the script.
//!
//! A script that only reads `average.value` pays for no call of `update`, and needs no callback to keep its
//! indicators up to date.

use rhai::Dynamic;

use crate::script::api::market_handle::Market;
use crate::script::api::registry::Registry;
use crate::script::host::auto_update::{Follower, SOURCES, Source};
use crate::script::host::feeds::Wanted;
use crate::script::value::arguments::{Outcome, described, span, text};
use crate::script::value::indicator::IndicatorHandle;
use bearpit_core::units::suggest;

/// Registers `feed`.
pub(crate) fn register(api: &mut Registry<'_>) {
    api.group("Feeds");
    api.function(
        "feed",
        "(indicator: IndicatorHandle, source: text, interval?: text) -> Indicator",
        "Has the host update an indicator with `\"bar\"`, `\"bar.close\"`, `\"quote.mid\"`, `\"trade.price\"` or another \
         field of each bar, quote or trade, before the callback; returns the indicator.",
        "feed(ema(12), \"bar.close\").value",
    )
    .at_market(&[2, 3], feed);
}

fn feed(market: &Market, arguments: &[Dynamic]) -> Outcome<Dynamic> {
    let [indicator, source, interval @ ..] = arguments else { return Ok(Dynamic::UNIT) };
    let Some(follower) = indicator.read_lock::<IndicatorHandle>().map(|it| it.clone()) else {
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
    host.auto_updates.follow_market(Follower {
        indicator: follower,
        listing: place.listing,
        interval,
        source: *source,
    })?;
    Ok(indicator.clone())
}
