//! Stylized facts: whether a market's prices and trades look like those of real markets.
//!
//! What real markets have in common follows Cont (2001), "Empirical properties of asset returns: stylized
//! facts and statistical issues", Quantitative Finance 1, 223-236, and for the order of trades by Lillo and
//! Farmer (2004), "The long memory of the efficient market", Studies in Nonlinear Dynamics & Econometrics
//! 8(3). Each of eight facts has statistics, a rule that is the same for every market, and a verdict:
//! [`StylizedFact`]. `docs/stylized.md` has the formulas.
//!
//! Returns are those of the mid over equal intervals ([`returns`]), so that trades which alternate between
//! bid and ask move nothing. The tests compare every statistic with what statsmodels and scipy say of the
//! same series.

mod dependence;
mod facts;
mod memory;
mod returns;
mod tails;
#[cfg(test)]
mod tests;

use crate::analysis::rows::market_rows::Print;
use crate::analysis::sampling::periods::Periods;
use bearpit_core::units::SimDuration;
use dependence::autocorrelation;
use memory::SignMemory;
use returns::{ReturnsBuilder, SESSION};

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
    /// The facts, in the order of [`StylizedFactKind::ALL`].
    pub facts: Vec<StylizedFact>,
}

impl StylizedFacts {
    /// Returns whether returns hold what happened while the market was closed: those over a session or longer
    /// do.
    #[must_use]
    pub fn holds_closed_times(&self) -> bool {
        self.interval >= SESSION
    }

    /// Takes away what returns say, for a market whose prices were at or below zero: they have no logarithms.
    pub(crate) fn without_returns(mut self) -> Self {
        self.returns = 0;
        for series in [&mut self.autocorrelation, &mut self.autocorrelation_of_sizes] {
            series.clear();
        }
        self.density.clear();
        self.normal.clear();
        for fact in &mut self.facts {
            if fact.fact != StylizedFactKind::LongMemoryOfSigns {
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
    /// Its statistics; empty where they are not defined.
    pub statistics: Vec<Statistic>,
    /// How many returns or orders they are taken from.
    pub sample: usize,
    /// What they come to.
    pub verdict: Verdict,
}

/// What is known of real markets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StylizedFactKind {
    /// Returns do not predict those after the next.
    NoAutocorrelation,
    /// Large returns are more frequent than normal ones.
    HeavyTails,
    /// Falls are larger than rises.
    Asymmetry,
    /// Returns over longer intervals are closer to normal.
    AggregationalGaussianity,
    /// Large returns follow upon large ones, of either sign.
    VolatilityClustering,
    /// Volatility rises after falls.
    Leverage,
    /// More is traded when prices move more.
    VolumeAndVolatility,
    /// Purchases follow upon purchases for long.
    LongMemoryOfSigns,
}

impl StylizedFactKind {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::NoAutocorrelation,
        Self::HeavyTails,
        Self::Asymmetry,
        Self::AggregationalGaussianity,
        Self::VolatilityClustering,
        Self::Leverage,
        Self::VolumeAndVolatility,
        Self::LongMemoryOfSigns,
    ];

    /// Returns what it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAutocorrelation => "no autocorrelation after the first lag",
            Self::HeavyTails => "heavy tails",
            Self::Asymmetry => "gain/loss asymmetry",
            Self::AggregationalGaussianity => "aggregational Gaussianity",
            Self::VolatilityClustering => "volatility clustering",
            Self::Leverage => "leverage effect",
            Self::VolumeAndVolatility => "volume and volatility",
            Self::LongMemoryOfSigns => "long memory of trade signs",
        }
    }

    /// Returns what real markets show.
    #[must_use]
    pub const fn in_real_markets(self) -> &'static str {
        match self {
            Self::NoAutocorrelation => "past returns hardly predict later ones, except within minutes",
            Self::HeavyTails => {
                "extreme returns are far more frequent than normal ones; tail index of 2 to 5"
            }
            Self::Asymmetry => "shares and indices fall deeper at once than they rise; currencies do not",
            Self::AggregationalGaussianity => "over longer intervals returns come closer to normal",
            Self::VolatilityClustering => "large returns follow upon large ones, which fades slowly",
            Self::Leverage => {
                "volatility rises after falls; weak, for indices more than for shares, not for all assets"
            }
            Self::VolumeAndVolatility => "more is traded when prices move more",
            Self::LongMemoryOfSigns => {
                "purchases follow upon purchases over thousands of orders; exponent about 0.7"
            }
        }
    }

    /// Returns the rule by which it counts as seen.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NoAutocorrelation => {
                "p of Q over lags 2 to 21, robust to changing volatility, is at least 0.01"
            }
            Self::HeavyTails => {
                "excess kurtosis beyond chance, and the tail index, with its error, meets 2 to 5"
            }
            Self::Asymmetry => "skewness is below zero by more than chance",
            Self::AggregationalGaussianity => {
                "excess kurtosis is beyond chance, and over the longest interval lower by more than its error"
            }
            Self::VolatilityClustering => {
                "p of Q of |r| is below 0.01, and at least 10 of its 20 lags lie above chance"
            }
            Self::Leverage => "the mean correlation is below zero by more than chance",
            Self::VolumeAndVolatility => "the correlation of ranks is above zero by more than chance",
            Self::LongMemoryOfSigns => "the exponent is above 0.5 by more than its error",
        }
    }
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

/// Collects what the facts of a listing are computed from, in order of time.
#[derive(Debug, Clone)]
pub(crate) struct StylizedBuilder {
    returns: ReturnsBuilder,
    signs: SignMemory,
}

impl StylizedBuilder {
    /// Begins; the interval follows from how long the run lasts and how often it is sampled.
    pub(crate) fn new(periods: Periods) -> Self {
        Self { returns: ReturnsBuilder::new(periods), signs: SignMemory::default() }
    }

    /// Takes a mid, or that there is none at the moment.
    pub(crate) fn quote(&mut self, at: i64, mid: Option<f64>) {
        self.returns.quote(at, mid);
    }

    /// Takes that the book shows nothing on either side.
    pub(crate) fn shut(&mut self, at: i64) {
        self.returns.shut(at);
    }

    /// Takes a trade.
    pub(crate) fn trade(&mut self, at: i64, print: &Print) {
        self.returns.trade(at, print.price, print.price * print.quantity);
        if let Some(sign) = print.sign {
            self.signs.add(at, sign);
        }
    }

    /// Returns the facts as they stand at `end`.
    pub(crate) fn finish(self, end: i64) -> StylizedFacts {
        let (series, interval) = self.returns.finish(end);
        let enough = facts::enough(&series).is_ok();
        let drawn = |values: &[f64]| autocorrelation(values, LAGS).filter(|_| enough).unwrap_or_default();
        let sizes: Vec<f64> = series.returns.iter().map(|value| value.abs()).collect();
        let density = if enough { tails::density(&series.returns) } else { Vec::new() };
        StylizedFacts {
            interval,
            returns: series.returns.len(),
            autocorrelation: drawn(&series.returns),
            autocorrelation_of_sizes: drawn(&sizes),
            normal: tails::normal_beside(&density),
            density,
            facts: facts::all(&series, &self.signs),
        }
    }
}
