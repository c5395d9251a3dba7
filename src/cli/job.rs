//! One run, from a scenario to a directory of results.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::coordinator::StopFlag;
use super::progress::Gauge;
use super::several::PAGE;
use crate::analysis::{RunData, Summary};
use crate::record::{
    AccountSummary, BookSummary, Format, HoldingSummary, InstrumentSummary, Manifest, Names, RecordConfig,
    Recorded, Recorder, RunDir, RunLabel, StoredRun, Table,
};
use crate::report;
use crate::scenario::Scenario;
use bearpit_core::exchange::Market;
use bearpit_core::kernel::StepEnd;
use bearpit_core::market::Instrument;
use bearpit_core::participant::MarketState;
use bearpit_core::units::{InstrumentId, Quantity, Seed};

/// How results are to be written.
#[derive(Debug, Clone)]
pub(super) struct JobOptions {
    pub(super) out: PathBuf,
    /// Instead of the scenario's own.
    pub(super) format: Option<Format>,
    pub(super) force: bool,
    /// Whether each run has its own report.
    pub(super) has_report: bool,
}

/// A run to be done.
#[derive(Debug)]
pub(super) struct Job {
    scenario: Scenario,
    options: JobOptions,
    gauge: Arc<Gauge>,
    stop: StopFlag,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) seed: Seed,
    pub(super) wall: Duration,
    pub(super) verdict: Verdict,
}

/// Whether a run came to a result.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It did, and the result is in its directory.
    Finished(Box<Finished>),
    /// It was asked to stop, and left nothing.
    Interrupted,
    /// It did not, and left nothing.
    Failed(String),
}

/// The result of a run.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) manifest: Manifest,
    pub(super) summary: Summary,
    pub(super) directory: PathBuf,
    pub(super) has_report: bool,
}

impl Finished {
    /// Returns where the run's own report lies, if it has one.
    pub(super) fn report(&self) -> Option<PathBuf> {
        self.has_report.then(|| self.directory.join(PAGE))
    }
}

/// Why a run stopped early.
enum Break {
    Interrupted,
    Failed(String),
}

impl<E: std::error::Error> From<E> for Break {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}

/// How many events pass between two looks at the stop flag: a few milliseconds' worth.
const EVENTS_PER_LOOK: u64 = 16_384;

impl Job {
    pub(super) const fn new(
        scenario: Scenario,
        options: JobOptions,
        gauge: Arc<Gauge>,
        stop: StopFlag,
    ) -> Self {
        Self { scenario, options, gauge, stop }
    }

    /// Returns the outcome where the job's thread is gone.
    pub(super) fn lost(&self) -> Outcome {
        self.outcome(Duration::ZERO, Verdict::Failed("the thread that ran it is gone".to_owned()))
    }

    /// Does the run; a panic in it is a failure of this run alone.
    pub(super) fn run(&self) -> Outcome {
        #[expect(clippy::disallowed_methods, reason = "wall time is shown to the user and steers nothing")]
        let begin = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| self.attempt()));
        let verdict = match ended {
            Ok(Ok(finished)) => Verdict::Finished(Box::new(finished)),
            Ok(Err(Break::Interrupted)) => Verdict::Interrupted,
            Ok(Err(Break::Failed(why))) => Verdict::Failed(why),
            Err(_) => {
                Verdict::Failed("a fault of bearpit itself; please report it with the scenario".to_owned())
            }
        };
        self.outcome(begin.elapsed(), verdict)
    }

    fn outcome(&self, wall: Duration, verdict: Verdict) -> Outcome {
        Outcome { name: self.scenario.name.clone(), seed: self.scenario.seed, wall, verdict }
    }

    fn attempt(&self) -> Result<Finished, Break> {
        if self.stop.is_raised() {
            return Err(Break::Interrupted);
        }
        let scenario = &self.scenario;
        let directory = RunDir::create(&self.options.out, &scenario.name, scenario.seed, self.options.force)?;
        let mut market = scenario.lay_out()?.open()?;
        let names = Names::of(market.world());
        let plan = self.plan();
        let label = RunLabel {
            scenario: scenario.name.clone(),
            seed: scenario.seed,
            start: scenario.start,
            end: scenario.end,
        };
        let (recorder, recording) = Recorder::start(directory.path(), &plan, label, names)?;
        market.add_sink(Box::new(recorder));
        let traded = self.trade(&mut market);
        // The recorder ends when it is taken off the tape; its own error tells more than the market's.
        drop(market.take_sinks());
        let recorded = recording.finish()?;
        traded?;
        if recorded.open_orders > 0 {
            let why = format!("{} orders were still open when the market had closed", recorded.open_orders);
            return Err(Break::Failed(why));
        }
        let manifest = self.manifest(&market, &plan, recorded);
        self.publish(directory, manifest)
    }

    fn trade(&self, market: &mut Market) -> Result<(), Break> {
        market.start();
        while market.step(market.close(), EVENTS_PER_LOOK)? == StepEnd::Budget {
            self.gauge.note(market.world().events(), self.scenario.start, market.world().now());
            if self.stop.is_raised() {
                return Err(Break::Interrupted);
            }
        }
        self.gauge.note(market.world().events(), self.scenario.start, self.scenario.end);
        Ok(market.settle()?)
    }
}

