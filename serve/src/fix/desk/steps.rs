//! What the session says is to be done: written to its file first, then sent.

use tracing::{error, info, warn};

use super::{BATCH, Desk, QUEUE_MAX};
use crate::fix::codec::{Body, Framed};
use crate::fix::orders::Said;
use crate::fix::session::{Archive, Outgoing, Step};
use crate::fix::shared::now;
use crate::fix::store::Record;

impl Desk {
    /// Takes what has come in, as much as is there.
    pub(super) fn take_inbound(&mut self, framed: Option<Framed>) {
        let mut next = Some(framed);
        for _ in 0..BATCH {
            let Some(framed) = next.take() else { return };
            match framed {
                None => return self.disconnect("the connection was closed"),
                Some(Framed::TooLong) => return self.disconnect("a message was too long"),
                Some(Framed::Garbled(why)) => {
                    self.shared.metrics.garbled.inc();
                    warn!(session = %self.key.sender, why, "a garbled message of FIX was ignored");
                }
                Some(Framed::Message(message)) => {
                    self.shared.metrics.received.inc();
                    let steps = self.session.receive(now(), message, &self.file);
                    self.follow(steps);
                }
            }
            let Some(live) = self.live.as_mut().filter(|live| !live.is_over) else { return };
            next = match live.link.inbound.try_recv() {
                Ok(framed) => Some(Some(framed)),
                Err(tokio::sync::mpsc::error::TryRecvError::Empty) => None,
                Err(tokio::sync::mpsc::error::TryRecvError::Disconnected) => Some(None),
            };
        }
        // One that was taken and not looked at is not lost.
        if let Some(framed) = next {
            self.take_inbound(framed);
        }
    }

    /// Does what the session says.
    pub(super) fn follow(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Send(message) => self.put(&message),
                Step::Deliver(message) => self.request(message),
                Step::Reset => {
                    self.keep_undelivered();
                    self.records.push(Record::Reset);
                }
                Step::LoggedOn => {
                    self.records.push(Record::Away(None));
                    for (kind, body) in std::mem::take(&mut self.undelivered) {
                        self.say_again(&kind, body, true);
                    }
                }
                Step::Disconnect(why) => {
                    if let Some(live) = &mut self.live {
                        live.is_over = true;
                    }
                    self.commit();
                    self.disconnect(&why);
                }
            }
        }
    }

    /// Keeps what was sent to nobody: the other side gets it under other numbers.
    fn keep_undelivered(&mut self) {
        self.commit();
        let Some(from) = self.file.state().away_from else { return };
        let kept = self.file.kept(from..u64::MAX);
        self.undelivered = kept.into_iter().map(|it| (it.kind, Body::of_text(it.body))).collect();
    }

    /// Says something that is kept.
    pub(super) fn say(&mut self, (kind, body): Said) {
        self.say_again(kind, body, false);
    }

    /// Says something that is kept; the other side may have seen it under another number.
    pub(super) fn say_again(&mut self, kind: &str, body: Body, is_resend: bool) {
        let message = self.session.send(now(), kind, body, is_resend);
        self.put(&message);
    }

    /// Takes a message of market data and the like: it is of the moment.
    pub(super) fn take_news(&mut self, (kind, body): Said) {
        if self.session.is_open() {
            let message = self.session.send_once(now(), kind, body);
            self.put(&message);
        }
    }

    fn put(&mut self, message: &Outgoing) {
        if message.is_kept {
            self.records.push(Record::Message {
                number: message.number,
                at: message.at,
                kind: message.kind.clone(),
                body: message.body.text().to_owned(),
            });
        }
        if self.live.is_some() {
            self.shared.metrics.sent.inc();
            self.wire.extend(message.encode(&self.shared.config.comp_id, &self.key.sender));
        }
    }

    /// Writes all that has changed to the file, and sends what was said.
    pub(super) fn commit(&mut self) {
        self.records.extend(self.place.take().map(Record::Feed));
        let (numbers, state) = (self.session.numbers(), self.file.state());
        let is_counted = (numbers.incoming, numbers.outgoing) == (state.incoming, state.outgoing);
        if !self.records.is_empty() || !is_counted {
            let (incoming, outgoing) = (numbers.incoming, numbers.outgoing);
            self.records.push(Record::Numbers { incoming, outgoing });
            let records = std::mem::take(&mut self.records);
            if let Err(fault) = self.file.append(&records) {
                error!(%fault, "a session of FIX cannot be kept: its connection ends");
                self.wire.clear();
                self.is_failed = true;
                if self.live.take().is_some() {
                    self.shared.metrics.sessions.dec();
                }
                return;
            }
        }
        let bytes = std::mem::take(&mut self.wire);
        let Some(live) = &self.live else { return };
        if !bytes.is_empty() {
            live.link.send(bytes);
        }
        if live.link.queued() > QUEUE_MAX {
            self.shared.metrics.slow.inc();
            self.disconnect("the client reads too slowly; what it has not read is there at its next logon");
        }
    }

    /// Ends the connection, if there is one: what was queued is sent as far as the other side reads it.
    pub(super) fn disconnect(&mut self, why: &str) {
        let Some(live) = self.live.take() else { return };
        info!(session = %self.key.sender, peer = %live.link.peer, why, "a session of FIX has ended");
        self.shared.metrics.sessions.dec();
        self.session.disconnected();
        self.wire.clear();
        self.records.push(Record::Away(Some(self.session.numbers().outgoing)));
        self.unsubscribe_all();
        self.leave();
    }
}
