//! Replay of historical trades or quotes as the value of an instrument.

use std::sync::Arc;

use super::bar_file::{BAR_HEADER, BAR_ON_BAD_ROW, BAR_ORDER, BAR_SEPARATOR, BAR_TIME_FORMAT, BAR_ZONE};
use super::history::{HistoricalTick, HistoricalTickKind};
use super::kind::{Prepared, ProcessKind, STEP};
use super::tick_file::{TICK_COLUMNS, TICK_DATA};
use super::value::PriceProcess;
use crate::kernel::Stream;
use crate::params::{Choice, ParamDefault, ParamError, ParamSpec, ParamType};
use crate::units::{SimDuration, SimTime};

const PRICE: ParamSpec = ParamSpec::new(
    "price",
    ParamType::Choice(&[
        Choice { name: "mid", doc: "halfway between bid and ask, where a quote has both" },
        Choice { name: "trade", doc: "the price of the last trade" },
    ]),
    ParamDefault::Derived("`\"mid\"` where there are quotes, else `\"trade\"`"),
    "what the value is",
);

/// The kind `ticks`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "ticks",
    doc: "The path of historical trades or quotes: the value is the last price, or the last mid, at or before each step; \
          before the first row it is that of the first row.",
    params: &[
        TICK_DATA,
        PRICE,
        STEP,
        TICK_COLUMNS,
        BAR_SEPARATOR,
        BAR_TIME_FORMAT,
        BAR_ZONE,
        BAR_HEADER,
        BAR_ORDER,
        BAR_ON_BAD_ROW,
    ],
    configure: |values, _| {
        let ticks: Arc<[HistoricalTick]> = values.content("data")?;
        let has_quotes = ticks.iter().any(|tick| matches!(tick.kind, HistoricalTickKind::Quote { .. }));
        let default = if has_quotes { "mid" } else { "trade" };
        let price = values.given::<String>("price")?.unwrap_or_else(|| default.to_owned());
        let source = if price == "mid" { TickPrice::Mid } else { TickPrice::Trade };
        let (process, initial) = TickReplay::new(&ticks, source).ok_or_else(|| {
            let what = if source == TickPrice::Mid { "quote with a bid and an ask" } else { "trade" };
            ParamError::invalid("data", format!("`data` has no {what}; `price = \"{price}\"` needs one"))
        })?;
        Ok(Arc::new(Prepared::new(process, initial, values.get("step")?)))
    },
};

/// What a [`TickReplay`] takes from rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TickPrice {
    /// Halfway between bid and ask.
    Mid,
    /// The price of a trade.
    Trade,
}

/// The path of historical trades or quotes: the last price at or before each step.
#[derive(Debug, Clone)]
pub struct TickReplay {
    prices: Arc<[(SimTime, f64)]>,
    next: usize,
    current: f64,
}

impl TickReplay {
    /// Makes a replay of `ticks`, and returns it with the first price; rows need not be in order of time, as
    /// those of two files are not.
    ///
    /// Returns `None` if no row has such a price.
    #[must_use]
    pub fn new(ticks: &[HistoricalTick], source: TickPrice) -> Option<(Self, f64)> {
        let price = |tick: &HistoricalTick| match (source, tick.kind) {
            (TickPrice::Mid, HistoricalTickKind::Quote { bid: Some(bid), ask: Some(ask), .. }) => {
                Some((tick.time, (bid + ask) / 2.0))
            }
            (TickPrice::Trade, HistoricalTickKind::Trade { price, .. }) => Some((tick.time, price)),
            _ => None,
        };
        let mut prices: Vec<(SimTime, f64)> = ticks.iter().filter_map(price).collect();
        prices.sort_by_key(|(time, _)| *time);
        let first = prices.first()?.1;
        Some((Self { prices: prices.into(), next: 0, current: first }, first))
    }
}

impl PriceProcess for TickReplay {
    fn step(&mut self, to: SimTime, _span: SimDuration, _rng: &mut Stream) -> f64 {
        while let Some((_, price)) = self.prices.get(self.next).filter(|(time, _)| *time <= to) {
            self.current = *price;
            self.next += 1;
        }
        self.current
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream;
    use crate::params::{FileContent, Values};
    use crate::process::ProcessSite;
    use crate::units::Seed;

    fn at(nanos: i64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    fn rows() -> Arc<[HistoricalTick]> {
        let trade = |nanos, price| HistoricalTick {
            time: at(nanos),
            kind: HistoricalTickKind::Trade { price, quantity: None },
        };
        let quote = |nanos, bid, ask| HistoricalTick {
            time: at(nanos),
            kind: HistoricalTickKind::Quote { bid, bid_size: None, ask, ask_size: None },
        };
        // Two files, one after the other.
        [
            trade(10, 5.0),
            trade(20, 6.0),
            trade(20, 7.0),
            quote(5, Some(4.0), Some(5.0)),
            quote(15, None, Some(9.0)),
            quote(25, Some(6.0), Some(7.0)),
        ]
        .into()
    }

    fn path(source: TickPrice) -> Vec<u64> {
        let (mut replay, _) = TickReplay::new(&rows(), source).unwrap();
        let mut rng = stream(Seed::new(1), "ticks");
        let mut price = |nanos| replay.step(at(nanos), SimDuration::ZERO, &mut rng).to_bits();
        [1, 9, 10, 19, 20, 24, 25, 99].map(&mut price).into()
    }

    #[test]
    fn the_value_is_the_last_price_of_its_kind() {
        assert_eq!(path(TickPrice::Trade), [5.0, 5.0, 5.0, 5.0, 7.0, 7.0, 7.0, 7.0].map(f64::to_bits));
        assert_eq!(path(TickPrice::Mid), [4.5, 4.5, 4.5, 4.5, 4.5, 4.5, 6.5, 6.5].map(f64::to_bits));
    }

    #[test]
    fn the_kind_takes_quotes_where_there_are_any_and_needs_a_price() {
        let configure = |rows: Arc<[HistoricalTick]>, price: Option<&str>| {
            let values = Values::new().with("data", FileContent::new("t.csv", rows));
            let values = price.into_iter().fold(values, |values, price| values.with("price", price));
            (KIND.configure)(&values.complete(KIND.params)?, &ProcessSite::default())
        };
        assert!((configure(rows(), None).unwrap().initial() - 4.5).abs() < 1e-12);
        assert!((configure(rows(), Some("trade")).unwrap().initial() - 5.0).abs() < 1e-12);
        let trades: Arc<[HistoricalTick]> = rows()[..3].into();
        assert!((configure(trades.clone(), None).unwrap().initial() - 5.0).abs() < 1e-12);
        assert_eq!(
            configure(trades, Some("mid")).unwrap_err().to_string(),
            "`data` has no quote with a bid and an ask; `price = \"mid\"` needs one"
        );
    }
}
