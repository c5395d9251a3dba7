//! From the answer of a service to a quote.

use bearpit_core::market::ValueQuote;
use bearpit_core::units::{Decimal, Money, SimTime};
use serde_json::Value;
use thiserror::Error;

use super::shape::{JsonPath, Shape, Step, TimeForm};
use crate::domain::WallTime;

/// What a service says of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// What it is worth.
    pub(super) quote: ValueQuote,
    /// When it was so, if the service says that.
    pub(super) at: Option<WallTime>,
}

/// Why an answer has no quote of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum NoQuote {
    /// It has none.
    #[error("the answer has no price of it")]
    Missing,
    /// What should be a price is none.
    #[error("the answer's price is no number above zero with at most ten decimals")]
    NoPrice,
    /// What should be a time is none.
    #[error("the answer's time cannot be read")]
    NoTime,
}

/// Reads what an answer says of a symbol.
pub(super) fn read(shape: &Shape, answer: &Value, symbol: &str) -> Result<Seen, NoQuote> {
    let price = |path: &Option<JsonPath>| {
        let found = path.as_ref().and_then(|path| find(answer, &path.0, symbol));
        found.map(money).transpose()
    };
    // A side on which nobody quotes is zero, or not there.
    let side = |path: &Option<JsonPath>| price(path).ok().flatten();
    let (bid, ask) = (side(&shape.bid), side(&shape.ask));
    let crosses = bid.zip(ask).is_some_and(|(bid, ask)| bid > ask);
    let (bid, ask) = if crosses { (None, None) } else { (bid, ask) };
    let value = match &shape.price {
        Some(_) => price(&shape.price)?.ok_or(NoQuote::Missing)?,
        None => bid.zip(ask).map(|(bid, ask)| (bid + ask).share(1, 2)).ok_or(NoQuote::Missing)?,
    };
    let time = shape.time.as_ref().and_then(|path| find(answer, &path.0, symbol));
    let at = time.map(|time| moment(time, shape.time_form).ok_or(NoQuote::NoTime)).transpose()?;
    Ok(Seen { quote: ValueQuote { value, bid, ask }, at })
}

/// Returns what stands at a place of an answer, if that is something.
fn find<'a>(value: &'a Value, steps: &[Step], symbol: &str) -> Option<&'a Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value).filter(|it| !it.is_null()) };
    match step {
        Step::Key(key) => find(value.get(key)?, rest, symbol),
        // Some write symbols in capitals, however they are asked.
        Step::Symbol => {
            let found = value.get(symbol).or_else(|| value.get(symbol.to_ascii_uppercase()));
            find(found?, rest, symbol)
        }
        Step::Item(index) => find(value.get(index)?, rest, symbol),
        Step::Last => value.as_array()?.iter().rev().find_map(|item| find(item, rest, symbol)),
    }
}

/// Reads a price, from a number or from a text that is one. A number's text is the shortest that means the
/// same float, so that it is what the service has written as far as a float can tell.
fn money(value: &Value) -> Result<Money, NoQuote> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return Err(NoQuote::NoPrice),
    };
    let decimal: Option<Decimal> = text.parse().ok().filter(|_| !text.contains('_'));
    let positive = decimal.filter(|decimal| decimal.is_positive());
    positive.and_then(Money::from_decimal).ok_or(NoQuote::NoPrice)
}

/// Reads a time.
fn moment(value: &Value, form: TimeForm) -> Option<WallTime> {
    let unit = match form {
        TimeForm::Text => return rfc3339(value.as_str()?),
        TimeForm::Seconds => 1_000_000_000,
        TimeForm::Millis => 1_000_000,
        TimeForm::Nanos => 1,
    };
    let count = match value {
        Value::String(text) => text.parse().ok()?,
        other => other.as_i64()?,
    };
    count.checked_mul(unit).map(WallTime::from_nanos)
}

