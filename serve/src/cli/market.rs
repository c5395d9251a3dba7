//! What the HTTP servers are told of the market, and what an operator does to it.

use std::sync::Arc;

use bearpit_core::kernel::Speed;
use bearpit_core::units::SimDuration;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::driver::{Ask, DayStatus, ListingName, MarketHandle, MarketStatus, Reply, Unavailable, What};
use crate::http::{Acting, Action, Market, Operator, Readiness, Refused};
use crate::live::{Control, ControlError};

/// The market of this process, as the servers see it.
#[derive(Debug, Clone)]
pub(super) struct Served(pub(super) MarketHandle);

impl Market for Served {
    fn readiness(&self) -> Readiness {
        match self.0.status().unavailable() {
            None => Readiness::Ready,
            Some(why) => Readiness::Not { reason: why.code(), message: why.to_string() },
        }
    }
}

impl Operator for Served {
    fn status(&self) -> Value {
        status(&self.0.status())
    }

    fn act(&self, action: Action) -> Acting {
        let sent = wanted(action).and_then(|wanted| match wanted {
            Wanted::Control(control) => self.0.control(control).map(Sent::Control).map_err(unavailable),
            Wanted::Ask(what) => {
                let ask = Ask { seat: Arc::from("operator"), what, client: None };
                self.0.ask(ask).map(Sent::Ask).map_err(unavailable)
            }
        });
        Box::pin(async move {
            match sent? {
                Sent::Control(reply) => match reply.await {
                    Ok(done) => done.map_err(|error| refused("not_possible", &error)),
                    Err(_) => Err(refused("unknown", &NOT_KNOWN)),
                },
                Sent::Ask(reply) => match reply.await {
                    Ok(Ok(answer)) => match answer.outcome {
                        Ok(_) => Ok(()),
                        Err(refusal) => Err(refused("refused", &refusal)),
                    },
                    Ok(Err(why)) => Err(refused("not_taken", &why)),
                    Err(_) => Err(refused("unknown", &NOT_KNOWN)),
                },
            }
        })
    }
}

/// What is said if the market ends before it has answered.
const NOT_KNOWN: &str = "the market has ended, and it is not known whether it was done";

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

fn wanted(action: Action) -> Result<Wanted, Refused> {
    let named = |listing: Option<String>| -> Result<Option<ListingName>, Refused> {
        listing.map(|name| name.parse()).transpose().map_err(|error| refused("bad_listing", &error))
    };
    Ok(match action {
        Action::Pause => Wanted::Control(Control::Pause),
        Action::Resume => Wanted::Control(Control::Resume),
        Action::Speed { thousandths } => {
            let speed = Speed::from_thousandths(thousandths).map_err(|error| refused("bad_speed", &error))?;
            Wanted::Control(Control::Speed(speed))
        }
        Action::Halt { listing } => Wanted::Ask(What::Halt { listing: named(listing)? }),
        Action::Reopen { listing, auction_millis } => {
            let auction = SimDuration::from_millis(i64::from(auction_millis));
            Wanted::Ask(What::Reopen { listing: named(listing)?, auction })
        }
    })
}

fn refused(code: &'static str, why: &dyn std::fmt::Display) -> Refused {
    Refused { code, message: why.to_string() }
}

fn unavailable(why: Unavailable) -> Refused {
    refused(why.code(), &why)
}

fn status(status: &MarketStatus) -> Value {
    let why = status.unavailable();
    let day = status.day.as_ref().map(|day: &DayStatus| {
        json!({
            "number": day.number,
            "name": day.name,
            "now": day.now.to_string(),
            "close": day.close.to_string(),
            "speed": f64::from(day.speed.thousandths()) / 1_000.0,
            "paused": day.is_paused,
            "behind": day.behind.to_string(),
            "events": day.events,
        })
    });
    json!({
        "stage": status.stage.name(),
        "takes_orders": why.is_none(),
        "reason": why.as_ref().map(Unavailable::code),
        "message": why.as_ref().map(ToString::to_string),
        "day": day,
    })
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
            (status(Stage::BetweenDays { opens_at: std::time::Duration::ZERO }, None), "between_days"),
            (status(Stage::Open, Some(DiskTrouble::Full)), "disk_full"),
            (status(Stage::Open, Some(failing)), "journal_failing"),
            (status(Stage::Stopping, None), "stopped"),
            (status(Stage::Failed("cash differs by 1".to_owned()), None), "failed"),
        ] {
            let json = super::status(&market);
            assert_eq!((&json["reason"], &json["takes_orders"]), (&json!(expected), &json!(false)));
            assert!(Stage::NAMES.contains(&market.stage.name()));
        }
        let open = super::status(&status(Stage::Open, None));
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
