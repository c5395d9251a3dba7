//! The functions that read the market and the position, and those that find other markets.

use std::rc::Rc;

use rhai::{Array, Dynamic};

use crate::script::api::market_handle::MarketHandle;
use crate::script::api::registry::Registry;
use crate::script::api::subscriptions;
use crate::script::host::SharedHost;
use crate::script::value::arguments::{ScriptResult, optional, text};
use crate::script::value::listing::ListingInfo;
use bearpit_core::market::QuoteLevel;
use bearpit_core::units::nearest;

/// Registers the market object, and the functions that read a market.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
    api.object::<MarketHandle>("Market")
        .option("symbol", "text", "the instrument", |market| {
            Some(market.open("symbol").ok()?.1.symbol.clone())
        })
        .option("venue", "text", "where", |market| Some(market.open("venue").ok()?.1.venue.clone()))
        .option("tick_size", "number", "the smallest step of a price", |market| {
            Some(market.open("tick_size").ok()?.1.instrument.tick_size().to_f64())
        })
        .option("lot_size", "number", "the smallest step of a quantity", |market| {
            Some(market.open("lot_size").ok()?.1.instrument.lot_size().to_f64())
        })
        .option("maker_bps", "number | ()", "what its venue charges a resting order, in basis points of notional; a rebate is negative; `()` where it charges otherwise", |market| {
            market.fees().map(|fees| fees.maker.bps())
        })
        .option("taker_bps", "number | ()", "what its venue charges an order that trades at once, in the same way", |market| {
            market.fees().map(|fees| fees.taker.bps())
        })
        .option("multiplier", "number", "what a price of 1 is worth for each unit of quantity", |market| {
            Some(market.open("multiplier").ok()?.1.instrument.multiplier().to_f64())
        })
        .shown(|market| {
            market
                .open("market")
                .map_or_else(|_| String::new(), |(_, it)| format!("{} at {}", it.symbol, it.venue))
        });
    views(api);
    subscriptions::register(api);
    markets(api, host);
}

fn views(api: &mut Registry<'_>) {
    api.group("The market");
    api.function("quote", "() -> Quote", "The touch, as the strategy's feed shows it.", "quote().bid_size")
        .at_market(&[0], |market, _| market.quote("quote"));
    api.function("bid", "() -> number | ()", "The best bid.", "bid() != ()")
        .at_market(&[0], |market, _| Ok(optional(market.quote("bid")?.bid())));
    api.function("ask", "() -> number | ()", "The best ask.", "ask()")
        .at_market(&[0], |market, _| Ok(optional(market.quote("ask")?.ask())));
    api.function("mid", "() -> number | ()", "The middle of bid and ask.", "mid()")
        .at_market(&[0], |market, _| Ok(optional(market.quote("mid")?.mid())));
    api.function(
        "microprice",
        "() -> number | ()",
        "The mid weighted by the opposite sizes: nearer to the thinner side.",
        "microprice() > mid()",
    )
    .at_market(&[0], |market, _| Ok(optional(market.quote("microprice")?.microprice())));
    api.function("spread", "() -> number | ()", "Ask less bid.", "spread()")
        .at_market(&[0], |market, _| Ok(optional(market.quote("spread")?.spread())));
    api.function("last_price", "() -> number | ()", "The price of the last trade.", "last_price()")
        .at_market(&[0], |market, _| Ok(optional(market.last_price()?)));
    api.function(
        "session",
        "() -> text",
        "The phase of the venue's session: `continuous`, `opening_auction`, `closed` and so on.",
        "session() == \"continuous\"",
    )
    .at_market(&[0], |market, _| Ok(market.view("session")?.0.phase.name().to_owned()));
    api.function(
        "seconds_to_phase_change",
        "() -> number | ()",
        "Seconds until the venue's next scheduled change of phase, if there is one; halts are not scheduled.",
        "seconds_to_phase_change()",
    )
    .at_market(&[0], |market, _| {
        let (host, listing) = market.open("seconds_to_phase_change")?;
        let next = host.ctx.next_phase(listing.id);
        Ok(optional(next.map(|(at, _)| (at - host.ctx.now()).secs_f64())))
    });
    books(api);
    account_here(api);
}

