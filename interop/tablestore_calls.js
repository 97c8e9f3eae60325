// Calls campaign-local through the official Node package `tablestore`, and compares every result.
//
//     node tablestore_calls.js PATH-TO-campaign-local
//
// One line a call, then `N passed, N failed`. The package is used as it is; run by `interop/run tablestore-node`, which tells
// where it is installed (NODE_PATH). It signs V2 only, and has no calls for streams, split points and bulks.
"use strict";

const TableStore = require("tablestore");

const { LocalCloud, Report } = require("./local_cloud");
const batches = require("./tablestore_batches");
const indexes = require("./tablestore_indexes");
const { ABSENT, EXIST, IGNORE, MISSING_TABLE, REFUSED, column, composite, int, invalid, outcome, plain, table } = require("./tablestore_values");
const search = require("./tablestore_search");
const transactions = require("./tablestore_transactions");

const { ComparatorType, INF_MAX, INF_MIN, LogicalOperator } = TableStore;

const TABLE = "interop";
const CLOCK_TOLERANCE = 60000n; // milliseconds

const key = (person, n) => [{ person }, { n: typeof n === "number" ? int(n) : n }];
const ADA = key("ada", 1);
const told = (person, n) => [["person", person], ["n", BigInt(n)]];

/// The calls of a row, each as what it comes to.
function rowsOf(client) {
  const content = (answer) => plain(answer.row);
  const send = (operation, primaryKey, options) =>
    outcome(client[operation]({ tableName: TABLE, primaryKey, condition: IGNORE, ...options })).then(
      (answer) => (Array.isArray(answer) ? answer : content(answer)),
    );
  return {
    get: (primaryKey, options) => send("getRow", primaryKey, options),
    put: (primaryKey, attributeColumns, options) => send("putRow", primaryKey, { attributeColumns, ...options }),
    update: (primaryKey, updateOfAttributeColumns, options) => send("updateRow", primaryKey, { updateOfAttributeColumns, ...options }),
    remove: (primaryKey, options) => send("deleteRow", primaryKey, options),
  };
}

// ---- the calls, in order -----------------------------------------------------------------------------------------

async function tables(report, client) {
  const names = (answer) => answer.tableNames ?? answer;
  const list = async () => names(await outcome(client.listTable({})));
  const created = (name, types, options) => outcome(client.createTable(table(name, types, options))).then((answer) => (Array.isArray(answer) ? answer : true));
  const types = { person: "STRING", n: "INTEGER" };

  report.compare("listTable: no table", [], await list());
  report.compare("describeTable: an unknown table", MISSING_TABLE, await outcome(client.describeTable({ tableName: TABLE })));
  report.compare("createTable", true, await created(TABLE, types, { maxVersions: 2 }));
  report.compare("createTable: again", [409, "OTSObjectAlreadyExist", "Requested table already exists."], await created(TABLE, types));
  report.compare("createTable: an illegal name", invalid("Invalid table name: '9x'."), await created("9x", types));
  const five = Object.fromEntries([..."abcde"].map((name) => [name, "STRING"]));
  report.compare(
    "createTable: five key columns", invalid("The number of primary key columns must be in range: [1, 4]."), await created("five", five),
  );
  report.compare("listTable: one table", [TABLE], await list());

  const described = async () => {
    const answer = await client.describeTable({ tableName: TABLE });
    const { timeToLive, maxVersions, deviationCellVersionInSec } = answer.tableOptions;
    const { read, write } = answer.reservedThroughputDetails.capacityUnit;
    return {
      key: answer.tableMeta.primaryKey.map(({ name, type }) => [name, type]),
      options: [timeToLive, maxVersions, Number(deviationCellVersionInSec)],
      units: [read, write],
      status: answer.tableStatus,
      stream: answer.streamDetails?.enableStream ?? false,
    };
  };
  const expected = { key: [["person", 2], ["n", 1]], options: [-1, 2, 86400], units: [0, 0], status: 1, stream: false };
  report.compare("describeTable", expected, await described());
  await client.updateTable({
    tableName: TABLE,
    tableOptions: { maxVersions: 3, timeToLive: 86400, maxTimeDeviation: 3600 },
    streamSpecification: { enableStream: true, expirationTime: 24 },
  });
  report.compare("updateTable: the options, and a stream", { ...expected, options: [86400, 3, 3600], stream: true }, await described());
  await client.updateTable({
    tableName: TABLE,
    tableOptions: { maxVersions: 2, timeToLive: -1, maxTimeDeviation: 86400 },
    streamSpecification: { enableStream: false },
  });
  report.compare("updateTable: as before", expected, await described());
  report.compare(
    "updateTable: a table that is not there", MISSING_TABLE,
    await outcome(client.updateTable({ tableName: "nowhere", tableOptions: { maxVersions: 1, timeToLive: -1, maxTimeDeviation: 86400 } })),
  );
}

