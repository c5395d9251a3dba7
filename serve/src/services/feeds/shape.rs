//! [`Shape`]: how a service is asked, and where its answer has what is needed.

use std::str::FromStr;

use thiserror::Error;

/// How a service is asked, and where its answer has what is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Its address; `{symbol}` stands for a symbol there, or `{symbols}` for all, with commas.
    pub(super) url: String,
    /// The price; without one it is the middle of bid and ask.
    pub(super) price: Option<JsonPath>,
    /// The best bid.
    pub(super) bid: Option<JsonPath>,
    /// The best ask.
    pub(super) ask: Option<JsonPath>,
    /// When it was so; without one, when it was asked.
    pub(super) time: Option<JsonPath>,
    /// How times are written.
    pub(super) time_form: TimeForm,
}

/// How times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeForm {
    /// As of RFC 3339.
    Text,
    /// In seconds since 1970.
    Seconds,
    /// In milliseconds since 1970.
    Millis,
    /// In nanoseconds since 1970.
    Nanos,
}

/// The names of the forms of times.
pub(super) const TIME_FORMS: [(&str, TimeForm); 4] = [
    ("rfc3339", TimeForm::Text),
    ("s", TimeForm::Seconds),
    ("ms", TimeForm::Millis),
    ("ns", TimeForm::Nanos),
];

/// A place in an answer, such as `quotes.{symbol}.ap`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonPath(pub(super) Vec<Step>);

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The value at a key.
    Key(String),
    /// The value at the service's symbol.
    Symbol,
    /// The item of a list, from 0.
    Item(usize),
    /// The last item of a list in which the rest of the path leads to something other than null.
    Last,
}

/// A text that is no place in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "must be keys joined by dots, such as `data.{{symbol}}.price`: `{{symbol}}` is the symbol, a number an item of a list, `last` its last"
)]
pub(super) struct BadPath;

impl FromStr for JsonPath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        let step = |part: &str| match part {
            "" => Err(BadPath),
            "{symbol}" => Ok(Step::Symbol),
            "last" => Ok(Step::Last),
            number if number.bytes().all(|it| it.is_ascii_digit()) => {
                number.parse().map(Step::Item).map_err(|_| BadPath)
            }
            key => Ok(Step::Key(key.to_owned())),
        };
        text.split('.').map(step).collect::<Result<_, _>>().map(Self)
    }
}

/// A service whose shape is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Preset {
    /// Its name in the file.
    pub(super) name: &'static str,
    /// Where it is unless the file says otherwise; `None` for services that are no more.
    pub(super) base: Option<&'static str>,
    /// What follows after that.
    path: &'static str,
    price: Option<&'static str>,
    bid: Option<&'static str>,
    ask: Option<&'static str>,
    time: Option<&'static str>,
    time_form: TimeForm,
}

const ALPACA: Option<&str> = Some("https://data.alpaca.markets");

/// The services whose shape is known.
pub(super) const PRESETS: [Preset; 6] = [
    Preset {
        name: "iex_quote",
        base: None,
        path: "/stock/{symbol}/quote",
        price: Some("latestPrice"),
        bid: Some("iexBidPrice"),
        ask: Some("iexAskPrice"),
        time: Some("latestUpdate"),
        time_form: TimeForm::Millis,
    },
    Preset {
        name: "iex_batch",
        base: None,
        path: "/stock/market/batch?types=quote&symbols={symbols}",
        price: Some("{symbol}.quote.latestPrice"),
        bid: Some("{symbol}.quote.iexBidPrice"),
        ask: Some("{symbol}.quote.iexAskPrice"),
        time: Some("{symbol}.quote.latestUpdate"),
        time_form: TimeForm::Millis,
    },
    // Its times are a date and a minute of New York: quotes count from when they are asked.
    Preset {
        name: "iex_chart",
        base: None,
        path: "/stock/{symbol}/chart/1d",
        price: Some("last.close"),
        bid: None,
        ask: None,
        time: None,
        time_form: TimeForm::Millis,
    },
    Preset {
        name: "alpaca_quotes",
        base: ALPACA,
        path: "/v2/stocks/quotes/latest?symbols={symbols}",
        price: None,
        bid: Some("quotes.{symbol}.bp"),
        ask: Some("quotes.{symbol}.ap"),
        time: Some("quotes.{symbol}.t"),
        time_form: TimeForm::Text,
    },
    Preset {
        name: "alpaca_trades",
        base: ALPACA,
        path: "/v2/stocks/trades/latest?symbols={symbols}",
        price: Some("trades.{symbol}.p"),
        bid: None,
        ask: None,
        time: Some("trades.{symbol}.t"),
        time_form: TimeForm::Text,
    },
    Preset {
        name: "alpaca_bars",
        base: ALPACA,
        path: "/v2/stocks/bars/latest?symbols={symbols}",
        price: Some("bars.{symbol}.c"),
        bid: None,
        ask: None,
        time: Some("bars.{symbol}.t"),
        time_form: TimeForm::Text,
    },
];

impl Preset {
    /// Returns the shape of the service at an address.
    pub(super) fn shape(&self, base: &str) -> Shape {
        let path = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        Shape {
            url: format!("{}{}", base.trim_end_matches('/'), self.path),
            price: path(self.price),
            bid: path(self.bid),
            ask: path(self.ask),
            time: path(self.time),
            time_form: self.time_form,
        }
    }
}

impl Shape {
    /// Returns whether it is asked for one symbol at a time.
    pub(super) fn asks_each(&self) -> bool {
        self.url.contains("{symbol}")
    }

    /// Returns the address at which it is asked for symbols: one, if it is asked for each.
    pub(super) fn address(&self, symbols: &[&str]) -> String {
        let escaped = |symbol: &&str| form_urlencoded::byte_serialize(symbol.as_bytes()).collect::<String>();
        let all: Vec<String> = symbols.iter().map(escaped).collect();
        let first = all.first().map_or("", String::as_str);
        self.url.replace("{symbols}", &all.join(",")).replace("{symbol}", first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_whole() {
        for preset in PRESETS {
            let shape = preset.shape("https://example.org/");
            assert!(shape.url.starts_with("https://example.org/"), "{}", shape.url);
            let given = [preset.price, preset.bid, preset.ask, preset.time].iter().flatten().count();
            let read = [&shape.price, &shape.bid, &shape.ask, &shape.time].into_iter().flatten().count();
            assert_eq!(given, read, "{}", preset.name);
            assert!(shape.price.is_some() || (shape.bid.is_some() && shape.ask.is_some()), "{}", preset.name);
            assert!(shape.asks_each() != shape.url.contains("{symbols}"), "{}", preset.name);
        }
    }

    #[test]
    fn symbols_are_escaped_in_addresses() {
        let [quote, batch, ..] = PRESETS;
        let each = quote.shape("https://example.org").address(&["A&B/C"]);
        assert_eq!(each, "https://example.org/stock/A%26B%2FC/quote");
        let all = batch.shape("https://example.org").address(&["BRK.B", "T"]);
        assert_eq!(all, "https://example.org/stock/market/batch?types=quote&symbols=BRK.B,T");
    }

    #[test]
    fn paths_are_keys_joined_by_dots() {
        let path: JsonPath = "a.0.last.{symbol}.b".parse().unwrap();
        let key = |text: &str| Step::Key(text.to_owned());
        assert_eq!(path.0, [key("a"), Step::Item(0), Step::Last, Step::Symbol, key("b")]);
        for text in ["", ".", "a..b", "99999999999999999999999"] {
            assert_eq!(text.parse::<JsonPath>(), Err(BadPath), "{text}");
        }
    }
}
