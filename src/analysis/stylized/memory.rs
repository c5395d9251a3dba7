//! [`SignMemory`]: how long purchases follow purchases.

use super::bootstrap::of_blocks;
use crate::analysis::metrics::series::{finite, real};

/// The longest blocks are those of which there are so many.
const BLOCKS_MIN: usize = 50;
/// They are compared with blocks that are so many times halved: what orders in a row have in common for a
/// while is in both, and no long memory.
const HALVED: usize = 3;
/// The longest blocks have 2 to the power of this orders at least.
const LONG_MIN: usize = 8;

/// Sums of signs over blocks of one length.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Blocks {
    /// The first half of a block of the next length, if it waits for the other.
    half: Option<f64>,
    count: usize,
    sum: f64,
    squares: f64,
}

impl Blocks {
    /// Returns the variance of the sums around their mean.
    fn variance(&self) -> f64 {
        let mean = self.sum / real(self.count);
        self.squares / real(self.count) - mean * mean
    }
}

/// The variance of sums of the signs of market orders over blocks of 1, 2, 4 ... of them; nothing else is
/// kept but a byte for each 32 of them.
///
/// Trades of one instant on one side are one order: what takes several resting orders counts once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct SignMemory {
    last: Option<(i64, f64)>,
    levels: Vec<Blocks>,
    /// The sums of signs of 32 orders each, from which samples are drawn.
    chunks: Vec<i8>,
}

/// Chunks are blocks of 2 to the power of this orders.
const CHUNK_LEVEL: usize = LONG_MIN - HALVED;

/// How fast sums of signs spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hurst {
    /// The exponent: half that of the variance over the length of blocks.
    pub(super) exponent: f64,
    /// Its standard error.
    pub(super) error: f64,
    /// The lengths of the blocks that were compared.
    pub(super) blocks: [usize; 2],
}

impl SignMemory {
    /// With fewer orders there is no result.
    pub(super) const ORDERS_MIN: usize = BLOCKS_MIN << LONG_MIN;

    /// Adds a trade with an aggressor: +1 for a purchase, -1 for a sale.
    pub(super) fn add(&mut self, at: i64, sign: f64) {
        let order = Some((at, sign));
        if self.last != order {
            self.last = order;
            self.push(sign);
        }
    }

    fn push(&mut self, sign: f64) {
        let mut carried = Some(sign);
        let mut level = 0;
        while let Some(sum) = carried {
            if level == self.levels.len() {
                self.levels.push(Blocks::default());
            }
            let blocks = &mut self.levels[level];
            blocks.count += 1;
            blocks.sum += sum;
            blocks.squares += sum * sum;
            if level == CHUNK_LEVEL {
                #[expect(clippy::cast_possible_truncation, reason = "a sum of 32 signs")]
                self.chunks.push(sum as i8);
            }
            carried = blocks.half.take().map(|half| half + sum);
            blocks.half = carried.is_none().then_some(sum);
            level += 1;
        }
    }

    /// Returns how many orders there were.
    pub(super) fn orders(&self) -> usize {
        self.levels.first().map_or(0, |blocks| blocks.count)
    }

    /// Returns the Hurst exponent from the variances of sums over the longest blocks of which there are
    /// fifty, and over blocks an eighth as long; `None` for fewer than 12,800 orders, and where sums do not
    /// vary.
    ///
    /// A variance from N blocks has a relative error of root(2 / N); the two are taken as independent, which
    /// makes the error rather too large, as the long blocks are made of the short ones.
    pub(super) fn hurst(&self) -> Option<Hurst> {
        let long = self.levels.iter().rposition(|blocks| blocks.count >= BLOCKS_MIN)?;
        let short = long.checked_sub(HALVED).filter(|_| long >= LONG_MIN)?;
        let (few, many) = (self.levels.get(long)?, self.levels.get(short)?);
        let growth = few.variance() / many.variance();
        let lengths = libm::log(2.0) * real(HALVED);
        if !(growth.is_finite() && growth > 0.0) {
            return None;
        }
        Some(Hurst {
            exponent: libm::log(growth) / lengths / 2.0,
            error: (2.0 / real(few.count) + 2.0 / real(many.count)).sqrt() / lengths / 2.0,
            blocks: [1 << short, 1 << long],
        })
    }

    /// Returns the interval of the exponent: the longest blocks are drawn, each with the shorter ones in it.
    pub(super) fn interval(&self, name: &str) -> Option<[f64; 2]> {
        let hurst = self.hurst()?;
        let [short, long] = hurst.blocks.map(|orders| orders >> CHUNK_LEVEL);
        let blocks: Vec<[f64; 4]> =
            self.chunks.chunks_exact(long).map(|block| moments(block, short)).collect();
        let parts = real(1 << HALVED);
        of_blocks(name, blocks.len(), |drawn| {
            let mut sums = [0.0; 4];
            for block in drawn {
                sums.iter_mut().zip(blocks[*block]).for_each(|(sum, value)| *sum += value);
            }
            let count = real(drawn.len());
            let variance = |sum: f64, squares: f64, count: f64| squares / count - (sum / count).powi(2);
            let few = variance(sums[0], sums[1], count);
            let many = variance(sums[2], sums[3], count * parts);
            finite(libm::log(few / many) / (libm::log(2.0) * real(HALVED)) / 2.0)
        })
    }
}

/// Returns the sum of a block and its square, and the sums of the shorter blocks in it and of their squares.
fn moments(block: &[i8], short: usize) -> [f64; 4] {
    let sum = |chunks: &[i8]| chunks.iter().map(|chunk| f64::from(*chunk)).sum::<f64>();
    let whole = sum(block);
    let parts = block.chunks_exact(short.max(1)).map(sum);
    let (sums, squares) =
        parts.fold((0.0, 0.0), |(sums, squares), part| (sums + part, squares + part * part));
    [whole, whole * whole, sums, squares]
}
