//! Second factors: codes that an app makes of a secret and the time (RFC 6238), and codes for recovery.
//!
//! A person asks for a secret, and shows by a code that an app has it; from then on a login needs a code
//! beside the password. Each code counts once. After five wrong codes none is looked at for a quarter of an
//! hour: with the password alone, guesses find a code on one day in seven hundred.
//!
//! Keys of the API need no code: they are made in a session.

use std::time::Duration;

use totp_rs::{Builder, Totp, TotpError};
use tracing::{error, info, warn};

use super::{Identity, of_store, random};
use crate::domain::{Actor, Problem, ProblemKind, Secret, UserId, WallTime};
use crate::store::people::{RightCode, SecondFactor, Tries};

/// A secret that is to be confirmed.
#[derive(Debug, Clone)]
pub struct NewFactor {
    /// It, in base 32: what is typed into an app.
    pub secret: Secret,
    /// It as an address of the scheme `otpauth`: what a QR code has.
    pub uri: Secret,
}

/// Whether a login needs a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorStatus {
    /// Since when; absent if it does not.
    pub since: Option<WallTime>,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
}

/// Which app a secret is for.
const ISSUER: &str = "Bearpit";
/// 160 bits, as RFC 4226 asks for.
const SECRET_BYTES: usize = 20;
/// So many wrong codes in a row are looked at.
const TRIES: i64 = 5;
/// For how long none is looked at then.
const LOCK: Duration = Duration::from_mins(15);
/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// 80 bits each, so that their digests tell nothing.
const RECOVERY_BYTES: usize = 10;

impl Identity {
    /// Draws a secret for an app, of a person without a second factor.
    ///
    /// # Errors
    /// That the password is wrong, or that there is a second factor.
    pub async fn begin_second_factor(&self, actor: &Actor, password: &Secret) -> Result<NewFactor, Problem> {
        let user = self.prove_password(actor, password).await?;
        let secret = random::<SECRET_BYTES>()?;
        if !self.people.begin_second_factor(user.id, &secret, self.now()).await.map_err(of_store)? {
            let message = "there is a second factor: remove it before another is made";
            return Err(Problem::new(ProblemKind::Conflict, "second_factor_exists", message));
        }
        let totp = totp(&secret, &user.username)?;
        let uri = totp.to_url().map_err(|error| fault(&error))?;
        Ok(NewFactor { secret: Secret::new(totp.secret().to_base32()), uri: Secret::new(uri) })
    }

    /// Confirms the secret by a code that was made with it, and returns the recovery codes: from then on a
    /// login needs a code.
    ///
    /// # Errors
    /// That there is no secret to confirm, or that the code is wrong.
    pub async fn confirm_second_factor(&self, actor: &Actor, code: &Secret) -> Result<Vec<Secret>, Problem> {
        let factor = self.people.second_factor(actor.user).await.map_err(of_store)?;
        let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_none()) else {
            let message = "there is no secret to confirm: ask for one first";
            return Err(Problem::new(ProblemKind::Conflict, "no_second_factor", message));
        };
        self.take_try(actor.user).await?;
        let code = self.right(&factor, code)?.ok_or_else(wrong_here)?;
        let codes = recovery_codes()?;
        let digests: Vec<[u8; 32]> = codes.iter().map(digest).collect();
        let confirmed = self.people.confirm_second_factor(actor.user, code, &digests, self.now());
        if !confirmed.await.map_err(of_store)? {
            return Err(wrong_here());
        }
        info!(user = %actor.user, "a second factor is on");
        Ok(codes)
    }

    /// Returns whether a login of a person needs a code.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn second_factor(&self, actor: &Actor) -> Result<FactorStatus, Problem> {
        let factor = self.people.second_factor(actor.user).await.map_err(of_store)?;
        let recovery_codes = self.people.recovery_codes_left(actor.user).await.map_err(of_store)?;
        Ok(FactorStatus { since: factor.and_then(|factor| factor.confirmed_at), recovery_codes })
    }

    /// Replaces the recovery codes.
    ///
    /// # Errors
    /// That password or code are wrong, or that there is no second factor.
    pub async fn draw_recovery_codes(
        &self,
        actor: &Actor,
        password: &Secret,
        code: &Secret,
    ) -> Result<Vec<Secret>, Problem> {
        self.prove_both(actor, password, code).await?;
        let codes = recovery_codes()?;
        let digests: Vec<[u8; 32]> = codes.iter().map(digest).collect();
        self.people.replace_recovery_codes(actor.user, &digests).await.map_err(of_store)?;
        info!(user = %actor.user, "new recovery codes");
        Ok(codes)
    }

    /// Removes the second factor: a login needs the password alone.
    ///
    /// # Errors
    /// As [`Identity::draw_recovery_codes`].
    pub async fn remove_second_factor(
        &self,
        actor: &Actor,
        password: &Secret,
        code: &Secret,
    ) -> Result<(), Problem> {
        self.prove_both(actor, password, code).await?;
        self.people.remove_second_factor(actor.user, self.now()).await.map_err(of_store)?;
        info!(user = %actor.user, "a second factor is off");
        Ok(())
    }

    /// Returns whether a login of a person needs a code.
    pub(super) async fn has_second_factor(&self, user: UserId) -> Result<bool, Problem> {
        let factor = self.people.second_factor(user).await.map_err(of_store)?;
        Ok(factor.is_some_and(|factor| factor.confirmed_at.is_some()))
    }

    /// Lets those log in who need no code, or show one.
    pub(super) async fn check_second_factor(
        &self,
        user: UserId,
        code: Option<&Secret>,
    ) -> Result<(), Problem> {
        let factor = self.people.second_factor(user).await.map_err(of_store)?;
        let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else { return Ok(()) };
        let Some(code) = code else {
            let message = "a code of the second factor is needed beside the password";
            let problem = Problem::new(ProblemKind::Unauthenticated, "second_factor_needed", message);
            return Err(problem.hint("send `code`: what the app shows, or a recovery code").at("code"));
        };
        if self.is_code(user, &factor, code).await? {
            return Ok(());
        }
        warn!(%user, "a wrong code of the second factor, with the right password");
        Err(Problem::new(ProblemKind::Unauthenticated, "wrong_code", WRONG).at("code"))
    }

    async fn prove_both(&self, actor: &Actor, password: &Secret, code: &Secret) -> Result<(), Problem> {
        self.prove_password(actor, password).await?;
        let factor = self.people.second_factor(actor.user).await.map_err(of_store)?;
        let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else {
            let message = "there is no second factor";
            return Err(Problem::new(ProblemKind::Conflict, "no_second_factor", message));
        };
        if self.is_code(actor.user, &factor, code).await? { Ok(()) } else { Err(wrong_here()) }
    }

    /// Uses a code of the app, or a recovery code; returns whether it was one.
    async fn is_code(&self, user: UserId, factor: &SecondFactor, code: &Secret) -> Result<bool, Problem> {
        self.take_try(user).await?;
        if let Some(code) = self.right(factor, code)? {
            return self.people.use_code(user, code).await.map_err(of_store);
        }
        let used = self.people.use_recovery_code(user, digest(code), self.now()).await.map_err(of_store)?;
        if used {
            info!(%user, "a recovery code was used");
        }
        Ok(used)
    }

    async fn take_try(&self, user: UserId) -> Result<(), Problem> {
        let now = self.now();
        let tries = Tries { most: TRIES, locked_until: now.after(LOCK) };
        if self.people.try_code(user, now, tries).await.map_err(of_store)? {
            return Ok(());
        }
        let factor = self.people.second_factor(user).await.map_err(of_store)?;
        let until = factor.and_then(|factor| factor.locked_until).unwrap_or(now);
        let message = "too many wrong codes: none is looked at for a while";
        let problem = Problem::new(ProblemKind::TooMany, "second_factor_locked", message);
        Err(problem.retry_after(now.until(until)))
    }

    /// Returns a code of the app, if it is right: of the present half minute or one beside it, since clocks
    /// differ.
    fn right<'a>(&self, factor: &'a SecondFactor, code: &Secret) -> Result<Option<RightCode<'a>>, Problem> {
        let digits: String = code.expose().chars().filter(|letter| !letter.is_whitespace()).collect();
        let seconds = u64::try_from(self.now().nanos() / 1_000_000_000).unwrap_or(0);
        let step = totp(&factor.secret, "")?.check(&digits, seconds);
        let step = step.and_then(|step| i64::try_from(step).ok());
        Ok(step.map(|step| RightCode { secret: &factor.secret, step }))
    }
}

