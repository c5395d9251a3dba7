"""A server of bearpit-serve, keys for it, and checks that say what they checked. Standard library only."""
import json, logging, os, signal, socket, subprocess, sys, tempfile, threading, time, traceback, urllib.request

PATIENCE = 90
# What clients say of each connection that fails while the server is away.
logging.disable(logging.CRITICAL)
PASSWORD = "correct horse battery"


class Server:
    """Runs `bearpit-serve` on a port of its own, and can be stopped and started again on the same data."""

    def __init__(self):
        self.program = os.environ["BEARPIT_SERVE"]
        self.scenario = os.environ["BEARPIT_SCENARIO"]
        self.directory = tempfile.TemporaryDirectory()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.ws = f"ws://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        data = os.path.join(self.directory.name, "data")
        log = open(os.environ.get("BEARPIT_LOG", os.devnull), "ab")
        arguments = [self.program, self.scenario, "--listen", f"127.0.0.1:{self.port}", "--data", data]
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=log)
        until(lambda: self.is_ready(), "the market is open")
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise SystemExit(f"the server has ended with {self.process.returncode}")
        try:
            return urllib.request.urlopen(self.base + "/readyz", timeout=5).status == 200
        except OSError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def restart(self):
        self.stop()
        self.start()

    def post(self, path, body, token=None):
        return self.ask(path, token, json.dumps(body).encode())

    def ask(self, path, token=None, body=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = "Bearer " + token
        request = urllib.request.Request(self.base + path, body, headers)
        return json.load(urllib.request.urlopen(request, timeout=20))

    def login(self, name):
        return self.post("/api/auth/login", {"username": name, "password": PASSWORD})["access_token"]

    def register(self, name):
        """Registers somebody who logs in."""
        who = {"username": name, "password": PASSWORD}
        self.post("/api/auth/register", {**who, "mail": name + "@example.com"})
        return self.login(name)

    def key(self, name):
        """Registers somebody, and makes a key."""
        return self.key_of(self.register(name))

    def key_of(self, token, **more):
        made = self.post("/api/keys", {"name": "bot", "scopes": ["read", "trade"], **more}, token)
        return made["key_id"], made["secret"]

    def administrator(self, name):
        """Makes an administrator as an operator does, who logs in."""
        data = os.path.join(self.directory.name, "data")
        environment = {name: it for name, it in os.environ.items() if not name.startswith("BEARPIT_")}
        environment["BEARPIT_ADMIN_PASSWORD"] = PASSWORD
        made = [self.program, "admin", "--data", data, "create", name]
        subprocess.run(made, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=60)
        return self.login(name)


def until(holds, what, patience=PATIENCE):
    """Waits until something holds, and fails after a while."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"not in {patience} s: {what}")


def fails(call, kind, **expected):
    """Calls what must fail, and looks at how it does."""
    try:
        call()
    except kind as error:
        for name, value in expected.items():
            found = getattr(error, name)
            found = found() if callable(found) else found
            assert value == found or (isinstance(value, str) and value in str(found)), (name, found, str(error))
        return error
    raise AssertionError(f"it did not fail with {kind}")


def keep_clear_of_midnight():
    """Waits where a day of the market would end in between, or has just begun and has no history yet."""
    now = time.time() % 86_400
    if now > 86_400 - 180 or now < 240:
        time.sleep((240 - now) % 86_400)


def run(*checks):
    """Runs each check on one server, and says which failed."""
    keep_clear_of_midnight()
    server = Server().start()
    failed = []
    try:
        for check in checks:
            started = time.monotonic()
            try:
                check(server)
                print(f"ok      {check.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
            except BaseException:
                traceback.print_exc()
                print(f"FAILED  {check.__name__}", flush=True)
                failed.append(check.__name__)
    finally:
        server.stop()
    # Streams of clients run on threads that nobody ends.
    sys.stdout.flush()
    os._exit(1 if failed else 0)


def in_background(call):
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread
