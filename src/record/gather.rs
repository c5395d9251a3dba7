//! [`Gatherer`]: from facts to rows of plain integers, on the writer's thread.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use super::bars::BarSums;
use super::books::BookShots;
use super::holdings::Holdings;
use super::orders::OrderLives;
use super::plan::{RecordPlan, RunLabel, TableSet};
use super::rows::{Chunk, LogRow, Names, PhaseRow, QuoteRow, RecordRow, RejectRow, Rows, SeriesRow};
use super::table::Table;
use crate::market::{Fact, Row, Trade};
use crate::units::{ActorId, InstrumentId, ListingId, Price, Quantity, SimTime};

/// Follows the facts of a run, and gathers the rows of those tables that are recorded.
///
/// What has to be known of the past is kept here: open orders, shown books, holdings, bars. Memory
/// follows those, and not the length of the run.
#[derive(Debug)]
pub(super) struct Gatherer {
    tables: TableSet,
    end: SimTime,
    /// The instrument of each listing.
    instruments: Vec<InstrumentId>,
    lives: Option<OrderLives>,
    bars: Option<BarSums>,
    books: Option<BookShots>,
    holdings: Option<Holdings>,
    /// The auction that each listing's next phase ends, if it found a price.
    auctions: BTreeMap<ListingId, (Price, Quantity)>,
    /// How many rows each table of each strategy has so far.
    record_counts: BTreeMap<(ActorId, Arc<str>), u64>,
    rows: Rows,
}

impl Gatherer {
    pub(super) fn new(plan: &RecordPlan, label: &RunLabel, names: &Names) -> Self {
        let (tables, listings) = (plan.tables, names.listings.len());
        let on = |table| tables.contains(table).then_some(());
        Self {
            tables,
            end: label.end,
            instruments: names.listings.iter().map(|listing| listing.instrument).collect(),
            lives: on(Table::Orders).map(|()| OrderLives::default()),
            bars: on(Table::Bars).map(|()| BarSums::new(plan.bars.clone(), listings)),
            books: on(Table::Books).map(|()| BookShots::new(plan.books, listings, label.start)),
            holdings: on(Table::Positions)
                .map(|()| Holdings::new(names, plan.sample_interval, (label.start, label.end))),
            auctions: BTreeMap::new(),
            record_counts: BTreeMap::new(),
            rows: Rows::default(),
        }
    }

    /// Takes a fact, in order of time; `write` gets the rows when there are many.
    ///
    /// # Errors
    /// What `write` returns.
    pub(super) fn take<E>(
        &mut self,
        at: SimTime,
        fact: Fact,
        write: &mut impl FnMut(Chunk) -> Result<(), E>,
    ) -> Result<(), E> {
        self.advance(at, write)?;
        if let Some(books) = &mut self.books {
            books.follow(&fact);
        }
        if let Some(lives) = &mut self.lives {
            lives.follow(at, &fact, &mut self.rows.orders);
        }
        self.note(at, fact);
        self.rows.hand_over(Rows::MANY, write)
    }

    /// Ends the run, and hands over what is left; returns how many orders have not ended.
    ///
    /// # Errors
    /// What `write` returns.
    pub(super) fn finish<E>(mut self, write: &mut impl FnMut(Chunk) -> Result<(), E>) -> Result<usize, E> {
        self.advance(self.end, write)?;
        if let Some(holdings) = &mut self.holdings {
            holdings.tell(&mut self.rows.positions);
        }
        self.rows.hand_over(1, write)?;
        Ok(self.lives.map_or(0, |lives| lives.open()))
    }

    /// Closes what ends, and tells what is due, up to `now`.
    fn advance<E>(&mut self, now: SimTime, write: &mut impl FnMut(Chunk) -> Result<(), E>) -> Result<(), E> {
        if let Some(bars) = &mut self.bars {
            bars.close_until(now, &mut self.rows.bars);
        }
        if let Some(holdings) = &mut self.holdings {
            holdings.tell_until(now, &mut self.rows.positions);
        }
        if let Some(books) = &mut self.books {
            // A quiet time may be long, and have many.
            while books.take_next(now, &mut self.rows.books) {
                self.rows.hand_over(Rows::MANY, write)?;
            }
        }
        Ok(())
    }

    fn note(&mut self, at: SimTime, fact: Fact) {
        let rows = &mut self.rows;
        match fact {
            Fact::Traded(trade) => self.trade(at, &trade),
            Fact::TouchChanged { listing, quote } => rows.quotes.push(QuoteRow { at, listing, quote }),
            Fact::AccountMarked(mark) => rows.pnl.push((at, mark)),
            Fact::Logged { actor, text } => rows.log.push(LogRow { at, owner: actor, kind: "log", text }),
            Fact::StrategyFailed { actor, text } => {
                rows.log.push(LogRow { at, owner: actor, kind: "error", text });
            }
            Fact::Plotted { actor, series, value } => {
                rows.series.push(SeriesRow { at, owner: actor, series, value });
            }
            Fact::Recorded { actor, table, row } => self.note_record(at, actor, table, row),
            Fact::AuctionUncrossed { listing, price, volume } => {
                self.auctions.insert(listing, (price, volume));
            }
            Fact::PhaseChanged { listing, phase } if self.tables.contains(Table::Phases) => {
                let auction = self.auctions.remove(&listing);
                rows.phases.push(PhaseRow { at, listing, phase, auction });
            }
            ref reject if self.tables.contains(Table::Rejects) => {
                rows.rejects.extend(RejectRow::of(at, reject));
            }
            _ => {}
        }
    }

    fn trade(&mut self, at: SimTime, trade: &Trade) {
        if let Some(bars) = &mut self.bars {
            bars.add(at, trade);
        }
        let instrument = self.instruments.get(trade.listing.index());
        if let Some((holdings, instrument)) = self.holdings.as_mut().zip(instrument) {
            holdings.trade(at, *instrument, trade);
        }
        if self.tables.contains(Table::Trades) || self.tables.contains(Table::Fills) {
            self.rows.trades.push((at, *trade));
        }
    }

    fn note_record(&mut self, at: SimTime, owner: ActorId, table: Arc<str>, cells: Row) {
        let count = self.record_counts.entry((owner, Arc::clone(&table))).or_default();
        let number = mem::replace(count, *count + 1);
        self.rows.records.push(RecordRow { at, owner, table, number, cells });
    }
}
