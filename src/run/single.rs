//! [`Run`]: one run, from a scenario to its results.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cancel::CancelToken;
use super::error::RunError;
use super::manifest;
use super::outcome::{Finished, ended};
use super::output::OutputConfig;
use super::progress::{Progress, ProgressSink, RunEvent, RunId};
use super::report_files::PAGE;
use super::source::{Advance, MarketSource};
use super::strategy_log::{LogReader, StrategyLog};
use super::unfinished::{Unfinished, UnfinishedDir};
use crate::analysis::{RunAnalysis, RunData, Summary};
use crate::record::{Manifest, Names, Output, RecordConfig, Recorder, RunDir, RunLabel, WriterThread};
use crate::report;
use crate::scenario::Scenario;
use bearpit_core::exchange::Market;
use bearpit_core::kernel::StepEnd;
use bearpit_core::market::TapeSink;

/// How many events are delivered between two checks of the cancel token, where they take no time to speak
/// of. Each check looks at what has been put off.
const EVENTS_PER_STEP: u64 = 32;
/// How many after a step that took longer than [`QUICK_STEP`]: few, since a callback of a strategy may take a
/// tenth of a second.
const EVENTS_PER_SLOW_STEP: u64 = 4;
/// What a step takes at most where events take no time to speak of.
const QUICK_STEP: Duration = Duration::from_millis(5);

/// How many steps lie between two reports of progress: a few milliseconds' worth where events cost little.
const STEPS_PER_REPORT: u64 = 512;

/// One run of a scenario.
///
/// Without an [`OutputConfig`] nothing is kept on disk: results are in the returned [`Finished`].
///
/// ```
/// use std::path::Path;
///
/// use bearpit::run::Run;
/// use bearpit::scenario::Scenario;
///
/// let overrides = ["scenario.end=2025-03-03T09:31:00".parse()?];
/// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &overrides)?;
/// let finished = Run::of(&scenario).run()?;
/// for account in &finished.summary.accounts {
///     println!("{}: {}", account.account.owner, account.account.profit);
/// }
/// assert!(finished.directory.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Run<'a> {
    scenario: &'a Scenario,
    index: usize,
    output: Option<OutputConfig>,
    progress: Option<Arc<dyn ProgressSink>>,
    log: Option<Arc<dyn LogReader>>,
    cancel: CancelToken,
    unfinished: Unfinished,
    wall_max: Option<Duration>,
    writer: Option<WriterThread>,
    begin: Instant,
    sinks: Vec<Box<dyn TapeSink>>,
    source: Option<Box<dyn MarketSource>>,
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { scenario, output, .. } = self;
        f.debug_struct("Run")
            .field("scenario", &scenario.name)
            .field("output", output)
            .finish_non_exhaustive()
    }
}

