//! [`Receiver`]: the array, map or text that a call, an index or a field such as `len` works on in place.
//!
//! Rhai counts one operation for `list.sort()` and for `text[9]`, however long the list or the text is. So
//! what they work on is found by its name, measured where it lies, and charged before they run: nothing for
//! what is small, about as many operations as it takes steps for what is large. What has no name was read to
//! be worked on, so it has been charged already.

use std::collections::BTreeSet;

use rhai::{ASTFlags, BinaryExpr, Dynamic, Expr, FnCallExpr, ImmutableString};

use crate::script::host::meter::Meter;
use crate::script::sandbox::ast_nodes::Context;
use crate::script::sandbox::field_access::Root;
use crate::script::sandbox::metering::BULK_FUNCTIONS;
use crate::script::value::arguments::{ScriptResult, exceeded};
use crate::script::value::limits::{VALUE_NESTING_MAX, size};

/// Up to so many values the operations of the call itself are enough.
const SMALL: usize = 1_000;
/// Up to so many bytes a text is small.
const SMALL_TEXT: usize = 1_024;
/// How many bytes of a text are looked at for one operation.
const BYTES_PER_OPERATION: usize = 64;
/// How many items are moved for one operation.
const MOVED_PER_OPERATION: usize = 64;

/// Functions of arrays that only move items, sorted.
const MOVING_FUNCTIONS: [&str; 10] =
    ["append", "chop", "crop", "insert", "pad", "remove", "reverse", "shift", "splice", "truncate"];
/// Functions of maps that find one entry.
const ENTRY_FUNCTIONS: [&str; 2] = ["contains", "remove"];
/// Functions that move items where they are given a range, and call a function for each otherwise.
const RANGE_FUNCTIONS: [&str; 3] = ["drain", "extract", "retain"];
/// Fields that go through a text.
const TEXT_FIELDS: [&str; 3] = ["bytes", "chars", "len"];

/// What a chain such as `this.lists[k].sort()` works on.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    root: Root,
    steps: Vec<Step>,
    work: Work,
}

#[derive(Debug, Clone)]
enum Step {
    Name(ImmutableString),
    Key(Key),
}

/// An index as it is written.
#[derive(Debug, Clone)]
enum Key {
    Text(ImmutableString),
    Number(i64),
    /// A variable, or a chain of names.
    Named(Root, Vec<ImmutableString>),
    /// The number of items of one.
    Length(Root, Vec<ImmutableString>),
    /// A sum or a difference.
    Sum(Box<[Self; 2]>, i64),
    /// Anything else, which is not evaluated twice.
    Unknown,
}

/// What is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Only texts are gone through.
    Texts,
    /// Items of an array are moved.
    Moves,
    /// One entry of a map is found, or an array is gone through.
    Entry,
    /// It is gone through as often.
    Walks(usize),
}

