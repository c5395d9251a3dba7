//! [`TestRedis`]: a Redis or Valkey of a test's own, which can be taken away; for tests only.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use uuid::Uuid;

/// Names the variable with the path of the program of Redis or Valkey.
pub const REDIS: &str = "BEARPIT_TEST_REDIS";

/// How often a server that starts is asked whether it is there, and how long it is waited between.
const LOOKS: u32 = 2_400;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A server on a socket of a directory of its own, reached through a port that stays the same. All it was
/// told is on its disk, and is there again when it is started again.
#[derive(Debug)]
pub struct TestRedis {
    program: PathBuf,
    directory: PathBuf,
    child: Child,
    gate: Arc<Mutex<Gate>>,
    address: SocketAddr,
}

/// What becomes of connections.
#[derive(Debug, Default)]
struct Gate {
    /// What each is answered, whatever it says, if it is not passed on.
    garbage: Option<&'static [u8]>,
    open: Vec<TcpStream>,
}

impl TestRedis {
    /// Starts one. `None`, and a line that says so, where [`REDIS`] names no program.
    ///
    /// # Errors
    /// That it does not start.
    #[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
    pub fn start() -> io::Result<Option<Self>> {
        let Some(program) = std::env::var_os(REDIS) else {
            eprintln!("SKIPPED with Redis: {REDIS} is not set");
            return Ok(None);
        };
        let (program, id) = (PathBuf::from(program), Uuid::new_v4().simple().to_string());
        // The path of a socket has room for little.
        let directory = std::env::temp_dir().join(format!("bearpit-r{}", &id[..16]));
        std::fs::create_dir_all(&directory)?;
        let child = spawn(&program, &directory)?;
        let (gate, listener) = (Arc::<Mutex<Gate>>::default(), TcpListener::bind("127.0.0.1:0")?);
        let address = listener.local_addr()?;
        let (of_thread, socket) = (Arc::clone(&gate), directory.join(SOCKET));
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                // One that cannot be passed on is closed.
                admit(near, &of_thread, &socket).unwrap_or_default();
            }
        });
        let server = Self { program, directory, child, gate, address };
        server.await_start()?;
        Ok(Some(server))
    }

    /// Returns where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Ends it as a crash would.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Starts it again after [`TestRedis::kill`], with all it had.
    ///
    /// # Errors
    /// That it does not start.
    pub fn start_again(&mut self) -> io::Result<()> {
        self.child = spawn(&self.program, &self.directory)?;
        self.await_start()
    }

    /// Has it answer nothing from now on, though connections stay as they are.
    ///
    /// # Errors
    /// What the system says.
    pub fn suspend(&self) -> io::Result<()> {
        self.signal("-STOP")
    }

    /// Has it answer again.
    ///
    /// # Errors
    /// What the system says.
    pub fn resume(&self) -> io::Result<()> {
        self.signal("-CONT")
    }

    /// Ends all connections, and answers this to the next ones, whatever they say; or lets them pass again.
    pub fn answer(&self, garbage: Option<&'static [u8]>) {
        let mut gate = lock(&self.gate);
        gate.garbage = garbage;
        for stream in gate.open.drain(..) {
            // It may have ended by itself.
            stream.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }

    /// Sends a command whose words have no blanks, and returns the first line of what is answered.
    ///
    /// # Errors
    /// What the system says.
    pub fn command(&self, words: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(self.directory.join(SOCKET))?;
        write!(stream, "{words}\r\n")?;
        let (mut line, mut byte) = (Vec::new(), [0]);
        while stream.read(&mut byte)? == 1 && byte != *b"\n" {
            line.extend_from_slice(&byte);
        }
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }

    #[expect(clippy::disallowed_methods, reason = "it is waited for another process")]
    fn await_start(&self) -> io::Result<()> {
        for _ in 0..LOOKS {
            // One that reads its data says so.
            if self.command("PING").is_ok_and(|answer| answer == "+PONG") {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(io::Error::other(format!("{} does not start", self.program.display())))
    }

    fn signal(&self, name: &str) -> io::Result<()> {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("kill {name}"))) }
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        // It may have ended, and what is left in a temporary directory harms nobody.
        self.kill().unwrap_or_default();
        std::fs::remove_dir_all(&self.directory).unwrap_or_default();
    }
}

/// The name of the socket in its directory.
const SOCKET: &str = "s";

fn spawn(program: &Path, directory: &Path) -> io::Result<Child> {
    let arguments = ["--port", "0", "--unixsocket", SOCKET, "--save", "", "--appendonly", "yes"];
    let mut command = Command::new(program);
    command.current_dir(directory).args(arguments).args(["--appendfsync", "always", "--daemonize", "no"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

fn admit(near: TcpStream, gate: &Mutex<Gate>, socket: &Path) -> io::Result<()> {
    let mut gate = lock(gate);
    if let Some(garbage) = gate.garbage {
        let (mut from, mut to) = (near.try_clone()?, near.try_clone()?);
        thread::spawn(move || {
            let mut bytes = [0; 1_024];
            while from.read(&mut bytes).is_ok_and(|count| count > 0) {
                if to.write_all(garbage).is_err() {
                    break;
                }
            }
        });
    } else {
        let far = UnixStream::connect(socket)?;
        let (near_in, near_out) = (near.try_clone()?, near.try_clone()?);
        let (far_in, far_out) = (far.try_clone()?, far);
        thread::spawn(move || {
            pass(near_in, &far_out);
            far_out.shutdown(Shutdown::Both).unwrap_or_default();
        });
        thread::spawn(move || {
            pass(far_in, &near_out);
            near_out.shutdown(Shutdown::Both).unwrap_or_default();
        });
    }
    gate.open.push(near);
    Ok(())
}

fn pass(mut from: impl Read, mut to: impl Write) {
    let mut bytes = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
}

fn lock(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}
