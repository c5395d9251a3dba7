//! What the text of a backtest's scenario says, and why.

use std::path::{Component, Path};

use super::calendar::{DAY, Hours};
use super::document::{Document, Table, text};
use super::market::Market;
use super::{Backtest, FoundMarket};
use bearpit_core::units::{SimDuration, SimTime};

/// How long after its beginning a bar opens, unless bars are short.
const AUCTION: SimDuration = SimDuration::from_secs(1);

impl Backtest {
    /// Returns the scenario as it stands in a directory.
    pub(super) fn document(&self, directory: &Path) -> Document {
        let mut sections = vec![self.head()];
        sections.extend(self.found.iter().map(instrument));
        sections.push(self.venue());
        let several = self.markets.len() > 1;
        sections.extend(self.markets.iter().map(|market| self.replay(market, directory, several)));
        sections.push(self.strategy(directory));
        let script = self.config.script.display();
        let head = vec![
            format!("A backtest of {script}, as `bearpit backtest --save` writes it. To run it again:"),
            String::new(),
            "    bearpit simulate THIS_FILE --force".to_owned(),
            String::new(),
            "docs/scenarios.md documents every key, docs/backtesting.md how orders fill.".to_owned(),
        ];
        Document { head, sections }
    }

    fn head(&self) -> Table {
        let mut table = Table::section("scenario");
        let time = &self.time;
        table.key("name", text(&self.name()), "results go to runs/<name>/<seed>");
        table.key("seed", "1", "matters to strategies that draw random numbers only");
        let from = if self.config.from.is_some() { "the first row from --from on" } else { "the first row" };
        let to = if self.config.to.is_some() { "the last row before --to" } else { "the last row" };
        table.key("start", instant(time.start), from);
        table.key("end", instant(time.end), &format!("when {to} is over"));
        let bars = match (self.config.bars, time.bar_max) {
            (Some(_), _) => "on_bar is called for each of these: --bars",
            (None, Some(_)) => "on_bar is called for each of these: the rows of the data",
            (None, None) => "on_bar is called for each of these, made of the data's trades",
        };
        table.key("bars", text(&time.bars), bars);
        if !time.anchor.is_zero() {
            table.key("anchor", text(&time.anchor.to_string()), "from where bars within a day are counted");
        }
        table.key(
            "sample",
            text(&time.sample.to_string()),
            "how often accounts are marked, for curves and metrics",
        );
        if let Some(periods) = time.periods_per_year {
            let comment = "rows are further apart than days; annualized metrics need their number";
            table.key("periods_per_year", periods.to_string(), comment);
        }
        match &self.config.zone {
            Some((name, _)) => {
                table.key("zone", text(name), "times of the data that have an offset are converted to it")
            }
            None => table.example(
                "zone",
                "\"America/New_York\"",
                "the clock, if times of the data have an offset",
            ),
        }
        table
    }

    fn venue(&self) -> Table {
        let mut table = Table::of_list("venues");
        table.key("name", text("PIT"), "");
        let symbols: Vec<String> = self.found.iter().map(|market| text(&market.symbol)).collect();
        table.key("instruments", format!("[{}]", symbols.join(", ")), "");
        table.key(
            "fees.bps",
            self.config.fee_bps.to_string(),
            "of what each fill is worth, in basis points: --fee-bps",
        );
        table
    }

    /// Returns the entry of an instrument's files; `several` is whether there are other instruments.
    fn replay(&self, market: &Market, directory: &Path, several: bool) -> Table {
        let mut table = Table::of_list("agents");
        let kind = if market.rhythm.is_some() { "replay" } else { "ticks" };
        if several {
            table.key("name", text(&format!("{kind}-{}", market.symbol)), "");
            table.key("instrument", text(&market.symbol), "");
        }
        table.key("kind", text(kind), "the data is the market: docs/backtesting.md has the rules");
        let files: Vec<String> = market.files.iter().map(|file| text(&path_from(file, directory))).collect();
        match files.as_slice() {
            [only] => table.key("data", only.clone(), ""),
            _ => table.key("data", format!("[{}]", files.join(", ")), ""),
        }
        if let Some(rhythm) = market.rhythm {
            let longest = self.time.bar_max.unwrap_or(rhythm.length);
            bars(&mut table, rhythm.length.min(longest), rhythm.session);
        }
        let share = "the share of a bar's volume that the strategy can have";
        match self.config.participation {
            Some(participation) => table.key("participation", participation.to_string(), share),
            None if market.sizes.has_volume => table.example("participation", "0.1", share),
            None => {}
        }
        table.example("slippage_bps", "2", "what market orders and stops pay besides");
        table.example("at_end", text("close"), "positions are closed at the end, and not kept and marked");
        table
    }