const VALUES = [
  ["blob", Buffer.from([0, 255, 117, 0])],
  ["double", -0.1],
  ["empty", ""],
  ["false", false],
  ["max", 2n ** 63n - 1n],
  ["min", -(2n ** 63n)],
  ["none", Buffer.alloc(0)],
  ["odd", 2n ** 53n + 1n],
  ["small", 5e-324],
  ["text", "张三 \u{20bb7}\u{1f389}"],
  ["true", true],
  ["zero", 0n],
];
const cells = (values) => values.map(([name, value]) => ({ [name]: typeof value === "bigint" ? int(value) : value }));

async function puts(report, client) {
  const { get, put, remove } = rowsOf(client);
  const some = cells([["age", 20n], ["name", "Ada"]]);
  const ada = [told("ada", 1), [["age", 20n], ["name", "Ada"]]];

  report.compare("getRow: a row that is not there", null, await get(ADA));
  report.compare("putRow: a row that must not exist", null, await put(ADA, cells(VALUES), { condition: ABSENT }));
  report.compare("getRow: every type of value comes back", [told("ada", 1), VALUES], await get(ADA));
  const { row } = await client.getRow({ tableName: TABLE, primaryKey: ADA });
  const now = BigInt(Date.now());
  const off = row.attributes.map(({ timestamp }) => BigInt(timestamp.toString(10)) - now);
  report.compare("getRow: the service's clock is the version", true, off.every((by) => by < CLOCK_TOLERANCE && -by < CLOCK_TOLERANCE));
  report.compare("putRow: a row that must not exist, and does", REFUSED, await put(ADA, some, { condition: ABSENT }));
  report.compare("getRow: the refused put changed nothing", [told("ada", 1), VALUES], await get(ADA));
  report.compare("putRow: a row that must exist, and does not", REFUSED, await put(key("bob", 1), some, { condition: EXIST }));
  report.compare(
    "putRow: replaces the row, and returns the key when asked", [told("ada", 1), []],
    await put(ADA, some, { condition: EXIST, returnContent: { returnType: TableStore.ReturnType.Primarykey } }),
  );
  report.compare("getRow: the old columns are gone", ada, await get(ADA));
  report.compare("putRow: no attribute columns", null, await put(key("nil", 0), []));
  report.compare("getRow: a row of a key alone", [told("nil", 0), []], await get(key("nil", 0)));
  report.compare("deleteRow: the row of a key alone", null, await remove(key("nil", 0)));
  const bytes = [{ person: "x" }, { n: int(2n ** 53n + 1n) }];
  await put(bytes, some);
  report.compare("getRow: a key beyond 2^53", told("x", 2n ** 53n + 1n), (await get(bytes))[0]);
  report.compare("getRow: the key beside it", null, await get([{ person: "x" }, { n: int(2n ** 53n) }]));
  await remove(bytes);
  report.compare("getRow: some columns", [told("ada", 1), [["name", "Ada"]]], await get(ADA, { columnsToGet: ["name"] }));
  report.compare("getRow: columns that no cell matches", null, await get(ADA, { columnsToGet: ["nothing"] }));
  report.compare("getRow: from a column to another", [told("ada", 1), [["name", "Ada"]]], await get(ADA, { startColumn: "b", endColumn: "z" }));
  const first = new TableStore.ColumnPaginationFilter(1, 1);
  report.compare("getRow: the second column alone", [told("ada", 1), [["name", "Ada"]]], await get(ADA, { columnFilter: first }));
  report.compare("getRow: a filter that passes", ada, await get(ADA, { columnFilter: column("age", int(18), ComparatorType.GREATER_EQUAL) }));
  report.compare("getRow: a filter that does not", null, await get(ADA, { columnFilter: column("age", int(65), ComparatorType.GREATER_EQUAL) }));
  report.compare("putRow: infinity", invalid("Infinity can't be set to double value."), await put(ADA, [{ a: Infinity }]));
  report.compare("putRow: no number", invalid("NaN can't be set to double value."), await put(ADA, [{ a: NaN }]));
  report.compare(
    "putRow: a text beyond 2 MB",
    invalid("The length of attribute column: 'a' exceeds the MaxLength:2097152 with CurrentLength:2097153."),
    await put(ADA, [{ a: "x".repeat(2097153) }]),
  );
  report.compare("getRow: the refused puts changed nothing", ada, await get(ADA));
}

