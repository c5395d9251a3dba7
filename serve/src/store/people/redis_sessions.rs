//! [`RedisSessions`]: sessions in Redis or Valkey, with the same answers as those of the database.
//!
//! A session is a hash that lives as long as its newest token, a token is a hash that lives until it expires,
//! and the ids of a person's sessions are a set, sorted by when they are over. Whatever must not happen by
//! halves is a script, which the server carries out alone. Whom a session stands for is in the database as
//! always, and with it the time of the last change of the password: a session that is older than that is
//! none, though a copy of the server's data from before may have it. What cannot be read is no session.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use redis::ScriptInvocation;
use tracing::{info, warn};

use super::redis_link::RedisLink;
use super::redis_scripts::{ADD, END, END_ALL, RAISE, ROTATE};
use super::sessions::{Client, NewSession, Rotation, Session};
use crate::config::RedisUrl;
use crate::domain::{SessionId, UserId, WallTime};
use crate::store::database::StoreError;

/// How long what is written to see whether that can be done lives, in milliseconds.
const LOOK_LIVES: u64 = 10_000;

const UNKNOWN: u8 = 0;
const PRESENT: u8 = 1;
const AWAY: u8 = 2;

/// Sessions in Redis or Valkey. Clones share a connection, which is made again when it is lost.
#[derive(Clone)]
pub struct RedisSessions {
    link: RedisLink,
    prefix: String,
    /// Whether it could be written to the last time, if that was tried.
    presence: Arc<AtomicU8>,
}

impl fmt::Debug for RedisSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSessions").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptSession {
    /// Whose it is.
    pub(super) user: UserId,
    /// When the password that was shown was changed last.
    pub(super) stamp: WallTime,
    /// What its person sees.
    pub(super) session: Session,
}

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptToken {
    pub(super) expires_at: WallTime,
    pub(super) used_at: Option<WallTime>,
    /// Its session, if that goes on.
    pub(super) session: KeptSession,
}

/// The fields of a session, in the order in which they are read.
const FIELDS: [&str; 6] = ["user", "stamp", "created", "seen", "agent", "address"];
type Fields = [Option<String>; 6];

impl RedisSessions {
    /// How long the server may take to answer, and to be reached.
    pub const PATIENCE: Duration = Duration::from_secs(1);

    /// Makes one, whose keys begin with a text; it connects when it is first used.
    ///
    /// # Errors
    /// [`StoreError::Fault`] if the URL is none.
    pub fn new(url: &RedisUrl, prefix: &str, patience: Duration) -> Result<Self, StoreError> {
        let client = redis::Client::open(url.text());
        let client = client.map_err(|error| StoreError::Fault(error.to_string()))?;
        let link = RedisLink::new(client, patience);
        Ok(Self { link, prefix: prefix.to_owned(), presence: Arc::new(AtomicU8::new(UNKNOWN)) })
    }

    /// Asks the server whether it is there: before anything waits for a transaction that waits for it.
    pub(super) async fn probe(&self) -> Result<(), StoreError> {
        let answer: String = self.link.ask(&redis::cmd("PING")).await?;
        if answer == "PONG" { Ok(()) } else { Err(StoreError::SessionsAway("it is no Redis".to_owned())) }
    }

