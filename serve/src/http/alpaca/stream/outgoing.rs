//! [`Outgoing`]: what is sent to a client of a stream, and what ends it while that waits.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{rt, web};
use actix_ws::{AggregatedMessage, ProtocolError};
use bytes::Bytes;

use super::super::super::shared::Shared;
use super::super::super::ws::{Frame, Hub, Over, Watch};
use super::places::{Place, Places};
use crate::domain::{Actor, ProblemKind};
use crate::services::identity::is_id_of;

/// What is sent to a client, and what ends it while that waits.
pub(super) struct Outgoing {
    pub(super) session: actix_ws::Session,
    pub(super) ticks: rt::time::Interval,
    pub(super) held: Option<Held>,
    pub(super) shared: web::Data<Shared>,
    hub: Arc<Hub>,
    places: web::Data<Places>,
    /// For how many seconds nothing has come from the client.
    silent_secs: u32,
    /// How many messages it may send at once.
    allowance: u32,
}

/// Whose stream it is.
pub(super) struct Held {
    pub(super) actor: Actor,
    _place: Place,
}

/// Why somebody's keys are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotHeld {
    /// They are none.
    Wrong,
    /// The account has too many streams.
    TooMany,
    /// It cannot be known at the moment.
    Unknown,
}

/// What a client has sent.
#[derive(Debug)]
pub(super) enum Received {
    /// A message.
    Message(Bytes),
    /// Nothing that needs an answer.
    Nothing,
}

/// How often a connection looks after itself.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// After how many seconds of silence a client is pinged, and after how many it is given up.
const PING_SECS: u32 = 15;
const SILENT_SECS_MAX: u32 = 45;
/// How many messages a client may send in a second, and at once.
const MESSAGES_PER_SECOND: u32 = 20;
const MESSAGES_MAX: u32 = 200;

impl Outgoing {
    pub(super) fn new(
        session: actix_ws::Session,
        hub: Arc<Hub>,
        shared: web::Data<Shared>,
        places: web::Data<Places>,
    ) -> Self {
        let mut ticks = rt::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let allowance = MESSAGES_MAX;
        Self { session, ticks, held: None, shared, hub, places, silent_secs: 0, allowance }
    }

    /// Returns the feeds of this worker.
    pub(super) const fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Takes key and secret.
    pub(super) async fn authenticate(&mut self, key: &str, secret: &str) -> Result<(), NotHeld> {
        let is_token = key == "oauth";
        let authenticator = self.hub.authenticator().filter(|_| is_token || is_id_of(key, secret));
        let Some(authenticator) = authenticator else { return Err(NotHeld::Wrong) };
        let actor = authenticator.authenticate(secret).await.map_err(|problem| match problem.kind {
            ProblemKind::Unavailable => NotHeld::Unknown,
            _ => NotHeld::Wrong,
        })?;
        let place = self.places.take(actor.account).ok_or(NotHeld::TooMany)?;
        self.held = Some(Held { actor, _place: place });
        Ok(())
    }

    /// A second has passed.
    pub(super) async fn tick(&mut self) -> Result<(), Over> {
        self.allowance = (self.allowance + MESSAGES_PER_SECOND).min(MESSAGES_MAX);
        self.silent_secs += 1;
        if self.silent_secs >= SILENT_SECS_MAX {
            return Err(Over::Silent);
        }
        let held = self.held.as_mut().map(|held| &mut held.actor);
        Watch { held, hub: &self.hub, shared: &self.shared }.check().await?;
        if self.silent_secs.is_multiple_of(PING_SECS) {
            self.session.ping(b"").await.map_err(|_| Over::Gone)?;
        }
        Ok(())
    }

    /// Takes what the client has sent.
    pub(super) async fn take(
        &mut self,
        message: Option<Result<AggregatedMessage, ProtocolError>>,
    ) -> Result<Received, Over> {
        self.silent_secs = 0;
        self.allowance = self.allowance.checked_sub(1).ok_or(Over::TooMany)?;
        match message {
            None | Some(Ok(AggregatedMessage::Close(_)) | Err(ProtocolError::Io(_))) => Err(Over::Gone),
            Some(Err(ProtocolError::Overflow)) => Err(Over::TooLong),
            Some(Err(_)) => Err(Over::BadFrame),
            Some(Ok(AggregatedMessage::Binary(bytes))) => Ok(Received::Message(bytes)),
            Some(Ok(AggregatedMessage::Text(text))) => Ok(Received::Message(text.into_bytes())),
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                self.session.pong(&bytes).await.map_err(|_| Over::Gone)?;
                Ok(Received::Nothing)
            }
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(Received::Nothing),
        }
    }

    /// Sends a frame, once the client has read enough of those before.
    pub(super) async fn send(&mut self, frame: Frame) -> Result<(), Over> {
        let Self { session, ticks, held, hub, shared, .. } = self;
        let held = held.as_mut().map(|held| &mut held.actor);
        let sending = async {
            match frame {
                Frame::Text(text) => session.text(text).await,
                Frame::Binary(bytes) => session.binary(bytes).await,
                Frame::Nothing => Ok(()),
            }
        };
        Watch { held, hub, shared }.send(ticks, sending).await
    }
}
