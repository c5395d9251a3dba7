//! [`TradingConnection`]: the task of a client that follows its own orders.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_ws::AggregatedMessageStream;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::super::super::ws::{Frame, Over};
use super::codec::Codec;
use super::outgoing::{NotHeld, Outgoing, Received, TICK};
use super::request::TradingRequest;
use super::updates::Follower;
use crate::domain::{AccountId, ProblemKind, Scope};
use crate::publication::{Channel, CloseReason, Closed, Content, Position, Subscription, Update};
use crate::services::alpaca::Alpaca;

/// One client.
pub(super) struct TradingConnection {
    desk: Arc<Alpaca>,
    outgoing: Outgoing,
    /// Whether it listens to what happens to its orders.
    is_listening: bool,
    news: Option<Subscription>,
    /// Where the news have come to, for a market that is rebuilt.
    position: Option<Position>,
    follower: Follower,
    age_secs: u32,
}

/// The one stream that there is.
const TRADE_UPDATES: &str = "trade_updates";
/// How long a client may take to say who it is, in seconds.
const AUTH_SECS: u32 = 10;
/// How often, and how many times, it is looked whether an account's channel is there.
const OPENING_LOOK: Duration = Duration::from_millis(20);
const OPENING_LOOKS: u32 = 50;
/// How long it may take to make room for the reason why it is closed.
const CLOSE_MAX: Duration = Duration::from_secs(5);

