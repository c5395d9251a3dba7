//! [`RowBuilder`]: from facts to rows, on the writer's thread.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use super::config::{RecordConfig, RunLabel, TableSet};
use super::error::RecordError;
use super::fact_batch::Next;
use super::row_groups::RowGroups;
use super::rows::actions::ActionRow;
use super::rows::bars::{BarBuilder, BarPrice};
use super::rows::books::{BookSnapshots, LevelRow};
use super::rows::equity::EquitySamples;
use super::rows::holdings::{Holdings, PositionRow};
use super::rows::orders::OpenOrders;
use super::rows::reject::RejectRow;
use super::rows::row::{RecordedCell, RowSink, TableRow};
use super::rows::trips::{TripRow, Trips};
use super::table::Table;
use super::writer::FinishedTable;
use bearpit_core::market::{
    AccountMark, AccountOpening, AuctionEvent, Bar, CorporateAction, Fact, Listing, Quote, ReplaySource,
    Trade, Transfer,
};
use bearpit_core::units::{ActorId, InstrumentId, ListingId, Money, Price, Quantity, SimTime};

/// Follows the facts of a run, and makes the rows of those tables that are recorded.
///
/// What has to be known of the past is kept here: open orders, shown books, holdings, bars. Memory
/// follows those, and not the length of the run.
pub(super) struct RowBuilder {
    output: RowOutput,
    /// Up to when bars are closed, and samples and snapshots taken.
    now: Option<SimTime>,
    end: SimTime,
    listings: Vec<Listing>,
    trips: Option<Trips>,
    samples: Option<EquitySamples>,
    orders: Option<OpenOrders>,
    bars: Option<BarBuilder>,
    books: Option<BookSnapshots>,
    holdings: Option<Holdings>,
    /// The auction that each listing's next phase ends, if it found a price.
    auctions: BTreeMap<ListingId, (Price, Quantity)>,
    /// What financing has brought each account so far.
    financing: BTreeMap<ActorId, Money>,
    /// How many rows each table of each strategy has so far.
    record_counts: BTreeMap<(ActorId, Arc<str>), u64>,
    /// What has just come to an end, on its way to the tables.
    ended: Ended,
}

/// Where rows go, the sink aside.
struct RowOutput {
    tables: TableSet,
    groups: RowGroups,
}

/// The tables of a run that has ended.
pub(super) struct Built {
    pub(super) tables: Vec<FinishedTable>,
    /// How many orders had not ended.
    pub(super) open_orders: usize,
}

/// Rows on their way.
#[derive(Debug, Default)]
struct Ended {
    bars: Vec<(ListingId, Bar)>,
    positions: Vec<PositionRow>,
    levels: Vec<LevelRow>,
    trips: Vec<TripRow>,
}

/// What the writer is told of, besides the end, and what stands in lists of its own in a batch of facts.
#[derive(Debug)]
pub(super) enum Taken {
    Fact(Fact),
    /// An instrument has a mark for the first time, in half ticks.
    FirstMark {
        instrument: InstrumentId,
        half_ticks: i64,
    },
    /// A participant has joined; with the mark of each instrument, if marks are followed.
    Opening {
        opening: AccountOpening,
        half_ticks: Box<[Option<i64>]>,
    },
}

impl RowBuilder {
    pub(super) fn new(config: &RecordConfig, label: &RunLabel, groups: RowGroups) -> Self {
        let names = groups.names();
        let listings = names.listings.len();
        let on = |table| config.tables.contains(table).then_some(());
        Self {
            now: None,
            end: label.end,
            listings: names.listings.clone(),
            // Fills say since when their orders have had their terms, and trips how they ended.
            orders: [Table::Orders, Table::Trips, Table::Fills]
                .into_iter()
                .find_map(on)
                .map(|()| OpenOrders::default()),
            samples: on(Table::Equity).map(|()| EquitySamples::default()),
            trips: on(Table::Trips).map(|()| Trips::new(names, config.bar_interval, label.start)),
            bars: on(Table::Bars).map(|()| BarBuilder::new(&config.bars, listings)),
            books: on(Table::Books).map(|()| BookSnapshots::new(config.books, listings, label.start)),
            holdings: on(Table::Positions)
                .map(|()| Holdings::new(names, config.sample_interval, label.start, label.end)),
            auctions: BTreeMap::new(),
            financing: BTreeMap::new(),
            record_counts: BTreeMap::new(),
            ended: Ended::default(),
            output: RowOutput { tables: config.tables, groups },
        }
    }

