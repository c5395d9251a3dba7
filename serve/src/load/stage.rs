//! [`Stage`]: a server with a market and people in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::affinity::Cores;
use super::client::{Client, post};
use super::error::BenchError;
use super::process::ServerProcess;

/// What is measured, and where.
#[derive(Debug, Clone)]
pub struct BenchConfig {
    /// The program that serves.
    pub program: PathBuf,
    /// The directory in which data are written, on the disk that is to be measured.
    pub data: PathBuf,
    /// For how many seconds each load lasts.
    pub seconds: u32,
    /// How many requests are due in a second; as many as are promised, if nothing is said.
    pub rate: Option<u32>,
    /// How many agents trade at one of the two instruments.
    pub crowd: u32,
    /// The processors of server and load, if they can be chosen.
    pub cores: Option<Cores>,
}

/// How a server is set up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Setup {
    /// How much longer each sync of the journal takes.
    pub(super) sync_extra: Duration,
    /// Whether answers do not wait for the disk.
    pub(super) is_relaxed: bool,
    /// Whether passwords are hashed as in production, and not as cheaply as can be.
    pub(super) has_real_passwords: bool,
}

/// A server with a market and people in it; its directory is deleted when this is dropped.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) server: ServerProcess,
    /// Access tokens of people.
    pub(super) tokens: Vec<String>,
    directory: Directory,
}

/// The symbol at which a crowd trades.
pub(super) const BUSY: &str = "ALFA";
/// The symbol at which nobody trades but those whom the bench sends.
pub(super) const QUIET: &str = "BETA";

pub(super) const PASSWORD: &str = "correct horse battery";

const SCENARIO: &str = r#"
[scenario]
name = "load"
start = 2025-03-03T00:00:00
end = 2025-03-04T00:00:00

[live]
clock = "scaled"
starting_cash = 1_000_000_000
DURABILITY

[[instruments]]
symbol = "ALFA"
tick_size = "0.01"
process = { kind = "ou", initial = 100.0, mean = 100.0, half_life = "2h", volatility = 0.2 }

[[instruments]]
symbol = "BETA"
tick_size = "0.01"
process = { kind = "ou", initial = 100.0, mean = 100.0, half_life = "2h", volatility = 0.2 }

[[venues]]
name = "PIT"
instruments = ["ALFA", "BETA"]
fees = { maker_bps = -0.1, taker_bps = 0.3 }

[[agents]]
name = "maker-alfa"
kind = "market_maker"
instrument = "ALFA"
cash = 1_000_000_000
max_short = { ALFA = 100_000_000 }
half_spread = "0.03"
quantity = 1_000_000
max_inventory = 50_000_000
interval = "1s"

[[agents]]
name = "maker-beta"
kind = "market_maker"
instrument = "BETA"
cash = 1_000_000_000
max_short = { BETA = 100_000_000 }
half_spread = "0.03"
quantity = 1_000_000
max_inventory = 50_000_000
interval = "1s"
"#;

const CROWD: &str = r#"
[[agents]]
name = "crowd"
kind = "noise"
instrument = "ALFA"
count = COUNT
holdings = { ALFA = 5_000 }
interval = "2s"
market_share = 0.3
max_quantity = 20
depth = "0.20"
patience = "1m"
"#;

impl Stage {
    /// Starts a server with so many people.
    pub(super) async fn set(config: &BenchConfig, setup: Setup, people: usize) -> Result<Self, BenchError> {
        let directory = Directory::make(&config.data)?;
        fs::write(directory.0.join("load.toml"), scenario(config.crowd, setup.is_relaxed))?;
        let server = ServerProcess::start(&config.program, config.cores, &directory.0, &arguments(setup))?;
        server.ready().await?;
        let mut stage = Self { server, tokens: Vec::new(), directory };
        let mut client = Client::connect(stage.server.address).await?;
        for number in 0..people {
            stage.tokens.push(join(&mut client, number).await?);
        }
        Ok(stage)
    }

    /// Connects so many clients.
    pub(super) async fn clients(&self, count: usize) -> Result<Vec<Client>, BenchError> {
        let mut clients = Vec::new();
        for _ in 0..count {
            clients.push(Client::connect(self.server.address).await?);
        }
        Ok(clients)
    }

    /// Stops the server in order.
    pub(super) fn end(self) -> Result<(), BenchError> {
        let Self { server, directory, .. } = self;
        server.stop()?;
        drop(directory);
        Ok(())
    }
}

/// Returns the name of a person.
pub(super) fn name(number: usize) -> String {
    format!("person-{number}")
}

/// Registers a person, and opens a session.
async fn join(client: &mut Client, number: usize) -> Result<String, BenchError> {
    let body = format!(r#"{{"username":"{}","password":"{PASSWORD}"}}"#, name(number));
    answered(client, "a registration", &post("/api/auth/register", None, &body)).await?;
    let login = answered(client, "a login", &post("/api/auth/login", None, &body)).await?;
    let token = login["access_token"].as_str().map(str::to_owned);
    token.ok_or_else(|| BenchError::Missing("a login has no token".to_owned()))
}

/// Makes a request that must succeed, and returns its body.
pub(super) async fn answered(
    client: &mut Client,
    what: &'static str,
    request: &[u8],
) -> Result<Value, BenchError> {
    let answer = client.ask(request).await?;
    if !(200..300).contains(&answer.status) {
        let body = String::from_utf8_lossy(answer.body).into_owned();
        return Err(BenchError::Answer { what, status: answer.status, body });
    }
    Ok(serde_json::from_slice(answer.body).unwrap_or_default())
}

fn scenario(crowd: u32, is_relaxed: bool) -> String {
    let durability = if is_relaxed { r#"durability = { relaxed = "100ms" }"# } else { "" };
    let crowd = if crowd == 0 { String::new() } else { CROWD.replace("COUNT", &crowd.to_string()) };
    SCENARIO.replace("DURABILITY", durability) + crowd.as_str()
}

fn arguments(setup: Setup) -> Vec<String> {
    let extra = setup.sync_extra.as_millis().to_string();
    let fixed = ["load.toml", "--listen", "127.0.0.1:0", "--data", "data", "--log-format", "json"];
    let limits = ["--limits-address-attempts", "1000000", "--limits-account-attempts", "1000000"];
    let passwords = ["--passwords-memory-kib", "8", "--passwords-passes", "1"];
    let mut arguments = [&fixed[..], &limits, &["--sync-extra", &extra]].concat();
    if !setup.has_real_passwords {
        arguments.extend(passwords);
    }
    arguments.into_iter().map(str::to_owned).collect()
}

/// A directory of its own, which is deleted when this is dropped.
#[derive(Debug)]
struct Directory(PathBuf);

impl Directory {
    fn make(within: &Path) -> Result<Self, BenchError> {
        fs::create_dir_all(within)?;
        let path = fs::canonicalize(within)?.join(format!("bench-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left of a bench harms nobody.
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use bearpit::scenario::Scenario;

    use super::*;

    #[test]
    fn the_market_under_load_is_valid_with_and_without_a_crowd() {
        for (crowd, is_relaxed) in [(0, false), (50, true)] {
            let text = scenario(crowd, is_relaxed);
            let read = Scenario::from_text(Path::new("load.toml"), &text, &[]);
            let scenario = read.map_err(|found| found.render(false)).unwrap();
            assert!(!scenario.check().has_errors());
            assert_eq!(scenario.agents.len(), if crowd == 0 { 2 } else { 3 });
        }
    }
}
