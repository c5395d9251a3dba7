//! A replay of trades and quotes: not an actor, but the market of a listing.

use std::sync::Arc;

use crate::fill_rules::{
    HALF_SPREAD, ON_SHORT_CASH, PARTICIPATION, SLIPPAGE_BPS, SLIPPAGE_IMPACT, SLIPPAGE_TICKS, fill_rules,
    site_errors,
};
use crate::kind::{
    AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, RetiredParam, Shared,
};
use bearpit_core::account::Credit;
use bearpit_core::market::{Instrument, Quote, QuoteLevel};
use bearpit_core::params::{
    Choice, DurationRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::AnyTrader;
use bearpit_core::process::{
    BAR_HEADER, BAR_ON_BAD_ROW, BAR_ORDER, BAR_SEPARATOR, BAR_TIME_FORMAT, BAR_ZONE, HistoricalTick,
    HistoricalTickKind, TICK_COLUMNS, TICK_DATA,
};
use bearpit_core::replay::{KnownSizes, QuoteTick, TickConfig, TradeTick};
use bearpit_core::units::{Price, Quantity, SimDuration, SimTime};

const NOT_BARS: &str = "trades and quotes have no bars: leave it out";

const fn retired(name: &'static str, help: &'static str) -> RetiredParam {
    RetiredParam { name, help, is_error: true }
}

/// The kind `ticks`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "ticks",
    doc: "Replays historical trades, quotes, or both in the place of a book: market orders take the quote's other side up \
          to its size, or the next trade where the file has no quotes; limits fill when quote or trades reach them. \
          [backtesting.md](backtesting.md#trades-and-quotes) has the rules, with these keys. It is no participant: it has \
          no account, no latency and no rows of its own. It trades from its first row to its last, so the venue must not \
          have any sessions.",
    params: &PARAMS,
    retired: &[
        retired("bar_open", NOT_BARS),
        retired("bar_length", NOT_BARS),
        retired("auction", NOT_BARS),
        retired("path", NOT_BARS),
        retired("fill", NOT_BARS),
        retired("intrabar_feed", "quotes and trades of a file are always published: leave it out"),
        retired("warmup", "rows before `start` set the first quote: leave it out, or let `start` be earlier"),
    ],
    account: AccountDefaults { credit: Credit::Unlimited, is_tracked: false },
    listing: ListingChoice::Only,
    is_exclusive: true,
    configure,
};

const PARAMS: [ParamSpec; 17] = [
    TICK_DATA,
    HALF_SPREAD.meaning("what market orders and stops pay where there are no quotes; those have their spread in them"),
    SLIPPAGE_TICKS,
    SLIPPAGE_BPS,
    SLIPPAGE_IMPACT.meaning("this times the price times the square root of the fill's share of the row's quantity is what they pay besides"),
    PARTICIPATION.meaning("the share of a trade's quantity, or of a quote's size, that one participant can have"),
    ParamSpec::new(
        "touch",
        ParamType::Choice(&[
            Choice { name: "fill", doc: "at its price" },
            Choice { name: "through", doc: "one tick beyond" },
        ]),
        ParamDefault::Choice("fill"),
        "where a trade must be for a limit order to fill; a quote's other side is enough at its price",
    ),
    ON_SHORT_CASH,
    ParamSpec::new(
        "at_end",
        ParamType::Choice(&[
            Choice { name: "keep", doc: "they stay, marked as they were last" },
            Choice { name: "close", doc: "they are closed at the last quote, or else at the last trade" },
        ]),
        ParamDefault::Choice("keep"),
        "what happens to positions after the last row",
    ),
    ParamSpec::new(
        "day_begins",
        ParamType::Duration(DurationRange::AnyLength),
        ParamDefault::Duration(SimDuration::ZERO),
        "when a day begins, after midnight, to which `DAY`, `AT_OPEN` and `AT_CLOSE` refer",
    ),
    TICK_COLUMNS,
    BAR_SEPARATOR,
    BAR_TIME_FORMAT,
    BAR_ZONE,
    BAR_HEADER,
    BAR_ORDER,
    BAR_ON_BAD_ROW,
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let rows: Arc<[HistoricalTick]> = values.content("data")?;
    let mut errors = site_errors(site);
    let day_begins: SimDuration = values.get("day_begins")?;
    let rules = fill_rules(values).map_err(|error| errors.push(error));
    let ticks = Ticks::of_rows(&rows, site).map_err(|error| errors.push(error));
    match (rules, ticks) {
        (Ok(rules), Ok(Ticks { trades, quotes, known })) if errors.is_empty() => {
            Ok(Arc::new(TickReplay(TickConfig {
                trades: trades.into(),
                quotes: quotes.into(),
                known,
                min_price: site.instrument.min_price(),
                day_begins,
                rules,
            })))
        }
        _ => Err(ParamErrors::check(errors).err().unwrap_or_else(|| no_rows().into())),
    }
}

