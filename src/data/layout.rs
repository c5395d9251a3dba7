//! [`Layout`]: which column is what, from the header or from the rows themselves.

use std::collections::BTreeMap;

use super::names::{DATES, SYMBOLS, TICK_VOLUMES, TIMES, TIMES_OF_DAY, normalize, source, synonyms};
use super::number;
use super::options::{ColumnRef, ReadOptions, Role};
use super::time_format::{TimeFormat, parse_time_of_day};
use bearpit_core::units::suggest;

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Bars: open, high, low and close of some time.
    Bars,
    /// Trades: price and quantity of each.
    Trades,
    /// Quotes: best bid and ask.
    Quotes,
}

impl FileKind {
    /// Returns what its rows are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::Trades => "trades",
            Self::Quotes => "quotes",
        }
    }

    /// Returns the roles that its rows must have besides the time.
    pub(super) const fn needed(self) -> &'static [Role] {
        match self {
            Self::Bars => &[Role::Open, Role::High, Role::Low, Role::Close],
            Self::Trades => &[Role::Price],
            Self::Quotes => &[Role::Bid, Role::Ask],
        }
    }

    /// Returns the roles that its rows may have besides.
    pub(super) const fn optional(self) -> &'static [Role] {
        match self {
            Self::Bars => &[Role::AdjustedClose, Role::Volume, Role::Split, Role::Dividend],
            Self::Trades => &[Role::Quantity],
            Self::Quotes => &[Role::BidSize, Role::AskSize],
        }
    }
}

/// Which column is what.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) kind: FileKind,
    /// The index of each column that is taken.
    pub(super) columns: BTreeMap<Role, usize>,
    /// A volume that counts changes of the price, for files whose volume is 0 throughout.
    pub(super) tick_volume: Option<usize>,
    /// A column that says what a row is about.
    pub(super) symbol: Option<usize>,
    /// Where the file seems to come from.
    pub(super) source: Option<&'static str>,
    /// The names of all columns; empty without a header.
    pub(super) names: Vec<String>,
    /// Number of columns.
    pub(super) width: usize,
}

/// Why it cannot be said which column is what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoLayout {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl NoLayout {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

impl Layout {
    /// Returns the index of a role's column.
    pub(super) fn index(&self, role: Role) -> Option<usize> {
        self.columns.get(&role).copied()
    }

    /// Returns how messages name a column: by its name, or by its number from 1.
    pub(super) fn name(&self, index: usize) -> String {
        let name = self.names.get(index).filter(|name| !name.trim().is_empty());
        name.map_or_else(|| format!("column {}", index + 1), |name| name.trim().to_owned())
    }

    /// Finds the columns by the names of a header; `sample` are some of the rows.
    pub(super) fn of_header(
        names: &[String],
        sample: &[Vec<String>],
        options: &ReadOptions,
    ) -> Result<Self, NoLayout> {
        let mut finder = Finder { names, sample, options, columns: BTreeMap::new() };
        finder.given()?;
        let kind = finder.kind()?;
        finder.time()?;
        finder.roles(kind)?;
        let one_of = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&&*normalize(name)));
        Ok(Self {
            kind,
            tick_volume: one_of(&TICK_VOLUMES).filter(|_| !options.columns.contains_key(&Role::Volume)),
            symbol: one_of(&SYMBOLS),
            source: source(names),
            names: names.to_vec(),
            width: names.len(),
            columns: finder.columns,
        })
    }

    /// Finds the columns by their places, where there is no header.
    pub(super) fn of_rows(sample: &[Vec<String>], options: &ReadOptions) -> Result<Self, NoLayout> {
        let width = sample.first().map_or(0, Vec::len);
        let mut columns = BTreeMap::new();
        for (role, column) in &options.columns {
            columns.insert(*role, place(*role, column, &[], width)?);
        }
        let mut kind = given_kind(&columns);
        if kind.is_none_or(|kind| !is_whole(&columns, kind)) {
            let guessed = by_place(sample).ok_or_else(|| {
                let message = "the file has no header, and its columns cannot be told by their places";
                NoLayout::new(
                    message,
                    "name them: columns = { time = 1, open = 2, high = 3, low = 4, close = 5 }",
                )
            })?;
            kind = Some(kind.unwrap_or(guessed.0));
            for (role, index) in guessed.1 {
                columns.entry(role).or_insert(index);
            }
        }
        let kind = kind.unwrap_or(FileKind::Bars);
        let is_binance = matches!(width, 11 | 12) && options.columns.is_empty();
        let source = is_binance.then_some("Binance");
        Ok(Self { kind, columns, tick_volume: None, symbol: None, source, names: Vec::new(), width })
    }
}

