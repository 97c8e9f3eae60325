#!/usr/bin/env python3
"""Calls campaign-local through the official Python package `tablestore`, and compares every result.

    tablestore_calls.py PATH-TO-campaign-local

One line a call, then `N passed, N failed`. The package is used as it is; only the clock of this process is turned,
for the calls that must be refused because of it.
"""

import asyncio
import datetime
import logging
import sys
import tempfile
import time
from unittest import mock

import tablestore
from tablestore import (
    INF_MAX,
    INF_MIN,
    AsyncOTSClient,
    CapacityUnit,
    CastType,
    ComparatorType,
    CompositeColumnCondition,
    Condition,
    Direction,
    LogicalOperator,
    OTSClient,
    OTSClientError,
    OTSServiceError,
    RegexRule,
    ReservedThroughput,
    ReturnType,
    Row,
    RowExistenceExpectation,
    SingleColumnCondition,
    SingleColumnRegexCondition,
    TableMeta,
    TableOptions,
)

from local_cloud import LocalCloud
from report import Report
import tablestore_batch
import tablestore_search
import tablestore_tables
import tablestore_transactions

TABLE = "interop"
SCHEMA = [("person", "STRING"), ("n", "INTEGER")]
IGNORE, EXIST, ABSENT = "IGNORE", "EXPECT_EXIST", "EXPECT_NOT_EXIST"
CLOCK_TOLERANCE_MS = 60_000

MISSING_TABLE = (404, "OTSObjectNotExist", "Requested table does not exist.")
TABLE_EXISTS = (409, "OTSObjectAlreadyExist", "Requested table already exists.")
REFUSED = (403, "OTSConditionCheckFail", "Condition check failed.")


