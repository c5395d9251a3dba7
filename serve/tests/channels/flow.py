"""Channels against real brokers, each of them stopped, slow, full, and saying what makes no sense."""
import hashlib, hmac, json, os, re, signal, socket, subprocess, sys, tempfile, threading, time, urllib.request, uuid

import paho.mqtt.client as mqtt
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import peers
from peers import free_port, until

PAGE = open(os.environ["BEARPIT_CHANNELS"]).read()
PROGRAM = os.environ["BEARPIT_SERVE"]
# What our own variables say is not for the server.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("BEARPIT_")}


class Server:
    def __init__(self, settings):
        self.port, self.directory = free_port(), tempfile.mkdtemp()
        self.base = f"http://127.0.0.1:{self.port}"
        flags = [word for key, value in settings.items() for word in ("--channels-" + key, value)]
        market = os.path.join(os.path.dirname(os.path.abspath(__file__)), "market.toml")
        self.arguments = [PROGRAM, market, "--listen", f"127.0.0.1:{self.port}", "--data", self.directory,
                          "--channels-interval", "200ms", *flags]
        self.process = None

    def start(self):
        log = open(os.environ.get("BEARPIT_LOG", os.devnull), "ab")
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.DEVNULL, stderr=log, env=PLAIN)
        until(self.is_ready, "the market is open")

    def is_ready(self):
        assert self.process.poll() is None, f"the server has ended with {self.process.returncode}"
        try:
            return self.ready()["status"] == 200
        except OSError:
            return False

    def ready(self):
        answer = urllib.request.urlopen(self.base + "/readyz", timeout=5)
        return {"status": answer.status, "body": json.load(answer)}

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def get(self, path):
        return json.load(urllib.request.urlopen(self.base + path, timeout=10))

    def view(self):
        asked = [PROGRAM, "admin", "--data", self.directory, "channels"]
        return json.loads(subprocess.run(asked, check=True, capture_output=True, timeout=30, env=PLAIN).stdout)

    def channel(self, name):
        [channel] = [it for it in self.view()["channels"] if it["channel"] == name]
        return channel

    def is_connected(self, name):
        return self.channel(name)["connected_since"] is not None

    def trades(self):
        found = [self.get(f"/api/trades/recent?symbol={symbol}")["trades"] for symbol in ("ALFA", "BETA", "GAMA")]
        return {trade["trade_id"] for trades in found for trade in trades}


class Listener:
    """Whoever reads a broker of MQTT, and sends requests."""

    def __init__(self, port, name="listener"):
        self.messages, self.lock = [], threading.Lock()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe("stocks/#", qos=1)
        self.client.on_message = self.on_message
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        until(lambda: self.of("stocks/status"), "the broker passes messages on")

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def on_message(self, client, userdata, message):
        if message.topic == "stocks/requests":
            # Its own, of which not all make sense.
            return
        with self.lock:
            self.messages.append((message.topic, json.loads(message.payload), message.retain))

    def of(self, topic):
        with self.lock:
            return [payload for name, payload, _ in self.messages if name == topic]

    def ask(self, body, secret, properties=True):
        payload = json.dumps(body).encode()
        signature = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
        if not properties:
            envelope = json.dumps({"payload": payload.decode(), "signature": signature})
            return self.client.publish("stocks/requests", envelope, qos=1)
        signed = Properties(PacketTypes.PUBLISH)
        signed.UserProperty = [("signature", signature)]
        return self.client.publish("stocks/requests", payload, qos=1, properties=signed)

    def answers(self, request_id):
        return [it for it in self.of("stocks/validation") if it["request_id"] == request_id]


def block(language, marker):
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    [found] = [block for block in blocks if marker in block]
    return found


