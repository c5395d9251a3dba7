//! [`RedisLink`]: one connection to a Redis, made when it is needed, and again after whatever was wrong with
//! it.
//!
//! The manager of connections that comes with the client makes none again where the first answers were not
//! those of a Redis, or of one that still reads its data: it would stay away for good.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisError, ScriptInvocation};
use tokio::sync::Mutex;

use crate::store::database::StoreError;

/// A connection to a Redis. Clones share it.
#[derive(Clone)]
pub(super) struct RedisLink {
    client: Client,
    config: AsyncConnectionConfig,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    open: RwLock<Open>,
    /// How often nothing came of an attempt to connect.
    failures: AtomicU64,
    /// Lets one connect at a time, and has why nothing came of the last attempt.
    connecting: Mutex<Option<StoreError>>,
}

#[derive(Clone, Default)]
struct Open {
    connection: Option<MultiplexedConnection>,
    /// The how manieth it is.
    number: u64,
}

impl RedisLink {
    /// Makes one to a server, which may take so long to be reached, and to answer.
    pub(super) fn new(client: Client, patience: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience));
        Self { client, config, shared: Arc::default() }
    }

    /// Asks something that changes nothing if it is asked twice: once more if the connection was lost since
    /// it was used last.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let (mut connection, number) = self.connection().await?;
        match command.query_async(&mut connection).await {
            Err(error) if error.is_connection_dropped() => {
                self.failed(number, &error);
                let (mut connection, number) = self.connection().await?;
                command.query_async(&mut connection).await.map_err(|error| self.failed(number, &error))
            }
            answer => answer.map_err(|error| self.failed(number, &error)),
        }
    }

    /// Sends several commands at once.
    pub(super) async fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, StoreError> {
        let (mut connection, number) = self.connection().await?;
        commands.query_async(&mut connection).await.map_err(|error| self.failed(number, &error))
    }

    /// Has a script carried out.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let (mut connection, number) = self.connection().await?;
        script.invoke_async(&mut connection).await.map_err(|error| self.failed(number, &error))
    }

    /// Returns the connection and its number. Whoever waits for another's attempt has what that found.
    async fn connection(&self) -> Result<(MultiplexedConnection, u64), StoreError> {
        let Shared { open, failures, connecting } = &*self.shared;
        if let Some(open) = self.open() {
            return Ok(open);
        }
        let before = failures.load(Ordering::SeqCst);
        let mut last = connecting.lock().await;
        if let Some(open) = self.open() {
            return Ok(open);
        }
        if failures.load(Ordering::SeqCst) > before
            && let Some(error) = &*last
        {
            return Err(error.clone());
        }
        match self.client.get_multiplexed_async_connection_with_config(&self.config).await {
            Ok(connection) => {
                let mut open = open.write().unwrap_or_else(PoisonError::into_inner);
                *open = Open { connection: Some(connection.clone()), number: open.number + 1 };
                Ok((connection, open.number))
            }
            Err(error) => {
                failures.fetch_add(1, Ordering::SeqCst);
                Err(last.insert(away(&error)).clone())
            }
        }
    }

    fn open(&self) -> Option<(MultiplexedConnection, u64)> {
        let Open { connection, number } =
            self.shared.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        Some((connection?, number))
    }

    /// Gives a connection up on which something failed, unless a Redis has said why.
    fn failed(&self, number: u64, error: &RedisError) -> StoreError {
        // One that reads its data, or only copies another, may be the wrong one.
        let is_wrong = |code: &str| matches!(code, "LOADING" | "READONLY" | "MASTERDOWN");
        if error.code().is_none_or(is_wrong) {
            let mut open = self.shared.open.write().unwrap_or_else(PoisonError::into_inner);
            if open.number == number {
                open.connection = None;
            }
        }
        away(error)
    }
}

/// Whatever the server does not do can succeed later: it is away, full, loading, or somebody else's copy.
fn away(error: &RedisError) -> StoreError {
    StoreError::SessionsAway(error.to_string())
}
