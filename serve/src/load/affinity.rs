//! [`Cores`]: which processor the server has, and which one what loads it.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

/// Two processors of this machine: one for a server, another for what loads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cores {
    server: u32,
    load: u32,
}

impl Cores {
    /// Returns the first and the last of the processors that this process may use; none where there is one
    /// only, or no `taskset` (of util-linux) to choose with.
    #[must_use]
    pub fn find() -> Option<Self> {
        let own = std::process::id().to_string();
        let said = Command::new("taskset").args(["-c", "-p", &own]).stderr(Stdio::null()).output().ok()?;
        let cores = listed(&String::from_utf8(said.stdout).ok()?)?;
        let (server, load) = (*cores.first()?, *cores.last()?);
        (server != load).then_some(Self { server, load })
    }

    /// Returns the command that starts a program on the server's processor.
    pub(super) fn command(cores: Option<Self>, program: &OsStr) -> Command {
        match cores {
            Some(Self { server, .. }) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &server.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        }
    }

    /// Moves this thread, and those that it starts, to the processor of what loads a server.
    pub(super) fn take_load(self) {
        self.move_thread(self.load);
    }

    /// Moves this thread to the processor of the server: it is one.
    pub(super) fn take_server(self) {
        self.move_thread(self.server);
    }

    /// A thread that cannot be moved stays where it is, as without `taskset`.
    fn move_thread(self, core: u32) {
        let thread = fs::read_link("/proc/thread-self").ok();
        let Some(thread) = thread.as_deref().and_then(|path| path.file_name()) else { return };
        let mut command = Command::new("taskset");
        command.args(["-c", "-p", &core.to_string()]).arg(thread);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().map(drop).unwrap_or_default();
    }
}

/// Reads a list such as `0,2-3` at the end of a line.
fn listed(line: &str) -> Option<Vec<u32>> {
    let (_, list) = line.trim().rsplit_once(' ')?;
    let mut cores = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.parse::<u32>().ok()?..=last.parse().ok()?);
    }
    Some(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_processors_is_read() {
        assert_eq!(listed("pid 7's current affinity list: 0,1\n"), Some(vec![0, 1]));
        assert_eq!(listed("pid 7's current affinity list: 3-5,9"), Some(vec![3, 4, 5, 9]));
        assert_eq!(listed("pid 7's current affinity list: 0"), Some(vec![0]));
        assert_eq!(listed("no such process"), None);
    }
}
