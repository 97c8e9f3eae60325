// Local transactions through the Node package `tablestore`; part of tablestore_calls.js.
"use strict";

const TableStore = require("tablestore");

const { IGNORE, MISSING_TABLE, int, invalid, outcome, plain, table } = require("./tablestore_values");

const TABLE = "teams";
const OVER = ["OTSSessionNotExist", "Session not exist or may be timeout."];

/// The package has no argument for it, so the field `enable_local_txn = true` is added to the encoded message.
async function makeTable(client) {
  const { encode } = TableStore.encoder;
  TableStore.encoder.encode = (...request) => {
    const message = encode(...request);
    const own = Object.getPrototypeOf(message).constructor.encode(message).finish();
    class Longer {
      static encode = () => ({ finish: () => Buffer.concat([own, Buffer.from([0x40, 1])]) });
    }
    return new Longer();
  };
  try {
    await client.createTable(table(TABLE, { team: "STRING", member: "STRING" }));
  } finally {
    TableStore.encoder.encode = encode;
  }
}

module.exports = async function transactions(report, client) {
  await makeTable(client);
  const key = (member) => [{ team: "red" }, { member }];
  const put = async (member, points, transactionId) => {
    const attributeColumns = [{ points: int(points) }];
    const answer = await outcome(client.putRow({ tableName: TABLE, condition: IGNORE, primaryKey: key(member), attributeColumns, transactionId }));
    return Array.isArray(answer) ? answer : null;
  };
  const points = async (member, transactionId) => {
    const answer = await outcome(client.getRow({ tableName: TABLE, primaryKey: key(member), transactionId }));
    return Array.isArray(answer) ? answer : plain(answer.row)?.[1][0][1] ?? null;
  };
  const start = async () => (await client.startLocalTransaction({ tableName: TABLE, primaryKey: [{ team: "red" }] })).transactionId;
  const end = (operation, transactionId) => outcome(client[operation]({ transactionId }));

  let transaction = await start();
  report.compare("startLocalTransaction: an id", "string", typeof transaction);
  report.compare("putRow: inside", null, await put("An", 10, transaction));
  report.compare("getRow: inside, its own row", 10n, await points("An", transaction));
  report.compare("getRow: outside, nothing yet", null, await points("An"));
  const rows = [{ type: "PUT", condition: IGNORE, primaryKey: key("Cy"), attributeColumns: [{ points: int(8) }] }];
  const { tables } = await client.batchWriteRow({ tables: [{ tableName: TABLE, rows }], transactionId: transaction });
  report.compare("batchWriteRow: inside", [true], tables.map((row) => row.isOk));
  const bounds = { inclusiveStartPrimaryKey: key(TableStore.INF_MIN), exclusiveEndPrimaryKey: key(TableStore.INF_MAX) };
  const range = await client.getRange({ tableName: TABLE, direction: "FORWARD", ...bounds, transactionId: transaction });
  report.compare("getRange: inside", ["An", "Cy"], range.rows.map((row) => plain(row)[0][1][1]));
  report.compare("commitTransaction", false, Array.isArray(await end("commitTransaction", transaction)));
  report.compare("getRow: after the commit", [10n, 8n], [await points("An"), await points("Cy")]);
  report.compare("commitTransaction: again", OVER, (await end("commitTransaction", transaction)).slice(1));

  transaction = await start();
  await put("An", 11, transaction);
  // It is aborted, as the next line shows; the package reads the answer, which has no fields, as if it were the request.
  const [crash, text] = await end("abortTransaction", transaction);
  report.compare("abortTransaction: the package misses an id in the answer", ["crash", true], [crash, text.includes("missing required 'transactionId'")]);
  report.compare("getRow: after the abort", 10n, await points("An"));
  report.compare("getRow: inside one that is over", OVER, (await points("An", transaction)).slice(1));
  report.compare("commitTransaction: what is no id", invalid("TransactionID is invalid."), await end("commitTransaction", "x"));
  report.compare(
    "startLocalTransaction: two key columns", invalid("StartLocalTransaction support only one primary key."),
    await outcome(client.startLocalTransaction({ tableName: TABLE, primaryKey: key("An") })),
  );
  report.compare(
    "startLocalTransaction: a table without",
    invalid("Try to call method using explicit transaction on explicit-transaction-disabled table."),
    await outcome(client.startLocalTransaction({ tableName: "interop", primaryKey: [{ person: "x" }] })),
  );
  await client.deleteTable({ tableName: TABLE });
  report.compare("putRow: of a table that is gone", MISSING_TABLE, await put("An", 1));
};
