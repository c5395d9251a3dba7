"""Runs those programs of docs/bots.md whose packages are installed here, as they stand there."""
import os
import re
import subprocess
import sys

from server import run

PAGE = open(os.environ["BEARPIT_BOTS"]).read()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)


def is_for_here(block):
    modules = set(re.findall(r"^(?:import|from) (alpaca|ccxt)\b", block, re.M))
    [module] = modules
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def keys_by_the_commands(server):
    """Runs the commands of the page that make an account and keys, and returns what they export."""
    [commands] = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S)
    commands = commands.replace("http://127.0.0.1:8080", server.base) + "env"
    done = subprocess.run(["bash", "-euc", commands], timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.partition("=") for line in done.stdout.splitlines()]
    names = ("BEARPIT_URL", "BEARPIT_KEY", "BEARPIT_SECRET")
    exported = {name: value for name, _, value in lines if name in names}
    assert sorted(exported) == sorted(names) and all(exported.values()), sorted(exported)
    return exported


def each_program_runs(server):
    blocks = [block for block in BLOCKS if is_for_here(block)]
    assert len(BLOCKS) == 2 and len(blocks) == 1, "each environment has a program of its own"
    environment = {**os.environ, **keys_by_the_commands(server)}
    done = subprocess.run(
        [sys.executable, "-c", blocks[0]], env=environment, timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout and "Traceback" not in done.stderr, done.stderr


run(each_program_runs)
