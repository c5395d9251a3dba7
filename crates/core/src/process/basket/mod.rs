//! [`Basket`]: processes whose shocks are correlated.

use std::sync::Arc;

use rand_distr::Distribution;
use thiserror::Error;

use super::kind::ConfiguredProcess;
use super::moments::Moments;
use super::state::ProcessState;
use super::value::PriceProcess;
use crate::kernel::{StandardNormal, Stream, stream};
use crate::params::ParamError;
use crate::units::{Seed, SimDuration, SimTime};

/// How far below zero rounding may take an eigenvalue of a matrix that is positive semi-definite.
const ROUNDING: f64 = 1e-9;

/// Processes, by their symbols, whose shocks are correlated.
///
/// ```
/// use bearpit_core::process::{Basket, BasketError};
///
/// let symbols = ["A", "B", "C"].map(str::to_owned).to_vec();
/// let good = vec![vec![1.0, 0.6, 0.3], vec![0.6, 1.0, 0.5], vec![0.3, 0.5, 1.0]];
/// assert!(Basket::new(symbols.clone(), &good).is_ok());
///
/// // What follows A closely and B closely cannot see the two part.
/// let bad = vec![vec![1.0, -0.9, 0.9], vec![-0.9, 1.0, 0.9], vec![0.9, 0.9, 1.0]];
/// let error = Basket::new(symbols, &bad).unwrap_err();
/// assert!(matches!(error, BasketError::NotSemiDefinite { eigenvalue } if (eigenvalue + 0.8).abs() < 1e-9));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Basket {
    symbols: Vec<String>,
    /// The rows of the Cholesky factor, up to its diagonal.
    factor: Vec<Vec<f64>>,
}

/// Why a matrix is no correlation of these symbols.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum BasketError {
    /// There is nothing to correlate, or too much.
    #[error("a basket has {count} instruments, but must have from 2 to {most}", most = Basket::SIZE_MAX)]
    Size {
        /// How many symbols there are.
        count: usize,
    },
    /// The matrix has too many or too few rows.
    #[error("`correlation` has {found} rows, but must have {wanted}: one for each of `instruments`")]
    Rows {
        /// How many there are.
        found: usize,
        /// How many there must be.
        wanted: usize,
    },
    /// A row has too many or too few entries, or one that does not fit.
    #[error("{message}")]
    Row {
        /// The row, from 1.
        row: usize,
        /// What is wrong.
        message: String,
    },
    /// No random numbers have these correlations.
    #[error("`correlation` is not positive semi-definite: its smallest eigenvalue is {eigenvalue:.6}")]
    NotSemiDefinite {
        /// The smallest eigenvalue.
        eigenvalue: f64,
    },
}

impl BasketError {
    /// Returns what could be done about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let Self::NotSemiDefinite { eigenvalue } = self else { return None };
        let most = libm::floor(1e4 / (1.0 - eigenvalue)) / 1e4;
        Some(format!(
            "no three or more prices can move like that; multiply all entries off the diagonal by {most} or less, or take \
             the nearest correlation matrix (Higham 2002)"
        ))
    }
}

impl Basket {
    /// How many instruments a basket has at most: eigenvalues of a matrix take the cube of that.
    pub const SIZE_MAX: usize = 100;

    /// Correlates the shocks of these symbols.
    ///
    /// # Errors
    /// [`BasketError`] unless there are 2 to 100 symbols, and the matrix is symmetric, has 1 on its diagonal
    /// and is positive semi-definite.
    pub fn new(symbols: Vec<String>, correlation: &[Vec<f64>]) -> Result<Self, BasketError> {
        let count = symbols.len();
        if !(2..=Self::SIZE_MAX).contains(&count) {
            return Err(BasketError::Size { count });
        }
        if correlation.len() != count {
            return Err(BasketError::Rows { found: correlation.len(), wanted: count });
        }
        for (number, row) in (1..).zip(correlation) {
            check_row(number, row, correlation)
                .map_err(|message| BasketError::Row { row: number, message })?;
        }
        let eigenvalue = smallest_eigenvalue(correlation.to_vec());
        if eigenvalue < -ROUNDING {
            return Err(BasketError::NotSemiDefinite { eigenvalue });
        }
        Ok(Self { symbols, factor: cholesky(correlation) })
    }

    /// Returns the symbols.
    #[must_use]
    pub fn symbols(&self) -> &[String] {
        &self.symbols
    }

    /// Makes the process of one of the symbols a member; `None` if there is no such symbol, or if what moves
    /// the process is not one normal number a step.
    #[must_use]
    pub fn member(
        self: &Arc<Self>,
        symbol: &str,
        process: Arc<dyn ConfiguredProcess>,
    ) -> Option<Arc<dyn ConfiguredProcess>> {
        let index = self.symbols.iter().position(|it| it == symbol)?;
        // Whether it has such a number is known to it when it runs: a copy that nobody sees tries.
        let mut rng = stream(Seed::new(0), "basket");
        process.start(Seed::new(0)).step_by(process.step(), 0.0, &mut rng)?;
        Some(Arc::new(ConfiguredMember { basket: Arc::clone(self), index, process }))
    }
}