    /// Takes what has happened, in order of time.
    ///
    /// # Errors
    /// [`RecordError`] if its rows cannot be written.
    pub(super) fn take(
        &mut self,
        at: SimTime,
        next: &Next<'_>,
        sink: &mut dyn RowSink,
    ) -> Result<(), RecordError> {
        if self.now != Some(at) {
            self.advance(at, sink)?;
        }
        match *next {
            Next::Trade(trade) => self.trade(at, trade, sink),
            Next::Quote(listing, quote) => self.quote(at, listing, quote, sink),
            Next::Mark(mark) => self.mark(at, mark, sink),
            Next::Fact(fact) | Next::Other(Taken::Fact(fact)) => self.follow(at, fact, sink),
            Next::Other(Taken::FirstMark { instrument, half_ticks }) => {
                self.first_mark(*instrument, *half_ticks, sink)
            }
            Next::Other(Taken::Opening { opening, half_ticks }) => self.open(at, opening, half_ticks, sink),
        }
    }

    fn trade(&mut self, at: SimTime, trade: &Trade, sink: &mut dyn RowSink) -> Result<(), RecordError> {
        if let Some(trips) = &mut self.trips {
            trips.trade(at, trade, self.orders.as_ref(), &mut self.ended.trips);
            self.pass_on_trips(sink)?;
        }
        if let Some(books) = &mut self.books {
            books.follow(&Fact::Traded(*trade));
        }
        let mut quoted_at = [None; 2];
        if let Some(orders) = &mut self.orders {
            orders.fill(at, trade, |row| self.output.write(&TableRow::Order(row), sink))?;
            quoted_at = orders.traded_quoted_at();
        }
        self.sum(at, trade);
        self.output.write(&TableRow::Trade { at, trade, quoted_at }, sink)
    }

    fn quote(
        &mut self,
        at: SimTime,
        listing: ListingId,
        quote: &Quote,
        sink: &mut dyn RowSink,
    ) -> Result<(), RecordError> {
        if let Some(books) = &mut self.books {
            books.follow(&Fact::TouchChanged { listing, quote: *quote });
        }
        self.sum_quote(at, listing, quote);
        self.output.write(&TableRow::Quote { at, listing, quote }, sink)
    }

    fn mark(&mut self, at: SimTime, mark: &AccountMark, sink: &mut dyn RowSink) -> Result<(), RecordError> {
        if let Some(trips) = &mut self.trips {
            trips.mark(at, mark);
        }
        let financing = self.financing.get(&mark.owner).copied().unwrap_or_default();
        if let Some(samples) = &mut self.samples {
            samples.take(at, mark, financing);
        }
        self.output.write(&TableRow::Mark { at, mark, financing }, sink)
    }

    fn first_mark(
        &mut self,
        instrument: InstrumentId,
        half_ticks: i64,
        sink: &mut dyn RowSink,
    ) -> Result<(), RecordError> {
        if let Some(trips) = &mut self.trips {
            trips.first_mark(instrument, half_ticks, &mut self.ended.trips);
        }
        self.output.write(&TableRow::FirstMark { instrument, half_ticks }, sink)
    }

    fn follow(&mut self, at: SimTime, fact: &Fact, sink: &mut dyn RowSink) -> Result<(), RecordError> {
        if let Some(trips) = &mut self.trips {
            trips.follow(at, fact);
        }
        if let Some(books) = &mut self.books {
            books.follow(fact);
        }
        if let Some(orders) = &mut self.orders
            && new_order_of(fact).is_none_or(|owner| !self.output.groups.is_left_out(owner))
        {
            orders.follow(at, fact, |row| self.output.write(&TableRow::Order(row), sink))?;
            self.note_quoted(at, fact, sink)?;
        }
        self.add(at, fact, sink)
    }

    /// Says that an order has begun, or has lost its place in the queue.
    fn note_quoted(&mut self, at: SimTime, fact: &Fact, sink: &mut dyn RowSink) -> Result<(), RecordError> {
        let (order, owner, listing) = match *fact {
            Fact::OrderAccepted { order, owner, listing, .. } => (order, owner, listing),
            Fact::OrderReplaced { order, .. } | Fact::OrderTermsReplaced { order, .. } => {
                let row = self.orders.as_ref().and_then(|orders| orders.get(order));
                let Some(row) = row.filter(|row| row.quoted_at == at) else { return Ok(()) };
                (order, row.owner, row.listing)
            }
            _ => return Ok(()),
        };
        self.output.write(&TableRow::OrderQuoted { at, order, owner, listing }, sink)
    }

    /// Ends the run, and writes what is left; returns the tables, and how many orders were still open.
    ///
    /// # Errors
    /// [`RecordError`] if it cannot be written.
    pub(super) fn finish(mut self, sink: &mut dyn RowSink) -> Result<Built, RecordError> {
        self.advance(self.end, sink)?;
        if let Some(holdings) = &mut self.holdings {
            holdings.take_changed(&mut self.ended.positions);
        }
        if let Some(trips) = &mut self.trips {
            trips.finish(&mut self.ended.trips);
        }
        self.pass_on_trips(sink)?;
        self.pass_on(sink)?;
        let open_orders = self.orders.map_or(0, |orders| orders.open());
        Ok(Built { tables: self.output.groups.finish()?, open_orders })
    }

