//! Files of trades and quotes: read, and held against the instrument and the scenario that they are for.

use std::sync::Arc;

use super::file_rows::{Complaint, FileRow, ROUNDING_MAX, ROUNDING_MIN};
use super::params::ParamScope;
use crate::scenario::document::Section;
use crate::scenario::files::TickFile;
use bearpit_agents::SiteSpan;
use bearpit_core::market::Instrument;
use bearpit_core::params::FileContent;
use bearpit_core::process::{HistoricalTick, HistoricalTickKind};
use bearpit_core::units::Quantity;

/// Reads the trades and quotes that a required key names, and checks that some lie within the scenario, that
/// prices fit the tick of the instrument, and quantities its lots.
pub(super) fn read_ticks(
    section: &Section<'_>,
    key: &'static str,
    scope: &ParamScope<'_>,
) -> Option<FileContent> {
    let may_be_negative = scope.instrument.is_some_and(Instrument::may_be_negative);
    let files = scope.files.ticks(section, key, may_be_negative)?;
    let span = scope.files.clock.borrow().span;
    let mut is_good = span.is_none_or(|span| is_within(section, key, &files, span));
    for file in &files {
        let checked = Checked { section, key, file };
        if let Some(instrument) = scope.instrument {
            is_good &= checked.fits_the_lots(instrument);
            is_good &= checked.fits_the_tick(instrument);
        }
        checked.warn_of_crossed_quotes();
    }
    let name = files.first().map(|file| file.name.clone()).unwrap_or_default();
    let rows: Arc<[HistoricalTick]> = files.into_iter().flat_map(|file| file.ticks).collect();
    is_good.then(|| FileContent::new(name, rows))
}

fn is_within(section: &Section<'_>, key: &str, files: &[TickFile], span: SiteSpan) -> bool {
    let SiteSpan { start, end } = span;
    let times = || files.iter().flat_map(|file| &file.ticks).map(|tick| tick.time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return true };
    if times().any(|time| start <= time && time < end) {
        return true;
    }
    let names: Vec<String> = files.iter().map(|file| format!("`{}`", file.name)).collect();
    let verb = if names.len() > 1 { "have" } else { "has" };
    let message = format!(
        "{} {verb} no row within the scenario, from {start} to {end}: the rows are from {first} to {last}",
        names.join(" and ")
    );
    section.report(key, message, Some("change `start` and `end` of [scenario], or the file".to_owned()));
    false
}

/// A file that is held against an instrument.
struct Checked<'a> {
    section: &'a Section<'a>,
    key: &'static str,
    file: &'a TickFile,
}

