//! `/v2/account` and its configurations.

use bearpit_core::units::Decimal;
use serde_json::json;

use super::super::answers::ok;
use super::fields::{Body, invalid};
use super::{Answer, Caller, Desk};
use crate::domain::{Number, Problem, ProblemKind};
use crate::services::trading::PositionLine;

/// Returns the account.
pub(super) async fn account(desk: Desk, caller: Caller) -> Answer {
    let summary = desk.trading().account(caller.account).await?;
    let positions = desk.trading().positions(caller.account).await?.positions;
    let is_long = |line: &&PositionLine| line.quantity.0.is_positive();
    let value = |lines: &mut dyn Iterator<Item = &PositionLine>| {
        lines.filter_map(|line| line.market_value).fold(zero(), sum)
    };
    let long = value(&mut positions.iter().filter(is_long));
    let short = value(&mut positions.iter().filter(|line| !is_long(line)));
    let equity = summary.equity.unwrap_or(summary.cash);
    // A database that is away is no reason to have no account.
    let last_equity = desk.last_equity(caller.account).await.ok().flatten();
    let last_equity = last_equity.unwrap_or(summary.opening_cash);
    let is_blocked = summary.blocked.is_some();
    let free = summary.free_cash;
    Ok(ok(&json!({
        "id": summary.account_id,
        "account_number": account_number(&summary.account_id.to_string()),
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": summary.currency,
        "cash": free,
        "buying_power": free,
        "regt_buying_power": free,
        "daytrading_buying_power": free,
        "non_marginable_buying_power": free,
        "options_buying_power": free,
        "equity": equity,
        "last_equity": last_equity,
        "portfolio_value": equity,
        "long_market_value": long,
        "short_market_value": short,
        "position_market_value": sum(long, short),
        "initial_margin": zero(),
        "maintenance_margin": zero(),
        "last_maintenance_margin": zero(),
        "sma": zero(),
        "accrued_fees": zero(),
        "pending_transfer_in": zero(),
        "multiplier": "1",
        "daytrade_count": 0,
        "pattern_day_trader": false,
        "trading_blocked": is_blocked,
        "transfers_blocked": true,
        "account_blocked": is_blocked,
        "trade_suspended_by_user": false,
        "shorting_enabled": false,
        "created_at": created_at(&summary.account_id),
    })))
}

/// Returns how the account is configured, which nobody can change here.
pub(super) async fn configurations() -> Answer {
    Ok(ok(&configuration()))
}

/// Takes a configuration that is the one that there is; refuses any other in words.
pub(super) async fn configure(Body(mut fields): Body) -> Answer {
    let present = configuration();
    let names: Vec<String> = present.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
    for name in names {
        let Some(wanted) = fields.text(&name) else { continue };
        let value = &present[&name];
        let is_same = match value {
            serde_json::Value::String(text) => {
                let is_number = |text: &str| text.parse().ok().map(|it: f64| it.to_bits());
                wanted == *text || (is_number(text).is_some() && is_number(text) == is_number(&wanted))
            }
            other => wanted.eq_ignore_ascii_case(&other.to_string()),
        };
        if !is_same {
            let message = format!("{name} is {value} in this market, and cannot be changed");
            return Err(Problem::new(ProblemKind::Refused, "not_configurable", message).at(name).into());
        }
    }
    for name in ["options_trading_level", "max_options_trading_level"] {
        if fields.text(name).is_some_and(|level| level != "0") {
            return Err(invalid(name, "there are no options in this market").into());
        }
    }
    Ok(ok(&present))
}

fn configuration() -> serde_json::Value {
    json!({
        "dtbp_check": "entry",
        "fractional_trading": true,
        "max_margin_multiplier": "1",
        "no_shorting": true,
        "pdt_check": "entry",
        "ptp_no_exception_entry": false,
        "suspend_trade": false,
        "trade_confirm_email": "none",
    })
}

const fn zero() -> Number {
    Number(Decimal::new(0, 0))
}

/// Returns a sum; the first if it is out of range, which no amount of money of a market is.
fn sum(a: Number, b: Number) -> Number {
    let scale = a.0.scale().max(b.0.scale());
    let sum = a.0.scaled(scale).zip(b.0.scaled(scale)).and_then(|(a, b)| a.checked_add(b));
    sum.map_or(a, |sum| Number(Decimal::new(sum, scale)))
}

/// Returns a number that people can read out, of the end of an id: its beginning is a time.
fn account_number(id: &str) -> String {
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).collect();
    format!("BP{}", digits[digits.len().saturating_sub(10)..].to_uppercase())
}

/// Returns when an account was made, which its id says.
fn created_at(account: &crate::domain::AccountId) -> Option<String> {
    let (secs, nanos) = account.uuid().get_timestamp()?.to_unix();
    let nanos = i64::try_from(secs).ok()?.checked_mul(1_000_000_000)?.checked_add(nanos.into())?;
    Some(format!("{}Z", bearpit_core::units::SimTime::from_nanos(nanos)))
}
