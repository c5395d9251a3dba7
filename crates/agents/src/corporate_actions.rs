//! The splits and dividends of a replay: from the columns of its file and the key `actions`, each split
//! tested against the prices around it.

use bearpit_core::market::{CorporateAction, SplitRatio};
use bearpit_core::params::{ParamError, ParamValue, Values};
use bearpit_core::process::HistoricalBar;
use bearpit_core::replay::ReplayAction;
use bearpit_core::units::{Decimal, Money, SimDuration, SimTime};

/// What a replay does with splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Splits {
    /// Each is tested against the prices around it.
    Test,
    Apply,
    Skip,
}

const DAY: SimDuration = SimDuration::from_secs(24 * 3_600);

/// The largest dividend on one unit, 10^9 of the currency: far from where sums would overflow.
const DIVIDEND_MAX: Money = Money::from_whole(1_000_000_000);

/// What a replay makes of the splits and dividends of its file.
pub(crate) struct ActionsOfFile {
    /// The rows with adjusted prices, where these are replayed.
    pub(crate) adjusted: Option<Vec<HistoricalBar>>,
    /// Those that take effect, in order of time.
    pub(crate) applied: Vec<ReplayAction>,
}

impl ActionsOfFile {
    /// Reads the keys, and tests each split.
    pub(crate) fn read(values: &Values, rows: &[HistoricalBar]) -> Result<Self, ParamError> {
        let given: Option<Vec<ParamValue>> = values.given("actions")?;
        if values.get::<String>("prices")? == "adjusted" {
            if given.is_some() {
                let message = "`prices` is \"adjusted\", so splits and dividends are in the prices already";
                let help = "leave out `actions` or `prices`";
                return Err(ParamError::invalid("actions", message).with_help(help));
            }
            return Ok(Self { adjusted: Some(adjusted(rows)?), applied: Vec::new() });
        }
        let splits = match values.get::<String>("splits")?.as_str() {
            "apply" => Splits::Apply,
            "skip" => Splits::Skip,
            _ => Splits::Test,
        };
        let mut actions = of_columns(rows)?;
        for item in given.unwrap_or_default() {
            if let ParamValue::Text(text) = item {
                actions.extend(Given::read(&text)?.at_rows(rows));
            }
        }
        // At one bar dividends come first: they are paid on what was held at the previous close.
        actions.sort_by_key(|it| (it.bar, matches!(it.action, CorporateAction::Split(_))));
        check_doubles(&actions, rows)?;
        let mut applied = Vec::new();
        for action in actions {
            let is_applied = match (action.action, splits) {
                (CorporateAction::Dividend(_), _) | (_, Splits::Apply) => true,
                (CorporateAction::Split(_), Splits::Skip) => false,
                (CorporateAction::Split(ratio), Splits::Test) => tested(rows, action.bar, ratio)?,
            };
            applied.extend(is_applied.then_some(action));
        }
        Ok(Self { adjusted: None, applied })
    }
}

/// Multiplies prices by what adjusts the close.
fn adjusted(rows: &[HistoricalBar]) -> Result<Vec<HistoricalBar>, ParamError> {
    let adjust = |row: &HistoricalBar| {
        let close = row.adjusted_close.ok_or(row.time)?;
        let factor = close / row.close;
        let [open, high, low] = [row.open, row.high, row.low].map(|price| price * factor);
        if factor.is_finite() && factor > 0.0 {
            Ok(HistoricalBar { open, high, low, close, ..*row })
        } else {
            Err(row.time)
        }
    };
    let rows: Result<Vec<HistoricalBar>, SimTime> = rows.iter().map(adjust).collect();
    rows.map_err(|time| {
        let message =
            format!("`prices` is \"adjusted\", but the row of {time} has no adjusted close above 0");
        let help = "name the column: columns = { adjusted_close = \"..\" }, or leave out `prices`";
        ParamError::invalid("prices", message).with_help(help)
    })
}

/// Returns the splits and dividends that are in the file's own columns.
fn of_columns(rows: &[HistoricalBar]) -> Result<Vec<ReplayAction>, ParamError> {
    let mut actions = Vec::new();
    for (bar, row) in rows.iter().enumerate() {
        let bad = |what, value| {
            let message = format!("the row of {} has the {what} {value}, which is out of range", row.time);
            ParamError::invalid("data", message)
        };
        if row.dividend > 0.0 {
            let each = money(row.dividend).ok_or_else(|| bad("dividend", row.dividend))?;
            actions.push(ReplayAction { bar, action: CorporateAction::Dividend(each) });
        }
        if (row.split - 1.0).abs() > f64::EPSILON {
            let ratio = SplitRatio::from_f64(row.split).ok_or_else(|| bad("split", row.split))?;
            actions.push(ReplayAction { bar, action: CorporateAction::Split(ratio) });
        }
    }
    Ok(actions)
}