/// One link of a chain.
enum Link<'a> {
    Name(&'a ImmutableString),
    Key(&'a Expr),
    Call(&'a FnCallExpr),
    Other,
}

impl Receiver {
    /// Returns what a chain works on, if that has a name and can be large; `own` are the script's functions.
    pub(crate) fn of(chain: &Expr, own: &BTreeSet<String>) -> Option<Self> {
        let (parts, is_index, flags) = match chain {
            Expr::Dot(parts, flags, _) => (parts, false, *flags),
            Expr::Index(parts, flags, _) => (parts, true, *flags),
            _ => return None,
        };
        let root = Root::of(&parts.lhs)?;
        let mut links = Vec::new();
        links_of(parts, is_index, flags, &mut links);
        let (mut steps, mut work, mut known) = (Vec::new(), None, 0);
        for (index, link) in links.iter().enumerate() {
            match link {
                Link::Name(name) => {
                    if TEXT_FIELDS.contains(&name.as_str()) {
                        (work, known) = (Some(Work::Texts), steps.len());
                    }
                    steps.push(Step::Name((*name).clone()));
                }
                Link::Key(key) => {
                    (work, known) = (Some(Work::Texts), steps.len());
                    steps.push(Step::Key(Key::of(key)));
                }
                Link::Call(call) if !own.contains(call.name.as_str()) => {
                    let rest = &links[index..];
                    (work, known) = (Some(work_of(call, rest)), steps.len());
                    break;
                }
                Link::Call(_) | Link::Other => break,
            }
        }
        steps.truncate(known);
        Some(Self { root, steps, work: work? })
    }

    /// Returns what a call works on whose first argument is a variable, as in `sort(list)`.
    pub(crate) fn of_argument(call: &FnCallExpr) -> Option<Self> {
        let root = Root::of(call.args.first()?)?;
        Some(Self { root, steps: Vec::new(), work: work_of(call, &[]) })
    }

    /// Charges for the work that is about to be done.
    ///
    /// # Errors
    /// That the operations are used up by it.
    pub(crate) fn charge(
        &self,
        context: &Context<'_, '_, '_, '_, '_, '_>,
        meter: &Meter,
    ) -> ScriptResult<()> {
        match self.measure(context)? {
            0 => Ok(()),
            operations => meter.charge_before(operations as u64),
        }
    }

    /// Charges for a character that is about to be assigned to a text, which is made anew character by
    /// character, and may be copied as often as it grows meanwhile.
    ///
    /// # Errors
    /// That the operations are used up by it.
    pub(crate) fn charge_character(
        &self,
        context: &Context<'_, '_, '_, '_, '_, '_>,
        meter: &Meter,
    ) -> ScriptResult<()> {
        let operations = self.measure(context)? as u64;
        meter.charge_before(operations.saturating_mul(operations) / 4)
    }

    fn measure(&self, context: &Context<'_, '_, '_, '_, '_, '_>) -> ScriptResult<usize> {
        self.root.find(context).map_or(Ok(0), |root| self.operations(root, &self.steps, context))
    }

    fn operations(
        &self,
        value: &Dynamic,
        steps: &[Step],
        context: &Context<'_, '_, '_, '_, '_, '_>,
    ) -> ScriptResult<usize> {
        if let Ok(text) = value.as_immutable_string_ref() {
            // Whatever follows goes through the text.
            return Ok(text.len().saturating_sub(SMALL_TEXT) / BYTES_PER_OPERATION * self.times());
        }
        let Some((step, rest)) = steps.split_first() else { return self.at(value) };
        let key = match step {
            Step::Name(name) => Key::Text(name.clone()),
            Step::Key(key) => key.settle(context),
        };
        if let Ok(map) = value.as_map_ref() {
            return match &key {
                Key::Text(name) => {
                    map.get(name.as_str()).map_or(Ok(0), |it| self.operations(it, rest, context))
                }
                _ => Ok(largest(map.values())),
            };
        }
        let Ok(items) = value.as_array_ref() else { return Ok(0) };
        match key {
            Key::Number(index) => {
                let index = if index < 0 { index.saturating_add(items.len() as i64) } else { index };
                let item = usize::try_from(index).ok().and_then(|index| items.get(index));
                item.map_or(Ok(0), |it| self.operations(it, rest, context))
            }
            _ => Ok(largest(items.iter())),
        }
    }

    const fn times(&self) -> usize {
        if let Work::Walks(times) = self.work { times } else { 1 }
    }

    fn at(&self, value: &Dynamic) -> ScriptResult<usize> {
        let walked = || {
            let size = size(value, VALUE_NESTING_MAX)
                .ok_or_else(|| exceeded(format!("arrays and maps nest deeper than {VALUE_NESTING_MAX}")))?;
            Ok(size.saturating_sub(SMALL))
        };
        match self.work {
            Work::Texts => Ok(0),
            Work::Moves if value.is_array() => {
                let items = value.as_array_ref().map_or(0, |items| items.len());
                Ok(items.saturating_sub(SMALL) / MOVED_PER_OPERATION)
            }
            Work::Entry if value.is_map() => Ok(0),
            Work::Moves | Work::Entry => walked(),
            Work::Walks(times) => Ok(walked()? * times),
        }
    }
}

/// Returns what the first call of the rest of a chain does with what it is called on, and those after it with
/// what it returns.
fn work_of(call: &FnCallExpr, rest: &[Link<'_>]) -> Work {
    let name = call.name.as_str();
    let is_bulk = |name: &str| BULK_FUNCTIONS.binary_search(&name).is_ok();
    let calls = |link: &&Link<'_>| matches!(link, Link::Call(call) if is_bulk(&call.name));
    // What `get` returns is a copy, which nothing charges if the chain goes on.
    let copies = usize::from(name == "get" && rest.len() > 1);
    let walks = rest.iter().filter(calls).count() + copies;
    if walks > 1 || copies > 0 {
        return Work::Walks(walks);
    }
    if ENTRY_FUNCTIONS.contains(&name) {
        return if name == "contains" { Work::Entry } else { Work::Moves };
    }
    let is_range = |argument: &Expr| match argument {
        Expr::IntegerConstant(..) => true,
        Expr::DynamicConstant(value, _) => !value.is_fnptr(),
        Expr::FnCall(call, _) => matches!(call.name.as_str(), ".." | "..="),
        _ => false,
    };
    let moves = MOVING_FUNCTIONS.binary_search(&name).is_ok()
        || RANGE_FUNCTIONS.contains(&name) && call.args.first().is_some_and(is_range);
    if moves {
        Work::Moves
    } else if is_bulk(name) {
        Work::Walks(1)
    } else {
        Work::Texts
    }
}

/// Charges for the largest of several values, of which it is not known which is meant, and for looking.
fn largest<'a>(values: impl Iterator<Item = &'a Dynamic>) -> usize {
    let (mut count, mut most) = (0, 0);
    for value in values {
        count += 1;
        let text = value.as_immutable_string_ref().map_or(0, |text| text.len() / BYTES_PER_OPERATION);
        let items = value.as_array_ref().map_or(0, |items| items.len());
        let entries = value.as_map_ref().map_or(0, |map| 4 * map.len());
        most = most.max(text).max(items.saturating_sub(SMALL)).max(entries.saturating_sub(SMALL));
    }
    count / MOVED_PER_OPERATION + most
}

/// Returns the links of a chain after what it begins with.
fn links_of<'a>(parts: &'a BinaryExpr, is_index: bool, flags: ASTFlags, links: &mut Vec<Link<'a>>) {
    let ends = is_index && flags.contains(ASTFlags::BREAK);
    match &parts.rhs {
        Expr::Dot(rest, flags, _) if !ends => {
            links.push(Link::of(&rest.lhs, is_index));
            links_of(rest, false, *flags, links);
        }
        Expr::Index(rest, flags, _) if !ends => {
            links.push(Link::of(&rest.lhs, is_index));
            links_of(rest, true, *flags, links);
        }
        last => links.push(Link::of(last, is_index)),
    }
}

impl<'a> Link<'a> {
    fn of(expression: &'a Expr, is_key: bool) -> Self {
        match expression {
            _ if is_key => Self::Key(expression),
            Expr::Property(property, _) => Self::Name(&property.2),
            Expr::MethodCall(call, _) => Self::Call(call),
            _ => Self::Other,
        }
    }
}

impl Key {
    fn of(expression: &Expr) -> Self {
        match expression {
            Expr::StringConstant(text, _) => Self::Text(text.clone()),
            Expr::IntegerConstant(number, _) => Self::Number(*number),
            Expr::FnCall(call, _) => {
                let [left, right] = &call.args[..] else { return Self::Unknown };
                let sign = match call.name.as_str() {
                    "+" => 1,
                    "-" => -1,
                    _ => return Self::Unknown,
                };
                Self::Sum(Box::new([Self::of(left), Self::of(right)]), sign)
            }
            other => Self::named(other).unwrap_or(Self::Unknown),
        }
    }

    /// Reads a variable, a chain of names, or the length of one.
    fn named(expression: &Expr) -> Option<Self> {
        let Expr::Dot(parts, flags, _) = expression else {
            return Root::of(expression).map(|root| Self::Named(root, Vec::new()));
        };
        let root = Root::of(&parts.lhs)?;
        let mut links = Vec::new();
        links_of(parts, false, *flags, &mut links);
        let mut names = Vec::new();
        for link in links {
            match link {
                Link::Name(name) if name == "len" => return Some(Self::Length(root, names)),
                Link::Call(call) if call.name == "len" && call.args.is_empty() => {
                    return Some(Self::Length(root, names));
                }
                Link::Name(name) => names.push(name.clone()),
                Link::Key(_) | Link::Call(_) | Link::Other => return None,
            }
        }
        Some(Self::Named(root, names))
    }

    /// Returns the text or the number that it is, or that it is unknown.
    fn settle(&self, context: &Context<'_, '_, '_, '_, '_, '_>) -> Self {
        match self {
            Self::Text(_) | Self::Number(_) | Self::Unknown => self.clone(),
            Self::Named(root, names) => {
                root.find(context).map_or(Self::Unknown, |it| value_at(it, names, &key))
            }
            Self::Length(root, names) => {
                root.find(context).map_or(Self::Unknown, |it| value_at(it, names, &length))
            }
            Self::Sum(parts, sign) => {
                let [left, right] = &**parts;
                match (left.settle(context), right.settle(context)) {
                    (Self::Number(left), Self::Number(right)) => {
                        Self::Number(left.saturating_add(right.saturating_mul(*sign)))
                    }
                    _ => Self::Unknown,
                }
            }
        }
    }
}

fn key(value: &Dynamic) -> Key {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Key::Text(text.clone());
    }
    value.as_int().map_or(Key::Unknown, Key::Number)
}

fn length(value: &Dynamic) -> Key {
    value.as_array_ref().map_or(Key::Unknown, |items| Key::Number(items.len() as i64))
}

fn value_at(value: &Dynamic, names: &[ImmutableString], read: &dyn Fn(&Dynamic) -> Key) -> Key {
    let Some((name, rest)) = names.split_first() else { return read(value) };
    let Ok(map) = value.as_map_ref() else { return Key::Unknown };
    map.get(name.as_str()).map_or(Key::Unknown, |it| value_at(it, rest, read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(MOVING_FUNCTIONS.is_sorted());
    }
}
