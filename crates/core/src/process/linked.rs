//! A value that follows that of another instrument.

use std::sync::Arc;

use super::kind::{
    ConfiguredProcess, EarlierInstrument, HALF_LIFE, HOURS_PER_YEAR, ProcessKind, ProcessSite, VOLATILITY,
};
use super::ou::OrnsteinUhlenbeck;
use super::state::ProcessState;
use super::value::{PriceProcess, Value};
use crate::kernel::Stream;
use crate::params::{NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values};
use crate::units::{Seed, SimDuration, SimTime};

const LEADER: ParamSpec = ParamSpec::required(
    "leader",
    ParamType::Leader,
    "symbol of the instrument that it follows, which stands before this one and has a process",
);
const RATIO: ParamSpec = ParamSpec::new(
    "ratio",
    ParamType::Number(NumberRange::above(0.0)),
    ParamDefault::Number(1.0),
    "value for each unit of the leader's value",
);

/// The kind `linked`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "linked",
    doc: "A value cointegrated with that of another instrument (Engle and Granger 1987): `ratio` times the leader's \
          value plus a gap that returns to zero as an `ou` process does. Each of the two wanders, their difference \
          does not. It moves at the leader's steps.",
    params: &[
        LEADER,
        RATIO,
        HALF_LIFE.meaning("time in which the expected gap halves"),
        VOLATILITY.meaning("annualized volatility of the gap as a share of the first value; 0.2 is 20 %"),
        HOURS_PER_YEAR,
    ],
    configure,
};

fn configure(values: &Values, site: &ProcessSite<'_>) -> Result<Arc<dyn ConfiguredProcess>, ParamErrors> {
    let symbol: String = values.get("leader")?;
    let leader = find_leader(&symbol, site.earlier).ok_or_else(|| {
        let message = format!("`leader` is `{symbol}`, which is no earlier instrument that has a process");
        ParamError::invalid("leader", message)
    })?;
    if leader.start(Seed::new(0)).kind() == Some("feed") {
        // It is a copy, which no quote reaches.
        let message = format!("`leader` is `{symbol}`, whose value follows quotes from outside");
        return Err(ParamError::invalid("leader", message)
            .with_help("make this value a `feed`, too, and quote both")
            .into());
    }
    let gap = GapConfig {
        half_life: values.get("half_life")?,
        volatility: values.get("volatility")?,
        hours_per_year: values.get("hours_per_year")?,
    };
    Ok(Arc::new(ConfiguredLinked { symbol, leader, ratio: values.get("ratio")?, gap }))
}

fn find_leader(symbol: &str, earlier: &[EarlierInstrument]) -> Option<Arc<dyn ConfiguredProcess>> {
    earlier.iter().find(|earlier| earlier.symbol == symbol)?.process.clone()
}

/// The configuration of a linked process, which starts a copy of its leader.
#[derive(Debug)]
struct ConfiguredLinked {
    symbol: String,
    leader: Arc<dyn ConfiguredProcess>,
    ratio: f64,
    gap: GapConfig,
}

impl ConfiguredProcess for ConfiguredLinked {
    fn initial(&self) -> f64 {
        self.ratio * self.leader.initial()
    }

    fn step(&self) -> SimDuration {
        self.leader.step()
    }

    fn start(&self, seed: Seed) -> Box<dyn PriceProcess> {
        let leader = Leader { process: self.leader.start(seed), rng: Value::stream(seed, &self.symbol) };
        Box::new(Linked::new(leader, self.ratio, self.initial(), self.gap))
    }

    fn following(&self, earlier: &[EarlierInstrument]) -> Option<Arc<dyn ConfiguredProcess>> {
        let leader = find_leader(&self.symbol, earlier)?;
        Some(Arc::new(Self { symbol: self.symbol.clone(), leader, ratio: self.ratio, gap: self.gap }))
    }

    fn resumed(&self, passed: SimDuration) -> Option<Arc<dyn ConfiguredProcess>> {
        let leader = self.leader.resumed(passed)?;
        Some(Arc::new(Self { symbol: self.symbol.clone(), leader, ratio: self.ratio, gap: self.gap }))
    }
}

/// Two cointegrated values (Engle and Granger 1987): V = ratio x leader + gap, where the gap returns to zero
/// as an Ornstein-Uhlenbeck process does.
///
/// The leader is a copy of another instrument's process, with a copy of its random stream and stepped on the
/// same grid, so that both follow one path without sharing state.
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{GapConfig, Gbm, Leader, Linked, PriceProcess};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// let rng = || stream(Seed::new(1), "leader");
/// let gbm = || Gbm::new(100.0, 0.0, 0.3, 1_638.0);
/// // A gap without volatility stays zero, so the value is half the leader's.
/// let gap = GapConfig { half_life: SimDuration::from_secs(60), volatility: 0.0, hours_per_year: 1_638.0 };
/// let mut linked = Linked::new(Leader { process: Box::new(gbm()), rng: rng() }, 0.5, 50.0, gap);
/// let (second, start) = (SimDuration::from_secs(1), SimTime::from_nanos(0));
/// let leader = gbm().step(start + second, second, &mut rng());
/// let value = linked.step(start + second, second, &mut stream(Seed::new(1), "own"));
/// assert!((value - leader / 2.0).abs() < 1e-9);
/// ```
#[derive(Debug)]
pub struct Linked {
    leader: Leader,
    ratio: f64,
    /// The gap plus `center`, because the process needs a mean above zero.
    gap: OrnsteinUhlenbeck,
    center: f64,
    /// The leader's value.
    leader_value: f64,
}

