//! Loading: from a path to a [`Scenario`], or all that is wrong with it.

use std::fs;
use std::path::Path;

use super::agents::{Surroundings, agents};
use super::diagnostics::{Diagnostics, Place};
use super::files::{Files, utf8};
use super::read;
use super::record::{self, record};
use super::section::{Findings, Section};
use super::spec::Scenario;
use super::tree::{self, Node, Override};
use super::world::{instruments, venues};
use bearpit_core::units::{Seed, SimDuration, SimTime};

/// What `[scenario]` says.
struct Head {
    name: String,
    seed: Seed,
    start: SimTime,
    end: SimTime,
    bar_interval: SimDuration,
    sample_interval: SimDuration,
}

impl Head {
    const fn recorded(&self) -> record::Surroundings {
        let length = SimDuration::from_nanos(self.end.nanos() - self.start.nanos());
        let Self { bar_interval, sample_interval, .. } = *self;
        record::Surroundings { length, bar_interval, sample_interval }
    }
}

impl Scenario {
    /// Loads a scenario and every file it names, with `overrides` applied first.
    ///
    /// # Errors
    /// All that is wrong, in the order of the file.
    pub fn load(path: &Path, overrides: &[Override]) -> Result<Self, Diagnostics> {
        let findings = Findings::default();
        let scenario = Self::read(path, overrides, &findings);
        let diagnostics = findings.into_inner();
        match scenario {
            Some(scenario) if diagnostics.is_empty() => Ok(scenario),
            _ => Err(diagnostics),
        }
    }

    fn read(path: &Path, overrides: &[Override], findings: &Findings) -> Option<Self> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let mut diagnostics = findings.borrow_mut();
                let source = diagnostics.add_source(path.display().to_string(), "");
                let message = format!("`{}` cannot be read: {error}", path.display());
                let help = "name a scenario file, such as scenarios/quickstart.toml".to_owned();
                diagnostics.push(Place { source, span: 0..0 }, message, Some(help));
                return None;
            }
        };
        let files = Files::new(path);
        files.absorb(&bytes);
        let text = utf8(path, bytes, findings)?;
        let tree = {
            let mut diagnostics = findings.borrow_mut();
            let source = diagnostics.add_source(path.display().to_string(), text);
            let mut tree = tree::parse(source, &mut diagnostics);
            // What does not parse would only give errors about what seems to be missing.
            if !diagnostics.is_empty() {
                return None;
            }
            for change in overrides {
                change.apply(&mut tree, &mut diagnostics);
                files.absorb(format!("{change:?}").as_bytes());
            }
            tree
        };
        let changes = overrides.iter().map(ToString::to_string).collect();
        Self::from_tree(path, &tree, &files, findings).map(|scenario| Self { changes, ..scenario })
    }

    fn from_tree(path: &Path, tree: &Node, files: &Files, findings: &Findings) -> Option<Self> {
        let root = Section::open("the scenario file", tree, tree.place.clone(), findings);
        let head = head(&root);
        let record = record(&root, head.as_ref().map_or_else(Default::default, Head::recorded));
        let specs = instruments(&root, files);
        let symbols: Vec<&str> = specs.iter().map(|known| known.symbol.as_str()).collect();
        let venues = venues(&root, &symbols);
        let span = head.as_ref().map(|head| (head.start, head.end));
        let around = Surroundings { symbols, instruments: &specs, venues: &venues, files, span };
        let agents = agents(&root, &around);
        root.finish();
        let Head { name, seed, start, end, bar_interval, sample_interval } = head?;
        Some(Self {
            path: path.to_path_buf(),
            name,
            seed,
            start,
            end,
            bar_interval,
            sample_interval,
            record: record?,
            instruments: specs.into_iter().map(|known| known.spec).collect::<Option<Vec<_>>>()?,
            venues,
            agents,
            changes: Vec::new(),
            inputs_digest: files.digest(),
        })
    }
}

fn head(root: &Section<'_>) -> Option<Head> {
    let Some(section) = root.table("scenario", "[scenario]") else {
        root.complain("scenario", "the table [scenario] is missing, with `name`, `start` and `end`", None);
        return None;
    };
    let name = section.required("name", read::name);
    let seed = section.or("seed", 0, read::seed);
    let start = section.required("start", read::time);
    let end = section.required("end", read::time);
    let minute = SimDuration::from_secs(60);
    let bar_interval = section.or("bars", minute, read::positive_duration);
    let sample_interval = section.or("sample", minute, read::positive_duration);
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        section.complain("end", format!("`end` is {end}, but must come after `start`, {start}"), None);
    }
    section.finish();
    Some(Head {
        name: name?,
        seed: Seed::new(seed?),
        start: start?,
        end: end?,
        bar_interval: bar_interval?,
        sample_interval: sample_interval?,
    })
}
