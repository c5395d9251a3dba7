//! Entries and statements as comma-separated values (RFC 4180), which spreadsheets read without harm.

use std::borrow::Cow;

use super::Form;
use crate::services::wallet::{BalanceLine, EntryLine, Statement};

/// The names of the columns.
const COLUMNS: &str = "at,kind,asset,symbol,amount,balance,order_id,trade_id,reference,entry_id\r\n";

/// Returns entries as lines, behind the names of columns if they are the first.
pub(super) fn entries(entries: &[EntryLine], are_first: bool) -> String {
    let mut text = if are_first { COLUMNS.to_owned() } else { String::new() };
    for entry in entries {
        push(
            &mut text,
            [
                Field::Own(entry.at.to_string()),
                Field::Own(entry.kind.name().to_owned()),
                Field::Own(entry.asset.name().to_owned()),
                Field::Text(entry.symbol.as_deref().unwrap_or_default()),
                Field::Own(entry.amount.to_string()),
                Field::Own(entry.balance.to_string()),
                Field::Own(entry.order_id.clone().unwrap_or_default()),
                Field::Own(entry.trade_id.clone().unwrap_or_default()),
                Field::Text(entry.reference.as_deref().unwrap_or_default()),
                Field::Own(entry.entry_id.clone()),
            ],
        );
    }
    text
}

/// A statement as lines: those of balances and sums have `opening_balance`, `total` or `closing_balance`
/// where others have the place of an entry.
pub(super) struct StatementCsv;

impl Form for StatementCsv {
    fn begin(&self, statement: &Statement) -> String {
        let mut text = COLUMNS.to_owned();
        let at = statement.from.to_string();
        for line in &statement.opening {
            push_balance(&mut text, &at, line, "opening_balance");
        }
        text
    }

    fn entries(&self, entries: &[EntryLine]) -> String {
        self::entries(entries, false)
    }

    fn end(&self, statement: &Statement) -> String {
        let (mut text, at) = (String::new(), statement.to.to_string());
        for total in statement.totals() {
            let symbol = total.symbol.as_deref();
            let (amount, none) = (Field::Own(total.amount.to_string()), || Field::Text(""));
            push(
                &mut text,
                [
                    none(),
                    Field::Own(total.kind.name().to_owned()),
                    Field::Own(asset(symbol).to_owned()),
                    Field::Text(symbol.unwrap_or_default()),
                    amount,
                    none(),
                    none(),
                    none(),
                    none(),
                    Field::Own("total".to_owned()),
                ],
            );
        }
        let at = if statement.is_over { at } else { String::new() };
        for line in &statement.closing() {
            push_balance(&mut text, &at, line, "closing_balance");
        }
        text
    }
}

fn push_balance(text: &mut String, at: &str, line: &BalanceLine, what: &str) {
    let symbol = line.symbol.as_deref();
    let none = || Field::Text("");
    push(
        text,
        [
            Field::Own(at.to_owned()),
            none(),
            Field::Own(asset(symbol).to_owned()),
            Field::Text(symbol.unwrap_or_default()),
            none(),
            Field::Own(line.amount.to_string()),
            none(),
            none(),
            none(),
            Field::Own(what.to_owned()),
        ],
    );
}

const fn asset(symbol: Option<&str>) -> &'static str {
    if symbol.is_some() { "shares" } else { "cash" }
}

/// What stands between two commas.
enum Field<'t> {
    /// What this program has written: numbers, times, words.
    Own(String),
    /// What somebody has written, which a spreadsheet could take for a formula.
    Text(&'t str),
}

fn push(text: &mut String, fields: [Field<'_>; 10]) {
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        match field {
            Field::Own(own) => text.push_str(own),
            Field::Text(given) => text.push_str(&written(given)),
        }
    }
    text.push_str("\r\n");
}

/// Returns a text as a field. What begins as a formula does gets an apostrophe before it.
fn written(text: &str) -> Cow<'_, str> {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guarded = if is_formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) };
    if guarded.contains([',', '"', '\r', '\n']) {
        return Cow::Owned(format!("\"{}\"", guarded.replace('"', "\"\"")));
    }
    guarded
}

#[cfg(test)]
mod tests {
    use bearpit::data::Zone;
    use bearpit_core::units::SimTime;

    use super::*;
    use crate::domain::{EntryKind, MarketTime, Number};
    use crate::services::wallet::AssetName;

    #[test]
    fn a_spreadsheet_takes_no_text_for_a_formula() {
        for (text, field) in [
            ("prize", "prize"),
            ("", ""),
            ("=HYPERLINK(\"http://x\",1)", "\"'=HYPERLINK(\"\"http://x\"\",1)\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@sum", "'@sum"),
            ("a, b", "\"a, b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
        ] {
            assert_eq!(written(text), field);
        }
    }

    #[test]
    fn numbers_are_exact_and_stay_numbers() {
        let entry = EntryLine {
            entry_id: "1-7-0".to_owned(),
            at: MarketTime::new(SimTime::from_nanos(0), &Zone::utc()),
            kind: EntryKind::Admin,
            asset: AssetName::Cash,
            symbol: None,
            amount: Number("-0.0000000001".parse().unwrap()),
            balance: Number("123456789012345678.0000000001".parse().unwrap()),
            counter: "admin",
            order_id: None,
            trade_id: None,
            reference: Some("=1+1".to_owned()),
        };
        let text = entries(&[entry], true);
        let line =
            "1970-01-01T00:00:00+00:00,admin,cash,,-0.0000000001,123456789012345678.0000000001,,,'=1+1,1-7-0";
        assert_eq!(text, format!("{COLUMNS}{line}\r\n"));
    }
}
