//! A replay of bars: not an actor, but the market of a listing.

use std::path::PathBuf;
use std::sync::Arc;

use crate::corporate_actions::ActionsOfFile;
use crate::fill_rules::{
    HALF_SPREAD, ON_SHORT_CASH, PARTICIPATION, SLIPPAGE_BPS, SLIPPAGE_IMPACT, SLIPPAGE_TICKS, fill_rules,
    site_errors,
};
use crate::finer::{FINER, finer};
use crate::kind::{
    AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, RetiredParam, Shared,
};
use crate::session::{SESSION, days};
use bearpit_core::account::Credit;
use bearpit_core::params::{
    Choice, DurationRange, FileContent, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::AnyTrader;
use bearpit_core::process::{
    BAR_COLUMNS, BAR_DATA, BAR_HEADER, BAR_LENGTH, BAR_ON_BAD_ROW, BAR_OPEN, BAR_ORDER, BAR_SEPARATOR,
    BAR_TIME_FORMAT, BAR_ZONE, HistoricalBar,
};
use bearpit_core::replay::{FillRules, MarketFill, PathRule, ReplayBar, ReplayConfig};
use bearpit_core::units::{SimDuration, SimTime};

/// The kind `replay`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "replay",
    doc: "Replays historical bars in the place of a book: orders fill at the open, along the path of each bar and at \
          its close, up to its volume. [backtesting.md](backtesting.md) has the rules, with these keys. It is no \
          participant: it has no account, no latency and no rows of its own. Its listing's sessions are the bars, so \
          the venue must not have any.",
    params: &PARAMS,
    retired: &[
        RetiredParam {
            name: "depth",
            help: "orders fill up to the bar's volume, of which `participation` is one participant's share: leave it out",
            is_error: false,
        },
        RetiredParam {
            name: "day_begins",
            help: "say when its session is, such as `session = { open = \"18:00\", close = \"17:00\" }`",
            is_error: true,
        },
    ],
    account: AccountDefaults { credit: Credit::Unlimited, is_tracked: false },
    listing: ListingChoice::Only,
    is_exclusive: true,
    configure,
};

const PARAMS: [ParamSpec; 28] = [
    BAR_DATA,
    BAR_OPEN,
    BAR_LENGTH.meaning("how long a bar lasts; not longer than the time between two rows"),
    ParamSpec::new(
        "auction",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Duration(SimDuration::from_secs(1)),
        "how long after its beginning a bar opens; less than a third of `bar_length`, and longer than the latencies \
         of those who are to trade at the open",
    ),
    HALF_SPREAD.meaning("what market orders and stops pay within a bar"),
    SLIPPAGE_TICKS,
    SLIPPAGE_BPS,
    SLIPPAGE_IMPACT.meaning("this times the price times the square root of the fill's share of the bar's volume is what they pay besides"),
    PARTICIPATION.meaning("the share of a bar's volume that one participant can have"),
    ParamSpec::new(
        "touch",
        ParamType::Choice(&[
            Choice { name: "fill", doc: "when the path reaches its price" },
            Choice { name: "through", doc: "when the path goes one tick beyond" },
        ]),
        ParamDefault::Choice("fill"),
        "when a limit order fills",
    ),
    ParamSpec::new(
        "path",
        ParamType::Choice(&[
            Choice { name: "nearer", doc: "the one nearer to the open" },
            Choice { name: "farther", doc: "the other" },
            Choice { name: "worst", doc: "the nearer, but of two linked exits within reach the stop fills" },
        ]),
        ParamDefault::Choice("nearer"),
        "which extreme of a bar comes first",
    ),
    ParamSpec::new(
        "fill",
        ParamType::Choice(&[
            Choice { name: "next_open", doc: "at the next open" },
            Choice { name: "this_close", doc: "at the close of the bar that has just ended" },
        ]),
        ParamDefault::Choice("next_open"),
        "where market orders fill that are sent at the end of a bar",
    ),
    ON_SHORT_CASH,
    ParamSpec::new(
        "at_end",
        ParamType::Choice(&[
            Choice { name: "keep", doc: "they stay, marked at the last close" },
            Choice { name: "close", doc: "they are closed at the last close" },
        ]),
        ParamDefault::Choice("keep"),
        "what happens to positions after the last bar",
    ),
    SESSION,
    FINER,
    ParamSpec::new(
        "warmup",
        ParamType::Integer { min: 0, max: 1_000_000 },
        ParamDefault::Integer(0),
        "how many bars from before the scenario's `start` strategies are shown before it: they feed histories and \
         indicators, and go to `on_warmup`, never to `on_bar`",
    ),
    ParamSpec::new(
        "intrabar_feed",
        ParamType::Flag,
        ParamDefault::Flag(false),
        "whether the path within a bar is published, though it is made up",
    ),
    ParamSpec::new(
        "prices",
        ParamType::Choice(&[
            Choice { name: "raw", doc: "the file's prices" },
            Choice {
                name: "adjusted",
                doc: "those times adjusted close by close: splits and dividends are in them",
            },
        ]),
        ParamDefault::Choice("raw"),
        "which prices are replayed",
    ),
    ParamSpec::new(
        "actions",
        ParamType::List(&ParamType::Text),
        ParamDefault::Derived("none"),
        "splits and dividends on their ex-days, beside those in the file's own columns: `[\"2005-02-28 split 2:1\", \"2005-05-09 dividend 0.12\"]`; those outside of the file are passed over",
    ),
    ParamSpec::new(
        "splits",
        ParamType::Choice(&[
            Choice { name: "test", doc: "applied where prices jump by it, passed over where they go on" },
            Choice { name: "apply", doc: "applied" },
            Choice { name: "skip", doc: "passed over: prices have them already" },
        ]),
        ParamDefault::Choice("test"),
        "what happens to a split",
    ),
    BAR_COLUMNS,
    BAR_SEPARATOR,
    BAR_TIME_FORMAT,
    BAR_ZONE,
    BAR_HEADER,
    BAR_ORDER,
    BAR_ON_BAD_ROW,
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let rows: Arc<Vec<HistoricalBar>> = values.content("data")?;
    let timing = Timing {
        offset: values.get("bar_open")?,
        length: values.get("bar_length")?,
        call: values.get("auction")?,
    };
    let mut errors = site_errors(site);
    errors.extend(timing.error(&rows));
    let rules = rules(values).map_err(|error| errors.push(error));
    let actions = ActionsOfFile::read(values, &rows).map_err(|error| errors.push(error));
    let adjusted = actions.as_ref().ok().and_then(|it| it.adjusted.as_deref());
    let bars = bars(adjusted.unwrap_or(&rows), &timing, site).map_err(|error| errors.push(error));
    match (rules, bars, actions) {
        (Ok(rules), Ok(bars), Ok(actions)) if errors.is_empty() => {
            let warmup = warmup(values, &bars, site)?;
            let (days, finer) = (days(values, &bars, site)?, finer(values, &bars, site)?);
            let file: FileContent = values.get("data")?;
            let actions = actions.applied.into();
            let bars = bars.into();
            let config = ReplayConfig { bars, actions, warmup, call: timing.call, days, finer, rules };
            Ok(Arc::new(BarReplay { config, file: file.path }))
        }
        _ => Err(ParamErrors::check(errors).err().unwrap_or_else(|| no_bars().into())),
    }
}

