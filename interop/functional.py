"""Runs the functional tests that the official Python SDK's own repository ships against campaign-local.

    python interop/functional.py BINARY FOLDER [TEST...]

FOLDER is a checkout of github.com/aliyun/aliyun-tablestore-python-sdk; its tests were written for the live service and
are run as they are, against the `tablestore` package that is installed (interop/run installs it into
target/interop/venv). TEST is a module (row_op_test) or a part of it. Every test runs against a campaign-local of its
own on a fresh data folder. The last line is one JSON object; the exit code is 1 if a test failed that is not listed below.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from local_cloud import LocalCloud  # noqa: E402

MODULES = [
    "row_op_test",
    "table_operation_test",
    "transaction_test",
    "filter_and_condition_update_unitttest",
    "sdk_param_unittest",
    "decoder_unittest",
    "enum_test",
    "search_index_test",
    "full_text_search_test",
    "agg_test",
    "group_by_test",
    "parallel_scan_test",
    "sql_query_test",
]

# Tests that cannot pass, by the end of their names, and why.
NOT_APPLICABLE = {
    "full_text_search_test.SearchIndexTest.test_queries": "asks for words of a Chinese dictionary and scores of BM25",
    "sql_query_test.SqlQueryTest.test_sql_query": "SQL is not emulated",
    "sql_query_test.SqlQueryTest.test_fbs_decoder_types": "SQL is not emulated",
    "test_PK_type": "tests a text of the package itself, which 6.4.8 words otherwise",
}

# The service needs some seconds after most changes, and so the tests sleep for minutes; nothing here does.
LONGEST_SLEEP = 0.05
# These wait for something to end.
PATIENT = ("with_expired",)
LONGEST_WAIT = 61


def run_one(folder, name):
    """One test in this process; the environment names the service."""
    sys.path.insert(0, folder)
    # The checkout has a `tablestore` folder of its own; the installed package is what is tested.
    import tablestore

    assert not tablestore.__file__.startswith(folder), tablestore.__file__
    longest, sleep = LONGEST_WAIT if name.endswith(PATIENT) else LONGEST_SLEEP, time.sleep
    time.sleep = lambda seconds: sleep(min(seconds, longest))
    if ".transaction_test." in name:
        make_transaction_table(tablestore)
    text = io.StringIO()
    suite = unittest.defaultTestLoader.loadTestsFromName(name)
    result = unittest.TextTestRunner(stream=text, verbosity=0).run(suite)
    if result.wasSuccessful() and result.testsRun:
        print(json.dumps({"test": name, "outcome": "skipped" if result.skipped else "passed"}))
    else:
        print(json.dumps({"test": name, "outcome": "failed", "why": text.getvalue()[-3000:]}))


def make_transaction_table(tablestore):
    """The tests want a table that somebody made before, with local transactions, which this package cannot ask for."""
    client = tablestore.OTSClient(
        os.environ["OTS_TEST_ENDPOINT"],
        os.environ["OTS_TEST_ACCESS_KEY_ID"],
        os.environ["OTS_TEST_ACCESS_KEY_SECRET"],
        os.environ["OTS_TEST_INSTANCE"],
    )
    encode = client.protocol.encoder.encode_request

    def with_transactions(*arguments, **options):
        message = encode(*arguments, **options)
        message.MergeFromString(b"\x40\x01")  # enable_local_txn = true
        return message

    client.protocol.encoder.encode_request = with_transactions
    client.create_table(
        tablestore.TableMeta("TransactionTable", [("PK0", "INTEGER"), ("PK1", "STRING")]),
        tablestore.TableOptions(-1, 1),
        tablestore.ReservedThroughput(tablestore.CapacityUnit(0, 0)),
    )


def names(folder, wanted):
    """The full names of all tests, module by module."""
    sys.path.insert(0, folder)
    found = []

    def walk(suite):
        for part in suite:
            if isinstance(part, unittest.TestSuite):
                walk(part)
            else:
                found.append(part.id())

    for module in wanted or MODULES:
        walk(unittest.defaultTestLoader.loadTestsFromName("tests." + module))
    return found


def main():
    if len(sys.argv) > 3 and sys.argv[1] == "--one":
        run_one(sys.argv[2], sys.argv[3])
        return
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    binary, folder, wanted = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]
    # Only the tests: beside them the checkout's own package would hide the installed one.
    with tempfile.TemporaryDirectory() as shown:
        os.symlink(os.path.join(folder, "tests"), os.path.join(shown, "tests"))
        os.chdir(shown)  # the tests write a log where they are
        os.environ["OTS_TEST_INSTANCE"] = os.environ["OTS_TEST_ENDPOINT"] = "unused"
        tests = names(shown, wanted)
        counts = {"passed": 0, "failed": 0, "skipped": 0, "not_applicable": 0}
        for name in tests:
            why_not = next((why for end, why in NOT_APPLICABLE.items() if name.endswith(end)), None)
            answer = against_a_cloud_of_its_own(binary, shown, name)
            outcome = answer["outcome"]
            if why_not and outcome != "passed":
                outcome = "not_applicable"
            counts[outcome] += 1
            print(f"{outcome:15} {name}" + (f"  ({why_not})" if outcome == "not_applicable" else ""), flush=True)
            if outcome == "failed":
                print(answer.get("why", ""), flush=True)
        print(json.dumps(counts))
        sys.exit(1 if counts["failed"] or not counts["passed"] else 0)


def against_a_cloud_of_its_own(binary, folder, name):
    with tempfile.TemporaryDirectory() as data:
        cloud = LocalCloud(binary, data)
        cloud.start()
        try:
            environment = dict(
                os.environ,
                OTS_TEST_ENDPOINT=cloud.ready["tablestore"],
                OTS_TEST_ACCESS_KEY_ID=cloud.ready["access_key_id"],
                OTS_TEST_ACCESS_KEY_SECRET=cloud.ready["access_key_secret"],
                OTS_TEST_INSTANCE=cloud.ready["instance"],
            )
            command = [sys.executable, os.path.abspath(__file__), "--one", folder, name]
            done = subprocess.run(
                command, env=environment, cwd=data, capture_output=True, text=True, timeout=300, check=False
            )
            lines = done.stdout.strip().splitlines()
            return json.loads(lines[-1]) if lines else {"outcome": "failed", "why": done.stderr[-3000:]}
        except subprocess.TimeoutExpired:
            return {"outcome": "failed", "why": "not done within 300 s"}
        finally:
            cloud.stop()


if __name__ == "__main__":
    main()
