//! Registers the objects that scripts read, with their fields. The types are in `value`.

use rhai::{Array, Dynamic, ImmutableString};

use crate::script::api::order_options::word;
use crate::script::api::registry::Registry;
use crate::script::sandbox::native::add_function;
use crate::script::value::order_event::{OrderEvent, OrderEventKind};
use crate::script::value::order_handle::OrderHandle;
use crate::script::value::views::LevelView;
use crate::script::value::views::{
    ActionView, BarView, BookView, ClockView, ConsolidatedQuoteView, HoldingView, MarginCallView, PhaseView,
    QuoteView, TradeView,
};
use bearpit_core::market::ReportKind;

/// Registers the objects that callbacks are given and functions return.
pub(crate) fn register(api: &mut Registry<'_>) {
    bars_and_quotes(api);
    consolidated(api);
    trades_and_books(api);
    action(api);
    margin_call(api);
    order(api);
    event(api);
    account(api);
    clock(api);
}

fn clock(api: &mut Registry<'_>) {
    let part = |number: i8| i64::from(number);
    api.object::<ClockView>("Clock")
        .field("date", "text", "the day, such as 2025-03-03", |clock| clock.date())
        .field("year", "number", "the year", |clock| i64::from(clock.day().year()))
        .field("month", "number", "1 to 12", move |clock| part(clock.day().month()))
        .field("day", "number", "the day of the month, 1 to 31", move |clock| part(clock.day().day()))
        .field("week", "number", "the week of the year by ISO 8601, 1 to 53", move |clock| {
            part(clock.day().iso_week_date().week())
        })
        .field("weekday", "text", "monday to sunday", |clock| clock.weekday().to_owned())
        .field("hour", "number", "0 to 23", |clock| clock.second_of_day() / 3_600)
        .field("minute", "number", "0 to 59", |clock| clock.second_of_day() / 60 % 60)
        .field("second", "number", "0 to 59", |clock| clock.second_of_day() % 60)
        .field("seconds_of_day", "number", "seconds since midnight, with a fraction", |clock| {
            clock.seconds_of_day()
        })
        .instant(|clock| clock.0)
        .shown(|clock| clock.0.to_string());
}

fn bars_and_quotes(api: &mut Registry<'_>) {
    api.object::<BarView>("Bar")
        .field("symbol", "text", "the instrument", |bar| bar.listing.symbol.clone())
        .field("venue", "text", "where", |bar| bar.listing.venue.clone())
        .field("start", "text", "beginning of the interval", |bar| bar.bar.start.to_string())
        .field("end", "text", "end of the interval, when the bar is published", |bar| bar.bar.end.to_string())
        .field("interval", "text", "the interval, such as 5m or 1d", |bar| bar.bar.interval.to_string())
        .instant(|bar| bar.bar.end)
        .field("open", "number", "first price", |bar| bar.listing.price(bar.bar.open))
        .field("high", "number", "highest price", |bar| bar.listing.price(bar.bar.high))
        .field("low", "number", "lowest price", |bar| bar.listing.price(bar.bar.low))
        .field("close", "number", "last price", BarView::close)
        .option(
            "volume",
            "number | ()",
            "quantity traded; `()` in a replay of a file without volumes",
            BarView::volume,
        )
        .shown(|bar| {
            let [open, high, low, close] = bar.prices();
            format!("{} {} open {open} high {high} low {low} close {close}", bar.listing.symbol, bar.bar.end)
        });
    api.object::<QuoteView>("Quote")
        .field("symbol", "text", "the instrument", |quote| quote.listing.symbol.clone())
        .field("venue", "text", "where", |quote| quote.listing.venue.clone())
        .option("bid", "number | ()", "best bid", QuoteView::bid)
        .option("ask", "number | ()", "best ask", QuoteView::ask)
        .option("bid_size", "number | ()", "quantity at the best bid", |quote| {
            quote.quote.bid.and_then(|level| quote.size(level))
        })
        .option("ask_size", "number | ()", "quantity at the best ask", |quote| {
            quote.quote.ask.and_then(|level| quote.size(level))
        })
        .option("mid", "number | ()", "the middle of bid and ask", QuoteView::mid)
        .option("microprice", "number | ()", "the mid weighted by the opposite sizes", QuoteView::microprice)
        .option("spread", "number | ()", "ask less bid", QuoteView::spread)
        .field("time", "text", "when it changed at the venue, or when `quote()` read it", |quote| {
            quote.at.to_string()
        })
        .instant(|quote| quote.at)
        .shown(|quote| {
            let side = |price: Option<f64>| price.map_or_else(|| "none".to_owned(), |it| it.to_string());
            format!("{} bid {} ask {}", quote.listing.symbol, side(quote.bid()), side(quote.ask()))
        });
}