/// Returns how many bars are shown before the start, if the file has as many.
fn warmup(values: &Values, bars: &[ReplayBar], site: &AgentSite<'_>) -> Result<usize, ParamError> {
    let wanted: i64 = values.get("warmup")?;
    let earlier = site.span.map_or(0, |span| bars.partition_point(|bar| bar.start < span.start));
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    if wanted > earlier {
        let message = format!("`warmup` is {wanted}, but `data` has only {earlier} bars before `start`");
        let help = "let `start` be later, or ask for fewer";
        return Err(ParamError::invalid("warmup", message).with_help(help));
    }
    Ok(wanted)
}

fn no_bars() -> ParamError {
    ParamError::invalid("data", "`data` has no bars; at least one is needed")
}

/// When bars begin, open and end.
struct Timing {
    offset: SimDuration,
    length: SimDuration,
    call: SimDuration,
}

impl Timing {
    /// Returns why the bars do not fit into their time, if so.
    fn error(&self, rows: &[HistoricalBar]) -> Option<ParamError> {
        let Self { length, call, .. } = self;
        if call.nanos() >= length.nanos() / 3 {
            let message =
                format!("`auction` is {call}, but must be less than a third of `bar_length`, {length}");
            return Some(ParamError::invalid("auction", message));
        }
        let overlap = rows.windows(2).find(|pair| pair[1].time - pair[0].time < *length)?;
        let message = format!(
            "`bar_length` is {length}, longer than the time between the bars of {} and {}",
            overlap[0].time, overlap[1].time
        );
        Some(ParamError::invalid("bar_length", message))
    }
}

/// Puts the rows on the instrument's ticks and lots, and checks that the scenario has some of them.
fn bars(rows: &[HistoricalBar], timing: &Timing, site: &AgentSite<'_>) -> Result<Vec<ReplayBar>, ParamError> {
    let bar = |row: &HistoricalBar| {
        let start: SimTime = row.time + timing.offset;
        ReplayBar::of_row(row, site.instrument, start, start + timing.length)
    };
    // Room for all at once: a file may have millions.
    let mut bars = Vec::with_capacity(rows.len());
    for row in rows {
        bars.push(bar(row).map_err(|error| ParamError::invalid("data", error.to_string()))?);
    }
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return Err(no_bars()) };
    if let Some(span) = site.span
        && !bars.iter().any(|bar| span.start <= bar.start && bar.start < span.end)
    {
        let message = format!(
            "no bar of `data` begins between `start` {} and `end` {}: its bars are from {} to {}",
            span.start, span.end, first.start, last.end
        );
        return Err(ParamError::invalid("data", message));
    }
    Ok(bars)
}

fn rules(values: &Values) -> Result<FillRules, ParamError> {
    let word = |name| values.get::<String>(name);
    Ok(FillRules {
        path: match word("path")?.as_str() {
            "farther" => PathRule::Farther,
            "worst" => PathRule::Worst,
            _ => PathRule::Nearer,
        },
        market_fill: if word("fill")? == "this_close" { MarketFill::ThisClose } else { MarketFill::NextOpen },
        intrabar_feed: values.get("intrabar_feed")?,
        ..fill_rules(values)?
    })
}

/// A replay of bars as it was configured.
#[derive(Debug, Clone, PartialEq)]
pub struct BarReplay {
    /// Bars and rules.
    pub config: ReplayConfig,
    /// The file that the bars are from.
    pub file: PathBuf,
}

impl ConfiguredAgent for BarReplay {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        None
    }

    fn replay(&self) -> Option<&ReplayConfig> {
        Some(&self.config)
    }
}
