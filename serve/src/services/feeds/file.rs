//! The file of feeds, `feeds.file`: which services are asked, how, and for what.

use std::time::Duration;

use bearpit::scenario::Diagnostics;
use bearpit::scenario::document::readers::{
    Read, ValueError, disallowed, duration_in, mistyped, name, one_of, text,
};
use bearpit::scenario::document::{Findings, Node, Section, Value, parse};
use bearpit_core::params::DurationRange;
use bearpit_core::units::SimDuration;

use super::shape::{BadPath, JsonPath, PRESETS, Preset, Shape, TIME_FORMS, TimeForm};
use crate::config::is_trusted_address;
use crate::domain::Secret;

/// A service that is asked what instruments are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedConfig {
    /// Its name in the log, in figures and in answers.
    pub(super) name: String,
    /// How it is asked.
    pub(super) shape: Shape,
    /// Our symbols, and those that it has for them.
    pub(super) symbols: Vec<(String, String)>,
    /// How often it is asked.
    pub(super) every: Duration,
    /// How long after its time a quote is told.
    pub(super) delay: Duration,
    /// How long after that it may still be told.
    pub(super) max_age: Duration,
    /// Headers that are sent along.
    pub(super) headers: Vec<(String, Secret)>,
    /// Parameters that its address gets.
    pub(super) query: Vec<(String, Secret)>,
}

/// How many feeds there may be, and symbols of one.
const FEEDS_MAX: usize = 64;
const SYMBOLS_MAX: usize = 200;

/// How often a service may be asked, and how late quotes may be.
const EVERY: (SimDuration, SimDuration) = (SimDuration::from_millis(100), SimDuration::from_secs(86_400));
const EVERY_DEFAULT: SimDuration = SimDuration::from_secs(15);
const MAX_AGE_DEFAULT: SimDuration = SimDuration::from_secs(300);

/// What is known besides the file.
pub(super) struct Surroundings<'a> {
    /// Returns whether an instrument takes quotes, if there is one of that symbol.
    pub(super) takes_quotes: &'a dyn Fn(&str) -> Option<bool>,
    /// Returns a variable of the environment.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
}

/// Reads a file of feeds; `takes_quotes` says of a symbol of the scenario whether its process is a `feed`,
/// and `variable` returns variables of the environment.
///
/// # Errors
/// All that is wrong with it.
pub fn read(
    (file, content): (&str, &str),
    takes_quotes: &dyn Fn(&str) -> Option<bool>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<FeedConfig>, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let source = diagnostics.add_source(file, content);
    let tree = parse(source, &mut diagnostics);
    let findings = Findings::new(diagnostics);
    let around = Surroundings { takes_quotes, variable };
    let mut feeds: Vec<FeedConfig> = Vec::new();
    if !findings.borrow().has_errors() {
        let root = Section::open("the file", &tree, tree.place.clone(), &findings);
        let listed = root.list("feeds");
        if listed.is_empty() || listed.len() > FEEDS_MAX {
            let message = format!(
                "there are {} feeds, but there must be 1 to {FEEDS_MAX}: write [[feeds]]",
                listed.len()
            );
            root.report("feeds", message, None);
        }
        for (number, node) in (1..).zip(listed) {
            let section = Section::open(format!("feed {number}"), node, node.place.clone(), &findings);
            if let Some(feed) = feed(&section, &around) {
                check_others(&section, &feed, &feeds);
                feeds.push(feed);
            }
            section.finish();
        }
        root.finish();
    }
    let diagnostics = findings.into_inner();
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok(feeds) }
}

/// Reports a name or an instrument that another feed has.
fn check_others(section: &Section<'_>, feed: &FeedConfig, others: &[FeedConfig]) {
    if others.iter().any(|other| other.name == feed.name) {
        section.report("name", format!("`name` is `{}`, as of another feed", feed.name), None);
    }
    for (ours, _) in &feed.symbols {
        let has = |other: &&FeedConfig| other.symbols.iter().any(|(taken, _)| taken == ours);
        if let Some(other) = others.iter().find(has) {
            let message = format!("`{ours}` follows the feed `{}` already", other.name);
            section.report("symbols", message, None);
        }
    }
}

