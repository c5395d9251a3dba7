//! [`Operations`]: what is done to the whole market, whoever does it: an administrator, or the operator of
//! the machine.

use std::sync::Arc;
use std::time::Duration;

use bearpit_core::kernel::Speed;
use bearpit_core::market::ValueQuote;
use bearpit_core::participant::RequestRefusal;
use bearpit_core::units::{Money, SimDuration};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::audit::{AuditLog, By, Deed};
use crate::domain::{Number, Problem, ProblemKind};
use crate::driver::{Ask, DayStatus, ListingName, MarketHandle, MarketStatus, Reply, What};
use crate::live::{Control, ControlError};
use crate::services::trading::explain;

/// What can be done to a running market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Virtual time stands still.
    Pause,
    /// It goes on.
    Resume,
    /// It runs so fast.
    Speed {
        /// In thousandths of real time.
        thousandths: u32,
    },
    /// Nothing trades at a listing, or at any, until it is reopened.
    Halt {
        /// `SYMBOL` or `SYMBOL@VENUE`; all if none is named.
        listing: Option<String>,
    },
    /// A halt ends with an auction.
    Reopen {
        /// As for a halt.
        listing: Option<String>,
        /// How long orders can be entered and canceled before, in milliseconds of virtual time.
        auction_millis: u32,
    },
    /// An instrument whose value follows a market elsewhere is worth that there; prices are decimal numbers.
    Quote {
        /// Its symbol.
        symbol: String,
        /// What it is worth.
        value: String,
        /// The best bid there.
        bid: Option<String>,
        /// The best ask there.
        ask: Option<String>,
        /// Whether it is taken however far it is from the last one.
        force: bool,
    },
}

impl From<QuoteLine> for Action {
    fn from(line: QuoteLine) -> Self {
        let QuoteLine { symbol, value, bid, ask, force } = line;
        let text = |number: Number| number.to_string();
        Self::Quote { symbol, value: text(value), bid: bid.map(text), ask: ask.map(text), force }
    }
}

/// What an instrument is worth elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteLine {
    /// The instrument.
    #[schema(example = "ALFA")]
    pub symbol: String,
    /// What it is worth there: the last price, or the middle of bid and ask.
    pub value: Number,
    /// The best bid there.
    pub bid: Option<Number>,
    /// The best ask there.
    pub ask: Option<Number>,
    /// Whether it is taken although it is further from the last one than `max_jump` of the process allows.
    #[serde(default)]
    pub force: bool,
}

/// What became of a quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuotedView {
    /// The instrument.
    pub symbol: String,
    /// Whether its value is that now.
    pub done: bool,
    /// Why not, as a word.
    pub code: Option<String>,
    /// Why not, as a sentence.
    pub message: Option<String>,
}

/// How the market is, for whoever operates it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OperationsView {
    /// Where it stands in its life.
    #[schema(example = "open")]
    pub stage: &'static str,
    /// Whether it takes orders.
    pub takes_orders: bool,
    /// Why not, as a word.
    pub reason: Option<&'static str>,
    /// Why not, as a sentence.
    pub message: Option<String>,
    /// The day that is open, or was last.
    pub day: Option<OperatedDay>,
}

/// How far a day has come, for whoever operates the market.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OperatedDay {
    /// Its number in this market, from one.
    pub number: u32,
    /// Its name: its date, where days are dates.
    pub name: String,
    /// The virtual time, in UTC.
    pub now: String,
    /// When it closes.
    pub close: String,
    /// How fast virtual time runs.
    pub speed: f64,
    /// Whether virtual time stands still.
    pub paused: bool,
    /// How far virtual time is behind where it should be.
    pub behind: String,
    /// How many events have been delivered.
    pub events: u64,
}

/// Operates a market, and writes down what is done. Clones operate the same.
#[derive(Debug, Clone)]
pub struct Operations {
    handle: MarketHandle,
    log: AuditLog,
}

