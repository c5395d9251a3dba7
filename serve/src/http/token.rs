//! [`Token`]: what an operator's request must bear, and the file that has it.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A secret that is drawn anew whenever a server starts.
pub(super) struct Token(String);

/// Where an operator's server listens, and what it wants to see.
#[derive(Clone, Serialize, Deserialize)]
pub struct AdminAccess {
    /// Where it listens.
    pub address: SocketAddr,
    /// What a request must bear.
    pub token: String,
    /// The process.
    pub process: u32,
}

impl fmt::Debug for AdminAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminAccess").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The name of the file in the data directory.
const NAME: &str = "admin.json";

impl AdminAccess {
    /// Reads the file of a data directory.
    ///
    /// # Errors
    /// That it cannot be read: as a rule because no process runs there.
    pub fn read(data: &Path) -> io::Result<Self> {
        let text = fs::read(data.join(NAME))?;
        serde_json::from_slice(&text).map_err(io::Error::from)
    }
}

impl Token {
    /// Draws one.
    ///
    /// # Errors
    /// That the system has no randomness.
    pub(super) fn draw() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Returns whether a text is this one. How long that takes says nothing about it: digests are compared.
    pub(super) fn is(&self, text: &str) -> bool {
        blake3::hash(self.0.as_bytes()) == blake3::hash(text.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The file as long as its server listens.
#[derive(Debug)]
pub(super) struct TokenFile(PathBuf);

impl TokenFile {
    /// Writes it, for this user alone to read. It appears as a whole.
    pub(super) fn write(data: &Path, address: SocketAddr, token: &Token) -> io::Result<Self> {
        let access = AdminAccess { address, token: token.0.clone(), process: std::process::id() };
        let text = serde_json::to_vec(&access)?;
        let (path, unnamed) = (data.join(NAME), data.join(format!("{NAME}.new")));
        // One that a crash left might be readable for others.
        match fs::remove_file(&unnamed) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&unnamed)?.write_all(&text)?;
        fs::rename(&unnamed, &path)?;
        Ok(Self(path))
    }

    /// Removes it. If that fails, it names a port at which nobody listens.
    pub(super) fn remove(&self) {
        fs::remove_file(&self.0).ok();
    }
}
