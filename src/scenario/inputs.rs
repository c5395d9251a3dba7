//! [`Inputs`]: the digest of everything that a scenario was loaded from.

use std::collections::BTreeSet;

/// Names the encoding below; another encoding must have another name.
const ENCODING: &str = "bearpit scenario inputs, encoding 1";

/// Everything that a scenario was loaded from: its text, the changes made to it, and the files it names.
///
/// The digest is BLAKE3, keyed by the name of the encoding, over the text of the scenario, the changes in
/// their order, and the files in the order of role, name and content, each once. Each item is encoded as
/// role, name and the BLAKE3 of its bytes; each part is preceded by its length as 64 bits, little-endian. So
/// the digest depends on bytes of the inputs alone: neither on names or types in this program, nor on the
/// order in which files are read, nor on the directory from which the scenario is loaded.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    scenario: Option<Input>,
    changes: Vec<Input>,
    files: BTreeSet<Input>,
}

/// What an input is; the names are part of the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// A text that a parameter names, such as a script.
    Text,
    /// A file of bars.
    Bars,
    /// A file of trades or quotes.
    Ticks,
    /// A file of order messages.
    Messages,
    /// A file of order book rows.
    Book,
    /// A file that another file imports.
    Import,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Input {
    role: &'static str,
    /// As it is written in the scenario, or in the file that imports it.
    name: String,
    content: [u8; 32],
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bars => "bars",
            Self::Ticks => "ticks",
            Self::Messages => "messages",
            Self::Book => "book",
            Self::Import => "import",
        }
    }
}

impl Input {
    fn new(role: &'static str, name: &str, bytes: &[u8]) -> Self {
        Self { role, name: name.to_owned(), content: *blake3::hash(bytes).as_bytes() }
    }
}

impl Inputs {
    /// Sets the text of the scenario.
    pub(super) fn set_scenario(&mut self, bytes: &[u8]) {
        self.scenario = Some(Input::new("scenario", "", bytes));
    }

    /// Adds a change, as it was written.
    pub(super) fn add_change(&mut self, text: &str) {
        self.changes.push(Input::new("change", "", text.as_bytes()));
    }

    /// Adds a file; one that is named twice counts once.
    pub(super) fn add_file(&mut self, role: Role, name: &str, bytes: &[u8]) {
        self.files.insert(Input::new(role.name(), name, bytes));
    }

    /// Returns the digest in hexadecimal.
    pub(super) fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key(ENCODING);
        let mut write = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        for input in self.scenario.iter().chain(&self.changes).chain(&self.files) {
            write(input.role.as_bytes());
            write(input.name.as_bytes());
            write(&input.content);
        }
        hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> Inputs {
        let mut inputs = Inputs::default();
        inputs.set_scenario(b"[scenario]\n");
        inputs.add_change("scenario.seed=7");
        inputs.add_change("ema.fast=5");
        inputs.add_file(Role::Bars, "data/bars.csv", b"date,open\n");
        inputs.add_file(Role::Text, "ema.rhai", b"fn on_bar(bar) { }");
        inputs
    }

    /// A digest of fixed bytes: nothing that is renamed in this program may move it.
    #[test]
    fn the_digest_of_fixed_inputs_is_fixed() {
        assert_eq!(inputs().digest(), "7b60c8f9c6ac2aedf32bef8ca94cea2355d2a658ae553423cf28d31d9a46ee6f");
    }

    #[test]
    fn every_part_counts_and_the_order_of_reading_does_not() {
        let digest = inputs().digest();
        let mut other_order = Inputs::default();
        other_order.add_file(Role::Text, "ema.rhai", b"fn on_bar(bar) { }");
        other_order.add_file(Role::Bars, "data/bars.csv", b"date,open\n");
        other_order.add_file(Role::Bars, "data/bars.csv", b"date,open\n");
        other_order.add_change("scenario.seed=7");
        other_order.add_change("ema.fast=5");
        other_order.set_scenario(b"[scenario]\n");
        assert_eq!(other_order.digest(), digest);

        let changed = |change: fn(&mut Inputs)| {
            let mut inputs = inputs();
            change(&mut inputs);
            inputs.digest()
        };
        let digests = [
            digest,
            changed(|inputs| inputs.set_scenario(b"[scenario]")),
            changed(|inputs| inputs.changes.reverse()),
            changed(|inputs| inputs.add_change("")),
            changed(|inputs| inputs.add_file(Role::Text, "data/bars.csv", b"date,open\n")),
            changed(|inputs| inputs.add_file(Role::Bars, "bars.csv", b"date,open\n")),
            changed(|inputs| inputs.add_file(Role::Bars, "data/bars.csv", b"date,open")),
        ];
        let distinct: BTreeSet<&String> = digests.iter().collect();
        assert_eq!(distinct.len(), digests.len());
    }
}