fn feed(section: &Section<'_>, around: &Surroundings<'_>) -> Option<FeedConfig> {
    let feed_name = section.required("name", name);
    let shape = shape(section);
    let symbols = section.required("symbols", |node| symbols(node, around));
    let span = |range: (SimDuration, SimDuration)| move |node: &Node| wall_span(node, range);
    let late = (SimDuration::ZERO, EVERY.1);
    let every = section.or("every", wall(EVERY_DEFAULT), span(EVERY));
    let delay = section.or("delay", Duration::ZERO, span(late));
    let max_age = section.or("max_age", wall(MAX_AGE_DEFAULT), span((SimDuration::from_secs(1), EVERY.1)));
    let headers = section.or("headers", Vec::new(), |node| secrets(node, around, is_header));
    let query = section.or("query", Vec::new(), |node| secrets(node, around, |key| !key.is_empty()));
    Some(FeedConfig {
        name: feed_name?,
        shape: shape?,
        symbols: symbols?,
        every: every?,
        delay: delay?,
        max_age: max_age?,
        headers: headers?,
        query: query?,
    })
}

/// Reads how a service is asked: by a preset, each part of which can be said otherwise, or in full.
fn shape(section: &Section<'_>) -> Option<Shape> {
    let presets: Vec<(&str, Preset)> = PRESETS.iter().map(|preset| (preset.name, *preset)).collect();
    let preset = section.optional("preset", one_of(&presets));
    let base = section.optional("base", address);
    let url = section.optional("url", address);
    let known = match preset {
        Some(preset) => {
            let base = base.or_else(|| preset.base.map(str::to_owned));
            if base.is_none() && url.is_none() {
                let message = format!(
                    "the preset `{}` needs a `base`: the service that it is named after ended on 2024-08-31, its shape lives on",
                    preset.name
                );
                section.report_missing("base", message);
            }
            base.map(|base| preset.shape(&base))
        }
        None => None,
    };
    let time_form = section.optional("time_form", one_of(&TIME_FORMS));
    let [price, bid, ask, time] = ["price", "bid", "ask", "time"].map(|key| section.optional(key, path));
    if preset.is_none() && url.is_none() && !section.has("url") && !section.has("preset") {
        section.report_missing("url", "a feed has neither a `preset` nor a `url`");
    }
    let blank = || Shape {
        url: String::new(),
        price: None,
        bid: None,
        ask: None,
        time: None,
        time_form: TimeForm::Text,
    };
    let known = known.unwrap_or_else(blank);
    let shape = Shape {
        url: url.unwrap_or(known.url),
        price: price.or(known.price),
        bid: bid.or(known.bid),
        ask: ask.or(known.ask),
        time: time.or(known.time),
        time_form: time_form.unwrap_or(known.time_form),
    };
    if shape.url.is_empty() {
        return None;
    }
    if shape.url.contains("{symbol}") == shape.url.contains("{symbols}") {
        let message =
            "`url` must have `{symbol}`, to be asked for one at a time, or `{symbols}`, to be asked for all";
        section.report("url", message, None);
        return None;
    }
    if shape.price.is_none() && (shape.bid.is_none() || shape.ask.is_none()) {
        section.report_missing("price", "a feed needs a `price`, or both `bid` and `ask`");
        return None;
    }
    Some(shape)
}

/// Reads an address: of HTTPS, or on this machine.
fn address(node: &Node) -> Read<String> {
    let allowed = "an address of HTTPS, such as https://example.org/path; plain HTTP only on this machine";
    let written = text(node)?;
    // Where a symbol stands says nothing about where it leads, unless that is its host.
    let filled = written.replace("{symbols}", "A").replace("{symbol}", "A");
    let host_has_symbol = written.split('/').nth(2).is_some_and(|host| host.contains(['{', '}']));
    if host_has_symbol || !is_trusted_address(&filled) {
        return Err(disallowed(node, allowed));
    }
    Ok(written)
}

