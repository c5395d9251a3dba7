//! [`ParquetFile`]: groups into a Parquet file, each a row group, made page by page.
//!
//! Polars would look through every column of text for words that come again; here words are numbers already,
//! and the pages are made from those. Times and counts are stored as differences.

use std::fs::File;
use std::io::BufWriter;
use std::vec;

use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray};
use polars_core::prelude::{CompatLevel, PolarsError, PolarsResult, SchemaExt};
use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::compression::Compression;
use polars_parquet::parquet::metadata::ColumnDescriptor;
use polars_parquet::parquet::page::{CompressedDataPage, DataPage};
use polars_parquet::parquet::schema::types::PhysicalType;
use polars_parquet::write::{
    CompressedPage, CompressionOptions, DynIter, DynStreamingIterator, Encoding, FallibleStreamingIterator,
    FileWriter, Page, ParquetType, StatisticsOptions, Version, WriteOptions, array_to_columns, compress,
};

use super::column_pages::{ColumnPages, pages_of_count, pages_of_text};
use super::row_group::RowGroup;
use super::row_group::column::Column;
use super::row_group::interner::Interner;
use super::schema::schema;
use super::table::Table;
use super::wide_snappy::compress_wide;
use bearpit_core::units::Seed;

/// Rows from which on a row group is compressed: less is not worth it.
const COMPRESSED_ROWS: usize = 256;

/// A Parquet file in progress.
pub(super) struct ParquetFile {
    writer: FileWriter<BufWriter<File>>,
    options: WriteOptions,
    /// Whether money is written as doubles.
    floats: bool,
    /// By column, whether compressing the group before took a fifth off it; none before the first.
    is_compressible: Vec<Option<bool>>,
    /// By column, the pages of the row group so far.
    pages: Vec<ColumnPages>,
}

impl ParquetFile {
    pub(super) fn create(file: BufWriter<File>, table: Table, floats: bool) -> PolarsResult<Self> {
        let options = WriteOptions {
            statistics: StatisticsOptions::default(),
            version: Version::V1,
            // What is numbered is small already: a slower codec takes a tenth more off.
            compression: CompressionOptions::Snappy,
            data_page_size: None,
        };
        let schema = schema(table, floats).to_arrow(CompatLevel::newest());
        let is_compressible = vec![None; schema.len()];
        let pages = schema.iter().map(|_| ColumnPages::default()).collect();
        let writer = FileWriter::try_new(file, schema, options)?;
        Ok(Self { writer, options, floats, is_compressible, pages })
    }

    /// Makes pages of the rows of a group that have none yet.
    pub(super) fn add(&mut self, group: &RowGroup) {
        if group.piece_rows > 0 {
            let columns = group.columns.iter().zip(&mut self.pages);
            columns.for_each(|(column, pages)| pages.add(column, self.floats));
        }
    }

    /// Writes a group as a row group, of whose rows there are pages; without rows there is none.
    pub(super) fn write(
        &mut self,
        group: &RowGroup,
        interner: &Interner,
        label: (&str, Seed),
    ) -> PolarsResult<()> {
        if group.rows == 0 {
            return Ok(());
        }
        let Self { writer, options, floats, is_compressible, pages } = self;
        let schema = writer.parquet_schema().clone();
        let own = group.columns.iter().zip(pages).map(|(column, pages)| Cells::Own(column, pages));
        let cells = own.chain([Cells::Text(label.0), Cells::Count(label.1.get())]);
        let places = schema.columns().iter().zip(schema.fields()).zip(is_compressible);
        // Each column is made when it is its turn, so that only one is in memory.
        let columns = cells.zip(places).map(|(cells, ((column, field), is_compressible))| {
            let target = Target { column, field, options: *options, floats: *floats };
            // One value is a few bytes as it is.
            let varies = matches!(&cells, Cells::Own(column, _) if column.varies());
            let pages = target.pages(cells, interner, group.rows)?;
            let values_size = values_size(&pages);
            let may_pay = varies && group.rows >= COMPRESSED_ROWS;
            let is_compressed = may_pay && is_compressible.map_or_else(|| tried(values_size, &pages), Ok)?;
            let compression =
                if is_compressed { options.compression } else { CompressionOptions::Uncompressed };
            let pages = pages.into_iter().map(|page| match page {
                Page::Data(page) if is_compressed && is_of_amounts(&page) => Ok(of_amounts(page)),
                page => compress(page, Vec::new(), compression),
            });
            let pages = pages.collect::<Result<Vec<CompressedPage>, _>>()?;
            if may_pay {
                *is_compressible = Some(is_compressed && pays(values_size, &pages));
            }
            Ok(DynStreamingIterator::new(Pages { rest: pages.into_iter(), at_hand: None }))
        });
        writer.write(group.rows as u64, DynIter::new(columns))
    }

