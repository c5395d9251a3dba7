"""A server that speaks FIX, and a session of FIX over simplefix: it counts, answers, and checks what it gets."""
import datetime, os, signal, socket, time

import simplefix

from server import Server

PATIENCE = 60


class FixServer(Server):
    """A server of bearpit-serve that speaks FIX on a port of its own."""

    def __init__(self):
        super().__init__()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.fix_port = probe.getsockname()[1]
        os.environ["BEARPIT_FIX_LISTEN"] = f"127.0.0.1:{self.fix_port}"

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d-%H:%M:%S.%f")[:-3]


class Session:
    """The initiator of a session. Its numbers outlive its connections."""

    def __init__(self, port, key, sender="DESK"):
        self.port, self.key, self.sender = port, key, sender
        self.next_out = self.next_in = 1
        self.sent, self.got, self.early = {}, [], {}
        self.asked = False

    def open(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(PATIENCE)
        return connection

    def connect(self, **more):
        self.socket = self.open()
        self.parser = simplefix.FixParser()
        self.asked = False
        fields = [(98, 0), (108, 30), (553, self.key[0]), (554, self.key[1])]
        fields += [(int(tag[1:]), value) for tag, value in more.items()]
        self.send("A", fields)
        return self.until(lambda it: it.get(35) in (b"A", b"5"))

    def message(self, kind, number, fields, again=False):
        message = simplefix.FixMessage()
        message.append_pair(8, "FIX.4.4")
        at = now()
        for tag, value in [(35, kind), (49, self.sender), (56, "BEARPIT"), (34, number), (52, at)]:
            message.append_pair(tag, value, header=True)
        if again:
            message.append_pair(43, "Y", header=True)
            message.append_pair(122, at, header=True)
        for tag, value in fields:
            message.append_pair(tag, value)
        return message.encode()

    def send(self, kind, fields):
        number, self.next_out = self.next_out, self.next_out + 1
        self.sent[number] = (kind, fields)
        self.socket.sendall(self.message(kind, number, fields))
        return number

    def order(self, name, side, quantity, *more):
        return self.send("D", [(11, name), (55, "ACME"), (54, side), (38, quantity), (60, now()), *more])

    def receive(self):
        """Returns the next message of the connection, whatever its number; none at its end."""
        while True:
            message = self.parser.get_message()
            if message is not None:
                return message
            data = self.socket.recv(65536)
            if not data:
                return None
            self.parser.append_buffer(data)

    def next(self):
        """Returns the next message that counts: in the order of its number, once."""
        while True:
            message = self.receive()
            if message is None:
                raise EOFError("the server has closed the connection")
            number, kind = int(message.get(34)), message.get(35)
            if kind == b"2":
                self.resend(int(message.get(7)))
            if number > self.next_in:
                if not self.asked:
                    self.asked = True
                    self.send("2", [(7, self.next_in), (16, 0)])
                if kind in (b"A", b"5"):
                    return message
                continue
            if number < self.next_in:
                assert message.get(43) == b"Y", f"number {number} comes twice: {message}"
                continue
            self.next_in = number + 1
            if kind == b"4":
                self.next_in = int(message.get(36))
            if kind == b"1":
                self.send("0", [(112, message.get(112).decode())])
            if kind in (b"8", b"9"):
                self.got.append(message)
            return message

    def resend(self, first):
        for number in range(first, self.next_out):
            kind, fields = self.sent.get(number, ("0", []))
            if kind in "DFG":
                self.socket.sendall(self.message(kind, number, fields, again=True))
            else:
                self.socket.sendall(self.message("4", number, [(123, "Y"), (36, number + 1)], again=True))

    def until(self, wanted):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            message = self.next()
            if wanted(message):
                return message
        raise AssertionError("it has not come in time")

    def report(self, kind, **fields):
        """Waits for an execution report of a type, with these fields."""
        def fits(it):
            same = all(it.get(int(tag[1:])) == str(value).encode() for tag, value in fields.items())
            return it.get(35) == b"8" and it.get(150) == kind.encode() and same
        return self.until(fits)

    def of_kind(self, kind):
        return self.until(lambda it: it.get(35) == kind.encode())

    def is_closed(self):
        while True:
            try:
                if self.receive() is None:
                    return True
            except ConnectionError:
                return True


def text(message, tag):
    value = message.get(tag)
    return None if value is None else value.decode()


def check(what, is_so):
    assert is_so, what
    print("  ok:", what)
