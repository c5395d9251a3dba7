//! People who leave for good.

use tracing::info;

use super::blocking::last_admin;
use super::{Identity, of_store};
use crate::domain::{Actor, Problem, Secret};

impl Identity {
    /// Lets those go on who may leave: they show their password, and a code if a login needs one.
    ///
    /// # Errors
    /// That one of them is wrong, nobody else could administer the market, or what keeps sessions is away.
    pub(in crate::services) async fn prove_leaving(
        &self,
        who: &Actor,
        password: &Secret,
        code: Option<&Secret>,
    ) -> Result<(), Problem> {
        // Before a code is used up and anything is given up: sessions end with the rest.
        self.people.probe_sessions().await.map_err(of_store)?;
        self.prove_password(who, password).await?;
        self.check_second_factor(who.user, code).await?;
        let is_last = self.people.is_last_admin(who.user).await.map_err(of_store)?;
        if is_last { Err(last_admin()) } else { Ok(()) }
    }

    /// Takes away all that says who a person was, and ends all of their sessions and keys.
    ///
    /// # Errors
    /// That nobody else could administer the market, or the database is away.
    pub(in crate::services) async fn erase(&self, who: &Actor) -> Result<(), Problem> {
        let identities = self.people.identities(who.user).await.map_err(of_store)?;
        let ended = self.people.erase(who.user, self.now()).await.map_err(of_store)?;
        let ended = ended.ok_or_else(last_admin)?;
        self.forget_sessions(&ended.sessions);
        identities.iter().for_each(|identity| self.outside.forget(identity.id, self.now()));
        for key in &ended.keys {
            self.keys.end(*key, self.now());
        }
        info!(user = %who.user, "a person has left");
        Ok(())
    }
}
