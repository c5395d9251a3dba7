//! [`ServerProcess`]: a server to be measured, from its start to its end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use super::affinity::Cores;
use super::client::{Client, get};
use super::clock::{now, sleep};
use super::error::BenchError;

/// How long a server may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked whether a server is ready, or has ended.
const LOOK: Duration = Duration::from_millis(20);

/// A server to be measured. It is killed when this is dropped: what it has is thrown away.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    pub(super) address: SocketAddr,
}

/// How a server stands: its figures are sums since its start.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    /// How often its journal was synced.
    syncs: f64,
    /// How long that took, in seconds.
    sync_secs: f64,
    /// How many of them took at most so many seconds.
    sync_buckets: Vec<(f64, f64)>,
    /// How much time of processors it has had, in seconds.
    processor_secs: f64,
    /// How many facts its database is behind its market.
    lag: f64,
}

impl ServerProcess {
    /// Starts a server in a directory, on its processor, and waits until its market takes orders.
    pub(super) fn start(
        program: &Path,
        cores: Option<Cores>,
        directory: &Path,
        arguments: &[String],
    ) -> Result<Self, BenchError> {
        let mut command = Cores::command(cores, program.as_os_str());
        command.args(arguments).current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        without_settings(&mut command);
        let mut child = command.spawn()?;
        let log = child.stderr.take();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child, address: nowhere };
        let (to_lines, lines) = channel();
        // Read to its end, so that the server never waits for whoever reads its log.
        let read = move || {
            for line in log.map(BufReader::new).into_iter().flat_map(|log| log.lines().map_while(Result::ok))
            {
                to_lines.send(line).unwrap_or_default();
            }
        };
        std::thread::Builder::new().name("log".to_owned()).spawn(read)?;
        server.address = address(&lines)?;
        Ok(server)
    }

    /// Waits until the market takes orders.
    pub(super) async fn ready(&self) -> Result<(), BenchError> {
        let began = now();
        let mut client = Client::connect(self.address).await?;
        loop {
            let answer = client.ask(&get("/readyz")).await?;
            if answer.status == 200 {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(BenchError::NotReady(String::from_utf8_lossy(answer.body).into_owned()));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Returns how it stands.
    pub(super) async fn figures(&self) -> Result<Figures, BenchError> {
        let mut client = Client::connect(self.address).await?;
        let answer = client.ask(&get("/metrics")).await?;
        let text = String::from_utf8_lossy(answer.body);
        let figure = |name: &str| {
            let value =
                text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
            value.unwrap_or(0.0)
        };
        Ok(Figures {
            syncs: figure("bearpit_journal_sync_duration_seconds_count"),
            sync_secs: figure("bearpit_journal_sync_duration_seconds_sum"),
            sync_buckets: text.lines().filter_map(sync_bucket).collect(),
            processor_secs: processor_secs(self.child.id()).unwrap_or(0.0),
            lag: figure("bearpit_projection_lag_facts"),
        })
    }

    /// Asks it to stop, and waits until it has.
    pub(super) fn stop(mut self) -> Result<(), BenchError> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let began = now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > PATIENCE {
                return Err(BenchError::Missing("the server does not stop".to_owned()));
            }
            sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

impl Figures {
    /// Says how long a sync took since then.
    pub(super) fn syncs_since(&self, before: &Self) -> String {
        let (count, secs) = (self.syncs - before.syncs, self.sync_secs - before.sync_secs);
        let mut buckets = self.sync_buckets.iter().zip(&before.sync_buckets);
        let within = buckets.find(|(now, then)| now.1 - then.1 >= 0.99 * count).map(|(now, _)| now.0 * 1e3);
        let within = within.map(|most| format!(", 99% within {most:.1} ms")).unwrap_or_default();
        format!("{count:.0} syncs of {:.2} ms{within}", secs / count.max(1.0) * 1e3)
    }

    /// Says how far its database is behind.
    pub(super) fn lag(&self) -> String {
        format!("database {:.0} facts behind", self.lag)
    }

    /// Says how much time of processors each of some requests took since then, where the system tells.
    pub(super) fn processor_since(&self, before: &Self, requests: usize) -> String {
        let secs = self.processor_secs - before.processor_secs;
        let requests = f64::from(u32::try_from(requests).unwrap_or(u32::MAX)).max(1.0);
        format!("{:.0} us of processor each", secs / requests * 1e6)
    }
}

/// Reads a line that says how many syncs took at most so many seconds.
fn sync_bucket(line: &str) -> Option<(f64, f64)> {
    let (most, count) =
        line.strip_prefix("bearpit_journal_sync_duration_seconds_bucket{le=\"")?.split_once("\"} ")?;
    Some((most.parse().ok()?, count.parse().ok()?))
}

/// The settings are those of the bench: the environment has none, nor a directory with a file of them.
fn without_settings(command: &mut Command) {
    let others = ["JWT_SECRET", "JWT_ALGO", "DATABASE_URL", "POSTGRES_USER", "POSTGRES_DB"];
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("BEARPIT_") || others.contains(&&*text) {
            command.env_remove(name);
        }
    }
}

/// Waits for the line of the log that says where it listens.
fn address(lines: &Receiver<String>) -> Result<SocketAddr, BenchError> {
    let mut last = String::new();
    while let Ok(line) = lines.recv_timeout(PATIENCE) {
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        if said["message"] == "serving"
            && let Some(address) = said["address"].as_str().and_then(|address| address.parse().ok())
        {
            return Ok(address);
        }
        last = line;
    }
    Err(BenchError::NotReady(last))
}

/// Returns how much time of processors a process has had: Linux counts it in hundredths of a second.
fn processor_secs(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<u32> =
        fields.split_ascii_whitespace().skip(11).take(2).filter_map(|it| it.parse().ok()).collect();
    Some(f64::from(ticks.iter().sum::<u32>()) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_say_how_long_syncs_took_since() {
        let buckets = ["0.001", "0.002", "+Inf"].map(|most| {
            sync_bucket(&format!("bearpit_journal_sync_duration_seconds_bucket{{le=\"{most}\"}} 10")).unwrap()
        });
        assert_eq!((buckets[1], buckets[2].0), ((0.002, 10.0), f64::INFINITY));
        assert_eq!(sync_bucket("bearpit_journal_sync_duration_seconds_count 10"), None);
        let before = Figures { syncs: 10.0, sync_buckets: buckets.to_vec(), ..Figures::default() };
        let sync_buckets = vec![(0.001, 90.0), (0.002, 109.0), (f64::INFINITY, 110.0)];
        let after = Figures { syncs: 110.0, sync_secs: 0.2, sync_buckets, ..Figures::default() };
        assert_eq!(after.syncs_since(&before), "100 syncs of 2.00 ms, 99% within 2.0 ms");
    }
}
