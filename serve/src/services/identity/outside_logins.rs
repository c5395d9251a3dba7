//! Logins at another provider: the authorization code flow of OpenID Connect, with PKCE.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::login::blocked;
use super::names::refused;
use super::outside_newcomers::identity_of;
use super::providers::{Claims, Flow, Metadata, Pending, Provider, Shown, Unread, away, refused_there};
use super::{Identity, Tokens, Visitor, draw, of_store};
use crate::domain::{Problem, ProblemKind, Secret, SessionId};
use crate::store::people::{NewIdentity, User};

/// How long a login elsewhere may take.
pub const LOGIN_LIFETIME: Duration = Duration::from_mins(10);
/// How long a code of the second factor may take.
const PENDING: Duration = Duration::from_mins(5);
/// No way back is longer, in bytes.
const RETURN_BYTES: usize = 512;

/// A login that somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginWish<'a> {
    /// The name of the provider.
    pub provider: &'a str,
    /// Where this server is reached, as `https://trade.example.org`.
    pub base: &'a str,
    /// The page of this server to which the browser goes afterwards; the tokens are in cookies then.
    pub return_to: Option<&'a str>,
    /// Whether the tokens come as cookies.
    pub in_cookies: bool,
}

/// A login that has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What it keeps meanwhile.
    pub cookie: Secret,
}

/// What a provider sends a browser back with.
#[derive(Debug, Clone, Default)]
pub struct CallbackParams {
    /// What is exchanged for tokens.
    pub code: Option<Secret>,
    /// What the browser was sent with.
    pub state: Option<Secret>,
    /// Who sends it (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// What came of a login elsewhere.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A session is open.
    Open {
        /// Its tokens.
        tokens: Tokens,
        /// Whether they come as cookies.
        in_cookies: bool,
        /// Where the browser goes.
        return_to: Option<String>,
    },
    /// A code of the second factor is needed.
    NeedsCode {
        /// What the browser keeps until it has one.
        cookie: Secret,
        /// Where the browser goes.
        return_to: Option<String>,
    },
    /// The identity is linked.
    Linked {
        /// Where the browser goes.
        return_to: Option<String>,
    },
}

impl Identity {
    /// Begins a login: says where the browser goes, and what it keeps meanwhile.
    ///
    /// # Errors
    /// That there is no such provider, that it is away, or that the way back leads elsewhere; too many
    /// attempts.
    pub async fn begin_outside(&self, wish: &LoginWish<'_>, visitor: &Visitor) -> Result<Begun, Problem> {
        self.begin(wish, None, visitor).await
    }

    pub(super) async fn begin(
        &self,
        wish: &LoginWish<'_>,
        link: Option<SessionId>,
        visitor: &Visitor,
    ) -> Result<Begun, Problem> {
        self.attempt_of(visitor)?;
        let LoginWish { provider, base, return_to, in_cookies } = *wish;
        let provider = Arc::clone(self.outside.for_login(provider)?);
        if return_to.is_some_and(|path| !is_own_path(path)) {
            let message = "the way back is a path of this server, such as /portfolio";
            return Err(refused("invalid_parameter", message, "return_to"));
        }
        let metadata = provider.metadata(self.now()).await?;
        let flow = Flow {
            id: draw("", &[])?.expose().to_owned(),
            redirect_uri: format!("{base}/api/auth/oidc/{}/callback", provider.config.name),
            provider: provider.config.name.clone(),
            return_to: return_to.map(str::to_owned),
            in_cookies: in_cookies || return_to.is_some(),
            link,
            until: self.now().after(LOGIN_LIFETIME),
        };
        let url = self.authorization_url(&provider, &metadata, &flow);
        Ok(Begun { url, cookie: self.outside.seal.close(&flow) })
    }

    fn authorization_url(&self, provider: &Provider, metadata: &Metadata, flow: &Flow) -> String {
        let seal = &self.outside.seal;
        let verifier = seal.secret_of(flow, "verifier");
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let client = provider.config.client.as_ref().map(|client| client.id.as_str()).unwrap_or_default();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", client)
            .append_pair("redirect_uri", &flow.redirect_uri)
            .append_pair("scope", &provider.config.scopes.join(" "))
            .append_pair("state", &seal.secret_of(flow, "state"))
            .append_pair("nonce", &seal.secret_of(flow, "nonce"))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let endpoint = &metadata.authorization_endpoint;
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        format!("{endpoint}{joint}{query}")
    }

    /// Ends a login with what the provider has sent the browser back with: opens a session, or links the
    /// identity.
    ///
    /// # Errors
    /// That it is not the browser that has begun the login, that the provider has refused it or is away, that
    /// its token is none; that an operator has blocked the person, or makes every account.
    pub async fn end_outside(
        &self,
        provider: &str,
        params: &CallbackParams,
        cookie: Option<&Secret>,
        visitor: &Visitor,
    ) -> Result<Outcome, Problem> {
        self.attempt_of(visitor)?;
        let provider = Arc::clone(self.outside.for_login(provider)?);
        let flow: Flow = cookie.and_then(|it| self.outside.seal.open(it, self.now())).ok_or_else(stranger)?;
        let state = Secret::new(self.outside.seal.secret_of(&flow, "state"));
        let is_same = params.state.as_ref().is_some_and(|it| it.digest() == state.digest());
        if !is_same || flow.provider != provider.config.name {
            return Err(stranger());
        }
        let claims = self.claims_of(&provider, params, &flow).await?;
        let identity = identity_of(&provider, &claims);
        if let Some(session) = flow.link {
            self.link(session, &claims, &identity).await?;
            return Ok(Outcome::Linked { return_to: flow.return_to });
        }
        let user = self.person_of(&provider, &claims, &identity).await?;
        self.let_in(&user, flow, visitor).await
    }

