//! [`Connection`]: the task of one client.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{rt, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError};
use bytestring::ByteString;
use tokio::sync::oneshot;

use super::feed::Bell;
use super::frame::{Frame, NATIVE};
use super::hub::Hub;
use super::message::{Notice, text_of};
use super::open::nobody_known;
use super::outcome::Over;
use super::reader::Reader;
use super::request::{Request, topic};
use super::topic::Topic;
use super::watch::Watch;
use crate::domain::{Actor, Problem, ProblemKind, RequestId};
use crate::http::shared::Shared;

/// One client.
pub(super) struct Connection {
    hub: Arc<Hub>,
    outgoing: Outgoing,
    readers: BTreeMap<Topic, Reader>,
    bell: Rc<Bell>,
    /// How many messages it may send at once.
    allowance: u32,
    /// For how many seconds nothing has come from it.
    silent_secs: u32,
    /// For how many seconds it has been there.
    age_secs: u32,
    /// Whether it has sent a message that was read.
    has_spoken: bool,
}

/// What is sent to a client, and what ends it while that waits.
struct Outgoing {
    session: actix_ws::Session,
    ticks: rt::time::Interval,
    held: Option<Actor>,
    hub: Arc<Hub>,
    shared: web::Data<Shared>,
}

/// How often a connection looks after itself.
const TICK: Duration = Duration::from_secs(1);
/// How long a client may take to say who it is, in seconds.
const AUTH_SECS: u32 = 3;
/// After how many seconds of silence it is pinged, and after how many it is given up.
const PING_SECS: u32 = 15;
const SILENT_SECS_MAX: u32 = 45;
/// How long it may take to make room for the reason why it is closed.
const CLOSE_MAX: Duration = Duration::from_secs(5);
/// How many times what it may send in a second it may send at once.
const BURST: u32 = 5;
/// How many messages are sent before it is looked what has come.
const SENT_AT_ONCE: usize = 64;

impl Connection {
    pub(super) fn new(
        hub: Arc<Hub>,
        shared: web::Data<Shared>,
        session: actix_ws::Session,
        held: Option<Actor>,
    ) -> Self {
        let mut ticks = rt::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let allowance = hub.config().messages_per_second * BURST;
        let outgoing = Outgoing { session, ticks, held, hub: Arc::clone(&hub), shared };
        Self {
            hub,
            outgoing,
            readers: BTreeMap::new(),
            bell: Rc::new(Bell::new()),
            allowance,
            silent_secs: 0,
            age_secs: 0,
            has_spoken: false,
        }
    }

    /// Serves the client until it goes, or is to go; `has_ended` is ready when nothing is sent any more.
    pub(super) async fn run(
        mut self,
        mut stream: AggregatedMessageStream,
        mut has_ended: oneshot::Receiver<()>,
    ) {
        // A server that stops waits until each client has been told.
        let answering = self.outgoing.shared.in_flight.enter();
        let over = match self.serve(&mut stream).await {
            Ok(never) => match never {},
            Err(over) => over,
        };
        std::mem::take(&mut self.readers).values().for_each(|reader| reader.end(&self.bell));
        // A client that reads nothing does not read this either.
        let close = self.outgoing.session.close(over.reason());
        rt::time::timeout(CLOSE_MAX, close).await.ok();
        // What is read is held until then: see `Watched`. Of a client that takes nothing the system lets go.
        if rt::time::timeout(TICK, &mut has_ended).await.is_err() {
            drop(answering);
            has_ended.await.ok();
        }
        drop(stream);
        tracing::debug!(?over, "a WebSocket has ended");
    }

    async fn serve(
        &mut self,
        stream: &mut AggregatedMessageStream,
    ) -> Result<std::convert::Infallible, Over> {
        self.welcome().await?;
        // The first tick is at once.
        self.outgoing.ticks.tick().await;
        let bell = Rc::clone(&self.bell);
        loop {
            tokio::select! {
                biased;
                _ = self.outgoing.ticks.tick() => self.tick().await?,
                message = stream.recv() => self.take(message).await?,
                () = bell.notified() => self.send_news().await?,
            }
        }
    }