fn no_rows() -> ParamError {
    ParamError::invalid("data", "`data` has no rows; at least one is needed")
}

/// The rows of files on an instrument's ticks and lots.
struct Ticks {
    trades: Vec<TradeTick>,
    quotes: Vec<QuoteTick>,
    known: KnownSizes,
}

impl Ticks {
    fn of_rows(rows: &[HistoricalTick], site: &AgentSite<'_>) -> Result<Self, ParamError> {
        let known = known_sizes(rows);
        let (mut trades, mut quotes) = (Vec::new(), Vec::new());
        for HistoricalTick { time, kind } in rows {
            let grid = Grid { instrument: site.instrument, time: *time };
            match *kind {
                HistoricalTickKind::Trade { price, quantity } => {
                    let quantity = grid.quantity(quantity.filter(|_| known.trades))?;
                    let quantity = quantity.unwrap_or(Quantity::ZERO);
                    trades.push(TradeTick { time: *time, price: grid.price(price)?, quantity });
                }
                HistoricalTickKind::Quote { bid, bid_size, ask, ask_size } => {
                    let bid = grid.level(bid, known.bids.then_some(bid_size))?;
                    let ask = grid.level(ask, known.asks.then_some(ask_size))?;
                    quotes.push(QuoteTick::new(*time, &Quote { bid, ask }));
                }
            }
        }
        let ordered = trades.is_sorted_by_key(|row| row.time) && quotes.is_sorted_by_key(QuoteTick::time);
        if !ordered {
            return Err(ParamError::invalid("data", "the rows of `data` are not in order of time"));
        }
        check_span(rows, site)?;
        Ok(Self { trades, quotes, known })
    }
}

/// Returns which quantities are known: those of which not all are absent or zero.
fn known_sizes(rows: &[HistoricalTick]) -> KnownSizes {
    let is_some = |size: Option<f64>| size.is_some_and(|size| size > 0.0);
    let mut known = KnownSizes { trades: false, bids: false, asks: false };
    for row in rows {
        match row.kind {
            HistoricalTickKind::Trade { quantity, .. } => known.trades |= is_some(quantity),
            HistoricalTickKind::Quote { bid_size, ask_size, .. } => {
                known.bids |= is_some(bid_size);
                known.asks |= is_some(ask_size);
            }
        }
    }
    known
}

/// Checks that the scenario has some of the rows.
fn check_span(rows: &[HistoricalTick], site: &AgentSite<'_>) -> Result<(), ParamError> {
    let times = || rows.iter().map(|row| row.time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Err(no_rows()) };
    match site.span {
        Some(span) if !times().any(|time| span.start <= time && time < span.end) => {
            let message = format!(
                "no row of `data` lies between `start` {} and `end` {}: its rows are from {first} to {last}",
                span.start, span.end
            );
            Err(ParamError::invalid("data", message))
        }
        _ => Ok(()),
    }
}

/// An instrument's ticks and lots, for the row of a time.
struct Grid<'a> {
    instrument: &'a Instrument,
    time: SimTime,
}

impl Grid<'_> {
    fn price(&self, value: f64) -> Result<Price, ParamError> {
        let price = self.instrument.nearest_price(value).filter(|price| self.instrument.allows(*price));
        price.ok_or_else(|| {
            let message = format!("the price {value} of {} is none that the instrument can have", self.time);
            ParamError::invalid("data", message)
        })
    }

    /// Returns a quantity in whole lots.
    fn quantity(&self, value: Option<f64>) -> Result<Option<Quantity>, ParamError> {
        let Some(value) = value else { return Ok(None) };
        let lots = self.instrument.whole_lots_within(value);
        if lots.is_zero() && self.instrument.quantity_f64(Quantity::new(1)) <= value {
            let message = format!("the quantity {value} of {} is above 2^40 lots", self.time);
            return Err(ParamError::invalid("data", message));
        }
        Ok(Some(lots))
    }

    /// Returns a side of a quote; `size` is `None` if sizes are not known, and is one that is absent in a row
    /// without it. A side without price or size is absent.
    fn level(&self, price: Option<f64>, size: Option<Option<f64>>) -> Result<Option<QuoteLevel>, ParamError> {
        let Some(price) = price else { return Ok(None) };
        let price = self.price(price)?;
        let Some(size) = size else { return Ok(Some(QuoteLevel::of_unknown_size(price))) };
        let size = self.quantity(size)?.unwrap_or(Quantity::ZERO);
        Ok((!size.is_zero()).then_some(QuoteLevel { price, size }))
    }
}

/// A replay of trades and quotes as it was configured.
#[derive(Debug, Clone, PartialEq)]
pub struct TickReplay(pub TickConfig);

impl ConfiguredAgent for TickReplay {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        None
    }

    fn tick_replay(&self) -> Option<&TickConfig> {
        Some(&self.0)
    }
}