impl Checked<'_> {
    /// Checks that each quantity is a number of lots that orders can have; warns of those below a lot.
    fn fits_the_lots(&self, instrument: &Instrument) -> bool {
        let rows = self.file.ticks.len();
        let lot = instrument.lot_size().to_f64();
        #[expect(clippy::cast_precision_loss, reason = "2^40 is exact")]
        let most = Quantity::MAX_LOTS as f64;
        let over = self.find(|tick| quantities(tick).into_iter().flatten().find(|it| it / lot > most));
        if let Some(Found { index, value, count }) = over {
            let message = format!(
                "quantity {value} is {:e} lots of {}, more than the 2^40 (1.1e12) that a quantity can have; {count} of \
                 {rows} rows have more",
                value / lot,
                instrument.lot_size()
            );
            self.report(index, &Complaint { message, help: "use a larger `lot_size`", is_warning: false });
            return false;
        }
        let is_below = |it: &f64| *it > 0.0 && instrument.whole_lots_within(*it).is_zero();
        let below = self.find(|tick| quantities(tick).into_iter().flatten().find(is_below));
        if let Some(Found { index, value, count }) = below {
            let message = format!(
                "{count} of {rows} rows have a quantity below the lot of {}, such as {value}, of which nothing can be \
                 traded",
                instrument.lot_size()
            );
            self.report(index, &Complaint { message, help: "use a smaller `lot_size`", is_warning: true });
        }
        true
    }

    /// Checks that each price is one that the instrument can have; warns where rounding to a tick moves one
    /// by more than a thousandth of itself.
    fn fits_the_tick(&self, instrument: &Instrument) -> bool {
        let on_tick =
            |price: f64| instrument.nearest_price(price).filter(|ticks| *ticks >= instrument.min_price());
        let off = self.find(|tick| prices(tick).into_iter().flatten().find(|it| on_tick(*it).is_none()));
        if let Some(Found { index, value, .. }) = off {
            let message = format!("{value} is no price in ticks of {}", instrument.tick_size());
            let help = "use a `tick_size` and a `min_price` that fit the file's prices";
            self.report(index, &Complaint { message, help, is_warning: false });
            return false;
        }
        let moved = |price: f64| {
            let nearest = on_tick(price).map_or(price, |ticks| instrument.price_f64(ticks));
            (nearest - price).abs() / price.abs().max(f64::MIN_POSITIVE)
        };
        let worst_of = |tick: &HistoricalTick| {
            let all = prices(tick).into_iter().flatten();
            all.max_by(|one, other| moved(*one).total_cmp(&moved(*other)))
        };
        let rounded = self.find(|tick| worst_of(tick).filter(|price| moved(*price) > ROUNDING_MIN));
        let all = (0..).zip(&self.file.ticks).filter_map(|(index, tick)| Some((index, worst_of(tick)?)));
        let worst = all.max_by(|(_, one), (_, other)| moved(*one).total_cmp(&moved(*other)));
        if let (Some(Found { count, .. }), Some((index, price))) = (rounded, worst)
            && moved(price) > ROUNDING_MAX
        {
            let nearest = on_tick(price).map_or(price, |ticks| instrument.price_f64(ticks));
            let message = format!(
                "the tick of {} is too coarse for this file: {count} of {} rows are rounded, {price} to {nearest}, by \
                 {:.3}% of the price, is the worst",
                instrument.tick_size(),
                self.file.ticks.len(),
                moved(price) * 100.0
            );
            self.report(index, &Complaint { message, help: "use a smaller `tick_size`", is_warning: true });
        }
        true
    }

    /// Warns of quotes whose bid is above the ask: they are replayed as they are.
    fn warn_of_crossed_quotes(&self) {
        let crossed = self.find(|tick| match tick.kind {
            HistoricalTickKind::Quote { bid: Some(bid), ask: Some(ask), .. } if bid > ask => Some(bid),
            _ => None,
        });
        let Some(Found { index, count, .. }) = crossed else { return };
        let message = format!(
            "{count} of {} quotes have their bid above the ask, such as this one; they are replayed as they are",
            self.file.ticks.len()
        );
        let help = "quotes of several venues cross; those of one are a market";
        self.report(index, &Complaint { message, help, is_warning: true });
    }

    /// Returns the first row in which something is found, and how many there are.
    fn find(&self, of: impl Fn(&HistoricalTick) -> Option<f64>) -> Option<Found> {
        let mut found = (0..).zip(&self.file.ticks).filter_map(|(index, tick)| Some((index, of(tick)?)));
        let (index, value) = found.next()?;
        Some(Found { index, value, count: found.count() + 1 })
    }

    /// Reports something at a row of the file.
    fn report(&self, index: usize, complaint: &Complaint) {
        let line = self.file.lines.get(index).map_or(1, |line| usize::try_from(*line).unwrap_or(1));
        let text = self.file.ticks.get(index).map_or_else(String::new, shown);
        complaint.report(self.section, self.key, FileRow { file: self.file.name.clone(), line, text });
    }
}

/// The first row in which something is found.
struct Found {
    index: usize,
    value: f64,
    /// How many rows have it.
    count: usize,
}

const fn prices(tick: &HistoricalTick) -> [Option<f64>; 2] {
    match tick.kind {
        HistoricalTickKind::Trade { price, .. } => [Some(price), None],
        HistoricalTickKind::Quote { bid, ask, .. } => [bid, ask],
    }
}

