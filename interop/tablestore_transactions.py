"""Local transactions through the official Python package; part of tablestore_calls.py."""

import tablestore
from tablestore import (
    INF_MAX,
    INF_MIN,
    BatchWriteRowRequest,
    CapacityUnit,
    Condition,
    DeleteRowItem,
    Direction,
    PutRowItem,
    ReservedThroughput,
    Row,
    RowExistenceExpectation,
    TableInBatchWriteRowItem,
    TableMeta,
    TableOptions,
)

TABLE = "teams"
TEAM = [("team", "red")]

CONFLICT = (409, "OTSRowOperationConflict", "Data is being modified by the other request.")
OVER = ("OTSSessionNotExist", "Session not exist or may be timeout.")
INVALID = (400, "OTSParameterInvalid", "TransactionID is invalid.")
DISABLED = "Try to call method using explicit transaction on explicit-transaction-disabled table."


def make_table(client):
    """The package has no argument for it, so the field `enable_local_txn = true` is added to the encoded message."""
    protocol = client.protocol
    encode = protocol.encoder.encode_request

    def with_transactions(*arguments, **options):
        message = encode(*arguments, **options)
        message.MergeFromString(b"\x40\x01")
        return message

    protocol.encoder.encode_request = with_transactions
    try:
        meta = TableMeta(TABLE, [("team", "STRING"), ("member", "STRING")])
        client.create_table(meta, TableOptions(-1, 1), ReservedThroughput(CapacityUnit(0, 0)))
    finally:
        protocol.encoder.encode_request = encode


def key(member, team="red"):
    return [("team", team), ("member", member)]


def anything():
    return Condition(RowExistenceExpectation.IGNORE)


def put(client, member, points, transaction=None, team="red", condition=None):
    row = Row(key(member, team), [("points", points)])
    client.put_row(TABLE, row, condition or anything(), None, transaction)


def points(client, member, transaction=None):
    _, row, _ = client.get_row(TABLE, key(member), max_version=1, transaction_id=transaction)
    return row and row.attribute_columns[0][1]


def members(client, transaction=None):
    _, _, rows, _ = client.get_range(
        TABLE, Direction.FORWARD, key(INF_MIN), key(INF_MAX), max_version=1, transaction_id=transaction
    )
    return [row.primary_key[1][1] for row in rows]


def transactions(report, client, connect):
    """`connect` makes a client that tries once."""
    once = connect(retry_policy=tablestore.NoRetryPolicy())
    report.call("create_table: with local transactions", None, make_table, client)
    start = lambda: client.start_local_transaction(TABLE, TEAM)  # noqa: E731
    put(client, "An", 1)
    put(client, "Bo", 2)

    transaction = start()
    report.compare("start_local_transaction: an id", True, bool(transaction))
    report.call("start_local_transaction: the key is held", CONFLICT, once.start_local_transaction, TABLE, TEAM)
    report.call("put_row: inside", None, put, client, "An", 10, transaction)
    report.call("put_row: a new row inside", None, put, client, "Cy", 3, transaction)
    changes = {"increment": [("points", 5)]}
    report.call(
        "update_row: an increment inside", 0,
        lambda: client.update_row(TABLE, Row(key("Cy"), changes), anything(), None, transaction)[0].read,
    )
    report.call(
        "delete_row: inside", 1,
        lambda: client.delete_row(TABLE, Row(key("Bo")), anything(), None, transaction)[0].write,
    )
    report.call("get_row: inside", 10, points, client, "An", transaction)
    report.call("get_row: outside", 1, points, client, "An")
    report.call("get_row: an increment inside", 8, points, client, "Cy", transaction)
    report.call("get_row: a row that is not committed", None, points, client, "Cy")
    report.call("get_range: inside", ["An", "Cy"], members, client, transaction)
    report.call("get_range: outside", ["An", "Bo"], members, client)
    absent = Condition(RowExistenceExpectation.EXPECT_NOT_EXIST)
    report.call(
        "put_row: a condition sees the transaction's own row", (403, "OTSConditionCheckFail", "Condition check failed."),
        put, client, "Cy", 9, transaction, condition=absent,
    )
    batch = BatchWriteRowRequest()
    items = [PutRowItem(Row(key(name), [("points", 7)]), anything()) for name in ("Ed", "Flo")]
    batch.add(TableInBatchWriteRowItem(TABLE, [*items, DeleteRowItem(Row(key("Flo")), anything())]))
    batch.set_transaction_id(transaction)
    report.call("batch_write_row: inside", True, lambda: client.batch_write_row(batch).is_all_succeed())
    report.call("get_range: a batch inside", ["An", "Cy", "Ed"], members, client, transaction)
    report.call("put_row: outside, of the key that is held", CONFLICT, put, once, "Di", 4)
    report.call("put_row: outside, of another key", None, put, client, "An", 1, team="blue")
    report.compare(
        "put_row: inside, of another key", "OTSDataOutOfRange",
        report.outcome(put, client, "An", 2, transaction, team="blue")[1],
    )
    report.call("commit_transaction", None, client.commit_transaction, transaction)
    report.call("get_range: after the commit", ["An", "Cy", "Ed"], members, client)
    report.call("get_row: an increment after the commit", 8, points, client, "Cy")
    report.compare("commit_transaction: again", OVER, report.outcome(client.commit_transaction, transaction)[1:])

    transaction = start()
    put(client, "An", 11, transaction)
    report.call("abort_transaction", None, client.abort_transaction, transaction)
    report.call("get_row: after the abort", 10, points, client, "An")
    report.compare("abort_transaction: again", OVER, report.outcome(client.abort_transaction, transaction)[1:])
    report.compare("get_row: inside one that is over", OVER, report.outcome(points, client, "An", transaction)[1:])
    report.call("commit_transaction: what is no id", INVALID, client.commit_transaction, "x")
    report.call(
        "start_local_transaction: two key columns",
        (400, "OTSParameterInvalid", "StartLocalTransaction support only one primary key."),
        client.start_local_transaction, TABLE, key("An"),
    )
    report.call(
        "start_local_transaction: a table without", (400, "OTSParameterInvalid", DISABLED),
        client.start_local_transaction, "interop", [("person", "x")],
    )


def begin_and_leave(client):
    """A transaction with a write that is never committed."""
    transaction = client.start_local_transaction(TABLE, TEAM)
    put(client, "Zoe", 1, transaction)
    return transaction


def after_restart(report, client, transaction):
    """Nothing of it is left."""
    report.compare("commit_transaction: of before a SIGKILL", OVER, report.outcome(client.commit_transaction, transaction)[1:])
    report.call("get_range: what was committed and nothing else", ["An", "Cy", "Ed"], members, client)
    report.call("put_row: the key is free after a SIGKILL", None, put, client, "Bo", 5)
    report.call("delete_table: with local transactions", None, client.delete_table, TABLE)