fn path(node: &Node) -> Read<JsonPath> {
    text(node)?.parse().map_err(|error: BadPath| ValueError::new(error.to_string()))
}

/// Reads symbols: a list of those that both sides call the same, or a table of ours and theirs.
fn symbols(node: &Node, around: &Surroundings<'_>) -> Read<Vec<(String, String)>> {
    let found: Vec<(String, String)> = match &node.value {
        Value::List(items) => {
            items.iter().map(|item| text(item).map(|symbol| (symbol.clone(), symbol))).collect::<Read<_>>()?
        }
        Value::Table(entries) => entries
            .iter()
            .map(|entry| text(&entry.node).map(|theirs| (entry.key.clone(), theirs)))
            .collect::<Read<_>>()?,
        _ => return Err(mistyped(node, "a list of symbols, or a table such as { ALFA = \"AAPL\" }")),
    };
    if found.is_empty() || found.len() > SYMBOLS_MAX {
        return Err(ValueError::new(format!(
            "has {} symbols, but must have 1 to {SYMBOLS_MAX}",
            found.len()
        )));
    }
    for (index, (ours, theirs)) in found.iter().enumerate() {
        let takes_quotes = (around.takes_quotes)(ours);
        let fault = match takes_quotes {
            None => format!("names `{ours}`, which is no instrument of the scenario"),
            Some(false) => format!("names `{ours}`, whose process is no `feed`"),
            Some(true) if theirs.is_empty() || theirs.len() > 64 || theirs.contains(char::is_control) => {
                format!("names for `{ours}` what is no symbol: it has 1 to 64 characters")
            }
            Some(true) if found[..index].iter().any(|(other, _)| other == ours) => {
                format!("names `{ours}` twice")
            }
            Some(true) => continue,
        };
        return Err(ValueError::new(fault));
    }
    Ok(found)
}

/// Reads a table of names and of variables of the environment that have their values.
fn secrets(node: &Node, around: &Surroundings<'_>, is_name: fn(&str) -> bool) -> Read<Vec<(String, Secret)>> {
    let Value::Table(entries) = &node.value else {
        return Err(mistyped(
            node,
            "a table of names and of variables of the environment that have their values",
        ));
    };
    let read = |key: &str, node: &Node| {
        let variable = text(node)?;
        if !is_name(key) {
            return Err(ValueError::new(format!("has `{key}`, which is no name of a header or parameter")));
        }
        let fit = |value: &String| !value.is_empty() && value.bytes().all(|it| (0x21..0x7f).contains(&it));
        let value = (around.variable)(&variable).filter(fit).ok_or_else(|| {
            ValueError::new(format!(
                "needs the variable `{variable}` of the environment for `{key}`: set it to printable characters without spaces"
            ))
        })?;
        Ok((key.to_owned(), Secret::new(value)))
    };
    entries.iter().map(|entry| read(&entry.key, &entry.node)).collect()
}

/// Returns whether a text can be the name of a header.
fn is_header(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
}

/// Reads a span of the wall clock's time.
fn wall_span(node: &Node, (min, max): (SimDuration, SimDuration)) -> Read<Duration> {
    let span = duration_in(DurationRange::AnyLength)(node)?;
    if span < min || span > max {
        return Err(disallowed(node, &format!("from {min} to {max}")));
    }
    Ok(wall(span))
}

