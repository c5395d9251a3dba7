//! Reading the parameters of a kind: from TOML, by the kind's own description, to typed values.

use std::sync::Arc;

use super::bar_files::read_bars;
use super::instruments::{KnownInstrument, find};
use super::tick_files::read_ticks;
use crate::scenario::config::{Listing, VenueConfig, listings};
use crate::scenario::document::readers::{Read, ValueError};
use crate::scenario::document::{KeyValue, Node, Section, SourceSpan, Value, readers};
use crate::scenario::files::Files;
use crate::scenario::inputs::Role;
use crate::scenario::lobster::{first_row_on_grid, messages_on_grid};
use bearpit_core::market::Instrument;
use bearpit_core::params::{
    FileContent, FileFormat, NumberRange, ParamError, ParamErrors, ParamSpec, ParamType, ParamValue, Scalar,
    Values,
};
use bearpit_core::units::{InstrumentId, ListingId, Price, Quantity, suggest};

/// What parameters may refer to.
#[derive(Clone, Copy)]
pub(super) struct ParamScope<'a> {
    pub(super) files: &'a Files,
    /// The instrument on whose grid prices and quantities must be; `None` if it is not known.
    pub(super) instrument: Option<&'a Instrument>,
    pub(super) instruments: &'a [KnownInstrument],
    pub(super) venues: &'a [VenueConfig],
}

/// Reads the parameters of a kind; `None` if there are errors, which have been reported, or if some values
/// cannot be checked because what they refer to has errors.
pub(super) fn read_params<'s>(
    section: &Section<'_>,
    specs: impl IntoIterator<Item = &'s ParamSpec>,
    scope: &ParamScope<'_>,
) -> Option<Values> {
    let mut values = Values::new();
    let mut is_complete = true;
    for spec in specs {
        if !spec.is_required() && !section.has(spec.name) {
            section.expect(spec.name);
            if let Some(value) = spec.default.value() {
                values.set(spec.name, value);
            }
            continue;
        }
        match read_param(section, spec, scope) {
            Some(value) => values.set(spec.name, value),
            None => is_complete = false,
        }
    }
    is_complete.then_some(values)
}

fn read_param(section: &Section<'_>, spec: &ParamSpec, scope: &ParamScope<'_>) -> Option<ParamValue> {
    match spec.value {
        ParamType::File(format) => read_file(section, spec.name, format, scope).map(ParamValue::File),
        ParamType::Table(specs) => {
            let table = section.required_table(spec.name, format!("`{}`", spec.name))?;
            let values = read_params(&table, specs, scope);
            table.finish();
            values.map(ParamValue::Table)
        }
        ParamType::List(&ParamType::Table(specs)) => {
            read_tables(section, spec.name, specs, scope).map(ParamValue::List)
        }
        ParamType::Scalars => {
            let entry = |entry: &KeyValue| scalar(&entry.node).map(|value| (entry.key.clone(), value));
            read_entries(section, spec.name, "the parameter ", entry).map(ParamValue::Scalars)
        }
        ParamType::ByInstrument(item) => {
            read_by_instrument(section, spec.name, *item, scope).map(ParamValue::ByInstrument)
        }
        value => section.required(spec.name, |node| convert(node, value, scope)).flatten(),
    }
}

/// Reads a list of tables, each with its own errors; `None` if there are any, which have been reported.
fn read_tables(
    section: &Section<'_>,
    key: &'static str,
    specs: &'static [ParamSpec],
    scope: &ParamScope<'_>,
) -> Option<Vec<ParamValue>> {
    let node = section.required_node(key)?;
    let Value::List(items) = &node.value else {
        section.report(key, format!("`{key}` is {}, but must be a list of tables", node.kind()), None);
        return None;
    };
    let read = |(number, node): (usize, &Node)| {
        let name = format!("item {number} of `{key}`");
        let table = Section::open(name, node, node.place.clone(), section.findings);
        let values = read_params(&table, specs, scope);
        table.finish();
        values.map(ParamValue::Table)
    };
    // Each item is read, so that each error is reported; of items that are no tables the first is enough.
    let is_other = |(_, node): &(usize, &Node)| !matches!(node.value, Value::Table(_));
    if let Some(other) = (1..).zip(items).find(is_other) {
        return read(other).map(|value| vec![value]);
    }
    let read: Vec<Option<ParamValue>> = (1..).zip(items).map(read).collect();
    read.into_iter().collect()
}

