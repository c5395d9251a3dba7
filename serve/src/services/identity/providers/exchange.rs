//! The exchange of what a browser has brought for an ID token.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde::Deserialize;
use tracing::warn;

use super::{Flow, Metadata, Provider, away};
use crate::config::OutsideClient;
use crate::domain::{Problem, ProblemKind, WallTime};
use crate::outgoing::{Outgoing, Reply};

/// What a login shows for its tokens.
#[derive(Clone, Copy)]
pub(in crate::services::identity) struct Shown<'a> {
    pub(in crate::services::identity) code: &'a str,
    pub(in crate::services::identity) verifier: &'a str,
}

impl Provider {
    /// Returns what the provider says of itself.
    ///
    /// # Errors
    /// That it is away.
    pub(in crate::services::identity) async fn metadata(
        &self,
        now: WallTime,
    ) -> Result<Arc<Metadata>, Problem> {
        self.discovery.get(self, now).await.map_err(|fault| {
            warn!(provider = self.config.name, fault, "a provider of identity cannot be asked");
            away()
        })
    }

    /// Exchanges a code for an ID token.
    pub(in crate::services::identity) async fn exchange(
        &self,
        metadata: &Metadata,
        flow: &Flow,
        shown: Shown<'_>,
    ) -> Result<String, Problem> {
        let client = self.config.client.as_ref().ok_or_else(away)?;
        let request = self.outgoing.request(reqwest::Method::POST, &metadata.token_endpoint);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", shown.code),
            ("redirect_uri", &flow.redirect_uri),
            ("code_verifier", shown.verifier),
        ];
        let request = match &client.secret {
            Some(_) if metadata.takes_basic() => request.header(AUTHORIZATION, basic(client)),
            secret => {
                form.push(("client_id", &client.id));
                form.extend(secret.as_ref().map(|secret| ("client_secret", secret.expose())));
                request
            }
        };
        let sent = Outgoing::send(request.header(ACCEPT, "application/json").form(&form)).await;
        let reply = sent.map_err(|error| {
            warn!(provider = self.config.name, %error, "a code cannot be exchanged");
            away()
        })?;
        id_token_of(&reply).map_err(|fault| {
            warn!(provider = self.config.name, status = reply.status, fault, "a code was not exchanged");
            if matches!(reply.status, 400..=499) { refused_there(&fault) } else { away() }
        })
    }
}

/// Returns what a client shows in a header, of which RFC 6749 has each part encoded.
fn basic(client: &OutsideClient) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let secret = client.secret.as_ref().map(|secret| encoded(secret.expose())).unwrap_or_default();
    format!("Basic {}", STANDARD.encode(format!("{}:{secret}", encoded(&client.id))))
}

/// Reads what a provider answers to a code.
fn id_token_of(reply: &Reply) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Answer {
        id_token: Option<String>,
        error: Option<String>,
    }
    let answer: Answer = reply.json()?;
    match (answer.id_token, answer.error) {
        (Some(token), None) if reply.is_success() => Ok(token),
        (_, Some(error)) => Err(shown(&error)),
        _ => Err("there is no ID token".to_owned()),
    }
}

/// Returns as much of what a provider says as can be shown.
fn shown(text: &str) -> String {
    text.chars().filter(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | ' ' | '-')).take(64).collect()
}

pub(in crate::services::identity) fn refused_there(why: &str) -> Problem {
    let message = format!("the login at the provider was not finished: {}", shown(why));
    Problem::new(ProblemKind::Unauthenticated, "login_refused", message).hint("begin the login again")
}
