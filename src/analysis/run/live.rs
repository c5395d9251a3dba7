//! [`RunAnalysis`]: the analysis of a run while it goes on.

use rustc_hash::FxHashMap;

use super::builder::{RunBuilder, Sampling};
use super::data::RunData;
use crate::analysis::account::builder::ImpossibleFill;
use crate::analysis::rows::account_rows::{FillRow, MarkRow};
use crate::analysis::rows::action_rows::{ActionRow, Effect};
use crate::analysis::rows::market_rows::{DepthRow, Print, QuoteRow, Touch, TradeRow};
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::rows::order_rows::EndedOrder;
use crate::analysis::sampling::equity_sampler::{MarginCallMark, Ruin};
use crate::analysis::series::Extent;
use crate::record::{
    self, LevelRow, Manifest, Names, OrderRow, RecordConfig, RowSink, RunLabel, Table, TableRow, TableSet,
};
use bearpit_core::market::{
    AccountMark, AccountOpening, Instrument, Liquidity, PaymentReason, Phase, Quote, QuoteLevel, Side, Trade,
};
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, NetQuantity, OrderId, Price, Quantity, SimTime,
};

/// The analysis of a run while it goes on: takes rows as a recorder makes them, and has metrics and series at
/// any time.
///
/// What it gives is exactly what [`RunData::read`] gives of the same tables once they are files. Only sums,
/// samples and downsampled series are kept: memory does not grow with the length of a run, but with the
/// number of participants that join: each has its series from its opening on. Shares that are brought in from
/// outside later are in the marks, but round trips do not know of them.
///
/// # Lifecycle
/// 1. [`RunAnalysis::new`] before the market starts, with what a [`Recorder`](crate::record::Recorder) also
///    gets.
/// 2. `Recorder::start` takes it as the sink of rows.
/// 3. [`RunAnalysis::snapshot`] through [`Recording::look`](crate::record::Recording::look) at any time.
/// 4. [`RunAnalysis::finish`] when [`Recording::finish`](crate::record::Recording::finish) has given it back.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::analysis::RunAnalysis;
/// use bearpit::record::{Names, Output, Recorder, RunLabel};
/// use bearpit::run::describe;
/// use bearpit::scenario::Scenario;
/// use bearpit::units::SimTime;
///
/// let end = "scenario.end=2025-03-03T09:35:00".parse()?;
/// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &[end])?;
/// let mut market = scenario.lay_out()?.open()?;
///
/// let names = Names::of(market.world());
/// let label = RunLabel {
///     scenario: scenario.name.clone(),
///     seed: scenario.seed,
///     start: scenario.start,
///     end: scenario.end,
/// };
/// let analysis = RunAnalysis::new(&names, &label, &scenario.record);
/// let (recorder, recording) =
///     Recorder::start(Output::Nothing, &scenario.record, label, names, analysis)?;
/// market.add_sink(Box::new(recorder));
/// market.start();
///
/// let now: SimTime = "2025-03-03T09:33:00".parse()?;
/// market.step(now, u64::MAX)?;
/// market.flush_sinks()?;
/// let mut manifest = describe(&scenario, &market, &scenario.record, Vec::new());
/// manifest.end = now;
/// let data = recording.look(|analysis| analysis.snapshot(manifest))?;
/// assert!(data.listings[0].trades > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RunAnalysis {
    builder: RunBuilder,
    names: Names,
    tables: TableSet,
    /// The agents that replay recorded order flow.
    order_replays: Vec<ActorId>,
    /// The number of each actor's account, if it is tracked or was opened after the start.
    accounts: Vec<Option<usize>>,
    /// The number of each listing.
    listings: Vec<usize>,
    /// When the open orders of tracked accounts arrived with their present terms, and the mid then.
    quotes: FxHashMap<OrderId, (i64, Option<f64>)>,
    /// Orders that have ended in this instant: their last fills come after them.
    ended: Vec<OrderId>,
    instant: Instant,
    error: Option<ImpossibleFill>,
}

