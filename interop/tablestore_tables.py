"""Calls about tables and secondary indexes through the official Python package `tablestore`; part of tablestore_calls.py."""

import time

from tablestore import (
    INF_MAX,
    INF_MIN,
    BatchGetRowRequest,
    CapacityUnit,
    Condition,
    Direction,
    OTSServiceError,
    ReservedThroughput,
    Row,
    RowExistenceExpectation,
    SecondaryIndexMeta,
    SecondaryIndexType,
    TableInBatchGetRowItem,
    TableMeta,
    TableOptions,
)

TABLE = "interop_orders"
BUILDING = "Disallow read index table in building base state"
LONGEST_BUILDING = 30
DEFINED = [("city", "STRING"), ("total", "INTEGER"), ("open", "BOOLEAN")]
CITY = ["city", "shop", "n"]
TOTAL = ["shop", "total", "n"]


def order(shop, n, **columns):
    return Row([("shop", shop), ("n", n)], sorted(columns.items()))


def content(row):
    return [tuple(column) for column in row.primary_key], [(cell[0], cell[1]) for cell in row.attribute_columns or []]


def everything(client, index, names):
    """All rows of an index, once it has the rows that were there before it."""
    start, end = ([(name, bound) for name in names] for bound in (INF_MIN, INF_MAX))
    deadline = time.time() + LONGEST_BUILDING
    while True:
        try:
            return [content(row) for row in client.get_range(index, Direction.FORWARD, start, end, max_version=1)[2]]
        except OTSServiceError as error:
            if error.message != BUILDING or time.time() > deadline:
                raise
        time.sleep(0.01)


def invalid(text):
    return (400, "OTSParameterInvalid", text)


def tables(report, client):
    by_city = SecondaryIndexMeta("interop_by_city", ["city"], ["total"])
    by_total = SecondaryIndexMeta("interop_by_total", ["shop", "total"], [], SecondaryIndexType.LOCAL_INDEX)
    throughput = ReservedThroughput(CapacityUnit(0, 0))
    meta = TableMeta(TABLE, [("shop", "STRING"), ("n", "INTEGER")], DEFINED)
    too_many = [SecondaryIndexMeta(f"interop_{n}", ["city"], []) for n in range(6)]
    report.call(
        "create_table: six indexes", invalid("Number of index per table exceeds the quota:5."),
        client.create_table, meta, TableOptions(), throughput, too_many,
    )  # fmt: skip
    report.call("create_table: with an index", None, client.create_table, meta, TableOptions(), throughput, [by_city])

    def indexes():
        found = client.describe_table(TABLE).secondary_indexes
        return [(i.index_name, i.primary_key_names, i.defined_column_names, i.index_type) for i in found]

    def told(index):
        return (index.index_name, index.primary_key_names, index.defined_column_names, index.index_type)

    report.call("describe_table: its index", [told(by_city)], indexes)
    report.call("describe_table: its defined columns", DEFINED, lambda: client.describe_table(TABLE).table_meta.defined_columns)
    report.call("list_table: no index is listed", (TABLE,), client.list_table)

    for row in (
        order("s", 1, city="Paris", total=7, note="x"),
        order("s", 2, city="Lyon", total=5),
        order("s", 3, total=9),
    ):
        client.put_row(TABLE, row)
    lyon = ([("city", "Lyon"), ("shop", "s"), ("n", 2)], [("total", 5)])
    paris = ([("city", "Paris"), ("shop", "s"), ("n", 1)], [("total", 7)])
    report.call("get_range: an index has the rows with its columns", [lyon, paris], everything, client, "interop_by_city", CITY)
    report.call(
        "get_row: by the key of an index", paris,
        lambda: content(client.get_row("interop_by_city", paris[0], max_version=1)[1]),
    )  # fmt: skip

    def together():
        request = BatchGetRowRequest()
        request.add(TableInBatchGetRowItem("interop_by_city", [lyon[0], paris[0]], max_version=1))
        return [content(item.row) for item in client.batch_get_row(request).get_succeed_rows()]

    report.call("batch_get_row: by the keys of an index", [lyon, paris], together)
    report.call(
        "get_row: by the table's key in an index", (400, "OTSInvalidPK", "Validate PK size fail. Input: 2, Meta: 3."),
        client.get_row, "interop_by_city", [("shop", "s"), ("n", 1)],
    )  # fmt: skip
    moved = Row([("shop", "s"), ("n", 1)], {"put": [("city", "Nice")], "increment": [("total", 1)]})
    client.update_row(TABLE, moved, Condition(RowExistenceExpectation.EXPECT_EXIST))
    client.delete_row(TABLE, Row([("shop", "s"), ("n", 2)]))
    nice = ([("city", "Nice"), ("shop", "s"), ("n", 1)], [("total", 8)])
    report.call("get_range: an index follows updates and deletes", [nice], everything, client, "interop_by_city", CITY)

    report.call("create_secondary_index: local, with what is there", None, client.create_secondary_index, TABLE, by_total, True)
    kept = [([("shop", "s"), ("total", 8), ("n", 1)], []), ([("shop", "s"), ("total", 9), ("n", 3)], [])]
    report.call("get_range: it has taken the rows", kept, everything, client, "interop_by_total", TOTAL)
    report.call("describe_table: both indexes", [told(by_city), told(by_total)], indexes)
    report.call(
        "create_secondary_index: five key columns",
        invalid("The number of primary key columns must be in range: [1, 4] in index."),
        client.create_secondary_index, TABLE, SecondaryIndexMeta("interop_5", [f"c{n}" for n in range(5)], []), False,
    )  # fmt: skip
    report.call("delete_secondary_index", None, client.delete_secondary_index, TABLE, "interop_by_city")
    report.call(
        "get_range: of an index that is gone", (404, "OTSObjectNotExist", "Requested table does not exist."),
        everything, client, "interop_by_city", CITY,
    )  # fmt: skip

    def updated(options=None, units=None):
        answer = client.update_table(TABLE, options, units and ReservedThroughput(CapacityUnit(*units)))
        capacity, kept = answer.reserved_throughput_details.capacity_unit, answer.table_options
        return capacity.read, capacity.write, kept.time_to_live, kept.max_version, kept.max_time_deviation

    report.call("update_table: throughput and deviation", (2, 3, -1, 1, 3600), updated, TableOptions(-1, 1, 3600), (2, 3))
    report.call("update_table: the options alone", (2, 3, -1, 1, 86400), updated, TableOptions(-1, 1, 86400))

    def too_soon():
        try:
            return updated(None, (1, 1))
        except OTSServiceError as error:
            return error.http_status, error.code

    report.call("update_table: throughput again", (403, "OTSTooFrequentReservedThroughputAdjustment"), too_soon)
    report.call(
        "update_table: a table that is not there", (404, "OTSObjectNotExist", "Requested table does not exist."),
        client.update_table, "interop_none", TableOptions(),
    )  # fmt: skip
    report.call("delete_table: with its index", None, client.delete_table, TABLE)
