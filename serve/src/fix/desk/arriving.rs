//! Somebody logs on; what is due by time.

use std::time::Duration;

use tracing::info;

use super::{Desk, Live};
use crate::domain::ProblemKind;
use crate::fix::shared::Arrival;
use crate::fix::shared::now;
use crate::fix::store::Record;

/// How long a client has to answer the Logout of a server that stops.
const GOODBYE: Duration = Duration::from_secs(2);

impl Desk {
    /// Takes the connection of somebody who was let in.
    pub(super) async fn arrive(&mut self, arrival: Arrival) {
        let Arrival { link, message, request, actor } = arrival;
        if self.live.is_some() {
            let text = "the session has logged on already, over another connection";
            return self.shared.refuse(&link, &message, text);
        }
        if self.feed.is_none() {
            self.open_feed().await;
        }
        info!(session = %self.key.sender, account = %self.key.account, peer = %link.peer, "a session of FIX has begun");
        self.shared.metrics.logons.inc();
        self.shared.metrics.sessions.inc();
        self.cancels_new = false;
        let allowance = i64::from(self.shared.config.messages_per_second) * 1_000;
        self.live = Some(Live { link, actor, allowance, counted_at: now(), is_over: false });
        let cancels = request.cancels.unwrap_or(self.shared.config.cancel_on_disconnect);
        if self.file.state().cancels != cancels {
            self.records.push(Record::Cancels(cancels));
        }
        // What was said to nobody is written before the numbers may be set back.
        self.commit();
        let steps = self.session.log_on(now(), &message, &request);
        self.follow(steps);
    }

    /// Does what is due.
    pub(super) async fn tick(&mut self) {
        let steps = self.session.tick(now());
        self.follow(steps);
        if self.feed.is_none() {
            self.open_feed().await;
        }
        self.check().await;
        self.cancel_left();
        if let Some(file) = self.file.take_unsynced() {
            // Not waited for: what follows from it is derived again after a power cut.
            tokio::task::spawn_blocking(move || file.sync_data().unwrap_or_default());
        }
    }

    /// Asks whether the key that was shown still lets somebody in.
    async fn check(&mut self) {
        let Some(live) = self.live.as_mut().filter(|live| !live.is_over) else { return };
        match self.shared.identity.still(live.actor.credential).await {
            Ok(actor) if actor.account == live.actor.account => live.actor = actor,
            // A database that is away ends nobody's connection.
            Err(problem) if problem.kind == ProblemKind::Unavailable => {}
            Ok(_) | Err(_) => {
                let text = "the API key has ended, or its person was blocked";
                let steps = self.session.log_out(now(), text);
                self.follow(steps);
                self.commit();
                self.disconnect(text);
            }
        }
    }

    /// Logs out, since the server stops. Orders stay.
    pub(super) async fn stop(&mut self) {
        let steps = self.session.log_out(now(), "the server stops: the session is kept, log on again later");
        self.follow(steps);
        self.commit();
        let answered = async {
            while let Some(live) = &mut self.live {
                let framed = live.link.inbound.recv().await;
                self.take_inbound(framed);
                self.commit();
            }
        };
        // After that the connection ends without the answer.
        tokio::time::timeout(GOODBYE, answered).await.unwrap_or_default();
        if let Some(live) = self.live.take() {
            self.shared.metrics.sessions.dec();
            drop(live);
        }
        self.session.disconnected();
        self.records.push(Record::Away(Some(self.session.numbers().outgoing)));
        self.commit();
    }
}
