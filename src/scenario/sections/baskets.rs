//! Reading `[[baskets]]`: which instruments' values have correlated shocks.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::instruments::{KnownInstrument, find};
use super::params::item;
use crate::scenario::document::readers::Read;
use crate::scenario::document::{Node, Section, SourceSpan, Value, readers};
use bearpit_core::params::NumberRange;
use bearpit_core::process::{Basket, BasketError, ConfiguredProcess, ProcessKind};
use bearpit_core::units::SimDuration;

/// The baskets of a scenario, which instruments join while their processes are read.
pub(in crate::scenario) struct Baskets<'a> {
    found: Vec<FoundBasket<'a>>,
}

struct FoundBasket<'a> {
    basket: Arc<Basket>,
    section: Section<'a>,
    /// Symbol and step of those that have joined.
    joined: RefCell<Vec<(String, SimDuration)>>,
    /// Symbol and kind of those that cannot.
    unfit: RefCell<Vec<(String, &'static str)>>,
}

/// Reads `[[baskets]]`; a basket with errors is left out.
pub(in crate::scenario) fn baskets<'a>(root: &Section<'a>) -> Baskets<'a> {
    let mut found: Vec<FoundBasket<'_>> = Vec::new();
    let mut taken = BTreeSet::new();
    for (number, node) in (1..).zip(root.list("baskets")) {
        let section = Section::open(format!("basket {number}"), node, node.place.clone(), root.findings);
        let symbols = section.required("instruments", symbols);
        let correlation = section.required("correlation", matrix);
        let Some((symbols, correlation)) = symbols.zip(correlation) else {
            section.finish();
            continue;
        };
        if let Some(twice) = symbols.iter().find(|symbol| !taken.insert((*symbol).clone())) {
            let message = format!("`instruments` has `{twice}`, which is in a basket already");
            section.report("instruments", message, None);
        }
        match Basket::new(symbols, &correlation) {
            Ok(basket) => found.push(FoundBasket {
                basket: Arc::new(basket),
                section,
                joined: RefCell::default(),
                unfit: RefCell::default(),
            }),
            Err(error) => {
                report(&section, &error);
                section.finish();
            }
        }
    }
    Baskets { found }
}

/// Reports what is wrong with a matrix, at the row that is wrong if it is one.
fn report(section: &Section<'_>, error: &BasketError) {
    let key = if matches!(error, BasketError::Size { .. }) { "instruments" } else { "correlation" };
    let row = match error {
        BasketError::Row { row, .. } => section.peek(key).and_then(|list| item(list, &row.to_string())),
        _ => None,
    };
    let place = row.map_or_else(|| section.place_of(key), |node| node.place.clone());
    section.findings.borrow_mut().push(place, error.to_string(), error.help());
}

fn items<T>(node: &Node, what: &str, read: impl Fn(&Node) -> Read<T>) -> Read<Vec<T>> {
    match &node.value {
        Value::List(items) => items.iter().map(read).collect(),
        _ => Err(readers::mistyped(node, what)),
    }
}

fn symbols(node: &Node) -> Read<Vec<String>> {
    items(node, "a list of symbols", readers::text)
}

fn matrix(node: &Node) -> Read<Vec<Vec<f64>>> {
    let number = |node: &Node| readers::number(NumberRange::ANY)(node);
    items(node, "a list of rows", |row| items(row, "a list of numbers", number))
}

impl Baskets<'_> {
    /// Makes the process of an instrument a member of its basket, if it is in one.
    pub(super) fn join(
        &self,
        symbol: &str,
        kind: &ProcessKind,
        process: Arc<dyn ConfiguredProcess>,
    ) -> Arc<dyn ConfiguredProcess> {
        let is_in = |found: &&FoundBasket<'_>| found.basket.symbols().iter().any(|it| it == symbol);
        let Some(found) = self.found.iter().find(is_in) else { return process };
        let step = process.step();
        let Some(member) = found.basket.member(symbol, Arc::clone(&process)) else {
            found.unfit.borrow_mut().push((symbol.to_owned(), kind.name));
            return process;
        };
        found.joined.borrow_mut().push((symbol.to_owned(), step));
        member
    }

    /// Checks, when all instruments have been read, that each basket has those that it names.
    pub(in crate::scenario) fn finish(self, known: &[KnownInstrument]) {
        let all: Vec<&str> = known.iter().map(|it| it.symbol.as_str()).collect();
        for FoundBasket { basket, section, joined, unfit } in self.found {
            let (joined, unfit) = (joined.into_inner(), unfit.into_inner());
            let place = |symbol: &str| symbol_place(&section, symbol);
            let say = |symbol: &str, message: String, help: Option<String>| {
                section.findings.borrow_mut().push(place(symbol), message, help);
            };
            for symbol in basket.symbols() {
                if let Err(error) = find(&all, symbol) {
                    say(symbol, format!("`instruments` {error}"), None);
                } else if known.iter().any(|it| it.symbol == *symbol && !it.has_process) {
                    say(
                        symbol,
                        format!("`{symbol}` has no process, so that nothing of it can be correlated"),
                        None,
                    );
                }
            }
            for (symbol, kind) in unfit {
                let message = format!(
                    "`{symbol}` has a process of the kind `{kind}`, which does not move by one normal shock a step, and cannot \
                     be in a basket"
                );
                let help = "ou, gbm, merton, kou, garch, gjr and regime can";
                say(&symbol, message, Some(help.to_owned()));
            }
            if let Some((first, step)) = joined.first() {
                for (symbol, other) in joined.iter().filter(|(_, other)| other != step) {
                    let message = format!(
                        "`{symbol}` moves every {other} and `{first}` every {step}, but all of a basket must have the same \
                         `step`"
                    );
                    say(symbol, message, None);
                }
            }
            section.finish();
        }
    }
}

/// Returns where a symbol stands in the list of a basket.
fn symbol_place(section: &Section<'_>, symbol: &str) -> SourceSpan {
    let is_it = |node: &&Node| matches!(&node.value, Value::Text(text) if text == symbol);
    let found = section.peek("instruments").and_then(|node| match &node.value {
        Value::List(items) => items.iter().find(is_it),
        _ => None,
    });
    found.map_or_else(|| section.place_of("instruments"), |node| node.place.clone())
}
