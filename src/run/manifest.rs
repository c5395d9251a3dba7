//! The manifest of a run: what ran, and each account at the end.

use super::replays;
use crate::record::{
    AccountSummary, BookSummary, Format, HoldingSummary, InstrumentSummary, Manifest, MarginSummary,
    RecordConfig, Table, TableSummary,
};
use crate::scenario::Scenario;
use bearpit_core::account::MarginTerms;
use bearpit_core::exchange::Market;
use bearpit_core::market::Instrument;
use bearpit_core::participant::{MarketState, Participant};

/// Describes a run: one whose market has settled, with the tables that were recorded; or one under way, whose
/// [`Manifest::end`] the caller then sets to the market's time.
#[must_use]
pub fn describe(
    scenario: &Scenario,
    market: &Market,
    config: &RecordConfig,
    tables: Vec<TableSummary>,
) -> Manifest {
    let left_out = Table::ALL.into_iter().filter(|table| !config.tables.contains(*table));
    let books = BookSummary { interval: config.books.interval, levels: config.books.levels };
    let world = market.world();
    let state = world.domain();
    Manifest {
        layout: Manifest::VERSION,
        bearpit: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.name.clone(),
        seed: scenario.seed.get(),
        start: scenario.start,
        end: scenario.end,
        digest: market.digest().to_string(),
        inputs: scenario.inputs_digest.clone(),
        changes: scenario.changes.clone(),
        events: world.events(),
        facts: state.tape().facts(),
        trades: state.tape().trades(),
        bar_interval: scenario.bar_interval,
        sample_interval: scenario.sample_interval,
        periods_per_year: scenario.record.periods_per_year,
        benchmark: scenario.record.benchmark.clone(),
        format: config.format,
        floats: config.floats && config.format != Format::Csv,
        tables,
        not_recorded: left_out.collect(),
        order_replays: config.order_replays.clone(),
        replayed_orders: config.replayed_orders,
        bars: config.bars.clone(),
        books: config.tables.contains(Table::Books).then_some(books),
        instruments: state.instruments().map(instrument_summary).collect(),
        venues: state.venues().iter().map(|venue| venue.name.clone()).collect(),
        replays: replays::replays(scenario, state),
        charges: replays::charges(scenario),
        accounts: accounts(market),
    }
}

fn instrument_summary(instrument: &Instrument) -> InstrumentSummary {
    InstrumentSummary {
        symbol: instrument.symbol().to_owned(),
        tick_size: instrument.tick_size(),
        lot_size: instrument.lot_size(),
        multiplier: instrument.multiplier(),
        is_future: instrument.is_future(),
    }
}

/// Returns the tracked accounts; those that were opened while the market ran come last.
fn accounts(market: &Market) -> Vec<AccountSummary> {
    let state = market.world().domain();
    let tracked = market.participants().iter().filter_map(|participant| {
        let account = state.account(participant.id).filter(|account| account.is_tracked())?;
        let (initial, current) = market.equity_span(participant);
        // What a seat has come to on earlier days is not this day's.
        let before = participant.carried.as_deref().cloned().unwrap_or_default();
        Some(AccountSummary {
            owner: participant.name.clone(),
            kind: participant.kind.clone(),
            initial_cash: participant.opening_cash(),
            initial_holdings: initial_holdings(state, participant),
            initial_equity: initial,
            final_equity: current,
            // What was brought in from outside is no profit.
            profit: current - initial - (account.contributed() - before.contributed),
            fees: account.fees() - before.fees,
            financing: account.financed() - before.financed,
            fills: account.fills() - before.fills,
            refused: account.refused() - before.refused,
            failure: state.failure(participant.id).map(str::to_owned),
            margin: account.margin_terms().map(margin_summary),
        })
    });
    tracked.collect()
}

fn margin_summary(terms: MarginTerms) -> MarginSummary {
    let [initial, maintenance] = [terms.initial(), terms.maintenance()].map(|rate| rate.to_string());
    MarginSummary { initial, maintenance }
}

fn initial_holdings(state: &MarketState, participant: &Participant) -> Vec<HoldingSummary> {
    let holdings = participant.opening_holdings().zip(state.opening_costs(participant));
    let summaries = holdings.filter_map(|((id, holding), cost)| {
        let symbol = state.instruments().nth(id.index())?.symbol().to_owned();
        Some(HoldingSummary { symbol, lots: holding.lots(), cost })
    });
    summaries.collect()
}
