//! From cells to bars.

use super::found::VolumeFound;
use super::options::{Order, ReadOptions, Role};
use super::rows::{Allowed, Cell, Fault, Place, RowLog, Timeline, number};
use super::stamp::Stamp;
use bearpit_core::process::HistoricalBar;
use bearpit_core::units::{NumberText, SimTime};

/// How far open or close may lie outside low and high, relative to the price: sources that went through
/// 32-bit floats differ in the seventh digit.
const TOLERANCE: f64 = 1e-6;

/// The roles of the prices, in the order of [`BarCells`].
pub(super) const PRICES: [Role; 4] = [Role::Open, Role::High, Role::Low, Role::Close];

/// The cells of a row of bars.
#[derive(Debug, Clone, Copy)]
pub(super) struct BarCells {
    /// Open, high, low and close.
    pub(super) prices: [Cell; 4],
    pub(super) adjusted_close: Cell,
    pub(super) volume: Cell,
    pub(super) split: Cell,
    pub(super) dividend: Cell,
    pub(super) tick_volume: Cell,
}

/// Makes bars of rows.
#[derive(Debug)]
pub(super) struct BarRows {
    pub(super) log: RowLog,
    pub(super) timeline: Timeline,
    order: Order,
    prices: Allowed,
    bars: Vec<HistoricalBar>,
    lines: Vec<u32>,
    /// The tick volume of each bar, as long as the file may need it.
    tick_volumes: Vec<f64>,
    has_volume: bool,
}

/// The bars of a file.
#[derive(Debug)]
pub(super) struct ReadBars {
    pub(super) bars: Vec<HistoricalBar>,
    /// The line of each.
    pub(super) lines: Vec<u32>,
    pub(super) volume: VolumeFound,
}

impl BarRows {
    pub(super) fn new(options: &ReadOptions, order: Order) -> Self {
        Self {
            log: RowLog::new(options),
            timeline: Timeline::new(options, order, false),
            order,
            prices: if options.negative_prices { Allowed::Any } else { Allowed::AboveZero },
            bars: Vec::new(),
            lines: Vec::new(),
            tick_volumes: Vec::new(),
            has_volume: false,
        }
    }

    /// Makes room for so many rows, as far as there may be as many.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.bars.reserve_exact(rows);
        self.lines.reserve_exact(rows);
    }

    /// Adds a row, or reports what is wrong with it.
    pub(super) fn push(&mut self, stamp: Result<Stamp, Fault>, cells: &BarCells, place: &impl Place) {
        if cells.prices.iter().all(|cell| *cell == Cell::Null) {
            return self.log.empty(place);
        }
        match self.bar(stamp, cells, place) {
            Ok(bar) => {
                self.has_volume |= bar.volume.is_some_and(|volume| volume > 0.0);
                if let Cell::Number(ticks) = cells.tick_volume {
                    self.tick_volumes.push(ticks);
                }
                self.bars.push(bar);
                self.lines.push(u32::try_from(place.line()).unwrap_or(u32::MAX));
            }
            Err(faults) => self.log.bad(faults, place),
        }
    }

    fn bar(
        &mut self,
        stamp: Result<Stamp, Fault>,
        cells: &BarCells,
        place: &impl Place,
    ) -> Result<HistoricalBar, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut keep = |fault: Fault| faults.push(fault);
        let time = stamp.and_then(|stamp| self.timeline.convert(stamp, place)).map_err(&mut keep).ok();
        let mut prices = [0.0; 4];
        for ((price, cell), role) in prices.iter_mut().zip(cells.prices).zip(PRICES) {
            *price = number(cell, role, self.prices, place).map_err(&mut keep).unwrap_or_default();
        }
        let optional = |cell, role, allowed| match cell {
            Cell::Absent => Ok(None),
            _ => number(cell, role, allowed, place).map(Some),
        };
        let volume = optional(cells.volume, Role::Volume, Allowed::AtOrAboveZero).map_err(&mut keep);
        let adjusted = match cells.adjusted_close {
            Cell::Null => Ok(None),
            cell => optional(cell, Role::AdjustedClose, self.prices).map_err(&mut keep),
        };
        // Rows without a split or dividend have 0, 1, or nothing there.
        let mut action = |cell, role| match cell {
            Cell::Null => None,
            cell => optional(cell, role, Allowed::AtOrAboveZero).map_err(&mut keep).unwrap_or_default(),
        };
        let split = action(cells.split, Role::Split).filter(|split| *split > 0.0).unwrap_or(1.0);
        let dividend = action(cells.dividend, Role::Dividend).unwrap_or(0.0);
        let (Some(time), Ok(volume), Ok(adjusted_close), true) = (time, volume, adjusted, faults.is_empty())
        else {
            return Err(faults);
        };
        let bar = enclosed(time, prices).map_err(|fault| vec![fault])?;
        self.timeline.follow(time).map_err(|fault| vec![fault])?;
        Ok(HistoricalBar { volume, adjusted_close, split, dividend, ..bar })
    }

    /// Returns the bars in order of time, oldest first.
    pub(super) fn finish(&mut self, has_volume_column: bool) -> ReadBars {
        let mut bars = std::mem::take(&mut self.bars);
        let mut lines = std::mem::take(&mut self.lines);
        let volume = match (has_volume_column, self.has_volume) {
            (false, _) => VolumeFound::NoColumn,
            (true, true) => VolumeFound::Column,
            (true, false) => self.volume_elsewhere(&mut bars),
        };
        match self.order {
            Order::Ascending => {}
            Order::Descending => {
                bars.reverse();
                lines.reverse();
            }
            Order::Any => {
                let mut both: Vec<(HistoricalBar, u32)> = bars.into_iter().zip(lines).collect();
                both.sort_by_key(|(bar, _)| bar.time);
                (bars, lines) = both.into_iter().unzip();
            }
        }
        ReadBars { bars, lines, volume }
    }

    /// Takes the tick volume where the volume is 0 throughout; if that is 0 too, the volume is not known.
    fn volume_elsewhere(&mut self, bars: &mut [HistoricalBar]) -> VolumeFound {
        let ticks = std::mem::take(&mut self.tick_volumes);
        let has_ticks = ticks.len() == bars.len() && ticks.iter().any(|ticks| *ticks > 0.0);
        if has_ticks {
            for (bar, ticks) in bars.iter_mut().zip(ticks) {
                bar.volume = Some(ticks.max(0.0));
            }
            return VolumeFound::Ticks;
        }
        for bar in bars {
            bar.volume = None;
        }
        VolumeFound::ZeroThroughout
    }
}

/// Checks that low and high enclose open and close; within the tolerance they are widened to.
fn enclosed(time: SimTime, [open, high, low, close]: [f64; 4]) -> Result<HistoricalBar, Fault> {
    let slack = high.abs().max(low.abs()) * TOLERANCE;
    for (role, price) in [(Role::Open, open), (Role::Close, close)] {
        if price > high + slack || price < low - slack {
            let [price, low, high] = [price, low, high].map(NumberText);
            let message = format!("{role} {price} lies outside low {low} to high {high} of its row");
            return Err(Fault::at(role, message));
        }
    }
    if low > high + slack {
        return Err(Fault::at(Role::Low, format!("low {low} lies above high {high}")));
    }
    let (high, low) = (high.max(open).max(close), low.min(open).min(close));
    Ok(HistoricalBar {
        time,
        open,
        high,
        low,
        close,
        volume: None,
        adjusted_close: None,
        split: 1.0,
        dividend: 0.0,
    })
}