/// Reads a table of one value for each of some instruments; each value is on the grid of its instrument.
///
/// `None` if there are errors, which have been reported.
pub(super) fn read_by_instrument(
    section: &Section<'_>,
    key: &'static str,
    item: ParamType,
    scope: &ParamScope<'_>,
) -> Option<Vec<(InstrumentId, ParamValue)>> {
    let symbols = symbols(scope);
    let entry = |entry: &KeyValue| {
        let id = find(&symbols, &entry.key)?;
        let instrument = scope.instruments[id.index()].instrument.as_ref();
        let value = convert(&entry.node, item, &ParamScope { instrument, ..*scope })?;
        Ok(value.map(|value| (id, value)))
    };
    let entries = read_entries(section, key, "", entry)?;
    // A value of an instrument with errors cannot be checked; those errors have been reported.
    entries.into_iter().collect()
}

/// Reads a table whose keys are free, and reports each error where its entry stands.
fn read_entries<T>(
    section: &Section<'_>,
    key: &'static str,
    noun: &str,
    read: impl Fn(&KeyValue) -> Read<T>,
) -> Option<Vec<T>> {
    let node = section.required_node(key)?;
    if !matches!(node.value, Value::Table(_)) {
        section.report(key, format!("`{key}` is {}, but must be a table", node.kind()), None);
        return None;
    }
    let mut found = Vec::new();
    let mut is_complete = true;
    for entry in node.entries() {
        match read(entry) {
            Ok(value) => found.push(value),
            Err(error) => {
                is_complete = false;
                let message = format!("{noun}`{}` {error}", entry.key);
                section.findings.borrow_mut().push(entry.node.place.clone(), message, None);
            }
        }
    }
    is_complete.then_some(found)
}

fn read_file(
    section: &Section<'_>,
    key: &'static str,
    format: FileFormat,
    scope: &ParamScope<'_>,
) -> Option<FileContent> {
    let (files, findings) = (scope.files, section.findings);
    match format {
        FileFormat::Bars => read_bars(section, key, scope),
        FileFormat::Ticks => read_ticks(section, key, scope),
        FileFormat::Text => {
            let file = files.text(section, key, Role::Text)?;
            Some(FileContent::new(file.path, Arc::<str>::from(file.text)))
        }
        FileFormat::OrderMessages => {
            let file = files.text(section, key, Role::Messages)?;
            let messages = messages_on_grid(&file, scope.instrument, findings)?;
            Some(FileContent::new(file.path, messages))
        }
        FileFormat::BookRow => {
            let file = files.text(section, key, Role::Book)?;
            let row = first_row_on_grid(&file, scope.instrument, findings)?;
            Some(FileContent::new(file.path, row))
        }
    }
}

