"""FIX by TLS, with the certificate of the server; skipped where there is no openssl to make one."""
import os, shutil, ssl, subprocess, sys

from desk import FixServer, Session, check, now, text

if not shutil.which("openssl"):
    sys.exit(print("SKIPPED: FIX by TLS needs openssl to make a certificate"))
ssl._create_default_https_context = ssl._create_unverified_context

server = FixServer()
files = [os.path.join(server.directory.name, name) for name in ("key.pem", "cert.pem")]
made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
subprocess.run([*made, "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
os.environ["BEARPIT_TLS_KEY"], os.environ["BEARPIT_TLS_CERT"] = files
server.base = server.base.replace("http:", "https:")
server.start()


class Sealed(Session):
    """A session over TLS."""

    def open(self):
        context = ssl.create_default_context(cafile=files[1])
        context.check_hostname = False
        return context.wrap_socket(super().open())


session = Sealed(server.fix_port, server.key("anne"))
check("a Logon is answered by TLS", text(session.connect(), 35) == "A")
for number in range(50):
    session.order(f"o{number}", 1, 1, (40, 2), (44, 90), (58, "x" * 1000))
check("and orders are entered", text(session.report("0", _11="o49"), 39) == "0")
session.send("5", [])
session.of_kind("5")
check("and the connection ends", session.is_closed())
plain = Session(server.fix_port, session.key)
try:
    plain.connect()
    raise AssertionError("it is answered without TLS")
except (EOFError, ConnectionError):
    check("without TLS nobody is answered", True)
server.stop()
