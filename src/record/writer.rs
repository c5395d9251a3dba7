//! The writer thread: frames to files, batch by batch.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use polars::io::csv::write as csv_write;
use polars::io::ipc as ipc_io;
use polars::io::parquet::write as parquet_write;
use polars::prelude::{
    AnyValue, Column, CsvWriter, DataFrame, DataType, IpcWriter, ParquetCompression, ParquetWriter,
    PolarsError, PolarsResult, Scalar, SerWriter,
};
use thiserror::Error;

use super::frames::{Values, frame, frames};
use super::gather::Gatherer;
use super::manifest::TableSummary;
use super::plan::{RecordPlan, RunLabel};
use super::recorder::Recorded;
use super::rows::Names;
use super::schema::{Kind, LABELS, all_columns, schema};
use super::stored;
use super::table::{Format, Table};
use crate::market::Fact;
use crate::units::SimTime;

/// Says why a recording failed.
#[derive(Debug, Error)]
pub enum RecordError {
    /// A file could not be made.
    #[error("{}: cannot be written: {cause}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Rows could not be written.
    #[error("{}: cannot be written: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What Polars said.
        cause: PolarsError,
    },
    /// The writer's thread could not be started, or ended in a panic.
    #[error("the thread that writes the tables {0}")]
    Thread(String),
    /// Rows could not be put together.
    #[error("the tables cannot be written: {0}")]
    Rows(#[from] PolarsError),
}

/// The files of all tables of a run.
pub(super) struct Writer {
    names: Names,
    gatherer: Gatherer,
    files: Files,
}

struct Files {
    label: RunLabel,
    files: Vec<TableFile>,
}

struct TableFile {
    table: Table,
    path: PathBuf,
    rows: u64,
    /// Rows that do not make up a batch yet.
    pending: Option<DataFrame>,
    output: Output,
}

/// Rows in a batch of a file: a row group of Parquet.
///
/// Each batch costs the writer some kilobytes a column until the file ends, so batches are larger than
/// the chunks that the recorder hands over; and what waits here has reached its bound within an hour of
/// a busy market, so that longer runs need hardly more.
const BATCH_ROWS: usize = 32 * 1024;

enum Output {
    Parquet(Box<parquet_write::BatchedWriter<BufWriter<File>>>),
    Csv(Box<csv_write::BatchedWriter<BufWriter<File>>>),
    Ipc(Box<ipc_io::BatchedWriter<BufWriter<File>>>),
}

impl Writer {
    /// Makes the files of the tables that are recorded, so that also an empty table has one.
    pub(super) fn create(
        directory: &Path,
        plan: &RecordPlan,
        label: RunLabel,
        names: Names,
    ) -> Result<Self, RecordError> {
        let gatherer = Gatherer::new(plan, &label, &names);
        let tables = Table::ALL.into_iter().filter(|table| plan.tables.contains(*table));
        let files: Result<_, RecordError> =
            tables.map(|table| TableFile::create(directory, table, plan.format)).collect();
        Ok(Self { names, gatherer, files: Files { label, files: files? } })
    }

    /// Writes facts until their sender is gone, and returns what that came to.
    pub(super) fn run(self, chunks: &Receiver<Vec<(SimTime, Fact)>>) -> Result<Recorded, RecordError> {
        let Self { names, mut gatherer, mut files } = self;
        let mut write = |chunk| frames(&names, &chunk, |table, frame| files.write(table, frame));
        for chunk in chunks {
            chunk.into_iter().try_for_each(|(at, fact)| gatherer.take(at, fact, &mut write))?;
        }
        let open_orders = gatherer.finish(&mut write)?;
        Ok(Recorded { tables: files.finish()?, open_orders })
    }
}

impl Files {
    fn write(&mut self, table: Table, frame: DataFrame) -> Result<(), RecordError> {
        match self.files.iter_mut().find(|file| file.table == table) {
            Some(file) => file.write(frame, &self.label),
            None => Ok(()),
        }
    }

    fn finish(self) -> Result<Vec<TableSummary>, RecordError> {
        self.files.into_iter().map(|file| file.finish(&self.label)).collect()
    }
}

