"""Webhooks and messages to browsers, received by programs that share nothing with the server but the standards."""
import base64
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import http_ece
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from server import PASSWORD, run, until

PAGE = open(os.environ["BEARPIT_CHANNELS"]).read()
SECTION = re.search(r"^## Webhooks$(.*?)(?=^## )", PAGE, re.M | re.S)[1]
[PROGRAM] = re.findall(r"^```python\n(.*?)^```$", SECTION, re.M | re.S)
MAKE, TEST, LOOK = re.findall(r"^```sh\n(.*?)^```$", SECTION, re.M | re.S)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shell(commands, **variables):
    """Runs commands of the page; returns what they print."""
    done = subprocess.run(
        ["bash", "-euc", commands], env={**os.environ, **variables}, timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def change_password(server, token):
    """Does something of which the person is told."""
    body = {"current_password": PASSWORD, "new_password": "another horse battery"}
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + token}
    request = urllib.request.Request(server.base + "/api/auth/password", json.dumps(body).encode(), headers)
    assert urllib.request.urlopen(request, timeout=20).status < 300


def the_receiver_of_the_page_takes_what_is_signed(server):
    port = free_port()
    token = server.register("anne")
    at_home = lambda text: text.replace("http://127.0.0.1:8080", server.base).replace("9000", str(port))
    printed = shell(at_home(MAKE) + 'echo "$WEBHOOK $WEBHOOK_SECRET"', TOKEN=token).split()
    names = {"BASE": server.base, "TOKEN": token, "WEBHOOK": printed[0]}
    receiver = subprocess.Popen(
        [sys.executable, "-c", at_home(PROGRAM)], env={**os.environ, "WEBHOOK_SECRET": printed[1]},
        stdout=subprocess.PIPE, text=True)
    lines = []
    threading.Thread(target=lambda: lines.extend(iter(receiver.stdout.readline, "")), daemon=True).start()
    try:
        until(lambda: answers(port), "the receiver listens")
        shell(TEST, **names)
        until(lambda: any(line.startswith("ping ") for line in lines), f"a ping in {lines}")
        delivered = lambda: json.loads(shell(LOOK, **names))["deliveries"][0]
        until(lambda: delivered()["state"] == "delivered", "the ping has arrived")
        assert delivered()["status"] == 204, delivered()
        change_password(server, token)
        until(lambda: any(line.startswith("password_changed ") for line in lines), f"a notice in {lines}")
        # What is not signed with the secret is refused by the receiver.
        try:
            urllib.request.urlopen(urllib.request.Request(
                f"http://127.0.0.1:{port}/", b"{}",
                {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}), timeout=20)
            raise AssertionError("the receiver took what is not signed")
        except urllib.error.HTTPError as error:
            assert error.code == 400, error
    finally:
        receiver.kill()
        receiver.wait()


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def of_base64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def a_browser_opens_what_is_sealed_for_it_and_knows_the_sender(server):
    sent = []

    class PushService(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            sent.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            pass

    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), PushService)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{service.server_port}"
    token = server.register("bert")
    private, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    server.post("/api/push/subscriptions", {
        "endpoint": origin + "/send/abc", "expirationTime": None,
        "keys": {"p256dh": to_base64(point), "auth": to_base64(auth)}}, token)
    change_password(server, token)
    until(lambda: any("password_changed" in kind_of(it, private, auth) for it in sent), "a message to the browser")
    headers, _ = next(it for it in sent if "password_changed" in kind_of(it, private, auth))
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["content-encoding"] == "aes128gcm" and headers["urgency"] == "high", headers
    assert 0 < int(headers["ttl"]) <= 86_400, headers
    # RFC 8292: who sends is shown by a token that the key signs with which the browser subscribed.
    shown = re.fullmatch(r"vapid t=([\w-]+\.[\w-]+)\.([\w-]+), k=([\w-]+)", headers["authorization"])
    assert shown[3] == server.ask("/api/push/key")["public_key"], headers
    r_and_s = of_base64(shown[2])
    signature = utils.encode_dss_signature(int.from_bytes(r_and_s[:32], "big"), int.from_bytes(r_and_s[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), of_base64(shown[3]))
    public.verify(signature, shown[1].encode(), ec.ECDSA(hashes.SHA256()))
    header, claims = (json.loads(of_base64(part)) for part in shown[1].split("."))
    assert header["alg"] == "ES256" and claims["aud"] == origin and claims["sub"].startswith("mailto:"), claims
    service.shutdown()


def kind_of(message, private, auth):
    opened = json.loads(http_ece.decrypt(message[1], private_key=private, auth_secret=auth, version="aes128gcm"))
    assert opened["title"] and opened["body"], opened
    return opened["kind"]


run(the_receiver_of_the_page_takes_what_is_signed, a_browser_opens_what_is_sealed_for_it_and_knows_the_sender)