    /// Returns whether the server could not be written to when [`RedisSessions::look`] was called last.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.presence.load(Ordering::Relaxed) == AWAY
    }

    /// Looks whether the server can be written to, and says so where that has changed; a connection that was
    /// lost is made again by it. To be called every second.
    pub async fn look(&self) {
        let found = self.write().await;
        let was = self.presence.swap(if found.is_ok() { PRESENT } else { AWAY }, Ordering::Relaxed);
        match found {
            Err(error) if was != AWAY => warn!(%error, "nobody can log in"),
            Ok(()) if was != PRESENT => {
                info!("what keeps sessions is there");
                self.look_at_policy().await;
            }
            _ => {}
        }
    }

    /// Writes something: a server that is full, or a copy that only reads, answers all else.
    async fn write(&self) -> Result<(), StoreError> {
        let mut write = redis::cmd("SET");
        write.arg(format!("{}look", self.prefix)).arg(1).arg("PX").arg(LOOK_LIVES);
        self.link.ask(&write).await
    }

    /// Says so where a server that is full would drop sessions, or forget whose they are.
    async fn look_at_policy(&self) {
        let mut ask = redis::cmd("INFO");
        // Where it may not be asked, nothing is known.
        let said: Result<String, _> = self.link.ask(ask.arg("memory")).await;
        let mut lines = said.as_deref().unwrap_or_default().lines();
        let policy = lines.find_map(|line| line.strip_prefix("maxmemory_policy:"));
        if let Some(policy) = policy.filter(|policy| policy.trim() != "noeviction") {
            warn!(policy, "a full Redis would drop sessions: set its `maxmemory-policy` to `noeviction`");
        }
    }

    pub(super) async fn add(&self, new: &NewSession) -> Result<(), StoreError> {
        let NewSession { id, user, password_changed_at, client, now, token, .. } = new;
        let (agent, address) = texts(client);
        let mut script = ADD.key(self.session(*id));
        script.key(self.token(&token.hash)).key(self.of_user(*user));
        script.arg(id.to_string()).arg(lifetime(*now, token.expires_at));
        script.arg(millis_of(*now)).arg(millis_of(token.expires_at)).arg(format!("{}session:", self.prefix));
        script.arg(token.expires_at.nanos());
        script.arg("user").arg(user.to_string()).arg("stamp").arg(password_changed_at.nanos());
        script.arg("created").arg(now.nanos()).arg("seen").arg(now.nanos());
        script.arg("agent").arg(agent).arg("address").arg(address);
        self.done(script).await.map(drop)
    }

    pub(super) async fn get(&self, id: SessionId) -> Result<Option<KeptSession>, StoreError> {
        let mut read = redis::cmd("HMGET");
        read.arg(self.session(id)).arg(&FIELDS);
        let fields: Fields = self.link.ask(&read).await?;
        Ok(kept(id, fields))
    }

    pub(super) async fn of_token(&self, hash: &[u8; 32]) -> Result<Option<KeptToken>, StoreError> {
        let mut read = redis::cmd("HMGET");
        read.arg(self.token(hash)).arg(&["session", "expires", "used"]);
        let fields: [Option<String>; 3] = self.link.ask(&read).await?;
        let [session, expires, used] = fields;
        let Some((session, expires)) = session.and_then(|it| it.parse().ok()).zip(time(expires)) else {
            return Ok(None);
        };
        let session = self.get(session).await?;
        let used_at = used.and_then(|it| it.parse().ok());
        let used_at = used_at.map(|millis: i64| WallTime::from_nanos(millis.saturating_mul(1_000_000)));
        Ok(session.map(|session| KeptToken { expires_at: expires, used_at, session }))
    }

    pub(super) async fn rotate(&self, rotation: &Rotation) -> Result<bool, StoreError> {
        let Rotation { hash, session, next, client, now, grace } = rotation;
        let (agent, address) = texts(client);
        let millis = millis_of(*now);
        let since = millis.saturating_sub(i64::try_from(grace.as_millis()).unwrap_or(i64::MAX));
        let mut script = ROTATE.key(self.token(hash));
        script.key(self.session(*session)).key(self.token(&next.hash));
        script.arg(millis).arg(since).arg(now.nanos()).arg(agent).arg(address).arg(session.to_string());
        script.arg(next.expires_at.nanos()).arg(lifetime(*now, next.expires_at));
        script.arg(format!("{}sessions:", self.prefix)).arg(millis_of(next.expires_at));
        self.done(script).await
    }

    pub(super) async fn end(&self, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        let mut script = END.key(self.session(id));
        script.key(self.of_user(user)).arg(user.to_string()).arg(id.to_string());
        self.done(script).await
    }

    pub(super) async fn end_all(
        &self,
        user: UserId,
        but: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        let but = but.map_or_else(String::new, |it| it.to_string());
        let mut script = END_ALL.key(self.of_user(user));
        script.arg(format!("{}session:", self.prefix)).arg(but);
        let ended: Vec<String> = self.link.run(&script).await?;
        Ok(ended.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Returns the sessions of a person that go on, the newest first.
    pub(super) async fn list(&self, user: UserId) -> Result<Vec<KeptSession>, StoreError> {
        let mut read = redis::cmd("ZREVRANGE");
        read.arg(self.of_user(user)).arg(0).arg(999);
        let ids: Vec<String> = self.link.ask(&read).await?;
        let ids: Vec<SessionId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let mut all = redis::pipe();
        for id in &ids {
            all.cmd("HMGET").arg(self.session(*id)).arg(&FIELDS);
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found: Vec<Fields> = self.link.ask_all(&all).await?;
        let found = ids.into_iter().zip(found).map(|(id, fields)| kept(id, fields));
        let mut found: Vec<KeptSession> = found.flatten().collect();
        found.sort_by_key(|kept| std::cmp::Reverse(kept.session.created_at));
        Ok(found)
    }

    pub(super) async fn touch(&self, id: SessionId, now: WallTime) -> Result<(), StoreError> {
        self.raise(id, "seen", now).await
    }

    /// Lets a session go on though its person's password was changed.
    pub(super) async fn stamp(&self, id: SessionId, now: WallTime) -> Result<(), StoreError> {
        self.raise(id, "stamp", now).await
    }

    async fn raise(&self, id: SessionId, field: &str, value: WallTime) -> Result<(), StoreError> {
        let mut script = RAISE.key(self.session(id));
        script.arg(field).arg(value.nanos());
        self.done(script).await.map(drop)
    }

    /// Has a script carried out, and returns whether it did something.
    async fn done(&self, script: ScriptInvocation<'_>) -> Result<bool, StoreError> {
        let done: i64 = self.link.run(&script).await?;
        Ok(done == 1)
    }

    fn session(&self, id: SessionId) -> String {
        format!("{}session:{id}", self.prefix)
    }

    fn token(&self, hash: &[u8; 32]) -> String {
        format!("{}token:{}", self.prefix, blake3::Hash::from(*hash).to_hex())
    }

    fn of_user(&self, user: UserId) -> String {
        format!("{}sessions:{user}", self.prefix)
    }
}

/// Returns how long something lives, in milliseconds: at least one, since none would be no end.
fn lifetime(now: WallTime, until: WallTime) -> i64 {
    i64::try_from(now.until(until).as_millis()).unwrap_or(i64::MAX).max(1)
}

const fn millis_of(time: WallTime) -> i64 {
    time.nanos() / 1_000_000
}

fn texts(client: &Client) -> (String, String) {
    (client.agent.clone().unwrap_or_default(), client.address.clone().unwrap_or_default())
}

/// Returns a session of its fields, if that is what they are.
fn kept(id: SessionId, fields: Fields) -> Option<KeptSession> {
    let [user, stamp, created, seen, agent, address] = fields;
    let client =
        Client { agent: agent.filter(|it| !it.is_empty()), address: address.filter(|it| !it.is_empty()) };
    Some(KeptSession {
        user: user?.parse().ok()?,
        stamp: time(stamp)?,
        session: Session { id, created_at: time(created)?, last_seen_at: time(seen)?, client },
    })
}

fn time(nanos: Option<String>) -> Option<WallTime> {
    nanos?.parse().ok().map(WallTime::from_nanos)
}
