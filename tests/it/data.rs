//! `bearpit data`, and what a run says about the files that it replays.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::{bearpit, run};

/// Writes a file into a directory, and returns its path as text.
fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn data_prints_what_a_file_has_and_what_is_odd() {
    let directory = tempfile::tempdir().unwrap();
    let text = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\n\
                2024.01.03\t09:30:00\t101\t102\t100\t101.5\t2000\t0\n\
                2024.01.02\t09:30:00\t100\t101\t99\t100.5\t1000\t0\n";
    let file = write(directory.path(), "x.csv", text);
    let (code, out, err) = run(bearpit().args(["data", &file]));
    assert_eq!(code, 0, "{err}");
    for wanted in [
        "2 bars, 2024-01-02T09:30:00 to 2024-01-03T09:30:00",
        "separated by a tab, a header, UTF-8, lines end in LF",
        "MetaTrader 5",
        "1d (1 of 1 steps)",
        "close = <CLOSE> (6)",
        "the tick volume, since the volume is 0 throughout",
        "2024-01-02T09:30:00    100    101    99   100.5          -     1000",
    ] {
        assert!(out.contains(wanted), "{wanted} is not in\n{out}");
    }
    assert!(err.contains("warning: rows stand newest first"), "{err}");
    let (code, out, err) = run(bearpit().args(["data", "--json", &file]));
    assert_eq!((code, err.as_str()), (0, ""));
    let json: Value = serde_json::from_str(&out).unwrap();
    let found = &json[0];
    assert_eq!((found["rows"].as_u64(), found["newest_first"].as_bool()), (Some(2), Some(true)));
    assert_eq!(found["columns"]["close"]["number"].as_u64(), Some(6));
    assert_eq!(found["first_rows"][0]["volume"].as_f64(), Some(1000.0));
    assert_eq!(found["warnings"].as_array().map(Vec::len), Some(1));
}

#[test]
fn data_is_told_otherwise_and_fails_as_check_does() {
    let directory = tempfile::tempdir().unwrap();
    let file =
        write(directory.path(), "x.csv", "when;last\n02.01.2024 16:00;1,5\nx;y\n03.01.2024 16:00;2,5\n");
    let (code, _, err) = run(bearpit().args(["data", &file]));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("the columns `time`, `open`, `high`, `low` are missing"), "{err}");
    let columns = "time=1,open=last,high=last,low=last,close=last";
    let options =
        ["--columns", columns, "--separator", ";", "--time-format", "%d.%m.%Y %H:%M", "--decimal", ","];
    let zones = ["--zone", "Europe/Berlin", "--to-zone", "UTC", "--on-bad-row", "skip", "--header", "true"];
    let (code, out, err) = run(bearpit().args(["data", &file]).args(options).args(zones));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("2 bars, 2024-01-02T15:00:00 to 2024-01-03T15:00:00"), "{out}");
    assert!(err.contains("1 row that cannot be read passed over; the first, line 3"), "{err}");
    for wrong in [["--zone", "Mars"], ["--columns", "closing=1"], ["--order", "down"], ["--separator", "ab"]]
    {
        assert_eq!(run(bearpit().args(["data", &file]).args(wrong)).0, 2, "{wrong:?}");
    }
    let (code, out, _) = run(bearpit().args(["data", "--json", "/nowhere/x.csv"]));
    assert_eq!(code, 2);
    assert!(out.contains("cannot be read"), "{out}");
}

#[test]
fn warnings_about_a_replayed_file_are_printed_by_check_and_simulate() {
    let directory = tempfile::tempdir().unwrap();
    let rows = "date,open,high,low,close,volume\n2024-01-02,0.0376,0.0413,0.0376,0.0376,1000\n";
    write(directory.path(), "bars.csv", rows);
    let text = "[scenario]\nname = \"t\"\nstart = 2024-01-01\nend = 2024-02-01\n[[instruments]]\nsymbol = \"X\"\n\
                tick_size = 0.01\n[[venues]]\nname = \"V\"\ninstruments = [\"X\"]\n[[agents]]\nkind = \"replay\"\n\
                data = \"bars.csv\"\nbar_length = \"1d\"\n";
    let file = write(directory.path(), "t.toml", text);
    let wanted = "the tick of 0.01 is too coarse for this file: 1 of 1 rows are rounded";
    let (code, _, err) = run(bearpit().args(["check", &file]));
    assert!(code == 0 && err.contains(wanted) && err.contains("bars.csv:2"), "{err}");
    let out = directory.path().join("runs").display().to_string();
    let simulate = ["simulate", &file, "--no-report", "--out", &out];
    let (code, _, err) = run(bearpit().args(simulate));
    assert!(code == 0 && err.contains(wanted), "{err}");
    let (code, _, err) = run(bearpit().args(simulate).args(["--force", "--quiet"]));
    assert!(code == 0 && !err.contains(wanted), "{err}");
}
