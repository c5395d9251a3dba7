//! A session of FIX 4.4 as a state machine, without sockets, files or clocks: messages and times come in,
//! [`Step`]s go out. Whoever drives it writes down what is to be kept before anything leaves.
//!
//! It follows the test cases of the session layer: numbers too low end a session, numbers too high are asked
//! for again, garbled messages count for nothing, what is missing or wrong in a message is said by a Reject.

mod admin;
mod incoming;
mod logon;
mod logon_request;
#[cfg(test)]
mod property_tests;
mod resend;
#[cfg(test)]
mod tests;

pub(super) use logon_request::{LogonRequest, is_name};
pub(super) use resend::{Archive, KeptMessage};

use super::codec::{Body, Head, Message, Millis, encode, tags, tags::kind, timestamp};

/// How far the clocks of both sides may differ, in milliseconds.
const ACCURACY: Millis = 120_000;

/// Something that is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Send a message, and keep it before if it says so.
    Send(Outgoing),
    /// Hand a message of the application on.
    Deliver(Message),
    /// Both sides count from one again: what was kept is not asked for any more.
    Reset,
    /// The session goes on: the other side has logged on.
    LoggedOn,
    /// End the connection, once all before was sent. The text is for the log.
    Disconnect(String),
}

/// A message that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outgoing {
    /// Its number.
    pub(super) number: u64,
    /// Its type.
    pub(super) kind: String,
    /// When it is sent.
    pub(super) at: Millis,
    /// Its fields.
    pub(super) body: Body,
    /// When it was sent for the first time, if that was before: a gap fill has it too.
    pub(super) original: Option<Millis>,
    /// Whether the other side may have seen what it says under another number.
    pub(super) is_resend: bool,
    /// Whether it is kept, to be sent again.
    pub(super) is_kept: bool,
}

impl Outgoing {
    /// Writes it for a session.
    pub(super) fn encode(&self, ours: &str, theirs: &str) -> Vec<u8> {
        let mut more = Body::default();
        if let Some(original) = self.original {
            more.put(tags::POSS_DUP_FLAG, 'Y').put(tags::ORIG_SENDING_TIME, timestamp(original));
        }
        if self.is_resend {
            more.put(tags::POSS_RESEND, 'Y');
        }
        let head = Head { kind: &self.kind, from: ours, to: theirs, number: self.number, at: self.at, more };
        encode(&head, &self.body)
    }
}

/// The numbers of the next messages of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    /// Of the other side's next.
    pub(super) incoming: u64,
    /// Of ours.
    pub(super) outgoing: u64,
}

impl Numbers {
    /// Those of a session that begins.
    pub(super) const FIRST: Self = Self { incoming: 1, outgoing: 1 };
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nobody is connected.
    Away,
    /// The other side has logged on.
    Open,
    /// A Logout was sent, which the other side answers.
    LoggingOut,
}

/// What was asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    /// The highest number that has been seen.
    up_to: u64,
    /// When it was asked for.
    at: Millis,
}

/// One session: what both sides have counted, and what is due.
#[derive(Debug)]
pub(super) struct Session {
    ours: String,
    theirs: String,
    numbers: Numbers,
    phase: Phase,
    /// How long either side may be silent.
    heartbeat: Millis,
    received_at: Millis,
    sent_at: Millis,
    /// When it was asked whether the other side is there.
    tested_at: Option<Millis>,
    gap: Option<Gap>,
}

impl Session {
    /// Makes one that nobody is connected to.
    pub(super) fn new(ours: &str, theirs: &str, numbers: Numbers) -> Self {
        Self {
            ours: ours.to_owned(),
            theirs: theirs.to_owned(),
            numbers,
            phase: Phase::Away,
            heartbeat: 30_000,
            received_at: 0,
            sent_at: 0,
            tested_at: None,
            gap: None,
        }
    }

    /// Returns the numbers of the next messages.
    pub(super) const fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// Returns whether the other side has logged on, and nobody logs out.
    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Numbers a message of the application. It is to be kept, and is sent at once if somebody is connected;
    /// else the other side asks for it when it comes back.
    pub(super) fn send(&mut self, now: Millis, kind: &str, body: Body, is_resend: bool) -> Outgoing {
        let mut message = self.number(now, kind, body);
        message.is_kept = true;
        message.is_resend = is_resend;
        message
    }

    /// Numbers a message that is of the moment: nobody sends it again.
    pub(super) fn send_once(&mut self, now: Millis, kind: &str, body: Body) -> Outgoing {
        self.number(now, kind, body)
    }

    /// Begins to end the session in good order.
    pub(super) fn log_out(&mut self, now: Millis, text: &str) -> Vec<Step> {
        if self.phase != Phase::Open {
            return Vec::new();
        }
        self.phase = Phase::LoggingOut;
        // From here on it counts how long the answer takes.
        self.received_at = now;
        vec![Step::Send(self.logout(now, text))]
    }

    /// The connection has ended, whoever ended it.
    pub(super) fn disconnected(&mut self) {
        self.phase = Phase::Away;
        self.gap = None;
        self.tested_at = None;
    }

    fn number(&mut self, now: Millis, kind: &str, body: Body) -> Outgoing {
        let number = self.numbers.outgoing;
        self.numbers.outgoing += 1;
        self.sent_at = now;
        Outgoing {
            number,
            kind: kind.to_owned(),
            at: now,
            body,
            original: None,
            is_resend: false,
            is_kept: false,
        }
    }

    fn logout(&mut self, now: Millis, text: &str) -> Outgoing {
        let mut body = Body::default();
        body.put(tags::TEXT, text);
        self.number(now, kind::LOGOUT, body)
    }

    /// Ends a session whose other side does not keep to the rules.
    fn end(&mut self, now: Millis, text: &str, steps: &mut Vec<Step>) {
        let logout = self.logout(now, text);
        steps.extend([Step::Send(logout), Step::Disconnect(text.to_owned())]);
        self.phase = Phase::LoggingOut;
    }
}