    async fn welcome(&mut self) -> Result<(), Over> {
        let config = self.hub.config();
        let welcome = text_of(&Notice::Welcome {
            protocol: 1,
            request_id: RequestId::current().map(|id| id.to_string()),
            is_authenticated: self.outgoing.held.is_some(),
            subscriptions_max: config.subscriptions_max,
            messages_per_second: config.messages_per_second,
            message_bytes_max: config.message_bytes_max,
        });
        self.outgoing.send(welcome).await
    }

    /// A second has passed.
    async fn tick(&mut self) -> Result<(), Over> {
        let per_second = self.hub.config().messages_per_second;
        self.allowance = (self.allowance + per_second).min(per_second * BURST);
        self.age_secs = self.age_secs.saturating_add(1);
        self.silent_secs += 1;
        if self.hub.config().requires_token && self.outgoing.held.is_none() && self.age_secs >= AUTH_SECS {
            return Err(Over::NoToken);
        }
        if self.silent_secs >= SILENT_SECS_MAX {
            return Err(Over::Silent);
        }
        let Outgoing { held, hub, shared, .. } = &mut self.outgoing;
        Watch { held: held.as_mut(), hub, shared }.check().await?;
        if self.silent_secs.is_multiple_of(PING_SECS) {
            self.outgoing.session.ping(b"").await.map_err(|_| Over::Gone)?;
        }
        Ok(())
    }