fn consolidated(api: &mut Registry<'_>) {
    let names = |venues: &[ImmutableString]| -> Array { venues.iter().cloned().map(Dynamic::from).collect() };
    api.object::<ConsolidatedQuoteView>("ConsolidatedQuote")
        .field("symbol", "text", "the instrument", |it| it.listing.symbol.clone())
        .option("bid", "number | ()", "highest bid of all venues", |it| it.touch().bid())
        .option("ask", "number | ()", "lowest ask of all venues", |it| it.touch().ask())
        .option("bid_size", "number | ()", "quantity at that bid, over all venues", |it| {
            it.quote.bid.and_then(|level| it.touch().size(level))
        })
        .option("ask_size", "number | ()", "quantity at that ask, over all venues", |it| {
            it.quote.ask.and_then(|level| it.touch().size(level))
        })
        .field("bid_venues", "array", "names of the venues that bid it", move |it| names(&it.bid_venues))
        .field("ask_venues", "array", "names of the venues that ask it", move |it| names(&it.ask_venues))
        .option("mid", "number | ()", "the middle of bid and ask", |it| it.touch().mid())
        .option("spread", "number | ()", "ask less bid; negative where it is crossed", |it| {
            it.touch().spread()
        })
        .field("is_locked", "bool", "whether a venue bids what another asks", |it| it.is_locked)
        .field("is_crossed", "bool", "whether a venue bids more than another asks", |it| it.is_crossed)
        .field("time", "text", "when `consolidated()` read it", |it| it.at.to_string())
        .instant(|it| it.at)
        .shown(|it| {
            let side = |price: Option<f64>| price.map_or_else(|| "none".to_owned(), |it| it.to_string());
            let touch = it.touch();
            format!("{} bid {} ask {}", it.listing.symbol, side(touch.bid()), side(touch.ask()))
        });
}

fn trades_and_books(api: &mut Registry<'_>) {
    api.object::<TradeView>("Trade")
        .field("symbol", "text", "the instrument", |trade| trade.listing.symbol.clone())
        .field("venue", "text", "where", |trade| trade.listing.venue.clone())
        .field("price", "number", "the price", |trade| trade.listing.price(trade.price))
        .field("quantity", "number", "the quantity", |trade| trade.listing.quantity(trade.quantity))
        .field("side", "text", "`buy` or `sell`: the aggressor's side", |trade| trade.aggressor.to_string())
        .field("phase", "text", "the phase in which it traded", |trade| trade.phase.name().to_owned())
        .field("time", "text", "when it traded", |trade| trade.at.to_string())
        .instant(|trade| trade.at)
        .shown(|trade| {
            let (price, quantity) =
                (trade.listing.price(trade.price), trade.listing.quantity(trade.quantity));
            format!("{} {quantity} at {price}", trade.listing.symbol)
        });
    api.object::<BookView>("Book")
        .field("symbol", "text", "the instrument", |book| book.listing.symbol.clone())
        .field("venue", "text", "where", |book| book.listing.venue.clone())
        .field("bids", "array", "the bids as levels, the highest first", |book| book.side(&book.ladders.bids))
        .field("asks", "array", "the asks as levels, the lowest first", |book| book.side(&book.ladders.asks))
        .option(
            "imbalance",
            "number | ()",
            "(bids - asks) / (bids + asks) of the quantity in them",
            BookView::imbalance,
        )
        .shown(|book| {
            let (bids, asks) = (book.ladders.bids.len(), book.ladders.asks.len());
            format!("{} {bids} bids {asks} asks", book.listing.symbol)
        });
    api.object::<LevelView>("Level")
        .field("price", "number", "the price", |level| level.price)
        .field("size", "number", "the quantity displayed there", |level| level.size)
        .shown(|level| format!("{} at {}", level.size, level.price));
    api.object::<PhaseView>("Phase")
        .field("symbol", "text", "the instrument", |phase| phase.listing.symbol.clone())
        .field("venue", "text", "where", |phase| phase.listing.venue.clone())
        .field("name", "text", "the phase that has begun, as `session()` names it", |phase| {
            phase.phase.name().to_owned()
        })
        .field("takes_orders", "bool", "whether new orders are taken", |phase| phase.phase.takes_orders())
        .field("time", "text", "when it began", |phase| phase.at.to_string())
        .instant(|phase| phase.at)
        .shown(|phase| phase.phase.name().to_owned());
}

