//! [`IndicatorInput`]: an indicator's input, made of the numbers or the bar that a script passes to
//! `update`.

use crate::script::value::views::BarView;
use bearpit_agents::indicators::{Candle, Closed, Extent, Pair, Traded};

/// An input that a script passes as numbers, or as a bar.
pub(crate) trait IndicatorInput: Copy {
    /// What an update accepts, in words.
    const TAKES: &'static str;

    /// Makes it of numbers, if their count fits.
    fn of_numbers(numbers: &[f64]) -> Option<Self>;

    /// Makes it of a bar, if the indicator accepts bars.
    fn of_bar(bar: &BarView) -> Option<Self>;
}

impl IndicatorInput for f64 {
    const TAKES: &'static str = "one number (of a bar, write bar.close)";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [x] = *numbers { Some(x) } else { None }
    }

    fn of_bar(_: &BarView) -> Option<Self> {
        None
    }
}

impl IndicatorInput for Pair {
    const TAKES: &'static str = "two numbers, x and y";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [x, y] = *numbers { Some(Self { x, y }) } else { None }
    }

    fn of_bar(_: &BarView) -> Option<Self> {
        None
    }
}

impl IndicatorInput for Extent {
    const TAKES: &'static str = "a bar, or two numbers: high and low";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [high, low] = *numbers { Some(Self { high, low }) } else { None }
    }

    fn of_bar(bar: &BarView) -> Option<Self> {
        let [_, high, low, _] = bar.prices();
        Some(Self { high, low })
    }
}

impl IndicatorInput for Candle {
    const TAKES: &'static str = "a bar, or three numbers: high, low and close";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [high, low, close] = *numbers { Some(Self { high, low, close }) } else { None }
    }

    fn of_bar(bar: &BarView) -> Option<Self> {
        let [_, high, low, close] = bar.prices();
        Some(Self { high, low, close })
    }
}

impl IndicatorInput for Closed {
    const TAKES: &'static str = "a bar that has a volume, or two numbers: close and volume";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [close, volume] = *numbers { Some(Self { close, volume }) } else { None }
    }

    fn of_bar(bar: &BarView) -> Option<Self> {
        let [.., close] = bar.prices();
        Some(Self { close, volume: bar.volume()? })
    }
}

impl IndicatorInput for Traded {
    const TAKES: &'static str = "a bar that has a volume, or two numbers: price and volume";

    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        if let [price, volume] = *numbers { Some(Self { price, volume }) } else { None }
    }

    fn of_bar(bar: &BarView) -> Option<Self> {
        let [_, high, low, close] = bar.prices();
        Some(Self { price: (high + low + close) / 3.0, volume: bar.volume()? })
    }
}
