//! Bars written in any dialect read back as they are; no bytes end in a panic.

use proptest::prelude::*;

use super::super::{ReadOptions, read};
use super::bars_of;
use bearpit_core::process::HistoricalBar;
use bearpit_core::units::SimTime;

/// How a file is written.
#[derive(Debug, Clone)]
struct Written {
    separator: char,
    line_end: &'static str,
    mark: &'static str,
    header: Option<&'static str>,
    is_reversed: bool,
    time: TimeStyle,
    has_quotes: bool,
}

#[derive(Debug, Clone, Copy)]
enum TimeStyle {
    Iso,
    Offset,
    Seconds,
    Millis,
    TwoColumns,
    DayFirst,
}

const SECOND: i64 = 1_000_000_000;

fn bars() -> impl Strategy<Value = Vec<HistoricalBar>> {
    let row = (1_i64..200_000, [1_u32..1_000_000, 0..1_000, 0..1_000, 0..1_000], 1_u32..u32::MAX);
    proptest::collection::vec(row, 1..40).prop_map(|rows| {
        let mut seconds = 1_000_000_000_i64;
        rows.into_iter()
            .map(|(step, [open, up, down, close], volume)| {
                seconds += step;
                let cents = |value: u32| f64::from(value) / 100.0;
                let (high, low) = (open + up, open.saturating_sub(down).max(1));
                HistoricalBar {
                    time: SimTime::from_nanos(seconds * SECOND),
                    open: cents(open),
                    high: cents(high),
                    low: cents(low),
                    close: cents((low + close).min(high)),
                    volume: Some(f64::from(volume)),
                    adjusted_close: None,
                    split: 1.0,
                    dividend: 0.0,
                }
            })
            .collect()
    })
}

fn written() -> impl Strategy<Value = Written> {
    let header = prop_oneof![
        Just(None),
        Just(Some("time,open,high,low,close,volume")),
        Just(Some("Timestamp,Open,High,Low,Close,Volume")),
        Just(Some("<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>")),
    ];
    let time = prop_oneof![
        Just(TimeStyle::Iso),
        Just(TimeStyle::Offset),
        Just(TimeStyle::Seconds),
        Just(TimeStyle::Millis),
        Just(TimeStyle::TwoColumns),
        Just(TimeStyle::DayFirst),
    ];
    let separator = prop_oneof![Just(','), Just(';'), Just('\t'), Just('|')];
    let line_end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    let mark = prop_oneof![Just(""), Just("\u{feff}")];
    (separator, line_end, mark, header, any::<bool>(), time, any::<bool>()).prop_map(
        |(separator, line_end, mark, header, is_reversed, time, has_quotes)| Written {
            separator,
            line_end,
            mark,
            header,
            is_reversed,
            time,
            has_quotes,
        },
    )
}

fn write(bars: &[HistoricalBar], form: &Written) -> String {
    let time = |time: SimTime| {
        let text = time.to_string();
        let (day, clock) = text.split_once('T').unwrap();
        match form.time {
            TimeStyle::Iso => text,
            TimeStyle::Offset => {
                let shifted = SimTime::from_nanos(time.nanos() - 5 * 3_600 * SECOND);
                format!("{shifted}-05:00").replace('T', " ")
            }
            TimeStyle::Seconds => (time.nanos() / SECOND).to_string(),
            TimeStyle::Millis => (time.nanos() / 1_000_000).to_string(),
            TimeStyle::TwoColumns => format!("{day},{clock}"),
            TimeStyle::DayFirst => {
                let parts: Vec<&str> = day.split('-').collect();
                format!("{}.{}.{} {clock}", parts[2], parts[1], parts[0])
            }
        }
    };
    let mut lines: Vec<String> = bars
        .iter()
        .map(|bar| {
            let HistoricalBar { open, high, low, close, .. } = bar;
            format!("{},{open},{high},{low},{close},{}", time(bar.time), bar.volume.unwrap())
        })
        .collect();
    if form.is_reversed {
        lines.reverse();
    }
    if let Some(header) = form.header {
        let is_split = matches!(form.time, TimeStyle::TwoColumns);
        let first = header.split(',').next().unwrap();
        let two = header.replacen(first, "date,time", 1);
        lines.insert(0, if is_split { two } else { header.to_owned() });
    }
    let cells = |line: String| {
        let cells =
            line.split(',').map(|cell| if form.has_quotes { format!("\"{cell}\"") } else { cell.to_owned() });
        cells.collect::<Vec<_>>().join(&form.separator.to_string())
    };
    let lines: Vec<String> = lines.into_iter().map(cells).collect();
    format!("{}{}{}", form.mark, lines.join(form.line_end), form.line_end)
}

proptest! {
    #[test]
    fn prop_bars_of_any_dialect_read_back_as_they_are(bars in bars(), form in written()) {
        // Two bars at least, or nothing shows the order; a single row is in either.
        let text = write(&bars, &form);
        let read = bars_of(read(text.as_bytes(), &ReadOptions::default()));
        prop_assert_eq!(read, Ok(bars), "{}", text);
    }

    #[test]
    fn prop_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        drop(read(&bytes, &ReadOptions::default()));
    }

    #[test]
    fn prop_no_damaged_table_panics(
        bars in bars(),
        form in written(),
        at in any::<prop::sample::Index>(),
        junk in "[\\PC\\n\\r\\t\",;|]{0,6}",
        length in 0_usize..8,
    ) {
        let mut text: Vec<char> = write(&bars, &form).chars().collect();
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, junk.chars());
        let text: String = text.into_iter().collect();
        drop(read(text.as_bytes(), &ReadOptions::default()));
    }
}