const fn quantities(tick: &HistoricalTick) -> [Option<f64>; 2] {
    match tick.kind {
        HistoricalTickKind::Trade { quantity, .. } => [quantity, None],
        HistoricalTickKind::Quote { bid_size, ask_size, .. } => [bid_size, ask_size],
    }
}

/// Writes a row as messages show it.
fn shown(tick: &HistoricalTick) -> String {
    let side = |name: &str, price: Option<f64>, size: Option<f64>| {
        let size = size.map_or_else(String::new, |size| format!(" x {size}"));
        price.map_or_else(|| format!("no {name}"), |price| format!("{name} {price}{size}"))
    };
    match tick.kind {
        HistoricalTickKind::Trade { price, quantity } => {
            format!("{}: {}", tick.time, side("price", Some(price), quantity))
        }
        HistoricalTickKind::Quote { bid, bid_size, ask, ask_size } => {
            format!("{}: {}, {}", tick.time, side("bid", bid, bid_size), side("ask", ask, ask_size))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::scenario::{Scenario, Severity};
    use bearpit_agents::TickReplay;
    use bearpit_core::replay::TickConfig;

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
kind = "ticks"
data = DATA
"#;
    const TRADES: &str = "time,price,size\n2024-01-01T10:00:00,100.01,5\n2024-01-01T10:00:00,100.02,2.5\n2024-01-01T10:00:02,99,0\n";
    const QUOTES: &str = "time,bid,bid_size,ask,ask_size\n2023-12-31T10:00:00,99.9,5,100.1,4\n\
                          2024-01-01T10:00:01,,,100.1,4\n2024-01-01T10:00:02,99.9,5,100.1,0\n";
    const BARS: &str = "date,open,high,low,close\n2024-01-01,1,1,1,1\n";

    /// Ticks and lots of bid and ask.
    type Sides = [Option<(i64, u64)>; 2];

    /// What a scenario makes of files: what is replayed, errors with their places, warnings.
    #[derive(Debug)]
    struct Loaded {
        config: Option<TickConfig>,
        errors: Vec<String>,
        warnings: Vec<String>,
    }

    impl Loaded {
        /// The trades: time of day, ticks, lots.
        fn trades(&self) -> Vec<(String, i64, u64)> {
            let rows = self.config.as_ref().unwrap().trades.iter();
            rows.map(|row| (row.time.to_string()[11..].to_owned(), row.price.ticks(), row.quantity.lots()))
                .collect()
        }

        /// The quotes: time of day, ticks and lots of bid and ask.
        fn quotes(&self) -> Vec<(String, Sides)> {
            let rows = self.config.as_ref().unwrap().quotes.iter();
            let level = |level: bearpit_core::market::QuoteLevel| (level.price.ticks(), level.size.lots());
            rows.map(|row| {
                let quote = row.quote();
                (row.time().to_string()[11..].to_owned(), [quote.bid, quote.ask].map(|side| side.map(level)))
            })
            .collect()
        }
    }

    /// Loads a scenario with the files of a directory, the value of `data`, and keys added to its replay.
    fn load_in(directory: &Path, data: &str, keys: &str) -> Loaded {
        let path = directory.join("t.toml");
        fs::write(&path, format!("{}{keys}\n", SCENARIO.replace("DATA", data))).unwrap();
        let loaded = Scenario::load(&path, &[]);
        let findings = loaded.as_ref().map_or_else(Clone::clone, |scenario| scenario.warnings.clone());
        let of = |severity| -> Vec<String> {
            let items = findings.to_json_of(severity);
            let text = |item: &serde_json::Value| {
                let file = item["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
                let message =
                    item["message"].as_str().unwrap().replace(&format!("{}/", directory.display()), "");
                format!("{file}:{}: {message}", item["line"])
            };
            items.as_array().unwrap().iter().map(text).collect()
        };
        let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
        let config = loaded.ok().map(|it| it.agents[0].config::<TickReplay>().unwrap().0.clone());
        Loaded { config, errors, warnings }
    }

    fn load(data: &str, keys: &str, changed: Option<(&str, &str)>) -> Loaded {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in
            [("trades.csv", TRADES), ("quotes.csv", QUOTES), ("bars.csv", BARS)].into_iter().chain(changed)
        {
            fs::write(directory.path().join(name), text).unwrap();
        }
        load_in(directory.path(), data, keys)
    }

    #[test]
    fn one_file_or_one_of_each_is_read() {
        let trades = load("\"trades.csv\"", "", None);
        let expected = [("10:00:00", 10_001, 5), ("10:00:00", 10_002, 2), ("10:00:02", 9_900, 0)];
        let expected = expected.map(|(time, ticks, lots)| (time.to_owned(), ticks, lots));
        assert_eq!(trades.trades(), expected, "{trades:?}");
        assert!(trades.quotes().is_empty() && trades.config.as_ref().unwrap().known.trades);

        for data in ["[\"trades.csv\", \"quotes.csv\"]", "[\"quotes.csv\", \"trades.csv\"]"] {
            let both = load(data, "", None);
            assert_eq!(both.trades(), trades.trades());
            let expected = [
                ("10:00:00", [Some((9_990, 5)), Some((10_010, 4))]),
                ("10:00:01", [None, Some((10_010, 4))]),
                ("10:00:02", [Some((9_990, 5)), None]),
            ];
            assert_eq!(both.quotes(), expected.map(|(time, sides)| (time.to_owned(), sides)));
            assert_eq!((both.errors.len(), both.warnings.len()), (0, 0), "{both:?}");
        }
    }

    #[test]
    fn quantities_that_are_absent_or_zero_throughout_are_not_known() {
        let quotes = load("\"quotes.csv\"", "", Some(("quotes.csv", "time,bid,ask\n2024-01-01,1,2\n")));
        let known = quotes.config.as_ref().unwrap().known;
        assert_eq!([known.trades, known.bids, known.asks], [false; 3]);
        assert!(quotes.config.unwrap().quotes[0].quote().bid.unwrap().known_size().is_none());
        let text = "time,price,size\n2024-01-01,1,0\n2024-01-02,2,0\n";
        let trades = load("\"trades.csv\"", "", Some(("trades.csv", text)));
        assert!(!trades.config.as_ref().unwrap().known.trades);
    }

    #[test]
    fn columns_are_named_for_the_file_that_has_them() {
        let trades = "when;p;n\n2024-01-01T10:00:00;1.5;2\n";
        let quotes = "when;b;a\n2024-01-01T10:00:00;1.4;1.6\n";
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("trades.csv"), trades).unwrap();
        fs::write(directory.path().join("quotes.csv"), quotes).unwrap();
        let keys = "columns = { time = \"when\", price = \"p\", quantity = 3, bid = \"b\", ask = \"a\" }";
        let found = load_in(directory.path(), "[\"trades.csv\", \"quotes.csv\"]", keys);
        assert_eq!(found.trades(), [("10:00:00".to_owned(), 150, 2)], "{found:?}");
        let side = |ticks| Some((ticks, bearpit_core::units::Quantity::MAX_LOTS));
        assert_eq!(found.quotes(), [("10:00:00".to_owned(), [side(140), side(160)])]);
    }

    #[test]
    fn what_is_wrong_is_said_where_it_stands() {
        for (data, keys, changed, expected) in [
            ("\"bars.csv\"", "", None, "t.toml:18: `bars.csv` has bars, but must have trades or quotes"),
            ("\"none.csv\"", "", None, "t.toml:18: `data` names `none.csv`, which cannot be read"),
            (
                "[\"trades.csv\", \"trades.csv\"]",
                "",
                None,
                "t.toml:18: `trades.csv` and `trades.csv` both have trades",
            ),
            ("[]", "", None, "t.toml:18: `data` must be a path, or a list of two"),
            ("3", "", None, "t.toml:18: `data` is a whole number"),
            (
                "\"trades.csv\"",
                "bar_length = \"1d\"",
                None,
                "t.toml:19: agent 1 has no key `bar_length` any more",
            ),
            ("\"trades.csv\"", "warmup = 3", None, "t.toml:19: agent 1 has no key `warmup` any more"),
            ("\"trades.csv\"", "depth = 3", None, "t.toml:19: agent 1 has no key `depth`"),
            (
                "\"trades.csv\"",
                "slippage_ticks = 1\nslippage_bps = 1",
                None,
                "t.toml:20: of `slippage_ticks`",
            ),
            (
                "\"trades.csv\"",
                "",
                Some((
                    "trades.csv",
                    "time,price,size\n2024-01-01T10:00:00,100.01,5\n2024-01-01T10:00:00,x,2\n",
                )),
                "trades.csv:3: price: `x` must be a number above 0",
            ),
            (
                "\"trades.csv\"",
                "",
                Some(("trades.csv", "time,price,size\n2024-01-01,1,5\n2024-01-02,0.001,2\n")),
                "trades.csv:3: 0.001 is no price in ticks of 0.01",
            ),
            (
                "\"trades.csv\"",
                "",
                Some(("trades.csv", "time,price,size\n2024-01-01,1,5\n2024-01-02,1,2e12\n")),
                "trades.csv:3: quantity 2000000000000 is 2e12 lots of 1, more than the 2^40",
            ),
            (
                "\"trades.csv\"",
                "",
                Some(("trades.csv", "time,price,size\n2025-01-01,1,5\n")),
                "t.toml:18: `trades.csv` has no row within the scenario, from 2024-01-01T00:00:00 to \
                 2024-02-01T00:00:00: the rows are from 2025-01-01T00:00:00 to 2025-01-01T00:00:00",
            ),
        ] {
            let found = load(data, keys, changed);
            assert!(found.config.is_none() && found.errors[0].contains(expected), "{expected}: {found:?}");
            assert_eq!(found.errors.len(), 1, "{found:?}");
        }
    }

    #[test]
    fn what_is_odd_is_a_warning_with_its_row() {
        for (changed, expected) in [
            (
                ("quotes.csv", "time,bid,ask\n2024-01-01,1,2\n2024-01-02,3,2\n"),
                "quotes.csv:3: 1 of 2 quotes have their bid above the ask",
            ),
            (
                ("quotes.csv", "time,bid,ask\n2024-01-01,1,2\n2024-01-02,0.107,2\n"),
                "quotes.csv:3: the tick of 0.01 is too coarse for this file: 1 of 2 rows are rounded, 0.107 to 0.11",
            ),
            (
                ("quotes.csv", "time,bid,bid_size,ask,ask_size\n2024-01-01,1,0.5,2,3\n"),
                "quotes.csv:2: 1 of 1 rows have a quantity below the lot of 1, such as 0.5",
            ),
        ] {
            let found = load("\"quotes.csv\"", "", Some(changed));
            assert!(found.config.is_some() && found.warnings.len() == 1, "{found:?}");
            assert!(found.warnings[0].contains(expected), "{expected}: {found:?}");
        }
    }

    #[test]
    fn a_file_of_ticks_for_bars_says_which_kind_to_use() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("trades.csv"), TRADES).unwrap();
        let path = directory.path().join("t.toml");
        let text = SCENARIO
            .replace("\"ticks\"", "\"replay\"")
            .replace("DATA", "\"trades.csv\"\nbar_length = \"1d\"");
        fs::write(&path, text).unwrap();
        let errors = Scenario::load(&path, &[]).unwrap_err().to_json_of(Severity::Error).to_string();
        assert!(errors.contains("has trades, but must have bars"), "{errors}");
        assert!(errors.contains("replayed by the kind `ticks`"), "{errors}");
    }
}
