//! How orders fill in a replay, of bars or of ticks alike: the keys that both kinds have, and where a replay
//! can stand.

use crate::kind::AgentSite;
use bearpit_core::params::{Choice, NumberRange, ParamDefault, ParamError, ParamSpec, ParamType, Values};
use bearpit_core::participant::Latencies;
use bearpit_core::replay::{AtEnd, FillRules, ShortCash, Slippage, Touch};
use bearpit_core::units::{Decimal, FeeRate};

/// What market orders and stops pay where there is no quote.
pub(crate) const HALF_SPREAD: ParamSpec = ParamSpec::new(
    "half_spread",
    ParamType::TickDistance,
    ParamDefault::Derived("none"),
    "what market orders and stops pay within a bar",
);

/// What they pay besides, in ticks.
pub(crate) const SLIPPAGE_TICKS: ParamSpec = ParamSpec::new(
    "slippage_ticks",
    ParamType::Integer { min: 0, max: 1_000_000 },
    ParamDefault::Derived("none"),
    "ticks that market orders and stops pay besides",
);

/// What they pay besides, as a share of the price.
pub(crate) const SLIPPAGE_BPS: ParamSpec = ParamSpec::new(
    "slippage_bps",
    ParamType::Price,
    ParamDefault::Derived("none"),
    "basis points of the price that they pay besides",
);

/// What they pay besides, by the square-root law.
pub(crate) const SLIPPAGE_IMPACT: ParamSpec = ParamSpec::new(
    "slippage_impact",
    ParamType::Number(NumberRange::between(0.0, 10.0)),
    ParamDefault::Derived("none"),
    "this times the price times the square root of the fill's share of the bar's volume is what they pay besides",
);

/// How much one participant can have.
pub(crate) const PARTICIPATION: ParamSpec = ParamSpec::new(
    "participation",
    ParamType::Number(NumberRange::between(0.000_001, 1.0)),
    ParamDefault::Number(1.0),
    "the share of a bar's volume that one participant can have",
);

/// What happens to a purchase beyond the cash of its account.
pub(crate) const ON_SHORT_CASH: ParamSpec = ParamSpec::new(
    "on_short_cash",
    ParamType::Choice(&[
        Choice { name: "cut", doc: "it is cut to what its account can pay for" },
        Choice { name: "cancel", doc: "it is canceled" },
    ]),
    ParamDefault::Choice("cut"),
    "what happens to a purchase that costs more than its account has when it fills",
);

/// Reads what both kinds have.
pub(crate) fn fill_rules(values: &Values) -> Result<FillRules, ParamError> {
    let word = |name| values.get::<String>(name);
    Ok(FillRules {
        half_spread: values.given("half_spread")?.unwrap_or(0),
        slippage: slippage(values)?,
        participation: participation(values)?,
        touch: if word("touch")? == "through" { Touch::Through } else { Touch::Fill },
        short_cash: if word("on_short_cash")? == "cancel" { ShortCash::Cancel } else { ShortCash::Cut },
        at_end: if word("at_end")? == "close" { AtEnd::Close } else { AtEnd::Keep },
        ..FillRules::default()
    })
}

/// Returns the share of a quantity that one participant can have, in millionths.
fn participation(values: &Values) -> Result<u32, ParamError> {
    let participation: f64 = values.get("participation")?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a million")]
    Ok((participation * f64::from(FillRules::WHOLE)).round() as u32)
}

fn slippage(values: &Values) -> Result<Slippage, ParamError> {
    let ticks: Option<i64> = values.given("slippage_ticks")?;
    let bps: Option<Decimal> = values.given("slippage_bps")?;
    let impact: Option<f64> = values.given("slippage_impact")?;
    match (ticks, bps, impact) {
        (None, None, None) => Ok(Slippage::None),
        (Some(ticks), None, None) => Ok(Slippage::Ticks(ticks)),
        (None, Some(bps), None) => FeeRate::from_bps(bps).map(Slippage::Rate).ok_or_else(|| {
            let message =
                format!("`slippage_bps` is {bps}, but must be at most 10000 and have at most five places");
            ParamError::invalid("slippage_bps", message)
        }),
        (None, None, Some(impact)) => Ok(Slippage::Impact(impact)),
        (_, Some(_), _) => Err(several("slippage_bps")),
        _ => Err(several("slippage_impact")),
    }
}

fn several(key: &'static str) -> ParamError {
    let message = "of `slippage_ticks`, `slippage_bps` and `slippage_impact`, only one can be given";
    ParamError::invalid(key, message)
}

/// Returns why a replay cannot be at a place: its bars are the venue's sessions, and it sends no messages.
pub(crate) fn site_errors(site: &AgentSite<'_>) -> Vec<ParamError> {
    let mut errors = Vec::new();
    let name = site.venue.name;
    if site.venue.has_sessions {
        let message = format!("a file is replayed in sessions of its own, but `{name}` has sessions");
        errors.push(ParamError::invalid("kind", message).with_help("leave out the venue's [sessions]"));
    }
    if *site.latencies != Latencies::NONE {
        let help = "give the latency to the venue, or to the agents that trade";
        let message = "a replay sends and receives nothing, so it cannot have a latency";
        errors.push(ParamError::invalid("kind", message).with_help(help));
    }
    errors
}