fn books(api: &mut Registry<'_>) {
    api.function(
        "depth",
        "(levels: number) -> Book",
        "The best levels of both sides as last received; needs a subscription to the book.",
        "depth(5).bids",
    )
    .at_market(&[1], |market, arguments| market.depth("depth", &arguments[0]));
    api.function(
        "depth_without_own",
        "(levels: number) -> Book",
        "The same without the strategy's own orders, as far as it knows them; a level that is all its own is left out.",
        "depth_without_own(5).bids",
    )
    .at_market(&[1], |market, arguments| market.depth_without_own("depth_without_own", &arguments[0]));
    api.function(
        "mid_without_own",
        "() -> number | ()",
        "The middle of the best bid and ask of others; needs a subscription to the book.",
        "mid_without_own()",
    )
    .at_market(&[0], |market, _| {
        let book = market.depth_without_own("mid_without_own", &Dynamic::ONE)?;
        let best = |levels: &[QuoteLevel]| levels.first().map(|level| book.listing.price(level.price));
        let sides = best(&book.ladders.bids).zip(best(&book.ladders.asks));
        Ok(optional(sides.map(|(bid, ask)| f64::midpoint(bid, ask))))
    });
}

/// Registers what the account has in a market's instrument.
fn account_here(api: &mut Registry<'_>) {
    api.group("The account");
    api.function(
        "position",
        "() -> number",
        "The holding, over all venues; negative if short.",
        "position()",
    )
    .at_market(&[0], |market, _| market.position("position"));
    api.function(
        "holding",
        "() -> Holding",
        "The holding with its entry price and P&L.",
        "holding().unrealized",
    )
    .at_market(&[0], |market, _| market.holding());
    api.function(
        "orders",
        "() -> array",
        "The strategy's open orders, oldest first; on a market, those there.",
        "orders().len",
    )
    .at_market(&[0], |market, _| Ok(market.orders()));
}

fn markets(api: &mut Registry<'_>, host: &SharedHost) {
    api.group("Other markets");
    let (shared, other) = (Rc::clone(host), Rc::clone(host));
    api.function(
        "market",
        "(symbol: text, venue?: text) -> Market",
        "Another market; at the first venue that lists it unless one is given.",
        "market(\"ACME\").bid()",
    )
    .form(move |symbol: Dynamic| find(&shared, &symbol, None))
    .form(move |symbol: Dynamic, venue: Dynamic| find(&other, &symbol, Some(&venue)));
    let shared = Rc::clone(host);
    api.function("markets", "() -> array", "All markets.", "markets()[0].symbol").form(move || -> Array {
        let listings = shared.borrow().listings.clone();
        let market =
            |listing: &Rc<ListingInfo>| Dynamic::from(MarketHandle::at(Rc::clone(&shared), listing.id));
        listings.iter().map(market).collect()
    });
    consolidated(api, host);
}

fn consolidated(api: &mut Registry<'_>, host: &SharedHost) {
    let (home, named) = (MarketHandle::home(Rc::clone(host)), Rc::clone(host));
    api.function(
        "consolidated",
        "(symbol?: text) -> ConsolidatedQuote",
        "Best bid and ask over all venues that trade the instrument continuously, as the strategy's feeds show them.",
        "consolidated(\"ACME\").ask_venues",
    )
    .form(move || home.consolidated("consolidated"))
    .form(move |symbol: Dynamic| find_for("consolidated", &named, &symbol, None)?.consolidated("consolidated"));
}

fn find(host: &SharedHost, symbol: &Dynamic, venue: Option<&Dynamic>) -> ScriptResult<MarketHandle> {
    find_for("market", host, symbol, venue)
}

/// Finds a market by its symbol, and by its venue if one is named.
pub(super) fn find_for(
    function: &str,
    host: &SharedHost,
    symbol: &Dynamic,
    venue: Option<&Dynamic>,
) -> ScriptResult<MarketHandle> {
    let symbol = text(function, "symbol", symbol)?;
    let venue = venue.map(|venue| text(function, "venue", venue)).transpose()?;
    let borrowed = host.borrow();
    borrowed.need_run(function)?;
    let listings = &borrowed.listings;
    let fits = |listing: &&Rc<ListingInfo>| {
        listing.symbol == symbol && venue.as_ref().is_none_or(|it| listing.venue == *it)
    };
    if let Some(listing) = listings.iter().find(fits) {
        return Ok(MarketHandle::at(Rc::clone(host), listing.id));
    }
    let all: Vec<String> =
        listings.iter().map(|listing| format!("{} at {}", listing.symbol, listing.venue)).collect();
    let asked = venue.as_ref().map_or_else(|| symbol.to_string(), |venue| format!("{symbol} at {venue}"));
    let near =
        nearest(&asked, all.iter().map(String::as_str).chain(listings.iter().map(|it| it.symbol.as_str())));
    let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
    Err(format!("{function}: there is no {asked}; {near}there is {}", all.join(", ")).into())
}
