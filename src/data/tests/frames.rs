//! Parquet and Arrow IPC files, written with the encoders that are here anyway.

use std::sync::Arc;

use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, TimeUnit};
use polars_arrow::io::ipc::write::{FileWriter, WriteOptions};
use polars_arrow::record_batch::RecordBatch;

use super::super::{ReadOptions, VolumeFound, Zone, read};
use super::{bars_of, errors, shown};

/// Writes an Arrow IPC file of columns.
fn ipc(columns: Vec<(&str, Box<dyn Array>)>) -> Vec<u8> {
    let field = |(name, array): &(&str, Box<dyn Array>)| {
        let name: polars_core::prelude::PlSmallStr = (*name).into();
        (name.clone(), Field::new(name, array.dtype().clone(), true))
    };
    let schema: Arc<ArrowSchema> = Arc::new(columns.iter().map(field).collect());
    let height = columns.first().map_or(0, |(_, array)| array.len());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::new(height, Arc::clone(&schema), arrays);
    let mut writer = FileWriter::new(Vec::new(), schema, None, WriteOptions { compression: None });
    writer.start().unwrap();
    writer.write(&batch, None).unwrap();
    writer.finish().unwrap();
    writer.into_inner()
}

fn floats(values: [f64; 2]) -> Box<dyn Array> {
    PrimitiveArray::from_vec(values.to_vec()).boxed()
}

fn bars_with(name: &str, times: Box<dyn Array>) -> Vec<u8> {
    ipc(vec![
        (name, times),
        ("Open", floats([100.0, 101.0])),
        ("High", floats([101.0, 102.0])),
        ("Low", floats([99.0, 100.0])),
        ("Close", floats([100.5, 101.5])),
        ("Volume", PrimitiveArray::from_vec(vec![1_000_i64, 2_000]).boxed()),
    ])
}

#[test]
fn arrow_files_have_their_times_in_any_type() {
    let days = ["2024-01-02T00:00:00 100 101 99 100.5 1000", "2024-01-03T00:00:00 101 102 100 101.5 2000"];
    let stamps = |unit, zone: Option<&str>, scale: i64| {
        let values = vec![1_704_153_600 * scale, 1_704_240_000 * scale];
        let zone = zone.map(Into::into);
        PrimitiveArray::new(ArrowDataType::Timestamp(unit, zone), values.into(), None).boxed()
    };
    for (name, times) in [
        ("Date", stamps(TimeUnit::Nanosecond, None, 1_000_000_000)),
        ("timestamp", stamps(TimeUnit::Millisecond, Some("UTC"), 1_000)),
        ("__index_level_0__", stamps(TimeUnit::Microsecond, Some("America/New_York"), 1_000_000)),
        ("Date", PrimitiveArray::new(ArrowDataType::Date32, vec![19_724_i32, 19_725].into(), None).boxed()),
        ("open_time", PrimitiveArray::from_vec(vec![1_704_153_600_000_i64, 1_704_240_000_000]).boxed()),
        ("date", Utf8ViewArray::from_slice_values(["2024-01-02", "2024-01-03"]).boxed()),
    ] {
        let bytes = bars_with(name, times);
        assert_eq!(bars_of(read(&bytes, &ReadOptions::default())).map(|bars| shown(&bars)).unwrap(), days);
    }
    let zoned = bars_with("Date", stamps(TimeUnit::Second, Some("America/New_York"), 1));
    let options = ReadOptions { run_zone: Zone::named("America/New_York").ok(), ..ReadOptions::default() };
    let bars = bars_of(read(&zoned, &options)).unwrap();
    assert_eq!(bars[0].time.to_string(), "2024-01-01T19:00:00");
}

#[test]
fn nulls_and_bad_values_of_a_frame_are_found_by_row() {
    let nan = f64::NAN;
    let days = || Utf8ViewArray::from_slice_values(["2024-01-02", "2024-01-03"]).boxed();
    let frame = |second: [f64; 4]| {
        let column = |index: usize, first: f64| floats([first, second[index]]);
        ipc(vec![
            ("date", days()),
            ("open", column(0, 1.0)),
            ("high", column(1, 2.0)),
            ("low", column(2, 1.0)),
            ("close", column(3, 1.5)),
        ])
    };
    let outcome = read(&frame([nan; 4]), &ReadOptions::default());
    let found = outcome.file.as_ref().unwrap().found.clone();
    assert_eq!((found.rows, found.empty_rows, found.volume), (1, 1, VolumeFound::NoColumn));
    assert_eq!(found.form.to_string(), "Arrow IPC");
    let outcome = read(&frame([1.0, f64::INFINITY, 1.0, -1.0]), &ReadOptions::default());
    let wrong = ["2: high: `infinity` must be a number above 0", "2: close: `-1` must be a number above 0"];
    assert_eq!(errors(&outcome.findings), wrong);
}

#[test]
fn a_parquet_file_of_pandas_is_read() {
    let bytes = include_bytes!("../../../tests/fixtures/bars.parquet");
    let outcome = read(bytes, &ReadOptions::default());
    let found = outcome.file.as_ref().map(|file| file.found.clone());
    // Clocks went forward between the two.
    let right = ["2024-03-08T21:00:00 100 101 99 100.5 1000", "2024-03-11T20:00:00 101 102 100 101.5 2000"];
    assert_eq!(bars_of(outcome).map(|bars| shown(&bars)).unwrap(), right);
    let found = found.unwrap();
    assert_eq!((found.form.to_string().as_str(), found.empty_rows), ("Parquet", 1));
    let options = ReadOptions { run_zone: Zone::named("America/New_York").ok(), ..ReadOptions::default() };
    let there = bars_of(read(bytes, &options)).unwrap();
    assert_eq!(
        [there[0].time, there[1].time].map(|it| it.to_string()),
        ["2024-03-08T16:00:00", "2024-03-11T16:00:00"]
    );
}

#[test]
fn a_frame_that_ends_in_the_middle_is_an_error() {
    let parquet = include_bytes!("../../../tests/fixtures/bars.parquet").to_vec();
    let days = Utf8ViewArray::from_slice_values(["2024-01-02", "2024-01-03"]).boxed();
    for whole in [parquet, bars_with("Date", days)] {
        for at in (8..whole.len()).step_by(97) {
            let outcome = read(&whole[..at], &ReadOptions::default());
            assert!(outcome.file.is_none() && !errors(&outcome.findings).is_empty(), "{at}");
        }
    }
}
