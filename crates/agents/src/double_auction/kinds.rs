//! The kinds of traders with private values.

use std::sync::Arc;

use super::trader::{PrivateTrader, PrivateTraderConfig, Strategy};
use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, Shared};
use crate::trading::INTERVAL;
use bearpit_core::account::Credit;
use bearpit_core::market::Side;
use bearpit_core::params::{
    Choice, NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::AnyTrader;
use bearpit_core::units::{Decimal, Quantity};

const ACCOUNT: AccountDefaults = AccountDefaults { credit: Credit::Covered, is_tracked: false };

/// The kind `zic`.
pub(crate) static ZIC: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "zic",
    "Zero intelligence with a constraint (Gode and Sunder 1993): quotes at random, but never at a loss; a buyer between the \
     least price and the value of its next unit, a seller between the cost of its next unit and the greatest price. With \
     `constrained = false` it is ZI-U, which quotes anywhere. The series `surplus` has what its trades have brought.",
    &[
        SIDE,
        VALUE,
        STEP,
        UNITS,
        UNIT,
        INTERVAL,
        ParamSpec::required("max_price", ParamType::Price, "the greatest price that it quotes, in currency"),
        ParamSpec::new(
            "min_price",
            ParamType::Price,
            ParamDefault::Derived("one tick"),
            "the least price that it quotes, in currency",
        ),
        ParamSpec::new(
            "constrained",
            ParamType::Flag,
            ParamDefault::Flag(true),
            "whether it never quotes at a loss",
        ),
    ],
    |values, site| {
        let tick = site.instrument.tick_size().to_f64();
        let max = values.get::<Decimal>("max_price")?.to_f64() / tick;
        let min = values.given::<Decimal>("min_price")?.map_or(1.0, |it| it.to_f64() / tick);
        if min > max {
            return Err(ParamError::invalid("min_price", "`min_price` is above `max_price`").into());
        }
        let is_constrained = values.get("constrained")?;
        configure(values, site, Strategy::Zic { min, max, is_constrained })
    },
);

/// The kind `zip`.
pub(crate) static ZIP: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "zip",
    "Zero intelligence plus (Cliff 1997): has a profit margin, and moves it by the Widrow-Hoff rule with momentum towards \
     what others quote and pay. Learning rate, momentum and first margin are drawn as Cliff has them: 0.1 to 0.5, 0 to \
     0.1, 5 to 35 %. The series `surplus` has what its trades have brought.",
    &[SIDE, VALUE, STEP, UNITS, UNIT, INTERVAL],
    |values, site| configure(values, site, Strategy::Zip),
);

/// The kind `gd`.
pub(crate) static GD: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "gd",
    "The heuristic beliefs of Gjerstad and Dickhaut (1998): from the quotes of the last trades and whether they were taken \
     it forms a belief of how likely each price is to be, and quotes what promises most. The series `surplus` has what \
     its trades have brought.",
    &[
        SIDE,
        VALUE,
        STEP,
        UNITS,
        UNIT,
        INTERVAL,
        ParamSpec::new(
            "memory",
            ParamType::Integer { min: 1, max: 1_000 },
            ParamDefault::Integer(5),
            "how many trades back it remembers quotes",
        ),
    ],
    |values, site| {
        let memory = values.get::<i64>("memory")?;
        configure(values, site, Strategy::Gd { memory: usize::try_from(memory).unwrap_or(1) })
    },
);

/// The kind `aa`.
pub(crate) static AA: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "aa",
    "Adaptive aggressiveness (Vytelingum, Cliff and Jennings 2008): estimates the equilibrium price from recent trades, and \
     is the more aggressive the more others are; in the long run it learns how steeply that changes its price. The \
     series `surplus` has what its trades have brought.",
    &[
        SIDE,
        VALUE,
        STEP,
        UNITS,
        UNIT,
        INTERVAL,
        ParamSpec::required("max_price", ParamType::Price, "the greatest price of the market, in currency"),
        ParamSpec::new(
            "eta",
            ParamType::Number(NumberRange::at_least(1.0)),
            ParamDefault::Number(3.0),
            "a quote \
            goes one part in this of the way from the best quote to its target",
        ),
        ParamSpec::new("beta_1", RATE, ParamDefault::Number(0.5), "learning rate of its aggressiveness"),
        ParamSpec::new("beta_2", RATE, ParamDefault::Number(0.5), "learning rate of the steepness"),
        ParamSpec::new(
            "window",
            ParamType::Integer { min: 1, max: 1_000 },
            ParamDefault::Integer(30),
            "how many trades the equilibrium price is estimated from",
        ),
    ],
    |values, site| {
        let max = values.get::<Decimal>("max_price")?.to_f64() / site.instrument.tick_size().to_f64();
        let window = usize::try_from(values.get::<i64>("window")?).unwrap_or(1);
        let betas = [values.get("beta_1")?, values.get("beta_2")?];
        configure(values, site, Strategy::Aa { max, eta: values.get("eta")?, betas, window })
    },
);

const RATE: ParamType = ParamType::Number(NumberRange::between(0.0, 1.0));

const SIDE: ParamSpec = ParamSpec::required(
    "side",
    ParamType::Choice(&[
        Choice { name: "buy", doc: "it buys units that are worth `value` to it" },
        Choice { name: "sell", doc: "it sells units that cost it `value`; it must hold them" },
    ]),
    "whether it is a buyer or a seller",
);

const VALUE: ParamSpec = ParamSpec::required(
    "value",
    ParamType::Price,
    "what its first unit is worth to it, or costs it, in currency",
);

const STEP: ParamSpec = ParamSpec::new(
    "step",
    ParamType::Price,
    ParamDefault::Derived("nothing"),
    "how much less each further unit is worth to a buyer, or more it costs a seller, in currency",
);

const UNITS: ParamSpec = ParamSpec::new(
    "units",
    ParamType::Integer { min: 1, max: 1_000_000 },
    ParamDefault::Integer(1),
    "how many units it trades at most",
);

const UNIT: ParamSpec =
    ParamSpec::new("unit", ParamType::Quantity, ParamDefault::Derived("one lot"), "the quantity of a unit");

fn configure(
    values: &Values,
    site: &AgentSite<'_>,
    strategy: Strategy,
) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let tick = site.instrument.tick_size().to_f64();
    let side = if values.get::<String>("side")? == "buy" { Side::Buy } else { Side::Sell };
    let step = values.given::<Decimal>("step")?.map_or(0.0, Decimal::to_f64);
    Ok(Arc::new(PrivateTraderConfig {
        listing: site.listing,
        side,
        value: values.get::<Decimal>("value")?.to_f64() / tick,
        step: step / tick,
        units: values.get::<i64>("units")?.unsigned_abs(),
        unit: values.given("unit")?.unwrap_or(Quantity::new(1)),
        interval: values.get("interval")?,
        strategy,
    }))
}

impl ConfiguredAgent for PrivateTraderConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(PrivateTrader::new(self.clone())))
    }
}
