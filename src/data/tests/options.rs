//! What a reader is told holds; zones and offsets are converted, never dropped.

use super::super::{ColumnRef, NumberFormat, OnBadRow, Order, ReadOptions, Role, Zone, read};
use super::{bars_of, errors, plain, shown, warnings};
use bearpit_core::process::HistoricalBar;

const HEADER: &str = "time,open,high,low,close\n";

fn rows(times: &[&str]) -> String {
    let rows = times.iter().map(|time| format!("{time},1,1,1,1\n"));
    format!("{HEADER}{}", rows.collect::<String>())
}

fn times(text: &str, options: &ReadOptions) -> Result<Vec<String>, Vec<String>> {
    let bars = bars_of(read(text.as_bytes(), options))?;
    Ok(bars.iter().map(|bar: &HistoricalBar| bar.time.to_string()).collect())
}

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

#[test]
fn offsets_of_either_sign_are_converted_to_the_zone_of_the_run() {
    let utc = ReadOptions::default();
    let new_york = ReadOptions { run_zone: Some(zone("America/New_York")), ..ReadOptions::default() };
    for (time, in_utc, in_new_york) in [
        ("2024-01-02 09:30:00-05:00", "2024-01-02T14:30:00", "2024-01-02T09:30:00"),
        ("2024-01-02 15:30:00+0100", "2024-01-02T14:30:00", "2024-01-02T09:30:00"),
        ("2024-07-02T13:30:00Z", "2024-07-02T13:30:00", "2024-07-02T09:30:00"),
        ("1719927000", "2024-07-02T13:30:00", "2024-07-02T09:30:00"),
        // Without an offset or a zone, it is the run's own clock.
        ("2024-07-02 09:30:00", "2024-07-02T09:30:00", "2024-07-02T09:30:00"),
    ] {
        assert_eq!(times(&rows(&[time]), &utc).unwrap(), [in_utc], "{time}");
        assert_eq!(times(&rows(&[time]), &new_york).unwrap(), [in_new_york], "{time}");
    }
    let found = read(rows(&["2024-01-02 09:30:00-05:00"]).as_bytes(), &new_york).file.unwrap().found;
    assert_eq!(found.zone, "offset -05:00, converted to America/New_York");
}

#[test]
fn a_zone_of_the_file_is_converted_with_its_clock_changes() {
    let options = ReadOptions { zone: Some(zone("America/New_York")), ..ReadOptions::default() };
    // Clocks went forward on 10 March 2024 and back on 3 November.
    let spring = times(&rows(&["2024-03-10 01:59:00", "2024-03-10 03:00:00"]), &options);
    assert_eq!(spring.unwrap(), ["2024-03-10T06:59:00", "2024-03-10T07:00:00"]);
    let skipped = times(&rows(&["2024-03-10 02:30:00"]), &options).unwrap_err();
    let message = "2: `2024-03-10 02:30:00` does not exist in America/New_York: clocks went forward over it";
    assert_eq!(skipped, [message]);
    let twice = ["2024-11-03 00:30:00", "2024-11-03 01:30:00", "2024-11-03 01:30:00", "2024-11-03 02:30:00"];
    let instants =
        ["2024-11-03T04:30:00", "2024-11-03T05:30:00", "2024-11-03T06:30:00", "2024-11-03T07:30:00"];
    assert_eq!(times(&rows(&twice), &options).unwrap(), instants);
    let reversed: Vec<&str> = twice.into_iter().rev().collect();
    assert_eq!(times(&rows(&reversed), &options).unwrap(), instants);
    // A run whose own clock shows an hour twice cannot have both.
    let there = ReadOptions { run_zone: Some(zone("America/New_York")), ..options.clone() };
    let error =
        times(&rows(&["2024-11-03 01:30:00-04:00", "2024-11-03 01:30:00-05:00"]), &there).unwrap_err();
    assert!(error[0].contains("repeats the time"), "{error:?}");
    let dates = times(&rows(&["2024-03-08", "2024-03-11"]), &there);
    assert_eq!(dates.unwrap(), ["2024-03-08T00:00:00", "2024-03-11T00:00:00"]);
}