fn is_whole(columns: &BTreeMap<Role, usize>, kind: FileKind) -> bool {
    columns.contains_key(&Role::Time) && kind.needed().iter().all(|role| columns.contains_key(role))
}

fn given_kind(columns: &BTreeMap<Role, usize>) -> Option<FileKind> {
    let has = |role| columns.contains_key(&role);
    if has(Role::Open) || has(Role::High) || has(Role::Low) || has(Role::Close) {
        Some(FileKind::Bars)
    } else if has(Role::Bid) || has(Role::Ask) {
        Some(FileKind::Quotes)
    } else {
        has(Role::Price).then_some(FileKind::Trades)
    }
}

/// Returns the index of a column that a user named.
fn place(role: Role, column: &ColumnRef, names: &[String], width: usize) -> Result<usize, NoLayout> {
    match column {
        ColumnRef::Number(number) => {
            number.checked_sub(1).filter(|index| *index < width).ok_or_else(|| NoLayout {
                message: format!("`columns` has {number} for {role}, but the file has {width} columns"),
                help: None,
            })
        }
        ColumnRef::Name(wanted) => {
            let known: Vec<&str> = names.iter().map(|name| name.trim()).collect();
            let is_same = |name: &&str| name.eq_ignore_ascii_case(wanted.trim());
            let hits: Vec<usize> = (0..known.len()).filter(|index| is_same(&known[*index])).collect();
            match hits[..] {
                [index] => Ok(index),
                [first, second, ..] => Err(doubled(role, wanted, first, second)),
                [] if names.is_empty() => Err(NoLayout::new(
                    format!("`columns` names `{wanted}` for {role}, but the file has no header"),
                    format!("write its number: columns = {{ {role} = 1 }}"),
                )),
                [] => Err(NoLayout::new(
                    format!("`columns` names `{wanted}` for {role}, but there is no such column"),
                    format!("the header has: {}", suggest(wanted, &known)),
                )),
            }
        }
    }
}

fn doubled(role: Role, name: &str, first: usize, second: usize) -> NoLayout {
    NoLayout::new(
        format!("the header has `{}` twice, in columns {} and {}", name.trim(), first + 1, second + 1),
        format!("say which: columns = {{ {role} = {} }}", first + 1),
    )
}

/// Finds columns by the names of a header.
struct Finder<'a> {
    names: &'a [String],
    sample: &'a [Vec<String>],
    options: &'a ReadOptions,
    columns: BTreeMap<Role, usize>,
}