    /// Takes what the client has sent.
    async fn take(&mut self, message: Option<Result<AggregatedMessage, ProtocolError>>) -> Result<(), Over> {
        self.silent_secs = 0;
        let text = match message {
            None | Some(Ok(AggregatedMessage::Close(_)) | Err(ProtocolError::Io(_))) => {
                return Err(Over::Gone);
            }
            Some(Err(ProtocolError::Overflow)) => return Err(Over::TooLong),
            Some(Err(_)) => return Err(Over::BadFrame),
            Some(Ok(AggregatedMessage::Binary(_))) => return Err(Over::NotText),
            Some(Ok(AggregatedMessage::Text(text))) => Some(text),
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                self.outgoing.session.pong(&bytes).await.map_err(|_| Over::Gone)?;
                None
            }
            Some(Ok(AggregatedMessage::Pong(_))) => None,
        };
        self.allowance = self.allowance.checked_sub(1).ok_or(Over::TooMany)?;
        match text {
            Some(text) => self.answer(&text).await,
            None => Ok(()),
        }
    }

    async fn answer(&mut self, text: &str) -> Result<(), Over> {
        let request = match Request::read(text) {
            Ok(request) => request,
            Err(problem) => return self.outgoing.send(text_of(&Notice::of_problem(None, &problem))).await,
        };
        if let Request::Auth { token } = request {
            return self.authenticate(token).await;
        }
        self.has_spoken = true;
        let id = request.id();
        if self.hub.config().requires_token && self.outgoing.held.is_none() {
            return Err(Over::NoToken);
        }
        let admitted = if request.is_for_notices() { self.admit_to_notices().await } else { Ok(()) };
        let answered = match &request {
            Request::Subscribe { .. } if admitted.is_err() => admitted.map(|()| ByteString::new()),
            Request::Auth { .. } | Request::Ping { .. } => Ok(text_of(&Notice::Pong { id })),
            Request::Subscribe { .. } => self.subscribe(&request),
            Request::Unsubscribe { .. } => self.unsubscribe(&request),
        };
        let answer = answered.unwrap_or_else(|problem| text_of(&Notice::of_problem(id, &problem)));
        self.outgoing.send(answer).await?;
        // What is there already is sent at once.
        self.bell.notify_one();
        Ok(())
    }

    /// Takes a token: the first message within three seconds, or a newer one of the same account.
    async fn authenticate(&mut self, token: String) -> Result<(), Over> {
        let is_late = self.has_spoken || self.age_secs >= AUTH_SECS;
        if self.outgoing.held.is_none() && is_late {
            let problem = Problem::new(
                ProblemKind::Refused,
                "late_auth",
                format!("a token comes in the first message, within {AUTH_SECS} s of the connection"),
            );
            self.outgoing.send(text_of(&Notice::of_problem(None, &problem))).await?;
            return Err(Over::NoToken);
        }
        self.has_spoken = true;
        let checked = match self.hub.authenticator() {
            Some(authenticator) => authenticator.authenticate(&token).await,
            None => Err(nobody_known()),
        };
        let is_other =
            |actor: &Actor| self.outgoing.held.as_ref().is_some_and(|it| it.account != actor.account);
        match checked {
            Ok(actor) if !is_other(&actor) => {
                let account = actor.account.to_string();
                self.outgoing.held = Some(actor);
                self.outgoing.send(text_of(&Notice::Authenticated { account })).await
            }
            Ok(_) => Err(Over::BadToken),
            Err(problem) => {
                self.outgoing.send(text_of(&Notice::of_problem(None, &problem))).await?;
                Err(Over::BadToken)
            }
        }
    }

    /// Refuses those who have shown who they are, and may not see what the person is told.
    async fn admit_to_notices(&self) -> Result<(), Problem> {
        match (self.hub.notices(), &self.outgoing.held) {
            (Some(parts), Some(actor)) => parts.notifications.admit(actor).await,
            _ => Ok(()),
        }
    }

    fn subscribe(&mut self, request: &Request) -> Result<ByteString, Problem> {
        let Request::Subscribe { channel, symbol, interval, from, id } = request else {
            return Ok(ByteString::new());
        };
        let actor = self.outgoing.held.as_ref();
        let topic = topic(self.hub.service(), actor, *channel, symbol.as_deref(), *interval)?;
        if self.readers.contains_key(&topic) {
            let message = "this is followed already";
            return Err(Problem::new(ProblemKind::Conflict, "already_subscribed", message));
        }
        let most = self.hub.config().subscriptions_max;
        if self.readers.len() >= most {
            let message = format!("a connection follows {most} channels at most");
            return Err(Problem::new(ProblemKind::TooMany, "too_many_subscriptions", message));
        }
        let from = from.as_ref().map(super::request::From::position).transpose()?;
        let reader = Reader::begin(&self.hub, (&topic, NATIVE), from, &self.bell)?;
        let (epoch, next) = reader.place();
        let epoch = epoch.map(|epoch| epoch.to_string());
        let answer = text_of(&Notice::Subscribed { id: id.as_deref(), topic: topic.name(), epoch, next });
        self.readers.insert(topic, reader);
        Ok(answer)
    }

    fn unsubscribe(&mut self, request: &Request) -> Result<ByteString, Problem> {
        let Request::Unsubscribe { channel, symbol, interval, id } = request else {
            return Ok(ByteString::new());
        };
        let actor = self.outgoing.held.as_ref();
        let topic = topic(self.hub.service(), actor, *channel, symbol.as_deref(), *interval)?;
        let Some(reader) = self.readers.remove(&topic) else {
            return Err(Problem::new(ProblemKind::NotFound, "not_subscribed", "this is not followed"));
        };
        reader.end(&self.bell);
        Ok(text_of(&Notice::Unsubscribed { id: id.as_deref(), topic: topic.name() }))
    }

    /// Sends what is new, each topic in turn.
    async fn send_news(&mut self) -> Result<(), Over> {
        let mut sent = 0;
        for (topic, reader) in &mut self.readers {
            while sent < SENT_AT_ONCE
                && let Some(frame) = reader.read(topic)?
            {
                // This form has no other frames.
                if let Frame::Text(text) = frame {
                    self.outgoing.send(text).await?;
                }
                sent += 1;
            }
        }
        if sent == SENT_AT_ONCE {
            // There may be more, after what has come meanwhile.
            self.bell.notify_one();
        }
        Ok(())
    }
}

impl Outgoing {
    /// Sends a message, once the client has read enough of those before.
    async fn send(&mut self, text: ByteString) -> Result<(), Over> {
        let Self { session, ticks, held, hub, shared } = self;
        Watch { held: held.as_mut(), hub, shared }.send(ticks, session.text(text)).await
    }
}