def documented_programs_run(stage):
    commands = block("sh", "api/groups") + "env"
    environment = {**os.environ, "BEARPIT_URL": stage.server.base, "BEARPIT_MQTT": f"127.0.0.1:{stage.mqtt.port}",
                   "BEARPIT_KAFKA": f"127.0.0.1:{stage.kafka.proxy.port}",
                   "BEARPIT_REDIS": f"redis://127.0.0.1:{stage.redis.port}"}
    done = subprocess.run(["bash", "-euc", commands], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    exported = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    stage.secret = exported["BEARPIT_GROUP_SECRET"]
    environment.update({name: exported[name] for name in ("BEARPIT_GROUP", "BEARPIT_GROUP_SECRET")})
    for marker in ("paho.mqtt", "confluent_kafka"):
        done = subprocess.run([sys.executable, "-c", block("python", marker)], env=environment,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(["bash", "-euc", block("sh", "redis-cli")], env=environment, capture_output=True,
                          text=True, timeout=60)
    assert json.loads(done.stdout)["symbol"] == "ALFA", done.stdout + done.stderr


def order(price="50", **more):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"request_id": str(uuid.uuid4()), "group": "desk-7", "sent_at": now, "symbol": "ALFA", "side": "buy",
            "quantity": 1, "price": price, **more}


def a_newcomer_sees_prices_at_once_and_what_changes(stage):
    until(lambda: stage.listener.of("stocks/info"), "prices are told")
    newcomer = Listener(stage.mqtt.port, "newcomer")
    until(lambda: newcomer.of("stocks/info"), "a newcomer is told prices")
    newcomer.close()
    # The broker kept it: what a client is sent because others are sent it has no such mark.
    [(board, retain)] = [(it, kept) for topic, it, kept in newcomer.messages if topic == "stocks/info"][:1]
    assert retain, newcomer.messages
    assert sorted(it["symbol"] for it in board["listings"]) == ["ALFA", "BETA", "GAMA"], board
    listed = [it for it in stage.listener.of("stocks/updates") if it["type"] == "listing"]
    assert {it["symbol"] for it in listed} <= {"ALFA", "BETA", "GAMA"}
    assert all(it.get("issued") == ("25000000" if it["symbol"] == "ALFA" else None) for it in listed), listed
    subprocess.run([PROGRAM, "admin", "--data", stage.server.directory, "halt", "GAMA"], check=True, capture_output=True,
                   env=PLAIN)
    until(lambda: any(it["type"] == "halt" and it["symbol"] == "GAMA" for it in stage.listener.of("stocks/updates")),
          "a halt is told")


def records(stage):
    """Reads all trades, by partition."""
    consumer = Consumer({"bootstrap.servers": f"127.0.0.1:{stage.kafka.proxy.port}", "group.id": str(uuid.uuid4()),
                         "auto.offset.reset": "earliest", "enable.auto.commit": False})
    try:
        metadata = consumer.list_topics("trades", timeout=30).topics["trades"]
        consumer.assign([TopicPartition("trades", partition, 0) for partition in metadata.partitions])
        # Trades go on: what is there by now is read, and no more is waited for.
        ends = {it: consumer.get_watermark_offsets(TopicPartition("trades", it), timeout=30)[1]
                for it in metadata.partitions}
        found, read, end = [], {it: 0 for it in ends}, time.monotonic() + 20
        while any(read[it] < ends[it] for it in ends) and time.monotonic() < end:
            for it in consumer.consume(10_000, timeout=0.2):
                if not it.error():
                    found.append(it)
                    read[it.partition()] = it.offset() + 1
        return len(metadata.partitions), found
    finally:
        consumer.close()


def every_trade_is_a_record_in_the_partition_that_other_clients_choose(stage):
    expected = stage.server.trades()
    partitions, found = None, []

    def has_all():
        nonlocal partitions, found
        partitions, found = records(stage)
        return expected <= {json.loads(it.value())["trade_id"] for it in found}
    until(has_all, "all trades are records")
    where = {}
    for it in found:
        value = json.loads(it.value())
        assert it.key().decode() == value["symbol"]
        where.setdefault(value["symbol"], set()).add(it.partition())
    # librdkafka chooses by its own murmur2.
    producer = Producer({"bootstrap.servers": f"127.0.0.1:{stage.kafka.proxy.port}", "partitioner": "murmur2_random"})
    chosen = {}
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{stage.kafka.proxy.port}"})
    [made] = admin.create_topics([NewTopic("trades-chosen", partitions, 1)], operation_timeout=30).values()
    made.result(30)
    for symbol in where:
        producer.produce("trades-chosen", key=symbol, value=b"x",
                         on_delivery=lambda error, it: chosen.__setitem__(it.key().decode(), it.partition()))
    producer.flush(30)
    assert {symbol: {partition} for symbol, partition in chosen.items()} == where, (chosen, where)


def in_order_and_whole(stage):
    """Each symbol's trades are in order, whatever came twice, and none is missing in between."""
    _, found = records(stage)
    numbers = {}
    for it in found:
        value = json.loads(it.value())
        segment, number = (int(part) for part in value["id"].split("-"))
        numbers.setdefault(value["symbol"], []).append((segment, number))
    for symbol, told in numbers.items():
        first = list(dict.fromkeys(told))
        assert first == sorted(first), f"{symbol} is out of order"
    return {json.loads(it.value())["trade_id"] for it in found}


def the_same_request_has_the_same_validation_by_property_and_in_an_envelope(stage):
    body = order()
    for properties in (True, False, True):
        stage.listener.ask(body, stage.secret, properties)
    until(lambda: len(stage.listener.answers(body["request_id"])) == 3, "three validations")
    answers = stage.listener.answers(body["request_id"])
    assert answers[0]["accepted"] and answers == [answers[0]] * 3, answers
    garbage = [b"", b"\xff\xfe", b"{", b"[]", b'{"payload": 5}', os.urandom(500), b"[" * 60_000]
    for payload in garbage:
        stage.listener.client.publish("stocks/requests", payload, qos=1)
    until(lambda: stage.server.channel("mqtt")["dead_letters"] >= len(garbage), "garbage is counted")
    wrong, unknown = order(), order(group="nobody")
    stage.listener.ask(wrong, "wrong")
    stage.listener.ask(unknown, stage.secret)
    until(lambda: all(stage.listener.answers(it["request_id"]) for it in (wrong, unknown)), "refusals")
    reasons = {json.dumps({**stage.listener.answers(it["request_id"])[0], "request_id": "", "group": ""}, sort_keys=True)
               for it in (wrong, unknown)}
    assert len(reasons) == 1 and "not_authorized" in reasons.pop()


def brokers_that_stop_are_no_matter_to_the_market(stage):
    for peer in stage.all():
        peer.stop()
        peer.proxy.behave("pass")
    until(lambda: not any(stage.server.is_connected(name) for name in ("mqtt", "redis", "kafka")), "all are away", 90)
    ready = stage.server.ready()
    assert ready["status"] == 200 and "mqtt" not in json.dumps(ready), ready
    # This broker of Kafka's protocol keeps records in memory only.
    before = stage.lost = stage.server.trades()
    until(lambda: stage.server.trades() - before, "the market trades on")
    for peer in stage.all():
        peer.start()
    until(lambda: all(stage.server.is_connected(name) for name in ("mqtt", "redis", "kafka")), "all are back", 90)
    # Mosquitto has kept what it was to keep, and prices go on.
    seen = len(stage.listener.of("stocks/info"))
    until(lambda: len(stage.listener.of("stocks/info")) > seen, "prices are told again")
    expected = stage.server.trades()
    until(lambda: expected - before <= in_order_and_whole(stage), "trades of the time are told")


def brokers_that_say_nothing_sensible_are_no_matter_either(stage):
    for peer in stage.all():
        peer.proxy.behave("garbage")
    until(lambda: not any(stage.server.is_connected(name) for name in ("mqtt", "redis", "kafka")), "all are away", 90)
    assert stage.server.is_ready()
    for peer in stage.all():
        peer.proxy.behave("pass")
    until(lambda: all(stage.server.is_connected(name) for name in ("mqtt", "redis", "kafka")), "all are back", 90)


def slow_brokers_get_everything_later(stage):
    for peer in stage.all():
        peer.suspend()
    before = stage.server.trades()
    until(lambda: len(stage.server.trades() - before) > 5, "the market trades on")
    expected = stage.server.trades()
    assert stage.server.is_ready()
    told = len(stage.listener.of("stocks/info"))
    sent = stage.server.channel("redis")["sent"]
    for peer in stage.all():
        peer.resume()
    until(lambda: expected - before <= in_order_and_whole(stage), "trades of the time are told", 90)
    until(lambda: len(stage.listener.of("stocks/info")) > told, "prices are told again")
    until(lambda: stage.server.channel("redis")["sent"] > sent, "prices are written again")


def a_redis_that_is_full_is_said_and_goes_on_when_there_is_room(stage):
    def command(*words):
        with socket.create_connection(("127.0.0.1", stage.redis.port)) as connection:
            parts = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            connection.sendall(f"*{len(words)}\r\n{parts}".encode())
            return connection.recv(65536).decode()
    assert command("CONFIG", "SET", "maxmemory", "1").startswith("+OK")
    until(lambda: "OOM" in (stage.server.channel("redis")["last_error"] or "") or
          "memory" in (stage.server.channel("redis")["last_error"] or ""), "it says that it is full")
    assert command("CONFIG", "SET", "maxmemory", "0").startswith("+OK")
    sent = stage.server.channel("redis")["sent"]
    until(lambda: stage.server.channel("redis")["sent"] > sent, "prices go on")
    assert '"symbol":"BETA"' in command("HGET", "bearpit:prices", "BETA")


def what_was_asked_for_while_a_server_was_killed_is_done_once(stage):
    during, away = order("49"), order("48")
    stage.listener.ask(during, stage.secret)
    stage.server.kill()
    stage.listener.ask(away, stage.secret)
    stage.server.start()
    for body in (during, away):
        until(lambda: stage.listener.answers(body["request_id"]), "a validation")
        # It may have come twice, but says the same.
        answers = stage.listener.answers(body["request_id"])
        assert answers[0]["accepted"] and all(it == answers[0] for it in answers), answers
    stage.listener.ask(during, stage.secret)
    known = len(stage.listener.answers(during["request_id"]))
    until(lambda: len(stage.listener.answers(during["request_id"])) > known, "it is answered again")
    assert len({it["order_id"] for it in stage.listener.answers(during["request_id"])}) == 1
    expected = stage.server.trades() - stage.lost
    until(lambda: expected <= in_order_and_whole(stage), "trades go on where they were")


class Stage:
    def __init__(self):
        self.mqtt, self.kafka = peers.mosquitto(), peers.tansu()
        self.redis = peers.redis(os.environ["BEARPIT_TEST_REDIS"])
        self.server = Server({"mqtt-url": f"mqtt://127.0.0.1:{self.mqtt.proxy.port}",
                              "kafka-brokers": f"127.0.0.1:{self.kafka.proxy.port}",
                              "redis": f"redis://127.0.0.1:{self.redis.proxy.port}"})
        self.server.start()
        self.listener, self.secret = Listener(self.mqtt.port), None

    def all(self):
        return [self.mqtt, self.kafka, self.redis]

    def end(self):
        self.server.stop()
        for peer in self.all():
            peer.stop()


CHECKS = [
    documented_programs_run,
    a_newcomer_sees_prices_at_once_and_what_changes,
    every_trade_is_a_record_in_the_partition_that_other_clients_choose,
    the_same_request_has_the_same_validation_by_property_and_in_an_envelope,
    slow_brokers_get_everything_later,
    brokers_that_say_nothing_sensible_are_no_matter_either,
    a_redis_that_is_full_is_said_and_goes_on_when_there_is_room,
    brokers_that_stop_are_no_matter_to_the_market,
    what_was_asked_for_while_a_server_was_killed_is_done_once,
]

if __name__ == "__main__":
    begun = time.monotonic()
    stage = Stage()
    try:
        for check in CHECKS:
            started = time.monotonic()
            check(stage)
            print(f"ok      {check.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
    except BaseException:
        import traceback
        traceback.print_exc()
        print(json.dumps(stage.server.view(), indent=1) if stage.server.process.poll() is None else "no server")
        sys.stdout.flush()
        stage.server.kill()
        for peer in stage.all():
            peer.stop()
        os._exit(1)
    stage.end()
    print(f"all in {time.monotonic() - begun:.1f} s", flush=True)
    os._exit(0)
