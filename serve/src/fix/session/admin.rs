//! Messages of the session itself: silence, tests, numbers that are set, ends.

use super::{Numbers, Phase, Session, Step};
use crate::fix::codec::{Body, Fault, Message, Millis, reason, tags, tags::kind};

impl Session {
    /// Does what is due by now: a Heartbeat, a question whether the other side is there, or the end.
    pub(in crate::fix) fn tick(&mut self, now: Millis) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.phase == Phase::Away {
            return steps;
        }
        // What a message may take on its way is a part of the interval.
        let patience = self.heartbeat + self.heartbeat / 5;
        if self.phase == Phase::LoggingOut {
            if now - self.received_at > patience.min(10_000) {
                steps.push(Step::Disconnect("the Logout was not answered".to_owned()));
            }
            return steps;
        }
        match self.tested_at {
            Some(at) if now - at > patience => {
                self.end(now, "nothing was heard, and a TestRequest (1) was not answered", &mut steps);
                return steps;
            }
            None if now - self.received_at > patience => {
                self.tested_at = Some(now);
                let mut body = Body::default();
                body.put(tags::TEST_REQ_ID, now);
                let test = self.number(now, kind::TEST_REQUEST, body);
                steps.push(Step::Send(test));
            }
            _ => {}
        }
        if now - self.sent_at >= self.heartbeat {
            let heartbeat = self.number(now, kind::HEARTBEAT, Body::default());
            steps.push(Step::Send(heartbeat));
        }
        steps
    }

    /// Says what is wrong with a message: the session goes on.
    pub(in crate::fix) fn reject(
        &mut self,
        now: Millis,
        message: &Message,
        fault: &Fault,
        steps: &mut Vec<Step>,
    ) {
        let mut body = Body::default();
        body.put(tags::REF_SEQ_NUM, message.get(tags::MSG_SEQ_NUM).unwrap_or("0"));
        if fault.tag > 0 {
            body.put(tags::REF_TAG_ID, fault.tag);
        }
        body.put(tags::REF_MSG_TYPE, message.kind())
            .put(tags::SESSION_REJECT_REASON, fault.reason)
            .put(tags::TEXT, &fault.text);
        let reject = self.number(now, kind::REJECT, body);
        steps.push(Step::Send(reject));
    }

    pub(super) fn test_asked(&mut self, now: Millis, message: &Message, steps: &mut Vec<Step>) {
        match message.need(tags::TEST_REQ_ID) {
            Ok(id) => {
                let mut body = Body::default();
                body.put(tags::TEST_REQ_ID, id);
                let heartbeat = self.number(now, kind::HEARTBEAT, body);
                steps.push(Step::Send(heartbeat));
            }
            Err(fault) => self.reject(now, message, &fault, steps),
        }
    }

    /// A SequenceReset that resets: whatever its own number, the next one is what it says.
    pub(super) fn set_number(&mut self, now: Millis, message: &Message, number: u64, steps: &mut Vec<Step>) {
        match new_number(message) {
            Ok(new) if new >= self.numbers.incoming => {
                self.numbers.incoming = new;
                self.close_gap();
            }
            Ok(new) => {
                let text = format!(
                    "NewSeqNo (36) is {new}, and messages up to {} have come",
                    self.numbers.incoming.saturating_sub(1)
                );
                self.reject(now, message, &Fault::new(tags::NEW_SEQ_NO, reason::BAD_VALUE, text), steps);
            }
            Err(fault) => {
                if number == self.numbers.incoming {
                    self.numbers.incoming += 1;
                }
                self.reject(now, message, &fault, steps);
            }
        }
    }

    /// A SequenceReset that fills a gap, and whose own number was due.
    pub(super) fn fill_gap(&mut self, now: Millis, message: &Message, number: u64, steps: &mut Vec<Step>) {
        match new_number(message) {
            Ok(new) if new > number => {
                self.numbers.incoming = new;
                self.close_gap();
            }
            Ok(new) => {
                let text = format!("NewSeqNo (36) is {new}, which does not lead on from {number}");
                self.reject(now, message, &Fault::new(tags::NEW_SEQ_NO, reason::BAD_VALUE, text), steps);
            }
            Err(fault) => self.reject(now, message, &fault, steps),
        }
    }

    /// The other side ends the session, or answers that we do.
    pub(super) fn log_out_asked(&mut self, now: Millis, steps: &mut Vec<Step>) {
        if self.phase == Phase::Open {
            let answer = self.logout(now, "logged out as asked");
            steps.push(Step::Send(answer));
        }
        self.phase = Phase::LoggingOut;
        steps.push(Step::Disconnect("logged out".to_owned()));
    }

    /// A Logon while the session goes on: it may set the numbers back, and nothing else.
    pub(super) fn log_on_again(
        &mut self,
        now: Millis,
        message: &Message,
        number: u64,
        steps: &mut Vec<Step>,
    ) {
        let is_reset = matches!(message.flag(tags::RESET_SEQ_NUM_FLAG), Ok(Some(true)));
        if !is_reset || number != 1 {
            self.end(now, "the session has logged on already", steps);
            return;
        }
        self.numbers = Numbers { incoming: 2, outgoing: 1 };
        self.gap = None;
        steps.push(Step::Reset);
        let mut body = Body::default();
        body.put(tags::ENCRYPT_METHOD, 0)
            .put(tags::HEART_BT_INT, self.heartbeat / 1_000)
            .put(tags::RESET_SEQ_NUM_FLAG, 'Y');
        let answer = self.number(now, kind::LOGON, body);
        steps.push(Step::Send(answer));
    }
}

fn new_number(message: &Message) -> Result<u64, Fault> {
    message.need(tags::NEW_SEQ_NO)?;
    Ok(message.read(tags::NEW_SEQ_NO, "number")?.unwrap_or(0))
}