async function conditions(report, client) {
  const { get, put } = rowsOf(client);
  const { AND, NOT, OR } = LogicalOperator;
  const passing = {
    equal: column("age", int(20)),
    "not equal": column("age", int(21), ComparatorType.NOT_EQUAL),
    "less or equal": column("age", int(20), ComparatorType.LESS_EQUAL),
    "a missing column may pass": column("height", int(1)),
    and: composite(AND, column("age", int(20)), column("name", "Ada")),
    or: composite(OR, column("age", int(1)), column("name", "Ada")),
    not: composite(NOT, column("age", int(1))),
  };
  const failing = {
    equal: column("age", int(21)),
    less: column("age", int(20), ComparatorType.LESS_THAN),
    "another type": column("age", "20"),
    "a missing column may not pass": column("height", int(1), ComparatorType.EQUAL, false),
    and: composite(AND, column("age", int(20)), column("name", "Bob")),
    not: composite(NOT, column("age", int(20))),
  };
  const expecting = (part) => ({ condition: new TableStore.Condition(TableStore.RowExistenceExpectation.EXPECT_EXIST, part) });
  for (const [name, part] of Object.entries(passing)) {
    report.compare(`putRow: column condition holds: ${name}`, null, await put(ADA, cells([["age", 20n], ["name", "Ada"]]), expecting(part)));
  }
  for (const [name, part] of Object.entries(failing)) {
    report.compare(`putRow: column condition does not hold: ${name}`, REFUSED, await put(ADA, cells([["age", 99n]]), expecting(part)));
  }
  report.compare("getRow: the refused puts changed nothing", [told("ada", 1), [["age", 20n], ["name", "Ada"]]], await get(ADA));
}