impl TradingConnection {
    pub(super) fn new(desk: Arc<Alpaca>, outgoing: Outgoing) -> Self {
        Self {
            desk,
            outgoing,
            is_listening: false,
            news: None,
            position: None,
            follower: Follower::default(),
            age_secs: 0,
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
        rt::time::timeout(CLOSE_MAX, self.outgoing.session.close(over.reason())).await.ok();
        if rt::time::timeout(TICK, &mut has_ended).await.is_err() {
            drop(answering);
            // Whoever stalls keeps its socket for a while, but not its place.
            self.outgoing.held = None;
            has_ended.await.ok();
        }
        drop(stream);
        tracing::debug!(?over, "a stream of orders has ended");
    }

    async fn serve(&mut self, stream: &mut AggregatedMessageStream) -> Result<Infallible, Over> {
        // The first tick is at once.
        self.outgoing.ticks.tick().await;
        loop {
            tokio::select! {
                biased;
                _ = self.outgoing.ticks.tick() => self.tick().await?,
                message = stream.recv() => {
                    if let Received::Message(bytes) = self.outgoing.take(message).await? {
                        self.answer(&bytes).await?;
                    }
                }
                update = next(&mut self.news) => self.tell(update).await?,
            }
        }
    }

    async fn tick(&mut self) -> Result<(), Over> {
        self.outgoing.tick().await?;
        self.age_secs = self.age_secs.saturating_add(1);
        if self.outgoing.held.is_none() && self.age_secs >= AUTH_SECS {
            return Err(Over::NoToken);
        }
        // A market that is rebuilt, or an account that has just been opened.
        self.follow();
        Ok(())
    }

    async fn say(&mut self, message: &Value) -> Result<(), Over> {
        self.outgoing.send(Codec::Json.write(message)).await
    }

    async fn answer(&mut self, bytes: &[u8]) -> Result<(), Over> {
        let Some(request) = Codec::Json.read::<TradingRequest>(bytes) else {
            let data = json!({ "error": "the message is no JSON object of this protocol" });
            return self.say(&json!({ "stream": "error", "data": data })).await;
        };
        match &*request.action {
            "authenticate" | "auth" => self.authenticate(&request).await,
            "listen" => self.listen(&request.data.streams).await,
            _ => {
                let data = json!({ "error": "the actions are authenticate and listen" });
                self.say(&json!({ "stream": "error", "data": data })).await
            }
        }
    }

    async fn authenticate(&mut self, request: &TradingRequest) -> Result<(), Over> {
        if self.outgoing.held.is_none() {
            let (key, secret) = request.keys();
            let found = self.outgoing.authenticate(key, secret).await;
            let may =
                |outgoing: &Outgoing| outgoing.held.as_ref().is_some_and(|held| held.actor.may(Scope::Read));
            let refused = match found {
                Ok(()) if may(&self.outgoing) => None,
                Ok(()) => Some("the key has not the scope `read`"),
                Err(NotHeld::Wrong) => Some("access key verification failed"),
                Err(NotHeld::TooMany) => Some("connection limit exceeded"),
                Err(NotHeld::Unknown) => Some("keys cannot be looked up at the moment"),
            };
            if let Some(message) = refused {
                let data = json!({ "status": "unauthorized", "action": "authenticate", "message": message });
                self.say(&json!({ "stream": "authorization", "data": data })).await?;
                return Err(Over::BadToken);
            }
        }
        let data = json!({ "status": "authorized", "action": "authenticate" });
        self.say(&json!({ "stream": "authorization", "data": data })).await
    }

    async fn listen(&mut self, streams: &[String]) -> Result<(), Over> {
        let Some(account) = self.account() else {
            let data = json!({ "status": "unauthorized", "action": "listen" });
            return self.say(&json!({ "stream": "authorization", "data": data })).await;
        };
        self.is_listening = streams.iter().any(|it| it == TRADE_UPDATES || it == "*");
        if self.is_listening && self.news.is_none() {
            // An account that nobody has used yet has no channel. Where it cannot be opened now, it will be.
            self.desk.trading().open(account).await.ok();
        }
        self.begin_following().await?;
        let streams: Vec<_> = self.is_listening.then_some(TRADE_UPDATES).into_iter().collect();
        self.say(&json!({ "stream": "listening", "data": { "streams": streams } })).await
    }

    /// Follows what happens from before the answer on: whatever the client does after it is told.
    async fn begin_following(&mut self) -> Result<(), Over> {
        let was_following = self.news.is_some();
        self.follow();
        // The channel of an account that was just opened is there a moment later.
        for _ in 0..OPENING_LOOKS {
            if self.news.is_some() || !self.is_listening {
                break;
            }
            rt::time::sleep(OPENING_LOOK).await;
            self.follow();
        }
        let first = self.news.as_mut().filter(|_| !was_following).and_then(Subscription::try_next);
        match first {
            Some(snapshot) => self.tell(snapshot).await,
            None => Ok(()),
        }
    }

    fn account(&self) -> Option<AccountId> {
        self.outgoing.held.as_ref().map(|held| held.actor.account)
    }

    /// Subscribes to what happens, or no longer.
    fn follow(&mut self) {
        if !self.is_listening {
            self.news = None;
            return;
        }
        let Some(account) = self.account().filter(|_| self.news.is_none()) else { return };
        let publication = self.desk.data().publication();
        let channel = Channel::Own(Arc::from(account.to_string()));
        let resumed = publication.subscribe(&channel, self.position);
        // Where that cannot be gone on with, it is begun anew.
        self.news = resumed.or_else(|_| publication.subscribe(&channel, None)).ok();
    }

    /// Sends what has happened.
    async fn tell(&mut self, update: Result<Update, Closed>) -> Result<(), Over> {
        let update = match update {
            Ok(update) => update,
            Err(Closed { reason: CloseReason::FellBehind, .. }) => return Err(Over::FellBehind),
            Err(Closed { reason: CloseReason::Ended, .. }) => {
                self.news = None;
                return Ok(());
            }
        };
        self.position = self.news.as_ref().and_then(Subscription::position);
        let Some(account) = self.account() else { return Ok(()) };
        match update.content {
            Content::OwnSnapshot(state) => {
                self.follower = Follower::begin(&self.desk, account, *state).await;
            }
            Content::Own(event) => {
                let told = self.follower.take(&self.desk, account, &event).await;
                let messages = told.map_err(|problem| match problem.kind {
                    // What an order was on another day cannot be read now: the client comes again.
                    ProblemKind::Unavailable => Over::Stopping,
                    _ => Over::FellBehind,
                })?;
                for message in messages {
                    let frame: Frame = Codec::Json.write(&message);
                    self.outgoing.send(frame).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Waits for what happens next; for ever while nothing is followed.
async fn next(news: &mut Option<Subscription>) -> Result<Update, Closed> {
    match news {
        Some(news) => news.next().await,
        None => std::future::pending().await,
    }
}
