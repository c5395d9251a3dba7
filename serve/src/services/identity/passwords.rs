//! [`Passwords`]: hashes of passwords, a few at a time.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tracing::error;

use crate::config::PasswordConfig;
use crate::domain::{Problem, ProblemKind, Secret};

/// How many may wait for their turn; beyond that the answer is to come again.
const WAITING_MAX: usize = 1_024;
/// When to come again.
const AGAIN: Duration = Duration::from_secs(1);

/// Hashes passwords (argon2id), and compares them with hashes: a few at a time on threads of their own, so
/// that 100 logins at once take neither the processor nor the memory of the machine.
#[derive(Clone)]
pub(super) struct Passwords(Arc<Inner>);

struct Inner {
    argon: Argon2<'static>,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// The hash of a password that nobody knows: what is compared with where there is no account, so that an
    /// answer takes as long.
    nobody: String,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("argon", &self.0.argon).finish_non_exhaustive()
    }
}

/// Somebody who waits for their turn, as long as this is there.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Passwords {
    /// Makes one; computes one hash.
    ///
    /// # Errors
    /// What argon2 says of the parameters, or of a system without randomness.
    pub(super) fn new(config: PasswordConfig) -> Result<Self, argon2::password_hash::Error> {
        let argon = argon(config)?;
        let mut unknown = [0; 32];
        getrandom::fill(&mut unknown).map_err(|_| argon2::password_hash::Error::Crypto)?;
        let nobody = hash(&argon, &unknown)?;
        let turns = Arc::new(Semaphore::new(config.threads));
        Ok(Self(Arc::new(Inner { argon, turns, waiting: AtomicUsize::new(0), nobody })))
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// Too many wait, or a fault of the system.
    pub(super) async fn hash(&self, password: &Secret) -> Result<String, Problem> {
        let password = password.clone();
        let hashed = self.turn(move |inner| hash(&inner.argon, password.expose().as_bytes())).await?;
        hashed.map_err(|error| faulty(&error))
    }

    /// Returns whether a password is that of a hash; without a hash it is not, which takes as long.
    ///
    /// # Errors
    /// Too many wait.
    pub(super) async fn is(&self, password: &Secret, hash: Option<String>) -> Result<bool, Problem> {
        let password = password.clone();
        self.turn(move |inner| {
            let is_known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(&inner.nobody);
            inner.argon.verify_password(password.expose().as_bytes(), hash).is_ok() && is_known
        })
        .await
    }

    /// Does something on a thread of its own, when it is its turn.
    async fn turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let before = self.0.waiting.fetch_add(1, Ordering::AcqRel);
        let waiting = Waiting(&self.0.waiting);
        if before >= WAITING_MAX {
            let problem =
                Problem::new(ProblemKind::Unavailable, "busy", "too many people log in at the moment");
            return Err(problem.retry_after(AGAIN));
        }
        let turn = Arc::clone(&self.0.turns).acquire_owned().await;
        drop(waiting);
        let turn = turn.map_err(|error| faulty(&error))?;
        let inner = Arc::clone(&self.0);
        // The turn ends with the work, also where whoever asked has gone.
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&inner);
            drop(turn);
            done
        });
        done.await.map_err(|error| faulty(&error))
    }
}

/// Hashes a password on this thread: for commands, which have nobody else to serve.
///
/// # Errors
/// As that of its parameters.
pub fn hash_password(
    config: PasswordConfig,
    password: &Secret,
) -> Result<String, argon2::password_hash::Error> {
    hash(&argon(config)?, password.expose().as_bytes())
}

fn argon(config: PasswordConfig) -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let PasswordConfig { memory_kib, passes, .. } = config;
    let params = Params::new(memory_kib, passes, 1, None).map_err(argon2::password_hash::Error::from)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(argon: &Argon2<'_>, password: &[u8]) -> Result<String, argon2::password_hash::Error> {
    argon.hash_password(password).map(|hash| hash.to_string())
}

fn faulty(error: &dyn fmt::Display) -> Problem {
    error!(%error, "a password cannot be hashed");
    Problem::new(ProblemKind::Internal, "hashing", "a password cannot be hashed")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: PasswordConfig = PasswordConfig { memory_kib: 64, passes: 1, threads: 2 };

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_that_of_its_hash_and_of_no_other() {
        let passwords = Passwords::new(CONFIG).unwrap();
        let hash = passwords.hash(&secret("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$") && !hash.contains("horse"), "{hash}");
        assert_ne!(passwords.hash(&secret("correct horse")).await.unwrap(), hash, "no salt");
        for (password, hash, expected) in [
            ("correct horse", Some(hash.clone()), true),
            ("Correct horse", Some(hash.clone()), false),
            ("", Some(hash), false),
            ("correct horse", None, false),
            ("correct horse", Some("no hash".to_owned()), false),
        ] {
            assert_eq!(passwords.is(&secret(password), hash).await, Ok(expected), "{password}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_still_known() {
        let before = hash_password(CONFIG, &secret("correct horse")).unwrap();
        let passwords = Passwords::new(PasswordConfig { memory_kib: 128, passes: 2, threads: 1 }).unwrap();
        assert_eq!(passwords.is(&secret("correct horse"), Some(before)).await, Ok(true));
    }

    #[tokio::test]
    async fn those_beyond_the_queue_are_asked_to_come_again() {
        let passwords = Passwords::new(PasswordConfig { threads: 1, ..CONFIG }).unwrap();
        let turn = passwords.0.turns.acquire().await.unwrap();
        let wrong = secret("x");
        let mut waiting: Vec<_> = (0..WAITING_MAX).map(|_| Box::pin(passwords.is(&wrong, None))).collect();
        for it in &mut waiting {
            assert!(futures_util::poll!(it).is_pending());
        }
        let refused = passwords.is(&wrong, None).await.unwrap_err();
        assert_eq!((&*refused.code, refused.retry_after), ("busy", Some(AGAIN)));
        // Whoever gives up makes room.
        waiting.pop();
        assert!(futures_util::poll!(Box::pin(passwords.is(&wrong, None))).is_pending());
        drop(turn);
        assert_eq!(waiting.swap_remove(0).await, Ok(false));
    }
}