    pub(super) fn finish(mut self) -> PolarsResult<()> {
        self.writer.end(None).map(|_| ())
    }
}

/// What a column is made of.
enum Cells<'a> {
    Own(&'a Column, &'a mut ColumnPages),
    /// What all rows have.
    Text(&'a str),
    /// What all rows have.
    Count(u64),
}

/// A column of the file.
#[derive(Clone, Copy)]
struct Target<'a> {
    column: &'a ColumnDescriptor,
    field: &'a ParquetType,
    options: WriteOptions,
    /// Whether money is written as doubles.
    floats: bool,
}

impl Target<'_> {
    /// Makes the pages of a column.
    fn pages(self, cells: Cells<'_>, interner: &Interner, rows: usize) -> PolarsResult<Vec<Page>> {
        let descriptor = &self.column.descriptor;
        match cells {
            Cells::Text(text) => Ok(pages_of_text(text, rows, descriptor)),
            Cells::Count(count) => Ok(pages_of_count(count, rows, descriptor)),
            Cells::Own(Column::Small(cells), _) => {
                self.encoded(&PrimitiveArray::from_vec(cells.clone()), Encoding::DeltaBinaryPacked)
            }
            Cells::Own(Column::Text(cells), _) => {
                let texts: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
                // Polars finds out itself whether texts come again.
                self.encoded(&Utf8ViewArray::from_slice(texts), Encoding::RleDictionary)
            }
            Cells::Own(column, pages) => Ok(pages.finish(column, interner, self.floats, descriptor)),
        }
    }

    fn encoded(self, array: &dyn Array, encoding: Encoding) -> PolarsResult<Vec<Page>> {
        array_to_columns(array, self.field.clone(), self.options, &[encoding])?
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Returns whether a page has amounts of money themselves, and not their numbers.
fn is_of_amounts(page: &DataPage) -> bool {
    let is_wide = page.descriptor.primitive_type.physical_type == PhysicalType::FixedLenByteArray(16);
    is_wide && page.header().encoding() == Encoding::Plain.into()
}

/// Compresses a page of amounts, several times as fast as any bytes.
fn of_amounts(page: DataPage) -> CompressedPage {
    let (header, rows) = (page.header().clone(), page.num_rows().unwrap_or(0));
    let bytes = CowBuffer::Owned(compress_wide(page.buffer()));
    let (size, descriptor) = (page.buffer().len(), page.descriptor);
    let page = CompressedDataPage::new(header, bytes, Compression::Snappy, size, descriptor, rows);
    CompressedPage::Data(page)
}

/// Returns the bytes of a column's values that are numbered.
fn values_size(pages: &[Page]) -> usize {
    let size = |page: &Page| match page {
        Page::Dict(page) => page.buffer.len(),
        Page::Data(_) => 0,
    };
    pages.iter().map(size).sum()
}

/// Tries to compress the first page of a column that has more, and returns whether that pays.
///
/// # Errors
/// What the compression says.
fn tried(values_size: usize, pages: &[Page]) -> PolarsResult<bool> {
    let mut data = pages.iter().filter(|page| matches!(page, Page::Data(_)));
    let (first, others) = (data.next(), data.count());
    match first {
        Some(Page::Data(page)) if others > 0 && !is_of_amounts(page) => {
            let page = compress(Page::Data(page.clone()), Vec::new(), CompressionOptions::Snappy)?;
            Ok(pays(values_size / (others + 1), &[page]))
        }
        _ => Ok(true),
    }
}

/// Returns whether compressing has taken a fifth off a column, or off most of it: what the values have
/// become, pages do not say. Less is not worth the time that it takes, which is that of making the pages.
fn pays(values_size: usize, pages: &[CompressedPage]) -> bool {
    let sizes = pages.iter().filter_map(|page| match page {
        CompressedPage::Data(page) => Some([page.compressed_size(), page.uncompressed_size()]),
        CompressedPage::Dict(_) => None,
    });
    let [after, before] = sizes.fold([0; 2], |sum, size| [sum[0] + size[0], sum[1] + size[1]]);
    values_size > before || after * 5 <= before * 4
}

/// The pages of a column, one after the other.
struct Pages {
    rest: vec::IntoIter<CompressedPage>,
    at_hand: Option<CompressedPage>,
}

impl FallibleStreamingIterator for Pages {
    type Item = CompressedPage;
    type Error = PolarsError;

    fn advance(&mut self) -> PolarsResult<()> {
        self.at_hand = self.rest.next();
        Ok(())
    }

    fn get(&self) -> Option<&CompressedPage> {
        self.at_hand.as_ref()
    }
}
