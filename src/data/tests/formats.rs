//! One small file of each format that is read without options.

use super::super::{FileKind, Found, VolumeFound, read};
use super::{bars_of, plain, shown, ticks_of, warnings};
use bearpit_core::process::HistoricalTickKind;

/// Reads a file of the two bars that all files here have.
#[track_caller]
fn check(text: &str, expected: [&str; 2]) -> Found {
    let outcome = plain(text);
    let found = outcome.file.as_ref().map(|file| file.found.clone());
    assert_eq!(bars_of(outcome).map(|bars| shown(&bars)), Ok(expected.map(ToOwned::to_owned).to_vec()));
    found.unwrap()
}

const DAYS: [&str; 2] =
    ["2024-01-02T00:00:00 100 101 99 100.5 1000", "2024-01-03T00:00:00 101 102 100 101.5 2000"];
const MINUTES: [&str; 2] =
    ["2024-01-02T09:30:00 100 101 99 100.5 1000", "2024-01-02T09:31:00 101 102 100 101.5 2000"];

#[test]
fn yahoo_old_and_new() {
    let found = check(
        "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,100,101,99,100.5,95.1,1000\n\
         2024-01-03,101,102,100,101.5,96.1,2000\n",
        DAYS,
    );
    assert_eq!(found.source, Some("Yahoo"));
    let found = check(
        "Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n\
         2024-01-02,100.5,101,99,100,1000\n2024-01-03,101.5,102,100,101,2000\n",
        DAYS,
    );
    assert!(found.form.to_string().contains("3 rows of header"), "{}", found.form);
    let adjusted = bars_of(plain("Date,Open,High,Low,Close,Adj Close\n2024-01-02,1,1,1,1,0.5\n")).unwrap();
    assert_eq!(adjusted[0].adjusted_close, Some(0.5));
}

#[test]
fn stooq_plain_and_bulk() {
    check(
        "Date,Open,High,Low,Close,Volume\r\n2024-01-02,100,101,99,100.5,1000\r\n2024-01-03,101,102,100,101.5,2000\r\n",
        DAYS,
    );
    let found = check(
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n\
         A.US,5,20240102,093000,100,101,99,100.5,1000,0\nA.US,5,20240102,093100,101,102,100,101.5,2000,0\n",
        MINUTES,
    );
    assert_eq!(found.source, Some("Stooq"));
}

#[test]
fn binance_klines_without_a_header_in_each_unit() {
    for unit in ["", "000", "000000", "000000000"] {
        let text = format!(
            "1704153600{unit},100.0,101.0,99.0,100.5,1000,1704239999{unit},100500000,10,500,50000000,0\n\
             1704240000{unit},101.0,102.0,100.0,101.5,2000,1704326399{unit},101500000,11,500,50000000,0\n"
        );
        assert_eq!(check(&text, DAYS).source, Some("Binance"));
    }
}

#[test]
fn alpha_vantage_newest_first() {
    let text = "timestamp,open,high,low,close,volume\n2024-01-03,101,102,100,101.5,2000\n\
                2024-01-02,100,101,99,100.5,1000\n";
    assert!(check(text, DAYS).is_reversed);
    assert_eq!(warnings(&plain(text).findings), ["rows stand newest first; they were reversed"]);
    check(
        "date,1. open,2. high,3. low,4. close,5. volume\n2024-01-02,100,101,99,100.5,1000\n\
         2024-01-03,101,102,100,101.5,2000\n",
        DAYS,
    );
}

#[test]
fn coinbase_with_and_without_a_header() {
    let rows = "1704240000,100,102,101,101.5,2000\n1704153600,99,101,100,100.5,1000\n";
    assert_eq!(check(&format!("time,low,high,open,close,volume\n{rows}"), DAYS).source, Some("Coinbase"));
    // By place it is only found out by the rows themselves: low <= open, close <= high.
    check(rows, DAYS);
    // Bitfinex: open, close, high, low.
    check("1704153600000,100,100.5,101,99,1000\n1704240000000,101,101.5,102,100,2000\n", DAYS);
}

#[test]
fn metatrader_with_tabs_or_semicolons() {
    let text = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n\
                2024.01.02\t00:00:00\t100.00\t101.00\t99.00\t100.50\t1000\t0\t1\n\
                2024.01.03\t00:00:00\t101.00\t102.00\t100.00\t101.50\t2000\t0\t1\n";
    let found = check(text, DAYS);
    assert_eq!((found.source, found.volume), (Some("MetaTrader 5"), VolumeFound::Ticks));
    check(&text.replace('\t', ";"), DAYS);
    let real = text.replace("\t0\t1", "\t7\t1");
    assert_eq!(bars_of(plain(&real)).unwrap()[0].volume, Some(7.0));
    check("2024.01.02,09:30,100,101,99,100.5,1000\n2024.01.02,09:31,101,102,100,101.5,2000\n", MINUTES);
    check("20240102 093000;100;101;99;100.5;1000\n20240102 093100;101;102;100;101.5;2000\n", MINUTES);
}

#[test]
fn backtrader_and_pandas() {
    let found = check(
        "Date,Time,Open,High,Low,Close,Volume,OpenInterest\n2024-01-02,09:30:00,100,101,99,100.5,1000,0\n\
         2024-01-02,09:31:00,101,102,100,101.5,2000,0\n",
        MINUTES,
    );
    assert_eq!(found.source, Some("backtrader"));
    check(
        ",Open,High,Low,Close,Volume\n2024-01-02 09:30:00,100,101,99,100.5,1000\n\
         2024-01-02 09:31:00,101,102,100,101.5,2000\n",
        MINUTES,
    );
    // An unnamed index of row numbers is no time where there is a time.
    check(
        "Unnamed: 0,Date,Open,High,Low,Close,Volume\n0,2024-01-02,100,101,99,100.5,1000\n\
         1,2024-01-03,101,102,100,101.5,2000\n",
        DAYS,
    );
}

