//! [`StylizedFactKind`]: the facts, their rules, and what real markets show.

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
    /// Large returns follow large ones, of either sign.
    VolatilityClustering,
    /// Volatility rises after falls.
    Leverage,
    /// More is traded when prices move more.
    VolumeAndVolatility,
    /// Buy orders follow buy orders for long.
    LongMemoryOfSigns,
    /// Sums of returns vary as much as independent ones would.
    VarianceRatio,
    /// Orders arrive in clusters.
    Arrivals,
    /// Sizes at the touch vary much, and the spread opens at times.
    SpreadAndDepth,
    /// More is traded when a session begins and ends.
    IntradayPattern,
    /// Larger orders move prices further, but by less than in proportion.
    PriceImpact,
    /// So do orders that were cut in pieces.
    MetaorderImpact,
    /// Prices go where the order flow at the touch goes.
    OrderFlowImbalance,
}

impl StylizedFactKind {
    /// All of them, in order.
    pub const ALL: [Self; 15] = [
        Self::NoAutocorrelation,
        Self::HeavyTails,
        Self::Asymmetry,
        Self::AggregationalGaussianity,
        Self::VolatilityClustering,
        Self::Leverage,
        Self::VolumeAndVolatility,
        Self::LongMemoryOfSigns,
        Self::VarianceRatio,
        Self::Arrivals,
        Self::SpreadAndDepth,
        Self::IntradayPattern,
        Self::PriceImpact,
        Self::MetaorderImpact,
        Self::OrderFlowImbalance,
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
            Self::VarianceRatio => "variance ratio",
            Self::Arrivals => "clustered order arrivals",
            Self::SpreadAndDepth => "spread and depth",
            Self::IntradayPattern => "intraday pattern",
            Self::PriceImpact => "impact of orders",
            Self::MetaorderImpact => "impact of metaorders",
            Self::OrderFlowImbalance => "order-flow imbalance",
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
            Self::VolatilityClustering => "large returns follow large ones, which fades slowly",
            Self::Leverage => {
                "volatility rises after falls; weak, for indices more than for shares, not for all assets"
            }
            Self::VolumeAndVolatility => "more is traded when prices move more",
            Self::LongMemoryOfSigns => {
                "buy orders follow buy orders over thousands of orders; exponent about 0.7"
            }
            Self::VarianceRatio => {
                "variance grows with the interval as that of independent returns does: 0.7 to 1.3"
            }
            Self::Arrivals => {
                "arrivals are more clustered than those of a Poisson process: standard deviation of 1.1 to 5 means"
            }
            Self::SpreadAndDepth => {
                "sizes at the touch vary about as much as their mean; the spread is skewed to wide ones"
            }
            Self::IntradayPattern => {
                "the first and last half hour trade 1.2 to 4 times as much as the middle of the session"
            }
            Self::PriceImpact => "an order moves the mid by its size to the power of 0.2 to 0.5",
            Self::MetaorderImpact => {
                "orders in a row on one side move the mid by about the root of their sum: 0.4 to 0.7"
            }
            Self::OrderFlowImbalance => {
                "the imbalance of order flow explains 0.3 to 0.95 of how the mid moves in ten seconds"
            }
        }
    }

    /// Returns the rule by which it counts as seen.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NoAutocorrelation => {
                "p of Q over lags 2 to 21, robust to changing volatility, is at least 0.01, and the first lag within ±0.2"
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
            Self::VarianceRatio => "the ratio lies within 0.7 to 1.3",
            Self::Arrivals => "the coefficient of variation lies within 1.1 to 5",
            Self::SpreadAndDepth => {
                "the coefficient of variation of sizes lies within 0.5 to 2, and the skewness of the spread is above zero"
            }
            Self::IntradayPattern => "the ratio lies within 1.2 to 4",
            Self::PriceImpact => "the exponent, with its error, meets 0.2 to 0.5",
            Self::MetaorderImpact => "the exponent, with its error, meets 0.4 to 0.7",
            Self::OrderFlowImbalance => "R² lies within 0.3 to 0.95",
        }
    }

    /// Returns what its first statistic measures.
    #[must_use]
    pub const fn measured(self) -> &'static str {
        match self {
            Self::NoAutocorrelation => "autocorrelation at lag 1",
            Self::HeavyTails => "tail index of the largest 5 %",
            Self::Asymmetry => "skewness",
            Self::AggregationalGaussianity => "decrease of excess kurtosis under aggregation",
            Self::VolatilityClustering => "autocorrelation of |r| at lag 1",
            Self::Leverage => "correlation of r with later squares",
            Self::VolumeAndVolatility => "rank correlation of |r| and what is traded",
            Self::LongMemoryOfSigns => "Hurst exponent of signs",
            Self::VarianceRatio => "variance of sums over sum of variances",
            Self::Arrivals => "coefficient of variation of intervals between orders that trade",
            Self::SpreadAndDepth => "coefficient of variation of sizes at the touch",
            Self::IntradayPattern => "traded at the edges of a session over its middle",
            Self::PriceImpact => "exponent of impact in order size",
            Self::MetaorderImpact => "exponent of impact in the size of orders in a row",
            Self::OrderFlowImbalance => "R² of mid changes on order-flow imbalance",
        }
    }

    /// Returns between what that lies in real markets, by the sources in `docs/stylized.md`.
    ///
    /// The rule of a fact can be about more than this number, or about another bound: see [`Self::rule`].
    #[must_use]
    pub const fn band(self) -> [f64; 2] {
        match self {
            Self::NoAutocorrelation => [-0.2, 0.2],
            Self::HeavyTails => [2.0, 5.0],
            Self::Asymmetry => [-2.0, 0.0],
            Self::AggregationalGaussianity => [0.0, f64::INFINITY],
            Self::VolatilityClustering => [0.05, 0.5],
            Self::Leverage => [-0.2, 0.0],
            Self::VolumeAndVolatility => [0.1, 0.8],
            Self::LongMemoryOfSigns => [0.55, 0.85],
            Self::VarianceRatio => [0.7, 1.3],
            Self::Arrivals => [1.1, 5.0],
            Self::SpreadAndDepth => [0.5, 2.0],
            Self::IntradayPattern => [1.2, 4.0],
            Self::PriceImpact => [0.2, 0.5],
            Self::MetaorderImpact => [0.4, 0.7],
            Self::OrderFlowImbalance => [0.3, 0.95],
        }
    }

    /// Returns what [`StylizedFact::sample`](super::StylizedFact::sample) counts.
    #[must_use]
    pub const fn counted(self) -> &'static str {
        match self {
            Self::LongMemoryOfSigns => "orders",
            Self::Arrivals => "intervals",
            Self::SpreadAndDepth => "stretches of the run",
            Self::IntradayPattern => "days",
            Self::PriceImpact => "orders",
            Self::MetaorderImpact => "rows of orders",
            Self::OrderFlowImbalance => "windows of ten seconds",
            _ => "returns",
        }
    }

    /// Returns whether it is taken from returns over equal intervals alone.
    pub(crate) const fn is_of_returns(self) -> bool {
        matches!(
            self,
            Self::NoAutocorrelation
                | Self::HeavyTails
                | Self::Asymmetry
                | Self::AggregationalGaussianity
                | Self::VolatilityClustering
                | Self::Leverage
                | Self::VolumeAndVolatility
        )
    }

    /// Returns whether it is undefined where prices are at or below zero.
    pub(crate) const fn needs_logarithms(self) -> bool {
        self.is_of_returns()
            || matches!(self, Self::VarianceRatio | Self::PriceImpact | Self::MetaorderImpact)
    }
}