impl Finder<'_> {
    fn given(&mut self) -> Result<(), NoLayout> {
        for (role, column) in &self.options.columns {
            let index = place(*role, column, self.names, self.names.len())?;
            self.columns.insert(*role, index);
        }
        Ok(())
    }

    /// Returns the column of one of some names, the first of them first.
    fn named(&self, role: Role, wanted: &[&str]) -> Result<Option<usize>, NoLayout> {
        for name in wanted {
            let hits: Vec<usize> =
                (0..self.names.len()).filter(|index| normalize(&self.names[*index]) == *name).collect();
            if let [first, rest @ ..] = &hits[..] {
                // `Volume (BTC)` beside `Volume (USD)` is no doubled column.
                let is_same = |index: &&usize| {
                    self.names[**index].trim().eq_ignore_ascii_case(self.names[*first].trim())
                };
                return match rest.iter().find(is_same) {
                    Some(second) => Err(doubled(role, &self.names[*first], *first, *second)),
                    None => Ok(Some(*first)),
                };
            }
        }
        Ok(None)
    }

    fn kind(&self) -> Result<FileKind, NoLayout> {
        if let Some(kind) = given_kind(&self.columns) {
            return Ok(kind);
        }
        let count = |kind: FileKind| -> usize {
            let has = |role: &&Role| synonyms(**role).iter().any(|it| self.has(it));
            kind.needed().iter().filter(has).count()
        };
        if count(FileKind::Bars) >= 2 {
            Ok(FileKind::Bars)
        } else if count(FileKind::Quotes) == 2 {
            Ok(FileKind::Quotes)
        } else if count(FileKind::Trades) == 1 && count(FileKind::Bars) == 0 {
            Ok(FileKind::Trades)
        } else {
            Err(self.missing(FileKind::Bars.needed()))
        }
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|it| normalize(it) == name)
    }

    /// Says that columns are missing, all of them at once.
    fn missing(&self, roles: &[Role]) -> NoLayout {
        let is_missing = |role: &&Role| {
            !self.columns.contains_key(role) && !synonyms(**role).iter().any(|name| self.has(name))
        };
        let mut missing: Vec<String> =
            roles.iter().filter(is_missing).map(|role| format!("`{role}`")).collect();
        if !self.columns.contains_key(&Role::Time) && self.times().next().is_none() {
            missing.insert(0, "`time`".to_owned());
        }
        let plural = if missing.len() == 1 { "the column" } else { "the columns" };
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let header: Vec<String> = self.names.iter().map(|name| format!("`{}`", name.trim())).collect();
        let list = missing.join(", ");
        NoLayout::new(
            format!("{plural} {list} {verb} missing; the header has {}", header.join(", ")),
            "name columns that the header calls otherwise, such as columns = { close = \"Last\" }",
        )
    }

    /// Returns the columns whose name is that of a time, the more exact first; last the unnamed index that
    /// pandas writes.
    fn times(&self) -> impl Iterator<Item = usize> {
        let by_name = TIMES.iter().flat_map(|name| self.names.iter().position(|it| normalize(it) == *name));
        let is_index = |name: &String| name.trim().is_empty() || name.starts_with("Unnamed: 0");
        let index = self.names.first().filter(|name| is_index(name)).map(|_| 0);
        by_name.chain(index).collect::<Vec<_>>().into_iter()
    }

    fn sample_of(&self, index: usize) -> &str {
        let cells = self.sample.iter().filter_map(|row| row.get(index)).map(|cell| cell.trim());
        cells.into_iter().find(|cell| !number::is_null(cell)).unwrap_or("")
    }

    fn time(&mut self) -> Result<(), NoLayout> {
        if !self.columns.contains_key(&Role::Time) || self.columns.contains_key(&Role::Date) {
            let found = self.time_columns()?;
            self.columns.remove(&Role::Date);
            self.columns.extend(found);
        }
        Ok(())
    }

    /// Returns the column of the time, or those of the date and of the time of day.
    fn time_columns(&self) -> Result<Vec<(Role, usize)>, NoLayout> {
        let named = |wanted: &[&str]| {
            wanted.iter().find_map(|name| self.names.iter().position(|it| normalize(it) == *name))
        };
        let is_time_of_day = |index: &usize| parse_time_of_day(self.sample_of(*index)).is_some();
        let given = |role: Role| self.columns.get(&role).copied();
        let of_day = given(Role::Time).or_else(|| named(&TIMES_OF_DAY)).filter(is_time_of_day);
        let date = given(Role::Date).or_else(|| named(&DATES));
        if let (Some(date), Some(of_day)) = (date, of_day) {
            // A date with its own time of day needs no second column.
            if !self.sample_of(date).contains(':') {
                return Ok(vec![(Role::Date, date), (Role::Time, of_day)]);
            }
        }
        if let Some(only) = given(Role::Date) {
            return Ok(vec![(Role::Time, only)]);
        }
        for name in TIMES {
            self.named(Role::Time, &[name])?;
        }
        let found = self.times().find(|index| !is_time_of_day(index) || date.is_none());
        found.map(|index| vec![(Role::Time, index)]).ok_or_else(|| self.missing(&[]))
    }

    fn roles(&mut self, kind: FileKind) -> Result<(), NoLayout> {
        for role in kind.needed().iter().chain(kind.optional()) {
            if self.columns.contains_key(role) {
                continue;
            }
            let mut found = self.named(*role, synonyms(*role))?;
            if found.is_none() && *role == Role::Close {
                // Investing.com calls the last price of a bar its price.
                found = self.named(*role, &["price"])?;
            }
            if found.is_none() && *role == Role::Volume {
                let is_volume = |name: &String| normalize(name).starts_with("volume ");
                found = self.names.iter().position(is_volume);
            }
            if let Some(index) = found {
                self.columns.insert(*role, index);
            }
        }
        if kind == FileKind::Bars
            && !self.columns.contains_key(&Role::Volume)
            && let Some(index) = self.named(Role::Volume, &TICK_VOLUMES)?
        {
            self.columns.insert(Role::Volume, index);
        }
        if is_whole(&self.columns, kind) { Ok(()) } else { Err(self.missing(kind.needed())) }
    }
}

