"""Estimates with Celery from PyPI, as producer and as worker beside ours; and the commands of docs/estimates.md."""
import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from celery import Celery
from redis import Redis

from server import Server, keep_clear_of_midnight, until

PAGE = open(os.environ["BEARPIT_ESTIMATES"]).read()
TASK, CLIENT = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
[COMMANDS] = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S)
HOLDING = {"holding": {"symbol": "ALFA", "quantity": 10}, "horizon": "1h", "paths": 500, "seed": 7}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    def __init__(self, directory):
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        arguments = [os.environ["BEARPIT_TEST_REDIS"], "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(arguments, cwd=directory, stdout=subprocess.DEVNULL)
        self.redis = Redis.from_url(self.url)
        until(self.is_there, "the broker answers")

    def is_there(self):
        try:
            return self.redis.ping()
        except OSError:
            return False
        except Exception:
            return False


def started(arguments, **more):
    log = open(os.environ["BEARPIT_LOG"], "ab")
    return subprocess.Popen(arguments, stdout=log, stderr=log, **more)


def our_worker(broker):
    program, scenario = os.environ["BEARPIT_SERVE"], os.environ["BEARPIT_SCENARIO"]
    environment = {name: it for name, it in os.environ.items() if not name.startswith("BEARPIT_")}
    return started([program, "worker", scenario, "--celery", broker.url], env=environment)


def pythons_worker(broker, directory):
    with open(os.path.join(directory, "tasks.py"), "w") as file:
        file.write(f"BROKER = {broker.url!r}\n{TASK}")
    arguments = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-Q", "estimates", "--pool", "solo", "-l", "INFO"]
    return started(arguments, cwd=directory)


def end(process, name=signal.SIGTERM):
    process.send_signal(name)
    process.wait(timeout=60)


def done(server, token, path):
    found = {}

    def is_done():
        found.update(server.ask(path, token))
        assert found["state"] not in ("failed", "canceled"), found
        return found["state"] == "done"

    until(is_done, f"{path} is done")
    return found


def commands_of_the_page(server, token):
    """By the server's own threads."""
    with tempfile.TemporaryDirectory() as directory:
        commands = COMMANDS.replace("http://127.0.0.1:8080", server.base)
        shell = subprocess.run(
            ["bash", "-euc", commands], cwd=directory, env={**os.environ, "TOKEN": token}, timeout=90,
            capture_output=True, text=True)
        assert shell.returncode == 0, shell.stdout + shell.stderr
        result = json.load(open(os.path.join(directory, "done.json")))["result"]
        assert result["paths"] == 1000 and len(result["fan"]) == 51, result
        assert open(os.path.join(directory, "estimate.svg")).read().startswith("<svg")
        assert json.loads(shell.stdout)["workers"][0]["name"] == "server"


def our_server_and_our_worker(server, token, broker):
    worker = our_worker(broker)
    try:
        made = done(server, token, "/job/" + server.post("/job", HOLDING, token)["estimate_id"])
        assert made["result"]["paths"] == 500 and made["result"]["deviation"] > 0, made
        long = {**HOLDING, "model": "world", "paths": 9000, "horizon": "5m"}
        path = "/job/" + server.post("/job", long, token)["estimate_id"]
        until(lambda: server.ask(path, token)["progress"]["done"] > 0, "paths are done")
        # Killed in the middle: its message comes back.
        end(worker, signal.SIGKILL)
        assert broker.redis.hlen("unacked") == 1
        # A minute without it, as its clock would have it.
        for tag in broker.redis.zrange("unacked_index", 0, -1):
            broker.redis.zadd("unacked_index", {tag: time.time() - 120})
        before = server.ask(path, token)["progress"]["done"]
        worker = our_worker(broker)
        until(lambda: broker.redis.hlen("unacked") == 1 and server.ask(path, token)["progress"]["done"] != before,
              "another is at it")
        import urllib.request
        request = urllib.request.Request(server.base + path, headers={"Authorization": "Bearer " + token}, method="DELETE")
        assert json.load(urllib.request.urlopen(request, timeout=20))["state"] == "canceled"
        until(lambda: broker.redis.hlen("unacked") == 0, "the worker has stopped")
    finally:
        end(worker, signal.SIGKILL)


def our_server_and_a_worker_in_python(server, token, broker, directory):
    worker = pythons_worker(broker, directory)
    try:
        made = done(server, token, "/job/" + server.post("/job", HOLDING, token)["estimate_id"])
        # What the page's task says: all stays as it is.
        assert made["result"]["mean"] == made["result"]["present"] and made["result"]["deviation"] == 0, made
    finally:
        end(worker)


def a_producer_in_python_and_our_worker(broker, job):
    worker = our_worker(broker)
    try:
        names = {"BROKER": broker.url, "job": job, "Celery": Celery, "print": lambda it: found.append(it)}
        found = []
        exec(CLIENT, names)
        assert len(found) == 1 and abs(found[0] - job["prices"]["ALFA"] * 10) < 100, found
        app = Celery(broker=broker.url, backend=broker.url)
        wrong = app.send_task("bearpit.estimate", args=[{**job, "version": 9}], queue="estimates")
        try:
            wrong.get(timeout=60)
            raise AssertionError("a job of another version was carried out")
        except Exception as error:
            assert "version 9" in str(error), error
        # Pickle can carry code: it is put aside, and its sender told.
        pickled = Celery(broker=broker.url, backend=broker.url)
        pickled.conf.update(accept_content=["pickle", "json"])
        refused = pickled.send_task("bearpit.estimate", args=[job], queue="estimates", serializer="pickle")
        try:
            refused.get(timeout=60)
            raise AssertionError("pickle was read")
        except Exception as error:
            assert "only application/json" in str(error), error
        until(lambda: broker.redis.llen("estimates.refused") == 1, "it is put aside")
        assert broker.redis.hlen("unacked") == 0 and broker.redis.llen("estimates") == 0
    finally:
        end(worker)


def job_in_the_queue(server, token, broker):
    """Returns a job as our server writes it, before a worker takes it."""
    path = "/job/" + server.post("/job", HOLDING, token)["estimate_id"]
    until(lambda: broker.redis.llen("estimates") == 1, "the job waits")
    message = json.loads(broker.redis.lindex("estimates", 0))
    [[job], _, _] = json.loads(base64.b64decode(message["body"]))
    import urllib.request
    request = urllib.request.Request(server.base + path, headers={"Authorization": "Bearer " + token}, method="DELETE")
    urllib.request.urlopen(request, timeout=20)
    broker.redis.delete("estimates")
    return job


def main():
    keep_clear_of_midnight()
    server = Server().start()
    try:
        token = server.register("anne")
        commands_of_the_page(server, token)
        print("ok      the commands of docs/estimates.md", flush=True)
        with tempfile.TemporaryDirectory() as directory:
            broker = Broker(directory)
            try:
                server.stop()
                os.environ["BEARPIT_ESTIMATES_CELERY"] = broker.url
                server.start()
                token = server.login("anne")
                job = job_in_the_queue(server, token, broker)
                our_server_and_our_worker(server, token, broker)
                print("ok      our server and our worker over Redis, one killed", flush=True)
                our_server_and_a_worker_in_python(server, token, broker, directory)
                print("ok      our server and a worker of Celery", flush=True)
                a_producer_in_python_and_our_worker(broker, job)
                print("ok      a producer of Celery and our worker; pickle put aside", flush=True)
            finally:
                end(broker.process)
    finally:
        server.stop()


main()