    fn strategy(&self, directory: &Path) -> Table {
        let mut table = Table::of_list("agents");
        table.key("name", text(&self.config.agent()), "");
        table.key("kind", text("script"), "");
        table.key("file", text(&path_from(&self.config.script, directory)), "");
        table.key("cash", self.config.cash.to_string(), "what it begins with: --cash");
        let symbol = self.found.first().map_or("", |market| market.symbol.as_str());
        let short = format!("{{ {} = 1000 }}", super::document::dotted(&[symbol]));
        table.example("max_short", short, "how far it may sell short: not at all without it");
        let latency = "{ entry = \"1ms\", report = \"1ms\", feed = \"1ms\" }";
        table.example("latency", latency, "how long its orders and its data take");
        table
    }
}

fn instrument(market: &FoundMarket) -> Table {
    let mut table = Table::of_list("instruments");
    table.key("symbol", text(&market.symbol), "");
    table.key("tick_size", text(&market.tick_size.to_string()), "smallest step of a price: that of the data");
    table.key(
        "lot_size",
        text(&market.lot_size.to_string()),
        "smallest step of a quantity: that of the data",
    );
    table
}

/// Adds when the bars of a file begin and end.
fn bars(table: &mut Table, length: SimDuration, session: Option<Hours>) {
    table.key("bar_length", text(&length.to_string()), "how long each row's bar lasts");
    if length >= DAY {
        let hours = "of an exchange's days: when they begin to trade, with";
        table.example("bar_open", text("9h30m"), &format!("{hours} bar_length = \"6h30m\""));
    }
    let auction = AUCTION.min(SimDuration::from_nanos(length.nanos() / 4));
    if auction < AUCTION {
        table.key("auction", text(&auction.to_string()), "how long after its beginning a bar opens");
    }
    if let Some(Hours { open, close }) = session {
        table.key(
            "session.open",
            text(&clock(open)),
            "the day, for orders of a day, at its open and at its close",
        );
        table.key("session.close", text(&clock(close)), "as the data has it");
    }
}

/// Writes a time as TOML; midnight is a date.
fn instant(time: SimTime) -> String {
    let text = time.to_string();
    text.strip_suffix("T00:00:00").map_or_else(|| text.clone(), str::to_owned)
}

/// Writes a time of day.
fn clock(time: SimDuration) -> String {
    let seconds = time.nanos() / 1_000_000_000;
    let [hours, minutes, seconds] = [seconds / 3_600, seconds / 60 % 60, seconds % 60];
    let tail = if seconds == 0 { String::new() } else { format!(":{seconds:02}") };
    format!("{hours:02}:{minutes:02}{tail}")
}

/// Returns the path of a file as a scenario in a directory names it: relative to the directory if both are
/// relative to where the program runs, else absolute.
#[must_use]
pub fn path_from(file: &Path, directory: &Path) -> String {
    let is_plain =
        |path: &Path| path.components().all(|it| matches!(it, Component::Normal(_) | Component::CurDir));
    let depth = directory.components().filter(|it| matches!(it, Component::Normal(_))).count();
    let path = match file.strip_prefix(directory) {
        Ok(below) => below.to_path_buf(),
        Err(_) if file.is_absolute() => file.to_path_buf(),
        Err(_) if is_plain(directory) => Path::new(&"../".repeat(depth)).join(file),
        Err(_) => std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf()),
    };
    path.display().to_string()
}