impl Job {
    /// Returns what is recorded: as the scenario says, in the format that was asked for.
    fn plan(&self) -> RecordConfig {
        let plan = self.scenario.record.clone();
        RecordConfig { format: self.options.format.unwrap_or(plan.format), ..plan }
    }

    fn manifest(&self, market: &Market, plan: &RecordConfig, recorded: Recorded) -> Manifest {
        let left_out = Table::ALL.into_iter().filter(|table| !plan.tables.contains(*table));
        let books = BookSummary { interval: plan.books.interval.to_string(), levels: plan.books.levels };
        let (scenario, world) = (&self.scenario, market.world());
        let pit = world.domain();
        Manifest {
            layout: Manifest::VERSION,
            bearpit: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.name.clone(),
            seed: scenario.seed.get(),
            start: scenario.start.to_string(),
            end: scenario.end.to_string(),
            digest: market.digest().to_string(),
            inputs: scenario.inputs_digest.clone(),
            changes: scenario.changes.clone(),
            events: world.events(),
            facts: pit.tape().facts(),
            trades: pit.tape().trades(),
            bar_interval: scenario.bar_interval.to_string(),
            sample_interval: scenario.sample_interval.to_string(),
            format: plan.format.to_string(),
            tables: recorded.tables,
            not_recorded: left_out.map(|table| table.name().to_owned()).collect(),
            bars: plan.bars.iter().map(ToString::to_string).collect(),
            books: plan.tables.contains(Table::Books).then_some(books),
            instruments: pit.instruments().map(instrument_summary).collect(),
            venues: pit.venues().iter().map(|venue| venue.name.clone()).collect(),
            accounts: accounts(market),
        }
    }

    /// Writes the summary, the report and last the manifest, and gives the directory its name.
    fn publish(&self, directory: RunDir, manifest: Manifest) -> Result<Finished, Break> {
        let data = RunData::read(&StoredRun::assemble(directory.path(), manifest.clone()))?;
        let summary = Summary::of(&data);
        directory.write("summary.json", &serde_json::to_vec_pretty(&summary)?)?;
        let has_report = self.options.has_report;
        if has_report {
            directory.write(PAGE, report::render(&data)?.page.as_bytes())?;
        }
        if self.stop.is_raised() {
            return Err(Break::Interrupted);
        }
        let directory = directory.publish(&manifest)?;
        Ok(Finished { manifest, summary, directory, has_report })
    }
}

fn instrument_summary(instrument: &Instrument) -> InstrumentSummary {
    InstrumentSummary {
        symbol: instrument.symbol().to_owned(),
        tick_size: instrument.tick_size().to_string(),
        lot_size: instrument.lot_size().to_string(),
    }
}

/// Sums up the tracked accounts.
fn accounts(market: &Market) -> Vec<AccountSummary> {
    let pit = market.world().domain();
    let tracked = market.participants().iter().filter_map(|participant| {
        let account = pit.account(participant.id).filter(|account| account.is_tracked())?;
        let (initial, current) = market.equity_span(participant);
        Some(AccountSummary {
            owner: participant.name.clone(),
            kind: participant.kind.clone(),
            initial_cash: participant.account.cash.to_string(),
            initial_holdings: participant.account.holdings.iter().filter_map(|it| holding(pit, it)).collect(),
            initial_equity: initial.to_string(),
            final_equity: current.to_string(),
            profit: (current - initial).to_string(),
            fees: account.fees().to_string(),
            financing: account.financed().to_string(),
            fills: account.fills(),
            refused: account.refused(),
            failure: pit.failure(participant.id).map(str::to_owned),
        })
    });
    tracked.collect()
}

fn holding(pit: &MarketState, (id, quantity): &(InstrumentId, Quantity)) -> Option<HoldingSummary> {
    let instrument = pit.instruments().nth(id.index())?;
    Some(HoldingSummary {
        symbol: instrument.symbol().to_owned(),
        lots: quantity.lots(),
        cost: pit.opening_cost(*id, *quantity).to_string(),
    })
}
