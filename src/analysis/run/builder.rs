//! [`RunBuilder`]: a run from its rows, of a tape or of files alike.

use super::arrivals::{Arrival, Arrivals};
use super::data::RunData;
use super::log::LogBuilder;
use crate::analysis::account::builder::{AccountBuilder, ImpossibleFill};
use crate::analysis::listing::builder::{ListingBuilder, ListingClose};
use crate::analysis::metrics::trading::{Missing, slippage_bps};
use crate::analysis::rows::account_rows::{FillRow, MarkRow};
use crate::analysis::rows::action_rows::{ActionRow, Effect};
use crate::analysis::rows::market_rows::{DepthRow, QuoteRow, TradeRow};
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::rows::order_rows::EndedOrder;
use crate::analysis::sampling::equity_sampler::{MarginCallMark, Ruin};
use crate::analysis::sampling::periods::Periods;
use crate::analysis::sampling::sessions::Sessions;
use crate::analysis::series::Extent;
use crate::record::{Manifest, Table, TableSet};
use bearpit_core::units::{Decimal, SimDuration};

/// Builds a run from its rows: only sums, samples and downsampled series are kept.
///
/// Rows come in order of time. At one time, orders that enter come first, then splits, trades, quotes, fills
/// and marks, in this order, whatever order they had on the tape: so what stands against the mid is measured
/// against the mid before that time, and a fill comes before the mark that it sets.
/// [`RunAnalysis`](super::RunAnalysis) puts the rows of a tape into this order, [`RunData::read`] those of
/// files.
#[derive(Debug, Clone)]
pub(crate) struct RunBuilder {
    pub(crate) index: NameIndex,
    tables: TableSet,
    periods: Periods,
    /// The instrument against which accounts are held, if not all.
    benchmark: Option<usize>,
    /// How many periods a year has, where the scenario says so.
    periods_per_year: Option<f64>,
    listings: Vec<ListingBuilder>,
    sessions: Sessions,
    pub(crate) accounts: Vec<AccountBuilder>,
    arrivals: Arrivals,
    pub(crate) logs: LogBuilder,
}

impl RunBuilder {
    /// Begins a run over `extent` that is sampled at `interval`, of which these tables are recorded.
    ///
    /// `sampling` says how long the periods are, and how many a year has.
    pub(crate) fn new(index: NameIndex, extent: Extent, sampling: Sampling, tables: TableSet) -> Self {
        let Sampling { interval, per_year, benchmark } = sampling;
        let chosen = benchmark.as_deref();
        let benchmark = index.instruments.iter().position(|it| Some(it.symbol()) == chosen);
        let periods = Periods::new(extent, interval);
        let shorter = interval.secs_f64() / SimDuration::from_nanos(periods.interval).secs_f64();
        let missing = missing(tables);
        let account = |_| AccountBuilder::new(&index.instruments, periods, missing, benchmark);
        let has_market = tables.contains(Table::Quotes) || tables.contains(Table::Trades);
        Self {
            tables,
            periods,
            benchmark,
            periods_per_year: per_year.map(|count| count.to_f64() * shorter),
            listings: index.multipliers().map(|each| ListingBuilder::new(periods, each)).collect(),
            sessions: if has_market { Sessions::default() } else { Sessions::unknown() },
            accounts: (0..index.accounts()).map(account).collect(),
            arrivals: Arrivals::new(index.accounts()),
            logs: LogBuilder::default(),
            index,
        }
    }

    /// Begins the account of a participant that has joined, and returns it.
    pub(crate) fn join(&mut self, owner: &str) -> &mut AccountBuilder {
        let account = self.account();
        self.index.add_account(owner);
        self.arrivals.add_account();
        let place = self.accounts.len();
        self.accounts.push(account);
        &mut self.accounts[place]
    }

    /// Begins an account, which has no rows yet, once more; returns it.
    pub(crate) fn reopen(&mut self, place: usize) -> &mut AccountBuilder {
        self.accounts[place] = self.account();
        &mut self.accounts[place]
    }

    /// Returns the builder of an account that has no rows yet.
    fn account(&self) -> AccountBuilder {
        AccountBuilder::new(&self.index.instruments, self.periods, missing(self.tables), self.benchmark)
    }

    /// Returns the last mid of a listing.
    pub(crate) fn mid(&self, listing: usize) -> Option<f64> {
        self.listings.get(listing)?.mid()
    }

    /// Takes an order that has ended.
    pub(crate) fn order(&mut self, order: &EndedOrder<'_>) {
        if let Some((listing, latency)) = self.listings.get_mut(order.listing).zip(order.entry_latency) {
            listing.latencies.add(latency);
        }
        let Some(account) = order.account else { return };
        if let Some(builder) = self.accounts.get_mut(account) {
            builder.endings.add(order.status, order.reason);
            // The gate or the venue sent these back: no market has seen them.
            if order.is_sent_back() {
                return;
            }
            builder.totals.orders += 1.0;
            builder.totals.replaces += order.replaces;
            builder.totals.ordered += order.quantity;
            builder.totals.filled += order.filled;
        }
    }

    /// Takes a fill for the slippage since the arrival of its quote; in order of time.
    pub(crate) fn quote_filled(&mut self, fill: &FillRow) {
        if self.tables.contains(Table::Orders) {
            self.arrivals.add(fill);
        }
    }

    /// Returns the fills so far, in order of the arrival of their quotes, and forgets them: for rows of
    /// files, where the market at their arrival is read after them. They are to come back with
    /// [`RunBuilder::arrived`].
    pub(crate) fn take_arrivals(&mut self) -> Vec<Arrival> {
        let none = Arrivals::new(self.accounts.len());
        std::mem::replace(&mut self.arrivals, none).in_order()
    }

