#!/usr/bin/env python3
"""Sends an entries file through a campaign-local that is killed by SIGKILL again and again, and proves the result.

    kill_and_restart.py CAMPAIGN-LOCAL LAUNCH ENTRIES.ndjson [--kills N] [-- LAUNCH OPTIONS]

campaign-local runs over a temporary data folder in a process of its own; `launch --entries … --cloud` drives it. It
is killed N times (3 unless given) while entries are under way, each time after another share of the lines, and started
again on the same folder and ports. Then the driver's own report and the independent checker must show zeros.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import check_entries
from local_cloud import LocalCloud

LIMIT = 1800  # seconds for the whole run


def answered(journal):
    """Final answers in the journal so far; the last line may be half written."""
    count = 0
    try:
        with open(journal, "rb") as file:
            for line in file:
                if line.endswith(b"\n") and b'"status":' in line and check_entries.final(json.loads(line)):
                    count += 1
    except FileNotFoundError:
        pass
    return count


def run(binary, launch, entries, kills, options):
    with open(entries, "rb") as file:
        lines = sum(1 for line in file if line.strip())
    moments = [lines * (n + 1) // (kills + 1) for n in range(kills)]
    end = time.monotonic() + LIMIT
    with tempfile.TemporaryDirectory(prefix="campaign-kill-") as folder:
        ready, journal, export = (os.path.join(folder, name) for name in ("ready.json", "journal", "export"))
        cloud = LocalCloud(binary, folder)
        cloud.start()
        before = cloud.ready
        with open(ready, "w", encoding="utf-8") as file:
            json.dump(before, file)
        driver = subprocess.Popen(
            [launch, "--entries", entries, "--cloud", ready, "--journal", journal, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        try:
            for moment in moments:
                while driver.poll() is None and answered(journal) < moment:
                    time.sleep(0.05)
                    if time.monotonic() > end:
                        sys.exit(f"not at line {moment} after {LIMIT} s")
                if driver.poll() is not None:
                    break
                cloud.kill()
                cloud.start()
                print(f"killed and restarted after {answered(journal)} of {lines} answers", flush=True)
                if cloud.ready != before:
                    sys.exit("after the restart the ready line is another")
            report, _ = driver.communicate(timeout=max(1.0, end - time.monotonic()))
            print(report.decode().strip(), flush=True)
            with open(export, "wb") as file:
                subprocess.run([launch, "export", "--cloud", ready], stdout=file, check=True)
        finally:
            driver.kill()
            driver.wait()
            ended = cloud.stop()
        checked = check_entries.main([entries, journal, export])
        if ended != 0:
            print(f"campaign-local ended with {ended}")
        return 1 if driver.returncode or checked or ended else 0


def main(arguments):
    options = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, options = arguments[:at], arguments[at + 1 :]
    kills = 3
    if "--kills" in arguments:
        at = arguments.index("--kills")
        kills = int(arguments[at + 1])
        del arguments[at : at + 2]
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    return run(*arguments, kills, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
