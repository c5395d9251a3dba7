//! The library below the command line: results in memory, progress, cancel, many runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bearpit::market::{SinkError, Stamped, TapeSink};
use bearpit::record::{Manifest, StoredRun};
use bearpit::report;
use bearpit::run::{
    CancelToken, OutputConfig, OutputConflict, Progress, Run, RunError, RunEvent, Runs, SeedList,
};
use bearpit::scenario::Scenario;
use tempfile::TempDir;

/// Loads ten minutes of quickstart.
fn quickstart() -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    Scenario::load(&path, &["scenario.end=2025-03-03T09:40:00".parse().unwrap()]).unwrap()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[derive(Default, Clone)]
struct Events(Arc<Mutex<Vec<Progress>>>);

impl Events {
    fn sink(&self) -> impl Fn(Progress) + Send + Sync + 'static {
        let events = Arc::clone(&self.0);
        move |progress| events.lock().unwrap().push(progress)
    }

    fn all(&self) -> Vec<Progress> {
        self.0.lock().unwrap().clone()
    }
}

#[test]
fn results_in_memory_are_those_of_the_files() {
    let scenario = quickstart();
    let in_memory = Run::of(&scenario).run().unwrap();
    assert!(in_memory.directory.is_none() && in_memory.report.is_none());
    let out = TempDir::new().unwrap();
    let written = Run::of(&scenario).output(OutputConfig::new(out.path())).run().unwrap();
    let directory = written.directory.unwrap();
    assert_eq!(directory, out.path().join("quickstart/42"));
    assert_eq!(&written.manifest, StoredRun::open(&directory).unwrap().manifest());
    // Only what was written has tables.
    assert!(!written.manifest.tables.is_empty());
    assert_eq!(in_memory.manifest, Manifest { tables: Vec::new(), ..written.manifest });
    let summary = serde_json::to_string_pretty(&in_memory.summary).unwrap();
    assert_eq!(summary, fs::read_to_string(directory.join("summary.json")).unwrap());
    let page = report::render(&in_memory.data).unwrap().page;
    assert!(page == fs::read_to_string(written.report.unwrap()).unwrap(), "the pages differ");
}

#[test]
fn events_begin_with_started_advance_and_end_once() {
    let (scenario, events) = (quickstart(), Events::default());
    let finished = Run::of(&scenario).progress(events.sink()).run().unwrap();
    let events = events.all();
    let [first, between @ .., last] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(first.event, RunEvent::Started { start: scenario.start, end: scenario.end });
    let mut before = 0;
    for progress in between {
        let RunEvent::Advanced { events, now } = progress.event else { panic!("{progress:?}") };
        assert!(events >= before && now <= scenario.end);
        before = events;
    }
    assert!(between.len() > 1, "{} steps", between.len());
    let RunEvent::Finished { events, trades, .. } = last.event else { panic!("{last:?}") };
    assert_eq!((events, trades), (finished.manifest.events, finished.manifest.trades));
    assert_eq!((last.run.index, &*last.run.scenario, last.run.seed), (0, "quickstart", scenario.seed));
}