/// Converts a value; `None` if it cannot be checked, since what it refers to has errors that have been
/// reported.
fn convert(node: &Node, value: ParamType, scope: &ParamScope<'_>) -> Read<Option<ParamValue>> {
    let converted = match value {
        ParamType::Flag => readers::flag(node)?.into(),
        ParamType::Integer { min, max } => readers::integer(min, max)(node)?.into(),
        ParamType::Number(range) => readers::number(range)(node)?.into(),
        ParamType::Duration(range) => readers::duration_in(range)(node)?.into(),
        ParamType::Date => readers::date(node)?.into(),
        ParamType::Text => readers::text(node)?.into(),
        ParamType::Choice(choices) => {
            let words: Vec<(&str, &str)> = choices.iter().map(|it| (it.name, it.name)).collect();
            readers::one_of(&words)(node)?.into()
        }
        ParamType::Column => column(node)?,
        ParamType::Price => readers::positive_decimal(node)?.into(),
        ParamType::TickDistance => match scope.instrument {
            Some(instrument) => ticks(node, instrument)?.into(),
            None => return Ok(None),
        },
        ParamType::Quantity => match scope.instrument {
            Some(instrument) => lots(node, instrument)?.into(),
            None => return Ok(None),
        },
        ParamType::Instrument => find(&symbols(scope), &readers::text(node)?)?.into(),
        ParamType::Listing => listing(&readers::text(node)?, scope)?.into(),
        ParamType::Leader => return leader(&readers::text(node)?, scope),
        ParamType::List(item) => return list(node, *item, scope),
        // Read by key above, so that errors are reported at the right entry.
        ParamType::Table(_) | ParamType::File(_) | ParamType::Scalars | ParamType::ByInstrument(_) => {
            return Err(ValueError::new("cannot be part of a list or of a table by symbol"));
        }
    };
    Ok(Some(converted))
}

fn symbols<'a>(scope: &ParamScope<'a>) -> Vec<&'a str> {
    scope.instruments.iter().map(|known| known.symbol.as_str()).collect()
}

/// A column of a file, by its name or by its number from 1.
fn column(node: &Node) -> Read<ParamValue> {
    match node.value {
        Value::Int(_) => readers::integer(1, 10_000)(node).map(Into::into),
        Value::Text(_) => readers::text(node).map(Into::into),
        _ => Err(readers::mistyped(node, &ParamType::Column.to_string())),
    }
}

/// A quantity in the instrument's units: a positive number of lots.
pub(super) fn lots(node: &Node, instrument: &Instrument) -> Read<Quantity> {
    let value = readers::decimal(node)?;
    let count = value.in_units_of(instrument.lot_size()).and_then(|lots| u64::try_from(lots).ok());
    let allowed = || format!("a multiple of the lot size {}, above 0", instrument.lot_size());
    count
        .filter(|lots| (1..=Quantity::MAX_LOTS).contains(lots))
        .map(Quantity::new)
        .ok_or_else(|| readers::disallowed(node, &allowed()))
}

/// A distance in price: a positive number of ticks.
fn ticks(node: &Node, instrument: &Instrument) -> Read<i64> {
    let value = readers::positive_decimal(node)?;
    let count = value.in_units_of(instrument.tick_size()).filter(|ticks| *ticks <= Price::MAX_TICKS);
    count.ok_or_else(|| {
        ValueError::new(format!(
            "is {}, which is off tick: it must be a multiple of the tick size {}",
            node.shown(),
            instrument.tick_size()
        ))
    })
}

/// A listing, written `SYMBOL@VENUE`.
fn listing(text: &str, scope: &ParamScope<'_>) -> Read<ListingId> {
    let symbols = symbols(scope);
    let all = listings(scope.venues);
    let name = |listing: &Listing| {
        let symbol = symbols.get(listing.instrument.index()).unwrap_or(&"");
        format!("{symbol}@{}", scope.venues[listing.venue.index()].name)
    };
    let names: Vec<String> = all.iter().map(name).collect();
    let found = all.iter().zip(&names).find(|(_, name)| *name == text);
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    found.map(|(listing, _)| listing.id).ok_or_else(|| readers::unknown(text, &known))
}

/// The symbol of an instrument that stands before this one and has a process.
fn leader(symbol: &str, scope: &ParamScope<'_>) -> Read<Option<ParamValue>> {
    let with_process = || scope.instruments.iter().filter(|known| known.has_process);
    if let Some(found) = with_process().find(|known| known.symbol == symbol) {
        return Ok(found.config.is_some().then(|| symbol.into()));
    }
    let leaders: Vec<&str> = with_process().map(|known| known.symbol.as_str()).collect();
    let sentence = match leaders[..] {
        [] => format!("is `{symbol}`, but no instrument before this one has a process to follow"),
        _ => format!(
            "is `{symbol}`, but must be an instrument before this one that has a process; {}",
            suggest(symbol, &leaders)
        ),
    };
    Err(ValueError::new(sentence))
}

