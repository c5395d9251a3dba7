//! [`run`]: from a job to its outcome.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use bearpit::scenario::Scenario;
use bearpit::script::compile;

use super::error::EstimateError;
use super::job::{Job, Model, Subject};
use super::outcome::Outcome;
use super::process_paths::ProcessPaths;
use super::resumed::begin_at;
use super::world_paths::WorldPaths;

/// How a job is run, and what is known of it meanwhile.
#[derive(Debug)]
pub struct Control<'a> {
    /// On how many threads; at least one.
    pub threads: u32,
    /// How many paths are done.
    pub done: &'a AtomicU32,
    /// Whether it is to stop.
    pub is_canceled: &'a AtomicBool,
}

enum Paths {
    Process(ProcessPaths),
    World(Box<WorldPaths>),
}

impl Paths {
    fn present(&self) -> f64 {
        match self {
            Self::Process(paths) => paths.present(),
            Self::World(paths) => paths.present(),
        }
    }

    fn path(&self, number: u32, is_canceled: &dyn Fn() -> bool) -> Result<Vec<f64>, EstimateError> {
        if is_canceled() {
            return Err(EstimateError::Canceled);
        }
        match self {
            Self::Process(paths) => Ok(paths.path(number)),
            Self::World(paths) => paths.path(number, is_canceled),
        }
    }
}

/// Runs a job. `base` is the file of the scenario, beside which those are that it names.
///
/// The same job gives the same outcome on any number of threads: each path has a seed of its own, and is
/// measured at its place.
///
/// # Errors
/// [`EstimateError`].
pub fn run(job: &Job, base: &Path, control: &Control<'_>) -> Result<Outcome, EstimateError> {
    job.check()?;
    let paths = prepare(job, base)?;
    let drawn = draw(&paths, job.paths, control)?;
    Ok(Outcome::of(job, paths.present(), &drawn))
}

/// Checks a job without drawing anything, and returns how many steps of price processes it takes; a world is
/// none.
///
/// # Errors
/// [`EstimateError`].
pub fn check(job: &Job, base: &Path) -> Result<u64, EstimateError> {
    job.check()?;
    if let Subject::Strategy { script, .. } = &job.subject {
        compile(&script.source()).map_err(|error| EstimateError::Strategy(error.to_string()))?;
    }
    Ok(match prepare(job, base)? {
        Paths::Process(paths) => paths.steps(job),
        Paths::World(_) => 0,
    })
}

fn prepare(job: &Job, base: &Path) -> Result<Paths, EstimateError> {
    let unreadable = |text: &str| EstimateError::Scenario(text.to_owned());
    let changes = job.scenario.changes.iter().map(|change| change.parse());
    let changes: Vec<_> = changes.collect::<Result<_, _>>().map_err(|_| unreadable("its changes"))?;
    let read = Scenario::from_text(base, &job.scenario.text, &changes);
    let mut scenario = read.map_err(|found| unreadable(&found.render(false)))?;
    if scenario.inputs_digest != job.scenario.inputs {
        let (found, expected) = (scenario.inputs_digest.clone(), job.scenario.inputs.clone());
        return Err(EstimateError::OtherInputs { found, expected });
    }
    begin_at(&mut scenario, &job.prices);
    Ok(match job.model {
        Model::Process => Paths::Process(ProcessPaths::new(job, &scenario)?),
        Model::World => Paths::World(Box::new(WorldPaths::new(job, scenario)?)),
    })
}

/// Draws all paths, each thread a stretch of them.
fn draw(paths: &Paths, count: u32, control: &Control<'_>) -> Result<Vec<Vec<f64>>, EstimateError> {
    let is_canceled = || control.is_canceled.load(Ordering::Relaxed);
    let stretch = |numbers: std::ops::Range<u32>| {
        let drawn = numbers.map(|number| {
            let path = paths.path(number, &is_canceled)?;
            control.done.fetch_add(1, Ordering::Relaxed);
            Ok(path)
        });
        drawn.collect::<Result<Vec<_>, EstimateError>>()
    };
    let threads = control.threads.clamp(1, count.max(1));
    if threads == 1 {
        return stretch(0..count);
    }
    let share = count.div_ceil(threads);
    let bounds = |thread: u32| (share * thread).min(count)..(share * (thread + 1)).min(count);
    thread::scope(|scope| {
        let spawn = |number| scope.spawn(move || stretch(bounds(number)));
        let handles: Vec<_> = (0..threads).map(spawn).collect();
        let mut all = Vec::new();
        for handle in handles {
            // A thread fails only as this one would have.
            all.extend(handle.join().unwrap_or_else(|why| std::panic::resume_unwind(why))?);
        }
        Ok(all)
    })
}