    /// Closes bars, and takes samples and snapshots, up to `now`.
    fn advance(&mut self, now: SimTime, sink: &mut dyn RowSink) -> Result<(), RecordError> {
        self.now = Some(now);
        if let Some(bars) = &mut self.bars {
            bars.close_until(now, &mut self.ended.bars);
        }
        if let Some(holdings) = &mut self.holdings {
            holdings.take_due(now, &mut self.ended.positions);
        }
        // A quiet time may be long, and have many snapshots.
        while let Some(books) = &mut self.books
            && books.take_next(now, &mut self.ended.levels)
        {
            self.pass_on(sink)?;
        }
        self.pass_on(sink)
    }

    fn pass_on(&mut self, sink: &mut dyn RowSink) -> Result<(), RecordError> {
        let Ended { bars, positions, levels, .. } = &mut self.ended;
        let output = &mut self.output;
        if let Some(samples) = &mut self.samples {
            samples.drain().try_for_each(|row| output.write(&TableRow::Equity(&row), sink))?;
        }
        if bars.is_empty() && positions.is_empty() && levels.is_empty() {
            return Ok(());
        }
        for (listing, bar) in bars.drain(..) {
            output.write(&TableRow::Bar { listing, bar: &bar }, sink)?;
        }
        positions.drain(..).try_for_each(|row| output.write(&TableRow::Position(&row), sink))?;
        levels.drain(..).try_for_each(|row| output.write(&TableRow::Level(&row), sink))
    }

    fn pass_on_trips(&mut self, sink: &mut dyn RowSink) -> Result<(), RecordError> {
        if self.ended.trips.is_empty() {
            return Ok(());
        }
        let output = &mut self.output;
        self.ended.trips.drain(..).try_for_each(|row| output.write(&TableRow::Trip(&row), sink))
    }

    /// Takes a split or dividend into bars and holdings, and writes its row.
    fn act(
        &mut self,
        at: SimTime,
        fact: &Fact,
        action: &ActionRow,
        sink: &mut dyn RowSink,
    ) -> Result<(), RecordError> {
        match *fact {
            Fact::CorporateAction { listing, action: CorporateAction::Split(ratio) } => {
                if let Some(bars) = &mut self.bars {
                    bars.split(listing, ratio);
                }
            }
            Fact::PositionSplit { owner, instrument, position, .. } => {
                if let Some(holdings) = &mut self.holdings {
                    holdings.set(at, owner, instrument, position);
                }
            }
            _ => {}
        }
        self.output.write(&TableRow::Action { at, action }, sink)
    }

    /// Adds the rows that a fact makes by itself.
    fn add(&mut self, at: SimTime, fact: &Fact, sink: &mut dyn RowSink) -> Result<(), RecordError> {
        if let Fact::OrderAccepted { .. } | Fact::OrderCanceled { .. } | Fact::OrderReplaced { .. } = fact {
            return Ok(());
        }
        if let Some(action) = ActionRow::of(fact, &self.listings) {
            return self.act(at, fact, &action, sink);
        }
        if self.book(at, fact) {
            return Ok(());
        }
        let reject;
        let row = match fact {
            Fact::BarReplayed { listing, bar } => {
                if let Some(bars) = &mut self.bars {
                    bars.add_bar(*listing, bar, &mut self.ended.bars);
                }
                return self.pass_on(sink);
            }
            Fact::PriceMoved { listing, price, .. } => {
                TableRow::Price { at, listing: *listing, price: *price }
            }
            Fact::Auction(event) => {
                self.swap(at, event);
                TableRow::Auction { at, event }
            }
            Fact::AccountRuined { owner, equity } => TableRow::Ruin { at, owner: *owner, equity: *equity },
            Fact::MarginCalled { .. } | Fact::MarginCallEnded { .. } => {
                let Some(row) = margin_call(at, fact) else { return Ok(()) };
                row
            }
            Fact::Logged { actor, text } => TableRow::Line { at, owner: *actor, is_error: false, text },
            Fact::StrategyFailed { actor, text } => {
                TableRow::Line { at, owner: *actor, is_error: true, text }
            }
            Fact::Plotted { actor, series, value } => {
                TableRow::Plotted { at, owner: *actor, series, value: *value }
            }
            Fact::Recorded { actor, table, row } => {
                let count = self.record_counts.entry((*actor, Arc::clone(table))).or_default();
                let number = mem::replace(count, *count + 1);
                return row.iter().try_for_each(|(column, cell)| {
                    let cell = RecordedCell { at, owner: *actor, table, number, column, cell };
                    self.output.write(&TableRow::Recorded(cell), sink)
                });
            }
            Fact::PhaseChanged { listing, phase } => {
                let auction = self.auctions.remove(listing);
                TableRow::Phase { at, listing: *listing, phase: *phase, auction }
            }
            other => match RejectRow::of(other) {
                Some(row) if !self.output.groups.is_left_out(row.owner) => {
                    reject = row;
                    TableRow::Reject { at, reject: &reject }
                }
                _ => return Ok(()),
            },
        };
        self.output.write(&row, sink)
    }