def outcome(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except OTSServiceError as error:
        return (error.http_status, error.code, error.message)
    except OTSClientError as error:
        return ("client", error.http_status, error.message)
    except Exception as error:  # noqa: BLE001 a crash of the package is a result to compare too
        return ("crash", type(error).__name__, str(error))


def key(person, n):
    return [("person", person), ("n", n)]


def condition(rows, columns=None):
    return Condition(getattr(RowExistenceExpectation, rows), columns)


def column(name, value, comparator=ComparatorType.EQUAL, **options):
    return SingleColumnCondition(name, value, comparator, **options)


def part_of_name(value, expression, cast):
    return SingleColumnRegexCondition("name", ComparatorType.EQUAL, value, RegexRule(expression, cast))


def composite(operator, *parts):
    whole = CompositeColumnCondition(operator)
    for part in parts:
        whole.add_sub_condition(part)
    return whole


def plain(row):
    """A row as ({primary key}, [(column, value)]); None if there is none."""
    if row is None:
        return None
    return list(map(tuple, row.primary_key)), [(cell[0], cell[1]) for cell in row.attribute_columns or []]


def get(client, primary_key, **options):
    _, row, _ = client.get_row(TABLE, primary_key, **options)
    return plain(row)


def written(result):
    """A write was charged for, and returned no row."""
    consumed, row = result
    return consumed.write >= 1 and row is None


def scan(client, direction, start, end, **options):
    """One page: rows, and where the next begins."""
    _, following, rows, _ = client.get_range(TABLE, direction, start, end, **options)
    return [plain(row) for row in rows], following and list(map(tuple, following))


# ---- the calls, in order -----------------------------------------------------------------------------------------


def tables(report, client):
    throughput = ReservedThroughput(CapacityUnit(0, 0))
    meta = TableMeta(TABLE, SCHEMA)
    report.call("list_table: no table", (), client.list_table)
    report.call("describe_table: an unknown table", MISSING_TABLE, client.describe_table, TABLE)
    report.call("create_table", None, client.create_table, meta, TableOptions(-1, 2), throughput)
    report.call("create_table: again", TABLE_EXISTS, client.create_table, meta, TableOptions(), throughput)
    report.call(
        "create_table: an illegal name",
        (400, "OTSParameterInvalid", "Invalid table name: '9x'."),
        client.create_table, TableMeta("9x", SCHEMA), TableOptions(), throughput,
    )  # fmt: skip
    report.call(
        "create_table: five key columns",
        (400, "OTSParameterInvalid", "The number of primary key columns must be in range: [1, 4]."),
        client.create_table, TableMeta("five", [(f"k{n}", "STRING") for n in range(5)]), TableOptions(), throughput,
    )  # fmt: skip
    report.call("list_table: one table", (TABLE,), client.list_table)

    def described():
        answer = client.describe_table(TABLE)
        options, capacity = answer.table_options, answer.reserved_throughput_details.capacity_unit
        return (
            answer.table_meta.table_name, answer.table_meta.schema_of_primary_key,
            options.time_to_live, options.max_version, options.max_time_deviation, capacity.read, capacity.write,
        )  # fmt: skip

    report.call("describe_table", (TABLE, SCHEMA, -1, 2, 86400, 0, 0), described)


VALUES = [
    ("blob", bytearray(b"\x00\xff\x75\x00")),
    ("double", -0.1),
    ("empty", ""),
    ("false", False),
    ("max", 2**63 - 1),
    ("min", -(2**63)),
    ("text", "\u5f20\u4e09 \U00020bb7\U0001f389"),
    ("true", True),
]


def puts(report, client):
    ada = key("ada", 1)
    put = client.put_row
    report.call("get_row: a row that is not there", None, get, client, ada)
    report.call(
        "put_row: a row that must not exist", True,
        lambda: written(put(TABLE, Row(ada, VALUES), condition(ABSENT))),
    )  # fmt: skip
    report.call("get_row: every type of value comes back", (ada, VALUES), get, client, ada)

    def age_of_cells():
        _, row, _ = client.get_row(TABLE, ada)
        now = time.time() * 1000
        return all(abs(now - cell[2]) < CLOCK_TOLERANCE_MS for cell in row.attribute_columns)

    report.call("get_row: the service's clock is the version", True, age_of_cells)
    report.call(
        "put_row: a row that must not exist, and does", REFUSED,
        put, TABLE, Row(ada, [("text", "other")]), condition(ABSENT),
    )  # fmt: skip
    report.call("get_row: the refused put changed nothing", (ada, VALUES), get, client, ada)
    report.call(
        "put_row: a row that must exist, and does not", REFUSED,
        put, TABLE, Row(key("bob", 1), [("a", 1)]), condition(EXIST),
    )  # fmt: skip
    report.call("put_row: replaces the whole row", True, lambda: written(put(TABLE, Row(ada, [("age", 20)]))))
    report.call("get_row: the old columns are gone", (ada, [("age", 20)]), get, client, ada)

    def returned_key():
        _, row = put(TABLE, Row(ada, [("age", 20), ("name", "Ada")]), condition(EXIST), ReturnType.RT_PK)
        return plain(row)

    report.call("put_row: returns the primary key when asked", (ada, []), returned_key)
    report.call("put_row: no attribute columns", True, lambda: written(put(TABLE, Row(key("nil", 0), []))))
    report.call("get_row: a row of a key alone", (key("nil", 0), []), get, client, key("nil", 0))
    report.call("delete_row: the row of a key alone", True, lambda: written(client.delete_row(TABLE, Row(key("nil", 0)))))
    report.call("get_row: some columns", (ada, [("name", "Ada")]), get, client, ada, columns_to_get=["name"])
    report.call("get_row: columns that no cell matches", None, get, client, ada, columns_to_get=["nothing"])
    adult = column("age", 18, ComparatorType.GREATER_EQUAL)
    old = column("age", 65, ComparatorType.GREATER_EQUAL)
    report.call("get_row: a filter that passes", (ada, [("age", 20), ("name", "Ada")]), get, client, ada, column_filter=adult)
    report.call("get_row: a filter that does not", None, get, client, ada, column_filter=old)


def column_conditions(report, client):
    ada = key("ada", 1)
    passing = {
        "equal": column("age", 20),
        "not equal": column("age", 21, ComparatorType.NOT_EQUAL),
        "less or equal": column("age", 20, ComparatorType.LESS_EQUAL),
        "a missing column may pass": column("height", 1),
        "and": composite(LogicalOperator.AND, column("age", 20), column("name", "Ada")),
        "or": composite(LogicalOperator.OR, column("age", 1), column("name", "Ada")),
        "not": composite(LogicalOperator.NOT, column("age", 1)),
        "a part of a text": part_of_name("d", "A(.)a", CastType.VT_STRING),
    }
    failing = {
        "equal": column("age", 21),
        "less": column("age", 20, ComparatorType.LESS_THAN),
        "a missing column may not pass": column("height", 1, pass_if_missing=False),
        "and": composite(LogicalOperator.AND, column("age", 20), column("name", "Bob")),
        "not": composite(LogicalOperator.NOT, column("age", 20)),
        "a part of a text is another": part_of_name("a", "A(.)a", CastType.VT_STRING),
        "a part of a text is no number": part_of_name(0, "A(.)a", CastType.VT_INTEGER),
    }
    row = Row(ada, [("age", 20), ("name", "Ada")])
    for name, part in passing.items():
        report.call(
            f"put_row: column condition holds: {name}", True,
            lambda part=part: written(client.put_row(TABLE, row, condition(EXIST, part))),
        )  # fmt: skip
    for name, part in failing.items():
        report.call(
            f"put_row: column condition does not hold: {name}", REFUSED,
            client.put_row, TABLE, Row(ada, [("age", 99)]), condition(EXIST, part),
        )  # fmt: skip
    report.call("get_row: the refused puts changed nothing", (ada, [("age", 20), ("name", "Ada")]), get, client, ada)


def updates(report, client):
    ada, eve = key("ada", 1), key("eve", -1)

    def update(primary_key, rows, **cells):
        return written(client.update_row(TABLE, Row(primary_key, cells), condition(rows)))

    report.call(
        "update_row: puts, deletes and increments", True,
        update, ada, EXIST, PUT=[("city", "London")], DELETE_ALL=["name"], INCREMENT=[("age", 2), ("visits", 1)],
    )  # fmt: skip
    report.call("get_row: the rest stays", (ada, [("age", 22), ("city", "London"), ("visits", 1)]), get, client, ada)
    report.call("update_row: a row that must exist, and does not", REFUSED, update, eve, EXIST, PUT=[("a", 1)])
    report.call("update_row: makes the row", True, update, eve, IGNORE, PUT=[("a", 1)])
    report.call("get_row: the made row", (eve, [("a", 1)]), get, client, eve)
    report.call("update_row: a row that must not exist, and does", REFUSED, update, eve, ABSENT, PUT=[("a", 2)])
    refused = outcome(update, ada, EXIST, INCREMENT=[("city", 1)])
    report.compare("update_row: a text cannot be incremented", (400, "OTSParameterInvalid"), refused[:2])
    report.call(
        "update_row: nothing to update", (400, "OTSParameterInvalid", "Attribute column is missing."),
        update, ada, IGNORE, PUT=[],
    )  # fmt: skip
    report.call("get_row: the refused updates changed nothing", [("age", 22), ("city", "London"), ("visits", 1)], lambda: get(client, ada)[1])


def versions(report, client):
    row, now = key("ver", 1), int(time.time() * 1000)
    older, newer = now - 2000, now - 1000

    def put(version, value):
        return written(client.update_row(TABLE, Row(row, {"PUT": [("a", value, version)]}), condition(IGNORE)))

    def cells(**options):
        _, found, _ = client.get_row(TABLE, row, **options)
        return found and [tuple(cell) for cell in found.attribute_columns]

    report.call("update_row: a version of one's own", True, put, older, "old")
    report.call("update_row: a newer version", True, put, newer, "new")
    report.call("get_row: the newest version", [("a", "new", newer)], cells)
    report.call("get_row: two versions, newest first", [("a", "new", newer), ("a", "old", older)], cells, max_version=2)
    report.call("get_row: a range of versions", [("a", "old", older)], cells, time_range=(older, newer), max_version=2)
    report.call("get_row: one version", [("a", "old", older)], cells, time_range=older, max_version=None)
    report.call(
        "update_row: deletes one version", True,
        lambda: written(client.update_row(TABLE, Row(row, {"DELETE": [("a", None, newer)]}), condition(EXIST))),
    )  # fmt: skip
    report.call("get_row: the older version is left", [("a", "old", older)], cells, max_version=2)
    report.call("delete_row: all versions", True, lambda: written(client.delete_row(TABLE, Row(row))))


def ranges(report, client):
    people = [(key("range", n), [("nth", n), ("odd", n % 2 == 1)]) for n in range(7)]
    for primary_key, cells in people:
        report.call(
            f"put_row: row {primary_key[1][1]} of the range", True,
            lambda p=primary_key, c=cells: written(client.put_row(TABLE, Row(p, c), condition(ABSENT))),
        )  # fmt: skip
    low, high = key("range", INF_MIN), key("range", INF_MAX)
    forward, backward = Direction.FORWARD, Direction.BACKWARD
    report.call("get_range: forward", (people, None), scan, client, forward, low, high)
    report.call("get_range: backward", (people[::-1], None), scan, client, backward, high, low)
    report.call(
        "get_range: the start is in, the end is not", (people[2:5], None),
        scan, client, forward, key("range", 2), key("range", 5),
    )  # fmt: skip
    report.call(
        "get_range: backward, the start is in, the end is not", ([people[5], people[4], people[3]], None),
        scan, client, backward, key("range", 5), key("range", 2),
    )  # fmt: skip
    report.call("get_range: a page, and where the next begins", (people[:3], key("range", 3)), scan, client, forward, low, high, limit=3)

    def pages(direction, start, end):
        sizes, rows = [], []
        while start:
            page, start = scan(client, direction, start, end, limit=3)
            sizes.append(len(page))
            rows += page
        return sizes, rows

    report.call("get_range: page by page", ([3, 3, 1], people), pages, forward, low, high)
    report.call("get_range: page by page, backward", ([3, 3, 1], people[::-1]), pages, backward, high, low)
    report.call(
        "xget_range: the package's own paging", people,
        lambda: [plain(row) for row in client.xget_range(TABLE, forward, low, high, CapacityUnit(0, 0))],
    )  # fmt: skip
    report.call(
        "get_range: some columns", ([(k, [("nth", n)]) for n, (k, _) in enumerate(people)], None),
        scan, client, forward, low, high, columns_to_get=["nth"],
    )  # fmt: skip
    report.call(
        "get_range: a filter", (people[1::2], None),
        scan, client, forward, low, high, column_filter=column("odd", True),
    )  # fmt: skip
    report.call("get_range: nothing there", ([], None), scan, client, forward, key("no", INF_MIN), key("no", INF_MAX))
    report.call(
        "get_range: all people", ["ada", "eve", *["range"] * 7],
        lambda: [row[0][0][1] for row in scan(client, forward, key(INF_MIN, INF_MIN), key(INF_MAX, INF_MAX))[0]],
    )  # fmt: skip
    report.call(
        "get_range: forward from end to start",
        (400, "OTSParameterInvalid", "Begin key must less than end key in FORWARD"), scan, client, forward, high, low,
    )  # fmt: skip
    report.call(
        "get_range: backward from start to end",
        (400, "OTSParameterInvalid", "Begin key must more than end key in BACKWARD"), scan, client, backward, low, high,
    )  # fmt: skip


def deletes(report, client):
    eve = key("eve", -1)

    def delete(rows, columns=None):
        return written(client.delete_row(TABLE, Row(eve), condition(rows, columns)))

    report.call("delete_row: column condition does not hold", REFUSED, delete, EXIST, column("a", 9))
    report.call("delete_row", True, delete, EXIST)
    report.call("get_row: the deleted row", None, get, client, eve)
    report.call("delete_row: a row that is not there", True, delete, IGNORE)
    report.call("delete_row: a row that must exist, and does not", REFUSED, delete, EXIST)


def refusals(report, client):
    invalid = "OTSInvalidPK"
    report.call(
        "put_row: too few key columns", (400, invalid, "Validate PK size fail. Input: 1, Meta: 2."),
        client.put_row, TABLE, Row([("person", "x")], [("a", 1)]),
    )  # fmt: skip
    report.call(
        "put_row: another key column", (400, invalid, "Validate PK name fail. Input: who, Meta: person."),
        client.put_row, TABLE, Row([("who", "x"), ("n", 1)], [("a", 1)]),
    )  # fmt: skip
    report.call(
        "get_row: a key of another type", (400, invalid, "Validate PK type fail. Input: VT_INTEGER, Meta: VT_STRING."),
        client.get_row, TABLE, [("person", 1), ("n", 1)],
    )  # fmt: skip
    report.call("put_row: an unknown table", MISSING_TABLE, client.put_row, "nowhere", Row(key("x", 1), [("a", 1)]))
    report.call("get_row: an unknown table", MISSING_TABLE, client.get_row, "nowhere", key("x", 1))
    report.call(
        "get_range: an unknown table", MISSING_TABLE,
        client.get_range, "nowhere", Direction.FORWARD, key(INF_MIN, INF_MIN), key(INF_MAX, INF_MAX),
    )  # fmt: skip
    report.call("delete_table: an unknown table", MISSING_TABLE, client.delete_table, "nowhere")
    status, _, message = outcome(client.list_timeseries_table)
    report.compare(
        "list_timeseries_table: what is not emulated is refused",
        (400, "Unsupported operation: ListTimeseriesTable."),
        (status, message),
    )


def impostors(report, connect):
    cases = [
        ("a wrong secret", {"access_key_secret": "not-the-secret"}, "Signature mismatch."),
        ("an unknown access key", {"access_key_id": "nobody"}, "The AccessKeyID does not exist."),
        ("another instance", {"instance_name": "elsewhere"}, "The instance is not found."),
    ]
    for name, changed, message in cases:
        client = connect(**changed)
        for call in ("list_table", "get_row"):
            arguments = [] if call == "list_table" else [TABLE, key("ada", 1)]
            report.call(f"{call}: {name}", (403, "OTSAuthFailed", message), getattr(client, call), *arguments)


def clock_turned_by(hours):
    """This process's clock, off by some hours; the package asks `datetime`."""
    real = datetime.datetime

    class Turned(real):
        @classmethod
        def now(cls, tz=None):
            return real.now(tz) + datetime.timedelta(hours=hours)

    return mock.patch.object(datetime, "datetime", Turned)


def clocks(report, connect):
    for hours in (-1, 1):
        client = connect()

        def answer(client=client, hours=hours):
            """The service's own words: with its clock wrong, the package would not look at the answer."""
            context = tablestore.auth.RequestContext(client.credentials_provider.get_credentials())
            with clock_turned_by(hours):
                query, headers, body = client.protocol.make_request("ListTable", client._signer, context)
            status, reason, answered, content = client.connection.send_receive(query, headers, body)
            client.protocol.handle_error("ListTable", query, status, reason, answered, content, client._signer, context)
            return headers["x-ots-date"]

        refused = outcome(answer)
        report.compare(f"list_table: the clock is off by {hours:+} h", (403, "OTSAuthFailed"), refused[:2])
        report.compare(
            f"list_table: the clock is off by {hours:+} h, in words", True,
            str(refused[2]).startswith("Mismatch between system time and x-ots-date: "),
        )  # fmt: skip
        with clock_turned_by(hours):
            stopped = outcome(client.list_table)
        report.compare(f"list_table: the clock is off by {hours:+} h, seen by the package", ("client", 403), stopped[:2])


def asynchronous(report, connect_async):
    async def calls():
        async with connect_async() as client:
            row = key("async", 1)
            await client.put_row(TABLE, Row(row, [("a", "b")]), condition(ABSENT))
            _, found, _ = await client.get_row(TABLE, row)
            await client.delete_row(TABLE, Row(row), condition(EXIST))
            _, gone, _ = await client.get_row(TABLE, row)
            return plain(found), plain(gone)

    report.call("AsyncOTSClient: put, get, delete", ((key("async", 1), [("a", "b")]), None), lambda: asyncio.run(calls()))


def main(binary):
    # Refusals are expected here; the package would log each.
    logging.getLogger("tablestore-client").setLevel(logging.CRITICAL)
    report = Report(outcome)
    with tempfile.TemporaryDirectory(prefix="campaign-interop-") as folder:
        cloud = LocalCloud(binary, folder)
        cloud.start("--listen", "127.0.0.1:0")
        ready = cloud.ready
        try:
            # V2 with the package's own Python codec; V4 with its C parser where the package has one for this Python.
            for version, region, native in (("V2", None, False), ("V4", ready["region"], True)):

                def settings(region=region, native=native, **changed):
                    return {
                        "end_point": ready["tablestore"],
                        "access_key_id": ready["access_key_id"],
                        "access_key_secret": ready["access_key_secret"],
                        "instance_name": ready["instance"],
                        "region": region,
                        "enable_native": native,
                        **changed,
                    }

                def connect(**changed):
                    return OTSClient(**settings(**changed))

                parser = "native" if native and tablestore.native.NATIVE_AVAILABLE else "python"
                report.prefix = f"[{version}, {parser}]"
                client = connect()
                tablestore_tables.tables(report, client)
                tablestore_batch.batches(report, client)
                tablestore_search.run(client, report)
                tables(report, client)
                puts(report, client)
                column_conditions(report, client)
                updates(report, client)
                versions(report, client)
                ranges(report, client)
                deletes(report, client)
                refusals(report, client)
                impostors(report, connect)
                if region is not None:
                    refused = outcome(connect(region="cn-elsewhere").list_table)
                    report.compare("list_table: another region", (403, "OTSAuthFailed"), refused[:2])
                clocks(report, connect)
                asynchronous(report, lambda: AsyncOTSClient(**settings()))
                tablestore_transactions.transactions(report, client, connect)
                left = tablestore_transactions.begin_and_leave(client)

                # Acknowledged is stored: the process is killed, and another takes over folder and port.
                cloud.kill()
                cloud.start()
                report.compare("restart: the same addresses and keys", ready, cloud.ready)
                ada = (key("ada", 1), [("age", 22), ("city", "London"), ("visits", 1)])
                report.call("get_row: after SIGKILL and a restart", ada, get, connect(), key("ada", 1))
                client = connect()
                tablestore_transactions.after_restart(report, client, left)
                report.call("delete_table", None, client.delete_table, TABLE)
                report.call("delete_table: again", MISSING_TABLE, client.delete_table, TABLE)
                report.call("list_table: none is left", (), client.list_table)
        finally:
            report.prefix = "[process]"
            report.compare("campaign-local ends in good order", 0, cloud.stop())
    return report.finish()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