impl<'a> Run<'a> {
    /// Prepares a run of a scenario, with the scenario's own seed and without output.
    #[must_use]
    pub fn of(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            index: 0,
            output: None,
            progress: None,
            log: None,
            cancel: CancelToken::default(),
            unfinished: Unfinished::default(),
            wall_max: None,
            writer: None,
            begin: now(),
            sinks: Vec::new(),
            source: None,
        }
    }

    /// Writes tables, summary, report and manifest to a directory.
    #[must_use]
    pub fn output(mut self, output: OutputConfig) -> Self {
        self.output = Some(output);
        self
    }

    /// Reports progress to a sink.
    #[must_use]
    pub fn progress(self, sink: impl ProgressSink + 'static) -> Self {
        self.progress_shared(Arc::new(sink))
    }

    /// Stops early when the token is canceled.
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Stops with an error when it has taken this long on the wall clock.
    #[must_use]
    pub const fn wall_max(mut self, most: Duration) -> Self {
        self.wall_max = Some(most);
        self
    }

    /// Adds a reader of the tape, which receives every fact as it happens; it is dropped when the run ends.
    #[must_use]
    pub fn sink(mut self, sink: impl TapeSink + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Has the market opened and driven by a source, such as the journal of a live day; without, it is the
    /// scenario's own, and nothing comes from outside.
    #[must_use]
    pub fn driven_by(mut self, source: impl MarketSource + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    pub(super) fn log_shared(mut self, reader: Arc<dyn LogReader>) -> Self {
        self.log = Some(reader);
        self
    }

    pub(super) fn progress_shared(mut self, sink: Arc<dyn ProgressSink>) -> Self {
        self.progress = Some(sink);
        self
    }

    /// Notes its directory among those of unfinished runs.
    pub(super) fn unfinished(mut self, unfinished: &Unfinished) -> Self {
        self.unfinished = unfinished.clone();
        self
    }

    /// Sets which thread writes its tables.
    pub(super) const fn writer(mut self, thread: WriterThread) -> Self {
        self.writer = Some(thread);
        self
    }

    /// Sets the position of the run in a pool.
    pub(super) const fn index(mut self, index: usize) -> Self {
        self.index = index;
        self
    }

    /// Runs the scenario to its end on this thread, and returns the results.
    ///
    /// # Errors
    /// [`RunError`]; then no files are left. A panic within the run is an error of this run, too.
    pub fn run(self) -> Result<Finished, RunError> {
        self.timed().1
    }

    /// Runs the scenario, and returns how long it took on the wall clock, too.
    pub(super) fn timed(mut self) -> (Duration, Result<Finished, RunError>) {
        self.begin = now();
        let Scenario { start, end, .. } = *self.scenario;
        self.report(|| RunEvent::Started { start, end });
        let result = catch_unwind(AssertUnwindSafe(|| self.attempt())).unwrap_or(Err(RunError::Panicked));
        let wall = self.begin.elapsed();
        self.report(|| {
            let counts = result.as_ref().map(|it| (it.manifest.events, it.manifest.trades));
            ended(counts, wall)
        });
        (wall, result)
    }

    fn report(&self, event: impl FnOnce() -> RunEvent) {
        if let Some(sink) = &self.progress {
            sink.report(Progress { run: self.id(), event: event() });
        }
    }

    fn id(&self) -> RunId {
        let (scenario, seed) = (self.scenario.name.as_str().into(), self.scenario.seed);
        RunId { index: self.index, scenario, seed }
    }

    fn attempt(&mut self) -> Result<Finished, RunError> {
        self.check_canceled()?;
        let directory = self.run_directory()?;
        let config = self.record_config();
        let output = directory.as_ref().map_or(Output::Nothing, |it| Output::Directory(it.path()));
        let (manifest, data) = self.simulate(output, &config)?;
        match directory {
            Some(directory) => self.publish(directory, manifest, data),
            None => {
                let summary = Summary::of(&data);
                Ok(Finished { manifest, summary, data, directory: None, report: None })
            }
        }
    }

    fn check_canceled(&self) -> Result<(), RunError> {
        if self.cancel.is_canceled() {
            return Err(RunError::Interrupted);
        }
        match self.wall_max {
            Some(most) if self.begin.elapsed() >= most => Err(RunError::WallTime(most)),
            _ => Ok(()),
        }
    }

    /// Creates the directory of the run, if it has output.
    fn run_directory(&self) -> Result<Option<UnfinishedDir>, RunError> {
        let Some(OutputConfig { directory, replace, .. }) = &self.output else { return Ok(None) };
        let Scenario { name, seed, .. } = self.scenario;
        let make = || RunDir::create(directory, name, *seed, *replace);
        Ok(Some(self.unfinished.make(make)?))
    }

    /// Returns what is recorded: what the scenario says, in the format of the output.
    fn record_config(&self) -> RecordConfig {
        let config = self.scenario.record.clone();
        let format = self.output.as_ref().and_then(|output| output.format).unwrap_or(config.format);
        let floats = self.output.as_ref().is_some_and(|output| output.floats);
        let thread = self.writer.unwrap_or(config.thread);
        RecordConfig { format, floats, thread, ..config }
    }

    /// Builds the market, runs it to its close, and analyzes its rows as they are recorded.
    fn simulate(
        &mut self,
        output: Output<'_>,
        config: &RecordConfig,
    ) -> Result<(Manifest, RunData), RunError> {
        let scenario = self.scenario;
        let mut source = self.source.take();
        let mut market = match &mut source {
            Some(source) => source.open(scenario).map_err(RunError::Source)?,
            None => scenario.lay_out()?.open()?,
        };
        self.sinks.drain(..).for_each(|sink| market.add_sink(sink));
        let label = RunLabel {
            scenario: scenario.name.clone(),
            seed: scenario.seed,
            start: scenario.start,
            end: scenario.end,
        };
        let names = Names::of(market.world());
        if let Some(reader) = self.log.take() {
            market.add_sink(Box::new(StrategyLog { run: self.id(), names: names.actors.clone(), reader }));
        }
        let analysis = RunAnalysis::new(&names, &label, config);
        let (recorder, recording) = Recorder::start(output, config, label, names, analysis)?;
        market.add_sink(Box::new(recorder));
        let traded = self.trade(&mut market, source.as_deref_mut());
        // The recorder ends when it is taken off the tape. Its error comes first, since it is the cause of
        // the market's.
        drop(market.take_sinks());
        let recorded = recording.finish()?;
        traded?;
        // A market that goes on leaves orders to its next day.
        if recorded.open_orders > 0 && market.closing_state().is_none() {
            return Err(RunError::OpenOrders { count: recorded.open_orders });
        }
        let manifest = manifest::describe(scenario, &market, config, recorded.tables);
        let data = recorded.sink.finish(manifest.clone())?;
        Ok((manifest, data))
    }

    /// Trades to the close, or to where the source ends, and settles.
    fn trade(
        &self,
        market: &mut Market,
        source: Option<&mut (dyn MarketSource + 'static)>,
    ) -> Result<(), RunError> {
        let advanced = |market: &Market, now| {
            self.report(|| RunEvent::Advanced { events: market.world().events(), now });
        };
        market.start();
        let mut steps = 0_u64;
        let mut check = |market: &Market| {
            steps += 1;
            if steps.is_multiple_of(STEPS_PER_REPORT) {
                advanced(market, market.world().now());
            }
            self.check_canceled()
        };
        let Some(source) = source else {
            trade_to_close(market, check)?;
            advanced(market, self.scenario.end);
            return Ok(market.settle()?);
        };
        let left = loop {
            match source.advance(market).map_err(RunError::Source)? {
                Advance::More => check(market)?,
                left => break left,
            }
        };
        if left == Advance::ToClose {
            trade_to_close(market, check)?;
        }
        advanced(market, self.scenario.end);
        market.settle()?;
        source.check(market).map_err(RunError::Source)
    }

    /// Writes summary and report, then the manifest, and gives the directory its final name.
    fn publish(
        &self,
        directory: UnfinishedDir,
        manifest: Manifest,
        data: RunData,
    ) -> Result<Finished, RunError> {
        let summary = Summary::of(&data);
        directory.write("summary.json", &serde_json::to_vec_pretty(&summary)?)?;
        let has_report = self.output.as_ref().is_some_and(|output| output.report);
        if has_report {
            directory.write(PAGE, report::render(&data)?.page.as_bytes())?;
        }
        self.check_canceled()?;
        let directory = directory.publish(&manifest)?;
        let report = has_report.then(|| directory.join(PAGE));
        Ok(Finished { manifest, summary, data, directory: Some(directory), report })
    }
}

/// Steps a market to its close, with a check between two steps.
fn trade_to_close(
    market: &mut Market,
    mut check: impl FnMut(&Market) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut events = EVENTS_PER_STEP;
    loop {
        let begin = now();
        if market.step(market.close(), events)? != StepEnd::Budget {
            return Ok(());
        }
        check(market)?;
        events = if begin.elapsed() < QUICK_STEP { EVENTS_PER_STEP } else { EVENTS_PER_SLOW_STEP };
    }
}

#[expect(clippy::disallowed_methods, reason = "wall time is reported and bounded; it steers no result")]
fn now() -> Instant {
    Instant::now()
}
