//! [`Name`]: what each metric is called on the page, in which group it stands, and what it says.

/// A group of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Return,
    Risk,
    Ratios,
    Tails,
    Benchmark,
    Trading,
    Trips,
    Market,
}

impl Group {
    /// All of them, in the order of the page.
    pub(super) const ALL: [Self; 8] = [
        Self::Return,
        Self::Risk,
        Self::Ratios,
        Self::Trading,
        Self::Trips,
        Self::Tails,
        Self::Benchmark,
        Self::Market,
    ];

    /// Returns its title.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Return => "Return",
            Self::Risk => "Risk",
            Self::Ratios => "Return for risk",
            Self::Tails => "Tails of the returns",
            Self::Benchmark => "Against the benchmark",
            Self::Trading => "Trading",
            Self::Trips => "Round trips",
            Self::Market => "Market",
        }
    }
}

/// How a yearly figure becomes that of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shortening {
    /// Divided by the root of the days of a year: deviations, and ratios to them.
    ByRoot,
    /// The root of as many days: returns.
    Compounded,
    /// It has no daily figure, or is none of a year.
    None,
}

/// What a metric is called, and what it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    pub(super) key: &'static str,
    pub(super) group: Group,
    pub(super) title: &'static str,
    pub(super) help: &'static str,
    /// Whether it means nothing over a few periods.
    pub(super) needs_periods: bool,
    pub(super) daily: Shortening,
}

impl Name {
    /// Returns the name of a metric.
    pub(super) fn of(key: &str) -> Option<&'static Self> {
        NAMES.iter().find(|name| name.key == key)
    }
}

const fn plain(group: Group, key: &'static str, title: &'static str, help: &'static str) -> Name {
    Name { key, group, title, help, needs_periods: false, daily: Shortening::None }
}

/// A metric that means nothing over a few periods.
const fn long(group: Group, key: &'static str, title: &'static str, help: &'static str) -> Name {
    Name { needs_periods: true, ..plain(group, key, title, help) }
}

const fn by_root(name: Name) -> Name {
    Name { daily: Shortening::ByRoot, ..name }
}

const fn compounded(name: Name) -> Name {
    Name { daily: Shortening::Compounded, ..name }
}

use Group::{Benchmark, Market, Ratios, Return, Risk, Tails, Trading, Trips};