/// The rows of one time, which are taken in an order of their own.
#[derive(Debug, Clone, Default)]
struct Instant {
    /// None before the first row.
    at: Option<SimTime>,
    actions: Vec<ActionRow>,
    trades: Vec<TradeRow>,
    quotes: Vec<QuoteRow>,
    fills: Vec<FillRow>,
    marks: Vec<MarkRow>,
}

impl RunAnalysis {
    /// Begins the analysis of a run, of which the tables of `config` will come.
    #[must_use]
    pub fn new(names: &Names, label: &RunLabel, config: &RecordConfig) -> Self {
        let actor = |id: &ActorId| names.actors.get(id.index()).cloned().unwrap_or_default();
        let index =
            NameIndex::new(names.tracked.iter().map(actor), names.instruments.clone(), names.venues.clone());
        let mut accounts = vec![None; names.actors.len()];
        for (place, id) in names.tracked.iter().enumerate() {
            if let Some(account) = accounts.get_mut(id.index()) {
                *account = Some(place);
            }
        }
        let listings = names.listings.iter();
        let listings = listings.map(|it| index.listing_at(it.venue.index(), it.instrument.index())).collect();
        let extent = Extent::new(label.start, label.end);
        let sampling = Sampling {
            interval: config.sample_interval,
            per_year: config.periods_per_year,
            benchmark: config.benchmark.clone(),
        };
        let mut builder = RunBuilder::new(index, extent, sampling, config.tables);
        for (owner, instrument, position) in &names.openings {
            let account = accounts.get(owner.index()).copied().flatten();
            if let Some(account) = account.and_then(|place| builder.accounts.get_mut(place)) {
                account.hold(instrument.index(), *position);
            }
        }
        for account in &mut builder.accounts {
            for place in 0..names.instruments.len() {
                if account.opening(place).is_some_and(|(held, _)| held == NetQuantity::ZERO) {
                    account.open(place, Money::ZERO);
                }
            }
        }
        Self {
            builder,
            names: names.clone(),
            tables: config.tables,
            order_replays: names.ids(&config.order_replays),
            accounts,
            listings,
            quotes: FxHashMap::default(),
            ended: Vec::new(),
            instant: Instant::default(),
            error: None,
        }
    }

    /// Returns the run as it stands at the end that `manifest` says, which is now.
    ///
    /// Orders that are still open have no row yet, and do not count. Series are downsampled for the whole
    /// length of the run.
    ///
    /// # Errors
    /// [`ImpossibleFill`] if a fill cannot be, which is a fault of this program.
    pub fn snapshot(&self, manifest: Manifest) -> Result<RunData, ImpossibleFill> {
        self.clone().finish(manifest)
    }

