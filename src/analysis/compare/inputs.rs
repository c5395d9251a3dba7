//! What went into two runs, side by side.

use std::collections::BTreeSet;

use crate::record::{AccountSummary, InstrumentSummary, Manifest, Table};
use bearpit_core::market::BarInterval;
use bearpit_core::units::Decimal;

/// Something that differs, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub name: String,
    /// How it is in either run; none where one has nothing of the kind.
    pub values: [Option<String>; 2],
}

/// Compares two manifests, in the order of their fields.
pub(super) fn compare(a: &Manifest, b: &Manifest) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    let both = [a, b];
    found.note("scenario", both.map(|it| it.scenario.clone()));
    found.note("seed", both.map(|it| it.seed.to_string()));
    found.note("start", both.map(|it| it.start.to_string()));
    found.note("end", both.map(|it| it.end.to_string()));
    found.note("changes", both.map(|it| list(it.changes.iter())));
    found.note("inputs digest", both.map(|it| it.inputs.clone()));
    found.note("bearpit", both.map(|it| it.bearpit.clone()));
    found.note("bars", both.map(|it| it.bar_interval.to_string()));
    found.note("sample", both.map(|it| it.sample_interval.to_string()));
    found.note("venues", both.map(|it| list(it.venues.iter())));
    found.each("instrument", both.map(|it| it.instruments.iter().map(instrument).collect()));
    found.each("account", both.map(|it| it.accounts.iter().map(account).collect()));
    found.note("format", both.map(|it| it.format.to_string()));
    found.note("tables", both.map(recorded));
    found.note("replayed orders", both.map(replayed_orders));
    found.note("recorded bars", both.map(|it| intervals(&it.bars)));
    found.note("recorded books", both.map(books));
    found.0
}

/// What was found to differ.
pub(super) struct Found(pub(super) Vec<Difference>);

impl Found {
    pub(super) fn note(&mut self, name: &str, values: [String; 2]) {
        if values[0] != values[1] {
            let values = values.map(|value| Some(value).filter(|value| !value.is_empty()));
            self.0.push(Difference { name: name.to_owned(), values });
        }
    }

    /// Notes which of some named things differ, in order of their names.
    fn each(&mut self, kind: &str, lists: [Vec<Named>; 2]) {
        let names: BTreeSet<&String> = lists.iter().flatten().map(|it| &it.name).collect();
        for name in names {
            let of = |list: &[Named]| {
                let named = list.iter().find(|it| it.name == *name);
                named.map_or_else(String::new, |it| it.description.clone())
            };
            self.note(&format!("{kind} {name}"), [of(&lists[0]), of(&lists[1])]);
        }
    }
}

/// An instrument or an account, described by the inputs of a run.
struct Named {
    name: String,
    description: String,
}

fn list<'a>(items: impl Iterator<Item = &'a String>) -> String {
    items.cloned().collect::<Vec<_>>().join(", ")
}

fn intervals(of: &[BarInterval]) -> String {
    of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn instrument(summary: &InstrumentSummary) -> Named {
    let mut description = format!("ticks of {}, lots of {}", summary.tick_size, summary.lot_size);
    if summary.is_future || summary.multiplier != Decimal::new(1, 0) {
        let what = if summary.is_future { "a future" } else { "a thing" };
        description.push_str(&format!(", {what} with a multiplier of {}", summary.multiplier));
    }
    Named { name: summary.symbol.clone(), description }
}

/// Returns what an account began with.
fn account(summary: &AccountSummary) -> Named {
    let mut description = format!("{} with {} in cash", summary.kind, summary.initial_cash);
    for holding in &summary.initial_holdings {
        description.push_str(&format!(", {} lots of {}", holding.lots, holding.symbol));
    }
    if let Some(margin) = &summary.margin {
        description.push_str(&format!(", on margin of {}, then {}", margin.initial, margin.maintenance));
    }
    Named { name: summary.owner.clone(), description }
}

fn recorded(manifest: &Manifest) -> String {
    let tables = Table::ALL.into_iter().filter(|table| manifest.has(*table));
    tables.map(Table::name).collect::<Vec<_>>().join(", ")
}

/// Says whether the orders of agents that replay order flow have rows; nothing where there are none.
fn replayed_orders(manifest: &Manifest) -> String {
    match (manifest.order_replays.is_empty(), manifest.replayed_orders) {
        (true, _) => String::new(),
        (false, true) => "recorded".to_owned(),
        (false, false) => "left out".to_owned(),
    }
}

fn books(manifest: &Manifest) -> String {
    let books = manifest.books.as_ref();
    books.map_or_else(String::new, |books| format!("{} levels every {}", books.levels, books.interval))
}