fn wall(span: SimDuration) -> Duration {
    Duration::from_nanos(u64::try_from(span.nanos()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(content: &str) -> Result<Vec<FeedConfig>, String> {
        let takes_quotes = |symbol: &str| match symbol {
            "ALFA" | "BETA" => Some(true),
            "GAMA" => Some(false),
            _ => None,
        };
        let variable = |name: &str| (name == "KEY").then(|| "s3cret".to_owned());
        read(("feeds.toml", content), &takes_quotes, &variable).map_err(|found| found.render(false))
    }

    #[test]
    fn a_preset_is_read_with_what_the_file_says_otherwise() {
        let feeds = loaded(
            "[[feeds]]\nname = \"us\"\npreset = \"alpaca_quotes\"\nbase = \"http://127.0.0.1:9\"\n\
             symbols = { ALFA = \"AAPL\", BETA = \"MSFT\" }\nevery = \"5s\"\ndelay = \"15m\"\n\
             headers = { APCA-API-KEY-ID = \"KEY\" }\n",
        )
        .unwrap();
        let feed = &feeds[0];
        assert_eq!(feed.shape.url, "http://127.0.0.1:9/v2/stocks/quotes/latest?symbols={symbols}");
        assert_eq!(
            (feed.every, feed.delay, feed.max_age),
            (Duration::from_secs(5), Duration::from_mins(15), Duration::from_mins(5))
        );
        assert_eq!(feed.symbols[1], ("BETA".to_owned(), "MSFT".to_owned()));
        assert_eq!(feed.headers, [("APCA-API-KEY-ID".to_owned(), Secret::new("s3cret".to_owned()))]);
        assert!(!format!("{feed:?}").contains("s3cret"));
        let other = loaded(
            "[[feeds]]\nname = \"own\"\nurl = \"https://example.org/{symbol}\"\nprice = \"data.0.p\"\nsymbols = [\"ALFA\"]\n",
        );
        assert!(other.unwrap()[0].shape.asks_each());
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_allowed() {
        let feed = |rest: &str| format!("[[feeds]]\nname = \"a\"\nsymbols = [\"ALFA\"]\n{rest}\n");
        let preset = "preset = \"alpaca_bars\"";
        for (content, expected) in [
            (String::new(), "there are 0 feeds"),
            ("[[feeds]".to_owned(), "feeds.toml:1"),
            (feed("preset = \"alpaca_bar\""), "did you mean `alpaca_bars`?"),
            (feed("preset = \"iex_quote\""), "needs a `base`"),
            (feed("url = \"http://example.org/{symbol}\"\nprice = \"p\""), "plain HTTP only on this machine"),
            (
                feed("url = \"https://{symbol}.example.org/\"\nprice = \"p\""),
                "plain HTTP only on this machine",
            ),
            (feed("url = \"https://example.org/\"\nprice = \"p\""), "must have `{symbol}`"),
            (feed("url = \"https://example.org/{symbol}\"\nbid = \"p\""), "needs a `price`, or both"),
            (feed("url = \"https://example.org/{symbol}\"\nprice = \"a..b\""), "must be keys joined by dots"),
            (feed(""), "neither a `preset` nor a `url`"),
            (feed(&format!("{preset}\nevery = \"1ms\"")), "from 100ms to 1d"),
            (feed(&format!("{preset}\nheaders = {{ K = \"NONE\" }}")), "needs the variable `NONE`"),
            (feed(&format!("{preset}\nheaders = {{ \"a b\" = \"KEY\" }}")), "no name of a header"),
            (feed(&format!("{preset}\nevry = 1")), "did you mean `every`?"),
            (feed(preset).replace("ALFA", "GAMA"), "whose process is no `feed`"),
            (feed(preset).replace("ALFA", "ZETA"), "no instrument of the scenario"),
            (feed(preset).replace("[\"ALFA\"]", "[\"ALFA\", \"ALFA\"]"), "names `ALFA` twice"),
            (feed(preset).replace("[\"ALFA\"]", "[]"), "must have 1 to 200"),
            ([feed(preset), feed(preset)].concat(), "as of another feed"),
            ([feed(preset), feed(preset)].concat(), "follows the feed `a` already"),
        ] {
            let found = loaded(&content).unwrap_err();
            assert!(found.contains(expected), "{content}\n{found}");
        }
    }
}