fn action(api: &mut Registry<'_>) {
    api.object::<ActionView>("Action")
        .field("symbol", "text", "the instrument", |action| action.listing.symbol.clone())
        .field("venue", "text", "where", |action| action.listing.venue.clone())
        .field("kind", "text", "`split` or `dividend`", |action| action.kind().to_owned())
        .field("price_factor", "number", "by what a split multiplies prices: 0.5 if it gives 2 for 1", |it| {
            it.factors().price
        })
        .field("volume_factor", "number", "by what it multiplies quantities and volumes", |it| {
            it.factors().volume
        })
        .option("amount", "number | ()", "what a dividend pays on each unit", ActionView::amount)
        .field("time", "text", "when it took effect", |action| action.at.to_string())
        .shown(|action| format!("{} {}", action.listing.symbol, action.action));
}

fn margin_call(api: &mut Registry<'_>) {
    api.object::<MarginCallView>("MarginCall")
        .field("equity", "number", "what the account was worth", |it| it.call.equity.to_f64())
        .field("maintenance", "number", "the maintenance margin that it did not reach", |it| {
            it.call.maintenance.to_f64()
        })
        .field("time", "text", "when that was found", |it| it.at.to_string())
        .shown(|it| format!("equity {} below {}", it.call.equity, it.call.maintenance));
}

fn order(api: &mut Registry<'_>) {
    api.object::<OrderHandle>("Order")
        .option("id", "number | ()", "its number in the tables; absent where it was refused", |order| {
            order.id().map(|id| id.get().cast_signed())
        })
        .field("symbol", "text", "the instrument", |order| order.listing().symbol.clone())
        .field("venue", "text", "where", |order| order.listing().venue.clone())
        .field("side", "text", "`buy` or `sell`", |order| order.side().to_string())
        .field("kind", "text", "`limit`, `market`, `stop` and so on, as it is now", |order| {
            order.kind().name().to_owned()
        })
        .option("price", "number | ()", "its limit, or the price at which it rests", OrderHandle::price)
        .option("trigger", "number | ()", "the price that elects a stop", OrderHandle::trigger)
        .option(
            "trailing_distance",
            "number | ()",
            "how far the trigger of a trailing stop stays behind the market, where it is a price difference",
            OrderHandle::trailing_distance,
        )
        .option(
            "trailing_percent",
            "number | ()",
            "the same, where it is a percentage",
            OrderHandle::trailing_percent,
        )
        .field("quantity", "number", "the total quantity, filled part included", |order| {
            order.listing().quantity(order.quantity())
        })
        .field("leaves", "number", "the open quantity", |order| order.listing().quantity(order.leaves()))
        .field("filled", "number", "the filled quantity", |order| order.listing().quantity(order.filled()))
        .option("average_price", "number | ()", "average fill price", OrderHandle::average_price)
        .field("time_in_force", "text", "`GTC`, `IOC` and so on", |order| {
            word(order.time_in_force()).to_owned()
        })
        .field("status", "text", "its status, see below", |order| order.status().name().to_owned())
        .option("reason", "text | ()", "why it was refused, rejected, canceled or expired", |order| {
            order.reason().map(|reason| reason.to_string())
        })
        .field("is_open", "bool", "whether it may still trade", OrderHandle::is_open)
        .shown(ToString::to_string);
    add_function(api.module, "==", |a: OrderHandle, b: OrderHandle| a.is(&b));
    add_function(api.module, "!=", |a: OrderHandle, b: OrderHandle| !a.is(&b));
}

