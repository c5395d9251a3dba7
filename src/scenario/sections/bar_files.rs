//! Files of bars: read, and held against the instrument and the scenario that they are for.

use super::file_rows::{Complaint, FileRow, ROUNDING_MAX, ROUNDING_MIN};
use super::params::ParamScope;
use crate::scenario::document::{Section, readers};
use crate::scenario::files::BarFile;
use bearpit_agents::SiteSpan;
use bearpit_core::market::Instrument;
use bearpit_core::params::FileContent;
use bearpit_core::process::HistoricalBar;
use bearpit_core::units::{Quantity, SimDuration};

/// Reads the bars that a required key names, and checks that some lie within the scenario, that prices fit
/// the tick of the instrument, and volumes its lots.
pub(super) fn read_bars(
    section: &Section<'_>,
    key: &'static str,
    scope: &ParamScope<'_>,
) -> Option<FileContent> {
    let may_be_negative = scope.instrument.is_some_and(Instrument::may_be_negative);
    let file = scope.files.bars(section, key, may_be_negative)?;
    let span = scope.files.clock.borrow().span;
    let bar_open = section.peek("bar_open").and_then(|node| readers::duration(node).ok());
    let mut is_good = span.is_none_or(|span| {
        is_within(section, key, &file, &Bounds { span, bar_open: bar_open.unwrap_or(SimDuration::ZERO) })
    });
    if let Some(instrument) = scope.instrument {
        is_good &= fits_the_lots(section, key, &file, instrument);
        is_good &= fits_the_tick(section, key, &file, instrument);
    }
    is_good.then_some(file.content)
}

/// When bars must begin to be replayed.
struct Bounds {
    span: SiteSpan,
    bar_open: SimDuration,
}

fn is_within(section: &Section<'_>, key: &str, file: &BarFile, bounds: &Bounds) -> bool {
    let Bounds { span: SiteSpan { start, end }, bar_open } = bounds;
    let begins_within = |bar: &HistoricalBar| {
        let open = bar.time.saturating_add(*bar_open);
        *start <= open && open < *end
    };
    let (Some(first), Some(last)) = (file.bars.first(), file.bars.last()) else { return true };
    if file.bars.iter().any(begins_within) {
        return true;
    }
    let message = format!(
        "`{}` has no bar that begins within the scenario, from {start} to {end}: its rows are from {} to {}",
        file.content.path.display(),
        first.time,
        last.time
    );
    section.report(key, message, Some("change `start` and `end` of [scenario], or the file".to_owned()));
    false
}

/// Checks that each volume is a number of lots that orders can have.
fn fits_the_lots(section: &Section<'_>, key: &str, file: &BarFile, instrument: &Instrument) -> bool {
    let lot = instrument.lot_size().to_f64();
    #[expect(clippy::cast_precision_loss, reason = "2^40 is exact")]
    let most = Quantity::MAX_LOTS as f64;
    let exceeds = |bar: &&HistoricalBar| bar.volume.is_some_and(|volume| volume / lot > most);
    let count = file.bars.iter().filter(exceeds).count();
    let Some(index) = file.bars.iter().position(|bar| exceeds(&bar)) else { return true };
    let volume = file.bars[index].volume.unwrap_or_default();
    let message = format!(
        "volume {volume} is {:e} lots of {}, more than the 2^40 (1.1e12) that a quantity can have; {count} of {} \
         rows have more",
        volume / lot,
        instrument.lot_size(),
        file.bars.len()
    );
    report_row(
        section,
        key,
        file,
        index,
        &Complaint { message, help: "use a larger `lot_size`", is_warning: false },
    );
    false
}

/// Checks that each price is one that the instrument can have: rounding to a tick moves it by a thousandth of
/// itself at most.
fn fits_the_tick(section: &Section<'_>, key: &str, file: &BarFile, instrument: &Instrument) -> bool {
    let mut rounded = 0_usize;
    let mut worst = Rounding::default();
    for (index, bar) in file.bars.iter().enumerate() {
        let mut is_rounded = false;
        for price in [bar.open, bar.high, bar.low, bar.close] {
            let ticks = instrument.nearest_price(price);
            let nearest = ticks.map_or(0.0, |ticks| instrument.price_f64(ticks));
            let Some(ticks) = ticks.filter(|ticks| *ticks >= instrument.min_price()) else {
                let message = format!("{price} is no price in ticks of {}", instrument.tick_size());
                let help = "use a `tick_size` and a `min_price` that fit the file's prices";
                report_row(section, key, file, index, &Complaint { message, help, is_warning: false });
                return false;
            };
            let moved = (instrument.price_f64(ticks) - price).abs() / price.abs().max(f64::MIN_POSITIVE);
            is_rounded |= moved > ROUNDING_MIN;
            if moved > worst.moved {
                worst = Rounding { moved, index, price, nearest };
            }
        }
        rounded += usize::from(is_rounded);
    }
    let Rounding { moved, index, price, nearest } = worst;
    if moved > ROUNDING_MAX {
        let message = format!(
            "the tick of {} is too coarse for this file: {rounded} of {} rows are rounded, {price} to {nearest}, by \
             {:.3}% of the price, is the worst",
            instrument.tick_size(),
            file.bars.len(),
            moved * 100.0
        );
        let help = "use a smaller `tick_size`";
        report_row(section, key, file, index, &Complaint { message, help, is_warning: true });
    }
    true
}

