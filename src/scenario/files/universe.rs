//! Universes: `files = "data/*.csv"` stands for one instrument, or one replay, for each file.
//!
//! The tree of the scenario is changed before it is read: an entry with `files` becomes as many entries as
//! there are files, in the order of their names. All of them keep the place of the one that was written.

use std::fs;
use std::path::Path;

use crate::scenario::document::{Diagnostics, KeyValue, Node, SourceSpan, Value};

/// Replaces entries with `files`, and patterns among the instruments of a venue.
///
/// Paths are relative to `directory`. What is wrong goes into `diagnostics`.
pub(in crate::scenario) fn expand(tree: &mut Node, directory: &Path, diagnostics: &mut Diagnostics) {
    let mut expander = Expander { directory, diagnostics };
    expander.entries(tree, "instruments", instrument);
    expander.entries(tree, "agents", replay);
    let symbols = symbols(tree);
    if let Some(venues) = list(tree, "venues") {
        venues.iter_mut().for_each(|venue| listed(venue, &symbols));
    }
}

/// A file of a universe.
struct Member<'a> {
    /// The name of the file without its extension.
    symbol: &'a str,
    /// As a scenario would write it.
    path: &'a str,
    /// The place of `files`.
    place: &'a SourceSpan,
}

struct Expander<'a> {
    directory: &'a Path,
    diagnostics: &'a mut Diagnostics,
}

impl Expander<'_> {
    /// Replaces the entries of a list that have `files`.
    fn entries(&mut self, tree: &mut Node, key: &str, make: impl Fn(&Node, &Member<'_>) -> Node) {
        let Some(entries) = list(tree, key) else { return };
        let written = std::mem::take(entries);
        for entry in written {
            match self.files(&entry, key) {
                Some((files, place)) => {
                    let members = files.iter().map(|path| Member { symbol: stem(path), path, place: &place });
                    entries.extend(members.map(|member| make(&entry, &member)));
                }
                None => entries.push(entry),
            }
        }
    }

    /// Returns the files of an entry that stands for several.
    fn files(&mut self, entry: &Node, list: &str) -> Option<(Vec<String>, SourceSpan)> {
        let files = value(entry, "files")?;
        let Value::Text(pattern) = &files.value else { return None };
        let is_replay = matches!(kind(entry), Some("replay" | "ticks"));
        if list == "agents" && !is_replay {
            return None;
        }
        let others: &[&'static str] = if list == "agents" { &["data", "finer"] } else { &["symbol"] };
        let place = files.place.clone();
        let other = others.iter().copied().find(|other| value(entry, other).is_some());
        let found = self.checked(pattern, other);
        let found = found.unwrap_or_else(|message| {
            let help = "paths are relative to the scenario's own directory; `*` stands for any text in a file's name";
            self.diagnostics.push(place.clone(), message, Some(help.to_owned()));
            Vec::new()
        });
        Some((found, place))
    }

    /// Returns the files that fit a pattern, or says what is wrong; `other` is a key that excludes `files`.
    fn checked(&self, pattern: &str, other: Option<&str>) -> Result<Vec<String>, String> {
        if let Some(other) = other {
            return Err(format!("`files` and `{other}` cannot both be given"));
        }
        match matching(self.directory, pattern) {
            Err(error) => Err(format!("`files` is `{pattern}`, whose directory cannot be read: {error}")),
            Ok(files) if files.is_empty() => {
                Err(format!("`files` is `{pattern}`, but there is no such file"))
            }
            Ok(files) => Ok(files),
        }
    }
}

/// Makes the entry of one instrument: its symbol is the name of its file.
fn instrument(entry: &Node, file: &Member<'_>) -> Node {
    with(entry, file.place, [("symbol", file.symbol.to_owned())])
}

/// Makes the entry of one replay.
fn replay(entry: &Node, file: &Member<'_>) -> Node {
    let name = match value(entry, "name").map(|it| &it.value) {
        Some(Value::Text(name)) => name.as_str(),
        _ => kind(entry).unwrap_or("replay"),
    };
    let name = format!("{name}-{}", file.symbol);
    with(
        entry,
        file.place,
        [("name", name), ("instrument", file.symbol.to_owned()), ("data", file.path.to_owned())],
    )
}

/// Copies an entry without `files`, and with other texts.
fn with<const N: usize>(entry: &Node, place: &SourceSpan, texts: [(&str, String); N]) -> Node {
    let is_replaced = |key: &str| key == "files" || texts.iter().any(|(name, _)| *name == key);
    let mut entries: Vec<KeyValue> =
        entry.entries().iter().filter(|it| !is_replaced(&it.key)).cloned().collect();
    entries.extend(texts.into_iter().map(|(key, text)| KeyValue {
        key: key.to_owned(),
        place: place.clone(),
        node: Node { place: place.clone(), value: Value::Text(text) },
    }));
    Node { place: entry.place.clone(), value: Value::Table(entries) }
}

/// Replaces patterns such as `*` among the instruments of a venue by the symbols that match.
fn listed(venue: &mut Node, symbols: &[String]) {
    let Some(items) = list(venue, "instruments") else { return };
    for item in std::mem::take(items) {
        match &item.value {
            Value::Text(pattern) if pattern.contains(['*', '?']) => {
                let place = &item.place;
                let before = items.len();
                let fits = symbols.iter().filter(|symbol| fits(pattern, symbol));
                items.extend(fits.map(|it| Node { place: place.clone(), value: Value::Text(it.clone()) }));
                if items.len() == before {
                    items.push(item);
                }
            }
            _ => items.push(item),
        }
    }
}

fn symbols(tree: &mut Node) -> Vec<String> {
    let entries = list(tree, "instruments").map(|it| it.as_slice()).unwrap_or_default();
    let texts = entries.iter().filter_map(|entry| value(entry, "symbol"));
    texts
        .filter_map(|node| if let Value::Text(text) = &node.value { Some(text.clone()) } else { None })
        .collect()
}

fn kind(entry: &Node) -> Option<&str> {
    match &value(entry, "kind")?.value {
        Value::Text(kind) => Some(kind),
        _ => None,
    }
}

fn value<'a>(entry: &'a Node, key: &str) -> Option<&'a Node> {
    entry.entries().iter().find(|it| it.key == key).map(|it| &it.node)
}

