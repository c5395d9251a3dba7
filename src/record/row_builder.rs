//! [`RowBuilder`]: from facts to rows, on the writer's thread.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use super::config::{RecordConfig, RunLabel};
use super::error::RecordError;
use super::recorded::Recorded;
use super::row_groups::RowGroups;
use super::rows::bars::BarBuilder;
use super::rows::books::{BookSnapshots, LevelRow};
use super::rows::holdings::{Holdings, PositionRow};
use super::rows::orders::OpenOrders;
use super::rows::reject::Reject;
use super::table::Table;
use bearpit_core::market::{Bar, Fact, Row, Trade};
use bearpit_core::units::{ActorId, InstrumentId, ListingId, Money, Price, Quantity, SimTime};

/// Follows the facts of a run, and makes the rows of those tables that are recorded.
///
/// What has to be known of the past is kept here: open orders, shown books, holdings, bars. Memory
/// follows those, and not the length of the run.
pub(super) struct RowBuilder {
    groups: RowGroups,
    /// Up to when all is closed and told that ends by the clock.
    now: Option<SimTime>,
    end: SimTime,
    /// The instrument of each listing.
    instruments: Vec<InstrumentId>,
    lives: Option<OpenOrders>,
    bars: Option<BarBuilder>,
    books: Option<BookSnapshots>,
    holdings: Option<Holdings>,
    /// The auction that each listing's next phase ends, if it found a price.
    auctions: BTreeMap<ListingId, (Price, Quantity)>,
    /// What financing has brought each account so far.
    financing: BTreeMap<ActorId, Money>,
    /// How many rows each table of each strategy has so far.
    record_counts: BTreeMap<(ActorId, Arc<str>), u64>,
    /// What has just come to an end, on its way to the groups.
    ended: Ended,
}

/// Rows on their way.
#[derive(Debug, Default)]
struct Ended {
    bars: Vec<(ListingId, Bar)>,
    positions: Vec<PositionRow>,
    levels: Vec<LevelRow>,
}

impl RowBuilder {
    pub(super) fn new(plan: &RecordConfig, label: &RunLabel, groups: RowGroups) -> Self {
        let names = groups.names();
        let listings = names.listings.len();
        let on = |table| plan.tables.contains(table).then_some(());
        Self {
            now: None,
            end: label.end,
            instruments: names.listings.iter().map(|listing| listing.instrument).collect(),
            lives: on(Table::Orders).map(|()| OpenOrders::default()),
            bars: on(Table::Bars).map(|()| BarBuilder::new(plan.bars.clone(), listings)),
            books: on(Table::Books).map(|()| BookSnapshots::new(plan.books, listings, label.start)),
            holdings: on(Table::Positions)
                .map(|()| Holdings::new(names, plan.sample_interval, (label.start, label.end))),
            auctions: BTreeMap::new(),
            financing: BTreeMap::new(),
            record_counts: BTreeMap::new(),
            ended: Ended::default(),
            groups,
        }
    }

    /// Takes a fact, in order of time.
    ///
    /// # Errors
    /// [`RecordError`] if its rows cannot be written.
    pub(super) fn take(&mut self, at: SimTime, fact: &Fact) -> Result<(), RecordError> {
        self.advance(at)?;
        if let Some(books) = &mut self.books {
            books.follow(fact);
        }
        if let Some(lives) = &mut self.lives {
            lives.follow(at, fact, |row| self.groups.order(row))?;
        }
        self.note(at, fact)
    }

    /// Ends the run, and writes what is left.
    ///
    /// # Errors
    /// [`RecordError`] if it cannot be written.
    pub(super) fn finish(mut self) -> Result<Recorded, RecordError> {
        self.advance(self.end)?;
        if let Some(holdings) = &mut self.holdings {
            holdings.tell(&mut self.ended.positions);
        }
        self.pass_on()?;
        let open_orders = self.lives.map_or(0, |lives| lives.open());
        Ok(Recorded { tables: self.groups.finish()?, open_orders })
    }

    /// Closes what ends, and tells what is due, up to `now`.
    fn advance(&mut self, now: SimTime) -> Result<(), RecordError> {
        if self.now.replace(now) == Some(now) {
            return Ok(());
        }
        if let Some(bars) = &mut self.bars {
            bars.close_until(now, &mut self.ended.bars);
        }
        if let Some(holdings) = &mut self.holdings {
            holdings.tell_until(now, &mut self.ended.positions);
        }
        // A quiet time may be long, and have many snapshots.
        while let Some(books) = &mut self.books
            && books.take_next(now, &mut self.ended.levels)
        {
            self.pass_on()?;
        }
        self.pass_on()
    }

    fn pass_on(&mut self) -> Result<(), RecordError> {
        let Ended { bars, positions, levels } = &mut self.ended;
        bars.drain(..).try_for_each(|(listing, bar)| self.groups.bar(listing, &bar))?;
        positions.drain(..).try_for_each(|row| self.groups.position(&row))?;
        levels.drain(..).try_for_each(|row| self.groups.level(&row))
    }

    fn note(&mut self, at: SimTime, fact: &Fact) -> Result<(), RecordError> {
        match fact {
            Fact::Traded(trade) => self.trade(at, trade),
            Fact::TouchChanged { listing, quote } => self.groups.quote(at, *listing, quote),
            Fact::AccountFinanced { owner, interest, borrow } => {
                *self.financing.entry(*owner).or_default() += *interest - *borrow;
                Ok(())
            }
            Fact::AccountMarked(mark) => {
                let financing = self.financing.get(&mark.owner).copied().unwrap_or_default();
                self.groups.mark(at, mark, financing)
            }
            Fact::Logged { actor, text } => self.groups.line(at, *actor, ("log", text)),
            Fact::StrategyFailed { actor, text } => self.groups.line(at, *actor, ("error", text)),
            Fact::Plotted { actor, series, value } => self.groups.plotted(at, *actor, (series, *value)),
            Fact::Recorded { actor, table, row } => self.record(at, *actor, table, row),
            Fact::AuctionUncrossed { listing, price, volume } => {
                self.auctions.insert(*listing, (*price, *volume));
                Ok(())
            }
            Fact::PhaseChanged { listing, phase } => {
                let auction = self.auctions.remove(listing);
                self.groups.phase(at, (*listing, *phase), auction)
            }
            other => match Reject::of(other) {
                Some(reject) => self.groups.reject(at, &reject),
                None => Ok(()),
            },
        }
    }

    fn trade(&mut self, at: SimTime, trade: &Trade) -> Result<(), RecordError> {
        if let Some(bars) = &mut self.bars {
            bars.add(at, trade);
        }
        let instrument = self.instruments.get(trade.listing.index());
        if let Some((holdings, instrument)) = self.holdings.as_mut().zip(instrument) {
            holdings.trade(at, *instrument, trade);
        }
        self.groups.trade(at, trade)
    }

    fn record(
        &mut self,
        at: SimTime,
        owner: ActorId,
        table: &Arc<str>,
        cells: &Row,
    ) -> Result<(), RecordError> {
        let count = self.record_counts.entry((owner, Arc::clone(table))).or_default();
        let number = mem::replace(count, *count + 1);
        let mut cells = cells.iter();
        cells.try_for_each(|(column, cell)| self.groups.recorded(at, owner, (table, number), (column, cell)))
    }
}
