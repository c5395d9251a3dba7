//! How a session begins: the Logon of somebody who has been let in.

use super::{LogonRequest, Numbers, Phase, Session, Step};
use crate::fix::codec::{Body, Message, Millis, tags, tags::kind};

impl Session {
    /// Takes the Logon of somebody who may have the session, and answers it.
    pub(in crate::fix) fn log_on(
        &mut self,
        now: Millis,
        message: &Message,
        request: &LogonRequest,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        self.phase = Phase::Open;
        self.heartbeat = i64::from(request.heartbeat) * 1_000;
        self.received_at = now;
        (self.tested_at, self.gap) = (None, None);
        if !self.is_timely(now, message, &mut steps) {
            return steps;
        }
        let Ok(Some(number)) = message.read::<u64>(tags::MSG_SEQ_NUM, "number") else {
            self.end(now, "MsgSeqNum (34) is missing, or no number", &mut steps);
            return steps;
        };
        if request.is_reset {
            if number != 1 {
                let text = format!("a Logon with ResetSeqNumFlag (141) has MsgSeqNum 1, not {number}");
                self.end(now, &text, &mut steps);
                return steps;
            }
            self.numbers = Numbers::FIRST;
            steps.push(Step::Reset);
        }
        let is_again = message.get(tags::POSS_DUP_FLAG) == Some("Y");
        if number < self.numbers.incoming && !is_again {
            self.end(now, &self.too_low(number), &mut steps);
            return steps;
        }
        let mut body = Body::default();
        body.put(tags::ENCRYPT_METHOD, 0).put(tags::HEART_BT_INT, request.heartbeat);
        if request.is_reset {
            body.put(tags::RESET_SEQ_NUM_FLAG, 'Y');
        }
        let answer = self.number(now, kind::LOGON, body);
        steps.extend([Step::Send(answer), Step::LoggedOn]);
        if number > self.numbers.incoming {
            self.ask_again(now, number, &mut steps);
        } else if number == self.numbers.incoming {
            self.numbers.incoming += 1;
        }
        steps
    }

    /// Says that a number is too low.
    pub(super) fn too_low(&self, number: u64) -> String {
        format!("MsgSeqNum (34) is too low: expected {}, received {number}", self.numbers.incoming)
    }
}
