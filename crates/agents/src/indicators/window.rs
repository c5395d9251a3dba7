//! [`Window`]: the summary of the last n inputs, combined at every step without subtraction.

use super::input::Scale;

/// The summary of a stretch of inputs.
pub trait Summary: Copy + Default {
    /// Combines two adjacent stretches; `self` is the older.
    ///
    /// Must be associative, up to rounding.
    #[must_use]
    fn then(self, newer: Self) -> Self;

    /// Returns the summary of the same inputs, multiplied.
    #[must_use]
    fn rescaled(self, by: Scale) -> Self;
}

/// The summary of the last n inputs.
///
/// The stream is cut into blocks of n. Kept are one summary of the inputs so far in the current block, and
/// the summary of every tail of the block before. The last n inputs are always one tail and one beginning
/// (van Herk 1992; Gil and Werman 1993). The tails are computed when a block is full, which takes n steps
/// every n updates.
///
/// A running sum with additions and subtractions would be half the work, but would keep the rounding errors
/// of everything it ever held: after a price of 1e9 it could never again resolve a variance of 1.
#[derive(Debug, Clone)]
pub(super) struct Window<S> {
    /// The inputs of this block before `at`, and from there on the tails of the block before.
    items: Box<[S]>,
    at: usize,
    beginning: S,
    full: bool,
}

impl<S: Summary> Window<S> {
    /// Makes a window of `period` inputs, at least 1.
    pub(super) fn new(period: u32) -> Self {
        let items = vec![S::default(); period.max(1) as usize].into_boxed_slice();
        Self { items, at: 0, beginning: S::default(), full: false }
    }

    /// Takes an input, and returns the summary of the last n once there are as many.
    pub(super) fn push(&mut self, item: S) -> Option<S> {
        self.beginning = if self.at == 0 { item } else { self.beginning.then(item) };
        self.items[self.at] = item;
        self.at += 1;
        match self.items.get(self.at) {
            Some(tail) => self.full.then(|| tail.then(self.beginning)),
            None => {
                self.turn();
                Some(self.beginning)
            }
        }
    }

    /// Makes the tails of a block that is full, in place of its inputs.
    fn turn(&mut self) {
        let mut tail: Option<S> = None;
        for item in self.items.iter_mut().rev() {
            let longer = tail.map_or(*item, |shorter| item.then(shorter));
            *item = longer;
            tail = Some(longer);
        }
        self.at = 0;
        self.full = true;
    }

    /// Multiplies all inputs; returns the summary of the last n, if there are as many.
    pub(super) fn rescale(&mut self, by: Scale) -> Option<S> {
        for item in &mut self.items {
            *item = item.rescaled(by);
        }
        self.beginning = self.beginning.rescaled(by);
        let tail = self.items.get(self.at).filter(|_| self.full)?;
        Some(if self.at == 0 { self.beginning } else { tail.then(self.beginning) })
    }

    /// Drops all inputs.
    pub(super) fn clear(&mut self) {
        self.at = 0;
        self.full = false;
    }
}

/// The input n updates ago.
#[derive(Debug, Clone)]
pub(super) struct Lag {
    values: Box<[f64]>,
    at: usize,
    full: bool,
}

impl Lag {
    /// Makes a lag of `period` updates, at least 1.
    pub(super) fn new(period: u32) -> Self {
        Self { values: vec![0.0; period.max(1) as usize].into_boxed_slice(), at: 0, full: false }
    }

    /// Takes an input, and returns that of n updates before it.
    pub(super) fn push(&mut self, value: f64) -> Option<f64> {
        let old = self.full.then_some(self.values[self.at]);
        self.values[self.at] = value;
        self.at += 1;
        if self.at == self.values.len() {
            self.at = 0;
            self.full = true;
        }
        old
    }

    /// Multiplies all inputs.
    pub(super) fn rescale(&mut self, factor: f64) {
        self.values.iter_mut().for_each(|value| *value *= factor);
    }

    /// Drops all inputs.
    pub(super) fn clear(&mut self) {
        self.at = 0;
        self.full = false;
    }
}