#[test]
fn columns_can_be_named_or_numbered() {
    let text = "when;first trade;top;bottom;settle;turnover\n2024-01-02;100;101;99;100.5;7\n";
    let by_name = [
        (Role::Time, "WHEN"),
        (Role::Open, "first trade"),
        (Role::High, "top"),
        (Role::Low, "bottom"),
        (Role::Close, "settle"),
        (Role::Volume, "turnover"),
    ];
    let columns = by_name.map(|(role, name)| (role, ColumnRef::Name(name.to_owned()))).into();
    let options = ReadOptions { columns, ..ReadOptions::default() };
    let right = ["2024-01-02T00:00:00 100 101 99 100.5 7"];
    assert_eq!(shown(&bars_of(read(text.as_bytes(), &options)).unwrap()), right);
    let columns = by_name.into_iter().zip(1..).map(|((role, _), number)| (role, ColumnRef::Number(number)));
    let options = ReadOptions { columns: columns.collect(), header: Some(false), ..ReadOptions::default() };
    let headless = text.split_once('\n').unwrap().1;
    assert_eq!(shown(&bars_of(read(headless.as_bytes(), &options)).unwrap()), right);
    // Only what the header does not say must be named.
    let columns = [(Role::Close, ColumnRef::Name("Settle".to_owned()))].into();
    let options = ReadOptions { columns, ..ReadOptions::default() };
    let text = "date,open,high,low,settle\n2024-01-02,1,2,0.5,1.5\n";
    assert_eq!(bars_of(read(text.as_bytes(), &options)).unwrap()[0].close.to_string(), "1.5");
}

#[test]
fn numbers_may_be_written_otherwise_where_columns_are_named() {
    let text = "date;open;high;low;close;volume\n2024-01-02;1.100,5;1.200;1.000;1.100,5;2\n";
    let numbers = Some(NumberFormat { decimal: ',', thousands: Some('.'), suffixes: false });
    let options = ReadOptions { numbers, ..ReadOptions::default() };
    let right = ["2024-01-02T00:00:00 1100.5 1200 1000 1100.5 2"];
    assert_eq!(shown(&bars_of(read(text.as_bytes(), &options)).unwrap()), right);
    let text = "date,open,high,low,close,vol\n2024-01-02,1,1,1,1,1.1M\n";
    assert_eq!(bars_of(plain(text)).unwrap_err(), ["2: volume: `1.1M` must be a number at or above 0"]);
    let columns = [(Role::Volume, ColumnRef::Name("vol".to_owned()))].into();
    let options = ReadOptions { columns, ..ReadOptions::default() };
    assert_eq!(bars_of(read(text.as_bytes(), &options)).unwrap()[0].volume, Some(1.1e6));
}

#[test]
fn rows_are_in_the_order_that_is_given() {
    let mixed = rows(&["2024-01-03", "2024-01-02", "2024-01-04"]);
    let error = bars_of(plain(&mixed)).unwrap_err();
    assert_eq!(
        error,
        ["3: 2024-01-02T00:00:00 comes before 2024-01-03T00:00:00 of the row above; times must ascend"]
    );
    let sorted = ReadOptions { order: Some(Order::Any), ..ReadOptions::default() };
    let right = ["2024-01-02T00:00:00", "2024-01-03T00:00:00", "2024-01-04T00:00:00"];
    assert_eq!(times(&mixed, &sorted).unwrap(), right);
    let twice = rows(&["2024-01-03", "2024-01-02", "2024-01-03"]);
    assert_eq!(times(&twice, &sorted).unwrap_err(), ["0: lines 2 and 4 have the same time"]);
    let descending = ReadOptions { order: Some(Order::Descending), ..ReadOptions::default() };
    let error = times(&rows(&["2024-01-02", "2024-01-03"]), &descending).unwrap_err();
    assert_eq!(
        error,
        ["3: 2024-01-03T00:00:00 comes after 2024-01-02T00:00:00 of the row above; times must descend"]
    );
}

#[test]
fn bad_rows_are_passed_over_where_that_is_asked_for() {
    let text = format!(
        "{HEADER}2024-01-02,1,2,1,1\n2024-01-03,x,2,1,y\n2024-01-04,1\nEnd of data,,,,\n2024-01-02,1,2,1,1\n2024-01-05,1,2,1,1\n"
    );
    assert_eq!(errors(&plain(&text).findings).len(), 4);
    let options = ReadOptions { on_bad_row: OnBadRow::Skip, ..ReadOptions::default() };
    let outcome = read(text.as_bytes(), &options);
    assert_eq!(
        warnings(&outcome.findings),
        [
            "1 row without prices passed over: line 5",
            "3 rows that cannot be read passed over; the first, line 3: open: `x` must be a number above 0"
        ]
    );
    assert_eq!(bars_of(outcome).unwrap().len(), 2);
}

#[test]
fn negative_prices_are_read_where_the_instrument_has_them() {
    let text = format!("{HEADER}2020-04-20,17.73,17.85,-40.32,-37.63\n");
    assert_eq!(bars_of(plain(&text)).unwrap_err().len(), 2);
    let options = ReadOptions { negative_prices: true, ..ReadOptions::default() };
    assert_eq!(bars_of(read(text.as_bytes(), &options)).unwrap()[0].close.to_string(), "-37.63");
}
