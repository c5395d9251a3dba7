//! Arrow IPC: row groups as record batches of a file, and a table read back.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use polars_arrow::io::ipc::IpcField;
use polars_arrow::io::ipc::read::{FileReader, read_file_metadata};
use polars_arrow::io::ipc::write::{FileWriter, WriteOptions};
use polars_core::prelude::{CompatLevel, DataFrame, PolarsResult, Schema, SchemaExt};

use super::schema::schema;
use super::table::Table;

/// An Arrow IPC file in progress.
pub(super) struct IpcFile {
    writer: FileWriter<BufWriter<File>>,
}

impl IpcFile {
    pub(super) fn create(file: BufWriter<File>, table: Table, floats: bool) -> PolarsResult<Self> {
        let schema = schema(table, floats).to_arrow(CompatLevel::newest());
        // One entry per column, each without dictionaries.
        let fields = schema.iter().map(|_| IpcField::default()).collect();
        let options = WriteOptions { compression: None };
        let mut writer = FileWriter::new(file, Arc::new(schema), Some(fields), options);
        writer.start()?;
        Ok(Self { writer })
    }

    /// Writes the rows of `frame` as a record batch.
    pub(super) fn write(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        frame.iter_chunks(CompatLevel::newest(), false).try_for_each(|batch| self.writer.write(&batch, None))
    }

    pub(super) fn finish(mut self) -> PolarsResult<()> {
        self.writer.finish()
    }
}

/// Reads a table, whole.
///
/// # Errors
/// If the file cannot be read, or is not an Arrow IPC file.
pub(super) fn read(path: &Path) -> PolarsResult<DataFrame> {
    let mut file = File::open(path)?;
    let metadata = read_file_metadata(&mut file)?;
    let mut frame = DataFrame::empty_with_schema(&Schema::from_arrow_schema(&metadata.schema));
    for batch in FileReader::new(file, metadata, None, None) {
        frame.vstack_mut_owned(DataFrame::from(batch?))?;
    }
    Ok(frame)
}
