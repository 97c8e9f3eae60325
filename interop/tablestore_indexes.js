// Secondary indexes through the Node package `tablestore`; part of tablestore_calls.js.
"use strict";

const TableStore = require("tablestore");

const { IGNORE, MISSING_TABLE, int, invalid, outcome, plain, table } = require("./tablestore_values");

const TABLE = "interop_orders";
const BUILDING = "Disallow read index table in building base state";
const LONGEST_BUILDING = 30000; // milliseconds

const CITY = ["city", "shop", "n"];
const TOTAL = ["shop", "total", "n"];

/// All rows of an index, once it has the rows that were there before it.
async function everything(client, index, names) {
  const deadline = Date.now() + LONGEST_BUILDING;
  const bounds = (bound) => names.map((name) => ({ [name]: bound }));
  for (;;) {
    const answer = await outcome(
      client.getRange({
        tableName: index,
        direction: "FORWARD",
        inclusiveStartPrimaryKey: bounds(TableStore.INF_MIN),
        exclusiveEndPrimaryKey: bounds(TableStore.INF_MAX),
      }),
    );
    if (!Array.isArray(answer)) return answer.rows.map(plain);
    if (answer[2] !== BUILDING || Date.now() > deadline) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

module.exports = async function indexes(report, client) {
  const { DCT_BOOLEAN, DCT_INTEGER, DCT_STRING } = TableStore.DefinedColumnType;
  const defined = [
    { name: "city", type: DCT_STRING },
    { name: "total", type: DCT_INTEGER },
    { name: "open", type: DCT_BOOLEAN },
  ];
  const types = { shop: "STRING", n: "INTEGER" };
  const byCity = { name: "interop_by_city", primaryKey: ["city"], definedColumn: ["total"] };
  const six = Array.from({ length: 6 }, (_, n) => ({ name: `interop_${n}`, primaryKey: ["city"], definedColumn: [] }));
  report.compare(
    "createTable: six indexes", invalid("Number of index per table exceeds the quota:5."),
    await outcome(client.createTable(table(TABLE, types, { defined, indexes: six }))),
  );
  await client.createTable(table(TABLE, types, { defined, indexes: [byCity] }));
  const described = async () => {
    const { indexMetas, tableMeta } = await client.describeTable({ tableName: TABLE });
    const columns = tableMeta.definedColumn.map(({ name, type }) => [name, type]);
    return [columns, indexMetas.map((index) => [index.name, index.primaryKey, index.definedColumn, index.indexType, index.indexSyncPhase])];
  };
  const columns = defined.map(({ name, type }) => [name, type]);
  const first = ["interop_by_city", ["city"], ["total"], 0, "INCR"];
  report.compare("describeTable: its index and its defined columns", [columns, [first]], await described());

  const rows = [
    [1, [{ city: "Paris" }, { total: int(7) }, { note: "x" }]],
    [2, [{ city: "Lyon" }, { total: int(5) }]],
    [3, [{ total: int(9) }]],
  ];
  const key = (n) => [{ shop: "s" }, { n: int(n) }];
  for (const [n, attributeColumns] of rows) await client.putRow({ tableName: TABLE, condition: IGNORE, primaryKey: key(n), attributeColumns });
  const row = (city, n, total) => [[["city", city], ["shop", "s"], ["n", n]], [["total", total]]];
  report.compare("getRange: an index has the rows with its columns", [row("Lyon", 2n, 5n), row("Paris", 1n, 7n)], await everything(client, byCity.name, CITY));
  const lyon = [{ city: "Lyon" }, { shop: "s" }, { n: int(2) }];
  report.compare("getRow: by the key of an index", row("Lyon", 2n, 5n), plain((await client.getRow({ tableName: byCity.name, primaryKey: lyon })).row));
  await client.updateRow({
    tableName: TABLE,
    condition: IGNORE,
    primaryKey: key(1),
    updateOfAttributeColumns: [{ PUT: [{ city: "Nice" }] }, { INCREMENT: [{ total: int(1) }] }],
  });
  await client.deleteRow({ tableName: TABLE, condition: IGNORE, primaryKey: key(2) });
  report.compare("getRange: an index follows updates and deletes", [row("Nice", 1n, 8n)], await everything(client, byCity.name, CITY));

  const { IT_LOCAL_INDEX } = TableStore.IndexType;
  const { IUM_SYNC_INDEX } = TableStore.IndexUpdateMode;
  const byTotal = { name: "interop_by_total", primaryKey: ["shop", "total"], definedColumn: [], indexType: IT_LOCAL_INDEX, indexUpdateMode: IUM_SYNC_INDEX };
  await client.createIndex({ mainTableName: TABLE, includeBaseData: true, indexMeta: byTotal });
  const kept = (total, n) => [[["shop", "s"], ["total", total], ["n", n]], []];
  report.compare("createIndex: local, with what is there", [kept(8n, 1n), kept(9n, 3n)], await everything(client, byTotal.name, TOTAL));
  const second = ["interop_by_total", ["shop", "total"], [], IT_LOCAL_INDEX, "INCR"];
  report.compare("describeTable: both indexes", [columns, [first, second]], await described());
  await client.dropIndex({ mainTableName: TABLE, indexName: byCity.name });
  report.compare("dropIndex: its table is gone", MISSING_TABLE, await everything(client, byCity.name, CITY));
  await client.deleteTable({ tableName: TABLE });
  report.compare("deleteTable: with its index", MISSING_TABLE, await everything(client, byTotal.name, TOTAL));
};
