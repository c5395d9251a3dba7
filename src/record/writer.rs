//! The writer: facts to rows on a thread of its own, and sheets of rows to files.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};

use polars_core::prelude::{DataFrame, PolarsError, PolarsResult};
use polars_io::SerWriter;
use polars_io::csv::write as csv_write;
use polars_io::csv::write::CsvWriter;
use polars_io::ipc as ipc_io;
use polars_io::ipc::IpcWriter;
use thiserror::Error;

use super::column::Sheet;
use super::frames;
use super::gather::Gatherer;
use super::manifest::TableSummary;
use super::parquet::ParquetFile;
use super::plan::RunLabel;
use super::recorder::Recorded;
use super::schema::schema;
use super::stored;
use super::table::{Format, Table};
use super::words::Words;
use bearpit_core::market::Fact;
use bearpit_core::units::SimTime;

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
}

/// Facts on their way to the writer.
pub(super) type Facts = Vec<(SimTime, Fact)>;

/// Writes facts until their sender is gone; gives back the emptied chunks, and returns what that came to.
pub(super) fn run(
    mut gatherer: Gatherer,
    chunks: &Receiver<Facts>,
    emptied: &Sender<Facts>,
) -> Result<Recorded, RecordError> {
    for mut chunk in chunks {
        chunk.iter().try_for_each(|(at, fact)| gatherer.take(*at, fact))?;
        chunk.clear();
        // Where the recorder is gone, nobody needs it any more.
        emptied.send(chunk).ok();
    }
    gatherer.finish()
}

/// The file of a table.
pub(super) struct TableFile {
    path: PathBuf,
    rows: u64,
    output: Output,
}

enum Output {
    Parquet(Box<ParquetFile>),
    Csv(Box<csv_write::BatchedWriter<BufWriter<File>>>),
    Ipc(Box<ipc_io::BatchedWriter<BufWriter<File>>>),
}

impl TableFile {
    pub(super) fn create(directory: &Path, table: Table, format: Format) -> Result<Self, RecordError> {
        let path = directory.join(format!("{}.{}", table.name(), format.extension()));
        let file = File::create(&path).map_err(|cause| RecordError::Create { path: path.clone(), cause })?;
        let output = Output::open(BufWriter::new(file), table, format);
        let output = output.map_err(|cause| RecordError::Write { path: path.clone(), cause })?;
        Ok(Self { path, rows: 0, output })
    }

    /// Writes a sheet, and empties it.
    pub(super) fn write(
        &mut self,
        sheet: &mut Sheet,
        words: &Words,
        label: &RunLabel,
    ) -> Result<(), RecordError> {
        self.rows += sheet.rows as u64;
        let written = self.output.write(sheet, words, label);
        sheet.clear();
        written.map_err(|cause| RecordError::Write { path: self.path.clone(), cause })
    }

    /// Writes the last sheet, and ends the file.
    pub(super) fn finish(
        mut self,
        sheet: &mut Sheet,
        words: &Words,
        label: &RunLabel,
    ) -> Result<TableSummary, RecordError> {
        self.write(sheet, words, label)?;
        let path = self.path;
        self.output.finish().map_err(|cause| RecordError::Write { path, cause })?;
        Ok(TableSummary { name: sheet.table.name().to_owned(), rows: self.rows })
    }
}

impl Output {
    fn open(file: BufWriter<File>, table: Table, format: Format) -> PolarsResult<Self> {
        let schema = schema(table, format == Format::Csv);
        Ok(match format {
            Format::Parquet => Self::Parquet(Box::new(ParquetFile::create(file, table)?)),
            Format::Csv => Self::Csv(Box::new(CsvWriter::new(file).include_header(true).batched(&schema)?)),
            Format::Ipc => {
                // One entry to a column, each without dictionaries.
                let fields = schema.iter().map(|_| Default::default()).collect();
                Self::Ipc(Box::new(IpcWriter::new(file).batched(&schema, fields)?))
            }
        })
    }

    fn write(&mut self, sheet: &Sheet, words: &Words, label: &RunLabel) -> PolarsResult<()> {
        let label = (label.scenario.as_str(), label.seed);
        match self {
            Self::Parquet(file) => file.write(sheet, words, label),
            // A table without rows still has its header.
            Self::Csv(writer) => {
                let frame: DataFrame = frames::of_sheet(sheet, words, label)?;
                writer.write_batch(&stored::to_text(sheet.table, &frame)?)
            }
            Self::Ipc(_) if sheet.rows == 0 => Ok(()),
            Self::Ipc(writer) => writer.write_batch(&frames::of_sheet(sheet, words, label)?),
        }
    }

    fn finish(self) -> PolarsResult<()> {
        match self {
            Self::Parquet(file) => file.finish(),
            Self::Csv(mut writer) => writer.finish(),
            Self::Ipc(mut writer) => writer.finish(),
        }
    }
}