/// A boolean, a number or a text.
pub(in crate::scenario) fn scalar(node: &Node) -> Read<Scalar> {
    match &node.value {
        Value::Bool(value) => Ok(Scalar::Bool(*value)),
        Value::Int(_) => readers::integer(i64::MIN, i64::MAX)(node).map(Scalar::Int),
        Value::Float(_) => readers::number(NumberRange::ANY)(node).map(Scalar::Float),
        Value::Text(text) => Ok(Scalar::Text(text.clone())),
        Value::Time(_) | Value::List(_) | Value::Table(_) => {
            let sentence = format!("is {}, but must be a boolean, a number or a text", node.kind());
            Err(ValueError::new(sentence))
        }
    }
}

fn list(node: &Node, item: ParamType, scope: &ParamScope<'_>) -> Read<Option<ParamValue>> {
    let Value::List(items) = &node.value else {
        return Err(ValueError::new(format!("is {}, but must be a list", node.kind())));
    };
    let converted = items.iter().map(|node| {
        let value = convert(node, item, scope);
        value.map_err(|error| ValueError::new(format!("has an item that {error}")))
    });
    let converted: Vec<Option<ParamValue>> = converted.collect::<Read<_>>()?;
    Ok(converted.into_iter().collect::<Option<Vec<_>>>().map(ParamValue::List))
}

/// Reports the errors of a kind where the values stand that it was given.
pub(super) fn report_errors(section: &Section<'_>, errors: &ParamErrors) {
    for error in errors.errors() {
        let help = error.help().map(ToOwned::to_owned);
        match error {
            ParamError::InFile { file, text, line, column, message, .. } => {
                let mut diagnostics = section.findings.borrow_mut();
                let source = diagnostics.add_source(file.display().to_string(), &**text);
                let at = offset_of(text, *line, *column);
                diagnostics.push(SourceSpan { source, span: at..at + 1 }, message, help);
            }
            ParamError::InvalidEntry { param, entry, message, .. } => {
                let entries = section.peek(param).map_or(&[][..], Node::entries);
                let found = entries.iter().find(|it| it.key == *entry);
                let is_own = section.knows(entry);
                let own = || {
                    format!("`{entry}` is a key of the agent itself: write it beside `{param}`, not in it")
                };
                let help = if is_own { Some(own()) } else { help };
                let found = found.map(|it| &it.node).or_else(|| item(section.peek(param)?, entry));
                let place = found.map_or_else(|| section.place_of(param), |node| node.place.clone());
                section.findings.borrow_mut().push(place, message, help);
            }
            _ => section.report(error.param(), error.to_string(), help),
        }
    }
}

/// Returns the item of a list by its number from 1.
pub(super) fn item<'a>(list: &'a Node, number: &str) -> Option<&'a Node> {
    let Value::List(items) = &list.value else { return None };
    items.get(number.parse::<usize>().ok()?.checked_sub(1)?)
}