fn event(api: &mut Registry<'_>) {
    api.object::<OrderEvent>("OrderEvent")
        .field("kind", "text", "what happened: `filled`, `canceled` and so on, see below", |event| {
            event.kind().to_owned()
        })
        .field("order", "Order", "the order as it is now", |event| event.order.clone())
        .field("symbol", "text", "the instrument", |event| event.order.listing().symbol.clone())
        .field("venue", "text", "where", |event| event.order.listing().venue.clone())
        .field("side", "text", "`buy` or `sell`", |event| event.order.side().to_string())
        .option("price", "number | ()", "of the fill; the new limit; the trigger reached", OrderEvent::price)
        .option("quantity", "number | ()", "of the fill", OrderEvent::quantity)
        .field("leaves", "number", "the open quantity", |event| {
            event.order.listing().quantity(event.order.leaves())
        })
        .option("fee", "number | ()", "of the fill; a rebate is negative", |event| match event.what {
            OrderEventKind::Reported(ReportKind::Filled { fee, .. }) => Some(fee.to_f64()),
            _ => None,
        })
        .option("liquidity", "text | ()", "of the fill: `maker`, `taker` or `auction`", |event| {
            match event.what {
                OrderEventKind::Reported(ReportKind::Filled { liquidity, .. }) => {
                    Some(liquidity.name().to_owned())
                }
                _ => None,
            }
        })
        .option("reason", "text | ()", "why", OrderEvent::reason)
        .field("time", "text", "when it happened at the venue", |event| event.at.to_string())
        .instant(|event| event.at)
        .shown(|event| format!("{} {}", event.kind(), event.order));
}

fn account(api: &mut Registry<'_>) {
    api.object::<HoldingView>("Holding")
        .field("symbol", "text", "the instrument", |holding| holding.listing.symbol.clone())
        .field("quantity", "number", "the position, over all venues; negative if short", |it| it.quantity)
        .option(
            "average_price",
            "number | ()",
            "average entry price; `()` when flat, and before the first mark",
            |it| it.average_price,
        )
        .field("realized", "number", "P&L realized in it, before fees", |it| it.realized)
        .option("unrealized", "number | ()", "value less cost, once there is a price", |it| it.unrealized)
        .option("value", "number | ()", "its value at the mark", |it| it.value)
        .shown(|it| format!("{} {}", it.quantity, it.listing.symbol));
}

#[cfg(test)]
mod tests {
    use std::any::type_name;

    use super::*;
    use crate::script::api::language::Language;
    use crate::script::api::market_handle::MarketHandle;
    use crate::script::api::rounding::PercentView;
    use crate::script::value::arguments::short_type_name;
    use crate::script::value::auction::{AuctionEventView, AuctionView, ProposalView};
    use crate::script::value::indicator::IndicatorHandle;

    #[test]
    fn messages_name_objects_as_they_are_registered() {
        let engine = Language::of_thread().engine();
        for path in [
            type_name::<BarView>(),
            type_name::<QuoteView>(),
            type_name::<ConsolidatedQuoteView>(),
            type_name::<TradeView>(),
            type_name::<BookView>(),
            type_name::<LevelView>(),
            type_name::<ActionView>(),
            type_name::<MarginCallView>(),
            type_name::<PhaseView>(),
            type_name::<HoldingView>(),
            type_name::<ClockView>(),
            type_name::<OrderHandle>(),
            type_name::<PercentView>(),
            type_name::<OrderEvent>(),
            type_name::<MarketHandle>(),
            type_name::<IndicatorHandle>(),
            type_name::<AuctionView>(),
            type_name::<ProposalView>(),
            type_name::<AuctionEventView>(),
        ] {
            assert_ne!(engine.map_type_name(path), path, "not registered");
            assert_eq!(engine.map_type_name(path), short_type_name(path));
        }
    }
}
