//! What is wrong is one finding, with its line, its cell and the likely cause.

use super::super::{ColumnRef, ReadOptions, Role, read};
use super::{errors, plain};

/// Returns the first error with its help, and how many there are.
fn first(text: &str, options: &ReadOptions) -> (String, Option<String>, usize) {
    let found = read(text.as_bytes(), options).findings;
    let line = found[0].line.unwrap_or(0);
    (format!("{line}: {}", found[0].message), found[0].help.clone(), found.len())
}

#[test]
fn missing_and_doubled_columns_are_one_finding_with_the_likely_cause() {
    let options = ReadOptions::default();
    let (message, _, count) = first("date,open,close\n2024-01-02,1,1\n", &options);
    assert_eq!(
        (message.as_str(), count),
        ("1: the columns `high`, `low` are missing; the header has `date`, `open`, `close`", 1)
    );
    let text = "date;open;high;low;close\n2024-01-02;1;1;1;1\n";
    let comma = ReadOptions { separator: Some(b','), ..ReadOptions::default() };
    let (message, help, count) = first(text, &comma);
    assert!(message.contains("the columns `time`, `open`, `high`, `low`, `close` are missing"), "{message}");
    assert_eq!((help.as_deref(), count), (Some("the separator seems to be `;`"), 1));
    let (message, help, count) = first("date,open,high,low,close,Close\n2024-01-02,1,1,1,1,1\n", &options);
    assert_eq!((message.as_str(), count), ("1: the header has `close` twice, in columns 5 and 6", 1));
    assert_eq!(help.as_deref(), Some("say which: columns = { close = 5 }"));
    let columns = [(Role::Close, ColumnRef::Name("Last".to_owned()))].into();
    let (message, help, _) =
        first("date,open,high,low,lost\n2024-01-02,1,1,1,1\n", &ReadOptions { columns, ..options });
    assert_eq!(message, "1: `columns` names `Last` for close, but there is no such column");
    assert!(help.unwrap().contains("`lost`"));
}

#[test]
fn a_file_that_is_no_table_of_one_instrument_says_so_once() {
    for (text, expected) in [
        ("", "0: the file has no rows; at least one is needed"),
        ("date,open,high,low,close\n", "0: the file has no rows; at least one is needed"),
        (
            "date,open,high,low,close\n2024-01-02,,,,\n",
            "0: the file has no rows with prices; at least one is needed",
        ),
        ("Price,Close,Close\nTicker,A,B\nDate,,\n2024-01-02,1,2\n", "0: the file has several tickers: A, B"),
        (
            "symbol,date,open,high,low,close\nA,2024-01-02,1,1,1,1\nB,2024-01-02,1,1,1,1\n",
            "3: the file has rows of several instruments: `A` and `B`",
        ),
        (
            "date,open,high,low,close\n01/02/2024,1,1,1,1\n02/02/2024,1,1,1,1\n",
            "2: `01/02/2024` has the day first or the month first, and no row of the file shows which (date)",
        ),
        (
            "date,open,high,low,close\n45293,1,1,1,1\n",
            "2: `45293` is not a time that can be recognized (date)",
        ),
        ("1,2,3,4\n", "1: the file has no header, and its columns cannot be told by their places"),
    ] {
        let (message, _, count) = first(text, &ReadOptions::default());
        assert_eq!((message.as_str(), count), (expected, 1), "{text}");
    }
    let compressed = read(b"\x1f\x8b\x08", &ReadOptions::default()).findings;
    assert_eq!(compressed[0].message, "the file is compressed; unpack it first");
}

#[test]
fn each_error_stands_at_its_cell_and_twenty_are_enough() {
    let text = "date,open,high,low,close,volume\n2024-01-02,1,1,1,1,-5\n\n2024-01-03,1,1,1,9,5\n2024-01-04,1,1\n\
                soon,1,1,1,1,5\n2024-01-04,1,1,1,,5\n";
    let found = plain(text).findings;
    let at: Vec<String> = found
        .iter()
        .map(|it| format!("{}:{}: {}", it.line.unwrap(), &it.text[it.span.clone()], it.message))
        .collect();
    assert_eq!(
        at,
        [
            "2:-5: volume: `-5` must be a number at or above 0",
            "4:9: close 9 lies outside low 1 to high 1 of its row",
            "5:2024-01-04,1,1: the row has 3 fields, but the header has 6",
            "6:soon: `soon` is not a time such as 2025-03-03T09:30:00",
            "7:: close: the number is empty; it must be a number above 0",
        ]
    );
    let many: String = (1..=50).map(|_| "2024-01-04,x,1,1,1,5\n").collect();
    let all = errors(&plain(&format!("date,open,high,low,close,volume\n{many}")).findings);
    assert_eq!((all.len(), all[20].as_str()), (21, "0: and 30 more errors in this file"));
}