/// How long an answer of the market may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Operations {
    /// Makes one of a market and the log.
    #[must_use]
    pub const fn new(handle: MarketHandle, log: AuditLog) -> Self {
        Self { handle, log }
    }

    /// Returns how the market is.
    #[must_use]
    pub fn status(&self) -> OperationsView {
        OperationsView::of(&self.handle.status())
    }

    /// Does something; ready when it is durable.
    ///
    /// What the operator of the machine does is done although the database is away, with a line in the
    /// process's log: whoever is on the machine can halt a market in any case.
    ///
    /// # Errors
    /// [`Problem`] if it is not done, or not known.
    pub async fn act(&self, by: By, action: Action, reason: Option<String>) -> Result<(), Problem> {
        let work = carry_out(self.handle.clone(), action.clone());
        match self.log.record(by, deed(&action).because(reason), work).await {
            Err(problem) if by == By::Operator && problem.code == "database_away" => {
                tracing::warn!(?action, "done without an entry in the audit log: the database is away");
                carry_out(self.handle.clone(), action).await
            }
            done => done,
        }
    }
}

impl Operations {
    /// Says what instruments are worth elsewhere, one after the other; ready when all of it is durable. One
    /// that is refused does not keep the others.
    ///
    /// # Errors
    /// [`Problem`] if nothing is done.
    pub async fn quote(
        &self,
        by: By,
        lines: Vec<QuoteLine>,
        reason: Option<String>,
    ) -> Result<Vec<QuotedView>, Problem> {
        let deed = Deed::new("market.quotes").to("market", "all").because(reason);
        let deed = deed.with(serde_json::to_value(&lines).unwrap_or_default());
        let handle = self.handle.clone();
        let work = async move {
            let mut views = Vec::with_capacity(lines.len());
            for line in lines {
                let symbol = line.symbol.clone();
                let done = carry_out(handle.clone(), line.into()).await;
                let why = done.err();
                views.push(QuotedView {
                    symbol,
                    done: why.is_none(),
                    code: why.as_ref().map(|why| why.code.to_string()),
                    message: why.map(|why| why.message),
                });
            }
            Ok(views)
        };
        self.log.record(by, deed, work).await
    }
}

fn deed(action: &Action) -> Deed {
    let on = |word, listing: &Option<String>| match listing {
        Some(listing) => Deed::new(word).to("instrument", listing),
        None => Deed::new(word).to("market", "all"),
    };
    match action {
        Action::Pause => Deed::new("market.pause"),
        Action::Resume => Deed::new("market.resume"),
        Action::Speed { thousandths } => {
            Deed::new("market.speed").with(json!({ "thousandths": thousandths }))
        }
        Action::Halt { listing } => on("market.halt", listing),
        Action::Reopen { listing, auction_millis } => {
            on("market.reopen", listing).with(json!({ "auction_millis": auction_millis }))
        }
        Action::Quote { symbol, value, bid, ask, force } => {
            let details = json!({ "value": value, "bid": bid, "ask": ask, "force": force });
            Deed::new("market.quotes").to("instrument", symbol).with(details)
        }
    }
}

/// What an action is to the market.
#[derive(Debug)]
enum Wanted {
    Control(Control),
    Ask(What),
}

/// What is waited for.
enum Sent {
    Control(oneshot::Receiver<Result<(), ControlError>>),
    Ask(Reply),
}

async fn carry_out(handle: MarketHandle, action: Action) -> Result<(), Problem> {
    let sent = match wanted(action)? {
        Wanted::Control(control) => handle.control(control).map(Sent::Control),
        Wanted::Ask(what) => {
            handle.ask(Ask { seat: Arc::from("operator"), what, client: None }).map(Sent::Ask)
        }
    };
    let sent = sent.map_err(|why| explain::unavailable(&why))?;
    tokio::time::timeout(PATIENCE, done(sent)).await.unwrap_or_else(|_| Err(not_known()))
}

async fn done(sent: Sent) -> Result<(), Problem> {
    let conflict = |code, why: &dyn std::fmt::Display| Problem::new(ProblemKind::Conflict, code, why);
    match sent {
        Sent::Control(reply) => match reply.await {
            Ok(done) => done.map_err(|error| conflict("not_possible", &error)),
            Err(_) => Err(not_known()),
        },
        Sent::Ask(reply) => match reply.await {
            Ok(Ok(answer)) => match answer.outcome {
                Ok(_) => Ok(()),
                Err(refusal @ RequestRefusal::Quote(_)) => Err(explain::refusal(&refusal)),
                Err(refusal) => Err(conflict("refused", &refusal)),
            },
            Ok(Err(why)) => Err(explain::refused(&why)),
            Err(_) => Err(not_known()),
        },
    }
}