/// The orders in which vendors write open, high, low and close where there is no header.
const ORDERS: [[Role; 4]; 3] = [
    [Role::Open, Role::High, Role::Low, Role::Close],
    // Bitfinex.
    [Role::Open, Role::Close, Role::High, Role::Low],
    // Coinbase.
    [Role::Low, Role::High, Role::Open, Role::Close],
];

/// Guesses the columns of rows without a header: a time, four prices, and perhaps a volume; or a time, a
/// price and a quantity.
fn by_place(sample: &[Vec<String>]) -> Option<(FileKind, Vec<(Role, usize)>)> {
    let first = sample.first()?;
    let is_time = |cell: &String| {
        let is_short = cell.trim().bytes().filter(u8::is_ascii_digit).count() < 6;
        !is_short && TimeFormat::detect([cell.trim()].into_iter()).is_ok_and(|format| format.is_some())
    };
    let time = first.iter().take(3).position(is_time)?;
    let mut columns = vec![(Role::Time, time)];
    let mut next = time + 1;
    let is_of_day = |cell: &String| cell.contains(':') && parse_time_of_day(cell.trim()).is_some();
    if first.get(next).is_some_and(is_of_day) {
        columns = vec![(Role::Date, time), (Role::Time, next)];
        next += 1;
    }
    let numbers = first[next..].iter().take_while(|cell| number::plain(cell.trim()).is_some()).count();
    if numbers == 2 && first.len() == next + 2 {
        columns.extend([(Role::Price, next), (Role::Quantity, next + 1)]);
        return Some((FileKind::Trades, columns));
    }
    if numbers < 4 {
        return None;
    }
    let order = ORDERS.into_iter().find(|order| sample.iter().all(|row| fits(row, next, *order)));
    columns.extend(order.unwrap_or(ORDERS[0]).into_iter().zip(next..));
    if numbers > 4 {
        columns.push((Role::Volume, next + 4));
    }
    Some((FileKind::Bars, columns))
}

/// Returns whether low and high of a row enclose open and close, if its columns are in this order.
fn fits(row: &[String], first: usize, order: [Role; 4]) -> bool {
    let value = |wanted: Role| {
        let offset = order.iter().position(|role| *role == wanted)?;
        number::plain(row.get(first + offset)?.trim())
    };
    let values = [Role::Open, Role::High, Role::Low, Role::Close].map(value);
    let [Some(open), Some(high), Some(low), Some(close)] = values else { return true };
    low <= open.min(close) && open.max(close) <= high
}
