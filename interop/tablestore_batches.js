// Batches and keys made by the service, through the Node package `tablestore`; part of tablestore_calls.js.
"use strict";

const TableStore = require("tablestore");

const { ABSENT, EXIST, IGNORE, MISSING_TABLE, REFUSED, column, int, invalid, outcome, plain, table } = require("./tablestore_values");

const TABLE = "interop_batch";
const GHOST = "interop_ghost";
const key = (n) => [{ id: int(n) }];

module.exports = async function batches(report, client) {
  await client.createTable(table(TABLE, { id: "INTEGER" }));
  await batch(report, client);
  await client.deleteTable({ tableName: TABLE });
  await made(report, client);
};

async function batch(report, client) {
  const put = (n, attributeColumns, condition = IGNORE) => ({ type: "PUT", condition, primaryKey: key(n), attributeColumns });
  const update = (n, attributeColumns, condition = IGNORE) => ({ type: "UPDATE", condition, primaryKey: key(n), attributeColumns });
  const remove = (n, condition = IGNORE) => ({ type: "DELETE", condition, primaryKey: key(n) });
  /// Row by row: true, or code and text.
  const write = async (tables) => {
    const given = Object.entries(tables).map(([tableName, rows]) => ({ tableName, rows }));
    const answer = await outcome(client.batchWriteRow({ tables: given }));
    return Array.isArray(answer) ? answer : answer.tables.map((row) => row.isOk || [row.errorCode, row.errorMessage]);
  };
  /// Table by table, in the order of its keys: the row or null, or code and text.
  const read = async (...tables) => {
    const answer = await outcome(client.batchGetRow({ tables }));
    const told = (row) => (row.isOk ? plain(row)?.[1] ?? null : [row.errorCode, row.errorMessage]);
    return Array.isArray(answer) ? answer : answer.tables.map((rows) => rows.map(told));
  };
  const wanted = (keys, options) => ({ tableName: TABLE, primaryKey: keys.map(key), ...options });

  const many = Array.from({ length: 200 }, (_, n) => put(n, [{ n: int(n) }, { s: String(n) }]));
  report.compare("batchWriteRow: 200 puts", Array(200).fill(true), await write({ [TABLE]: many }));
  const low = new TableStore.Condition(TableStore.RowExistenceExpectation.EXPECT_EXIST, column("n", int(5), TableStore.ComparatorType.LESS_THAN));
  const refused = REFUSED.slice(1);
  report.compare(
    "batchWriteRow: put, update, delete, and conditions", [true, true, true, refused, true, refused],
    await write({
      [TABLE]: [
        put(0, [{ n: int(-1) }]),
        update(1, [{ PUT: [{ s: "one" }] }, { DELETE_ALL: ["n"] }]),
        remove(2),
        put(3, [{ n: int(-1) }], ABSENT),
        update(4, [{ INCREMENT: [{ n: int(6) }] }], low),
        remove(5, low),
      ],
    }),
  );
  report.compare(
    "batchGetRow: in the order of the keys", [[[["n", 5n], ["s", "5"]], [["n", 10n], ["s", "4"]], null, [["s", "one"]], [["n", -1n]]]],
    await read(wanted([5, 4, 2, 1, 0])),
  );
  report.compare("batchGetRow: columns", [[[["s", "7"]], null]], await read(wanted([7, 1000], { columnsToGet: ["s"] })));
  const above = column("n", int(100), TableStore.ComparatorType.GREATER_THAN);
  report.compare("batchGetRow: a filter", [[null, [["n", 101n], ["s", "101"]]]], await read(wanted([100, 101], { columnFilter: above })));
  const missing = MISSING_TABLE.slice(1);
  report.compare(
    "batchGetRow: a missing table", [[[["n", 6n], ["s", "6"]]], [missing]], await read(wanted([6]), { ...wanted([1]), tableName: GHOST }),
  );
  report.compare("batchWriteRow: a missing table", [true, missing], await write({ [TABLE]: [remove(9, EXIST)], [GHOST]: [remove(9)] }));
  report.compare("batchWriteRow: the same row twice", [true, true], await write({ [TABLE]: [put(9, [{ n: true }]), update(9, [{ PUT: [{ m: 0.5 }] }])] }));
  report.compare("batchGetRow: the same row twice, in their order", [[[["m", 0.5], ["n", true]]]], await read(wanted([9])));
  report.compare(
    "batchWriteRow: too many", invalid("Rows count exceeds the upper limit: 200."), await write({ [TABLE]: [...many, put(200, [])] }),
  );
  report.compare(
    "batchGetRow: too many", invalid("Rows count exceeds the upper limit: 100."), await read(wanted(Array.from({ length: 101 }, (_, n) => n))),
  );
  report.compare("batchWriteRow: no row", invalid(`No operation is specified for table: '${TABLE}'.`), await write({ [TABLE]: [] }));
  report.compare("batchGetRow: no table", invalid("No row specified in the request of BatchGetRow."), await read());
}