    /// Returns the run, which has ended.
    ///
    /// # Errors
    /// [`ImpossibleFill`] if a fill cannot be, which is a fault of this program.
    pub fn finish(mut self, manifest: Manifest) -> Result<RunData, ImpossibleFill> {
        self.end_instant();
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.builder.finish(manifest)),
        }
    }

    fn account(&self, id: ActorId) -> Option<usize> {
        self.accounts.get(id.index()).copied().flatten()
    }

    /// Takes the rows of the instant before, if time has gone on.
    fn advance(&mut self, at: SimTime) {
        if self.instant.at.replace(at) != Some(at) {
            self.end_instant();
        }
    }

    fn end_instant(&mut self) {
        let (builder, instant) = (&mut self.builder, &mut self.instant);
        take_each(&mut instant.actions, |row| builder.action(row));
        take_each(&mut instant.trades, |row| builder.trade(row));
        take_each(&mut instant.quotes, |row| builder.quote(row));
        take_each(&mut instant.fills, |row| {
            builder.quote_filled(row);
            if let Err(error) = builder.fill(row) {
                self.error.get_or_insert(error);
            }
        });
        take_each(&mut instant.marks, |row| builder.mark(row));
        take_each(&mut self.ended, |order| {
            self.quotes.remove(order);
        });
    }

    fn open_holdings(&mut self, instrument: InstrumentId, half_ticks: i64) {
        let place = instrument.index();
        for account in &mut self.builder.accounts {
            let opening = account.opening(place);
            if let Some(cost) = opening.map(|(held, instrument)| worth(instrument, half_ticks, held)) {
                account.open(place, cost);
            }
        }
    }

    /// Begins the account of a participant that has joined, whether it is tracked or not: only the manifest
    /// says so. One that was carried over begins with what it had then, whatever a scenario says.
    fn open_account(&mut self, opening: &AccountOpening, half_ticks: &[Option<i64>]) {
        let actors = &mut self.names.actors;
        let actor = opening.owner.index();
        let is_known = actors.len() > actor;
        if !is_known {
            actors.resize(actor + 1, String::new());
            self.accounts.resize(actor + 1, None);
        }
        opening.name.as_ref().clone_into(&mut actors[actor]);
        let account = match self.accounts[actor] {
            Some(place) => self.builder.reopen(place),
            // An agent of the scenario that is not tracked.
            None if is_known => return,
            None => {
                self.accounts[actor] = Some(self.builder.accounts.len());
                self.builder.join(&opening.name)
            }
        };
        for (instrument, quantity) in opening.holdings.iter() {
            account.hold(instrument.index(), *quantity);
        }
        for (place, instrument) in self.names.instruments.iter().enumerate() {
            let held = account.opening(place).map_or(NetQuantity::ZERO, |(held, _)| held);
            let mark = half_ticks.get(place).copied().flatten();
            let cost = mark.map(|mark| worth(instrument, mark, held));
            // Without a mark, the first one says what the shares count as.
            if let Some(cost) = cost.or_else(|| (held == NetQuantity::ZERO).then_some(Money::ZERO)) {
                account.open(place, cost);
            }
        }
    }

    fn order_quoted(&mut self, at: SimTime, order: OrderId, owner: ActorId, listing: ListingId) {
        // Without rows of orders nobody would say when one has ended.
        if self.account(owner).is_some() && self.tables.contains(Table::Orders) {
            let mid = self.listings.get(listing.index()).and_then(|place| self.builder.mid(*place));
            self.quotes.insert(order, (at.nanos(), mid));
        }
    }

    fn order(&mut self, row: &OrderRow) {
        if self.account(row.owner).is_some() {
            self.ended.extend(row.order.filter(|order| self.quotes.contains_key(order)));
        }
        let Some(listing) = self.listings.get(row.listing.index()).copied() else { return };
        let quantity = |quantity| self.names.quantity(row.listing, quantity).unwrap_or(0.0);
        let is_replayed = self.order_replays.contains(&row.owner);
        #[expect(clippy::cast_precision_loss, reason = "a number to read")]
        let order = EndedOrder {
            account: self.account(row.owner),
            listing,
            status: row.status.name(),
            reason: row.reason.unwrap_or(""),
            quantity: quantity(row.terms.quantity),
            filled: quantity(Quantity::new(row.filled_lots)),
            replaces: row.replaces as f64,
            entry_latency: row.entry_latency_ns().filter(|_| !is_replayed).map(|latency| latency as f64),
        };
        self.builder.order(&order);
    }

    fn trade(&mut self, at: SimTime, trade: &Trade) {
        let Some(contract) = self.names.instrument(trade.listing) else { return };
        let (price, quantity) = (contract.price_f64(trade.price), contract.quantity_f64(trade.quantity));
        let Some(listing) = self.listings.get(trade.listing.index()).copied() else { return };
        let sign = sign(trade.aggressor);
        let (maker, taker) = (self.account(trade.maker), self.account(trade.taker));
        if self.tables.contains(Table::Trades) {
            let continuous = trade.phase == Phase::Continuous;
            let print = Print { price, quantity, sign: continuous.then_some(sign) };
            self.instant.trades.push(TradeRow { at: at.nanos(), listing, print, sign, maker, taker });
        }
        if !self.tables.contains(Table::Fills) {
            return;
        }
        let Some(instrument) = self.names.listings.get(trade.listing.index()).map(|it| it.instrument.index())
        else {
            return;
        };
        let clamped = match trade.clamped {
            0 => 0.0,
            ticks => contract.price_f64(Price::new(ticks)),
        };
        let [maker_role, taker_role] = trade.roles();
        let sides = [
            (maker, trade.aggressor.opposite(), maker_role, trade.maker_fee, trade.maker_order),
            (taker, trade.aggressor, taker_role, trade.taker_fee, trade.taker_order),
        ];
        for (account, side, role, fee, order) in sides {
            let Some(account) = account else { continue };
            let (quoted_at, quoted_mid) = self.quotes.get(&order).copied().unwrap_or((at.nanos(), None));
            let is_maker = role == Liquidity::Maker;
            self.instant.fills.push(FillRow {
                at: at.nanos(),
                account,
                instrument,
                listing: Some(listing),
                side,
                is_maker,
                price,
                quantity,
                fee,
                clamped,
                quoted_at,
                quoted_mid,
            });
        }
    }

    fn quote(&mut self, at: SimTime, listing: ListingId, quote: &Quote) {
        let Some(place) = self.listings.get(listing.index()).copied() else { return };
        let Some(contract) = self.names.instrument(listing) else { return };
        let size = |level: QuoteLevel| level.known_size().map(|size| contract.quantity_f64(size));
        let touch = Touch {
            bid: quote.bid.map(|level| contract.price_f64(level.price)),
            bid_size: quote.bid.and_then(size),
            ask: quote.ask.map(|level| contract.price_f64(level.price)),
            ask_size: quote.ask.and_then(size),
        };
        self.instant.quotes.push(QuoteRow { at: at.nanos(), listing: place, touch });
    }

    fn price(&mut self, at: SimTime, listing: ListingId, price: Price) {
        let Some(place) = self.listings.get(listing.index()).copied() else { return };
        let price = self.names.price(listing, price);
        let touch = Touch { bid: price, bid_size: None, ask: price, ask_size: None };
        self.instant.quotes.push(QuoteRow { at: at.nanos(), listing: place, touch });
    }

    fn mark(&mut self, at: SimTime, mark: &AccountMark) {
        let place = mark.instrument.index();
        let Some((account, instrument)) = self.account(mark.owner).zip(self.names.instruments.get(place))
        else {
            return;
        };
        let price = mark.mark_half_ticks.map(|half_ticks| instrument.price_f64(Price::new(half_ticks)) / 2.0);
        self.instant.marks.push(MarkRow {
            at: at.nanos(),
            account,
            instrument: place,
            position: Some(instrument.holding_f64(mark.position)),
            mark: price,
            equity: Some(mark.equity.to_f64()),
        });
    }

    fn action(&mut self, at: SimTime, row: &record::ActionRow) {
        let Some(listing) = self.listings.get(row.listing.index()).copied() else { return };
        let Some(instrument) = self.names.listings.get(row.listing.index()).map(|it| it.instrument.index())
        else {
            return;
        };
        let (amount, cost) = (row.amount, row.cost);
        let effect = match (row.owner, row.ratio) {
            (None, None) => return,
            // What a future gains on its way is in the prices at which it was bought and sold.
            (Some(_), None) if row.kind == PaymentReason::VariationMargin.name() => return,
            (None, Some(ratio)) => Effect::Listing { listing, ratio },
            (Some(owner), ratio) => match (self.account(owner), ratio) {
                (None, _) => return,
                (Some(account), Some(ratio)) => Effect::Account { account, ratio },
                (Some(account), None) => Effect::Payment { account, amount, cost },
            },
        };
        self.instant.actions.push(ActionRow { at: at.nanos(), instrument, effect });
    }

    fn level(&mut self, row: &LevelRow) {
        let Some(listing) = self.listings.get(row.listing.index()).copied() else { return };
        let quantity = self.names.quantity(row.listing, row.level.size).unwrap_or(0.0);
        if let Some(place) = usize::try_from(row.number).ok().and_then(|number| number.checked_sub(1)) {
            let (at, is_bid) = (row.at.nanos(), row.side == Side::Buy);
            self.builder.level(&DepthRow { at, listing, is_bid, place, quantity });
        }
    }
}