async function updates(report, client) {
  const { get, update } = rowsOf(client);
  const eve = key("eve", -1);
  const all = [{ PUT: [{ city: "London" }] }, { DELETE_ALL: ["name"] }, { INCREMENT: [{ age: int(2) }, { visits: int(1) }] }];
  report.compare("updateRow: puts, deletes and increments", null, await update(ADA, all, { condition: EXIST }));
  const rest = [["age", 22n], ["city", "London"], ["visits", 1n]];
  report.compare("getRow: the rest stays", [told("ada", 1), rest], await get(ADA));
  const returned = { returnContent: { returnType: TableStore.ReturnType.AfterModify, returnColumns: ["visits"] } };
  report.compare(
    "updateRow: returns the sum of an increment beyond 2^53", [["visits", 2n ** 53n + 1n]],
    (await update(ADA, [{ INCREMENT: [{ visits: int(2n ** 53n) }] }], returned))[1],
  );
  await update(ADA, [{ INCREMENT: [{ visits: int(-(2n ** 53n)) }] }]);
  report.compare("updateRow: a row that must exist, and does not", REFUSED, await update(eve, [{ PUT: [{ a: true }] }], { condition: EXIST }));
  report.compare("updateRow: makes the row", null, await update(eve, [{ PUT: [{ a: true }] }]));
  report.compare("getRow: the made row", [told("eve", -1), [["a", true]]], await get(eve));
  report.compare("updateRow: a row that must not exist, and does", REFUSED, await update(eve, [{ PUT: [{ a: false }] }], { condition: ABSENT }));
  const refused = await update(ADA, [{ INCREMENT: [{ city: int(1) }] }]);
  report.compare("updateRow: a text cannot be incremented", [400, "OTSParameterInvalid"], refused.slice(0, 2));
  const over = await update(ADA, [{ INCREMENT: [{ age: int(2n ** 63n - 1n) }] }]);
  report.compare("updateRow: a sum beyond 64 bits", [400, "OTSParameterInvalid"], over.slice(0, 2));
  report.compare("updateRow: nothing to update", invalid("Attribute column is missing."), await update(ADA, []));
  report.compare("getRow: the refused updates changed nothing", [told("ada", 1), rest], await get(ADA));
}

async function versions(report, client) {
  const { update, remove } = rowsOf(client);
  const row = key("ver", 1);
  const older = Date.now() - 2000;
  const newer = older + 1000;
  const found = async (options) => {
    const answer = await client.getRow({ tableName: TABLE, primaryKey: row, ...options });
    return answer.row.attributes?.map((cell) => [cell.columnName, cell.columnValue, cell.timestamp.toNumber()]);
  };
  const [old, young] = [["a", "old", older], ["a", "new", newer]];
  report.compare("updateRow: a version of one's own", null, await update(row, [{ PUT: [{ a: "old", timestamp: older }] }]));
  report.compare("updateRow: a newer version", null, await update(row, [{ PUT: [{ a: "new", timestamp: newer }] }]));
  report.compare("getRow: the newest version", [young], await found());
  report.compare("getRow: two versions, newest first", [young, old], await found({ maxVersions: 2 }));
  report.compare("getRow: a range of versions", [old], await found({ timeRange: { startTime: older, endTime: newer }, maxVersions: 2 }));
  report.compare("updateRow: deletes one version", null, await update(row, [{ DELETE: [{ a: newer }] }], { condition: EXIST }));
  report.compare("getRow: the older version is left", [old], await found({ maxVersions: 2 }));
  const far = await update(row, [{ PUT: [{ a: "far", timestamp: Date.now() + 2 * 86400000 }] }]);
  report.compare("updateRow: a version too far off", [400, "OTSParameterInvalid"], far.slice(0, 2));
  report.compare("deleteRow: all versions", null, await remove(row));
}