async function made(report, client) {
  const name = "interop_made";
  const auto = { type: "INTEGER", option: "AUTO_INCREMENT" };
  await client.createTable(table(name, { group: "STRING", bytes: "BINARY", id: auto }));
  const { tableMeta } = await client.describeTable({ tableName: name });
  report.compare(
    "describeTable: a key made by the service", [["group", 2, false], ["bytes", 3, false], ["id", 1, true]],
    tableMeta.primaryKey.map((column) => [column.name, column.type, Object.hasOwn(column, "option")]),
  );
  const bytes = Buffer.from([255, 0, 128]);
  const primaryKey = [{ group: "杭州" }, { bytes }, { id: TableStore.PK_AUTO_INCR }];
  const ids = [];
  const returnContent = { returnType: TableStore.ReturnType.Primarykey };
  for (let n = 0; n < 3; n += 1) {
    const answer = await client.putRow({ tableName: name, condition: IGNORE, primaryKey, attributeColumns: [{ n: int(n) }], returnContent });
    const [own] = plain(answer.row);
    if (n === 0) report.compare("putRow: the key that was made", [["group", "杭州"], ["bytes", bytes]], own.slice(0, 2));
    ids.push(own[2][1]);
  }
  report.compare("putRow: keys grow", true, ids[0] < ids[1] && ids[1] < ids[2]);
  const third = [{ group: "杭州" }, { bytes }, { id: int(ids[2]) }];
  report.compare("getRow: by a key that was made", [["n", 2n]], plain((await client.getRow({ tableName: name, primaryKey: third })).row)?.[1]);
  const refused = await outcome(client.putRow({ tableName: name, condition: ABSENT, primaryKey, attributeColumns: [] }));
  report.compare("putRow: a condition on a key to be made", [400, "OTSParameterInvalid"], refused.slice(0, 2));
  const read = await outcome(client.getRow({ tableName: name, primaryKey }));
  report.compare("getRow: a key to be made", [400, "OTSParameterInvalid"], read.slice(0, 2));
  const row = { type: "PUT", condition: IGNORE, primaryKey, attributeColumns: [], returnContent };
  const { tables } = await client.batchWriteRow({ tables: [{ tableName: name, rows: [row, row] }] });
  const both = tables.map((written) => plain(written)?.[0][2][1]);
  report.compare("batchWriteRow: keys made by the service", true, ids[2] < both[0] && both[0] < both[1]);
  const bounds = (bound) => [{ group: bound }, { bytes: bound }, { id: bound }];
  const { rows } = await client.getRange({
    tableName: name,
    direction: "BACKWARD",
    inclusiveStartPrimaryKey: bounds(TableStore.INF_MAX),
    exclusiveEndPrimaryKey: bounds(TableStore.INF_MIN),
  });
  report.compare("getRange: all made keys, backward", [...ids, ...both].reverse(), rows.map((row) => plain(row)[0][2][1]));
  await client.deleteTable({ tableName: name });
}