    /// Books a fact that makes no row by itself; returns whether it is one.
    fn book(&mut self, at: SimTime, fact: &Fact) -> bool {
        match fact {
            Fact::AccountFunded { owner, funding } => {
                if let Transfer::Shares { instrument, quantity } = funding.transfer
                    && let Some(holdings) = &mut self.holdings
                {
                    holdings.transfer(at, *owner, instrument, quantity);
                }
            }
            Fact::AccountFinanced { owner, interest, borrow } => {
                *self.financing.entry(*owner).or_default() += *interest - *borrow;
            }
            Fact::AuctionUncrossed { listing, price, volume } => {
                self.auctions.insert(*listing, (*price, *volume));
            }
            _ => return false,
        }
        true
    }

    /// Takes what a swap moves into holdings.
    fn swap(&mut self, at: SimTime, event: &AuctionEvent) {
        let Some(holdings) = &mut self.holdings else { return };
        for side in event.swap().into_iter().flatten() {
            for (instrument, lots) in side.shares() {
                holdings.transfer(at, side.account, instrument, lots);
            }
        }
    }

    /// Begins the account of a participant that has joined.
    fn open(
        &mut self,
        at: SimTime,
        opening: &AccountOpening,
        half_ticks: &[Option<i64>],
        sink: &mut dyn RowSink,
    ) -> Result<(), RecordError> {
        self.output.groups.join(opening.owner, &opening.name);
        if let Some(holdings) = &mut self.holdings {
            holdings.open(at, opening);
        }
        if let Some(trips) = &mut self.trips {
            trips.open(at, opening, half_ticks);
        }
        self.output.write(&TableRow::AccountOpened { opening, half_ticks }, sink)
    }

    /// Adds a trade to bars and holdings.
    fn sum(&mut self, at: SimTime, trade: &Trade) {
        let Some(listing) = self.listings.get(trade.listing.index()) else { return };
        if let Some(bars) = self.bars.as_mut().filter(|_| listing.is_of_market(trade)) {
            let is_known = listing.replay != Some(ReplaySource::Trades { has_quantities: false });
            let quantity = is_known.then_some(trade.quantity);
            bars.add(at, BarPrice { listing: trade.listing, price: trade.price, quantity });
        }
        if let Some(holdings) = &mut self.holdings {
            holdings.trade(at, listing.instrument, trade);
        }
    }

    /// Adds the mid of a quote to bars, where these are made of quotes.
    fn sum_quote(&mut self, at: SimTime, listing: ListingId, quote: &Quote) {
        let replay = self.listings.get(listing.index()).and_then(|it| it.replay);
        let has_bars = replay == Some(ReplaySource::Quotes);
        if let (Some(half_ticks), Some(bars)) =
            (quote.twice_mid_ticks().filter(|_| has_bars), self.bars.as_mut())
        {
            bars.add(at, BarPrice { listing, price: Price::new(half_ticks.div_euclid(2)), quantity: None });
        }
    }
}

/// Returns whose order it is that a fact begins, or ends before it could begin.
const fn new_order_of(fact: &Fact) -> Option<ActorId> {
    match fact {
        Fact::OrderAccepted { owner, .. }
        | Fact::OrderRejected { owner, .. }
        | Fact::OrderRefused { owner, .. } => Some(*owner),
        _ => None,
    }
}

impl RowOutput {
    /// Writes a row to its table, and hands it to the sink if its table is recorded.
    fn write(&mut self, row: &TableRow<'_>, sink: &mut dyn RowSink) -> Result<(), RecordError> {
        self.groups.write(row)?;
        if row.is_in(self.tables) {
            sink.take(row);
        }
        Ok(())
    }
}

/// Returns the row of a margin call or of its end; nothing for other facts.
const fn margin_call<'a>(at: SimTime, fact: &Fact) -> Option<TableRow<'a>> {
    match *fact {
        Fact::MarginCalled { owner, equity, maintenance } => {
            Some(TableRow::MarginCall { at, owner, equity, maintenance: Some(maintenance) })
        }
        Fact::MarginCallEnded { owner, equity } => {
            Some(TableRow::MarginCall { at, owner, equity, maintenance: None })
        }
        _ => None,
    }
}
