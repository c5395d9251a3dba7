"""The example of docs/fix.md, run as it stands there."""
import os, re, subprocess, sys

from desk import FixServer, check

page = open(os.environ["BEARPIT_FIX_DOC"]).read()
[example] = re.findall(r"```python\n(.*?)```", page, re.S)
server = FixServer().start()
key, secret = server.key("anne")
environment = {**os.environ, "FIX_PORT": str(server.fix_port), "FIX_KEY": key, "FIX_SECRET": secret}
done = subprocess.run([sys.executable, "-c", example], env=environment, capture_output=True, text=True, timeout=60)
print(done.stdout, done.stderr)
check("the example logs on and trades", done.returncode == 0 and "filled 5 at" in done.stdout)
server.stop()
