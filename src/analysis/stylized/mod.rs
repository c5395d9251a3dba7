//! Stylized facts: whether a market's prices and trades look like those of real markets.
//!
//! What real markets have in common follows Cont (2001), "Empirical properties of asset returns: stylized
//! facts and statistical issues", Quantitative Finance 1, 223-236, and for the order of trades by Lillo and
//! Farmer (2004), "The long memory of the efficient market", Studies in Nonlinear Dynamics & Econometrics
//! 8(3); what is known of order flow and impact, by the papers that `docs/stylized.md` names beside its
//! formulas. Each of fifteen facts has statistics, a rule that is the same for every market, a verdict, and
//! an interval by resampling: [`StylizedFact`], [`StylizedFacts::interval`].
//!
//! Returns are those of the mid over equal intervals ([`returns`]), so that trades which alternate between
//! bid and ask move nothing. The tests compare the statistics of returns with what statsmodels and scipy say
//! of the same series, and the others with samples whose answer is known.

mod arrivals;
mod bootstrap;
mod builder;
mod day_shape;
mod dependence;
mod facts;
mod impact;
mod intervals;
mod kind;
mod memory;
mod order_facts;
mod recorded;
mod returns;
mod tails;
#[cfg(test)]
mod tests;
mod touch;

use bearpit_core::units::SimDuration;

use arrivals::Arrivals;
use day_shape::DayShape;
use impact::Impact;
use memory::SignMemory;
use order_facts::FineReturns;
use returns::{ReturnSeries, SESSION};
use touch::TouchShape;

pub(crate) use builder::StylizedBuilder;
pub use kind::StylizedFactKind;
pub use recorded::RecordedFacts;

/// With fewer returns there are no statistics.
const RETURNS_MIN: usize = 250;
/// At how many lags autocorrelation is drawn.
const LAGS: usize = 40;

/// How a market compares with what is known of real ones.
#[derive(Debug, Clone, PartialEq)]
pub struct StylizedFacts {
    /// The interval over which returns are taken.
    pub interval: SimDuration,
    /// How many returns there are.
    pub returns: usize,
    /// The autocorrelation of returns at lags of 1, 2 ... intervals; empty where it is not defined.
    pub autocorrelation: Vec<f64>,
    /// The autocorrelation of the sizes of returns, likewise.
    pub autocorrelation_of_sizes: Vec<f64>,
    /// The density of returns: standard deviations from the mean, and the share of returns there per standard
    /// deviation.
    pub density: Vec<(f64, f64)>,
    /// The density of the normal distribution, likewise, as far out as there are returns.
    pub normal: Vec<(f64, f64)>,
    /// The mean impact of market orders by their size: the size, and the log return of the mid; empty where
    /// there is no curve.
    pub impact_of_orders: Vec<(f64, f64)>,
    /// The same of runs of market orders on one side.
    pub impact_of_runs: Vec<(f64, f64)>,
    /// What is traded in each thirteenth of a session, as a multiple of the mean; empty without sessions.
    pub day_profile: Vec<f64>,
    /// The facts, in the order of [`StylizedFactKind::ALL`].
    pub facts: Vec<StylizedFact>,
    /// What they were taken from, for resampling.
    pub(crate) material: Material,
}

/// What the facts of a listing are taken from.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Material {
    series: ReturnSeries,
    fine: FineReturns,
    signs: SignMemory,
    arrivals: Arrivals,
    of_orders: Impact,
    of_runs: Impact,
    touch: TouchShape,
    day: DayShape,
}

impl StylizedFacts {
    /// Returns whether returns hold what happened while the market was closed: those over a session or longer
    /// do.
    #[must_use]
    pub fn holds_closed_times(&self) -> bool {
        self.interval >= SESSION
    }

    /// Returns the verdict on a fact.
    #[must_use]
    pub fn verdict(&self, kind: StylizedFactKind) -> Option<Verdict> {
        self.facts.iter().find(|fact| fact.fact == kind).map(|fact| fact.verdict)
    }

    /// Gives up what the facts were taken from, and with it their intervals: facts of many markets would keep
    /// all of their returns.
    pub fn forget_observations(&mut self) {
        self.material = Material::default();
    }

    /// Takes away what returns say, for a market whose prices were at or below zero: they have no logarithms.
    pub(crate) fn without_returns(mut self) -> Self {
        self.returns = 0;
        for series in [&mut self.autocorrelation, &mut self.autocorrelation_of_sizes] {
            series.clear();
        }
        self.density.clear();
        self.normal.clear();
        self.impact_of_orders.clear();
        self.impact_of_runs.clear();
        for fact in &mut self.facts {
            if fact.fact.needs_logarithms() {
                fact.statistics.clear();
                fact.sample = 0;
                fact.verdict = Verdict::CannotTell("prices were at or below zero, which have no log returns");
            }
        }
        self
    }
}

/// One of the facts.
#[derive(Debug, Clone, PartialEq)]
pub struct StylizedFact {
    /// Which.
    pub fact: StylizedFactKind,
    /// Its statistics; empty where they are not defined. The first stands for the fact: it is what
    /// [`StylizedFactKind::measured`] names and [`StylizedFactKind::band`] is about.
    pub statistics: Vec<Statistic>,
    /// How many observations they are taken from, of the kind that [`StylizedFactKind::counted`] names.
    pub sample: usize,
    /// What they come to.
    pub verdict: Verdict,
}

/// A statistic of a fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistic {
    /// What it is, with its lag or interval.
    pub name: String,
    /// Its value, a finite number.
    pub value: f64,
    /// What chance does to it.
    pub margin: Margin,
}

/// What chance does to a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Margin {
    /// The true value lies within so much of it, at 95 percent.
    Around(f64),
    /// By chance alone it would lie within so much of zero, at 95 percent.
    Chance(f64),
    /// By chance alone it would be as large with this probability.
    Probability(f64),
    /// No formula says; [`StylizedFacts::interval`] has what resampling says.
    Resampled,
}

/// Whether a fact is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is, by its rule.
    Seen,
    /// The statistics do not show it.
    NotSeen,
    /// There is not enough to decide, and why.
    CannotTell(&'static str),
}
