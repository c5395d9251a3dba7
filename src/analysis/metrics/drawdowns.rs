//! The drawdowns one by one.

use super::series::underwater;

/// A stretch of periods that end below the highest wealth before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// The first period that ends under water, counted from 0.
    pub start: usize,
    /// The period that ends deepest.
    pub valley: usize,
    /// The last period that ends under water.
    pub end: usize,
    /// Whether the next period brought wealth back; if not, the series ends under water.
    pub recovered: bool,
    /// Wealth at the valley over the highest before, less 1.
    pub depth: f64,
}

impl Drawdown {
    /// Returns how many periods it lasts.
    #[must_use]
    pub const fn periods(&self) -> usize {
        self.end - self.start + 1
    }
}

/// Returns the drawdowns in order of time. quantstats `drawdown_details`, but with one that begins in the
/// first period and never ends, which quantstats leaves out.
#[must_use]
pub fn drawdowns(returns: &[f64]) -> Vec<Drawdown> {
    let mut found: Vec<Drawdown> = Vec::new();
    let mut open: Option<Drawdown> = None;
    for (index, depth) in underwater(returns).into_iter().enumerate() {
        if depth < 0.0 {
            let drawdown = open.get_or_insert(Drawdown {
                start: index,
                valley: index,
                end: index,
                recovered: false,
                depth,
            });
            drawdown.end = index;
            if depth < drawdown.depth {
                (drawdown.valley, drawdown.depth) = (index, depth);
            }
        } else {
            found.extend(open.take().map(|drawdown| Drawdown { recovered: true, ..drawdown }));
        }
    }
    found.extend(open);
    found
}
