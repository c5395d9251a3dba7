//! The functions that trade.

use std::rc::Rc;

use rhai::{Dynamic, ImmutableString};

use crate::script::api::market_handle::MarketHandle;
use crate::script::api::order_options::OrderArguments;
use crate::script::api::registry::Registry;
use crate::script::host::{Host, SharedHost};
use crate::script::value::arguments::{ScriptResult, described, number, text};
use crate::script::value::listing::ListingInfo;
use crate::script::value::order_handle::{OrderHandle, OrderReason};
use bearpit_core::market::{Link, OrderKind, OrderTerms, Peg, Refusal, Side, StopLoss};
use bearpit_core::participant::CancelScope;
use bearpit_core::units::{ListingId, Quantity, suggest};

/// Makes the terms of an order from the arguments after the quantity, without the options.
type MakeOrder = fn(&OrderArguments<'_>, Side, Quantity, &[Dynamic]) -> ScriptResult<OrderTerms>;

/// A pair of functions that enter orders.
struct OrderFunctions {
    names: [&'static str; 2],
    signature: &'static str,
    about: [&'static str; 2],
    examples: [&'static str; 2],
    /// The number of arguments without the options.
    arguments: usize,
    make: MakeOrder,
}

const ENTRIES: [OrderFunctions; 10] = [
    OrderFunctions {
        names: ["buy", "sell"],
        signature: "(quantity: number, options?: text | map) -> Order",
        about: ["Buys at the market.", "Sells at the market."],
        examples: ["buy(10)", "sell(10, \"AT_CLOSE\")"],
        arguments: 1,
        make: |_, side, quantity, _| Ok(OrderTerms::market(side, quantity)),
    },
    OrderFunctions {
        names: ["buy_limit", "sell_limit"],
        signature: "(quantity: number, price: number, options?: text | map) -> Order",
        about: [
            "Buys at the price or better; off tick, it is rounded down.",
            "Sells at the price or better; off tick, it is rounded up.",
        ],
        examples: ["buy_limit(10, 99.5, #{ post_only: true })", "sell_limit(10, 101, \"IOC\")"],
        arguments: 2,
        make: |reader, side, quantity, rest| {
            Ok(OrderTerms::limit(side, quantity, reader.limit("price", side, &rest[0])?))
        },
    },
    OrderFunctions {
        names: ["buy_stop", "sell_stop"],
        signature: "(quantity: number, trigger: number, options?: text | map) -> Order",
        about: [
            "Buys at the market once a trade is at the trigger or above.",
            "Sells at the market once a trade is at the trigger or below.",
        ],
        examples: ["buy_stop(10, 105)", "sell_stop(10, 95)"],
        arguments: 2,
        make: |reader, side, quantity, rest| {
            let trigger = reader.trigger("trigger", side, &rest[0])?;
            Ok(OrderTerms::new(side, quantity, OrderKind::Stop { trigger, protection: None }))
        },
    },
    OrderFunctions {
        names: ["buy_stop_limit", "sell_stop_limit"],
        signature: "(quantity: number, trigger: number, limit: number, options?: text | map) -> Order",
        about: [
            "Enters a limit order to buy once a trade is at the trigger or above.",
            "Enters a limit order to sell once a trade is at the trigger or below.",
        ],
        examples: ["buy_stop_limit(10, 105, 106)", "sell_stop_limit(10, 95, 94)"],
        arguments: 3,
        make: |reader, side, quantity, rest| {
            let trigger = reader.trigger("trigger", side, &rest[0])?;
            let limit = reader.limit("limit", side, &rest[1])?;
            Ok(OrderTerms::new(side, quantity, OrderKind::StopLimit { trigger, limit }))
        },
    },
    OrderFunctions {
        names: ["buy_trailing_stop", "sell_trailing_stop"],
        signature: "(quantity: number, distance: number | Percent, options?: text | map) -> Order",
        about: [
            "A stop whose trigger stays that far above the lowest trade since its entry: a price difference, or a percentage.",
            "A stop whose trigger stays that far below the highest trade since its entry: a price difference, or a percentage.",
        ],
        examples: ["buy_trailing_stop(10, 0.5)", "sell_trailing_stop(10, percent(5))"],
        arguments: 2,
        make: |reader, side, quantity, rest| {
            let distance = reader.trailing_distance(&rest[0])?;
            Ok(OrderTerms::new(side, quantity, OrderKind::TrailingStop { distance, protection: None }))
        },
    },
    OrderFunctions {
        names: ["buy_iceberg", "sell_iceberg"],
        signature: "(quantity: number, price: number, display: number, options?: text | map) -> Order",
        about: [
            "A limit order to buy of which others see no more than `display` at a time.",
            "A limit order to sell of which others see no more than `display` at a time.",
        ],
        examples: ["buy_iceberg(100, 99.5, 10)", "sell_iceberg(10, 101, 5)"],
        arguments: 3,
        make: |reader, side, quantity, rest| {
            let terms = OrderTerms::limit(side, quantity, reader.limit("price", side, &rest[0])?);
            Ok(OrderTerms { display: Some(reader.quantity("display", &rest[1])?), ..terms })
        },
    },
    OrderFunctions {
        names: ["buy_pegged", "sell_pegged"],
        signature: "(quantity: number, to: text, offset: number, options?: text | map) -> Order",
        about: [
            "A limit order that stays `offset` below the `mid` or the best bid (`touch`); needs the option `limit`.",
            "A limit order that stays `offset` above the `mid` or the best ask (`touch`).",
        ],
        examples: ["buy_pegged(10, \"touch\", 0.02, #{ limit: 100 })", "sell_pegged(10, \"mid\", 0.05)"],
        arguments: 3,
        make: pegged,
    },
    OrderFunctions {
        names: ["buy_market_to_limit", "sell_market_to_limit"],
        signature: "(quantity: number, options?: text | map) -> Order",
        about: [
            "Buys at the best ask; what is left rests as a limit order at that price.",
            "Sells at the best bid; what is left rests as a limit order at that price.",
        ],
        examples: ["buy_market_to_limit(10)", "sell_market_to_limit(10)"],
        arguments: 1,
        make: |_, side, quantity, _| {
            Ok(OrderTerms::new(side, quantity, OrderKind::MarketToLimit { protection: None }))
        },
    },
    OrderFunctions {
        names: ["buy_bracket", "sell_bracket"],
        signature: "(quantity: number, price: number | (), stop_loss: number, take_profit: number, options?: text | map) -> Order",
        about: [
            "Buys at the price or better (at the market where it is `()`), then sells at the one exit or the other.",
            "Sells at the price or better (at the market where it is `()`), then buys at the one exit or the other.",
        ],
        examples: ["buy_bracket(10, 99.5, 98, 103)", "sell_bracket(10, (), 102, 97)"],
        arguments: 4,
        make: |reader, side, quantity, rest| {
            let terms = if rest[0].is_unit() {
                OrderTerms::market(side, quantity)
            } else {
                OrderTerms::limit(side, quantity, reader.limit("price", side, &rest[0])?)
            };
            Ok(OrderTerms { link: reader.bracket(side, Some(&rest[1]), Some(&rest[2]))?, ..terms })
        },
    },
    OrderFunctions {
        names: ["buy_pair", "sell_pair"],
        signature: "(quantity: number, price: number, stop: number, options?: text | map) -> Order",
        about: [
            "Buys at the price or better, or at the market once a trade is at the stop or above: two orders at once, of which one cancels the other.",
            "Sells at the price or better, or at the market once a trade is at the stop or below: two orders at once, of which one cancels the other.",
        ],
        examples: ["buy_pair(10, 97, 102)", "sell_pair(10, 103, 98)"],
        arguments: 3,
        make: |reader, side, quantity, rest| {
            let terms = OrderTerms::limit(side, quantity, reader.limit("price", side, &rest[0])?);
            let stop = StopLoss::at(reader.trigger("stop", side, &rest[1])?);
            Ok(OrderTerms { link: Link::Pair(stop), ..terms })
        },
    },
];

fn pegged(
    reader: &OrderArguments<'_>,
    side: Side,
    quantity: Quantity,
    rest: &[Dynamic],
) -> ScriptResult<OrderTerms> {
    const PEGS: [(&str, Peg); 2] = [("mid", Peg::Mid), ("touch", Peg::Touch)];
    let word = text(reader.function, "price to follow", &rest[0])?;
    let to = PEGS.iter().find(|(name, _)| *name == word).map(|(_, peg)| *peg).ok_or_else(|| {
        reader.complaint(format!("`{word}` is nothing to follow; {}", suggest(&word, &["mid", "touch"])))
    })?;
    let offset = i32::try_from(reader.ticks("offset", &rest[1])?)
        .map_err(|_| reader.complaint("the offset is too large".to_owned()))?;
    Ok(OrderTerms::new(side, quantity, OrderKind::Pegged { to, offset, limit: None }))
}

/// Registers the functions that enter, change and cancel orders.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
    api.group("Orders");
    for entry in &ENTRIES {
        for (index, side) in [Side::Buy, Side::Sell].into_iter().enumerate() {
            let (name, arguments, make) = (entry.names[index], entry.arguments, entry.make);
            api.function(name, entry.signature, entry.about[index], entry.examples[index]).at_market(
                &[arguments, arguments + 1],
                move |market, given| {
                    let (required, options) = given.split_at(arguments);
                    let call =
                        EntryCall { function: name, side, arguments: required, options: options.first() };
                    enter(market, make, call)
                },
            );
        }
    }
    by_value(api);
    targets(api);
    changes(api, host);
}

/// A call of a function that enters an order.
struct EntryCall<'a> {
    function: &'a str,
    side: Side,
    /// All arguments but the options.
    arguments: &'a [Dynamic],
    options: Option<&'a Dynamic>,
}

/// Enters an order; returns its handle even if the account gate refuses it.
fn enter(market: &MarketHandle, make: MakeOrder, call: EntryCall<'_>) -> ScriptResult<OrderHandle> {
    let EntryCall { function, side, arguments, options } = call;
    let (mut host, listing) = market.open(function)?;
    host.count_command(function)?;
    let reader = OrderArguments { function, listing: &listing, now: host.ctx.now() };
    let quantity = reader.quantity("quantity", &arguments[0])?;
    let terms = make(&reader, side, quantity, &arguments[1..])?;
    if options.is_some_and(names_refused) {
        return Ok(host.refuse(&listing, &terms, OrderReason::Unfit("the order named by `oco` was refused")));
    }
    let terms = reader.with_options(terms, options)?;
    Ok(host.submit(&listing, terms))
}

/// Returns whether the options link the order to one that was refused.
fn names_refused(options: &Dynamic) -> bool {
    let Ok(map) = options.as_map_ref() else { return false };
    let other = map.get("oco").and_then(|other| other.read_lock::<OrderHandle>().map(|order| order.id()));
    other == Some(None)
}

impl Host {
    /// Submits an order, and stores its handle and those of its exits.
    pub(crate) fn submit(&mut self, listing: &Rc<ListingInfo>, terms: OrderTerms) -> OrderHandle {
        match self.ctx.submit(listing.id, terms) {
            Ok(id) => {
                let order = OrderHandle::sent(id, Rc::clone(listing), &terms);
                self.orders.insert(id, order.clone());
                for exit in terms.exit_ids(id).iter() {
                    let open = self.ctx.account().and_then(|account| account.order(exit));
                    let handle = open.map(|open| OrderHandle::exit(Rc::clone(listing), &open));
                    self.orders.extend(handle.map(|handle| (exit, handle)));
                }
                order
            }
            Err(refusal) => self.refuse(listing, &terms, OrderReason::Refused(refusal)),
        }
    }

    fn refuse(&mut self, listing: &Rc<ListingInfo>, terms: &OrderTerms, reason: OrderReason) -> OrderHandle {
        let order = OrderHandle::refused(Rc::clone(listing), terms, reason);
        self.refused.push((order.clone(), reason));
        order
    }
}

fn by_value(api: &mut Registry<'_>) {
    const SIGNATURE: &str = "(cash: number, options?: text | map) -> Order";
    let entries = [
        (
            "buy_value",
            Side::Buy,
            "Buys at the market for so much cash at the best ask (or else the last price), rounded down to lots.",
            "buy_value(1000)",
        ),
        (
            "sell_value",
            Side::Sell,
            "Sells at the market for so much cash at the best bid (or else the last price), rounded down to lots.",
            "sell_value(1000, \"IOC\")",
        ),
    ];
    for (name, side, about, example) in entries {
        api.function(name, SIGNATURE, about, example).at_market(&[1, 2], move |market, arguments| {
            let cash = number(name, "cash", &arguments[0])?;
            order_value(market, name, side, cash, arguments.get(1))
        });
    }
}

/// Sends a market order for as many lots as an amount of cash is worth, fees apart.
fn order_value(
    market: &MarketHandle,
    function: &str,
    side: Side,
    cash: f64,
    options: Option<&Dynamic>,
) -> ScriptResult<OrderHandle> {
    if cash.is_nan() || cash <= 0.0 {
        return Err(format!("{function}: a cash of {cash} is not allowed; it must be above 0").into());
    }
    let (view, _) = market.view(function)?;
    let touch = if side == Side::Buy { view.quote.ask } else { view.quote.bid };
    let price = touch.map(|level| level.price).or(view.last_trade.map(|(price, _)| price));
    let (mut host, listing) = market.open(function)?;
    host.count_command(function)?;
    let refuse = |host: &mut Host, why| {
        let terms = OrderTerms::market(side, Quantity::ZERO);
        Ok(host.refuse(&listing, &terms, OrderReason::Unfit(why)))
    };
    let lot = price.map(|price| listing.instrument.notional(price, Quantity::new(1)).to_f64());
    let Some(lot) = lot.filter(|lot| *lot > 0.0) else {
        return refuse(&mut host, "no price has been seen yet, so an amount of cash is no quantity");
    };
    let quantity = cash / lot * listing.quantity(Quantity::new(1));
    let lots = listing.instrument.whole_lots_within(quantity);
    if lots.is_zero() {
        return refuse(&mut host, "the cash is not worth one lot");
    }
    let reader = OrderArguments { function, listing: &listing, now: host.ctx.now() };
    let terms = reader.with_options(OrderTerms::market(side, lots), options)?;
    Ok(host.submit(&listing, terms))
}

fn targets(api: &mut Registry<'_>) {
    api.function(
        "order_target",
        "(quantity: number, options?: text | map) -> Order | ()",
        "Buys or sells at the market the difference between target and position; `()` if there is none.",
        "order_target(10)",
    )
    .at_market(&[1, 2], |market, arguments| {
        let target = number("order_target", "quantity", &arguments[0])?;
        order_target(market, "order_target", target, arguments.get(1))
    });
    api.function(
        "order_target_percent",
        "(share: number, options?: text | map) -> Order | ()",
        "As `order_target`, for a share of equity (0.5 is half of it) at the mid, rounded toward zero to lots.",
        "order_target_percent(0.1)",
    )
    .at_market(&[1, 2], |market, arguments| {
        const NAME: &str = "order_target_percent";
        let share = number(NAME, "share", &arguments[0])?;
        let Some(price) = market.mark(NAME)? else {
            let (mut host, listing) = market.open(NAME)?;
            host.count_command(NAME)?;
            let terms = OrderTerms::market(Side::Buy, Quantity::ZERO);
            let reason = OrderReason::Unfit("no price has been seen yet, so a share of equity is no quantity");
            return Ok(Dynamic::from(host.refuse(&listing, &terms, reason)));
        };
        let (host, listing) = market.open(NAME)?;
        let equity = host.ctx.equity().map_or(0.0, bearpit_core::units::Money::to_f64);
        drop(host);
        let wanted = share * equity / price;
        let lots = listing.instrument.whole_lots_within(wanted.abs());
        order_target(market, NAME, listing.quantity(lots).copysign(wanted), arguments.get(1))
    });
    api.function(
        "close",
        "(options?: text | map) -> Order | ()",
        "Closes the position at the market: `order_target(0)`.",
        "close()",
    )
    .at_market(&[0, 1], |market, arguments| order_target(market, "close", 0.0, arguments.first()));
}

/// Sends an order for the difference between the position and a target.
///
/// The open quantity of earlier target orders counts as traded. Otherwise a target that is set twice before
/// the first order's report arrives would be bought twice.
fn order_target(
    market: &MarketHandle,
    function: &str,
    target: f64,
    options: Option<&Dynamic>,
) -> ScriptResult<Dynamic> {
    let (mut host, listing) = market.open(function)?;
    host.count_command(function)?;
    let reader = OrderArguments { function, listing: &listing, now: host.ctx.now() };
    let lots = if target == 0.0 {
        0
    } else {
        reader.quantity("target", &target.abs().into())?.net().lots() * if target < 0.0 { -1 } else { 1 }
    };
    let held = host.ctx.account().map_or(0, |account| account.holding(listing.instrument_id).lots());
    let sent = host.targets.entry(listing.id).or_default();
    sent.retain(OrderHandle::is_open);
    let coming: i64 = sent.iter().map(|order| order.side().sign() * order.leaves().net().lots()).sum();
    let missing = lots - held - coming;
    if missing == 0 {
        return Ok(Dynamic::UNIT);
    }
    let side = if missing > 0 { Side::Buy } else { Side::Sell };
    let terms = OrderTerms::market(side, Quantity::new(missing.unsigned_abs()));
    let order = host.submit(&listing, reader.with_options(terms, options)?);
    if order.is_open() {
        host.targets.entry(listing.id).or_default().push(order.clone());
    }
    Ok(Dynamic::from(order))
}

fn changes(api: &mut Registry<'_>, host: &SharedHost) {
    let shared = Rc::clone(host);
    api.function(
        "cancel",
        "(order: Order) -> bool",
        "Requests a cancel from the venue; false if the order is done already. Also as `order.cancel()`.",
        "cancel(buy_limit(10, 99.5))",
    )
    .form(move |order: Dynamic| cancel(&shared, &order));
    let (shared, again) = (Rc::clone(host), Rc::clone(host));
    api.function(
        "replace",
        "(order: Order, quantity: number | map, price?: number) -> bool",
        "Requests another total quantity and price (a stop's trigger), or what a map says; a pure decrease, or \
         another time in force, keeps its queue position. Also as `order.replace(quantity, price)`.",
        "replace(buy_limit(10, 99.5), 5, 99.6)",
    )
    .form(move |order: Dynamic, quantity: Dynamic, price: Dynamic| {
        replace(&shared, &order, &quantity, &price)
    })
    .form(move |order: Dynamic, what: Dynamic| replace_by(&again, &order, &what));
    api.function(
        "cancel_all",
        "(which?: text) -> ()",
        "Cancels all open orders; on a market, those there. No order is left working, brackets' exits included; \
         with `\"entries\"`, brackets' exits and reduce-only orders stay.",
        "cancel_all()",
    )
    .at_market(&[0, 1], |market, arguments| {
        market.host().count_command("cancel_all")?;
        let scope = arguments.first().map_or(Ok(CancelScope::All), cancel_scope)?;
        if !market.is_named() {
            market.host().cancel_all(scope, None);
            return Ok(());
        }
        let (mut host, listing) = market.open("cancel_all")?;
        host.cancel_all(scope, Some(listing.id));
        Ok(())
    });
}

/// Reads which orders `cancel_all` concerns.
fn cancel_scope(which: &Dynamic) -> ScriptResult<CancelScope> {
    if which.read_lock::<ImmutableString>().is_some_and(|which| which.as_str() == "entries") {
        return Ok(CancelScope::Entries);
    }
    let given = described(which);
    Err(format!("cancel_all: what to cancel can only be \"entries\", or nothing for all, but is {given}")
        .into())
}

impl Host {
    /// Returns whether a request about an order was sent, and records a refusal for `on_order`.
    fn settle(&mut self, order: OrderHandle, left: Result<(), Refusal>) -> bool {
        let refusal = left.err();
        if refusal.is_none() {
            self.note_request(&order);
        }
        self.refused.extend(refusal.map(|refusal| (order, OrderReason::Refused(refusal))));
        refusal.is_none()
    }

    /// Notes that a request about an order is on its way.
    fn note_request(&mut self, order: &OrderHandle) {
        if let Some(id) = order.id() {
            self.trader.requests.entry(id).or_insert_with(|| (order.clone(), 0)).1 += 1;
        }
    }

    /// Cancels the strategy's open orders, or those at a listing.
    fn cancel_all(&mut self, scope: CancelScope, at: Option<ListingId>) {
        for id in self.ctx.cancel_all(scope, at) {
            if let Some(order) = self.trader.orders.get(&id).cloned() {
                self.note_request(&order);
            }
        }
    }
}

/// Reads an argument that must be an order.
fn handle(function: &str, value: &Dynamic) -> ScriptResult<OrderHandle> {
    value.read_lock::<OrderHandle>().map(|order| order.clone()).ok_or_else(|| {
        format!(
            "{function}: the order must be what buy_limit and its kin return, but is {}",
            described(value)
        )
        .into()
    })
}

fn cancel(host: &SharedHost, order: &Dynamic) -> ScriptResult<bool> {
    let order = handle("cancel", order)?;
    let mut host = host.borrow_mut();
    host.count_command("cancel")?;
    let Some(id) = order.id() else { return Ok(false) };
    let canceled = host.ctx.cancel(id);
    Ok(host.settle(order, canceled))
}

fn replace(host: &SharedHost, order: &Dynamic, quantity: &Dynamic, price: &Dynamic) -> ScriptResult<bool> {
    let order = handle("replace", order)?;
    let mut host = host.borrow_mut();
    host.count_command("replace")?;
    let reader = OrderArguments { function: "replace", listing: order.listing(), now: host.ctx.now() };
    let quantity = reader.quantity("quantity", quantity)?;
    let price = reader.replaced_price(&order, price)?;
    let Some(id) = order.id() else { return Ok(false) };
    let replaced = host.ctx.replace(id, price, quantity);
    Ok(host.settle(order, replaced))
}

fn replace_by(host: &SharedHost, order: &Dynamic, what: &Dynamic) -> ScriptResult<bool> {
    let order = handle("replace", order)?;
    let mut host = host.borrow_mut();
    host.count_command("replace")?;
    let reader = OrderArguments { function: "replace", listing: order.listing(), now: host.ctx.now() };
    let Ok(map) = what.as_map_ref() else {
        let message = format!(
            "without a price, what is to change is a map such as #{{ distance: 0.5 }}, but this is {}",
            described(what)
        );
        return Err(reader.complaint(message));
    };
    let new = reader.replacement(&order, &map)?;
    let Some(id) = order.id() else { return Ok(false) };
    let replaced = host.ctx.replace_terms(id, new);
    Ok(host.settle(order, replaced))
}
