//! What the HTTP servers are told of the market, and what an operator does to it.

use bearpit_core::kernel::Speed;
use serde_json::{Value, json};

use crate::driver::{DayStatus, DiskTrouble, MarketHandle, MarketStatus, Stage, Unavailable};
use crate::http::{Acting, Action, Market, Operator, Readiness, Refused};
use crate::live::Control;

/// The market of this process, as the servers see it.
#[derive(Debug, Clone)]
pub(super) struct Served(pub(super) MarketHandle);

impl Market for Served {
    fn readiness(&self) -> Readiness {
        match self.0.status().unavailable() {
            None => Readiness::Ready,
            Some(why) => Readiness::Not { reason: reason(&why), message: why.to_string() },
        }
    }
}

impl Operator for Served {
    fn status(&self) -> Value {
        status(&self.0.status())
    }

    fn act(&self, action: Action) -> Acting {
        let sent = control_of(&action).and_then(|control| {
            self.0.control(control).map_err(|why| Refused { code: reason(&why), message: why.to_string() })
        });
        Box::pin(async move {
            match sent?.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Refused { code: "not_possible", message: error.to_string() }),
                Err(_) => {
                    let message = "the market has ended, and it is not known whether it was done".to_owned();
                    Err(Refused { code: "unknown", message })
                }
            }
        })
    }
}

fn control_of(action: &Action) -> Result<Control, Refused> {
    match action {
        Action::Pause => Ok(Control::Pause),
        Action::Resume => Ok(Control::Resume),
        Action::Speed { thousandths } => {
            let refused =
                |error: &dyn std::fmt::Display| Refused { code: "bad_speed", message: error.to_string() };
            Speed::from_thousandths(*thousandths).map(Control::Speed).map_err(|error| refused(&error))
        }
    }
}

/// Returns why the market takes no order, as a word.
const fn reason(why: &Unavailable) -> &'static str {
    match why {
        Unavailable::Opening => "recovering",
        Unavailable::BetweenDays => "between_days",
        Unavailable::Paused => "paused",
        Unavailable::Disk(DiskTrouble::Full) => "disk_full",
        Unavailable::Disk(DiskTrouble::Failing(_)) => "journal_failing",
        Unavailable::Busy => "busy",
        Unavailable::Stopped => "stopped",
        Unavailable::Failed(_) => "failed",
    }
}

/// Returns the stage of a market, as a word.
pub(super) const fn stage(stage: &Stage) -> &'static str {
    match stage {
        Stage::Opening => "opening",
        Stage::Open => "open",
        Stage::BetweenDays { .. } => "between_days",
        Stage::Stopping => "stopping",
        Stage::Stopped => "stopped",
        Stage::Failed(_) => "failed",
    }
}

/// All stages, as words.
pub(super) const STAGES: [&str; 6] = ["opening", "open", "between_days", "stopping", "stopped", "failed"];

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
        "stage": stage(&status.stage),
        "takes_orders": why.is_none(),
        "reason": why.as_ref().map(reason),
        "message": why.as_ref().map(ToString::to_string),
        "day": day,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(STAGES.contains(&stage(&market.stage)));
        }
        let open = super::status(&status(Stage::Open, None));
        assert_eq!((&open["takes_orders"], &open["reason"]), (&json!(true), &Value::Null));
    }

    #[test]
    fn a_speed_that_is_none_is_refused() {
        let refused = control_of(&Action::Speed { thousandths: 0 }).unwrap_err();
        assert!(refused.code == "bad_speed" && refused.message.contains("must lie between"), "{refused:?}");
    }
}
