//! The limits of what a script may use, and the sizes of values.
//!
//! A script is untrusted: whatever it does, a callback ends within some milliseconds, memory stays bounded,
//! and other participants are not affected. A callback is ended by a count, never by the clock, so that runs
//! stay reproducible. Rhai counts operations, but not how much data each handles; so reading an array or a
//! map, and calling a function that iterates over one, counts for several operations (`sandbox::metering`).
//! An operation makes 64 bytes of values at most, so a count bounds what a callback makes; what it keeps in
//! `this` has a budget.
//!
//! A script cannot catch the error of a limit: it is `ErrorTerminated`, or one of Rhai's own errors that
//! pass through `try`.

use rhai::Dynamic;

/// Operations per callback, unless the scenario sets another number.
pub const OPERATIONS: u64 = 200_000;
/// Operations per callback of a user's strategy in a live market.
pub const USER_OPERATIONS: u64 = 100_000;
/// The most operations per callback that a scenario can allow.
pub const OPERATIONS_MAX: u64 = 2_000_000;
/// What a strategy may use over a whole run, all callbacks together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLimits {
    /// Operations.
    pub operations: u64,
    /// Lines of the log.
    pub lines: u64,
    /// Points of series and rows of tables.
    pub rows: u64,
    /// Bytes of lines, points and rows: those of texts, and eight for each other value.
    pub bytes: u64,
}

impl RunLimits {
    /// What honest strategies stay far below: an hour of work, and as much as a disk can well hold.
    pub const DEFAULT: Self =
        Self { operations: 100_000_000_000, lines: 10_000_000, rows: 50_000_000, bytes: 1 << 30 };
}

impl Default for RunLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The most callbacks at one instant that send orders or requests: as many as there may be open orders, each
/// of which may be canceled at once and sent again.
pub(crate) const ANSWERS_MAX: u32 = 10_000;
/// The most orders and requests at one instant.
pub(crate) const INSTANT_COMMANDS_MAX: u64 = 100_000;
/// The most bytes of a script, and of each file it imports.
pub(crate) const SOURCE_BYTES_MAX: usize = 1 << 18;
/// How deep calls may nest.
pub(crate) const CALLS_MAX: usize = 100;
/// How deep the blocks and expressions of functions that call each other may nest in total.
pub(crate) const DEPTH_MAX: usize = 1_000;
/// What each call adds to that depth.
pub(crate) const CALL_NESTING: usize = 6;
/// How deep expressions, chains and blocks may nest.
pub(crate) const NESTING_MAX: usize = 128;
/// How deep arrays and maps may nest in each other.
pub(crate) const VALUE_NESTING_MAX: usize = 16;
/// The most bytes that a text is padded to, or made of by replacing parts of it.
pub(crate) const TEXT_BYTES_MAX: usize = 1 << 16;
/// The most bytes that what is kept in `this` may take.
pub(crate) const STATE_BYTES_MAX: usize = 16 << 20;
/// What a value takes, as [`size`] counts values.
pub(crate) const VALUE_BYTES: usize = 16;
/// The most variables at a time.
pub(crate) const VARIABLES_MAX: usize = 250;
/// The most functions of a file.
pub(crate) const FUNCTIONS_MAX: usize = 250;

/// The most orders, cancels and replaces that a callback may send.
pub(crate) const COMMANDS_MAX: u32 = 1_000;
/// The most orders that may be open.
pub(crate) const OPEN_ORDERS_MAX: usize = 10_000;
/// The most lines that a callback may log.
pub(crate) const LINES_MAX: u32 = 100;
/// The most characters of a line.
pub(crate) const LINE_CHARS_MAX: usize = 500;
/// The most points of series and rows of tables that a callback may write.
pub(crate) const ROWS_MAX: u32 = 1_000;
/// The most series and tables.
pub(crate) const NAMES_MAX: usize = 100;
/// The most timers.
pub(crate) const TIMERS_MAX: usize = 1_000;
/// The most feeds.
pub(crate) const FEEDS_MAX: usize = 1_000;

/// Returns the number of values in a value, or `None` if they nest deeper than allowed.
///
/// An entry of a map counts three more, which is about the memory it takes; a text counts two more, and one
/// for each 16 bytes.
pub(crate) fn size(value: &Dynamic, nesting_max: usize) -> Option<usize> {
    let inner = |value: &Dynamic| if nesting_max == 0 { None } else { size(value, nesting_max - 1) };
    if let Ok(items) = value.as_array_ref() {
        return items.iter().try_fold(1, |sum, item| Some(sum + inner(item)?));
    }
    if let Ok(map) = value.as_map_ref() {
        return map.iter().try_fold(1, |sum, (key, item)| Some(sum + 3 + key.len() / 16 + inner(item)?));
    }
    let text = value.as_immutable_string_ref().map_or(0, |text| 2 + text.len() / 16);
    Some(1 + text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../docs/strategies.md");

    #[test]
    fn the_page_lists_the_limits() {
        let whole = |value: usize| value.to_string();
        let limits = [
            ("operations of a callback", OPERATIONS.to_string()),
            ("operations that a scenario can allow with `operations`", OPERATIONS_MAX.to_string()),
            ("bytes of a script, and of each file it imports", whole(SOURCE_BYTES_MAX)),
            ("functions of a file", whole(FUNCTIONS_MAX)),
            ("variables at a time", whole(VARIABLES_MAX)),
            ("nesting of expressions and blocks", whole(NESTING_MAX)),
            ("nesting of blocks, expressions and calls in functions that call each other", whole(DEPTH_MAX)),
            ("nesting of arrays and maps", whole(VALUE_NESTING_MAX)),
            ("bytes kept in `this`", whole(STATE_BYTES_MAX)),
            ("bytes of a text that is padded, or in which parts are replaced", whole(TEXT_BYTES_MAX)),
            ("orders and requests about orders, in a callback", COMMANDS_MAX.to_string()),
            ("open orders", whole(OPEN_ORDERS_MAX)),
            ("callbacks at one instant that send orders or requests", ANSWERS_MAX.to_string()),
            ("orders and requests at one instant", INSTANT_COMMANDS_MAX.to_string()),
            ("lines logged by a callback", LINES_MAX.to_string()),
            ("characters of a line", whole(LINE_CHARS_MAX)),
            ("numbers plotted and rows recorded by a callback", ROWS_MAX.to_string()),
            ("series and tables", whole(NAMES_MAX)),
            ("timers", whole(TIMERS_MAX)),
            ("feeds", whole(FEEDS_MAX)),
        ];
        let rows: String = limits.iter().map(|(what, most)| format!("| {what} | {most} |\n")).collect();
        assert!(PAGE.contains(&format!("|---|---|\n{rows}\n")), "the page must say:\n{rows}");
    }

    #[test]
    fn a_value_is_as_large_as_all_in_it() {
        let item = Dynamic::from_array(vec![Dynamic::from(1_i64), "0123456789abcdef".into()]);
        assert_eq!(size(&item, 1), Some(6));
        let map = Dynamic::from_map([("a".into(), item)].into_iter().collect());
        assert_eq!(size(&map, 2), Some(10));
        assert_eq!(size(&map, 1), None, "it nests two deep");
    }
}
