//! [`ProcessKind`]: a kind of price process as data, and how it is built from values.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::moments::Moments;
use super::value::PriceProcess;
use crate::params::{
    DurationRange, NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use crate::units::{Seed, SimDuration};

/// A kind of price process: its name, its parameters, and how it is built from their values.
///
/// ```
/// use bearpit_core::params::Values;
/// use bearpit_core::process::{ProcessKind, ProcessSite};
/// use bearpit_core::units::Seed;
///
/// let gbm = ProcessKind::named("gbm").ok_or("no such kind")?;
/// let values = Values::new().with("initial", 100.0).with("volatility", 0.2).complete(gbm.params)?;
/// let configured = (gbm.configure)(&values, &ProcessSite::default())?;
/// assert_eq!(configured.initial(), 100.0);
/// let process = configured.start(Seed::new(1));
/// # let _: Box<dyn bearpit_core::process::PriceProcess> = process;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct ProcessKind {
    /// Its name in scenario files.
    pub name: &'static str,
    /// What it is, in full sentences, with its source.
    pub doc: &'static str,
    /// Its parameters, in the order of the documentation.
    pub params: &'static [ParamSpec],
    /// Builds it from values that [`Values::complete`] has accepted.
    pub configure: Configure,
}

/// Builds a process of one kind from its values.
///
/// # Errors
/// A value that does not go with another one, or with the instrument it is for.
pub type Configure = fn(&Values, &ProcessSite<'_>) -> Result<Arc<dyn ConfiguredProcess>, ParamErrors>;

/// A process whose parameters are known to be right; it can be started any number of times.
pub trait ConfiguredProcess: fmt::Debug + Any + Send + Sync {
    /// Returns the first value, in currency.
    fn initial(&self) -> f64;

    /// Returns the step of time in which it moves.
    fn step(&self) -> SimDuration;

    /// Returns the process at its first value, for a run with this seed.
    fn start(&self, seed: Seed) -> Box<dyn PriceProcess>;

    /// Returns what is known in closed form of the value `after` a time from the start.
    fn moments(&self, after: SimDuration) -> Moments {
        self.start(Seed::new(0)).moments(after)
    }

    /// Returns what is odd in its parameters, but not wrong.
    fn warnings(&self) -> &[ParamError] {
        &[]
    }

    /// Returns the same process, following what its leader is among `earlier`; `None` if it follows none of
    /// them, as unless this is implemented.
    fn following(&self, _earlier: &[EarlierInstrument]) -> Option<Arc<dyn ConfiguredProcess>> {
        None
    }

    /// Returns the same process for a market that goes on when so much of its day has `passed`; `None` if
    /// that is the same to it, as unless this is implemented.
    fn resumed(&self, _passed: SimDuration) -> Option<Arc<dyn ConfiguredProcess>> {
        None
    }
}

/// What a process may know of the instrument it is for.
#[derive(Debug, Default, Clone, Copy)]
pub struct ProcessSite<'a> {
    /// The instruments that stand before this one.
    pub earlier: &'a [EarlierInstrument],
    /// How long a run is, if that is known.
    pub length: Option<SimDuration>,
}

/// An instrument that stands before another one, which may follow it.
#[derive(Debug, Clone)]
pub struct EarlierInstrument {
    /// Its symbol.
    pub symbol: String,
    /// Its process, if it has one.
    pub process: Option<Arc<dyn ConfiguredProcess>>,
}

impl fmt::Debug for ProcessKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessKind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A process that starts as a copy of itself, for kinds whose start does not depend on the seed.
#[derive(Debug)]
pub(super) struct Prepared<P> {
    pub(super) process: P,
    pub(super) initial: f64,
    pub(super) step: SimDuration,
    pub(super) warnings: Vec<ParamError>,
}

impl<P> Prepared<P> {
    /// Prepares a process of whose parameters nothing is odd.
    pub(super) const fn new(process: P, initial: f64, step: SimDuration) -> Self {
        Self { process, initial, step, warnings: Vec::new() }
    }
}

impl<P: PriceProcess + Clone + Any + Send + Sync> ConfiguredProcess for Prepared<P> {
    fn initial(&self) -> f64 {
        self.initial
    }

    fn step(&self) -> SimDuration {
        self.step
    }

    fn start(&self, _seed: Seed) -> Box<dyn PriceProcess> {
        Box::new(self.process.clone())
    }

    fn warnings(&self) -> &[ParamError] {
        &self.warnings
    }
}

/// Returns a span of virtual time in years of that many hours.
pub(super) fn years(span: SimDuration, hours_per_year: f64) -> f64 {
    span.secs_f64() / 3_600.0 / hours_per_year
}