/// A price that is rounded to a tick.
#[derive(Debug, Clone, Copy, Default)]
struct Rounding {
    /// By how much, relative to the price.
    moved: f64,
    /// The row.
    index: usize,
    price: f64,
    nearest: f64,
}

/// Reports something at a row of a file.
fn report_row(section: &Section<'_>, key: &str, file: &BarFile, index: usize, complaint: &Complaint) {
    let line = file.lines.get(index).map_or(1, |line| usize::try_from(*line).unwrap_or(1));
    let bar = &file.bars[index];
    let volume = bar.volume.map_or_else(String::new, |volume| format!(", volume {volume}"));
    let text = format!(
        "{}: open {}, high {}, low {}, close {}{volume}",
        bar.time, bar.open, bar.high, bar.low, bar.close
    );
    let file = file.content.path.display().to_string();
    complaint.report(section, key, FileRow { file, line, text });
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use crate::scenario::{Scenario, Severity};
    use bearpit_agents::BarReplay;
    use bearpit_core::replay::ReplayBar;
    use bearpit_core::units::Quantity;

    const SCENARIO: &str = r#"
[scenario]
name = "t"
start = 2024-01-01
end = 2024-02-01

[[instruments]]
symbol = "X"
tick_size = "0.01"
lot_size = "1"

[[venues]]
name = "V"
instruments = ["X"]

[[agents]]
kind = "replay"
data = "bars.csv"
bar_length = "1m"
half_spread = "0.01"
participation = 1
"#;
    const HEADER: &str = "date,open,high,low,close,volume\n";

    /// What a scenario makes of a file: its bars, errors with their places, warnings.
    struct Loaded {
        bars: Option<Arc<Vec<ReplayBar>>>,
        errors: Vec<String>,
        warnings: Vec<String>,
    }

    /// Loads a scenario with changes and keys added to its replay.
    fn load(bars: &str, keys: &str, change: (&str, &str)) -> Loaded {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.toml");
        assert!(SCENARIO.contains(change.0));
        fs::write(&path, format!("{}{keys}\n", SCENARIO.replace(change.0, change.1))).unwrap();
        fs::write(directory.path().join("bars.csv"), bars).unwrap();
        let loaded = Scenario::load(&path, &[]);
        let findings = loaded.as_ref().map_or_else(Clone::clone, |scenario| scenario.warnings.clone());
        let of = |severity| -> Vec<String> {
            let items = findings.to_json_of(severity);
            let text = |item: &serde_json::Value| {
                let file = item["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
                format!("{file}:{}: {}", item["line"], item["message"].as_str().unwrap())
            };
            items.as_array().unwrap().iter().map(text).collect()
        };
        let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
        let bars = loaded.ok().map(|it| Arc::clone(&it.agents[0].config::<BarReplay>().unwrap().config.bars));
        Loaded { bars, errors, warnings }
    }

    const SAME: (&str, &str) = ("", "");

    #[test]
    fn a_volume_of_more_than_two_to_the_forty_lots_is_an_error_at_its_row() {
        let rows = format!("{HEADER}2024-01-01,42265.18,44184.1,42180.77,44172.41,27174.29903\n");
        let found = load(&rows, "", ("\"1\"", "\"0.00000001\""));
        assert_eq!(
            found.errors,
            [
                "bars.csv:2: volume 27174.29903 is 2.717429903e12 lots of 0.00000001, more than the 2^40 (1.1e12) that \
              a quantity can have; 1 of 1 rows have more"
            ]
        );
        let coarser = load(&rows, "", ("\"1\"", "\"0.0000001\""));
        assert_eq!(coarser.bars.unwrap()[0].volume.map(Quantity::lots), Some(271_742_990_300));
    }

    #[test]
    fn a_file_of_which_nothing_lies_within_the_scenario_is_an_error() {
        let rows = format!("{HEADER}2023-12-30,1,1,1,1,5\n2023-12-31,1,1,1,1,5\n");
        let wanted = "has no bar that begins within the scenario, from 2024-01-01T00:00:00 to 2024-02-01T00:00:00: \
                      its rows are from 2023-12-30T00:00:00 to 2023-12-31T00:00:00";
        let found = load(&rows, "", SAME);
        assert!(found.errors.len() == 1 && found.errors[0].contains(wanted), "{:?}", found.errors);
        // Bars begin after their rows' times.
        let later = load(&rows, "bar_open = \"24h\"", SAME);
        assert!(later.errors.is_empty(), "{:?}", later.errors);
    }

    #[test]
    fn prices_that_the_tick_cannot_hold_are_said_with_numbers() {
        let rows = format!("{HEADER}2024-01-02,10,10.01,10,10,5\n2024-01-03,0.0376,0.0413,0.0376,0.0376,5\n");
        let found = load(&rows, "", SAME);
        assert_eq!(found.errors, [""; 0]);
        assert_eq!(
            found.warnings,
            [
                "bars.csv:3: the tick of 0.01 is too coarse for this file: 1 of 2 rows are rounded, 0.0376 to 0.04, by \
              6.383% of the price, is the worst"
            ]
        );
        let lost = load(&format!("{HEADER}2024-01-02,0.004,0.004,0.004,0.004,5\n"), "", SAME);
        assert_eq!(lost.errors, ["bars.csv:2: 0.004 is no price in ticks of 0.01"]);
        // Adjusted prices are a little off tick; that is no news.
        let adjusted = load(&format!("{HEADER}2024-01-02,185.639999,185.64,185.633,185.634,5\n"), "", SAME);
        assert_eq!(adjusted.warnings, [""; 0]);
    }

    #[test]
    fn prices_below_zero_need_an_instrument_that_has_them() {
        let rows =
            format!("{HEADER}2024-01-20,17.73,17.85,-40.32,-37.63,5\n2024-01-21,-14,13.86,-16.74,0,5\n");
        let refused = load(&rows, "", SAME).errors;
        assert_eq!(refused[0], "bars.csv:2: low: `-40.32` must be a number above 0");
        let read = load(&rows, "", ("lot_size", "min_price = -100\nlot_size"));
        assert_eq!((read.errors, read.warnings), (Vec::new(), Vec::new()));
        assert_eq!(read.bars.unwrap()[0].close.ticks(), -3_763);
        let floor = load(&rows, "", ("lot_size", "min_price = -40\nlot_size")).errors;
        assert_eq!(floor, ["bars.csv:2: -40.32 is no price in ticks of 0.01"]);
    }

    #[test]
    fn the_keys_of_a_replay_say_how_its_file_is_read() {
        let rows = "when|first|top|bottom|last\n02.01.2024 16:00|1.100,5|1.200|1.000|1.100,5\nend|||x|\n";
        let keys = "columns = { time = 1, open = \"first\", high = \"top\", low = \"bottom\", close = \"last\", decimal = \
                    \",\" }\nseparator = \"|\"\ntime_format = \"%d.%m.%Y %H:%M\"\nzone = \"America/New_York\"\nheader = \
                    true\norder = \"ascending\"\non_bad_row = \"skip\"";
        let found = load(rows, keys, SAME);
        assert_eq!(found.errors, [""; 0]);
        let bars = found.bars.unwrap();
        assert_eq!(bars[0].start.to_string(), "2024-01-02T21:00:00");
        assert_eq!((bars[0].open.ticks(), bars[0].volume), (110_050, None));
        assert!(found.warnings[0].contains("1 row that cannot be read passed over"), "{:?}", found.warnings);
        let there = load(rows, keys, ("end =", "zone = \"America/New_York\"\nend ="));
        assert_eq!(there.bars.unwrap()[0].start.to_string(), "2024-01-02T16:00:00");
    }

    #[test]
    fn offsets_are_converted_and_said_where_the_scenario_has_no_zone() {
        let rows = format!("{HEADER}2024-01-02 09:30:00-05:00,1,1,1,1,5\n");
        let found = load(&rows, "", SAME);
        assert_eq!(found.bars.unwrap()[0].start.to_string(), "2024-01-02T14:30:00");
        assert!(found.warnings[0].contains("have the offset -05:00 and were converted to UTC"));
        let there = load(&rows, "", ("end =", "zone = \"America/New_York\"\nend ="));
        assert_eq!(there.bars.unwrap()[0].start.to_string(), "2024-01-02T09:30:00");
        assert_eq!(there.warnings, [""; 0]);
    }

    #[test]
    fn wrong_keys_are_errors_once() {
        let rows = format!("{HEADER}2024-01-02,1,1,1,1,5\n");
        for (keys, wanted) in [
            ("zone = \"Mars\"", "`zone`: `Mars` is not a time zone"),
            ("separator = \"x\"", "`separator` is `x`, which does not exist"),
            ("order = 5", "`order` is a whole number (`5`), but must be one of ascending, descending, any"),
            ("header = \"no\"", "`header` is a text (`no`), but must be true or false"),
            ("columns = { closing = 5 }", "has no key `closing`"),
            ("columns = { close = 0 }", "`close` is 0, but must be a whole number from 1 to 10000"),
            ("columns = { close = true }", "`close` is a boolean (`true`), but must be the name of a column"),
            (
                "columns = { close = \"Last\" }",
                "`columns` names `Last` for close, but there is no such column",
            ),
            ("on_bad_row = \"ignore\"", "`on_bad_row` is `ignore`, which does not exist"),
        ] {
            let found = load(&rows, keys, SAME).errors;
            assert!(found.len() == 1 && found[0].contains(wanted), "{keys}: {found:?}");
        }
        let zone = load(&rows, "", ("end =", "zone = \"Mars\"\nend =")).errors;
        assert!(zone.len() == 1 && zone[0].contains("`zone` is no time zone"), "{zone:?}");
        let ticks = load("time,price,size\n2024-01-02,1,1\n", "", SAME).errors;
        assert!(ticks[0].contains("has trades, but must have bars"), "{ticks:?}");
    }
}
