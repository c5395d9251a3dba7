//! [`ParquetReader`]: some columns of some rows of a Parquet file.
//!
//! Reads only the pages' bytes that a request needs, so that memory does not grow with the file.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use polars_arrow::array::Array;
use polars_arrow::datatypes::{ArrowSchema, Field};
use polars_core::prelude::{
    Column, DataFrame, IntoColumn, PolarsResult, Schema, SchemaExt, Series, polars_ensure, polars_err,
};
use polars_parquet::read::{
    BasicDecompressor, FileMetadata, Filter, PageReader, RowGroupMetadata, column_iter_to_arrays,
    infer_schema, read_metadata,
};

/// An open Parquet file.
#[derive(Debug)]
pub(crate) struct ParquetReader<R = File> {
    file: R,
    bytes: u64,
    metadata: FileMetadata,
    schema: ArrowSchema,
}

impl ParquetReader {
    /// Opens a file and reads its index.
    ///
    /// # Errors
    /// If it cannot be read or is not a Parquet file.
    pub(super) fn open(path: &Path) -> PolarsResult<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Self::new(file, bytes)
    }
}

impl<R: Read + Seek> ParquetReader<R> {
    /// Reads the index of a file of so many bytes.
    ///
    /// # Errors
    /// If it cannot be read or is not a Parquet file.
    pub(crate) fn new(mut file: R, bytes: u64) -> PolarsResult<Self> {
        let metadata = read_metadata(&mut file)?;
        let schema = infer_schema(&metadata)?;
        Ok(Self { file, bytes, metadata, schema })
    }

    /// Returns the columns and their types.
    pub(crate) const fn schema(&self) -> &ArrowSchema {
        &self.schema
    }

    /// Reads all rows of all columns.
    ///
    /// # Errors
    /// If the file is damaged.
    pub(super) fn read_all(&mut self) -> PolarsResult<DataFrame> {
        let names: Vec<String> = self.schema.iter_names().map(|name| name.to_string()).collect();
        self.read(&names, 0..usize::MAX)
    }

    /// Reads the rows in `wanted` of the columns `names`, in that order; fewer rows if the file ends before.
    ///
    /// # Errors
    /// If there is no such column, or the file is damaged.
    pub(super) fn read(&mut self, names: &[String], wanted: Range<usize>) -> PolarsResult<DataFrame> {
        let columns: PolarsResult<Vec<Column>> =
            names.iter().map(|name| self.column(name, &wanted)).collect();
        DataFrame::new_infer_height(columns?)
    }

    fn column(&mut self, name: &str, wanted: &Range<usize>) -> PolarsResult<Column> {
        let arrays = self.arrays(name, wanted)?;
        let no_column = || polars_err!(ColumnNotFound: "there is no column `{name}`");
        let field = self.schema.get(name).ok_or_else(no_column)?;
        if arrays.is_empty() {
            let schema: ArrowSchema = [(field.name.clone(), field.clone())].into_iter().collect();
            let empty = DataFrame::empty_with_schema(&Schema::from_arrow_schema(&schema));
            return empty.column(name).cloned();
        }
        Ok(Series::try_from((field, arrays))?.into_column())
    }

    /// Reads the rows in `wanted` of a column, as they are stored.
    ///
    /// # Errors
    /// If there is no such column, or the file is damaged.
    pub(crate) fn arrays(&mut self, name: &str, wanted: &Range<usize>) -> PolarsResult<Vec<Box<dyn Array>>> {
        let no_column = || polars_err!(ColumnNotFound: "there is no column `{name}`");
        let field = self.schema.get(name).ok_or_else(no_column)?;
        let (mut arrays, mut first) = (Vec::new(), 0);
        for group in &self.metadata.row_groups {
            let end = first + group.num_rows();
            let rows = wanted.start.max(first)..wanted.end.min(end);
            if !rows.is_empty() {
                let rows = rows.start - first..rows.end - first;
                arrays.extend(read_chunk(&mut self.file, self.bytes, group, field, rows)?);
            }
            first = end;
        }
        Ok(arrays)
    }
}

/// Reads `rows` of one column of one row group.
fn read_chunk(
    file: &mut (impl Read + Seek),
    file_bytes: u64,
    group: &RowGroupMetadata,
    field: &Field,
    rows: Range<usize>,
) -> PolarsResult<Vec<Box<dyn Array>>> {
    let missing = || polars_err!(ComputeError: "a row group has no column `{}`", field.name);
    let mut decompressors = Vec::new();
    let mut types = Vec::new();
    for column in group.columns_under_root_iter(&field.name).ok_or_else(missing)? {
        let range = column.byte_range();
        let is_inside = range.start <= range.end && range.end <= file_bytes;
        polars_ensure!(is_inside, ComputeError: "the pages of column `{}` lie outside the file", field.name);
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        file.by_ref().take(range.end - range.start).read_to_end(&mut bytes)?;
        let pages = PageReader::new(Cursor::new(bytes.into()), column, Vec::new(), usize::MAX);
        decompressors.push(BasicDecompressor::new(pages, Vec::new()));
        types.push(&column.descriptor().descriptor.primitive_type);
    }
    let filter = Filter::new_ranged(rows.start, rows.end);
    let (arrays, _) = column_iter_to_arrays(decompressors, types, field.clone(), Some(filter))?;
    Ok(arrays)
}