const WRONG: &str = "the code is wrong, or used";

fn wrong_here() -> Problem {
    Problem::new(ProblemKind::Forbidden, "wrong_code", WRONG).at("code")
}

/// Returns what makes codes of a secret: six digits, for half a minute, by SHA-1, since many apps know no
/// other.
fn totp(secret: &[u8], name: &str) -> Result<Totp, Problem> {
    let builder = Builder::new().with_secret(secret.to_vec()).with_skew(1);
    builder.with_issuer(Some(ISSUER)).with_account_name(name).build().map_err(|error| fault(&error))
}

fn fault(error: &TotpError) -> Problem {
    error!(%error, "a second factor");
    Problem::new(ProblemKind::Internal, "internal", "a fault of the server, which is in its log")
}

/// Draws recovery codes such as `k3vb-7qmx-2hzn-w5ra`.
fn recovery_codes() -> Result<Vec<Secret>, Problem> {
    let code = || {
        let text =
            totp_rs::Secret::from(random::<RECOVERY_BYTES>()?.to_vec()).to_base32().to_ascii_lowercase();
        let letters: Vec<char> = text.chars().collect();
        let parts: Vec<String> = letters.chunks(4).map(|part| part.iter().collect()).collect();
        Ok(Secret::new(parts.join("-")))
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

/// Returns the digest of a recovery code, however it is typed.
fn digest(code: &Secret) -> [u8; 32] {
    let letters = code.expose().chars().filter(char::is_ascii_alphanumeric);
    Secret::new(letters.map(|letter| letter.to_ascii_lowercase()).collect()).digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of RFC 6238, appendix B, for SHA-1, of whose eight digits six are shown.
    #[test]
    fn codes_are_those_of_the_standard() {
        let totp = totp(b"12345678901234567890", "anne").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.check(code, seconds), Some(seconds / 30), "{seconds}");
        }
        assert_eq!(totp.check("287082", 59 + 30), Some(1), "one step late");
        assert_eq!(totp.check("287082", 59 + 60), None);
    }

    #[test]
    fn a_recovery_code_is_the_same_however_it_is_typed() {
        let codes = recovery_codes().unwrap();
        assert_eq!(codes.len(), 10);
        for code in codes {
            let text = code.expose();
            assert_eq!((text.len(), text.split('-').count()), (19, 4), "four times four letters");
            let typed = Secret::new(text.to_uppercase().replace('-', " "));
            assert_eq!(digest(&typed), digest(&code));
        }
    }
}