fn check_row(number: usize, row: &[f64], all: &[Vec<f64>]) -> Result<(), String> {
    if row.len() != all.len() {
        return Err(format!(
            "row {number} of `correlation` has {} entries, but must have {}",
            row.len(),
            all.len()
        ));
    }
    for (column, (entry, other)) in (1..).zip(row.iter().zip(all)) {
        let place = format!("entry {column} of row {number} of `correlation`");
        if column == number && (entry - 1.0).abs() > ROUNDING {
            return Err(format!("{place} is {entry}, but must be 1: a price's correlation with itself"));
        }
        if !(-1.0..=1.0).contains(entry) {
            return Err(format!("{place} is {entry}, but must be from -1 to 1"));
        }
        if let Some(mirrored) = other.get(number - 1).filter(|it| (*it - entry).abs() > ROUNDING) {
            return Err(format!(
                "{place} is {entry}, but entry {number} of row {column} is {mirrored}: the two must be equal"
            ));
        }
    }
    Ok(())
}

/// Returns the rows of the lower triangular L with L L' = matrix, up to the diagonal; of one that is
/// singular, too.
fn cholesky(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut factor: Vec<Vec<f64>> = Vec::new();
    for (i, row) in matrix.iter().enumerate() {
        let mut own: Vec<f64> = Vec::new();
        for (j, entry) in row.iter().enumerate().take(i) {
            let done: f64 = factor[j].iter().zip(&own).map(|(a, b)| a * b).sum();
            // Where the diagonal is zero, so is all that is left of the column.
            let pivot = factor[j][j];
            own.push(if pivot > 0.0 { (entry - done) / pivot } else { 0.0 });
        }
        let rest = row[i] - own.iter().map(|it| it * it).sum::<f64>();
        own.push(if rest > ROUNDING { libm::sqrt(rest) } else { 0.0 });
        factor.push(own);
    }
    factor
}

/// Returns the smallest eigenvalue of a symmetric matrix, by rotations of Jacobi (1846).
fn smallest_eigenvalue(mut matrix: Vec<Vec<f64>>) -> f64 {
    const SWEEPS_MAX: usize = 60;
    let count = matrix.len();
    for _ in 0..SWEEPS_MAX {
        let off: f64 = (0..count).map(|i| matrix[i][..i].iter().map(|it| it * it).sum::<f64>()).sum();
        if off < 1e-22 {
            break;
        }
        for p in 0..count {
            for q in p + 1..count {
                rotate(&mut matrix, p, q);
            }
        }
    }
    (0..count).map(|i| matrix[i][i]).fold(f64::INFINITY, f64::min)
}

/// Rotates rows and columns p and q, which comes later, so that their entry becomes zero.
fn rotate(matrix: &mut [Vec<f64>], p: usize, q: usize) {
    let entry = matrix[p][q];
    if entry == 0.0 {
        return;
    }
    let half = (matrix[q][q] - matrix[p][p]) / (2.0 * entry);
    let tangent = libm::copysign(1.0, half) / (half.abs() + libm::sqrt(half * half + 1.0));
    let cosine = 1.0 / libm::sqrt(tangent * tangent + 1.0);
    let sine = tangent * cosine;
    for row in matrix.iter_mut() {
        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
    }
    // q comes after p.
    let (before, after) = matrix.split_at_mut(q);
    for (a, b) in before[p].iter_mut().zip(&mut after[0]) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

/// A member of a basket, which starts with copies of the streams of those before it.
#[derive(Debug)]
struct ConfiguredMember {
    basket: Arc<Basket>,
    index: usize,
    process: Arc<dyn ConfiguredProcess>,
}

impl ConfiguredProcess for ConfiguredMember {
    fn initial(&self) -> f64 {
        self.process.initial()
    }

    fn step(&self) -> SimDuration {
        self.process.step()
    }

    fn start(&self, seed: Seed) -> Box<dyn PriceProcess> {
        let shared = self.basket.symbols[..=self.index].iter();
        let streams = shared.map(|symbol| stream(seed, &format!("basket/{symbol}"))).collect();
        let row = self.basket.factor[self.index].clone();
        Box::new(Member { process: self.process.start(seed), streams, row })
    }

    fn warnings(&self) -> &[ParamError] {
        self.process.warnings()
    }
}

/// A process that moves by a weighted sum of the normal numbers of its basket.
///
/// Number j of a basket is drawn from a stream of its own, of which each member that needs it has a copy; all
/// members are stepped on one grid, so that they draw the same numbers without sharing state.
#[derive(Debug)]
struct Member {
    process: Box<dyn PriceProcess>,
    streams: Vec<Stream>,
    row: Vec<f64>,
}

impl PriceProcess for Member {
    fn step(&mut self, to: SimTime, span: SimDuration, rng: &mut Stream) -> f64 {
        let mut shock = 0.0;
        for (weight, stream) in self.row.iter().zip(&mut self.streams) {
            let own: f64 = StandardNormal.sample(stream);
            shock += weight * own;
        }
        // A basket has only processes that move by such a number.
        self.process.step_by(span, shock, rng).unwrap_or_else(|| self.process.step(to, span, rng))
    }

    fn moments(&self, after: SimDuration) -> Moments {
        self.process.moments(after)
    }

    fn kind(&self) -> Option<&'static str> {
        self.process.kind()
    }

    fn closing_state(&self) -> ProcessState {
        self.process.closing_state()
    }

    fn go_on(&mut self, value: f64, state: &ProcessState) {
        self.process.go_on(value, state);
    }
}

#[cfg(test)]
mod tests;
