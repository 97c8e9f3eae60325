"""Starts and stops a `campaign-local` of its own."""

import json
import os
import selectors
import subprocess
import time

START_LIMIT = 30  # seconds until the ready line
STOP_LIMIT = 20  # seconds for an orderly end


class LocalCloud:
    """A running `campaign-local` on a data folder; `ready` is its JSON line."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.log = open(os.path.join(folder, "campaign-local.log"), "ab")
        self.process = None
        self.ready = None

    def start(self, *arguments):
        self.process = subprocess.Popen(
            [self.binary, "--data", os.path.join(self.folder, "data"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        self.ready = json.loads(self._first_line())

    def _first_line(self):
        selector = selectors.DefaultSelector()
        selector.register(self.process.stdout, selectors.EVENT_READ)
        line, end = b"", time.monotonic() + START_LIMIT
        while not line.endswith(b"\n"):
            if not selector.select(timeout=max(0.0, end - time.monotonic())):
                self.kill()
                raise SystemExit(f"campaign-local printed no ready line within {START_LIMIT} s; see {self.log.name}")
            byte = os.read(self.process.stdout.fileno(), 1)
            if not byte:
                code = self.process.wait()
                with open(self.log.name, encoding="utf-8", errors="replace") as log:
                    raise SystemExit(f"campaign-local ended with {code} before it was ready:\n{log.read()[-2000:]}")
            line += byte
        return line

    def stop(self):
        """As Ctrl-C: an orderly end. Returns the exit code."""
        self.process.terminate()
        try:
            return self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
