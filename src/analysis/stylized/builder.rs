//! [`StylizedBuilder`]: collects what the facts are taken from.

use super::arrivals::ArrivalsBuilder;
use super::day_shape::DayShape;
use super::dependence::autocorrelation;
use super::impact::{Impact, ImpactBuilder};
use super::memory::SignMemory;
use super::order_facts::stretches;
use super::returns::ReturnsBuilder;
use super::touch::TouchBuilder;
use super::{LAGS, Material, StylizedFacts, facts, tails};
use crate::analysis::rows::market_rows::{Print, Touch};
use crate::analysis::sampling::periods::Periods;

/// Collects what the facts of a listing are computed from, in order of time.
#[derive(Debug, Clone)]
pub(crate) struct StylizedBuilder {
    returns: ReturnsBuilder,
    signs: SignMemory,
    arrivals: ArrivalsBuilder,
    impact: ImpactBuilder,
    touch: TouchBuilder,
    day: DayShape,
}

impl StylizedBuilder {
    /// Begins; the interval follows from how long the run lasts and how often it is sampled.
    pub(crate) fn new(periods: Periods) -> Self {
        Self {
            returns: ReturnsBuilder::new(periods),
            signs: SignMemory::default(),
            arrivals: ArrivalsBuilder::new(periods.extent),
            impact: ImpactBuilder::new(periods.extent),
            touch: TouchBuilder::new(periods.extent),
            day: DayShape::default(),
        }
    }

    /// Takes the touch, and the mid of it, or that there is none at the moment.
    pub(crate) fn quote(&mut self, at: i64, touch: &Touch, mid: Option<f64>) {
        self.returns.quote(at, mid);
        self.impact.quote(mid);
        self.touch.quote(at, touch);
    }

    /// Takes that the book shows nothing on either side.
    pub(crate) fn shut(&mut self, at: i64) {
        self.returns.shut(at);
        self.arrivals.shut();
        self.impact.shut();
    }

    /// Takes a trade.
    pub(crate) fn trade(&mut self, at: i64, print: &Print) {
        self.returns.trade(at, print.price, print.price * print.quantity);
        if let Some(sign) = print.sign {
            self.signs.add(at, sign);
            self.arrivals.order(at);
            self.impact.trade(at, sign, print.quantity);
            self.day.trade(at, (print.price * print.quantity).abs());
        }
    }

    /// Returns the facts as they stand at `end`.
    pub(crate) fn finish(self, end: i64) -> StylizedFacts {
        let (series, interval, fine) = self.returns.finish(end);
        let enough = facts::enough(&series).is_ok();
        let drawn = |values: &[f64]| autocorrelation(values, LAGS).filter(|_| enough).unwrap_or_default();
        let sizes: Vec<f64> = series.returns.iter().map(|value| value.abs()).collect();
        let density = if enough { tails::density(&series.returns) } else { Vec::new() };
        let material = Material {
            series,
            fine,
            signs: self.signs,
            arrivals: self.arrivals.finish(),
            of_orders: self.impact.of_orders,
            of_runs: self.impact.of_runs,
            touch: self.touch.finish(end),
            day: self.day.finish(),
        };
        let curve =
            |impact: &Impact| impact.curve(&stretches()).map(|curve| curve.points).unwrap_or_default();
        let series = &material.series;
        StylizedFacts {
            interval,
            returns: series.returns.len(),
            autocorrelation: drawn(&series.returns),
            autocorrelation_of_sizes: drawn(&sizes),
            normal: tails::normal_beside(&density),
            density,
            impact_of_orders: curve(&material.of_orders),
            impact_of_runs: curve(&material.of_runs),
            day_profile: material.day.profile(),
            facts: facts::all(&material),
            material,
        }
    }
}
