//! The closed forms, in currency, seconds and units of inventory.

/// How a market maker derives its quotes from its inventory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum QuoteFormula {
    /// For a fixed horizon.
    AvellanedaStoikov(AvellanedaStoikov),
    /// For no horizon.
    Glft(Glft),
    /// The distances of an empty inventory, whatever it holds.
    Symmetric(AvellanedaStoikov),
}

/// The quotes of Avellaneda and Stoikov (2008) for exponential utility and a horizon.
///
/// ```
/// use bearpit_agents::AvellanedaStoikov;
///
/// // The parameters of their section 3.3, at the start of the day and with an inventory of 2.
/// let maker = AvellanedaStoikov { gamma: 0.1, sigma: 2.0, k: 1.5 };
/// assert!((maker.reservation(2.0, 1.0) - -0.8).abs() < 1e-12);
/// assert!((maker.spread(1.0) - 1.690_770).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AvellanedaStoikov {
    /// Risk aversion, for each unit of currency.
    pub gamma: f64,
    /// Standard deviation of the mid after a second, in currency.
    pub sigma: f64,
    /// How fast the chance of a fill falls with the distance from the mid, for each unit of currency.
    pub k: f64,
}

impl AvellanedaStoikov {
    /// Returns how far the reservation price is from the mid: -q gamma sigma^2 (T - t).
    #[must_use]
    pub fn reservation(&self, inventory: f64, left: f64) -> f64 {
        -inventory * self.gamma * self.sigma * self.sigma * left
    }

    /// Returns the spread between both quotes: gamma sigma^2 (T - t) + (2 / gamma) ln(1 + gamma / k).
    #[must_use]
    pub fn spread(&self, left: f64) -> f64 {
        let risk = self.gamma * self.sigma * self.sigma * left;
        risk + 2.0 / self.gamma * libm::log1p(self.gamma / self.k)
    }

    /// Returns the distances of bid and offer from the mid.
    fn distances(&self, inventory: f64, left: f64) -> [f64; 2] {
        let (center, half) = (self.reservation(inventory, left), 0.5 * self.spread(left));
        [half - center, half + center]
    }
}

/// The quotes of Gueant, Lehalle and Fernandez-Tapia (2013), in the asymptotic form of their section 4: far
/// from the end, with fills at the rate A exp(-k distance).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glft {
    /// Risk aversion, for each unit of currency.
    pub gamma: f64,
    /// Standard deviation of the mid after a second, in currency.
    pub sigma: f64,
    /// How fast the rate of fills falls with the distance, for each unit of currency.
    pub k: f64,
    /// The rate of fills at the mid, a second.
    pub a: f64,
}

impl Glft {
    /// Returns the distances of bid and offer from the mid: (1 / gamma) ln(1 + gamma / k) plus
    /// (1 + 2 q) / 2 for the bid, (1 - 2 q) / 2 for the offer, times
    /// sqrt(sigma^2 gamma / (2 k A) (1 + gamma / k)^(1 + k / gamma)).
    #[must_use]
    pub fn distances(&self, inventory: f64) -> [f64; 2] {
        let Self { gamma, sigma, k, a } = *self;
        let base = libm::log1p(gamma / k) / gamma;
        let power = libm::pow(1.0 + gamma / k, 1.0 + k / gamma);
        let slope = libm::sqrt(sigma * sigma * gamma / (2.0 * k * a) * power);
        [base + 0.5 * (1.0 + 2.0 * inventory) * slope, base + 0.5 * (1.0 - 2.0 * inventory) * slope]
    }
}

impl QuoteFormula {
    /// Returns the distances of bid and offer from the mid in currency, for an inventory in units and the
    /// seconds that are left.
    #[must_use]
    pub fn distances(&self, inventory: f64, left: f64) -> [f64; 2] {
        match self {
            Self::AvellanedaStoikov(maker) => maker.distances(inventory, left),
            Self::Glft(maker) => maker.distances(inventory),
            Self::Symmetric(maker) => maker.distances(0.0, left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }

    #[test]
    fn quotes_for_a_horizon_are_those_of_the_paper() {
        let maker = AvellanedaStoikov { gamma: 0.1, sigma: 2.0, k: 1.5 };
        // By hand: 0.4 at the start, and 20 ln(16 / 15).
        is_near(maker.spread(1.0), 0.4 + 20.0 * libm::log(16.0 / 15.0));
        is_near(maker.spread(0.0), 20.0 * libm::log(16.0 / 15.0));
        is_near(maker.reservation(-3.0, 0.5), 0.6);
        let [bid, ask] = QuoteFormula::AvellanedaStoikov(maker).distances(2.0, 1.0);
        is_near(ask + bid, maker.spread(1.0));
        is_near((ask - bid) / 2.0, -0.8);
        let symmetric = QuoteFormula::Symmetric(maker).distances(2.0, 1.0);
        is_near(symmetric[0], symmetric[1]);
    }

    #[test]
    fn asymptotic_quotes_are_those_of_the_paper() {
        // gamma = k = 0.3: ln 2 / 0.3, and sqrt(sigma^2 / (2 A) 4) with sigma 0.3 and A 0.9.
        let maker = Glft { gamma: 0.3, sigma: 0.3, k: 0.3, a: 0.9 };
        let (base, slope) = (std::f64::consts::LN_2 / 0.3, libm::sqrt(0.09 / 1.8 * 4.0));
        let [bid, ask] = maker.distances(0.0);
        is_near(bid, base + slope / 2.0);
        is_near(ask, base + slope / 2.0);
        let [bid, ask] = maker.distances(2.0);
        is_near(bid, base + 2.5 * slope);
        is_near(ask, base - 1.5 * slope);
    }
}
