//! Sessions as their person sees them, and their ends.

use tracing::info;

use super::devices::device;
use super::{Identity, of_store};
use crate::domain::{Actor, Credential, Problem, ProblemKind, SessionId, WallTime};
use crate::store::people::{Ended, Session};

/// A session, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenSession {
    /// It.
    pub session: Session,
    /// What program has it, in a few words.
    pub device: Option<String>,
}

impl Identity {
    /// Returns the sessions of a person that go on, the newest first.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<SeenSession>, Problem> {
        let span = i64::try_from(self.config.refresh_token.as_nanos()).unwrap_or(i64::MAX);
        let since = WallTime::from_nanos(self.now().nanos().saturating_sub(span));
        let sessions = self.people.sessions(actor.user, since).await.map_err(of_store)?;
        let seen = |session: Session| {
            let device = session.client.agent.as_deref().and_then(device);
            SeenSession { session, device }
        };
        Ok(sessions.into_iter().map(seen).collect())
    }

    /// Ends a session of a person: its tokens are good for nothing from now on.
    ///
    /// # Errors
    /// That the person has no such session.
    pub async fn end_session(&self, actor: &Actor, session: SessionId) -> Result<(), Problem> {
        if self.end(actor.user, session).await? {
            info!(user = %actor.user, %session, "session ended");
            return Ok(());
        }
        Err(Problem::new(ProblemKind::NotFound, "unknown_session", "there is no such session"))
    }

    /// Ends all sessions of a person, or all but the one with which they ask.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn end_sessions(&self, actor: &Actor, but_own: bool) -> Result<usize, Problem> {
        let own = match actor.credential {
            Credential::Session(session) => Some(session).filter(|_| but_own),
            Credential::Key(_) | Credential::Outside(_) => None,
        };
        let ended = self.people.end_sessions(actor.user, own, self.now()).await.map_err(of_store)?;
        self.forget_sessions(&ended);
        info!(user = %actor.user, count = ended.len(), "sessions ended");
        Ok(ended.len())
    }

    /// Ends the session with which somebody asks, or all of them.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn log_out(&self, actor: &Actor, everywhere: bool) -> Result<(), Problem> {
        match actor.credential {
            // It has ended already if two ask at once.
            Credential::Session(session) if !everywhere => self.end(actor.user, session).await.map(drop),
            Credential::Outside(_) if !everywhere => {
                let message = "a token of another provider ends when it says: log out there";
                Err(Problem::new(ProblemKind::Conflict, "outside_token", message))
            }
            _ => self.end_sessions(actor, false).await.map(drop),
        }
    }

    /// Knows from now on that these sessions and keys have ended.
    pub(super) fn forget_ended(&self, ended: &Ended) {
        self.forget_sessions(&ended.sessions);
        for key in &ended.keys {
            self.keys.end(*key, self.now());
        }
    }

    /// Knows from now on that these have ended.
    pub(super) fn forget_sessions(&self, ended: &[SessionId]) {
        for session in ended {
            self.sessions.end(*session, self.now());
        }
    }
}