    /// Takes a fill, with the mid at the arrival of its quote; in order of arrival.
    pub(crate) fn arrived(&mut self, arrival: &Arrival) {
        arrival.add_slippage(&mut self.accounts);
    }

    /// Takes a split, or what an account was given or paid.
    pub(crate) fn action(&mut self, row: &ActionRow) {
        match row.effect {
            Effect::Listing { listing, ratio } => {
                if let Some(listing) = self.listings.get_mut(listing) {
                    listing.split(ratio);
                }
            }
            Effect::Account { account, ratio } => {
                if let Some(account) = self.accounts.get_mut(account) {
                    account.split(row.instrument, ratio);
                }
            }
            Effect::Payment { account, amount, cost } => {
                if let Some(account) = self.accounts.get_mut(account) {
                    account.receive(row.instrument, amount, cost);
                }
            }
        }
    }

    /// Takes a trade.
    pub(crate) fn trade(&mut self, row: &TradeRow) {
        let Some(listing) = self.listings.get_mut(row.listing) else { return };
        self.sessions.note(row.at);
        if let Some(mid) = listing.mid() {
            // In currency, a unit is worth so much for each price.
            let units = row.print.quantity * listing.multiplier();
            let notional = row.print.price * units;
            for (account, sign) in [(row.maker, -row.sign), (row.taker, row.sign)] {
                let Some(account) = account.and_then(|account| self.accounts.get_mut(account)) else {
                    continue;
                };
                account.totals.spread_captured += sign * (mid - row.print.price) * units;
                if let Some(bps) = slippage_bps(sign, row.print.price, mid) {
                    account.totals.slippage_mid.add(bps, notional);
                }
            }
        }
        listing.trade(row.at, &row.print);
    }

    /// Takes a change of the touch.
    pub(crate) fn quote(&mut self, row: &QuoteRow) {
        let Some(listing) = self.listings.get_mut(row.listing) else { return };
        self.sessions.note(row.at);
        listing.quote(row.at, &row.touch);
    }

    /// Takes a fill of a tracked account.
    ///
    /// # Errors
    /// [`ImpossibleFill`] if no market can have had it.
    pub(crate) fn fill(&mut self, row: &FillRow) -> Result<(), ImpossibleFill> {
        self.accounts.get_mut(row.account).map_or(Ok(()), |account| account.fill(row))
    }

    /// Takes the ruin of an account.
    pub(crate) fn ruin(&mut self, account: usize, ruin: Ruin) {
        if let Some(account) = self.accounts.get_mut(account) {
            account.ruined(ruin);
        }
    }

    /// Takes a margin call of an account.
    pub(crate) fn margin_call(&mut self, account: usize, call: MarginCallMark) {
        if let Some(account) = self.accounts.get_mut(account) {
            account.called(call);
        }
    }

    /// Takes a mark of a tracked account.
    pub(crate) fn mark(&mut self, row: &MarkRow) {
        if let Some(account) = self.accounts.get_mut(row.account) {
            account.mark(row, &self.sessions);
        }
    }

    /// Takes a level of a snapshot of a book.
    pub(crate) fn level(&mut self, row: &DepthRow) {
        if let Some(listing) = self.listings.get_mut(row.listing) {
            listing.profile.add(row.at, row.is_bid, row.place, row.quantity);
        }
    }

    /// Takes a value that an account's strategy plotted; none is a gap.
    pub(crate) fn plotted(&mut self, at: i64, account: usize, series: &str, value: Option<f64>) {
        if let Some(account) = self.accounts.get_mut(account) {
            account.plotted.add(at, series, value, self.periods.extent);
        }
    }

    /// Returns the run as it stands at the end that the manifest says.
    pub(crate) fn finish(mut self, manifest: Manifest) -> RunData {
        for arrival in self.take_arrivals() {
            self.arrived(&arrival);
        }
        let extent = Extent::new(manifest.start, manifest.end);
        let end = extent.end();
        let year = self.sessions.year();
        let given = self.periods_per_year;
        let periods_per_year = given.unwrap_or_else(|| year.periods(self.periods.interval));
        let lacks_trades = !self.tables.contains(Table::Trades);
        let close = ListingClose { end, lacks_trades, periods_per_year: given };
        let unseen = self.account();
        let listings = self.listings.into_iter().zip(self.index.listings());
        let listings = listings.filter_map(|(listing, (venue, symbol))| listing.finish(venue, symbol, close));
        let mut builders: Vec<Option<AccountBuilder>> = self.accounts.into_iter().map(Some).collect();
        let accounts = manifest.accounts.iter().map(|summary| {
            let builder =
                self.index.account(&summary.owner).and_then(|place| builders.get_mut(place)?.take());
            // An account that the tape has no opening of has no rows.
            builder.unwrap_or_else(|| unseen.clone()).finish(
                summary.clone(),
                &self.sessions,
                periods_per_year,
                end,
            )
        });
        RunData {
            extent,
            accounts: accounts.collect(),
            period: SimDuration::from_nanos(self.periods.interval),
            periods_per_year,
            year: given.is_none().then_some(year),
            listings: listings.collect(),
            logs: self.logs.finish(),
            manifest,
        }
    }
}

/// The periods over which returns are taken.
#[derive(Debug, Clone)]
pub(crate) struct Sampling {
    pub(crate) interval: SimDuration,
    /// How many a year has, where the scenario says so.
    pub(crate) per_year: Option<Decimal>,
    /// The symbol of the benchmark, where the scenario says so.
    pub(crate) benchmark: Option<String>,
}

/// Returns what is not known without some tables.
const fn missing(tables: TableSet) -> Missing {
    Missing {
        orders: !tables.contains(Table::Orders),
        fills: !tables.contains(Table::Fills),
        marks: !tables.contains(Table::Pnl),
    }
}
