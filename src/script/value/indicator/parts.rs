//! [`Parts`]: the named parts of an indicator's value.

use bearpit_agents::indicators::{
    AdxValue, BollingerBands, Channel, HedgeRatio, KalmanLevel, LinearFit, MacdValue, Spread, StochasticValue,
};

/// A part of a value: its name, and how it is read.
pub(crate) type Part<V> = (&'static str, fn(&V) -> Option<f64>);

/// A value with named parts; `update` and `value` return the first.
pub(crate) trait Parts: Copy + 'static {
    /// The parts.
    const PARTS: &'static [Part<Self>];

    /// Returns the first part.
    fn first(&self) -> Option<f64> {
        Self::PARTS.first().and_then(|(_, read)| read(self))
    }
}

/// The names of all parts but `value`, sorted.
pub(crate) const PART_NAMES: [&str; 26] = [
    "adx",
    "bandwidth",
    "beta",
    "d",
    "deviation",
    "end",
    "error",
    "histogram",
    "intercept",
    "k",
    "level",
    "line",
    "lower",
    "mean",
    "middle",
    "minus_di",
    "percent_b",
    "plus_di",
    "population",
    "r_squared",
    "sample",
    "signal",
    "slope",
    "upper",
    "variance",
    "z",
];

impl Parts for f64 {
    const PARTS: &'static [Part<Self>] = &[("value", |it| Some(*it))];
}

impl Parts for MacdValue {
    const PARTS: &'static [Part<Self>] = &[
        ("line", |it| Some(it.line)),
        ("signal", |it| Some(it.signal)),
        ("histogram", |it| Some(it.histogram)),
    ];
}

impl Parts for StochasticValue {
    const PARTS: &'static [Part<Self>] = &[("k", |it| Some(it.k)), ("d", |it| Some(it.d))];
}

impl Parts for BollingerBands {
    const PARTS: &'static [Part<Self>] = &[
        ("middle", |it| Some(it.middle)),
        ("upper", |it| Some(it.upper)),
        ("lower", |it| Some(it.lower)),
        ("percent_b", |it| Some(it.percent_b)),
        ("bandwidth", |it| it.bandwidth),
    ];
}

impl Parts for Channel {
    const PARTS: &'static [Part<Self>] =
        &[("middle", |it| Some(it.middle)), ("upper", |it| Some(it.upper)), ("lower", |it| Some(it.lower))];
}

impl Parts for AdxValue {
    const PARTS: &'static [Part<Self>] = &[
        ("adx", |it| Some(it.adx)),
        ("plus_di", |it| Some(it.plus_di)),
        ("minus_di", |it| Some(it.minus_di)),
    ];
}

impl Parts for Spread {
    const PARTS: &'static [Part<Self>] = &[
        ("population", |it| Some(it.population)),
        ("sample", |it| Some(it.sample)),
        ("mean", |it| Some(it.mean)),
    ];
}

impl Parts for LinearFit {
    const PARTS: &'static [Part<Self>] = &[
        ("end", |it| Some(it.end)),
        ("slope", |it| Some(it.slope)),
        ("intercept", |it| Some(it.intercept)),
        ("r_squared", |it| Some(it.r_squared)),
    ];
}

impl Parts for KalmanLevel {
    const PARTS: &'static [Part<Self>] =
        &[("level", |it| Some(it.level)), ("variance", |it| Some(it.variance))];
}

impl Parts for HedgeRatio {
    const PARTS: &'static [Part<Self>] = &[
        ("beta", |it| Some(it.beta)),
        ("intercept", |it| Some(it.intercept)),
        ("error", |it| Some(it.error)),
        ("deviation", |it| Some(it.deviation)),
        ("z", |it| Some(it.z())),
    ];
}
