//! [`Watch`]: what ends a connection while something is being sent, whatever its protocol.

use std::future::Future;
use std::pin::pin;

use actix_web::rt;
use actix_ws::Closed;

use super::hub::Hub;
use super::outcome::Over;
use crate::domain::{Actor, ProblemKind};
use crate::http::shared::Shared;

/// For how many seconds a client may read nothing while there is something for it.
const STALLED_SECS_MAX: u32 = 10;

/// Looks after a connection: whether the server goes on, and the credential that was shown.
pub(in crate::http) struct Watch<'a> {
    /// Who has shown a credential, as of the last look.
    pub(in crate::http) held: Option<&'a mut Actor>,
    pub(in crate::http) hub: &'a Hub,
    pub(in crate::http) shared: &'a Shared,
}

impl Watch<'_> {
    /// Asks whether the server goes on, and the session or key.
    ///
    /// # Errors
    /// [`Over`] if the connection is to end.
    pub(in crate::http) async fn check(&mut self) -> Result<(), Over> {
        if self.shared.stopping.has_begun() {
            return Err(Over::Stopping);
        }
        let Some(held) = self.held.as_deref_mut() else { return Ok(()) };
        let Some(authenticator) = self.hub.authenticator() else { return Err(Over::SessionEnded) };
        match authenticator.still(held.credential).await {
            Ok(actor) if actor.account == held.account => {
                *held = actor;
                Ok(())
            }
            // A database that is away ends nobody's connection.
            Err(problem) if problem.kind == ProblemKind::Unavailable => Ok(()),
            Ok(_) | Err(_) => Err(Over::SessionEnded),
        }
    }

    /// Waits until something is sent: once the client has read enough of what came before.
    ///
    /// # Errors
    /// [`Over`] if the client has gone or stalls, or the connection is to end meanwhile.
    pub(in crate::http) async fn send(
        mut self,
        ticks: &mut rt::time::Interval,
        sending: impl Future<Output = Result<(), Closed>>,
    ) -> Result<(), Over> {
        let mut sending = pin!(sending);
        let mut waited = 0;
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => return sent.map_err(|_| Over::Gone),
                _ = ticks.tick() => {
                    waited += 1;
                    if waited >= STALLED_SECS_MAX {
                        return Err(Over::Stalled);
                    }
                    self.check().await?;
                }
            }
        }
    }
}
