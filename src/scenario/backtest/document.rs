//! The text of a scenario in the making: sections, keys with comments, and changes of `--set`.

use std::fmt;

use crate::scenario::document::Override;

/// In which column comments begin.
const COMMENT_COLUMN: usize = 32;

/// A scenario file.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// Lines of comment.
    pub(super) head: Vec<String>,
    pub(super) sections: Vec<Table>,
}

/// A section, or an entry of a list of them.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// The section: `scenario`, `instruments`, `venues`, `agents`.
    section: &'static str,
    is_list: bool,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    /// Keys joined by dots.
    key: String,
    /// As TOML.
    value: String,
    comment: String,
    /// Whether the line is a comment that shows what could be written.
    is_example: bool,
}

impl Table {
    pub(super) const fn section(name: &'static str) -> Self {
        Self { section: name, is_list: false, entries: Vec::new() }
    }

    pub(super) const fn of_list(name: &'static str) -> Self {
        Self { section: name, is_list: true, entries: Vec::new() }
    }

    /// Adds a key.
    pub(super) fn key(&mut self, key: &str, value: impl Into<String>, comment: &str) {
        self.add(key, value.into(), comment, false);
    }

    /// Adds a line that is commented out.
    pub(super) fn example(&mut self, key: &str, value: impl Into<String>, comment: &str) {
        self.add(key, value.into(), comment, true);
    }

    fn add(&mut self, key: &str, value: String, comment: &str, is_example: bool) {
        let (key, comment) = (key.to_owned(), comment.to_owned());
        self.entries.push(Entry { key, value, comment, is_example });
    }

    /// Sets a key, in the place of itself, of its parts, or of an example.
    fn set(&mut self, key: &str, value: String) {
        let within = |entry: &Entry| entry.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        let at = self.entries.iter().position(|entry| entry.key == key || within(entry));
        let at = at.unwrap_or(self.entries.len());
        self.entries.retain(|entry| entry.key != key && !within(entry));
        let entry = Entry { key: key.to_owned(), value, comment: String::new(), is_example: false };
        self.entries.insert(at.min(self.entries.len()), entry);
    }

    /// Returns whether a change means this one of a list, by its name, symbol or kind.
    fn is_called(&self, name: &str) -> bool {
        let is_name = |entry: &&Entry| matches!(entry.key.as_str(), "name" | "symbol" | "kind");
        self.entries.iter().filter(is_name).any(|entry| entry.value == text(name))
    }
}

impl Document {
    /// Writes a change into the text, as it would be applied when the scenario is loaded.
    ///
    /// A change of what is not there is left out: loading the scenario with it has told so before.
    pub(super) fn set(&mut self, change: &Override) {
        let parts: Vec<&str> = change.key().split('.').map(str::trim).collect();
        let value = change.toml();
        match parts.as_slice() {
            [section @ ("scenario" | "record"), rest @ ..] => {
                let known = self.sections.iter().position(|table| table.section == *section);
                let at = known.unwrap_or_else(|| {
                    self.sections.insert(1, Table::section("record"));
                    1
                });
                self.sections[at].set(&dotted(rest), value);
            }
            [section @ ("instruments" | "venues" | "agents"), item, rest @ ..] => {
                self.set_in_list(section, item, (&dotted(rest), value));
            }
            [agent, param] => self.set_in_list("agents", agent, (&dotted(&["params", param]), value)),
            _ => {}
        }
    }

    fn set_in_list(&mut self, section: &str, item: &str, (key, value): (&str, String)) {
        let mut items: Vec<&mut Table> =
            self.sections.iter_mut().filter(|table| table.section == section).collect();
        let number = item.parse().ok().filter(|index: &usize| *index < items.len());
        let index = number.or_else(|| items.iter().position(|table| table.is_called(item)));
        if let Some(index) = index {
            items[index].set(key, value);
        }
    }
}

/// Joins parts of a key, each quoted if it must be.
pub(super) fn dotted(parts: &[&str]) -> String {
    let is_plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    let part = |part: &&str| if is_plain(part) { (*part).to_owned() } else { text(part) };
    parts.iter().map(part).collect::<Vec<_>>().join(".")
}

/// Returns a text as a TOML string, which is written like a JSON string.
pub(super) fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.head {
            writeln!(f, "{}", format!("# {line}").trim_end())?;
        }
        for table in &self.sections {
            let head =
                if table.is_list { format!("[[{}]]", table.section) } else { format!("[{}]", table.section) };
            writeln!(f, "\n{head}")?;
            for Entry { key, value, comment, is_example } in &table.entries {
                let line = format!("{}{key} = {value}", if *is_example { "# " } else { "" });
                if comment.is_empty() {
                    writeln!(f, "{line}")?;
                } else {
                    let width = COMMENT_COLUMN.max(line.chars().count() + 1);
                    writeln!(f, "{line:<width$}# {comment}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let mut head = Table::section("scenario");
        head.key("seed", "1", "a seed");
        let mut venue = Table::of_list("venues");
        venue.key("name", text("PIT"), "");
        venue.key("fees.bps", "5", "of the notional");
        let mut agent = Table::of_list("agents");
        agent.key("name", text("ema"), "");
        agent.key("cash", "1000", "");
        agent.example("max_short", "{ A = 1 }", "how far it may sell short");
        Document { head: vec!["A test.".to_owned(), String::new()], sections: vec![head, venue, agent] }
    }

    fn changed(changes: &[&str]) -> String {
        let mut document = document();
        changes.iter().for_each(|change| document.set(&change.parse().unwrap()));
        document.to_string()
    }

    #[test]
    fn comments_stand_in_a_column() {
        let expected = "# A test.\n#\n\n[scenario]\nseed = 1                        # a seed\n\n[[venues]]\nname = \"PIT\"\n\
                        fees.bps = 5                    # of the notional\n\n[[agents]]\nname = \"ema\"\ncash = 1000\n\
                        # max_short = { A = 1 }         # how far it may sell short\n";
        assert_eq!(changed(&[]), expected);
    }

    #[test]
    fn changes_stand_where_their_keys_do() {
        for (change, expected) in [
            ("scenario.seed=7", "[scenario]\nseed = 7\n"),
            ("scenario.zone=Europe/Berlin", "zone = \"Europe/Berlin\"\n"),
            ("record.format=\"csv\"", "\n[record]\nformat = \"csv\"\n\n[[venues]]"),
            ("venues.PIT.fees.bps=2", "name = \"PIT\"\nfees.bps = 2\n"),
            ("venues.0.fees={ bps = 3 }", "name = \"PIT\"\nfees = { bps = 3 }\n\n"),
            ("ema.fast=5", "params.fast = 5\n"),
            ("agents.ema.params.fast=5", "params.fast = 5\n"),
            ("agents.ema.max_short.A=9", "max_short.A = 9\n"),
            ("agents.ema.max_short={ A = 9 }", "cash = 1000\nmax_short = { A = 9 }\n"),
            ("agents.ema.max_short.BRK B=9", "max_short.\"BRK B\" = 9\n"),
        ] {
            let text = changed(&[change]);
            assert!(text.contains(expected), "{change}: {text}");
            assert!(text.parse::<toml::Table>().is_ok(), "{change}: {text}");
        }
        assert_eq!(changed(&["agents.other.cash=5", "seed=3"]), changed(&[]), "there is no such thing");
    }
}