impl TableFile {
    fn create(directory: &Path, table: Table, format: Format) -> Result<Self, RecordError> {
        let path = directory.join(format!("{}.{}", table.name(), format.extension()));
        let file = File::create(&path).map_err(|cause| RecordError::Create { path: path.clone(), cause })?;
        let output = Output::open(BufWriter::new(file), table, format);
        let output = output.map_err(|cause| RecordError::Write { path: path.clone(), cause })?;
        Ok(Self { table, path, rows: 0, pending: None, output })
    }

    fn write(&mut self, frame: DataFrame, label: &RunLabel) -> Result<(), RecordError> {
        self.rows += frame.height() as u64;
        let added = match &mut self.pending {
            Some(pending) => pending.vstack_mut(&frame).map(|_| ()),
            None => {
                self.pending = Some(frame);
                Ok(())
            }
        };
        added.map_err(|cause| RecordError::Write { path: self.path.clone(), cause })?;
        let is_full = self.pending.as_ref().is_some_and(|pending| pending.height() >= BATCH_ROWS);
        if is_full { self.flush(label) } else { Ok(()) }
    }

    fn flush(&mut self, label: &RunLabel) -> Result<(), RecordError> {
        let Some(mut batch) = self.pending.take() else { return Ok(()) };
        batch.rechunk_mut();
        let written = labelled(batch, label).and_then(|batch| self.output.write(self.table, &batch));
        written.map_err(|cause| RecordError::Write { path: self.path.clone(), cause })
    }

    fn finish(mut self, label: &RunLabel) -> Result<TableSummary, RecordError> {
        self.flush(label)?;
        let path = self.path;
        self.output.finish(self.table).map_err(|cause| RecordError::Write { path, cause })?;
        Ok(TableSummary { name: self.table.name().to_owned(), rows: self.rows })
    }
}

impl Output {
    fn open(file: BufWriter<File>, table: Table, format: Format) -> PolarsResult<Self> {
        let schema = schema(table, format == Format::Csv);
        Ok(match format {
            Format::Parquet => {
                let writer = ParquetWriter::new(file).with_compression(ParquetCompression::Zstd(None));
                Self::Parquet(Box::new(writer.batched(&schema)?))
            }
            Format::Csv => Self::Csv(Box::new(CsvWriter::new(file).include_header(true).batched(&schema)?)),
            Format::Ipc => {
                // One entry to a column, each without dictionaries.
                let fields = schema.iter().map(|_| Default::default()).collect();
                Self::Ipc(Box::new(IpcWriter::new(file).batched(&schema, fields)?))
            }
        })
    }

    fn write(&mut self, table: Table, frame: &DataFrame) -> PolarsResult<()> {
        match self {
            Self::Parquet(writer) => writer.write_batch(frame),
            Self::Csv(writer) => writer.write_batch(&stored::to_text(table, frame)?),
            Self::Ipc(writer) => writer.write_batch(frame),
        }
    }

    fn finish(self, table: Table) -> PolarsResult<()> {
        match self {
            Self::Parquet(writer) => writer.finish().map(|_| ()),
            Self::Csv(mut writer) => {
                // A table without rows still has its header.
                writer.write_batch(&stored::to_text(table, &empty(table)?)?)?;
                writer.finish()
            }
            Self::Ipc(mut writer) => writer.finish(),
        }
    }
}

/// Adds the columns that tell whose rows they are.
fn labelled(frame: DataFrame, label: &RunLabel) -> PolarsResult<DataFrame> {
    let height = frame.height();
    let [(scenario, _), (seed, _)] = LABELS;
    let name = Scalar::new(DataType::String, AnyValue::StringOwned(label.scenario.as_str().into()));
    let number = Scalar::from(label.seed.get());
    let labels = [(scenario, name), (seed, number)];
    let labels = labels.map(|(column, value)| Column::new_scalar(column.into(), value, height));
    frame.hstack(&labels)
}

/// Returns a frame of a table without rows.
pub(super) fn empty(table: Table) -> PolarsResult<DataFrame> {
    let values = all_columns(table).map(|(_, kind)| match kind {
        Kind::Number => Values::Number(Vec::new()),
        Kind::Count => Values::Count(Vec::new()),
        Kind::Small => Values::Small(Vec::new()),
        Kind::Text => Values::Text(Vec::new()),
        Kind::Time => Values::Time(Vec::new()),
        Kind::Money => Values::Money(Vec::new()),
    });
    frame(table, values.collect())
}