impl RowSink for RunAnalysis {
    fn take(&mut self, row: &TableRow<'_>) {
        match *row {
            TableRow::OrderQuoted { at, order, owner, listing } => {
                self.advance(at);
                self.order_quoted(at, order, owner, listing);
            }
            TableRow::FirstMark { instrument, half_ticks } => self.open_holdings(instrument, half_ticks),
            TableRow::AccountOpened { opening, half_ticks } => self.open_account(opening, half_ticks),
            TableRow::Order(order) => {
                self.advance(order.ended_at);
                self.order(order);
            }
            TableRow::Trade { at, trade, .. } => {
                self.advance(at);
                self.trade(at, trade);
            }
            TableRow::Quote { at, listing, quote } => {
                self.advance(at);
                self.quote(at, listing, quote);
            }
            TableRow::Price { at, listing, price } => {
                self.advance(at);
                self.price(at, listing, price);
            }
            TableRow::Mark { at, mark, .. } => {
                self.advance(at);
                self.mark(at, mark);
            }
            TableRow::Ruin { at, owner, equity } => {
                if let Some(account) = self.account(owner) {
                    self.builder.ruin(account, Ruin { at: at.nanos(), equity: equity.to_f64() });
                }
            }
            TableRow::MarginCall { at, owner, equity, maintenance } => {
                if let (Some(account), Some(maintenance)) = (self.account(owner), maintenance) {
                    let (equity, maintenance) = (equity.to_f64(), maintenance.to_f64());
                    self.builder.margin_call(account, MarginCallMark { at: at.nanos(), equity, maintenance });
                }
            }
            TableRow::Action { at, action } => {
                self.advance(at);
                self.action(at, action);
            }
            TableRow::Level(level) => self.level(level),
            TableRow::Line { at, owner, is_error, text } => {
                let owner = self.names.actors.get(owner.index()).map_or("", String::as_str);
                self.builder.logs.add(at.nanos(), owner, is_error, text);
            }
            TableRow::Plotted { at, owner, series, value } => {
                if let Some(account) = self.account(owner) {
                    self.builder.plotted(at.nanos(), account, series, value.map(|value| value.get()));
                }
            }
            TableRow::Phase { .. }
            | TableRow::Bar { .. }
            | TableRow::Trip(_)
            | TableRow::Equity(_)
            | TableRow::Position(_)
            | TableRow::Reject { .. }
            | TableRow::Recorded { .. }
            | TableRow::Auction { .. } => {}
        }
    }

    fn needs_marks(&self) -> bool {
        true
    }
}

/// Takes rows, and empties their list. Most lists are empty in most instants.
#[inline]
fn take_each<R>(rows: &mut Vec<R>, take: impl FnMut(&R)) {
    if !rows.is_empty() {
        rows.iter().for_each(take);
        rows.clear();
    }
}

/// Returns what shares are worth at a price in half ticks.
fn worth(instrument: &Instrument, half_ticks: i64, held: NetQuantity) -> Money {
    instrument.value(Price::new(half_ticks), held).share(1, 2)
}

const fn sign(side: Side) -> f64 {
    match side {
        Side::Buy => 1.0,
        Side::Sell => -1.0,
    }
}
