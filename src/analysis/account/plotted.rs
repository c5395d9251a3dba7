//! What strategies plotted, as lines.

use std::collections::{BTreeMap, BTreeSet};

use polars_core::prelude::{DataFrame, PolarsResult};

use crate::analysis::rows::frame_columns::{numbers, texts, times};
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::series::{Extent, LineDownsampler, Point};
use crate::record::{OpenError, StoredRun, Table};

/// What a strategy plotted under one name.
#[derive(Debug, Clone)]
pub struct PlottedSeries {
    /// The name.
    pub name: String,
    /// Its values; one that is no number is a gap.
    pub points: Vec<Point>,
    /// How many values there were.
    pub total: u64,
}

/// All that one strategy plotted.
#[derive(Debug, Clone, Default)]
pub struct Plotted {
    /// In order of their names; at most [`Plotted::SERIES_MAX`].
    pub series: Vec<PlottedSeries>,
    /// How many names there were.
    pub total: u64,
}

impl Plotted {
    /// How many series of a strategy are kept: the first ones that it named.
    pub const SERIES_MAX: usize = 16;
}

/// The series of one strategy under reading.
#[derive(Debug, Default)]
struct Gathered {
    lines: BTreeMap<String, LineDownsampler>,
    /// Names beyond those that are kept.
    others: BTreeSet<String>,
}

/// Names beyond this many are no longer told apart.
const NAMES_MAX: usize = 10_000;

/// Reads what each account plotted.
///
/// # Errors
/// [`OpenError`] if the table is missing or damaged.
pub(crate) fn read(
    run: &StoredRun,
    directory: &NameIndex,
    extent: Extent,
) -> Result<Vec<Plotted>, OpenError> {
    let mut gathered: Vec<Gathered> = run.manifest().accounts.iter().map(|_| Gathered::default()).collect();
    let columns = ["time", "owner", "series", "value"];
    if run.has(Table::Series) {
        run.visit(Table::Series, &columns, |frame| add(directory, frame, extent, &mut gathered))?;
    }
    Ok(gathered.into_iter().map(Gathered::finish).collect())
}

fn add(
    directory: &NameIndex,
    frame: &DataFrame,
    extent: Extent,
    gathered: &mut [Gathered],
) -> PolarsResult<()> {
    let (at, owners) = (times(frame, "time")?, texts(frame, "owner")?);
    let (names, values) = (texts(frame, "series")?, numbers(frame, "value")?);
    for row in 0..at.len() {
        let account = directory.account(owners[row]).and_then(|account| gathered.get_mut(account));
        if let Some(line) = account.and_then(|account| account.line(names[row], extent)) {
            match values[row] {
                Some(value) => line.add((at[row], value)),
                None => line.gap(),
            }
        }
    }
    Ok(())
}

impl Gathered {
    fn line(&mut self, name: &str, extent: Extent) -> Option<&mut LineDownsampler> {
        if !self.lines.contains_key(name) {
            if self.lines.len() >= Plotted::SERIES_MAX {
                if self.others.len() < NAMES_MAX {
                    self.others.insert(name.to_owned());
                }
                return None;
            }
            self.lines.insert(name.to_owned(), LineDownsampler::new(extent));
        }
        self.lines.get_mut(name)
    }

    fn finish(self) -> Plotted {
        let total = (self.lines.len() + self.others.len()) as u64;
        let line = |(name, line): (String, LineDownsampler)| {
            let (points, total) = line.finish();
            PlottedSeries { name, points, total }
        };
        Plotted { series: self.lines.into_iter().map(line).collect(), total }
    }
}
