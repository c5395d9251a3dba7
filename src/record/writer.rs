//! The writer thread: frames to files, batch by batch.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use polars::io::csv::write as csv_write;
use polars::io::ipc as ipc_io;
use polars::io::parquet::write as parquet_write;
use polars::prelude::{
    CsvWriter, DataFrame, IpcWriter, ParquetCompression, ParquetWriter, PolarsError, PolarsResult, SerWriter,
};
use thiserror::Error;

use super::frames::{Values, frame, frames};
use super::manifest::TableSummary;
use super::rows::{Chunk, Names};
use super::schema::{Kind, columns, schema};
use super::stored;
use super::table::{Format, Table};

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
    /// Orders were still open when the recording ended.
    #[error("{0} orders were still open when the recording ended")]
    OpenOrders(usize),
}

/// The files of all tables of a run.
pub(super) struct Writer {
    names: Names,
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
    /// Makes the files of all tables, so that also an empty table has one.
    pub(super) fn create(directory: &Path, format: Format, names: Names) -> Result<Self, RecordError> {
        let files: Result<Vec<TableFile>, RecordError> =
            Table::ALL.into_iter().map(|table| TableFile::create(directory, table, format)).collect();
        Ok(Self { names, files: files? })
    }

    /// Writes chunks until their sender is gone, and returns the number of rows of each table.
    pub(super) fn run(mut self, chunks: &Receiver<Chunk>) -> Result<Vec<TableSummary>, RecordError> {
        for chunk in chunks {
            let built = frames(&self.names, &chunk);
            let built = built.map_err(|cause| RecordError::Write { path: PathBuf::from("tables"), cause })?;
            for (table, frame) in built {
                if let Some(file) = self.files.iter_mut().find(|file| file.table == table) {
                    file.write(frame)?;
                }
            }
        }
        self.files.into_iter().map(TableFile::finish).collect()
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

    fn write(&mut self, frame: DataFrame) -> Result<(), RecordError> {
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
        if is_full { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        let Some(mut batch) = self.pending.take() else { return Ok(()) };
        batch.rechunk_mut();
        let written = self.output.write(self.table, &batch);
        written.map_err(|cause| RecordError::Write { path: self.path.clone(), cause })
    }

    fn finish(mut self) -> Result<TableSummary, RecordError> {
        self.flush()?;
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

/// Returns a frame of a table without rows.
pub(super) fn empty(table: Table) -> PolarsResult<DataFrame> {
    let values = columns(table).iter().map(|(_, kind)| match kind {
        Kind::Number => Values::Number(Vec::new()),
        Kind::Count => Values::Count(Vec::new()),
        Kind::Text => Values::Text(Vec::new()),
        Kind::Time => Values::Time(Vec::new()),
        Kind::Money => Values::Money(Vec::new()),
    });
    frame(table, values.collect())
}
