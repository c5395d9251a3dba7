//! [`OrderArguments`]: reads the arguments of order functions: prices and quantities on the grid, and
//! options.

use rhai::{Dynamic, Map};

use crate::script::api::rounding::PercentView;
use crate::script::value::arguments::{ScriptResult, described, number, text};
use crate::script::value::listing::ListingInfo;
use crate::script::value::order_handle::OrderHandle;
use crate::script::value::views::BarView;
use bearpit_core::market::{
    Link, OrderKind, OrderTerms, PostOnly, Replacement, SelfTrade, Side, StopLoss, TimeInForce,
    TrailingDistance,
};
use bearpit_core::units::{NumberText, Price, Quantity, SimDuration, SimTime, suggest};

/// Reads the arguments of one call, for one listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderArguments<'a> {
    /// The function, for messages.
    pub(crate) function: &'a str,
    pub(crate) listing: &'a ListingInfo,
    pub(crate) now: SimTime,
}

/// The words for times in force.
const TIMES: [(&str, TimeInForce); 6] = [
    ("GTC", TimeInForce::Gtc),
    ("DAY", TimeInForce::Day),
    ("IOC", TimeInForce::Ioc),
    ("FOK", TimeInForce::Fok),
    ("AT_OPEN", TimeInForce::AtOpen),
    ("AT_CLOSE", TimeInForce::AtClose),
];

const SELF_TRADES: [(&str, SelfTrade); 5] = [
    ("allow", SelfTrade::Allow),
    ("cancel_newest", SelfTrade::CancelNewest),
    ("cancel_oldest", SelfTrade::CancelOldest),
    ("cancel_both", SelfTrade::CancelBoth),
    ("decrement", SelfTrade::Decrement),
];

/// The keys of a map of options.
pub(crate) const OPTIONS: [&str; 12] = [
    "time_in_force",
    "good_for",
    "post_only",
    "display",
    "minimum",
    "reduce_only",
    "self_trade",
    "oco",
    "stop_loss",
    "take_profit",
    "stop_limit",
    "limit",
];

/// The keys of a map of what a replace changes.
const REPLACED: [&str; 6] = ["quantity", "price", "trigger", "distance", "time_in_force", "good_for"];

/// Returns the word for a time in force.
pub(crate) fn word(time: TimeInForce) -> &'static str {
    TIMES.iter().find(|(_, known)| *known == time).map_or("GTD", |(word, _)| word)
}

/// Beyond so many lots or ticks there is no quantity and no price: 2^40.
const LOTS_END: f64 = 1_099_511_627_776.0;

