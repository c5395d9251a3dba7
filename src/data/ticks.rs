//! From cells to trades and quotes.

use super::options::{Order, ReadOptions, Role};
use super::rows::{Allowed, Cell, Fault, Place, RowLog, Timeline, number};
use super::stamp::Stamp;
use bearpit_core::process::{HistoricalTick, HistoricalTickKind};

/// The cells of a row of trades or quotes.
#[derive(Debug, Clone, Copy)]
pub(super) enum TickCells {
    Trade { price: Cell, quantity: Cell },
    Quote { bid: Cell, bid_size: Cell, ask: Cell, ask_size: Cell },
}

/// Makes trades or quotes of rows; several may have one time.
#[derive(Debug)]
pub(super) struct TickRows {
    pub(super) log: RowLog,
    pub(super) timeline: Timeline,
    order: Order,
    prices: Allowed,
    ticks: Vec<HistoricalTick>,
    lines: Vec<u32>,
}

impl TickRows {
    pub(super) fn new(options: &ReadOptions, order: Order) -> Self {
        Self {
            log: RowLog::new(options),
            timeline: Timeline::new(options, order, true),
            order,
            prices: if options.negative_prices { Allowed::Any } else { Allowed::AboveZero },
            ticks: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Adds a row, or reports what is wrong with it.
    pub(super) fn push(&mut self, stamp: Result<Stamp, Fault>, cells: &TickCells, place: &impl Place) {
        let is_empty = match cells {
            TickCells::Trade { price, .. } => *price == Cell::Null,
            TickCells::Quote { bid, ask, .. } => *bid == Cell::Null && *ask == Cell::Null,
        };
        if is_empty {
            return self.log.empty(place);
        }
        let mut faults = Vec::new();
        let mut keep = |fault: Fault| faults.push(fault);
        let time = stamp.and_then(|stamp| self.timeline.convert(stamp, place)).map_err(&mut keep).ok();
        let kind = self.kind(cells, place, &mut keep);
        if faults.is_empty()
            && let Some(Err(fault)) = time.map(|time| self.timeline.follow(time))
        {
            faults.push(fault);
        }
        match time.filter(|_| faults.is_empty()) {
            Some(time) => {
                self.ticks.push(HistoricalTick { time, kind });
                self.lines.push(u32::try_from(place.line()).unwrap_or(u32::MAX));
            }
            None => self.log.bad(faults, place),
        }
    }

    fn kind(
        &self,
        cells: &TickCells,
        place: &impl Place,
        keep: &mut impl FnMut(Fault),
    ) -> HistoricalTickKind {
        let mut read = |cell, role, allowed, may_be_null: bool| match cell {
            Cell::Absent => None,
            Cell::Null if may_be_null => None,
            _ => number(cell, role, allowed, place).map_err(&mut *keep).ok(),
        };
        match *cells {
            TickCells::Trade { price, quantity } => HistoricalTickKind::Trade {
                price: read(price, Role::Price, self.prices, false).unwrap_or_default(),
                quantity: read(quantity, Role::Quantity, Allowed::AtOrAboveZero, false),
            },
            // A side without a price has no quotes.
            TickCells::Quote { bid, bid_size, ask, ask_size } => HistoricalTickKind::Quote {
                bid: read(bid, Role::Bid, self.prices, true),
                bid_size: read(bid_size, Role::BidSize, Allowed::AtOrAboveZero, true),
                ask: read(ask, Role::Ask, self.prices, true),
                ask_size: read(ask_size, Role::AskSize, Allowed::AtOrAboveZero, true),
            },
        }
    }

    /// Returns the rows in order of time, oldest first, with the line of each; rows of one time stay in the
    /// order in which they happened.
    pub(super) fn finish(&mut self) -> (Vec<HistoricalTick>, Vec<u32>) {
        let mut ticks = std::mem::take(&mut self.ticks);
        let mut lines = std::mem::take(&mut self.lines);
        match self.order {
            Order::Ascending => {}
            Order::Descending => {
                ticks.reverse();
                lines.reverse();
            }
            Order::Any => {
                let mut both: Vec<(HistoricalTick, u32)> = ticks.into_iter().zip(lines).collect();
                both.sort_by_key(|(tick, _)| tick.time);
                (ticks, lines) = both.into_iter().unzip();
            }
        }
        (ticks, lines)
    }
}