static NAMES: [Name; 102] = [
    plain(Return, "periods", "Periods", "How many sampling periods the returns are taken from."),
    plain(
        Return,
        "cumulative_return",
        "Total return",
        "What the account gained over the whole run, as a share of its initial equity.",
    ),
    compounded(long(
        Return,
        "cagr_annualised",
        "Compound growth (CAGR)",
        "The constant return of each year that would have led to the same final equity.",
    )),
    plain(
        Return,
        "mean_return_period",
        "Mean return of a period",
        "The arithmetic mean of the returns of all periods.",
    ),
    plain(
        Return,
        "expected_return_period",
        "Compound return of a period",
        "The constant return of each period that would have led to the same final equity.",
    ),
    plain(
        Return,
        "expected_return_daily",
        "Compound return of a day",
        "The constant daily return that would have led to the same final equity.",
    ),
    plain(
        Return,
        "expected_return_weekly",
        "Compound return of a week",
        "The constant weekly return that would have led to the same final equity.",
    ),
    plain(
        Return,
        "expected_return_monthly",
        "Compound return of a month",
        "The constant monthly return that would have led to the same final equity.",
    ),
    plain(Return, "best_return_period", "Best period", "The highest return of a period."),
    plain(Return, "worst_return_period", "Worst period", "The lowest return of a period."),
    plain(Return, "best_return_daily", "Best day", "The highest return of a calendar day."),
    plain(Return, "worst_return_daily", "Worst day", "The lowest return of a calendar day."),
    plain(Return, "best_return_monthly", "Best month", "The highest return of a calendar month."),
    plain(Return, "worst_return_monthly", "Worst month", "The lowest return of a calendar month."),
    long(
        Return,
        "win_rate_period",
        "Periods with a gain",
        "The share of periods with a gain among those with any change.",
    ),
    long(
        Return,
        "win_rate_daily",
        "Days with a gain",
        "The share of days with a gain among those with any change.",
    ),
    long(
        Return,
        "win_rate_weekly",
        "Weeks with a gain",
        "The share of weeks with a gain among those with any change.",
    ),
    long(
        Return,
        "win_rate_monthly",
        "Months with a gain",
        "The share of months with a gain among those with any change.",
    ),
    plain(Return, "mean_win_period", "Mean gain of a period", "The mean return of the periods with a gain."),
    plain(Return, "mean_loss_period", "Mean loss of a period", "The mean return of the periods with a loss."),
    plain(Return, "consecutive_wins_max", "Longest run of gains", "The most periods with a gain in a row."),
    plain(
        Return,
        "consecutive_losses_max",
        "Longest run of losses",
        "The most periods with a loss in a row.",
    ),
    by_root(long(Risk, "volatility_annualised", "Volatility", "The standard deviation of returns.")),
    by_root(long(
        Risk,
        "downside_risk_annualised",
        "Downside risk",
        "Like volatility, but only losses count.",
    )),
    plain(
        Risk,
        "max_drawdown",
        "Max drawdown, by period ends",
        "The largest fall of equity from an earlier peak, as a share of the peak, looking at the ends of periods.",
    ),
    plain(
        Risk,
        "max_drawdown_marks",
        "Max drawdown, at every mark",
        "The largest fall of equity from an earlier peak, as a share of the peak, looking at every mark.",
    ),
    plain(
        Risk,
        "max_drawdown_currency",
        "Max drawdown in currency",
        "The largest fall of equity from an earlier peak; it may be another fall than the largest in percent.",
    ),
    plain(Risk, "drawdowns", "Drawdowns", "How often equity fell below its peak."),
    plain(
        Risk,
        "drawdown_periods_max",
        "Longest drawdown, periods",
        "The most periods between a peak and its recovery, or the end of the run.",
    ),
    long(
        Risk,
        "ulcer_index",
        "Ulcer index",
        "The root of the mean squared drawdown: how deep and how long the account was under its peak.",
    ),
    long(
        Risk,
        "autocorrelation_penalty",
        "Autocorrelation penalty",
        "By how much volatility understates risk, since returns resemble those before them; 1 is not at all.",
    ),
    by_root(long(Ratios, "sharpe_annualised", "Sharpe ratio", "Mean return over volatility.")),
    by_root(long(Ratios, "sortino_annualised", "Sortino ratio", "Mean return over downside risk.")),
    by_root(long(
        Ratios,
        "smart_sharpe_annualised",
        "Sharpe ratio, autocorrelation penalised",
        "The Sharpe ratio over the autocorrelation penalty.",
    )),
    by_root(long(
        Ratios,
        "smart_sortino_annualised",
        "Sortino ratio, autocorrelation penalised",
        "The Sortino ratio over the autocorrelation penalty.",
    )),
    long(
        Ratios,
        "psr_zero_biased",
        "Probability of a Sharpe ratio above 0",
        "How likely it is that the true Sharpe ratio is above zero, given length, skew and kurtosis.",
    ),
    long(
        Ratios,
        "psr_zero_adjusted",
        "The same, bias-adjusted",
        "The same probability with moments that are adjusted for bias.",
    ),
    long(
        Ratios,
        "deflated_sharpe",
        "Deflated Sharpe ratio",
        "The same probability against the best Sharpe ratio that luck gives among the trials.",
    ),
    long(Ratios, "calmar_annualised", "Calmar ratio", "Growth a year over the max drawdown."),
    long(Ratios, "omega_zero", "Omega ratio", "The sum of gains over the sum of losses, of all periods."),
    long(Ratios, "gain_to_pain_period", "Gain to pain", "The sum of all returns over the sum of losses."),
    long(
        Ratios,
        "gain_to_pain_monthly",
        "Gain to pain, by month",
        "The same of the returns of calendar months.",
    ),
    long(Ratios, "ulcer_performance_index", "Ulcer performance index", "Total return over the ulcer index."),
    long(
        Ratios,
        "serenity_index",
        "Serenity index",
        "The sum of returns over the ulcer index and the tail of drawdowns.",
    ),
    long(
        Ratios,
        "recovery_factor_arithmetic",
        "Recovery factor",
        "The sum of returns over the max drawdown.",
    ),
    long(Ratios, "payoff_ratio_period", "Payoff ratio", "The mean gain over the mean loss of a period."),
    long(
        Ratios,
        "profit_factor_period",
        "Profit factor of periods",
        "The sum of gains over the sum of losses, of all periods.",
    ),
    long(Ratios, "cpc_index", "CPC index", "Profit factor, win rate and payoff ratio, multiplied."),
    long(Ratios, "common_sense_ratio", "Common sense ratio", "Profit factor times tail ratio."),
    long(
        Ratios,
        "kelly_fraction",
        "Kelly fraction",
        "The share of wealth to stake for the fastest growth, if periods were bets of this win rate and payoff.",
    ),
    long(
        Ratios,
        "risk_of_ruin",
        "Risk of ruin, rule of thumb",
        "A rule of thumb for bets of one size; it takes periods as independent.",
    ),
    long(
        Ratios,
        "stability_r_squared",
        "Stability",
        "How close the logarithm of equity is to a straight line: R squared.",
    ),
    long(
        Tails,
        "tail_ratio_95",
        "Tail ratio",
        "The 95th percentile of returns over the 5th: above 1, gains are larger than losses.",
    ),
    long(
        Tails,
        "var_95_historical",
        "Value at risk, 95 %",
        "In one of twenty periods, the loss was this or more.",
    ),
    long(
        Tails,
        "cvar_95_historical",
        "Expected shortfall, 95 %",
        "The mean return of the worst twentieth of the periods.",
    ),
    long(Tails, "var_95_normal", "Value at risk, 95 %, normal", "The same if returns were normal."),
    long(Tails, "cvar_95_normal", "Expected shortfall, 95 %, normal", "The same if returns were normal."),
    long(Tails, "skew_biased", "Skew", "Below zero, large losses are more frequent than large gains."),
    long(
        Tails,
        "kurtosis_excess_biased",
        "Excess kurtosis",
        "Above zero, large returns are more frequent than normal ones.",
    ),
    long(Tails, "skew_adjusted", "Skew, bias-adjusted", "The same, adjusted for the size of the sample."),
    long(
        Tails,
        "kurtosis_excess_adjusted",
        "Excess kurtosis, bias-adjusted",
        "The same, adjusted for the size of the sample.",
    ),
    compounded(long(
        Benchmark,
        "alpha_annualised",
        "Alpha",
        "The return that the benchmark does not explain.",
    )),
    long(Benchmark, "beta", "Beta", "By how much the account moves when the benchmark moves by one."),
    long(
        Benchmark,
        "information_ratio_period",
        "Information ratio of a period",
        "The mean of the returns beyond the benchmark's over their deviation.",
    ),
    long(
        Benchmark,
        "up_capture_annualised",
        "Up capture",
        "Growth of the account over that of the benchmark, in periods in which that gained.",
    ),
    long(
        Benchmark,
        "down_capture_annualised",
        "Down capture",
        "Growth of the account over that of the benchmark, in periods in which that lost.",
    ),
    long(Benchmark, "up_down_capture_annualised", "Up over down capture", "Up capture over down capture."),
    long(Benchmark, "r_squared", "R squared", "How much of the account's variance the benchmark explains."),
    plain(Trading, "turnover", "Turnover", "The sum of price times quantity of all fills."),
    plain(
        Trading,
        "turnover_ratio",
        "Turnover over equity",
        "Turnover over the mean equity: how often the account was turned over.",
    ),
    plain(
        Trading,
        "exposure_gross_mean",
        "Mean gross exposure",
        "The worth of all holdings, short ones counted as positive, as a share of equity, over time.",
    ),
    plain(
        Trading,
        "exposure_net_mean",
        "Mean net exposure",
        "The worth of all holdings, short ones negative, as a share of equity, over time.",
    ),
    plain(Trading, "time_in_market", "Time in the market", "The share of time with any holding."),
    plain(
        Trading,
        "realized_average_cost",
        "Realized P&L, average cost",
        "P&L of what was closed, by average cost, before fees.",
    ),
    plain(
        Trading,
        "realized_fifo",
        "Realized P&L, first in first out",
        "P&L of what was closed, first in first out, before fees.",
    ),
    plain(
        Trading,
        "clamped",
        "Costs beyond the bars' ranges",
        "Half-spread and slippage that would have left the range of a replayed bar, and were not charged.",
    ),
    plain(
        Trading,
        "maker_share",
        "Filled as maker",
        "The share of the quantity that was filled by orders that waited.",
    ),
    plain(Trading, "fill_ratio", "Fill ratio", "The share of the ordered quantity that was filled."),
    plain(Trading, "order_to_trade_ratio", "Messages per fill", "Orders and replaces for each fill."),
    plain(
        Trading,
        "slippage_mid_bps",
        "Slippage against the mid",
        "By how much fills were worse than the mid just before them; below zero, they were better.",
    ),
    plain(
        Trading,
        "slippage_arrival_bps",
        "Slippage since arrival",
        "By how much fills were worse than the mid when their orders arrived, or were last replaced.",
    ),
    plain(Trips, "round_trips", "Round trips", "Trades from flat to flat."),
    plain(
        Trips,
        "hit_ratio_trips",
        "Trips with a gain",
        "The share of round trips with a P&L above zero, after fees.",
    ),
    plain(Trips, "expectancy_trip", "Mean P&L of a trip", "The mean P&L of a round trip, after fees."),
    plain(
        Trips,
        "profit_factor_trips",
        "Profit factor of trips",
        "The sum of gains over the sum of losses of round trips.",
    ),
    plain(
        Trips,
        "sqn_trips",
        "System quality number",
        "Mean over deviation of the P&L of round trips, times the root of their number.",
    ),
    plain(
        Trips,
        "trip_duration_mean",
        "Mean duration of a trip",
        "The mean time from the first to the last fill of a round trip.",
    ),
    plain(Trips, "mae_mean", "Mean adverse excursion", "The mean of the lowest P&L on the way, before fees."),
    plain(
        Trips,
        "mfe_mean",
        "Mean favorable excursion",
        "The mean of the highest P&L on the way, before fees.",
    ),
    plain(Market, "trades", "Trades", "How many trades there were."),
    plain(Market, "volume", "Volume", "The sum of the quantities of all trades."),
    plain(Market, "notional", "Notional", "The sum of price times quantity of all trades."),
    plain(Market, "vwap", "VWAP", "The mean price of all trades, by quantity."),
    plain(Market, "spread_quoted_time_weighted", "Quoted spread", "Best ask minus best bid, mean over time."),
    plain(
        Market,
        "spread_quoted_time_weighted_bps",
        "Quoted spread, relative",
        "The same in basis points of the mid.",
    ),
    plain(
        Market,
        "depth_touch_time_weighted",
        "Size at the touch",
        "The mean of the sizes at best bid and ask, over time.",
    ),
    by_root(long(
        Market,
        "volatility_realized_annualised",
        "Realized volatility",
        "The root of the mean squared log return of the mid.",
    )),
    plain(
        Market,
        "effective_spread_bps",
        "Effective spread",
        "Twice the distance of trades from the mid before them.",
    ),
    plain(
        Market,
        "realized_spread_60s_bps",
        "Realized spread after a minute",
        "Twice the distance of trades from the mid a minute later: what makers keep.",
    ),
    plain(
        Market,
        "price_impact_60s_bps",
        "Price impact after a minute",
        "Twice the way of the mid within a minute of a trade, in its direction.",
    ),
    plain(
        Market,
        "amihud_illiquidity",
        "Amihud illiquidity",
        "How much the price moves for a million traded.",
    ),
    plain(
        Market,
        "kyle_lambda",
        "Kyle's lambda",
        "How much the price moves for each unit bought more than sold.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::analysis::metrics::definitions;

    #[test]
    fn every_metric_has_one_name_and_every_name_a_metric() {
        let keys: BTreeSet<&str> = definitions().map(|it| it.key).collect();
        let named: BTreeSet<&str> = NAMES.iter().map(|it| it.key).collect();
        assert_eq!(keys, named);
        assert_eq!(NAMES.len(), named.len());
        let titles: BTreeSet<(&str, &str)> = NAMES.iter().map(|it| (it.group.title(), it.title)).collect();
        assert_eq!(titles.len(), NAMES.len(), "no two of a group are called the same");
    }

    #[test]
    fn what_is_annualised_needs_periods_and_names_are_no_keys() {
        for definition in definitions() {
            let name = Name::of(definition.key).unwrap();
            assert!(!definition.is_annualised() || name.needs_periods, "{}", name.key);
            assert!(definition.is_annualised() || name.daily == Shortening::None, "{}", name.key);
            assert!(!name.title.contains('_') && name.help.ends_with('.'), "{}", name.key);
        }
    }
}
