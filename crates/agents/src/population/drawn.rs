//! [`DrawnParams`]: the values of a population's members, some of them drawn.

use bearpit_core::kernel::{Stream, stream};
use bearpit_core::params::{DurationRange, NumberRange, ParamSpec, ParamType, ParamValue, Values};
use bearpit_core::units::{Decimal, Price, Quantity, Seed, SimDuration};

use super::distribution::ParamDistribution;

/// A parameter that each member of a population draws.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnParam {
    /// The parameter.
    pub name: &'static str,
    /// What its value may be; it must be [drawable](is_drawable).
    pub value: ParamType,
    /// The distribution, in seconds, lots, ticks or currency as the type has it.
    pub distribution: ParamDistribution,
}

/// The values of a population's members: those that all have, and those that each draws.
#[derive(Debug, Clone)]
pub struct DrawnParams {
    /// The values that all have; a drawn parameter has the center of its distribution here.
    pub common: Values,
    /// What each draws.
    pub drawn: Vec<DrawnParam>,
}

/// Returns whether a parameter of this type can be drawn: whether it is one number.
#[must_use]
pub const fn is_drawable(value: &ParamType) -> bool {
    matches!(
        value,
        ParamType::Integer { .. }
            | ParamType::Number(_)
            | ParamType::Duration(_)
            | ParamType::Price
            | ParamType::TickDistance
            | ParamType::Quantity
    )
}

impl DrawnParam {
    /// Describes a parameter that is drawn.
    #[must_use]
    pub const fn new(spec: &ParamSpec, distribution: ParamDistribution) -> Self {
        Self { name: spec.name, value: spec.value, distribution }
    }

    /// Returns the value at the center of the distribution.
    #[must_use]
    pub fn center(&self) -> ParamValue {
        self.of(self.distribution.center())
    }

    /// Returns the least and the greatest number that a value of this type can be.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the ends of a range are far from exact limits")]
    pub fn bounds(value: &ParamType) -> (f64, f64) {
        match value {
            ParamType::Integer { min, max } => (*min as f64, *max as f64),
            ParamType::Number(range) => (least(range), range.max),
            ParamType::Duration(range) => (shortest(*range).secs_f64(), SPAN_MAX.secs_f64()),
            ParamType::TickDistance => (1.0, Price::MAX_TICKS as f64),
            ParamType::Quantity => (1.0, Quantity::MAX_LOTS as f64),
            _ => (1.0 / PRICE_UNIT, 1e12),
        }
    }

    /// Returns a number as a value of the parameter's type, the nearest that is allowed.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds")]
    fn of(&self, number: f64) -> ParamValue {
        let (least, most) = Self::bounds(&self.value);
        let number = number.clamp(least, most);
        match &self.value {
            ParamType::Integer { min, max } => (libm::round(number) as i64).clamp(*min, *max).into(),
            ParamType::Duration(range) => SimDuration::from_secs_f64(number).max(shortest(*range)).into(),
            ParamType::TickDistance => (libm::round(number) as i64).max(1).into(),
            ParamType::Quantity => Quantity::new((libm::round(number) as u64).max(1)).into(),
            ParamType::Price => {
                Decimal::new((libm::round(number * PRICE_UNIT) as i128).max(1), PRICE_SCALE).into()
            }
            _ => number.into(),
        }
    }
}

/// The decimal places of a drawn price.
const PRICE_SCALE: u32 = 6;
const PRICE_UNIT: f64 = 1e6;

/// The longest duration that is drawn: ten years, as durations of scenarios are.
const SPAN_MAX: SimDuration = SimDuration::from_secs(10 * 365 * 86_400);

fn least(range: &NumberRange) -> f64 {
    if range.excludes_min { range.min.next_up() } else { range.min }
}

fn shortest(range: DurationRange) -> SimDuration {
    match range {
        DurationRange::AnyLength => SimDuration::ZERO,
        DurationRange::Positive => SimDuration::from_nanos(1),
        DurationRange::AtLeast(min) => min,
    }
}

impl DrawnParams {
    /// Draws the values of a member; a second item is another draw, and so on.
    ///
    /// Each parameter of each member has a stream of its own, so that neither another member nor another
    /// distribution changes it.
    pub fn draws(&self, seed: Seed, member: &str) -> impl Iterator<Item = Values> {
        let own = |param: &DrawnParam| stream(seed, &format!("drawn/{member}/{}", param.name));
        let mut streams: Vec<Stream> = self.drawn.iter().map(own).collect();
        std::iter::repeat_with(move || {
            let mut values = self.common.clone();
            for (param, rng) in self.drawn.iter().zip(&mut streams) {
                values.set(param.name, param.of(param.distribution.draw(rng)));
            }
            values
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::distribution::Law;
    use super::*;
    use bearpit_core::params::ParamErrors;

    const SPECS: [ParamSpec; 4] = [
        ParamSpec::required("wake", ParamType::Duration(DurationRange::Positive), "a wait"),
        ParamSpec::required("share", ParamType::Number(NumberRange::between(0.0, 1.0)), "a share"),
        ParamSpec::required("size", ParamType::Quantity, "a size"),
        ParamSpec::required("depth", ParamType::Price, "a depth"),
    ];

    fn population() -> DrawnParams {
        let drawn = SPECS.iter().map(|spec| {
            let (least, most) = DrawnParam::bounds(&spec.value);
            let law = Law::Exponential { mean: 0.6 };
            // A quantity has a mean of at least one lot.
            let law = if spec.name == "size" { Law::Uniform { min: 1.0, max: 9.0 } } else { law };
            DrawnParam::new(spec, ParamDistribution::new(law, least, most).unwrap())
        });
        DrawnParams { common: Values::new(), drawn: drawn.collect() }
    }

    #[test]
    fn every_draw_is_a_value_that_its_parameter_admits() {
        let population = population();
        for member in 0..2_000 {
            let values = population.draws(Seed::new(5), &format!("noise-{member}")).next().unwrap();
            values.complete(&SPECS).unwrap();
        }
    }

    #[test]
    fn a_member_draws_the_same_whoever_else_is_there() -> Result<(), ParamErrors> {
        let all = population();
        let one = DrawnParams { drawn: vec![all.drawn[1].clone()], ..all.clone() };
        let draw = |population: &DrawnParams, member| {
            let values = population.draws(Seed::new(5), member).next().unwrap_or_default();
            values.get::<f64>("share").map(f64::to_bits)
        };
        assert_eq!(draw(&all, "noise-1")?, draw(&one, "noise-1")?);
        assert_ne!(draw(&all, "noise-1")?, draw(&all, "noise-2")?);
        let again: Vec<Values> = all.draws(Seed::new(5), "noise-1").take(2).collect();
        assert_ne!(again[0].get::<f64>("share")?.to_bits(), again[1].get::<f64>("share")?.to_bits());
        Ok(())
    }
}
