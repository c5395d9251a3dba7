//! The writer: facts to rows on a thread of its own, and groups of rows to files.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use polars_core::prelude::{DataFrame, PolarsResult};

use super::config::{RecordConfig, RunLabel};
use super::csv::CsvFile;
use super::error::RecordError;
use super::format::Format;
use super::frames;
use super::ipc::IpcFile;
use super::manifest::TableSummary;
use super::parquet::ParquetFile;
use super::row_group::RowGroup;
use super::row_group::interner::Interner;
use super::table::Table;

/// Rows of a row group of Parquet.
///
/// Each row group costs the writer some kilobytes a column until the file ends, so they are not small; and
/// what waits in a group has reached its bound within an hour of a busy market, so that longer runs need
/// hardly more.
const GROUP_ROWS: usize = 32 * 1024;

/// Rows that are made pages of Parquet together: a writer keeps half a kilobyte of each page until its file
/// ends.
const PAGE_ROWS: usize = 16 * 1024;
/// Rows that are written together as text or as a record batch: their columns stay in a processor's cache.
const BATCH_ROWS: usize = 4 * 1024;

/// The file of a table; a table without rows has none.
pub(super) struct TableFile {
    path: PathBuf,
    rows: u64,
    output: Output,
}

enum Output {
    /// A file that is made with its first row.
    Due {
        table: Table,
        format: Format,
        floats: bool,
    },
    Parquet(Box<ParquetFile>),
    Csv(CsvFile),
    Ipc(Box<IpcFile>),
    /// All rows so far, in memory; money is exact.
    Memory(Option<DataFrame>),
}

/// A table whose rows are all written.
pub(super) struct FinishedTable {
    pub(super) table: Table,
    pub(super) summary: TableSummary,
    /// Its rows, if they are kept in memory.
    pub(super) frame: Option<DataFrame>,
}

impl TableFile {
    /// Prepares the file of a table; it is made with the first row.
    pub(super) fn due(directory: &Path, table: Table, config: &RecordConfig) -> Self {
        let RecordConfig { format, floats, .. } = *config;
        let path = directory.join(format!("{}.{}", table.name(), format.extension()));
        Self { path, rows: 0, output: Output::Due { table, format, floats } }
    }

    /// Returns how many rows are stored together.
    pub(super) const fn piece_rows(&self) -> usize {
        match self.output {
            Output::Due { format: Format::Csv | Format::Ipc, .. } | Output::Csv(_) | Output::Ipc(_) => {
                BATCH_ROWS
            }
            Output::Due { format: Format::Parquet, .. } | Output::Parquet(_) | Output::Memory(_) => PAGE_ROWS,
        }
    }

    /// Makes the file, if it has not been made yet.
    pub(super) fn begin(&mut self) -> Result<(), RecordError> {
        let Output::Due { table, format, floats } = self.output else { return Ok(()) };
        let path = &self.path;
        let file = File::create(path).map_err(|cause| RecordError::Create { path: path.clone(), cause })?;
        let opened = Output::open(path, BufWriter::new(file), table, format, floats);
        self.output = opened.map_err(|cause| RecordError::Write { path: path.clone(), cause })?;
        Ok(())
    }

    /// Makes a table that is kept in memory.
    pub(super) fn in_memory(table: Table) -> Self {
        Self { path: PathBuf::from(table.name()), rows: 0, output: Output::Memory(None) }
    }

    /// Stores the rows of a group that are not stored yet.
    pub(super) fn write(
        &mut self,
        group: &mut RowGroup,
        interner: &Interner,
        label: &RunLabel,
    ) -> Result<(), RecordError> {
        self.rows += group.piece_rows as u64;
        if group.piece_rows > 0 {
            self.begin()?;
        }
        self.output
            .write(group, interner, label)
            .map_err(|cause| RecordError::Write { path: self.path.clone(), cause })
    }

    /// Stores the last rows, and ends the file.
    pub(super) fn finish(
        mut self,
        group: &mut RowGroup,
        interner: &Interner,
        label: &RunLabel,
    ) -> Result<FinishedTable, RecordError> {
        self.write(group, interner, label)?;
        let path = self.path;
        let frame =
            self.output.finish(group, interner, label).map_err(|cause| RecordError::Write { path, cause })?;
        let summary = TableSummary { name: group.table.name().to_owned(), rows: self.rows };
        Ok(FinishedTable { table: group.table, summary, frame })
    }
}

impl Output {
    fn open(
        path: &Path,
        file: BufWriter<File>,
        table: Table,
        format: Format,
        floats: bool,
    ) -> PolarsResult<Self> {
        Ok(match format {
            Format::Parquet => Self::Parquet(Box::new(ParquetFile::create(file, table, floats)?)),
            Format::Csv => Self::Csv(CsvFile::create(path, file, table)?),
            Format::Ipc => Self::Ipc(Box::new(IpcFile::create(file, table, floats)?)),
        })
    }

    fn write(&mut self, group: &mut RowGroup, interner: &Interner, label: &RunLabel) -> PolarsResult<()> {
        if let Self::Parquet(file) = self {
            file.add(group);
            group.next_piece();
            return if group.rows < GROUP_ROWS { Ok(()) } else { end_group(file, group, interner, label) };
        }
        let written = self.write_piece(group, interner, label);
        group.clear();
        written
    }

    /// Writes the rows of a group to a file that has no row groups of its own.
    fn write_piece(&mut self, group: &RowGroup, interner: &Interner, label: &RunLabel) -> PolarsResult<()> {
        let label = (label.scenario.as_str(), label.seed);
        match self {
            Self::Due { .. } | Self::Parquet(_) => Ok(()),
            Self::Csv(file) => file.write(group, interner, label),
            Self::Memory(frame) => {
                let more = frames::of_group(group, interner, label)?;
                match frame {
                    Some(frame) => frame.vstack_mut(&more).map(|_| ()),
                    None => {
                        *frame = Some(more);
                        Ok(())
                    }
                }
            }
            Self::Ipc(_) if group.rows == 0 => Ok(()),
            Self::Ipc(file) => file.write(group, interner, label),
        }
    }

    fn finish(
        self,
        group: &mut RowGroup,
        interner: &Interner,
        label: &RunLabel,
    ) -> PolarsResult<Option<DataFrame>> {
        match self {
            Self::Due { .. } => Ok(None),
            Self::Parquet(mut file) => {
                end_group(&mut file, group, interner, label)?;
                file.finish().map(|()| None)
            }
            Self::Csv(file) => file.finish().map(|()| None),
            Self::Ipc(file) => file.finish().map(|()| None),
            Self::Memory(frame) => Ok(frame),
        }
    }
}

/// Writes the row group of all rows that a file has pages of, and empties it.
fn end_group(
    file: &mut ParquetFile,
    group: &mut RowGroup,
    interner: &Interner,
    label: &RunLabel,
) -> PolarsResult<()> {
    let written = file.write(group, interner, (label.scenario.as_str(), label.seed));
    group.clear();
    written
}
