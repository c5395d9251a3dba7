//! The list of metrics over an account's returns.

use super::Unit::{Count, Ratio, Share};
use super::calendar::{Calendar, compounded, monthly_sums};
use super::{
    Drawdown, Metric, Sample, benchmark, distribution, drawdowns, metric, ratios, returns, risk, series,
    sharpe, tails,
};

/// The metrics over a [`Sample`] of returns r of n periods, against the benchmark's returns b.
pub static METRICS: &[Metric<Sample>] = &[
    metric("periods", Count, "number of periods, n", "pandas count", |s| Some(series::real(s.returns.len()))),
    metric("cumulative_return", Share, "product of (1 + r), less 1", "empyrical cum_returns_final", |s| {
        returns::cumulative_return(&s.returns)
    }),
    metric(
        "cagr_annualised",
        Share,
        "(1 + cumulative_return) ^ (periods_per_year / n) - 1",
        "empyrical annual_return",
        |s| returns::cagr(&s.returns, s.periods_per_year),
    ),
    metric("mean_return_period", Share, "arithmetic mean of r", "numpy mean", |s| {
        returns::mean_return(&s.returns)
    }),
    metric(
        "expected_return_period",
        Share,
        "(1 + cumulative_return) ^ (1 / n) - 1",
        "quantstats expected_return",
        |s| returns::geometric_mean(&s.returns),
    ),
    metric(
        "expected_return_daily",
        Share,
        "the same over calendar days",
        "quantstats expected_return",
        |s| returns::geometric_mean_by(s, Calendar::Day),
    ),
    metric(
        "expected_return_weekly",
        Share,
        "the same over ISO weeks",
        "quantstats expected_return, weeks by ISO year",
        |s| returns::geometric_mean_by(s, Calendar::Week),
    ),
    metric(
        "expected_return_monthly",
        Share,
        "the same over calendar months",
        "quantstats expected_return",
        |s| returns::geometric_mean_by(s, Calendar::Month),
    ),
    metric("best_return_period", Share, "highest r", "quantstats best", |s| returns::best(&s.returns)),
    metric("worst_return_period", Share, "lowest r", "quantstats worst", |s| returns::worst(&s.returns)),
    metric("best_return_daily", Share, "highest return of a day", "quantstats best", |s| {
        returns::best(&compounded(s, Calendar::Day))
    }),
    metric("worst_return_daily", Share, "lowest return of a day", "quantstats worst", |s| {
        returns::worst(&compounded(s, Calendar::Day))
    }),
    metric("best_return_monthly", Share, "highest return of a month", "quantstats best", |s| {
        returns::best(&compounded(s, Calendar::Month))
    }),
    metric("worst_return_monthly", Share, "lowest return of a month", "quantstats worst", |s| {
        returns::worst(&compounded(s, Calendar::Month))
    }),
    metric("win_rate_period", Share, "count of r > 0 / count of r not 0", "quantstats win_rate", |s| {
        returns::win_rate(&s.returns)
    }),
    metric("win_rate_daily", Share, "the same over calendar days", "quantstats win_rate", |s| {
        returns::win_rate(&compounded(s, Calendar::Day))
    }),
    metric(
        "win_rate_weekly",
        Share,
        "the same over ISO weeks",
        "quantstats win_rate, weeks by ISO year",
        |s| returns::win_rate(&compounded(s, Calendar::Week)),
    ),
    metric("win_rate_monthly", Share, "the same over calendar months", "quantstats win_rate", |s| {
        returns::win_rate(&compounded(s, Calendar::Month))
    }),
    metric("mean_win_period", Share, "mean of r > 0", "quantstats avg_win", |s| {
        returns::mean_win(&s.returns)
    }),
    metric("mean_loss_period", Share, "mean of r < 0", "quantstats avg_loss", |s| {
        returns::mean_loss(&s.returns)
    }),
    metric("consecutive_wins_max", Count, "longest run of r > 0", "quantstats consecutive_wins", |s| {
        returns::consecutive_wins(&s.returns)
    }),
    metric("consecutive_losses_max", Count, "longest run of r < 0", "quantstats consecutive_losses", |s| {
        returns::consecutive_losses(&s.returns)
    }),
    metric(
        "volatility_annualised",
        Share,
        "sd(r) * root(periods_per_year), sd with n - 1",
        "empyrical annual_volatility",
        |s| risk::volatility(&s.returns, s.periods_per_year),
    ),
    metric(
        "downside_risk_annualised",
        Share,
        "root(mean of min(r, 0)^2) * root(periods_per_year)",
        "empyrical downside_risk",
        |s| risk::downside_risk(&s.returns, s.periods_per_year),
    ),
    metric(
        "max_drawdown",
        Share,
        "lowest of wealth / highest wealth before - 1",
        "empyrical max_drawdown",
        |s| risk::max_drawdown(&s.returns),
    ),
    metric(
        "drawdowns",
        Count,
        "number of stretches under water",
        "rows of quantstats drawdown_details",
        |s| Some(series::real(drawdowns(&s.returns).len())),
    ),
    metric(
        "drawdown_periods_max",
        Count,
        "periods of the longest of them",
        "rows of quantstats drawdown_details",
        longest_drawdown,
    ),
    metric("ulcer_index", Share, "root(sum of squared drawdowns / (n - 1))", "quantstats ulcer_index", |s| {
        risk::ulcer_index(&s.returns)
    }),
    metric(
        "autocorrelation_penalty",
        Ratio,
        "root(1 + 2 sum of (n - k) / n * size of c^k), c: correlation of r with the next r",
        "quantstats autocorr_penalty",
        |s| Some(risk::autocorrelation_penalty(&s.returns)),
    ),
    metric(
        "sharpe_annualised",
        Ratio,
        "mean(r) / sd(r) * root(periods_per_year)",
        "empyrical sharpe_ratio",
        |s| sharpe::sharpe(&s.returns, s.periods_per_year),
    ),
    metric(
        "sortino_annualised",
        Ratio,
        "mean(r) * periods_per_year / downside_risk_annualised",
        "empyrical sortino_ratio",
        |s| ratios::sortino(&s.returns, s.periods_per_year),
    ),
    metric(
        "smart_sharpe_annualised",
        Ratio,
        "sharpe_annualised / autocorrelation_penalty",
        "quantstats smart_sharpe",
        |s| sharpe::smart_sharpe(&s.returns, s.periods_per_year),
    ),
    metric(
        "smart_sortino_annualised",
        Ratio,
        "sortino_annualised / autocorrelation_penalty",
        "quantstats smart_sortino",
        |s| ratios::smart_sortino(&s.returns, s.periods_per_year),
    ),
    metric(
        "psr_zero_biased",
        Share,
        "N(S root(n - 1) / root(1 - skew S + (excess + 2) / 4 S^2)), S: mean(r) / sd(r), biased moments",
        "Bailey and Lopez de Prado 2012",
        |s| sharpe::psr_biased(&s.returns),
    ),
    metric(
        "psr_zero_adjusted",
        Share,
        "the same with adjusted moments",
        "quantstats probabilistic_sharpe_ratio",
        |s| sharpe::psr_adjusted(&s.returns),
    ),
    metric(
        "deflated_sharpe",
        Share,
        "psr_zero_biased against the best Sharpe ratio that luck gives among the trials",
        "Bailey and Lopez de Prado 2014",
        |s| sharpe::deflated_sharpe(&s.returns, s.trials.as_ref()),
    ),
    metric(
        "calmar_annualised",
        Ratio,
        "cagr_annualised / size of max_drawdown",
        "empyrical calmar_ratio",
        |s| ratios::calmar(&s.returns, s.periods_per_year),
    ),
    metric(
        "omega_zero",
        Ratio,
        "sum of r > 0 / size of sum of r < 0, of two periods or more",
        "empyrical omega_ratio",
        |s| ratios::omega(&s.returns),
    ),
    metric(
        "gain_to_pain_period",
        Ratio,
        "sum of r / size of sum of r < 0",
        "quantstats gain_to_pain_ratio",
        |s| ratios::gain_to_pain(&s.returns),
    ),
    metric(
        "gain_to_pain_monthly",
        Ratio,
        "the same over the sums of calendar months",
        "quantstats gain_to_pain_ratio, resolution ME",
        |s| ratios::gain_to_pain(&monthly_sums(s)),
    ),
    metric(
        "ulcer_performance_index",
        Ratio,
        "cumulative_return / ulcer_index",
        "quantstats ulcer_performance_index",
        |s| ratios::ulcer_performance_index(&s.returns),
    ),
    metric(
        "serenity_index",
        Ratio,
        "sum of r / (ulcer_index * size of normal CVaR of drawdowns / sd(r))",
        "quantstats serenity_index",
        |s| ratios::serenity_index(&s.returns),
    ),
    metric(
        "recovery_factor_arithmetic",
        Ratio,
        "sum of r / size of max_drawdown",
        "quantstats recovery_factor, with its sign",
        |s| ratios::recovery_factor(&s.returns),
    ),
    metric(
        "payoff_ratio_period",
        Ratio,
        "mean_win_period / size of mean_loss_period",
        "quantstats payoff_ratio",
        |s| ratios::payoff_ratio(&s.returns),
    ),
    metric(
        "profit_factor_period",
        Ratio,
        "sum of r > 0 / size of sum of r < 0",
        "quantstats profit_factor",
        |s| ratios::profit_factor(&s.returns),
    ),
    metric(
        "cpc_index",
        Ratio,
        "profit_factor_period * win_rate_period * payoff_ratio_period",
        "quantstats cpc_index",
        |s| ratios::cpc_index(&s.returns),
    ),
    metric(
        "common_sense_ratio",
        Ratio,
        "profit_factor_period * tail_ratio_95",
        "quantstats common_sense_ratio",
        |s| ratios::common_sense_ratio(&s.returns),
    ),
    metric(
        "kelly_fraction",
        Share,
        "win_rate_period - (1 - win_rate_period) / payoff_ratio_period",
        "quantstats kelly_criterion",
        |s| ratios::kelly(&s.returns),
    ),
    metric(
        "risk_of_ruin",
        Share,
        "((1 - win_rate_period) / (1 + win_rate_period)) ^ n",
        "quantstats risk_of_ruin",
        |s| ratios::risk_of_ruin(&s.returns),
    ),
    metric(
        "stability_r_squared",
        Share,
        "R squared of a line through the logarithm of wealth",
        "empyrical stability_of_timeseries",
        |s| ratios::stability(&s.returns),
    ),
    metric(
        "tail_ratio_95",
        Ratio,
        "size of the 95th percentile of r / size of the 5th",
        "empyrical tail_ratio",
        |s| tails::tail_ratio(&s.returns),
    ),
    metric("var_95_historical", Share, "5th percentile of r, interpolated", "empyrical value_at_risk", |s| {
        tails::var_historical(&s.returns)
    }),
    metric(
        "cvar_95_historical",
        Share,
        "mean of the floor((n - 1) 0.05) + 1 lowest r",
        "empyrical conditional_value_at_risk",
        |s| tails::cvar_historical(&s.returns),
    ),
    metric("var_95_normal", Share, "mean(r) + z(0.05) sd(r)", "quantstats value_at_risk", |s| {
        tails::var_normal(&s.returns)
    }),
    metric(
        "cvar_95_normal",
        Share,
        "mean(r) - density(z(0.05)) / 0.05 * sd(r)",
        "quantstats conditional_value_at_risk",
        |s| tails::cvar_normal(&s.returns),
    ),
    metric("skew_biased", Ratio, "third central moment / second ^ 1.5", "scipy skew", |s| {
        distribution::skew_biased(&s.returns)
    }),
    metric(
        "kurtosis_excess_biased",
        Ratio,
        "fourth central moment / second ^ 2, less 3",
        "scipy kurtosis",
        |s| distribution::kurtosis_excess_biased(&s.returns),
    ),
    metric("skew_adjusted", Ratio, "skew_biased * root(n (n - 1)) / (n - 2)", "quantstats skew", |s| {
        distribution::skew_adjusted(&s.returns)
    }),
    metric(
        "kurtosis_excess_adjusted",
        Ratio,
        "((n + 1) kurtosis_excess_biased + 6) (n - 1) / ((n - 2) (n - 3))",
        "quantstats kurtosis",
        |s| distribution::kurtosis_excess_adjusted(&s.returns),
    ),
    metric(
        "alpha_annualised",
        Share,
        "(1 + mean(r - beta b)) ^ periods_per_year - 1",
        "empyrical alpha",
        |s| benchmark::alpha(&s.returns, &s.benchmark, s.periods_per_year),
    ),
    metric("beta", Ratio, "covariance(r, b) / variance(b)", "empyrical beta", |s| {
        benchmark::beta(&s.returns, &s.benchmark)
    }),
    metric("information_ratio_period", Ratio, "mean(r - b) / sd(r - b)", "empyrical excess_sharpe", |s| {
        benchmark::information_ratio(&s.returns, &s.benchmark)
    }),
    metric(
        "up_capture_annualised",
        Ratio,
        "cagr of r / cagr of b, where b > 0",
        "empyrical up_capture",
        |s| benchmark::up_capture(&s.returns, &s.benchmark, s.periods_per_year),
    ),
    metric(
        "down_capture_annualised",
        Ratio,
        "cagr of r / cagr of b, where b < 0",
        "empyrical down_capture",
        |s| benchmark::down_capture(&s.returns, &s.benchmark, s.periods_per_year),
    ),
    metric(
        "up_down_capture_annualised",
        Ratio,
        "up_capture_annualised / down_capture_annualised",
        "empyrical up_down_capture",
        |s| benchmark::up_down_capture(&s.returns, &s.benchmark, s.periods_per_year),
    ),
    metric("r_squared", Share, "correlation(r, b) ^ 2", "quantstats r_squared", |s| {
        benchmark::r_squared(&s.returns, &s.benchmark)
    }),
];

fn longest_drawdown(sample: &Sample) -> Option<f64> {
    drawdowns(&sample.returns).iter().map(Drawdown::periods).max().map(series::real)
}