fn not_known() -> Problem {
    let message = "the market has not answered in time, or has ended: whether it was done is not known";
    Problem::new(ProblemKind::Unknown, "outcome_unknown", message).hint("look at the market's status")
}

fn wanted(action: Action) -> Result<Wanted, Problem> {
    let refused =
        |code, field, why: &dyn std::fmt::Display| Problem::new(ProblemKind::Refused, code, why).at(field);
    let named = |listing: Option<String>| -> Result<Option<ListingName>, Problem> {
        let bad = |error| refused("bad_listing", "listing", &error);
        listing.map(|name| name.parse().map_err(bad)).transpose()
    };
    Ok(match action {
        Action::Pause => Wanted::Control(Control::Pause),
        Action::Resume => Wanted::Control(Control::Resume),
        Action::Speed { thousandths } => {
            let speed = Speed::from_thousandths(thousandths);
            Wanted::Control(Control::Speed(speed.map_err(|error| refused("bad_speed", "speed", &error))?))
        }
        Action::Halt { listing } => Wanted::Ask(What::Halt { listing: named(listing)? }),
        Action::Reopen { listing, auction_millis } => {
            let auction = SimDuration::from_millis(i64::from(auction_millis));
            Wanted::Ask(What::Reopen { listing: named(listing)?, auction })
        }
        Action::Quote { symbol, value, bid, ask, force } => {
            let money = |field: &'static str, text: String| {
                let message = format!("{text:?} is no price: a decimal number with at most ten decimals");
                let decimal = text.parse().ok().filter(|_| !text.contains('_'));
                decimal.and_then(Money::from_decimal).ok_or_else(|| refused("bad_price", field, &message))
            };
            let quote = ValueQuote {
                value: money("value", value)?,
                bid: bid.map(|bid| money("bid", bid)).transpose()?,
                ask: ask.map(|ask| money("ask", ask)).transpose()?,
            };
            Wanted::Ask(What::Quote { symbol: symbol.into(), quote, is_forced: force })
        }
    })
}

impl OperationsView {
    fn of(status: &MarketStatus) -> Self {
        let why = status.unavailable();
        let day = status.day.as_ref().map(|day: &DayStatus| OperatedDay {
            number: day.number,
            name: day.name.clone(),
            now: day.now.to_string(),
            close: day.close.to_string(),
            speed: f64::from(day.speed.thousandths()) / 1_000.0,
            paused: day.is_paused,
            behind: day.behind.to_string(),
            events: day.events,
        });
        Self {
            stage: status.stage.name(),
            takes_orders: why.is_none(),
            reason: why.as_ref().map(crate::driver::Unavailable::code),
            message: why.as_ref().map(ToString::to_string),
            day,
        }
    }

    /// Returns it as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Fails for maps with keys that are no texts only.
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{DiskTrouble, Stage};

    #[test]
    fn every_reason_is_a_word_of_its_own() {
        let status = |stage, disk| MarketStatus { stage, disk, day: None };
        let failing = DiskTrouble::Failing("no space".to_owned());
        for (market, expected) in [
            (status(Stage::Opening, None), "recovering"),
            (status(Stage::BetweenDays { opens_at: Duration::ZERO }, None), "between_days"),
            (status(Stage::Open, Some(DiskTrouble::Full)), "disk_full"),
            (status(Stage::Open, Some(failing)), "journal_failing"),
            (status(Stage::Stopping, None), "stopped"),
            (status(Stage::Failed("cash differs by 1".to_owned()), None), "failed"),
        ] {
            let json = OperationsView::of(&market).to_json();
            assert_eq!((&json["reason"], &json["takes_orders"]), (&json!(expected), &json!(false)));
            assert!(Stage::NAMES.contains(&market.stage.name()));
        }
        let open = OperationsView::of(&status(Stage::Open, None)).to_json();
        assert_eq!((&open["takes_orders"], &open["reason"]), (&json!(true), &Value::Null));
    }

    #[test]
    fn a_speed_that_is_none_is_refused() {
        let refused = wanted(Action::Speed { thousandths: 0 }).unwrap_err();
        assert!(refused.code == "bad_speed" && refused.message.contains("must lie between"), "{refused:?}");
        let refused = wanted(Action::Halt { listing: Some("@".to_owned()) }).unwrap_err();
        assert!(refused.code == "bad_listing" && refused.message.contains("SYMBOL@VENUE"), "{refused:?}");
    }
}