/// Reads a time as of RFC 3339, with `Z` or an offset.
fn rfc3339(text: &str) -> Option<WallTime> {
    let (clock, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            let sign_at = text.len().checked_sub(6)?;
            let (clock, zone) = text.split_at_checked(sign_at)?;
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
            let seconds = (hours * 60 + minutes) * 60;
            match zone.as_bytes().first()? {
                b'+' => (clock, seconds),
                b'-' => (clock, -seconds),
                _ => return None,
            }
        }
    };
    let time: SimTime = clock.replacen([' ', 't'], "T", 1).parse().ok()?;
    time.nanos().checked_sub(offset.checked_mul(1_000_000_000)?).map(WallTime::from_nanos)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::shape::PRESETS;
    use super::*;

    fn shape(preset: &str) -> Shape {
        PRESETS.iter().find(|it| it.name == preset).unwrap().shape("https://example.org")
    }

    fn money(text: &str) -> Money {
        Money::from_decimal(text.parse().unwrap()).unwrap()
    }

    fn seen(value: &str, sides: Option<(&str, &str)>, at: Option<i64>) -> Seen {
        let quote = ValueQuote {
            value: money(value),
            bid: sides.map(|(bid, _)| money(bid)),
            ask: sides.map(|(_, ask)| money(ask)),
        };
        Seen { quote, at: at.map(WallTime::from_nanos) }
    }

    const MILLIS: i64 = 1_725_033_600_123;

    #[test]
    fn answers_of_each_preset_are_read() {
        let quote = json!({
            "symbol": "AAPL", "latestPrice": 229.5, "latestUpdate": MILLIS, "iexBidPrice": 229.49, "iexAskPrice": 229.52
        });
        let at = Some(MILLIS * 1_000_000);
        let expected = seen("229.5", Some(("229.49", "229.52")), at);
        assert_eq!(read(&shape("iex_quote"), &quote, "aapl"), Ok(expected));
        assert_eq!(read(&shape("iex_batch"), &json!({ "AAPL": { "quote": quote } }), "aapl"), Ok(expected));
        let chart = json!([
            { "date": "2024-08-30", "minute": "15:58", "close": 229.1 },
            { "date": "2024-08-30", "minute": "15:59", "close": null },
        ]);
        assert_eq!(read(&shape("iex_chart"), &chart, "AAPL"), Ok(seen("229.1", None, None)));
        let quotes = json!({ "quotes": { "AAPL": {
            "t": "2024-08-30T16:00:00.123456789Z", "ax": "V", "ap": 229.53, "as": 1, "bx": "V", "bp": 229.5, "bs": 2
        } } });
        let nanos = Some(1_725_033_600_123_456_789);
        let expected = seen("229.515", Some(("229.5", "229.53")), nanos);
        assert_eq!(read(&shape("alpaca_quotes"), &quotes, "AAPL"), Ok(expected));
        let trades =
            json!({ "trades": { "AAPL": { "t": "2024-08-30T12:00:00.123456789-04:00", "p": "229.5" } } });
        assert_eq!(read(&shape("alpaca_trades"), &trades, "AAPL"), Ok(seen("229.5", None, nanos)));
        let bars = json!({ "bars": { "AAPL": { "t": "2024-08-30T16:00:00Z", "o": 1, "h": 2, "l": 1, "c": 2, "v": 9 } } });
        let whole = Some(1_725_033_600_000_000_000);
        assert_eq!(read(&shape("alpaca_bars"), &bars, "AAPL"), Ok(seen("2", None, whole)));
    }

    #[test]
    fn what_is_no_quote_is_told_apart() {
        let iex = shape("iex_quote");
        for (answer, expected) in [
            (json!({ "latestPrice": null }), NoQuote::Missing),
            (json!([]), NoQuote::Missing),
            (json!("x"), NoQuote::Missing),
            (json!({ "latestPrice": -1 }), NoQuote::NoPrice),
            (json!({ "latestPrice": 0 }), NoQuote::NoPrice),
            (json!({ "latestPrice": true }), NoQuote::NoPrice),
            (json!({ "latestPrice": "1_000" }), NoQuote::NoPrice),
            (json!({ "latestPrice": 1e-20 }), NoQuote::NoPrice),
            (json!({ "latestPrice": 1, "latestUpdate": "soon" }), NoQuote::NoTime),
            (json!({ "latestPrice": 1, "latestUpdate": i64::MAX }), NoQuote::NoTime),
        ] {
            assert_eq!(read(&iex, &answer, "A"), Err(expected), "{answer}");
        }
        // An empty side, and sides that cross, are left out.
        for sides in [json!([0, 2]), json!([null, 2]), json!(["none", 2]), json!([3, 2])] {
            let answer = json!({ "latestPrice": 2, "iexBidPrice": sides[0], "iexAskPrice": sides[1] });
            let quote = read(&iex, &answer, "A").unwrap().quote;
            assert_eq!((quote.value, quote.touch()), (money("2"), None), "{sides}");
        }
        let one_sided = json!({ "quotes": { "A": { "bp": 0, "ap": 3 } } });
        assert_eq!(read(&shape("alpaca_quotes"), &one_sided, "A"), Err(NoQuote::Missing));
    }

    #[test]
    fn times_that_are_none_are_refused() {
        for text in [
            "",
            "Z",
            "2024-08-30",
            "2024-08-30T16:00:00",
            "2024-13-30T16:00:00Z",
            "2024-08-30T16:00:00+0x:00",
            "é+01:00",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn prop_no_answer_is_too_strange(text in ".{0,60}", number in any::<f64>(), steps in ".{0,12}") {
            let answers = [json!(text), json!({ "latestPrice": text, "latestUpdate": text }), json!({ "latestPrice": number })];
            for answer in answers {
                read(&shape("iex_quote"), &answer, "A").ok();
                read(&shape("alpaca_trades"), &json!({ "trades": { "A": { "p": 1, "t": text } } }), "A").ok();
            }
            steps.parse::<JsonPath>().ok();
        }
    }
}
