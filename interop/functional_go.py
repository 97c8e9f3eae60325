"""Runs the functional tests that the official Go SDK's own repository ships against campaign-local.

    GOPATH=... python3 interop/functional_go.py BINARY [FILTER]

GOPATH holds a checkout of github.com/aliyun/aliyun-tablestore-go-sdk and the packages it needs. Its tests were written for
the live service and are run as they are; FILTER is a pattern of `-check.f`. The last line is one JSON object; the exit code
is 1 if a test failed that is not listed below.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

from local_cloud import LocalCloud

PACKAGE = "github.com/aliyun/aliyun-tablestore-go-sdk"
LONGEST = 900  # seconds

# Tests that cannot pass, and why.
NOT_APPLICABLE = {
    "TestFuzzyGetRangeMatrix": "asks that the hint of a matrix is followed; it is a hint, and rows are sent",
    "TestUpdateSchemaAndDescribeSearchIndex": "asks for the shares of searches that a rebuilt index gets, which are refused",
    "TestSQL": "SQL is not emulated",
    "TestSQLWithSearch": "SQL is not emulated",
    "TestQuerySortDisableDefaultPkSorter": "asks that pages lose rows whose places are the same; none is lost here",
}


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    tests = sys.argv[2] if len(sys.argv) == 3 else "(TableStore|Search)Suite"
    with tempfile.TemporaryDirectory() as folder:
        cloud = LocalCloud(os.path.abspath(sys.argv[1]), folder)
        cloud.start("--listen", "127.0.0.1:0")
        settings = {
            "OtsEndpoint": cloud.ready["tablestore"],
            "InstanceName": cloud.ready["instance"],
            "OtsAccessId": cloud.ready["access_key_id"],
            "OtsAccessKey": cloud.ready["access_key_secret"],
        }
        flags = " ".join(f"-X {PACKAGE}/testConfig.{name}={value}" for name, value in settings.items())
        command = ["go", "test", f"{PACKAGE}/tablestore", "-count=1", "-vet=off", "-ldflags", flags]
        command += ["-v", "-run", "^TestApi$", "-check.v", "-check.f", tests]
        environment = dict(os.environ, GO111MODULE="off", GOFLAGS="")
        try:
            run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)
        finally:
            cloud.stop()
    counts = {"passed": 0, "failed": 0, "skipped": 0, "not_applicable": 0}
    for kind, name, rest in re.findall(r"^(PASS|FAIL|PANIC|MISS|SKIP): \S+ \w+\.(Test\w+)(.*)$", run.stdout, re.MULTILINE):
        outcome = {"PASS": "passed", "SKIP": "skipped"}.get(kind, "failed")
        if outcome == "failed" and name in NOT_APPLICABLE:
            outcome, rest = "not_applicable", f"  ({NOT_APPLICABLE[name]})"
        counts[outcome] += 1
        print(f"{outcome:15} {name}{rest if outcome in ('skipped', 'not_applicable') else ''}")
    if counts["failed"] or not counts["passed"]:
        print(run.stdout[-6000:], run.stderr[-2000:])
    print(json.dumps(counts))
    sys.exit(1 if counts["failed"] or not counts["passed"] else 0)


if __name__ == "__main__":
    main()
