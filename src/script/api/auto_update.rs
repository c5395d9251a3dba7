//! [`AutoUpdates`]: indicators that the host updates from market data, before it calls the script's
//! callback.
//!
//! A script that only reads `average.value` needs no call of `update` and no callback.

use rhai::Dynamic;

use crate::script::api::market_handle::MarketHandle;
use crate::script::api::registry::Registry;
use crate::script::host::auto_update::{AutoUpdate, INPUT_SOURCES, InputSource};
use crate::script::host::feeds::FeedRequest;
use crate::script::value::arguments::{ScriptResult, bar_interval, described, text};
use crate::script::value::indicator::IndicatorHandle;
use bearpit_core::units::suggest;

/// Registers `feed`.
pub(crate) fn register(api: &mut Registry<'_>) {
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

fn feed(market: &MarketHandle, arguments: &[Dynamic]) -> ScriptResult<Dynamic> {
    let [indicator, source, interval @ ..] = arguments else { return Ok(Dynamic::UNIT) };
    let Some(follower) = indicator.read_lock::<IndicatorHandle>().map(|it| it.clone()) else {
        return Err(format!(
            "feed: the first argument must be an indicator, but is {}",
            described(indicator)
        )
        .into());
    };
    let name = text("feed", "source", source)?;
    let Some((_, source)) = INPUT_SOURCES.iter().find(|(known, _)| *known == name) else {
        let known = INPUT_SOURCES.map(|(name, _)| name);
        return Err(format!("feed: there is no source `{name}`; {}", suggest(&name, &known)).into());
    };
    let is_number = follower.takes_a_number();
    if is_number == matches!(source, InputSource::Bar) {
        return Err(format!("feed: `{name}` does not fit {follower}: {}", follower.takes()).into());
    }
    let wanted = match (source, interval) {
        (InputSource::Bar | InputSource::OfBar(_) | InputSource::VolumeOfBar, [interval]) => {
            FeedRequest::Bars(bar_interval("feed", interval, market.host().feeds.interval)?)
        }
        (InputSource::Bar | InputSource::OfBar(_) | InputSource::VolumeOfBar, _) => {
            FeedRequest::Bars(market.host().feeds.interval)
        }
        (_, [_, ..]) => return Err(format!("feed: `{name}` has no interval").into()),
        (InputSource::OfQuote(_), _) => FeedRequest::Quotes,
        (InputSource::OfTrade(_) | InputSource::QuantityOfTrade, _) => FeedRequest::Trades,
    };
    market.ask("feed", wanted)?;
    let interval = if let FeedRequest::Bars(interval) = wanted { Some(interval) } else { None };
    let (mut host, listing) = market.open("feed")?;
    host.auto_updates.follow_market(AutoUpdate {
        indicator: follower,
        listing: listing.id,
        interval,
        source: *source,
    })?;
    Ok(indicator.clone())
}
