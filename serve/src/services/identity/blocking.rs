//! People who are shut out, and let in again.

use tracing::info;

use super::{Identity, of_store};
use crate::domain::{Problem, ProblemKind, UserId, WallTime};
use crate::store::people::{Block, Ended, People};

impl Identity {
    /// Shuts a person out: sessions, keys and access tokens are good for nothing from now on, and what is
    /// open with them is closed within a second.
    ///
    /// # Errors
    /// That there is no such person, or nobody else could administer the market.
    pub async fn block(&self, user: UserId) -> Result<Ended, Problem> {
        let ended = block(&self.people, user, self.now()).await?;
        self.forget_ended(&ended);
        info!(%user, sessions = ended.sessions.len(), keys = ended.keys.len(), "blocked");
        Ok(ended)
    }

    /// Lets a person in again, who has to log in.
    ///
    /// # Errors
    /// That there is no such person.
    pub async fn unblock(&self, user: UserId) -> Result<(), Problem> {
        if !self.people.unblock(user).await.map_err(of_store)? {
            return Err(unknown_user(user));
        }
        info!(%user, "unblocked");
        Ok(())
    }
}

/// Shuts a person out; a process that has let them in notices within a second.
///
/// # Errors
/// That there is no such person, or nobody else could administer the market.
pub async fn block(people: &People, user: UserId, now: WallTime) -> Result<Ended, Problem> {
    match people.block(user, now).await.map_err(of_store)? {
        Block::Done(ended) => Ok(ended),
        Block::Nobody => Err(unknown_user(user)),
        Block::LastAdmin => Err(last_admin()),
    }
}

/// Says that nobody else could administer the market.
pub(super) fn last_admin() -> Problem {
    let message = "this is the last administrator who is not blocked";
    let problem = Problem::new(ProblemKind::Conflict, "last_admin", message);
    problem.hint("make another first: `bearpit-serve admin create NAME`")
}

/// Says that there is no such person.
pub(in crate::services) fn unknown_user(user: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::NotFound, "unknown_user", format!("there is no user {user}")).at("user_id")
}
