//! Redis or Valkey: the last price of each symbol, in a hash and by publication.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Pipeline};
use tokio::time::timeout;

use super::message::Message;
use super::port::{Adapter, AdapterError, Doing, Fate};
use crate::config::RedisUrl;

#[cfg(test)]
mod tests;

/// How long a connection may take, and each answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes the field `key` of the hash `PREFIX` + topic, and publishes the same on `PREFIX` + topic + `:` +
/// key.
///
/// It is for prices only: what a server refuses at the moment (it is full, or reads its data) is replaced by
/// the next price anyway, so nothing is refused for good.
pub struct RedisAdapter {
    url: RedisUrl,
    prefix: String,
    connection: Option<MultiplexedConnection>,
}

impl std::fmt::Debug for RedisAdapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisAdapter").field("url", &self.url).finish_non_exhaustive()
    }
}

impl RedisAdapter {
    /// Makes one that is not connected.
    #[must_use]
    pub const fn new(url: RedisUrl, prefix: String) -> Self {
        Self { url, prefix, connection: None }
    }

    async fn open(&mut self) -> Result<(), AdapterError> {
        self.connection = None;
        let client = Client::open(self.url.text()).map_err(AdapterError::new)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        let late = |_| AdapterError::new(format!("it says nothing for {} s", PATIENCE.as_secs()));
        let mut connection =
            timeout(PATIENCE * 2, connecting).await.map_err(late)?.map_err(AdapterError::new)?;
        // Whoever accepts connections is not yet a Redis.
        let said: String =
            redis::cmd("PING").query_async(&mut connection).await.map_err(AdapterError::new)?;
        if said != "PONG" {
            return Err(AdapterError::new("it is no Redis: it does not answer PING"));
        }
        self.connection = Some(connection);
        Ok(())
    }

    async fn write(&mut self, messages: &[Message]) -> Result<Vec<Fate>, AdapterError> {
        let Some(connection) = &mut self.connection else {
            return Err(AdapterError::new("there is no connection"));
        };
        let mut commands = Pipeline::with_capacity(messages.len() * 2);
        for Message { topic, key, payload, .. } in messages {
            let (hash, field) = (format!("{}{topic}", self.prefix), key.as_deref().unwrap_or_default());
            commands.cmd("HSET").arg(&hash).arg(field).arg(payload.as_slice()).ignore();
            commands.cmd("PUBLISH").arg(format!("{hash}:{field}")).arg(payload.as_slice()).ignore();
        }
        let written: Result<(), _> = commands.query_async(connection).await;
        written.map_err(AdapterError::new)?;
        Ok(vec![Fate::Taken; messages.len()])
    }
}

impl Adapter for RedisAdapter {
    fn connect(&mut self) -> Doing<'_, Result<(), AdapterError>> {
        Box::pin(self.open())
    }

    fn send<'a>(&'a mut self, messages: &'a [Message]) -> Doing<'a, Result<Vec<Fate>, AdapterError>> {
        Box::pin(self.write(messages))
    }

    fn broken(&mut self) -> Doing<'_, AdapterError> {
        // It is noticed with the next price.
        Box::pin(std::future::pending())
    }

    fn close(&mut self) -> Doing<'_, ()> {
        self.connection = None;
        Box::pin(async {})
    }
}