/// The process of another instrument, with a copy of its random stream.
#[derive(Debug)]
pub struct Leader {
    /// A copy of the process.
    pub process: Box<dyn PriceProcess>,
    /// A copy of its random stream.
    pub rng: Stream,
}

/// How a gap moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GapConfig {
    /// Time in which the gap halves; above zero.
    pub half_life: SimDuration,
    /// Annualised volatility as a share of the first value; at or above zero.
    pub volatility: f64,
    /// Hours of virtual time in a year.
    pub hours_per_year: f64,
}

impl Linked {
    /// Makes a process that begins with no gap at `initial`, which is `ratio` (above zero) times the first
    /// value of `leader`.
    #[must_use]
    pub fn new(leader: Leader, ratio: f64, initial: f64, gap: GapConfig) -> Self {
        let GapConfig { half_life, volatility, hours_per_year } = gap;
        let gap = OrnsteinUhlenbeck::new(initial, initial, half_life, volatility, hours_per_year);
        Self { leader, ratio, gap, center: initial, leader_value: initial / ratio }
    }
}

impl PriceProcess for Linked {
    fn step(&mut self, to: SimTime, span: SimDuration, rng: &mut Stream) -> f64 {
        self.leader_value = self.leader.process.step(to, span, &mut self.leader.rng);
        let gap = self.gap.step(to, span, rng) - self.center;
        // Prices stay above zero, however far the leader falls.
        (self.ratio * self.leader_value + gap).max(self.center * 1e-4)
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }

    /// Returns the gap's number and the leader's value.
    fn state(&self) -> Vec<f64> {
        let mut state = self.gap.state();
        state.push(self.leader_value);
        state
    }

    fn closing_state(&self) -> ProcessState {
        let (kind, leader) = (Some(KIND.name.to_owned()), Box::new(self.leader.process.closing_state()));
        ProcessState { kind, shocks: None, numbers: self.state(), leader: Some(leader) }
    }

    /// The leader goes on from its own value and state, as the instrument does that it is a copy of; what
    /// shocks of this value left becomes part of the gap.
    fn go_on(&mut self, value: f64, state: &ProcessState) {
        let is_own = state.is_of(Some(KIND.name));
        let numbers = state.leader.as_deref().filter(|_| is_own).zip(state.numbers.get(..2));
        if let Some((leader, &[gap, leader_value])) = numbers {
            self.leader_value = leader_value;
            self.leader.process.go_on(leader_value, leader);
            if !state.is_shocked() {
                return self.gap.restore(&[gap]);
            }
        }
        self.gap.restore(&[value - self.ratio * self.leader_value + self.center]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream;
    use crate::process::Gbm;
    use crate::units::Seed;

    const STEP: SimDuration = SimDuration::from_secs(60);

    /// Walks leader and follower for `steps`, and returns the gaps between them.
    fn gaps(volatility: f64, steps: usize) -> Vec<f64> {
        let gbm = || Gbm::new(100.0, 0.0, 0.3, 1_638.0);
        let rng = |name| stream(Seed::new(5), name);
        let gap = GapConfig { half_life: SimDuration::from_secs(600), volatility, hours_per_year: 1_638.0 };
        let mut leader = gbm();
        let mut linked = Linked::new(Leader { process: Box::new(gbm()), rng: rng("leader") }, 0.5, 50.0, gap);
        let (mut leader_rng, mut own) = (rng("leader"), rng("own"));
        let at = SimTime::from_nanos(0);
        let gap = |_| linked.step(at, STEP, &mut own) - 0.5 * leader.step(at, STEP, &mut leader_rng);
        (0..steps).map(gap).collect()
    }

    #[test]
    fn without_a_gap_the_value_is_the_leaders_times_the_ratio() {
        assert!(gaps(0.0, 1_000).iter().all(|gap| gap.abs() < 1e-9));
    }

    #[test]
    fn the_gap_has_the_variance_of_theory_and_no_trend() {
        let gaps = gaps(0.1, 200_000);
        let count = 200_000.0;
        let mean = gaps.iter().sum::<f64>() / count;
        let variance = gaps.iter().map(|gap| gap * gap).sum::<f64>() / count;
        // Diffusion 0.1 x 50 a year; variance s^2 / (2 theta), theta = ln 2 per ten minutes.
        let expected = 25.0 / 1_638.0 / (2.0 * std::f64::consts::LN_2 * 6.0);
        assert!((variance / expected - 1.0).abs() < 0.05, "{variance} {expected}");
        assert!(mean.abs() < 0.1 * libm::sqrt(expected), "{mean}");
    }
}