    async fn claims_of(
        &self,
        provider: &Provider,
        params: &CallbackParams,
        flow: &Flow,
    ) -> Result<Arc<Claims>, Problem> {
        let metadata = provider.metadata(self.now()).await?;
        let is_missing = params.iss.is_none() && metadata.authorization_response_iss_parameter_supported;
        if is_missing || params.iss.as_ref().is_some_and(|iss| *iss != provider.config.issuer) {
            return Err(refused_there("another issuer has answered"));
        }
        if let Some(error) = &params.error {
            return Err(refused_there(error));
        }
        let code = params.code.as_ref().ok_or_else(|| refused_there("there is no code"))?;
        let verifier = self.outside.seal.secret_of(flow, "verifier");
        let shown = Shown { code: code.expose(), verifier: &verifier };
        let token = provider.exchange(&metadata, flow, shown).await?;
        let client = provider.config.client.as_ref().map(|client| client.id.as_str()).unwrap_or_default();
        let claims = provider.read(&token, &[client], self.now()).await.map_err(|unread| match unread {
            Unread::Away => away(),
            Unread::Bad(fault) => {
                warn!(provider = provider.config.name, fault, "the ID token of a login is refused");
                not_believed()
            }
        })?;
        let nonce = self.outside.seal.secret_of(flow, "nonce");
        if claims.nonce.as_ref() != Some(&nonce) {
            warn!(provider = provider.config.name, "the ID token of a login is one of another");
            return Err(not_believed());
        }
        Ok(claims)
    }

    /// Returns whose an identity is; whoever comes for the first time is a new person.
    async fn person_of(
        &self,
        provider: &Provider,
        claims: &Claims,
        identity: &NewIdentity,
    ) -> Result<User, Problem> {
        let find = || self.people.of_identity(identity.id);
        if let Some(user) = find().await.map_err(of_store)? {
            return Ok(user);
        }
        self.come(provider, claims, identity).await?;
        self.outside.states.renew(identity.id);
        find().await.map_err(of_store)?.ok_or_else(super::access::invalid)
    }

    async fn let_in(&self, user: &User, flow: Flow, visitor: &Visitor) -> Result<Outcome, Problem> {
        if user.is_blocked {
            return Err(blocked());
        }
        let return_to = flow.return_to;
        if self.has_second_factor(user.id).await? {
            let until = self.now().after(PENDING);
            let pending = Pending { user: user.id, password_changed_at: user.password_changed_at, until };
            return Ok(Outcome::NeedsCode { cookie: self.outside.seal.close(&pending), return_to });
        }
        let tokens = self.open(user, visitor).await?.ok_or_else(blocked)?;
        info!(user = %user.id, provider = flow.provider, "logged in from elsewhere");
        Ok(Outcome::Open { tokens, in_cookies: flow.in_cookies, return_to })
    }

    /// Opens the session of a login elsewhere that lacked a code of the second factor.
    ///
    /// # Errors
    /// That there is no such login, or that the code is wrong; too many attempts; that an operator has
    /// blocked the person.
    pub async fn complete_outside(
        &self,
        cookie: Option<&Secret>,
        code: &Secret,
        visitor: &Visitor,
    ) -> Result<Tokens, Problem> {
        self.attempt_of(visitor)?;
        let pending: Option<Pending> = cookie.and_then(|it| self.outside.seal.open(it, self.now()));
        let pending = pending.ok_or_else(stranger)?;
        let user = self.people.of_id(pending.user).await.map_err(of_store)?;
        let user = user.filter(|user| user.password_changed_at == pending.password_changed_at);
        let user = user.ok_or_else(stranger)?;
        if user.is_blocked {
            return Err(blocked());
        }
        // A code that is used up for nothing may be the last.
        self.people.probe_sessions().await.map_err(of_store)?;
        self.check_second_factor(user.id, Some(code)).await?;
        self.open(&user, visitor).await?.ok_or_else(blocked)
    }
}

/// Returns whether a path is one of this server, however a browser reads it: nothing that could be the
/// beginning of a host, or that is passed over.
fn is_own_path(path: &str) -> bool {
    let is_plain = path.bytes().all(|it| it.is_ascii_graphic() && it != b'\\');
    is_plain && path.starts_with('/') && !path.starts_with("//") && path.len() <= RETURN_BYTES
}

fn not_believed() -> Problem {
    let message = "what the provider says of the login is not believed";
    Problem::new(ProblemKind::Unauthenticated, "invalid_id_token", message)
}

fn stranger() -> Problem {
    let message = "this browser has begun no such login, or too long ago";
    Problem::new(ProblemKind::Unauthenticated, "invalid_state", message).hint("begin the login again")
}

#[cfg(test)]
mod paths {
    use super::*;

    #[test]
    fn a_way_back_stays_on_this_server() {
        for path in ["/", "/portfolio", "/a?b=c#d", "/a//b", "/%2F%2Fevil.example.org"] {
            assert!(is_own_path(path), "{path}");
        }
        let long = format!("/{}", "a".repeat(RETURN_BYTES));
        for path in [
            "",
            "portfolio",
            "//evil.example.org",
            "/\\evil.example.org",
            "\\\\evil.example.org",
            "/\t/evil.example.org",
            "https://evil.example.org",
            "javascript:alert(1)",
            " /a",
            "/a\r\nSet-Cookie: b",
            "/é",
            &long,
        ] {
            assert!(!is_own_path(path), "{path:?}");
        }
    }
}
