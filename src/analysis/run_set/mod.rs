//! [`RunSet`]: many runs, grouped into batches of the same inputs, so that differences of seeds and of
//! scenarios are kept apart.
//!
//! Of each run only an outline stays ([`RunOutline`]): its counts, a few metrics from its summary, and its
//! equity at regular times. So memory follows the number of runs, at some ten kilobytes each, and not their
//! length.

mod outline;
mod spread;
mod student;

pub use outline::{AccountOutline, MarketOutline, RunOutline};
pub use spread::Spread;

use std::path::PathBuf;

use crate::analysis::series::extent::Extent;
use crate::record::{OpenError, StoredRun};

/// What distinguishes a batch from others of its scenario has at most so many letters.
const LABEL_MAX: usize = 24;

/// Many runs.
#[derive(Debug, Clone)]
pub struct RunSet {
    /// The runs by their inputs, in the order in which they were named.
    pub batches: Vec<Batch>,
    /// Directories that hold a run that is there already, beside the one that has it.
    pub repeated: Vec<(PathBuf, PathBuf)>,
}

/// Runs of the same inputs: one scenario with the same changes, of which each has a seed of its own.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The scenario, with what distinguishes it from the other batches.
    pub label: String,
    /// The scenario's name.
    pub scenario: String,
    /// What was changed of it.
    pub changes: Vec<String>,
    /// BLAKE3 over the inputs, in hexadecimal.
    pub inputs: String,
    /// The virtual time that its runs span.
    pub extent: Extent,
    /// The first and the last instant, as text.
    pub span: [String; 2],
    /// The runs, in order of their seeds; at least one.
    pub runs: Vec<RunOutline>,
}

impl RunSet {
    /// At how many regular times equity is sampled.
    pub const TIMES: usize = 240;

    /// Reads finished runs, one after the other; none twice.
    ///
    /// # Errors
    /// An [`OpenError`] for each of them whose manifest, summary or table is missing or damaged.
    pub fn read(directories: &[PathBuf]) -> Result<Self, Vec<OpenError>> {
        let mut several = Self { batches: Vec::new(), repeated: Vec::new() };
        let read = directories.iter().map(|path| StoredRun::open(path).and_then(|run| several.add(&run)));
        let errors: Vec<OpenError> = read.filter_map(Result::err).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        several.batches.iter_mut().for_each(|batch| batch.runs.sort_by_key(|run| run.seed));
        several.name_batches();
        Ok(several)
    }

    fn add(&mut self, run: &StoredRun) -> Result<(), OpenError> {
        let manifest = run.manifest();
        let extent = Extent::new(manifest.start, manifest.end);
        let belongs = |batch: &&mut Batch| {
            batch.scenario == manifest.scenario && batch.inputs == manifest.inputs && batch.extent == extent
        };
        if let Some(batch) = self.batches.iter_mut().find(belongs) {
            let is_this =
                |known: &&RunOutline| known.seed == manifest.seed && known.digest == manifest.digest;
            match batch.runs.iter().find(is_this) {
                Some(known) => {
                    self.repeated.push((run.directory().to_path_buf(), known.directory.clone()));
                }
                None => batch.runs.push(RunOutline::read(run, extent)?),
            }
            return Ok(());
        }
        self.batches.push(Batch {
            label: manifest.scenario.clone(),
            scenario: manifest.scenario.clone(),
            changes: manifest.changes.clone(),
            inputs: manifest.inputs.clone(),
            extent,
            span: [manifest.start.to_string(), manifest.end.to_string()],
            runs: vec![RunOutline::read(run, extent)?],
        });
        Ok(())
    }

    /// Gives batches of one scenario labels that distinguish them: by those changes that not all of
    /// them have, or by their number where that is too long or the same.
    fn name_batches(&mut self) {
        let all: Vec<(String, Vec<String>)> =
            self.batches.iter().map(|batch| (batch.scenario.clone(), batch.changes.clone())).collect();
        let labels = all.iter().map(|(scenario, changes)| {
            let is_shared = |change: &&String| {
                all.iter().filter(|(other, _)| other == scenario).all(|(_, changes)| changes.contains(change))
            };
            let own: Vec<&str> =
                changes.iter().filter(|change| !is_shared(change)).map(String::as_str).collect();
            if own.is_empty() { scenario.clone() } else { format!("{scenario} with {}", own.join(", ")) }
        });
        let labels: Vec<String> = labels.collect();
        for (place, batch) in self.batches.iter_mut().enumerate() {
            let label = &labels[place];
            let is_unique = labels.iter().filter(|it| *it == label).count() == 1;
            let is_short = label.chars().count() <= batch.scenario.chars().count() + LABEL_MAX;
            batch.label = if is_unique && is_short {
                label.clone()
            } else {
                let before = all[..=place].iter().filter(|(scenario, _)| *scenario == batch.scenario);
                format!("{}, variant {}", batch.scenario, before.count())
            };
        }
    }

    /// Returns the names of all accounts, in the order of the runs: strategies before market makers.
    #[must_use]
    pub fn owners(&self) -> Vec<&str> {
        let mut owners: Vec<(bool, &str)> = Vec::new();
        for account in self.runs().flat_map(|run| &run.accounts) {
            if owners.iter().all(|(_, owner)| *owner != account.owner) {
                owners.push((account.is_maker(), &account.owner));
            }
        }
        owners.sort_by_key(|(is_maker, _)| *is_maker);
        owners.into_iter().map(|(_, owner)| owner).collect()
    }

    /// Returns all runs, batch by batch.
    pub fn runs(&self) -> impl Iterator<Item = &RunOutline> {
        self.batches.iter().flat_map(|batch| &batch.runs)
    }
}

impl Batch {
    /// Returns an account in all runs that have it, beside its run.
    pub fn account<'a>(
        &'a self,
        owner: &'a str,
    ) -> impl Iterator<Item = (&'a RunOutline, &'a AccountOutline)> {
        self.runs.iter().filter_map(move |run| Some((run, run.account(owner)?)))
    }

    /// Returns whether several seeds gave the same tape, so that they say no more than one.
    #[must_use]
    pub fn is_without_chance(&self) -> bool {
        let first = self.runs.first().map(|run| &run.digest);
        self.runs.len() > 1 && self.runs.iter().all(|run| Some(&run.digest) == first)
    }

    /// Returns the regular times at which equity was sampled.
    #[must_use]
    pub fn times(&self) -> Vec<i64> {
        outline::times(self.extent).collect()
    }
}