async function ranges(report, client) {
  const { put } = rowsOf(client);
  const people = Array.from({ length: 7 }, (_, n) => [told("range", n), [["nth", BigInt(n)], ["odd", n % 2 === 1]]]);
  for (const [n, [, values]] of people.entries()) await put(key("range", n), cells(values), { condition: ABSENT });
  const scan = async (direction, start, end, options) => {
    const bounds = { inclusiveStartPrimaryKey: start, exclusiveEndPrimaryKey: end };
    const answer = await outcome(client.getRange({ tableName: TABLE, direction, ...bounds, ...options }));
    if (Array.isArray(answer)) return answer;
    return [answer.rows.map(plain), answer.nextStartPrimaryKey && plain({ primaryKey: answer.nextStartPrimaryKey, attributes: [] })[0]];
  };
  const low = key("range", INF_MIN);
  const high = key("range", INF_MAX);
  const backwards = people.toReversed?.() ?? people.slice().reverse();
  report.compare("getRange: forward", [people, null], await scan("FORWARD", low, high));
  report.compare("getRange: backward", [backwards, null], await scan("BACKWARD", high, low));
  report.compare("getRange: the start is in, the end is not", [people.slice(2, 5), null], await scan("FORWARD", key("range", 2), key("range", 5)));
  report.compare(
    "getRange: backward, the start is in, the end is not", [[people[5], people[4], people[3]], null],
    await scan("BACKWARD", key("range", 5), key("range", 2)),
  );
  report.compare("getRange: a page, and where the next begins", [people.slice(0, 3), told("range", 3)], await scan("FORWARD", low, high, { limit: 3 }));
  for (const [direction, start, end, all] of [["FORWARD", low, high, people], ["BACKWARD", high, low, backwards]]) {
    const pages = [];
    for (let from = start; from; ) {
      const answer = await client.getRange({
        tableName: TABLE, direction, inclusiveStartPrimaryKey: from, exclusiveEndPrimaryKey: end, limit: 3,
      });
      pages.push(answer.rows.map(plain));
      from = answer.nextStartPrimaryKey?.map(({ name, value }) => ({ [name]: value }));
    }
    report.compare(`getRange: page by page, ${direction}`, [[3, 3, 1], all], [pages.map((page) => page.length), pages.flat()]);
  }
  report.compare(
    "getRange: some columns", people.map(([own, values]) => [own, values.slice(0, 1)]),
    (await scan("FORWARD", low, high, { columnsToGet: ["nth"] }))[0],
  );
  report.compare(
    "getRange: a filter", people.filter((_, n) => n % 2 === 1),
    (await scan("FORWARD", low, high, { columnFilter: column("odd", true) }))[0],
  );
  report.compare("getRange: nothing there", [[], null], await scan("FORWARD", key("no", INF_MIN), key("no", INF_MAX)));
  report.compare(
    "getRange: all people", ["ada", "eve", ...Array(7).fill("range")],
    (await scan("FORWARD", key(INF_MIN, INF_MIN), key(INF_MAX, INF_MAX)))[0].map(([own]) => own[0][1]),
  );
  report.compare(
    "getRange: forward from end to start", invalid("Begin key must less than end key in FORWARD"), await scan("FORWARD", high, low),
  );
  report.compare(
    "getRange: backward from start to end", invalid("Begin key must more than end key in BACKWARD"), await scan("BACKWARD", low, high),
  );
}

async function deletes(report, client) {
  const { get, remove } = rowsOf(client);
  const eve = key("eve", -1);
  const other = new TableStore.Condition(TableStore.RowExistenceExpectation.EXPECT_EXIST, column("a", false));
  report.compare("deleteRow: column condition does not hold", REFUSED, await remove(eve, { condition: other }));
  report.compare("deleteRow", null, await remove(eve, { condition: EXIST }));
  report.compare("getRow: the deleted row", null, await get(eve));
  report.compare("deleteRow: a row that is not there", null, await remove(eve));
  report.compare("deleteRow: a row that must exist, and does not", REFUSED, await remove(eve, { condition: EXIST }));
}

