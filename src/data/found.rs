//! [`Found`]: what a reader found out about a file.

use std::collections::BTreeMap;
use std::fmt;

use super::layout::{FileKind, Layout};
use super::options::Role;
use bearpit_core::units::{SimDuration, SimTime};

/// How many of the longest gaps, and of the most frequent steps, are kept.
const KEPT: usize = 3;

/// What a reader found out about a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What its rows are.
    pub kind: FileKind,
    /// Number of rows that were read.
    pub rows: usize,
    /// Rows that were passed over since they have no prices.
    pub empty_rows: usize,
    /// Rows that were passed over since they cannot be read, where that was asked for.
    pub bad_rows: usize,
    /// First and last time on the run's clock, if there are rows.
    pub span: Option<(SimTime, SimTime)>,
    /// The steps from one row to the next and how often each occurs, the most frequent first, three at most.
    pub steps: Vec<(SimDuration, usize)>,
    /// The longest steps and the time of the row before each, the longest first, three at most.
    pub gaps: Vec<(SimTime, SimDuration)>,
    /// Number of steps longer than the most frequent.
    pub longer_steps: usize,
    /// The columns that were taken.
    pub columns: Vec<TakenColumn>,
    /// The names of the columns that were not.
    pub other_columns: Vec<String>,
    /// How the file is written.
    pub form: Form,
    /// Where the file seems to come from.
    pub source: Option<&'static str>,
    /// How times are written.
    pub time_format: String,
    /// How times became those of the run's clock.
    pub zone: String,
    /// Whether rows stood newest first.
    pub is_reversed: bool,
    /// What the volume is.
    pub volume: VolumeFound,
}

/// A column that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenColumn {
    /// What it was taken as.
    pub role: Role,
    /// Its name in the header, if there is one.
    pub name: String,
    /// Its place, from 1.
    pub number: usize,
}

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Text with separators.
    Text {
        /// What stands between cells.
        separator: char,
        /// How it is encoded.
        encoding: super::Encoding,
        /// How lines end.
        line_end: super::LineEnd,
        /// Number of rows of the header.
        header_rows: usize,
    },
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC.
    Ipc,
}

/// What the volume of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeFound {
    /// As its column has it.
    Column,
    /// The number of changes of the price, since the volume is 0 throughout.
    Ticks,
    /// Absent: there is no such column.
    NoColumn,
    /// Absent: it is 0 throughout.
    ZeroThroughout,
}

impl fmt::Display for VolumeFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Column => "as in the file",
            Self::Ticks => "the tick volume, since the volume is 0 throughout",
            Self::NoColumn => "none: there is no such column",
            Self::ZeroThroughout => "none: it is 0 throughout",
        })
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parquet => f.write_str("Parquet"),
            Self::Ipc => f.write_str("Arrow IPC"),
            Self::Text { separator, encoding, line_end, header_rows } => {
                let separator = u8::try_from(*separator).unwrap_or(b',');
                let separator = super::dialect::separator_name(separator);
                let header = match header_rows {
                    0 => "no header".to_owned(),
                    1 => "a header".to_owned(),
                    rows => format!("{rows} rows of header"),
                };
                write!(f, "text separated by {separator}, {header}, {encoding}, lines end in {line_end}")
            }
        }
    }
}

impl Found {
    /// Returns the most frequent step from one row to the next.
    #[must_use]
    pub fn interval(&self) -> Option<SimDuration> {
        self.steps.first().map(|(step, _)| *step)
    }
}

/// Returns the columns that a layout takes, and the names of the others.
pub(super) fn columns(layout: &Layout) -> (Vec<TakenColumn>, Vec<String>) {
    let taken = layout.columns.iter().map(|(role, index)| TakenColumn {
        role: *role,
        name: layout.name(*index),
        number: index + 1,
    });
    let is_free = |index: &usize| !layout.columns.values().any(|taken| taken == index);
    let others = (0..layout.width).filter(is_free).map(|index| layout.name(index));
    (taken.collect(), others.collect())
}

/// What lies between the times of rows.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) steps: Vec<(SimDuration, usize)>,
    pub(super) gaps: Vec<(SimTime, SimDuration)>,
    pub(super) longer: usize,
}

impl Steps {
    /// Counts the steps between times that ascend.
    pub(super) fn between(times: impl Iterator<Item = SimTime> + Clone) -> Self {
        let pairs = || times.clone().zip(times.clone().skip(1)).filter(|(from, to)| to > from);
        let mut counts: BTreeMap<SimDuration, usize> = BTreeMap::new();
        for (from, to) in pairs() {
            *counts.entry(to - from).or_default() += 1;
        }
        let mut steps: Vec<(SimDuration, usize)> = counts.into_iter().collect();
        steps.sort_by_key(|(step, count)| (std::cmp::Reverse(*count), *step));
        let interval = steps.first().map_or(SimDuration::ZERO, |(step, _)| *step);
        let longer = steps.iter().filter(|(step, _)| *step > interval).map(|(_, count)| count).sum();
        steps.truncate(KEPT);
        let mut gaps: Vec<(SimTime, SimDuration)> = Vec::new();
        for (from, to) in pairs().filter(|(from, to)| *to - *from > interval) {
            let at = gaps.partition_point(|(_, length)| *length >= to - from);
            if at < KEPT {
                gaps.insert(at, (from, to - from));
                gaps.truncate(KEPT);
            }
        }
        Self { steps, gaps, longer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted_and_the_longest_have_their_place() {
        let times = [0, 60, 120, 180, 400, 460, 800].map(|secs| SimTime::from_nanos(secs * 1_000_000_000));
        let found = Steps::between(times.into_iter());
        let secs = SimDuration::from_secs;
        assert_eq!(found.steps, [(secs(60), 4), (secs(220), 1), (secs(340), 1)]);
        assert_eq!(found.gaps, [(times[5], secs(340)), (times[3], secs(220))]);
        assert_eq!(found.longer, 2);
        assert!(Steps::between(times.into_iter().take(1)).steps.is_empty());
    }
}