/// Returns the byte of a line and column, both from 1.
pub(in crate::scenario) fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let within = text[start..].char_indices().nth(column.saturating_sub(1)).map_or(0, |(offset, _)| offset);
    start + within
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::document::{Findings, parse};
    use crate::scenario::inputs::Inputs;
    use bearpit_core::params::ParamDefault;
    use bearpit_core::units::Decimal;

    const WEIGHT: ParamType = ParamType::Number(NumberRange::between(0.0, 1.0));
    const INNER: [ParamSpec; 1] = [ParamSpec::required("mean", WEIGHT, "mean")];
    const SPECS: [ParamSpec; 6] = [
        ParamSpec::new("is_fast", ParamType::Flag, ParamDefault::Flag(false), "flag"),
        ParamSpec::required("other", ParamType::Instrument, "an instrument"),
        ParamSpec::required("levels", ParamType::List(&WEIGHT), "a list"),
        ParamSpec::required("weights", ParamType::ByInstrument(&WEIGHT), "weights"),
        ParamSpec::required("sizes", ParamType::ByInstrument(&ParamType::Quantity), "quantities"),
        ParamSpec::required("wake", ParamType::Table(&INNER), "a table"),
    ];
    const GOOD: &str = "is_fast = true\nother = \"BETA\"\nlevels = [0.5, 1]\nweights = { BETA = 0.25 }\n\
                        sizes = { ACME = 300 }\nwake = { mean = 1 }\n";

    fn instrument(symbol: &str, lot: i128) -> KnownInstrument {
        let [tick, lot] = [(1, 2), (lot, 0)].map(|(number, scale)| Decimal::new(number, scale));
        let instrument = Instrument::new(symbol, tick, lot).ok();
        KnownInstrument { symbol: symbol.to_owned(), instrument, has_process: false, config: None }
    }

    /// Reads a text, and returns the values, or the errors with their columns.
    fn read(text: &str) -> Result<Values, Vec<String>> {
        let findings = Findings::default();
        let node = {
            let mut diagnostics = findings.borrow_mut();
            let source = diagnostics.add_source("x", text);
            parse(source, &mut diagnostics)
        };
        let section = Section::open("the agent", &node, node.place.clone(), &findings);
        let files = Files::new(Path::new("x"), Inputs::default());
        let instruments = [instrument("ACME", 100), instrument("BETA", 1)];
        let scope = ParamScope { files: &files, instrument: None, instruments: &instruments, venues: &[] };
        let values = read_params(&section, &SPECS, &scope);
        section.finish();
        let found = findings.borrow();
        values.ok_or_else(|| {
            found.iter().map(|it| format!("{}:{}: {}", it.line, it.column, it.message)).collect()
        })
    }

    #[test]
    fn lists_tables_and_references_become_typed_values() -> Result<(), ParamErrors> {
        let values = read(GOOD).unwrap().complete(&SPECS)?;
        let (acme, beta) = (InstrumentId::new(0), InstrumentId::new(1));
        assert!(values.get::<bool>("is_fast")?);
        assert_eq!(values.get::<InstrumentId>("other")?, beta);
        assert_eq!(values.get::<Vec<ParamValue>>("levels")?.len(), 2);
        let weights: Vec<(InstrumentId, ParamValue)> = values.get("weights")?;
        assert!(matches!(weights[..], [(id, ParamValue::Number(0.25))] if id == beta));
        // A quantity is in lots of its own instrument.
        let sizes: Vec<(InstrumentId, ParamValue)> = values.get("sizes")?;
        assert!(matches!(sizes[..], [(id, ParamValue::Quantity(it))] if id == acme && it.lots() == 3));
        assert!((values.get::<Values>("wake")?.get::<f64>("mean")? - 1.0).abs() < 1e-12);
        Ok(())
    }

    #[test]
    fn each_error_stands_at_its_value() {
        for (from, to, expected) in [
            ("= true", "= 1", "1:11: `is_fast` is a whole number (`1`), but must be true or false"),
            (
                "\"BETA\"",
                "\"BETS\"",
                "2:9: `other` is `BETS`, which does not exist; did you mean `BETA`? allowed: `ACME`, `BETA`",
            ),
            ("[0.5, 1]", "[0.5, 2]", "3:10: `levels` has an item that is `2`, but must be from 0 to 1"),
            ("{ BETA = 0.25 }", "{ BETA = 2 }", "4:20: `BETA` is `2`, but must be from 0 to 1"),
            ("300", "350", "5:18: `ACME` is `350`, but must be a multiple of the lot size 100, above 0"),
            ("{ mean = 1 }", "{ mean = -1 }", "6:17: `mean` is `-1`, but must be from 0 to 1"),
        ] {
            assert_eq!(read(&GOOD.replace(from, to)).unwrap_err(), [expected], "{to}");
        }
    }
}