#[test]
fn a_canceled_run_stops_early_and_leaves_nothing() {
    let (scenario, events, token) = (quickstart(), Events::default(), CancelToken::default());
    let out = TempDir::new().unwrap();
    let (record, stopper) = (events.sink(), token.clone());
    let progress = move |progress: Progress| {
        if matches!(progress.event, RunEvent::Advanced { .. }) {
            stopper.cancel();
        }
        record(progress);
    };
    let run = Run::of(&scenario).output(OutputConfig::new(out.path())).cancel(&token).progress(progress);
    assert!(matches!(run.run(), Err(RunError::Interrupted)));
    let names: Vec<RunEvent> = events.all().into_iter().map(|it| it.event).collect();
    assert!(
        matches!(
            names.as_slice(),
            [RunEvent::Started { .. }, RunEvent::Advanced { .. }, RunEvent::Interrupted { .. }]
        ),
        "{names:?}"
    );
    assert_eq!(entries(out.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_pool_gives_the_outcomes_of_single_runs_in_order() {
    let scenario = quickstart();
    let seeds: SeedList = "5,1..2".parse().unwrap();
    let alone: Vec<String> = seeds
        .scenarios(&scenario)
        .map(|scenario| Run::of(&scenario).run().unwrap().manifest.digest)
        .collect();
    for threads in [1, 3] {
        let events = Events::default();
        let runs = Runs::of(seeds.scenarios(&scenario)).threads(threads).progress(events.sink());
        let outcomes = runs.run().unwrap();
        let digests: Vec<&str> =
            outcomes.iter().map(|it| it.result.as_ref().unwrap().manifest.digest.as_str()).collect();
        assert_eq!(digests, alone, "{threads} threads");
        for (index, outcome) in outcomes.iter().enumerate() {
            let last = events.all().into_iter().rfind(|it| it.run.index == index).unwrap();
            assert_eq!((last.run.seed, last.event), (outcome.seed, outcome.event()));
        }
    }
    assert!(Runs::of([]).run().unwrap().is_empty());
}

#[test]
fn a_pool_that_is_canceled_keeps_nothing_and_one_that_fails_says_why() {
    let (scenario, token) = (quickstart(), CancelToken::default());
    let out = TempDir::new().unwrap();
    token.cancel();
    let seeds: SeedList = "1..3".parse().unwrap();
    let runs = Runs::of(seeds.scenarios(&scenario)).output(OutputConfig::new(out.path())).cancel(&token);
    let outcomes = runs.run().unwrap();
    assert!(outcomes.iter().all(|it| matches!(it.result, Err(RunError::Interrupted))));
    assert_eq!(entries(out.path()), Vec::<PathBuf>::new());
    // A file where the directory should be.
    let blocked = out.path().join("blocked");
    fs::write(&blocked, "").unwrap();
    let outcomes = Runs::of([scenario]).output(OutputConfig::new(&blocked)).run().unwrap();
    let RunEvent::Failed { error, .. } = outcomes[0].event() else { panic!("{:?}", outcomes[0]) };
    assert!(
        error.contains("blocked") && matches!(outcomes[0].result, Err(RunError::Directory(_))),
        "{error}"
    );
}

#[test]
fn conflicts_are_found_before_anything_runs() {
    let scenario = quickstart();
    let out = TempDir::new().unwrap();
    let output = OutputConfig::new(out.path());
    fs::create_dir_all(out.path().join("quickstart/42")).unwrap();
    fs::write(output.run_set_page("quickstart"), "").unwrap();
    let twice = || Runs::of([scenario.clone(), scenario.clone()]);
    let conflicts = twice().output(output.clone()).conflicts();
    assert!(
        matches!(
            conflicts.as_slice(),
            [
                OutputConflict::Page(_),
                OutputConflict::Result(_),
                OutputConflict::SameDirectory { .. },
                OutputConflict::Result(_)
            ]
        ),
        "{conflicts:?}"
    );
    let replacing = OutputConfig { replace: true, ..output };
    let conflicts = twice().output(replacing).conflicts();
    assert!(matches!(conflicts.as_slice(), [OutputConflict::SameDirectory { .. }]), "{conflicts:?}");
    assert!(twice().conflicts().is_empty(), "without output there is nothing to overwrite");
}

#[test]
fn a_sink_of_the_caller_reads_every_fact_and_can_end_the_run() {
    struct Count(Arc<Mutex<u64>>, u64);
    impl TapeSink for Count {
        fn take(&mut self, _: Stamped<'_>) -> Result<(), SinkError> {
            let mut count = self.0.lock().unwrap();
            *count += 1;
            if *count > self.1 { Err(SinkError::new("that is enough")) } else { Ok(()) }
        }
    }
    let (scenario, count) = (quickstart(), Arc::new(Mutex::new(0)));
    let finished = Run::of(&scenario).sink(Count(Arc::clone(&count), u64::MAX)).run().unwrap();
    assert_eq!(*count.lock().unwrap(), finished.manifest.facts);
    let enough = *count.lock().unwrap() + 10;
    let error = Run::of(&scenario).sink(Count(count, enough)).run().unwrap_err();
    assert!(matches!(error, RunError::Market(_)), "{error:?}");
    assert!(bearpit::run::chain(&error).contains("that is enough"), "{error}");
}
