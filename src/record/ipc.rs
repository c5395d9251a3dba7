//! Arrow IPC: pieces of a table as record batches of a file, and read back.

use std::fmt;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use polars_arrow::datatypes::ArrowSchemaRef;
use polars_arrow::io::ipc::IpcField;
use polars_arrow::io::ipc::read::{FileReader, read_file_metadata};
use polars_arrow::io::ipc::write::{FileWriter, WriteOptions};
use polars_arrow::record_batch::RecordBatchT;
use polars_core::prelude::{CompatLevel, DataFrame, PolarsResult, Schema, SchemaExt};

use super::arrow_arrays::arrays;
use super::row_group::RowGroup;
use super::row_group::interner::Interner;
use super::schema::schema;
use super::table::Table;
use bearpit_core::units::Seed;

/// An Arrow IPC file in progress.
pub(super) struct IpcFile {
    writer: FileWriter<BufWriter<File>>,
    schema: ArrowSchemaRef,
}

impl IpcFile {
    pub(super) fn create(file: BufWriter<File>, table: Table, floats: bool) -> PolarsResult<Self> {
        let schema = schema(table, floats).to_arrow(CompatLevel::newest());
        // One entry per column, each without dictionaries.
        let fields = schema.iter().map(|_| IpcField::default()).collect();
        let options = WriteOptions { compression: None };
        let schema = Arc::new(schema);
        let mut writer = FileWriter::new(file, Arc::clone(&schema), Some(fields), options);
        writer.start()?;
        Ok(Self { writer, schema })
    }

    /// Writes the rows of a group as a record batch, with the label on each.
    pub(super) fn write(
        &mut self,
        group: &RowGroup,
        interner: &Interner,
        label: (&str, Seed),
    ) -> PolarsResult<()> {
        let types = self.schema.iter_values().map(|field| &field.dtype);
        let arrays = arrays(group, interner, label, types);
        let batch = RecordBatchT::try_new(group.rows, Arc::clone(&self.schema), arrays)?;
        self.writer.write(&batch, None)
    }

    pub(super) fn finish(mut self) -> PolarsResult<()> {
        self.writer.finish()
    }
}

/// An open Arrow IPC file, which is read batch by batch.
pub(super) struct IpcReader {
    batches: FileReader<File>,
    schema: Schema,
}

impl IpcReader {
    /// Opens a file and reads its index.
    ///
    /// # Errors
    /// If it cannot be read, or is not an Arrow IPC file.
    pub(super) fn open(path: &Path) -> PolarsResult<Self> {
        let mut file = File::open(path)?;
        let metadata = read_file_metadata(&mut file)?;
        let schema = Schema::from_arrow_schema(&metadata.schema);
        Ok(Self { batches: FileReader::new(file, metadata, None, None), schema })
    }

    /// Returns the columns and their types.
    pub(super) const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Reads the next batch; none after the last.
    ///
    /// # Errors
    /// If the file is damaged.
    pub(super) fn read_next(&mut self) -> PolarsResult<Option<DataFrame>> {
        Ok(self.batches.next().transpose()?.map(DataFrame::from))
    }

    /// Reads the rest, whole.
    ///
    /// # Errors
    /// If the file is damaged.
    pub(super) fn read_all(mut self) -> PolarsResult<DataFrame> {
        let mut frame = DataFrame::empty_with_schema(&self.schema);
        while let Some(batch) = self.read_next()? {
            frame.vstack_mut_owned(batch)?;
        }
        Ok(frame)
    }
}

impl fmt::Debug for IpcReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpcReader").field("schema", &self.schema).finish_non_exhaustive()
    }
}
