//! What scripts feed indicators with ([`Fed`]), and which parts the values have ([`Parts`]).

use super::super::objects::BarView;
use bearpit_agents::indicators::{
    AdxValue, BollingerBands, Candle, Channel, Closed, Extent, HedgeRatio, KalmanLevel, LinearFit, MacdValue,
    Pair, Spread, StochasticValue, Traded,
};

/// An input that a script gives as numbers, or as a bar.
pub(super) trait Fed: Copy {
    /// What an update takes, in words.
    const TAKES: &'static str;

    /// Makes it of so many numbers, if that is how many it takes.
    fn of_numbers(numbers: &[f64]) -> Option<Self>;

    /// Makes it of a bar, if it is about bars.
    fn of_bar(bar: &BarView) -> Option<Self>;
}

impl Fed for f64 {
    const TAKES: &'static str = "one number (of a bar, write bar.close)";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [x] = *numbers { Some(x) } else { None }
    }

    fn of_bar(_: &BarView) -> Option<Self> {
        None
    }
}

impl Fed for Pair {
    const TAKES: &'static str = "two numbers, x and y";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [x, y] = *numbers { Some(Self { x, y }) } else { None }
    }

    fn of_bar(_: &BarView) -> Option<Self> {
        None
    }
}

impl Fed for Extent {
    const TAKES: &'static str = "a bar, or two numbers: high and low";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [high, low] = *numbers { Some(Self { high, low }) } else { None }
    }

    fn of_bar(bar: &BarView) -> Option<Self> {
        let [_, high, low, _] = bar.prices();
        Some(Self { high, low })
    }
}

impl Fed for Candle {
    const TAKES: &'static str = "a bar, or three numbers: high, low and close";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [high, low, close] = *numbers { Some(Self { high, low, close }) } else { None }
    }

    fn of_bar(bar: &BarView) -> Option<Self> {
        let [_, high, low, close] = bar.prices();
        Some(Self { high, low, close })
    }
}

impl Fed for Closed {
    const TAKES: &'static str = "a bar, or two numbers: close and volume";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [close, volume] = *numbers { Some(Self { close, volume }) } else { None }
    }

    fn of_bar(bar: &BarView) -> Option<Self> {
        let [.., close] = bar.prices();
        Some(Self { close, volume: bar.volume() })
    }
}

impl Fed for Traded {
    const TAKES: &'static str = "a bar, or two numbers: price and volume";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [price, volume] = *numbers { Some(Self { price, volume }) } else { None }
    }

    fn of_bar(bar: &BarView) -> Option<Self> {
        let [_, high, low, close] = bar.prices();
        Some(Self { price: (high + low + close) / 3.0, volume: bar.volume() })
    }
}

/// A part of a value: its name, and how it is read.
pub(super) type Part<V> = (&'static str, fn(&V) -> Option<f64>);

/// A value whose parts have names; the first is what `update` and `value` say.
pub(super) trait Parts: Copy + 'static {
    /// The parts.
    const PARTS: &'static [Part<Self>];

    /// Returns the first part.
    fn first(&self) -> Option<f64> {
        Self::PARTS.first().and_then(|(_, read)| read(self))
    }
}

/// The names of all parts but `value`, sorted.
pub(super) const PART_NAMES: [&str; 26] = [
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