fn list<'a>(table: &'a mut Node, key: &str) -> Option<&'a mut Vec<Node>> {
    let Value::Table(entries) = &mut table.value else { return None };
    match &mut entries.iter_mut().find(|it| it.key == key)?.node.value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Returns the files whose names fit the last part of a pattern, sorted by name: the order of directories is
/// that of the machine.
fn matching(directory: &Path, pattern: &str) -> std::io::Result<Vec<String>> {
    let (folder, pattern) = pattern.rsplit_once('/').map_or(("", pattern), |(folder, name)| (folder, name));
    let mut found = Vec::new();
    for entry in fs::read_dir(directory.join(if folder.is_empty() { "." } else { folder }))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if fits(pattern, &name) && entry.path().is_file() {
            found.push(if folder.is_empty() { name } else { format!("{folder}/{name}") });
        }
    }
    found.sort();
    Ok(found)
}

/// Returns whether a text fits a pattern, in which `*` stands for any text and `?` for one character.
fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // The last `*`, and how much of the text it stands for: it takes one more whenever the rest does not fit.
    let (mut at, mut of_text, mut star) = (0, 0, None);
    while of_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of_text));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[of_text] => {
                at += 1;
                of_text += 1;
            }
            _ => match star {
                Some((before, taken)) => {
                    star = Some((before, taken + 1));
                    at = before + 1;
                    of_text = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{AgentConfig, Scenario};

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*.csv", "A.csv", true),
            ("*.csv", "A.csv.gz", false),
            ("A?.*", "AB.csv", true),
            ("A?.*", "A.csv", false),
            ("*a*b", "xaxbxab", true),
            ("", "x", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    /// Loads a scenario beside two files; returns symbols and names of agents, or what is wrong.
    fn load(text: &str) -> Result<(Vec<String>, Vec<String>), Vec<String>> {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("data")).unwrap();
        let rows = [("B.X.csv", "2024-01-02"), ("A.csv", "2024-01-09"), ("notes.txt", "x")];
        for (name, day) in rows {
            let text = format!("date,open,high,low,close\n{day},1,1,1,1\n");
            fs::write(directory.path().join("data").join(name), text).unwrap();
        }
        let path = directory.path().join("t.toml");
        fs::write(&path, text).unwrap();
        let scenario = Scenario::load(&path, &[]).map_err(|errors| {
            errors.iter().map(|it| format!("{}: {}", it.line, it.message)).collect::<Vec<_>>()
        })?;
        let symbols = scenario.instruments.iter().map(|it| it.instrument.symbol().to_owned()).collect();
        Ok((symbols, scenario.agents.iter().flat_map(AgentConfig::member_names).collect()))
    }

    const UNIVERSE: &str = r#"
[scenario]
name = "t"
start = 2024-01-01
end = 2024-02-01

[[instruments]]
files = "data/*.csv"
tick_size = "0.01"

[[venues]]
name = "V"
instruments = ["*"]

[[agents]]
kind = "replay"
files = "data/*.csv"
bar_length = "1d"
"#;

    #[test]
    fn each_file_is_an_instrument_with_a_replay_of_its_own() {
        let texts = |texts: [&str; 2]| texts.map(ToOwned::to_owned).to_vec();
        assert_eq!(load(UNIVERSE), Ok((texts(["A", "B.X"]), texts(["replay-A", "replay-B.X"]))));
    }

    #[test]
    fn what_is_wrong_with_a_universe_is_said_once() {
        for (from, to, expected) in [
            (
                "\"data/*.csv\"\ntick",
                "\"data/*.xls\"\ntick",
                "8: `files` is `data/*.xls`, but there is no such file",
            ),
            (
                "\"data/*.csv\"\ntick",
                "\"none/*.csv\"\ntick",
                "8: `files` is `none/*.csv`, whose directory cannot be read",
            ),
            (
                "files = \"data/*.csv\"\nbar",
                "files = \"data/*.csv\"\ndata = \"x\"\nbar",
                "17: `files` and `data` cannot both",
            ),
            ("tick_size", "tack_size = 1\ntick_size", "9: instrument 1 has no key `tack_size`"),
            ("bar_length = \"1d\"", "bar_length = \"1x\"", "18: `bar_length` is not valid"),
            ("[\"*\"]", "[\"C*\"]", "13: "),
        ] {
            assert!(UNIVERSE.contains(from), "{from}");
            let found = load(&UNIVERSE.replacen(from, to, 1)).unwrap_err();
            assert!(found[0].contains(expected), "{to}: {found:?}");
            let same =
                found.iter().filter(|it| it.contains("tack_size") || it.contains("bar_length")).count();
            assert!(same <= 1, "{to}: {found:?}");
        }
    }
}
