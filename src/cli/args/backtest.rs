//! The arguments of `bearpit backtest`.

use std::path::PathBuf;

use clap::Args;

use super::{RunArguments, parse_override};
use crate::data::Zone;
use crate::scenario::Override;
use bearpit_core::market::BarInterval;
use bearpit_core::units::{Decimal, FeeRate, Money, SimDuration, SimTime};

#[derive(Debug, Args)]
pub(in crate::cli) struct BacktestArguments {
    /// The strategy file, such as strategies/sma_cross.rhai.
    pub(in crate::cli) script: PathBuf,
    /// Files of bars, or of trades or quotes, as `bearpit data` shows them: each is an instrument, called as
    /// the file is or as SYMBOL=FILE says; trades and quotes that are called alike are one instrument.
    #[arg(required = true, value_name = "[SYMBOL=]DATA")]
    pub(in crate::cli) data: Vec<PathBuf>,
    /// Cash with which the strategy begins.
    #[arg(long, value_name = "AMOUNT", default_value = "100000", value_parser = parse_cash, allow_negative_numbers = true)]
    pub(in crate::cli) cash: Decimal,
    /// What each fill costs, in basis points (hundredths of a percent) of what it is worth.
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = parse_fee, allow_negative_numbers = true)]
    pub(in crate::cli) fee_bps: Decimal,
    /// The share of each bar's volume that the strategy can have, such as 0.1 [default: all of it].
    #[arg(long, value_name = "SHARE", value_parser = parse_share, allow_negative_numbers = true)]
    pub(in crate::cli) participation: Option<Decimal>,
    /// The first day, or time, of the data that is replayed [default: all of it].
    #[arg(long, value_name = "TIME", value_parser = parse_from)]
    pub(in crate::cli) from: Option<SimTime>,
    /// The last day that is replayed, or the time before which rows begin.
    #[arg(long, value_name = "TIME", value_parser = parse_to)]
    pub(in crate::cli) to: Option<SimTime>,
    /// Interval of bars of which the strategy is told, such as 1h [default: that of the data; of trades and
    /// quotes 1m].
    #[arg(long, value_name = "INTERVAL")]
    pub(in crate::cli) bars: Option<BarInterval>,
    /// The zone to which times with an offset are converted, such as America/New_York [default: UTC].
    #[arg(long, value_name = "ZONE", value_parser = parse_named_zone)]
    pub(in crate::cli) zone: Option<(String, Zone)>,
    /// Tick size, the smallest step of a price [default: that of the data].
    #[arg(long, value_name = "SIZE", value_parser = parse_size, allow_negative_numbers = true)]
    pub(in crate::cli) tick_size: Option<Decimal>,
    /// Lot size, the smallest step of a quantity [default: that of the data].
    #[arg(long, value_name = "SIZE", value_parser = parse_size, allow_negative_numbers = true)]
    pub(in crate::cli) lot_size: Option<Decimal>,
    /// Set a parameter of the strategy, such as `--set fast=5`, or a value of the scenario, such as `--set
    /// agents.replay.slippage_bps=2`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_override)]
    pub(in crate::cli) overrides: Vec<Override>,
    /// A TOML file of such values, before those of --set; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) params: Vec<PathBuf>,
    /// Also write the scenario to a file, with comments; `bearpit simulate` runs it again.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) save: Option<PathBuf>,
    /// Name of the scenario: letters, digits, `-`, `_` and `.` [default: of strategy and data, or that of the
    /// file of --save].
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    pub(in crate::cli) name: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) run: RunArguments,
}

fn decimal(text: &str) -> Result<Decimal, String> {
    text.parse().map_err(|error: bearpit_core::units::DecimalError| error.to_string())
}

fn parse_cash(text: &str) -> Result<Decimal, String> {
    let cash = decimal(text)?;
    let most = Money::from_whole(1_000_000_000_000_000);
    let money = Money::from_decimal(cash).filter(|money| *money > Money::ZERO && *money <= most);
    money
        .map(|_| cash)
        .ok_or_else(|| "it must be above 0, and at most 10^15, with ten decimal places".to_owned())
}

fn parse_fee(text: &str) -> Result<Decimal, String> {
    let rate = decimal(text)?;
    let allowed = FeeRate::from_bps(rate).filter(|rate| *rate >= FeeRate::ZERO);
    let message = "it must be from 0 to 10000 basis points, with at most five decimal places";
    allowed.map(|_| rate).ok_or_else(|| message.to_owned())
}

fn parse_share(text: &str) -> Result<Decimal, String> {
    let share = decimal(text)?;
    if (0.000_001..=1.0).contains(&share.to_f64()) {
        return Ok(share);
    }
    Err("it must be above 0 and at most 1: 0.1 is a tenth of each bar's volume".to_owned())
}

fn parse_size(text: &str) -> Result<Decimal, String> {
    let size = decimal(text)?;
    if size.is_positive() { Ok(size) } else { Err("it must be above 0".to_owned()) }
}

fn parse_from(text: &str) -> Result<SimTime, String> {
    text.parse().map_err(|error: bearpit_core::units::TimeError| error.to_string())
}

/// Reads a time before which rows begin; a day is meant as a whole.
fn parse_to(text: &str) -> Result<SimTime, String> {
    let time = parse_from(text)?;
    let is_day = text.trim().len() <= "2025-03-03".len();
    Ok(if is_day { time.saturating_add(SimDuration::from_secs(86_400)) } else { time })
}

fn parse_named_zone(text: &str) -> Result<(String, Zone), String> {
    Zone::named(text).map(|zone| (text.to_owned(), zone)).map_err(|error| error.to_string())
}

fn parse_name(text: &str) -> Result<String, String> {
    if crate::scenario::is_name(text) {
        return Ok(text.to_owned());
    }
    Err("write at most 64 of letters, digits, `-`, `_` and `.`, not beginning with a dot".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_with_its_last_instant() {
        assert_eq!(parse_to("2024-01-05"), parse_from("2024-01-06"));
        assert_eq!(parse_to("2024-01-05T10:00:00"), parse_from("2024-01-05T10:00:00"));
        assert!(parse_to("yesterday").is_err());
    }

    #[test]
    fn numbers_that_mean_nothing_are_refused() {
        for (text, is_cash, is_fee, is_share, is_size) in [
            ("0", false, true, false, false),
            ("-5", false, false, false, false),
            ("1", true, true, true, true),
            ("0.1", true, true, true, true),
            ("10000", true, true, false, true),
            ("1e5", false, false, false, false),
            ("", false, false, false, false),
        ] {
            let found = [parse_cash(text), parse_fee(text), parse_share(text), parse_size(text)];
            assert_eq!(found.map(|it| it.is_ok()), [is_cash, is_fee, is_share, is_size], "{text}");
        }
    }
}
