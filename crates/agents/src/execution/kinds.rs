//! The kinds of execution algorithms.

use std::sync::Arc;

use super::executor::{Executor, ExecutorConfig};
use super::schedule::{AlmgrenChriss, ExecutionSchedule};
use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, Shared};
use bearpit_core::account::Credit;
use bearpit_core::market::Side;
use bearpit_core::params::{
    Choice, DurationRange, NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::AnyTrader;
use bearpit_core::units::SimDuration;

const ACCOUNT: AccountDefaults = AccountDefaults { credit: Credit::Covered, is_tracked: true };

/// The kind `twap`.
pub(crate) static TWAP: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "twap",
    "Trades an order in equal parts over a time, each at the market. At its end it records what that cost against the mid at \
     its beginning and against the market's volume-weighted price, in the table `execution`, as all execution algorithms \
     do (the implementation shortfall of Perold 1988).",
    &[SIDE, QUANTITY, START_AFTER, DURATION, SLICES],
    |values, site| configure(values, site, ExecutionSchedule::Twap),
);

/// The kind `vwap`.
pub(crate) static VWAP: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "vwap",
    "Trades an order over a time in proportion to the volume that each part of it usually has (Berkowitz, Logue and Noser \
     1988).",
    &[
        SIDE,
        QUANTITY,
        START_AFTER,
        DURATION,
        ParamSpec::required(
            "profile",
            ParamType::List(&ParamType::Number(NumberRange::between(0.0, 1.0))),
            "share of the volume in each slice; they sum to 1",
        ),
    ],
    |values, site| {
        let profile: Vec<f64> = values.get("profile")?;
        let sum: f64 = profile.iter().sum();
        if (sum - 1.0).abs() > 1e-6 {
            let sum = bearpit_core::units::NumberText(sum);
            let message = format!("`profile` sums to {sum}, but must sum to 1");
            return Err(ParamError::invalid("profile", message).into());
        }
        configure(values, site, ExecutionSchedule::Vwap(profile))
    },
);

/// The kind `pov`.
pub(crate) static POV: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "pov",
    "Trades an order as a share of the volume that the market trades, its own included, until it is done or the time is over.",
    &[
        SIDE,
        QUANTITY,
        START_AFTER,
        DURATION,
        SLICES,
        ParamSpec::required(
            "rate",
            ParamType::Number(NumberRange::between(0.0, 1.0)),
            "share of the market's volume",
        ),
    ],
    |values, site| {
        let rate = values.get("rate")?;
        configure(values, site, ExecutionSchedule::Pov(rate))
    },
);

/// The kind `almgren_chriss`.
pub(crate) static ALMGREN_CHRISS: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "almgren_chriss",
    "Trades an order along the optimal trajectory of Almgren and Chriss (2000) for linear impact: sinh(kappa (T - t)) / \
     sinh(kappa T) of it is left at t.",
    &[
        SIDE,
        QUANTITY,
        START_AFTER,
        DURATION,
        SLICES,
        ParamSpec::required("lambda", AT_LEAST_0, "risk aversion, for each unit of currency"),
        ParamSpec::required("sigma", POSITIVE, "standard deviation of the price after a second, in currency"),
        ParamSpec::required("eta", POSITIVE, "temporary impact: currency a share for each share a second"),
        ParamSpec::new(
            "gamma",
            AT_LEAST_0,
            ParamDefault::Number(0.0),
            "permanent impact: currency a share for each share",
        ),
    ],
    |values, site| {
        let order = AlmgrenChriss {
            lambda: values.get("lambda")?,
            sigma: values.get("sigma")?,
            eta: values.get("eta")?,
            gamma: values.get("gamma")?,
        };
        let slice = values.get::<SimDuration>("duration")?.secs_f64() / f64::from(slices(values)?);
        if order.eta <= 0.5 * order.gamma * slice {
            let message = "`eta` must be above half of `gamma` times the seconds of a slice: else it would pay to trade at once";
            return Err(ParamError::invalid("eta", message).with_help("take more slices").into());
        }
        configure(values, site, ExecutionSchedule::AlmgrenChriss(order))
    },
);

const POSITIVE: ParamType = ParamType::Number(NumberRange::above(0.0));
const AT_LEAST_0: ParamType = ParamType::Number(NumberRange::at_least(0.0));

pub(crate) const SIDE: ParamSpec = ParamSpec::required(
    "side",
    ParamType::Choice(&[
        Choice { name: "buy", doc: "it buys" },
        Choice { name: "sell", doc: "it sells what it holds" },
    ]),
    "whether it buys or sells",
);
pub(crate) const QUANTITY: ParamSpec =
    ParamSpec::required("quantity", ParamType::Quantity, "the whole order");
pub(crate) const START_AFTER: ParamSpec = ParamSpec::new(
    "start_after",
    ParamType::Duration(DurationRange::AnyLength),
    ParamDefault::Duration(SimDuration::ZERO),
    "how long after the start it begins",
);
pub(crate) const DURATION: ParamSpec = ParamSpec::required(
    "duration",
    ParamType::Duration(DurationRange::Positive),
    "over which time it trades; it must end before the scenario does",
);
const SLICES: ParamSpec = ParamSpec::new(
    "slices",
    ParamType::Integer { min: 1, max: 1_000_000 },
    ParamDefault::Integer(20),
    "into how many parts of equal length the time is divided; it trades at the beginning of each",
);

/// Returns how many slices there are.
fn slices(values: &Values) -> Result<u32, ParamError> {
    let given: Option<i64> = values.given("slices")?;
    let profile: Option<Vec<f64>> = values.given("profile")?;
    let count = given.or_else(|| i64::try_from(profile?.len()).ok());
    Ok(count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1))
}

fn configure(
    values: &Values,
    site: &AgentSite<'_>,
    schedule: ExecutionSchedule,
) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let (start_after, duration) = check_span(values, site)?;
    Ok(Arc::new(ExecutorConfig {
        listing: site.listing,
        side: side(values)?,
        quantity: values.get("quantity")?,
        start_after,
        duration,
        slices: slices(values)?,
        schedule,
    }))
}

/// Returns whether it buys or sells.
pub(crate) fn side(values: &Values) -> Result<Side, ParamError> {
    Ok(if values.get::<String>("side")? == "buy" { Side::Buy } else { Side::Sell })
}

/// Returns when it begins and how long it trades, if it ends before the scenario does.
pub(crate) fn check_span(
    values: &Values,
    site: &AgentSite<'_>,
) -> Result<(SimDuration, SimDuration), ParamError> {
    let (start_after, duration): (SimDuration, SimDuration) =
        (values.get("start_after")?, values.get("duration")?);
    if let Some(span) = site.span
        && span.start.saturating_add(start_after).saturating_add(duration) > span.end
    {
        let message = format!(
            "`duration` is {duration} and it begins {start_after} after the start, but the scenario lasts {} only",
            span.end - span.start
        );
        return Err(ParamError::invalid("duration", message));
    }
    Ok((start_after, duration))
}

impl ConfiguredAgent for ExecutorConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(Executor::new(self.clone())))
    }
}