/// Returns an amount to the nearest 10^-8 of the currency: files have no more places, but floats do.
fn money(value: f64) -> Option<Money> {
    const PLACES: f64 = 1e8;
    let scaled = (value * PLACES).round();
    if !(scaled.is_finite() && (0.0..=1e17).contains(&scaled)) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 10^17")]
    let units = i128::from(scaled as i64) * (Money::UNITS / 100_000_000);
    Some(Money::from_units(units)).filter(|amount| *amount <= DIVIDEND_MAX)
}

/// A split or dividend as `actions` writes it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Given {
    day: SimTime,
    action: CorporateAction,
}

impl Given {
    /// Reads `2005-02-28 split 2:1` or `2005-05-09 dividend 0.12`.
    fn read(text: &str) -> Result<Self, ParamError> {
        let bad = |why: String| {
            let help = "write the ex-day and what happens on it: \"2005-02-28 split 2:1\", \"2005-05-09 dividend 0.12\"";
            ParamError::invalid("actions", format!("`actions` has {text:?}: {why}")).with_help(help)
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [day, what, amount] = words[..] else { return Err(bad("it needs three words".to_owned())) };
        let day = day.parse::<SimTime>().ok().filter(|time| time.floor_to(DAY) == *time);
        let day = day.ok_or_else(|| bad("it must begin with a date such as 2005-02-28".to_owned()))?;
        let action = match what {
            "split" => CorporateAction::Split(amount.parse().map_err(|error| bad(format!("{error}")))?),
            "dividend" => {
                let each = amount.parse::<Decimal>().ok().and_then(Money::from_decimal);
                let each = each.filter(|each| *each > Money::ZERO && *each <= DIVIDEND_MAX);
                let why = || bad(format!("`{amount}` must be an amount above 0, for each unit held"));
                CorporateAction::Dividend(each.ok_or_else(why)?)
            }
            _ => return Err(bad(format!("`{what}` must be split or dividend"))),
        };
        Ok(Self { day, action })
    }

    /// Returns the action at the first row of its day or later; none if the file ends before, or begins
    /// after.
    fn at_rows(self, rows: &[HistoricalBar]) -> Option<ReplayAction> {
        let bar = rows.partition_point(|row| row.time < self.day);
        let is_within = bar < rows.len() && (bar > 0 || rows[bar].time.floor_to(DAY) == self.day);
        is_within.then_some(ReplayAction { bar, action: self.action })
    }
}

/// Checks that no bar has two splits, or two dividends: the file and the key would count them twice.
fn check_doubles(actions: &[ReplayAction], rows: &[HistoricalBar]) -> Result<(), ParamError> {
    let is_split = |action: &ReplayAction| matches!(action.action, CorporateAction::Split(_));
    let twice = actions
        .windows(2)
        .find(|pair| pair[0].bar == pair[1].bar && is_split(&pair[0]) == is_split(&pair[1]));
    let Some(pair) = twice else { return Ok(()) };
    let day = rows[pair[0].bar].time;
    let message = format!("there are two at the row of {day}: {} and {}", pair[0].action, pair[1].action);
    let help = "leave out of `actions` what the file has in its own columns";
    Err(ParamError::invalid("actions", message).with_help(help))
}

/// Returns whether prices jump by a split before a row, so that it is to be applied, or go on as if there
/// were none, so that they have it already; `None` if they do neither.
#[must_use]
pub fn prices_show_split(rows: &[HistoricalBar], row: usize, ratio: SplitRatio) -> Option<bool> {
    let (Some(before), Some(row)) = (row.checked_sub(1).and_then(|it| rows.get(it)), rows.get(row)) else {
        // The first row: there is nothing to be held before.
        return Some(false);
    };
    let (gap, jump) = (libm::log(row.open / before.close), libm::log(ratio.factors().price));
    let (from_jump, from_nothing) = ((gap - jump).abs(), gap.abs());
    // One of the two must explain the gap, to a third of the distance between them.
    let near = jump.abs() / 3.0;
    (from_jump < near || from_nothing < near).then_some(from_jump < from_nothing)
}

/// Returns whether a split is to be applied, by the prices around it.
fn tested(rows: &[HistoricalBar], bar: usize, ratio: SplitRatio) -> Result<bool, ParamError> {
    prices_show_split(rows, bar, ratio).ok_or_else(|| {
        let before = bar.checked_sub(1).map_or(f64::NAN, |before| rows[before].close);
        let message = format!(
            "the split {ratio} of {} fits the prices around it neither way: the close before is {before}, the open {}, and \
             a split would make that {:.4}",
            rows[bar].time,
            rows[bar].open,
            before * ratio.factors().price
        );
        let help =
            "say whether prices are from before it: splits = \"apply\", or have it already: splits = \"skip\"";
        ParamError::invalid("splits", message).with_help(help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(closes: &[f64]) -> Vec<HistoricalBar> {
        let start: SimTime = "2005-02-24".parse().unwrap();
        let times = (0..).map(|day| start + SimDuration::from_secs(24 * 3_600 * day));
        let row = |(time, close): (SimTime, &f64)| HistoricalBar {
            time,
            open: *close,
            high: *close,
            low: *close,
            close: *close,
            volume: None,
            adjusted_close: None,
            split: 1.0,
            dividend: 0.0,
        };
        times.zip(closes).map(row).collect()
    }

    fn values(actions: &[&str], splits: &str, prices: &str) -> Values {
        let values = Values::new().with("splits", splits.to_owned()).with("prices", prices.to_owned());
        if actions.is_empty() {
            return values;
        }
        let texts = actions.iter().map(|text| ParamValue::Text((*text).to_owned())).collect();
        values.with("actions", ParamValue::List(texts))
    }

    /// What is applied, as text, or the error.
    fn applied(rows: &[HistoricalBar], values: &Values) -> Result<Vec<String>, String> {
        let actions = ActionsOfFile::read(values, rows).map_err(|error| error.to_string())?;
        Ok(actions.applied.iter().map(|it| format!("{} {}", it.bar, it.action)).collect())
    }

    #[test]
    fn a_split_is_applied_where_prices_jump_by_it_and_passed_over_where_they_do_not() {
        let split = ["2005-02-26 split 2:1"];
        let test = |closes: &[f64]| applied(&rows(closes), &values(&split, "test", "raw"));
        assert_eq!(test(&[88.0, 88.99, 44.86, 45.0]), Ok(vec!["2 split 2:1".to_owned()]));
        assert_eq!(test(&[44.0, 44.49, 44.86, 45.0]), Ok(vec![]));
        let unclear = test(&[88.0, 88.99, 62.0, 45.0]).unwrap_err();
        assert!(
            unclear.contains("of 2005-02-26T00:00:00 fits the prices around it neither way"),
            "{unclear}"
        );
        assert!(
            unclear.contains("the close before is 88.99, the open 62, and a split would make that 44.4950")
        );
        let told = |how| applied(&rows(&[88.0, 88.99, 62.0]), &values(&split, how, "raw"));
        assert_eq!((told("apply").unwrap().len(), told("skip").unwrap().len()), (1, 0));
    }

    #[test]
    fn actions_come_from_columns_and_from_the_key_dividends_first() {
        let mut data = rows(&[90.0, 91.0, 45.0, 30.0]);
        (data[2].split, data[2].dividend, data[3].dividend) = (2.0, 0.25, 0.333_333_33);
        let key = values(
            &["2005-02-25 dividend 1.00", "1990-01-01 split 2:1", "2030-01-01 split 2:1"],
            "test",
            "raw",
        );
        assert_eq!(
            applied(&data, &key),
            Ok(["1 dividend 1.00", "2 dividend 0.25", "2 split 2:1", "3 dividend 0.33333333"]
                .map(ToOwned::to_owned)
                .to_vec())
        );
        // A day without a row is that of the next one.
        data.remove(1);
        let next = applied(&data, &values(&["2005-02-25 dividend 1.00"], "skip", "raw")).unwrap_err();
        assert!(next.contains("two at the row of 2005-02-26T00:00:00: dividend"), "{next}");
    }

    #[test]
    fn adjusted_prices_are_those_of_the_adjusted_close_and_have_no_actions() {
        let mut data = rows(&[80.0, 40.0]);
        (data[0].adjusted_close, data[1].adjusted_close) = (Some(39.0), Some(39.5));
        data[0].high = 82.0;
        data[1].split = 2.0;
        let read = |values: &Values, data: &[HistoricalBar]| {
            ActionsOfFile::read(values, data).map_err(|error| error.to_string())
        };
        let found = read(&values(&[], "test", "adjusted"), &data).unwrap();
        let rows = found.adjusted.unwrap();
        assert_eq!(
            ([rows[0].open, rows[0].high, rows[0].close], rows[1].close),
            ([39.0, 39.975, 39.0], 39.5)
        );
        assert!(found.applied.is_empty());
        data[1].adjusted_close = None;
        let missing = read(&values(&[], "test", "adjusted"), &data).err().unwrap();
        assert!(missing.contains("the row of 2005-02-25T00:00:00 has no adjusted close"), "{missing}");
        let both = values(&["2005-02-25 dividend 1.00"], "test", "adjusted");
        assert!(read(&both, &data).err().unwrap().contains("already"));
    }

    #[test]
    fn what_is_no_action_is_said() {
        for (text, wanted) in [
            ("2005-02-28 split", "it needs three words"),
            ("28.2.2005 split 2:1", "must begin with a date"),
            ("2005-02-28T10:00:00 split 2:1", "must begin with a date"),
            ("2005-02-28 split 1:1", "`1:1` is no split"),
            ("2005-02-28 dividend -1", "`-1` must be an amount above 0"),
            ("2005-02-28 merger 2", "`merger` must be split or dividend"),
        ] {
            let error = applied(&rows(&[1.0]), &values(&[text], "test", "raw")).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
