//! [`ParquetFile`]: groups into a Parquet file, each a row group.
//!
//! Polars would look through every column of text for words that come again; here words are numbers already,
//! and the pages are made from those. Times and counts are stored as differences.

use std::fs::File;
use std::io::BufWriter;

use polars_arrow::array::{Array, DictionaryArray, FixedSizeBinaryArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::bitmap::{Bitmap, MutableBitmap};
use polars_arrow::datatypes::{ArrowDataType, IntegerType, TimeUnit};
use polars_arrow::types::NativeType;
use polars_core::prelude::{CompatLevel, PolarsError, PolarsResult, SchemaExt};
use polars_parquet::read::ParquetError;
use polars_parquet::write::{
    CompressionOptions, Compressor, DynIter, DynStreamingIterator, Encoding, FallibleStreamingIterator,
    FileWriter, StatisticsOptions, Version, WriteOptions, ZstdLevel, array_to_columns,
};

use super::frames::double;
use super::row_group::RowGroup;
use super::row_group::column::Column;
use super::row_group::dictionary_column::{DictionaryColumn, Numbers};
use super::row_group::interner::Interner;
use super::schema::schema;
use super::table::Table;
use bearpit_core::units::Seed;

/// Rows from which on a row group is compressed: less is not worth a compressor, which costs a megabyte to
/// begin for each column.
const COMPRESSED_ROWS: usize = 256;

/// Bytes of an amount of money.
const MONEY_BYTES: usize = size_of::<i128>();

/// A Parquet file in progress.
pub(super) struct ParquetFile {
    writer: FileWriter<BufWriter<File>>,
    options: WriteOptions,
    /// Whether money is written as doubles.
    floats: bool,
}

type Encoded = (Box<dyn Array>, Encoding);

impl ParquetFile {
    pub(super) fn create(file: BufWriter<File>, table: Table, floats: bool) -> PolarsResult<Self> {
        let options = WriteOptions {
            statistics: StatisticsOptions::default(),
            version: Version::V1,
            // What is numbered is small already: the fastest level takes nearly as much off as the next.
            compression: CompressionOptions::Zstd(Some(ZstdLevel::try_new(1)?)),
            data_page_size: None,
        };
        let schema = schema(table, floats).to_arrow(CompatLevel::newest());
        Ok(Self { writer: FileWriter::try_new(file, schema, options)?, options, floats })
    }

    /// Writes a group as a row group; a group without rows is not valid.
    pub(super) fn write(
        &mut self,
        group: &RowGroup,
        interner: &Interner,
        label: (&str, Seed),
    ) -> PolarsResult<()> {
        if group.rows == 0 {
            return Ok(());
        }
        let own = group.columns.iter().map(|column| (encode(column, interner, self.floats), column.varies()));
        let labels = [constant_text(label.0, group.rows), constant(label.1.get(), group.rows)];
        let arrays = own.chain(labels.map(|array| (array, false)));
        let fields = self.writer.parquet_schema().fields().to_vec();
        let mut columns = Vec::new();
        for ((array, varies), field) in arrays.zip(fields) {
            let (array, encoding) = array?;
            // One value is a few bytes as it is.
            let is_compressed = varies && group.rows >= COMPRESSED_ROWS;
            let compression =
                if is_compressed { self.options.compression } else { CompressionOptions::Uncompressed };
            for pages in array_to_columns(array, field, self.options, &[encoding])? {
                let pages =
                    pages.map(|page| page.map_err(|error| ParquetError::OutOfSpec(error.to_string())));
                let pages = Compressor::new(pages, compression, Vec::new());
                columns.push(Ok(DynStreamingIterator::new(pages.map_err(PolarsError::from))));
            }
        }
        self.writer.write(group.rows as u64, DynIter::new(columns.into_iter()))
    }

    pub(super) fn finish(mut self) -> PolarsResult<()> {
        self.writer.end(None).map(|_| ())
    }
}

/// Returns a column as an array, and how it is to be stored.
fn encode(column: &Column, interner: &Interner, floats: bool) -> PolarsResult<Encoded> {
    match column {
        Column::Money(cells) if floats => {
            let values = cells.values().iter().map(|units| double(*units)).collect();
            dictionary(cells, ArrowDataType::Float64, PrimitiveArray::from_vec(values).boxed())
        }
        Column::Number(cells) => {
            let values = cells.values().iter().map(|bits| f64::from_bits(*bits)).collect();
            dictionary(cells, ArrowDataType::Float64, PrimitiveArray::from_vec(values).boxed())
        }
        Column::Word(cells) => {
            let values: Vec<&str> = cells.values().iter().map(|number| interner.get(*number)).collect();
            dictionary(cells, ArrowDataType::Utf8View, Utf8ViewArray::from_slice_values(values).boxed())
        }
        Column::Money(cells) => {
            let bytes: Vec<u8> = cells.values().iter().flat_map(|units| units.to_be_bytes()).collect();
            let kind = ArrowDataType::FixedSizeBinary(MONEY_BYTES);
            let values = FixedSizeBinaryArray::try_new(kind.clone(), bytes.into(), None)?;
            dictionary(cells, kind, values.boxed())
        }
        Column::Count(cells) => {
            let valid = (!cells.nulls().is_empty()).then(|| {
                let mut valid = MutableBitmap::from_len_set(cells.values().len());
                cells.nulls().iter().for_each(|row| valid.set(*row, false));
                valid.into()
            });
            let values = PrimitiveArray::new(ArrowDataType::UInt64, cells.values().to_vec().into(), valid);
            Ok((values.boxed(), Encoding::DeltaBinaryPacked))
        }
        Column::Small(cells) => {
            Ok((PrimitiveArray::from_vec(cells.clone()).boxed(), Encoding::DeltaBinaryPacked))
        }
        Column::Time(cells) => {
            let kind = ArrowDataType::Timestamp(TimeUnit::Nanosecond, None);
            Ok((PrimitiveArray::from_vec(cells.clone()).to(kind).boxed(), Encoding::DeltaBinaryPacked))
        }
        Column::Text(cells) => {
            let texts: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
            // Polars finds out itself whether texts come again.
            Ok((Utf8ViewArray::from_slice(texts).boxed(), Encoding::RleDictionary))
        }
    }
}

/// Returns the array of numbers beside the array of the values that they stand for.
fn dictionary<T: Copy + Eq, N: Numbers<T>>(
    cells: &DictionaryColumn<T, N>,
    kind: ArrowDataType,
    values: Box<dyn Array>,
) -> PolarsResult<Encoded> {
    let valid = cells.valid().map(Bitmap::from_iter);
    coded(PrimitiveArray::new(ArrowDataType::UInt32, cells.keys().into(), valid), kind, values)
}

fn coded(keys: PrimitiveArray<u32>, kind: ArrowDataType, values: Box<dyn Array>) -> PolarsResult<Encoded> {
    let kind = ArrowDataType::Dictionary(IntegerType::UInt32, Box::new(kind), false);
    Ok((DictionaryArray::try_new(kind, keys, values)?.boxed(), Encoding::RleDictionary))
}

fn constant<T: NativeType>(value: T, rows: usize) -> PolarsResult<Encoded> {
    let keys = PrimitiveArray::from_vec(vec![0; rows]);
    coded(keys, T::PRIMITIVE.into(), PrimitiveArray::from_vec(vec![value]).boxed())
}

fn constant_text(text: &str, rows: usize) -> PolarsResult<Encoded> {
    let keys = PrimitiveArray::from_vec(vec![0; rows]);
    coded(keys, ArrowDataType::Utf8View, Utf8ViewArray::from_slice_values([text]).boxed())
}
