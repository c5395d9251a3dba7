//! Names of columns as vendors write them.

use super::options::Role;

/// Returns a name without case, brackets, a leading number, units in parentheses and punctuation:
/// `<OPEN>`, `1. open`, `Open (USD)` and `open` are the same.
pub(super) fn normalize(name: &str) -> String {
    let name = name.trim().trim_start_matches('#').trim().trim_matches(['<', '>', '"', '\'']);
    let lower = name.to_lowercase();
    let lower = lower.split_once('(').map_or(lower.as_str(), |(before, _)| before);
    let lower = match lower.split_once(". ") {
        Some((number, rest)) if number.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => lower,
    };
    let spaced = lower.replace(['_', '-', '.'], " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names of a column of times, the more exact first.
pub(super) const TIMES: [&str; 26] = [
    "datetime",
    "date time",
    "timestamp",
    "open time",
    "opentime",
    "start time",
    "window start",
    "ts event",
    "gmt time",
    "local time",
    "time utc",
    "bar time",
    "candle begin time",
    "date",
    "time",
    "t",
    "ts",
    "start",
    "begin",
    "unix",
    "unix timestamp",
    "epoch",
    "trade time",
    "transact time",
    "dt",
    "observation date",
];

/// Names of a column of times of day, where another has the date.
pub(super) const TIMES_OF_DAY: [&str; 3] = ["time", "time of day", "hour"];

/// Names of a column of dates, where another has the time of day.
pub(super) const DATES: [&str; 3] = ["date", "day", "dtyyyymmdd"];

/// Names of a column that says what a row is about.
pub(super) const SYMBOLS: [&str; 4] = ["symbol", "ticker", "instrument", "name"];

/// Names of a volume that counts changes of the price, as MetaTrader has it.
pub(super) const TICK_VOLUMES: [&str; 3] = ["tickvol", "tick volume", "tickvolume"];

/// Returns the names of a role other than the time, the more exact first.
pub(super) const fn synonyms(role: Role) -> &'static [&'static str] {
    match role {
        Role::Time | Role::Date => &[],
        Role::Open => &["open", "o", "open price", "opening price", "first"],
        Role::High => &["high", "h", "high price", "max"],
        Role::Low => &["low", "l", "low price", "min"],
        Role::Close => &["close", "c", "close price", "closing price", "close/last", "last"],
        Role::AdjustedClose => &["adj close", "adjclose", "adjusted close", "adjusted", "adjustedclose"],
        Role::Volume => &["volume", "vol", "v", "base volume", "volume base", "real volume"],
        Role::Split => &[
            "stock splits",
            "stock split",
            "splits",
            "split",
            "split coefficient",
            "split factor",
            "splitfactor",
            "split ratio",
        ],
        Role::Dividend => &["dividends", "dividend", "dividend amount", "divcash", "cash dividend"],
        Role::Price => &["price", "trade price", "p"],
        Role::Quantity => &["quantity", "qty", "size", "amount", "volume", "vol", "trade size", "s", "q"],
        Role::Bid => &["bid", "bid price", "best bid", "bidprice", "bp", "bid px 00"],
        Role::Ask => &["ask", "ask price", "best ask", "askprice", "offer", "ap", "ask px 00"],
        Role::BidSize => {
            &["bid size", "bidsize", "bid volume", "bid qty", "best bid qty", "bid amount", "bs", "bid sz 00"]
        }
        Role::AskSize => {
            &["ask size", "asksize", "ask volume", "ask qty", "best ask qty", "ask amount", "as", "ask sz 00"]
        }
    }
}

/// Returns whether a name is one that a header has.
pub(super) fn is_known(name: &str) -> bool {
    // Many numbers are asked about.
    if !name.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return false;
    }
    let name = normalize(name);
    let is_role = |role: Role| synonyms(role).contains(&name.as_str());
    TIMES.contains(&name.as_str()) || DATES.contains(&name.as_str()) || Role::ALL.into_iter().any(is_role)
}

/// Guesses where a file comes from by the names of its columns; for the description only.
pub(super) fn source(names: &[String]) -> Option<&'static str> {
    let normal: Vec<String> = names.iter().map(|name| normalize(name)).collect();
    let is = |wanted: &[&str]| normal.iter().map(String::as_str).eq(wanted.iter().copied());
    let has = |wanted: &str| normal.iter().any(|name| name == wanted);
    let is_numbered =
        names.iter().any(|name| name.trim().starts_with(|c: char| c.is_ascii_digit()) && name.contains(". "));
    if is(&["date", "open", "high", "low", "close", "adj close", "volume"]) {
        Some("Yahoo")
    } else if is(&["time", "low", "high", "open", "close", "volume"]) {
        Some("Coinbase")
    } else if is_numbered || is(&["timestamp", "open", "high", "low", "close", "volume"]) {
        Some("Alpha Vantage")
    } else if has("tickvol") && names.iter().all(|name| name.trim().starts_with('<')) {
        Some("MetaTrader 5")
    } else if has("per") && has("ticker") {
        Some("Stooq")
    } else if has("openinterest") {
        Some("backtrader")
    } else if has("change %") && has("price") {
        Some("Investing.com")
    } else if has("close/last") {
        Some("Nasdaq")
    } else if has("taker buy base asset volume") || has("taker buy volume") {
        Some("Binance")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_however_they_are_dressed() {
        for name in ["Open", " <OPEN> ", "1. open", "1a. open (USD)", "open", "\"Open\"", "# open"] {
            assert_eq!(normalize(name), "open", "{name}");
        }
        assert_eq!(normalize("Adj_Close"), "adj close");
        assert_eq!(normalize("Vol."), "vol");
        assert!(is_known("Gmt time") && is_known("<TICKVOL>") == is_known("tickvol") && !is_known("100.5"));
    }
}
