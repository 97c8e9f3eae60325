"""Batches through the official Python package `tablestore`; part of tablestore_calls.py."""

from tablestore import (
    BatchGetRowRequest,
    BatchWriteRowRequest,
    CapacityUnit,
    Condition,
    DeleteRowItem,
    PutRowItem,
    ReservedThroughput,
    Row,
    RowExistenceExpectation,
    SingleColumnCondition,
    ComparatorType,
    TableInBatchGetRowItem,
    TableInBatchWriteRowItem,
    TableMeta,
    TableOptions,
    UpdateRowItem,
)

TABLE = "interop_batch"
GHOST = "interop_ghost"
MISSING = ("OTSObjectNotExist", "Requested table does not exist.")
REFUSED = ("OTSConditionCheckFail", "Condition check failed.")
REPEATED = ("OTSParameterInvalid", "Repeated rows do not support row condition check in BatchModify.")


def key(n):
    return [("id", n)]


def ignoring():
    return Condition(RowExistenceExpectation.IGNORE)


def put(n, *columns, condition=None):
    return PutRowItem(Row(key(n), list(columns)), condition or ignoring())


def update(n, changes, condition=None):
    return UpdateRowItem(Row(key(n), changes), condition or ignoring())


def delete(n, condition=None):
    return DeleteRowItem(Row(key(n)), condition or ignoring())


def write(client, **tables):
    """Per table, in the order of its rows: True, or code and text."""
    request = BatchWriteRowRequest()
    for name, items in tables.items():
        request.add(TableInBatchWriteRowItem(name, items))
    response = client.batch_write_row(request)
    found = {}
    for name in tables:
        parts = (response.table_of_put, response.table_of_update, response.table_of_delete)
        rows = sorted((row for part in parts for row in part[name]), key=lambda row: row.index)
        found[name] = [row.is_ok or (row.error_code, row.error_message) for row in rows]
    return found


def read(client, *tables):
    """Per table, in the order of its keys: the row or None, or code and text."""
    request = BatchGetRowRequest()
    for item in tables:
        request.add(item)
    response = client.batch_get_row(request)

    def plain(item):
        if not item.is_ok:
            return (item.error_code, item.error_message)
        if item.row is None or not item.row.primary_key:
            return None
        columns = [(cell[0], cell[1]) for cell in item.row.attribute_columns or []]
        return item.row.primary_key[0][1], columns

    return [list(map(plain, response.get_result_by_table(item.table_name))) for item in tables]


def wanted(*keys, table=TABLE, **options):
    return TableInBatchGetRowItem(table, [key(n) for n in keys], max_version=1, **options)


def invalid(text):
    return (400, "OTSParameterInvalid", text)


def batches(report, client):
    meta, throughput = TableMeta(TABLE, [("id", "INTEGER")]), ReservedThroughput(CapacityUnit(0, 0))
    report.call("batch: create_table", None, client.create_table, meta, TableOptions(), throughput)

    def writes(name, expected, **tables):
        report.call(f"batch_write_row: {name}", expected, write, client, **tables)

    def reads(name, expected, *tables):
        report.call(f"batch_get_row: {name}", expected, read, client, *tables)

    taken = Condition(RowExistenceExpectation.EXPECT_NOT_EXIST)
    low = Condition(RowExistenceExpectation.EXPECT_EXIST, SingleColumnCondition("n", 5, ComparatorType.LESS_THAN))
    writes("puts", {TABLE: [True] * 200}, **{TABLE: [put(n, ("n", n), ("s", str(n))) for n in range(200)]})
    writes(
        "put, update, delete, and conditions",
        {TABLE: [True, True, True, REFUSED, True, REFUSED]},
        **{
            TABLE: [
                put(0, ("n", -1)),
                update(1, {"PUT": [("s", "one")], "DELETE_ALL": ["n"]}),
                delete(2),
                put(3, ("n", -1), condition=taken),
                update(4, {"INCREMENT": [("n", 6)]}, condition=low),
                delete(5, condition=low),
            ]
        },
    )
    reads(
        "in the order of the keys",
        [[(5, [("n", 5), ("s", "5")]), (4, [("n", 10), ("s", "4")]), None, (1, [("s", "one")]), (0, [("n", -1)])]],
        wanted(5, 4, 2, 1, 0),
    )
    reads("columns", [[(7, [("s", "7")]), None]], wanted(7, 1000, columns_to_get=["s"]))
    above = SingleColumnCondition("n", 100, ComparatorType.GREATER_THAN)
    reads("a filter", [[None, (101, [("n", 101), ("s", "101")])]], wanted(100, 101, column_filter=above))
    reads("a missing table", [[(6, [("n", 6), ("s", "6")])], [MISSING]], wanted(6), wanted(1, table=GHOST))
    reads("the same row twice", [[(6, [("n", 6), ("s", "6")])] * 2], wanted(6, 6))
    writes("a missing table", {TABLE: [True], GHOST: [MISSING]}, **{TABLE: [delete(9)], GHOST: [delete(9)]})
    writes("the same row twice", {TABLE: [True, True]}, **{TABLE: [put(9, ("n", 1)), update(9, {"PUT": [("m", 2)]})]})
    reads("the same row twice, in their order", [[(9, [("m", 2), ("n", 1)])]], wanted(9))
    writes("the same row twice under a condition", {TABLE: [True, REPEATED]}, **{TABLE: [put(9), delete(9, low)]})
    too_many = [put(n) for n in range(201)]
    writes("too many", invalid("Rows count exceeds the upper limit: 200."), **{TABLE: too_many})
    reads("too many", invalid("Rows count exceeds the upper limit: 100."), wanted(*range(101)))
    writes("no row", invalid(f"No operation is specified for table: '{TABLE}'."), **{TABLE: []})
    writes("no table", invalid("No row is specified in BatchWriteRow."))
    reads("no table", invalid("No row specified in the request of BatchGetRow."))
    big = [put(n, ("v", "x" * (2 << 20))) for n in range(2)]
    size = sum(2 + 8 + 1 + (2 << 20) for _ in big)
    text = f"The total data size of BatchWriteRow request exceeds the limit, limit size: {4 << 20}, data size: {size}."
    writes("too much", invalid(text), **{TABLE: big})
    report.call("batch: delete_table", None, client.delete_table, TABLE)