#[test]
fn investing_nasdaq_and_dukascopy() {
    check(
        "\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n\
         \"01/13/2024\",\"1,101.5\",\"1,101\",\"1,102\",\"1,100\",\"2.00K\",\"1%\"\n\
         \"01/02/2024\",\"1,100.5\",\"1,100\",\"1,101\",\"1,099\",\"1.1M\",\"1%\"\n",
        [
            "2024-01-02T00:00:00 1100 1101 1099 1100.5 1100000",
            "2024-01-13T00:00:00 1101 1102 1100 1101.5 2000",
        ],
    );
    check(
        "Date,Close/Last,Volume,Open,High,Low\n01/13/2024,$101.5,2000,$101,$102,$100\n\
         01/02/2024,$100.5,1000,$100,$101,$99\n",
        [DAYS[0], "2024-01-13T00:00:00 101 102 100 101.5 2000"],
    );
    check(
        "Gmt time,Open,High,Low,Close,Volume\n02.01.2024 00:00:00.000,100,101,99,100.5,1000\n\
         03.01.2024 00:00:00.000,101,102,100,101.5,2000\n",
        DAYS,
    );
    check(
        "https://www.cryptodatadownload.example\nUnix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USD\n\
         1704153600,2024-01-02 00:00:00,BTC/USD,100,101,99,100.5,1000,9\n\
         1704240000,2024-01-03 00:00:00,BTC/USD,101,102,100,101.5,2000,9\n",
        DAYS,
    );
}

#[test]
fn every_encoding_and_line_end() {
    let text = "date,open,high,low,close,volume\n2024-01-02,100,101,99,100.5,1000\n\
                2024-01-03,101,102,100,101.5,2000\n";
    for end in ["\n", "\r\n", "\r"] {
        let text = text.replace('\n', end);
        check(&text, DAYS);
        check(&format!("\u{feff}{text}"), DAYS);
        let wide: Vec<u8> =
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(bars_of(read(&wide, &Default::default())).map(|bars| shown(&bars)).unwrap(), DAYS);
    }
    let trailing = text.replace("1000\n", "1000,\n").replace("2000\n", "2000,");
    check(&trailing, DAYS);
}

#[test]
fn a_volume_that_is_not_known_is_absent() {
    let found = check(
        "date,open,high,low,close\n2024-01-02,100,101,99,100.5\n2024-01-03,101,102,100,101.5\n",
        DAYS.map(|day| day.rsplit_once(' ').unwrap().0.to_owned() + " -").each_ref().map(String::as_str),
    );
    assert_eq!(found.volume, VolumeFound::NoColumn);
    let text = "date,open,high,low,close,volume\n2024-01-02,1,1,1,1,0\n2024-01-03,1,1,1,1,0\n";
    let outcome = plain(text);
    assert_eq!(warnings(&outcome.findings), ["the volume is 0 throughout; it is taken as not known"]);
    assert_eq!(bars_of(outcome).unwrap()[0].volume, None);
    // A single row of volume 0 is one in which nothing was traded.
    let bars = bars_of(plain(&text.replace("1,0\n2024-01-03", "1,5\n2024-01-03"))).unwrap();
    assert_eq!([bars[0].volume, bars[1].volume], [Some(5.0), Some(0.0)]);
}

#[test]
fn rows_of_nulls_are_passed_over_and_counted() {
    let outcome = plain(
        "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,100,101,99,100.5,95.1,1000\n\
         2024-01-03,null,null,null,null,null,null\n2024-01-04,,,,,,\n2024-01-05,102,103,101,102.5,97.2,1000\n",
    );
    assert_eq!(warnings(&outcome.findings), ["2 rows without prices passed over: line 3, 4"]);
    assert_eq!(outcome.file.as_ref().unwrap().found.empty_rows, 2);
    assert_eq!(bars_of(outcome).unwrap().len(), 2);
}

#[test]
fn trades_and_quotes() {
    let outcome =
        plain("time,price,size\n1704153600000,100.5,3\n1704153600000,100.25,0\n1704153600001,100.5,4\n");
    assert_eq!(outcome.file.as_ref().unwrap().found.kind, FileKind::Trades);
    let ticks = ticks_of(outcome);
    assert_eq!(ticks.len(), 3);
    assert_eq!(ticks[1].kind, HistoricalTickKind::Trade { price: 100.25, quantity: Some(0.0) });
    let outcome = plain(
        "timestamp,bid,ask,bid_size,ask_size\n2024-01-02 09:30:00.5,99,101,5,\n2024-01-02 09:30:01,,101,,7\n",
    );
    let quotes = ticks_of(outcome);
    assert_eq!(
        quotes[1].kind,
        HistoricalTickKind::Quote { bid: None, bid_size: None, ask: Some(101.0), ask_size: Some(7.0) }
    );
    assert_eq!(ticks_of(plain("1704153600,100,2\n1704153601,101,3\n")).len(), 2);
}

#[test]
fn gaps_and_the_interval_are_found() {
    let text = "date,open,high,low,close\n2024-01-04,1,1,1,1\n2024-01-05,1,1,1,1\n2024-01-08,1,1,1,1\n2024-01-09,1,1,1,1\n";
    let found = plain(text).file.unwrap().found;
    assert_eq!(found.interval().map(|it| it.to_string()).as_deref(), Some("1d"));
    assert_eq!(found.longer_steps, 1);
    assert_eq!(found.gaps[0].0.to_string(), "2024-01-05T00:00:00");
    assert_eq!(found.zone, "times as written");
}