/// The first value.
pub(super) const INITIAL: ParamSpec =
    ParamSpec::required("initial", ParamType::Number(NumberRange::above(0.0)), "first value");

/// The annualized volatility.
pub(super) const VOLATILITY: ParamSpec = ParamSpec::required(
    "volatility",
    ParamType::Number(NumberRange::between(0.0, 100.0)),
    "annualized volatility; 0.2 is 20 %",
);

/// The annualized drift.
pub(super) const DRIFT: ParamSpec = ParamSpec::new(
    "drift",
    ParamType::Number(NumberRange::between(-100.0, 100.0)),
    ParamDefault::Number(0.0),
    "annualized drift",
);

/// The time in which a distance halves.
pub(super) const HALF_LIFE: ParamSpec = ParamSpec::required(
    "half_life",
    ParamType::Duration(DurationRange::Positive),
    "time in which the expected distance from the mean halves",
);

/// Hours of trading in a year unless a scenario says otherwise: 252 sessions of 6.5 hours.
pub const TRADING_HOURS_PER_YEAR: f64 = 1_638.0;

/// The length of a year.
pub(super) const HOURS_PER_YEAR: ParamSpec = ParamSpec::new(
    "hours_per_year",
    // Of a shorter year, what happens within a step has no number.
    ParamType::Number(NumberRange::between(0.01, 1e6)),
    ParamDefault::Number(TRADING_HOURS_PER_YEAR),
    "hours of virtual time in a year; the default is 252 sessions of 6.5 hours",
);

/// The step of time in which a process moves.
pub(super) const STEP: ParamSpec = ParamSpec::new(
    "step",
    ParamType::Duration(DurationRange::AtLeast(SimDuration::from_millis(1))),
    ParamDefault::Duration(SimDuration::from_secs(1)),
    "interval at which the value moves",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::ParamValue;
    use crate::process::KINDS;

    /// Gives every required number and duration of a kind a value that its range admits; `None` if it needs a
    /// file.
    fn values(kind: &ProcessKind) -> Option<Values> {
        let mut values = Values::new();
        // Follows from another parameter where it need not be given.
        let is_given = |spec: &&ParamSpec| spec.is_required() || spec.name == "volatility";
        for spec in kind.params.iter().filter(is_given) {
            let value = match (spec.name, spec.value) {
                // Shares of which some may not add up to 1.
                ("alpha" | "beta" | "gamma" | "hurst", _) => ParamValue::Number(0.25),
                (_, ParamType::Number(range)) => {
                    ParamValue::Number(if range.contains(1.0) { 1.0 } else { 2.0 })
                }
                (_, ParamType::Duration(_)) => ParamValue::Duration(SimDuration::from_secs(60)),
                (_, ParamType::Leader) => ParamValue::from("LEAD"),
                _ => return None,
            };
            values.set(spec.name, value);
        }
        values.complete(kind.params).ok()
    }

    #[test]
    fn names_of_kinds_and_of_their_parameters_are_unique_and_documented() {
        for (index, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..index].iter().all(|other| other.name != kind.name), "{}", kind.name);
            assert!(kind.doc.ends_with('.'), "{}", kind.name);
            for (index, spec) in kind.params.iter().enumerate() {
                assert!(kind.params[..index].iter().all(|other| other.name != spec.name), "{}", spec.name);
                assert!(!spec.doc.is_empty() && !spec.doc.ends_with('.'), "{}: {}", kind.name, spec.name);
            }
        }
    }

    #[test]
    fn each_kind_reads_its_own_parameters_and_starts_at_its_first_value() {
        let gbm = ProcessKind::named("gbm").unwrap();
        let leader = (gbm.configure)(&values(gbm).unwrap(), &ProcessSite::default()).unwrap();
        let earlier = [EarlierInstrument { symbol: "LEAD".to_owned(), process: Some(leader) }];
        for kind in KINDS {
            let Some(values) = values(kind) else {
                // A file, or lists; such kinds have tests of their own.
                assert!(OTHERS.contains(&kind.name), "{}", kind.name);
                continue;
            };
            let configured =
                (kind.configure)(&values, &ProcessSite { earlier: &earlier, length: None }).unwrap();
            assert!((configured.initial() - 1.0).abs() < 1e-12, "{}", kind.name);
            assert_eq!(configured.step(), SimDuration::from_secs(1), "{}", kind.name);
        }
    }

    /// Kinds whose values are no plain numbers.
    const OTHERS: [&str; 3] = ["regime", "replay", "ticks"];
}