async function refusals(report, client, connect) {
  const { get, put } = rowsOf(client);
  const invalidKey = (text) => [400, "OTSInvalidPK", text];
  const own = cells([["a", 1n]]);
  report.compare("putRow: too few key columns", invalidKey("Validate PK size fail. Input: 1, Meta: 2."), await put([{ person: "x" }], own));
  report.compare(
    "putRow: another key column", invalidKey("Validate PK name fail. Input: who, Meta: person."), await put([{ who: "x" }, { n: int(1) }], own),
  );
  report.compare(
    "getRow: a key of another type", invalidKey("Validate PK type fail. Input: VT_INTEGER, Meta: VT_STRING."),
    await get([{ person: int(1) }, { n: int(1) }]),
  );
  report.compare("putRow: an end of a range in a key", invalid("VT_INF_MAX is an invalid type for the primary key."), await put(key("x", INF_MAX), own));
  const long = "x".repeat(256);
  report.compare("putRow: a column's name of 256 bytes", invalid(`Invalid column name: '${long}'.`), await put(ADA, [{ [long]: "x" }]));
  report.compare("getRow: an unknown table", MISSING_TABLE, await get(ADA, { tableName: "nowhere" }));
  report.compare("putRow: an unknown table", MISSING_TABLE, await put(ADA, own, { tableName: "nowhere" }));
  report.compare("deleteTable: an unknown table", MISSING_TABLE, await outcome(client.deleteTable({ tableName: "nowhere" })));
  const sql = await outcome(client.sqlQuery({ query: "show tables" }));
  report.compare("sqlQuery: what is not emulated is refused", [400, "Unsupported operation: SQLQuery."], [sql[0], sql[2]]);
  const impostors = [
    ["a wrong secret", { secretAccessKey: "not-the-secret" }, "Signature mismatch."],
    ["an unknown access key", { accessKeyId: "nobody" }, "The AccessKeyID does not exist."],
    ["another instance", { instancename: "elsewhere" }, "The instance is not found."],
  ];
  for (const [name, changed, text] of impostors) {
    const impostor = connect(changed);
    const denied = [403, "OTSAuthFailed", text];
    report.compare(`listTable: ${name}`, denied, await outcome(impostor.listTable({})));
    report.compare(`getRow: ${name}`, denied, await outcome(impostor.getRow({ tableName: TABLE, primaryKey: ADA })));
  }
}

function trailingZeros(report) {
  const { serializePrimaryKey, serializeForPutRow } = TableStore.PlainBufferBuilder;
  const last = (bytes) => bytes.at(-1);
  const builder = TableStore.PlainBufferBuilder;
  report.compare("the package sends zeros behind a bound of a range", 0, last(serializePrimaryKey.call(builder, key("a", INF_MIN))));
  report.compare("the package sends zeros behind a key to be made", 0, last(serializeForPutRow.call(builder, key("a", TableStore.PK_AUTO_INCR), [])));
}

async function main() {
  const report = new Report();
  const cloud = new LocalCloud(process.argv[2], "--listen", "127.0.0.1:0");
  const ready = await cloud.start();
  try {
    const connect = (changed) =>
      new TableStore.Client({
        endpoint: ready.tablestore,
        instancename: ready.instance,
        accessKeyId: ready.access_key_id,
        secretAccessKey: ready.access_key_secret,
        ...changed,
      });
    const client = connect();
    trailingZeros(report);
    for (const part of [tables, puts, conditions, updates, versions, ranges, deletes, refusals]) await part(report, client, connect);
    await batches(report, client);
    await indexes(report, client);
    await search(report, client);
    await transactions(report, client);

    // Acknowledged is stored: the process is killed, and another takes over folder and port.
    await cloud.end("SIGKILL");
    cloud.options = [];
    report.compare("restart: the same addresses and keys", ready, await cloud.start());
    const ada = [told("ada", 1), [["age", 22n], ["city", "London"], ["visits", 1n]]];
    report.compare("getRow: after SIGKILL and a restart", ada, await rowsOf(connect()).get(ADA));
    report.compare("deleteTable", false, Array.isArray(await outcome(connect().deleteTable({ tableName: TABLE }))));
    report.compare("deleteTable: again", MISSING_TABLE, await outcome(connect().deleteTable({ tableName: TABLE })));
    report.compare("listTable: none is left", [], (await connect().listTable({})).tableNames);
  } finally {
    report.compare("campaign-local ends in good order", 0, await cloud.end("SIGTERM"));
    cloud.remove();
  }
  report.finish();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
