"""Runs those programs of docs/bots.md whose packages are installed here, as they stand there."""
import os
import re
import subprocess
import sys

from server import run

BLOCKS = re.findall(r"^```python\n(.*?)^```$", open(os.environ["BEARPIT_BOTS"]).read(), re.M | re.S)


def is_for_here(block):
    modules = set(re.findall(r"^(?:import|from) (alpaca|ccxt)\b", block, re.M))
    [module] = modules
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def each_program_runs(server):
    blocks = [block for block in BLOCKS if is_for_here(block)]
    assert len(BLOCKS) == 2 and len(blocks) == 1, "each environment has a program of its own"
    key, secret = server.key("reader")
    environment = {**os.environ, "BEARPIT_URL": server.base, "BEARPIT_KEY": key, "BEARPIT_SECRET": secret}
    done = subprocess.run(
        [sys.executable, "-c", blocks[0]], env=environment, timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout and "Traceback" not in done.stderr, done.stderr


run(each_program_runs)
