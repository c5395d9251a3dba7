//! [`FillRules`]: what a user can choose about how orders fill.

use super::bar::ReplayBar;
use crate::market::Side;
use crate::units::{FeeRate, Price, Quantity};

/// How orders fill in a replay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FillRules {
    /// What market orders and stops pay within a bar, in ticks (rule 12).
    pub half_spread: i64,
    /// What market orders and stops pay beyond it.
    pub slippage: Slippage,
    /// The share of a bar's volume that one participant can have, in millionths; at most a million (rule 13).
    pub participation: u32,
    /// When a limit is reached (rule 6).
    pub touch: Touch,
    /// In which order the path of a bar has its extremes (rules 2 and 19).
    pub path: PathRule,
    /// Where market orders fill that are decided at the end of a bar.
    pub market_fill: MarketFill,
    /// What happens to a purchase that its account cannot pay for in full (rule 22).
    pub short_cash: ShortCash,
    /// What happens to positions after the last bar (rule 4).
    pub at_end: AtEnd,
    /// Whether the path is published (rule 24).
    pub intrabar_feed: bool,
}

impl Default for FillRules {
    /// No costs, the whole volume, limits that fill when touched, the nearer extreme first, the next open,
    /// purchases cut to the cash, positions kept at the end, a path that nobody sees.
    fn default() -> Self {
        Self {
            half_spread: 0,
            slippage: Slippage::None,
            participation: Self::WHOLE,
            touch: Touch::Fill,
            path: PathRule::Nearer,
            market_fill: MarketFill::NextOpen,
            short_cash: ShortCash::Cut,
            at_end: AtEnd::Keep,
            intrabar_feed: false,
        }
    }
}

/// What market orders and stops pay besides the half-spread.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Slippage {
    /// Nothing.
    #[default]
    None,
    /// So many ticks.
    Ticks(i64),
    /// A share of the price, rounded up to whole ticks.
    Rate(FeeRate),
    /// This number times the price times the square root of the order's share of the bar's volume, rounded up
    /// to whole ticks (the square-root law of market impact; Torre and Ferrari 1997).
    Impact(f64),
}

/// When a limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Touch {
    /// When the path reaches its price.
    #[default]
    Fill,
    /// When the path goes one tick beyond.
    Through,
}

/// In which order the path of a bar has its extremes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PathRule {
    /// The one nearer to the open first.
    #[default]
    Nearer,
    /// The one farther from the open first.
    Farther,
    /// The nearer first, but of two linked orders within reach the limit is passed over.
    Worst,
}

/// Where market orders fill that are decided at the end of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MarketFill {
    /// At the next open.
    #[default]
    NextOpen,
    /// At the close of the bar that has just ended, if they arrive at that instant.
    ThisClose,
}

/// What happens to a purchase that its account cannot pay for in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShortCash {
    /// It is cut to what the account can pay for.
    #[default]
    Cut,
    /// It is canceled.
    Cancel,
}

/// What happens to positions after the last bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtEnd {
    /// They stay, marked at the last close.
    #[default]
    Keep,
    /// They are closed there.
    Close,
}

/// What takes a price, before its costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) quantity: Quantity,
    /// Whether it is at an open or close.
    pub(super) is_auction: bool,
}

/// A price with its costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Priced {
    pub(super) price: Price,
    /// Ticks that the bar's range took off the costs.
    pub(super) clamped: i64,
}

impl FillRules {
    /// All of a bar's volume, in millionths.
    pub const WHOLE: u32 = 1_000_000;

    /// Returns how much of a bar's volume one participant can have; `None` without bound.
    pub(super) fn share_of(&self, volume: Option<Quantity>) -> Option<Quantity> {
        let share = u128::from(self.participation.min(Self::WHOLE));
        let part = |volume: Quantity| u128::from(volume.lots()) * share / u128::from(Self::WHOLE);
        // A part is not above the whole, which is 64 bits wide.
        volume.map(|volume| u64::try_from(part(volume)).map_or(volume, Quantity::new))
    }

    /// Adds to a price what a market order or stop pays in a bar (rule 12).
    pub(super) fn with_costs(&self, taken: &Taken, bar: &ReplayBar) -> Priced {
        let Taken { side, price, .. } = *taken;
        let wanted = price + side.sign() * self.costs(taken, bar.volume);
        let price = wanted.clamp(bar.low, bar.high);
        Priced { price, clamped: (wanted - price).abs() }
    }

    /// Returns the ticks that a market order or stop pays where so much is traded.
    pub(super) fn costs(&self, taken: &Taken, volume: Option<Quantity>) -> i64 {
        let half_spread = if taken.is_auction { 0 } else { self.half_spread };
        half_spread + self.slippage.ticks(taken.price, taken.quantity, volume)
    }
}

impl Slippage {
    fn ticks(self, price: Price, quantity: Quantity, volume: Option<Quantity>) -> i64 {
        match self {
            Self::None => 0,
            Self::Ticks(ticks) => ticks,
            Self::Rate(rate) => rate.ceil_of(price.ticks().abs()),
            Self::Impact(factor) => {
                let Some(volume) = volume.filter(|volume| !volume.is_zero()) else { return 0 };
                #[expect(clippy::cast_precision_loss, reason = "prices and quantities are below 2^53")]
                let [price, part, whole] =
                    [price.ticks().abs() as f64, quantity.lots() as f64, volume.lots() as f64];
                let ticks = libm::ceil(factor * price * libm::sqrt(part / whole));
                // Beyond the bar's range it is cut off anyway; a cast saturates.
                #[expect(clippy::cast_possible_truncation, reason = "bounded, and whole")]
                {
                    ticks.clamp(0.0, 1e12) as i64
                }
            }
        }
    }
}