impl OrderArguments<'_> {
    /// Reads a quantity: a positive multiple of the lot size.
    pub(crate) fn quantity(&self, what: &str, value: &Dynamic) -> ScriptResult<Quantity> {
        let number = number(self.function, what, value)?;
        let quantity = self.listing.instrument.exact_quantity(number).filter(|quantity| !quantity.is_zero());
        quantity.ok_or_else(|| {
            let lot = self.listing.instrument.lot_size();
            let is_too_much = number > 0.0 && number / lot.to_f64() >= LOTS_END;
            let bound = if is_too_much { " and at most 2^40 times that" } else { "" };
            self.complaint(format!(
                "a {what} of {} is not allowed; it must be a multiple of {lot}, above 0{bound}",
                NumberText(number)
            ))
        })
    }

    /// Reads a limit; off tick, it is rounded in favor of the order's owner.
    pub(crate) fn limit(&self, what: &str, side: Side, value: &Dynamic) -> ScriptResult<Price> {
        let number = number(self.function, what, value)?;
        let price = match side {
            Side::Buy => self.listing.instrument.price_at_or_below(number),
            Side::Sell => self.listing.instrument.price_at_or_above(number),
        };
        self.legal(what, number, price)
    }

    /// Reads a trigger; off tick, it is rounded to the side that is reached later.
    pub(crate) fn trigger(&self, what: &str, side: Side, value: &Dynamic) -> ScriptResult<Price> {
        self.limit(what, side.opposite(), value)
    }

    fn legal(&self, what: &str, number: f64, price: Option<Price>) -> ScriptResult<Price> {
        price.filter(|price| self.listing.instrument.allows(*price)).ok_or_else(|| {
            let least = self.listing.instrument.least_price();
            let is_beyond = number / self.listing.instrument.tick_size().to_f64() >= LOTS_END;
            let bound = if is_beyond { " and at most 2^40 ticks" } else { "" };
            let number = NumberText(number);
            self.complaint(format!("a {what} of {number} is not allowed; it must be at least {least}{bound}"))
        })
    }

    /// Reads a distance in ticks, rounded up.
    pub(crate) fn ticks(&self, what: &str, value: &Dynamic) -> ScriptResult<i64> {
        let number = number(self.function, what, value)?;
        let ticks = self.listing.instrument.price_at_or_above(number).map(Price::ticks);
        ticks.ok_or_else(|| self.complaint(format!("a {what} of {} is not allowed", NumberText(number))))
    }

    /// Reads the distance of a trailing stop: a percentage, or a price difference, rounded up to a tick.
    pub(crate) fn trailing_distance(&self, value: &Dynamic) -> ScriptResult<TrailingDistance> {
        match value.read_lock::<PercentView>() {
            Some(percent) => Ok(percent.distance()),
            None => self.ticks("distance", value).map(TrailingDistance::Ticks),
        }
    }

    /// Applies a script's options, if any, to the terms of an order.
    pub(crate) fn with_options(
        &self,
        terms: OrderTerms,
        options: Option<&Dynamic>,
    ) -> ScriptResult<OrderTerms> {
        let Some(options) = options else { return Ok(terms) };
        if options.is_string() {
            return Ok(terms.with(self.time_in_force(&text(self.function, "time in force", options)?, None)?));
        }
        let Ok(map) = options.as_map_ref() else {
            let mut message = format!(
                "options are a time in force such as \"IOC\", or a map such as #{{ post_only: true }}, but this is {}",
                described(options)
            );
            if self.function == "close" && options.read_lock::<BarView>().is_some() {
                message.push_str("; for the price of a bar write bar.close, without parentheses");
            }
            return Err(self.complaint(message));
        };
        if let Some(unknown) = map.keys().find(|key| !OPTIONS.contains(&key.as_str())) {
            return Err(
                self.complaint(format!("there is no option `{unknown}`; {}", suggest(unknown, &OPTIONS)))
            );
        }
        self.with_map(terms, &map)
    }

    fn with_map(&self, mut terms: OrderTerms, map: &Map) -> ScriptResult<OrderTerms> {
        let until = map.get("good_for").map(|span| self.until(span)).transpose()?;
        match map.get("time_in_force") {
            Some(word) => {
                terms.time_in_force =
                    self.time_in_force(&text(self.function, "time in force", word)?, until)?;
            }
            None => terms.time_in_force = until.map_or(terms.time_in_force, TimeInForce::Gtd),
        }
        if let Some(value) = map.get("post_only") {
            terms.post_only = self.post_only(value)?;
        }
        if let Some(value) = map.get("display") {
            terms.display = Some(self.quantity("display", value)?);
        }
        if let Some(value) = map.get("minimum") {
            terms.minimum = Some(self.quantity("minimum", value)?);
        }
        if let Some(value) = map.get("reduce_only") {
            terms.reduce_only = self.boolean("reduce_only", value)?;
        }
        if let Some(value) = map.get("self_trade") {
            terms.self_trade = self.one_of("self_trade", value, &SELF_TRADES)?;
        }
        if let Some(value) = map.get("limit") {
            terms.kind = self.limited(terms, value)?;
        }
        terms.link = self.link(terms, map)?;
        Ok(terms)
    }

    /// Reads a time in force; a date is allowed with `GTD` only.
    fn time_in_force(&self, word: &str, until: Option<SimTime>) -> ScriptResult<TimeInForce> {
        match (word, until) {
            ("GTD", Some(until)) => Ok(TimeInForce::Gtd(until)),
            ("GTD", None) => {
                Err(self.complaint("GTD needs `good_for`, such as #{ good_for: \"30m\" }".to_owned()))
            }
            (_, Some(_)) => Err(self.complaint(format!("`good_for` goes with GTD, not with {word}"))),
            (_, None) => {
                let found = TIMES.iter().find(|(known, _)| *known == word).map(|(_, time)| *time);
                found.ok_or_else(|| {
                    let words = TIMES.map(|(word, _)| word);
                    let close = TIMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
                    let help = close
                        .map_or_else(|| suggest(word, &words), |(close, _)| format!("write it as `{close}`"));
                    self.complaint(format!("`{word}` is not a time in force; {help}"))
                })
            }
        }
    }

    /// Reads until when an order is good, given as a span from now.
    fn until(&self, value: &Dynamic) -> ScriptResult<SimTime> {
        let span: SimDuration = text(self.function, "span", value)?
            .parse()
            .map_err(|error| format!("{}: {error}", self.function))?;
        Ok(self.now.saturating_add(span))
    }

    fn post_only(&self, value: &Dynamic) -> ScriptResult<PostOnly> {
        if value.is_string() {
            return self.one_of("post_only", value, &[("slide", PostOnly::Slide)]);
        }
        self.boolean("post_only", value).map(|yes| if yes { PostOnly::Reject } else { PostOnly::No })
    }

    fn boolean(&self, what: &str, value: &Dynamic) -> ScriptResult<bool> {
        value.as_bool().map_err(|_| {
            self.complaint(format!("`{what}` must be true or false, but is {}", described(value)))
        })
    }

    fn one_of<T: Copy>(&self, what: &str, value: &Dynamic, known: &[(&str, T)]) -> ScriptResult<T> {
        let word = text(self.function, what, value)?;
        known.iter().find(|(name, _)| *name == word).map(|(_, it)| *it).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.complaint(format!("`{what}` cannot be `{word}`; {}", suggest(&word, &names)))
        })
    }

    /// Sets the worst price of a pegged or market-to-limit order; other kinds have theirs in the arguments.
    fn limited(&self, terms: OrderTerms, value: &Dynamic) -> ScriptResult<OrderKind> {
        if !matches!(terms.kind, OrderKind::Pegged { .. } | OrderKind::MarketToLimit { .. }) {
            let message =
                "the option `limit` is for pegged and market-to-limit orders; use buy_limit or sell_limit";
            return Err(self.complaint(message.to_owned()));
        }
        Ok(terms.kind.protected_at(self.limit("limit", terms.side, value)?))
    }

    fn link(&self, terms: OrderTerms, map: &Map) -> ScriptResult<Link> {
        let (take_profit, stop_loss) = (map.get("take_profit"), map.get("stop_loss"));
        let has_exits = take_profit.is_some() || stop_loss.is_some();
        if terms.link != Link::None && (has_exits || map.contains_key("oco")) {
            return Err(self.complaint("the order has its exits, or its pair, already".to_owned()));
        }
        let link = match (map.get("oco"), has_exits) {
            (None, false) => Ok(terms.link),
            (None, true) => self.bracket(terms.side, stop_loss, take_profit),
            (Some(other), false) => {
                let id = other.read_lock::<OrderHandle>().map(|order| order.id());
                match id {
                    Some(Some(id)) => Ok(Link::OneCancelsOther(id)),
                    Some(None) => Err(self.complaint("the order named by `oco` was refused".to_owned())),
                    None => {
                        Err(self.complaint(format!("`oco` must be an order, but is {}", described(other))))
                    }
                }
            }
            (Some(_), true) => {
                Err(self.complaint("`oco` and a bracket's exits do not go together".to_owned()))
            }
        };
        match map.get("stop_limit") {
            Some(limit) => self.stop_limited(terms.side, link?, limit),
            None => link,
        }
    }

    /// Reads the exits of a bracket whose entry is of `side`.
    pub(crate) fn bracket(
        &self,
        side: Side,
        stop_loss: Option<&Dynamic>,
        take_profit: Option<&Dynamic>,
    ) -> ScriptResult<Link> {
        let exit = side.opposite();
        let limit = take_profit.map(|price| self.limit("take_profit", exit, price)).transpose()?;
        let trigger = stop_loss.map(|price| self.trigger("stop_loss", exit, price)).transpose()?;
        Ok(Link::Bracket { take_profit: limit, stop_loss: trigger.map(StopLoss::at) })
    }

    /// Gives the stop of a bracket or pair, whose first order is of `side`, a limit.
    fn stop_limited(&self, side: Side, link: Link, limit: &Dynamic) -> ScriptResult<Link> {
        let limited = |stop: StopLoss, side| {
            let limit = self.limit("stop_limit", side, limit)?;
            Ok(StopLoss::Limit { trigger: stop.trigger(), limit })
        };
        match link {
            Link::Bracket { take_profit, stop_loss: Some(stop) } => {
                Ok(Link::Bracket { take_profit, stop_loss: Some(limited(stop, side.opposite())?) })
            }
            Link::Pair(stop) => limited(stop, side).map(Link::Pair),
            _ => {
                let message = "`stop_limit` is the limit of a stop: it goes with `stop_loss`, or with a pair";
                Err(self.complaint(message.to_owned()))
            }
        }
    }

    /// Reads what a replace of an order changes.
    pub(crate) fn replacement(&self, order: &OrderHandle, map: &Map) -> ScriptResult<Replacement> {
        if let Some(unknown) = map.keys().find(|key| !REPLACED.contains(&key.as_str())) {
            let help = suggest(unknown, &REPLACED);
            return Err(self.complaint(format!("a replace changes no `{unknown}`; {help}")));
        }
        if map.is_empty() {
            return Err(self.complaint("there is nothing to change in an empty map".to_owned()));
        }
        let side = order.side();
        let quantity = map.get("quantity").map(|it| self.quantity("quantity", it)).transpose()?;
        let price = map.get("price").map(|it| self.replaced_price(order, it)).transpose()?;
        let trigger = map.get("trigger").map(|it| self.trigger("trigger", side, it)).transpose()?;
        let distance = map.get("distance").map(|it| self.trailing_distance(it)).transpose()?;
        let until = map.get("good_for").map(|span| self.until(span)).transpose()?;
        let word = map.get("time_in_force").map(|word| text(self.function, "time in force", word));
        let time_in_force = match word.transpose()? {
            Some(word) => Some(self.time_in_force(&word, until)?),
            None => until.map(TimeInForce::Gtd),
        };
        Ok(Replacement { price, quantity, trigger, distance, time_in_force })
    }

    /// Reads the price of a replace: a limit, or the trigger of a stop without.
    pub(crate) fn replaced_price(&self, order: &OrderHandle, price: &Dynamic) -> ScriptResult<Price> {
        match order.kind() {
            OrderKind::Stop { .. } => self.trigger("trigger", order.side(), price),
            _ => self.limit("price", order.side(), price),
        }
    }

    /// Makes an error of this function.
    pub(crate) fn complaint(&self, message: String) -> Box<rhai::EvalAltResult> {
        format!("{}: {message}", self.function).into()
    }
}
