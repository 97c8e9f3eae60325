// Values, conditions and refusals of the Node package `tablestore`, in a form that can be compared.
"use strict";

const { Int64LE } = require("int64-buffer");
const TableStore = require("tablestore");

const { ABSENT, EXIST, IGNORE } = (() => {
  const { Condition, RowExistenceExpectation: expected } = TableStore;
  return {
    ABSENT: new Condition(expected.EXPECT_NOT_EXIST, null),
    EXIST: new Condition(expected.EXPECT_EXIST, null),
    IGNORE: new Condition(expected.IGNORE, null),
  };
})();

const MISSING_TABLE = [404, "OTSObjectNotExist", "Requested table does not exist."];
const REFUSED = [403, "OTSConditionCheckFail", "Condition check failed."];
const invalid = (text) => [400, "OTSParameterInvalid", text];

/// A 64-bit integer as the package wants it.
const int = (value) => TableStore.Long.fromString(String(value));

/// A value as the package gives it: 64-bit integers as BigInt.
const value = (given) => (given instanceof Int64LE ? BigInt(given.toString(10)) : given);

/// A row as [[key column, value], ...], [[column, value], ...]; null if there is none.
function plain(row) {
  if (!row?.primaryKey?.length) return null;
  const key = row.primaryKey.map((cell) => [cell.name, value(cell.value)]);
  return [key, (row.attributes ?? []).map((cell) => [cell.columnName, value(cell.columnValue)])];
}

const column = (name, wanted, comparator = TableStore.ComparatorType.EQUAL, passIfMissing = true) =>
  new TableStore.SingleColumnCondition(name, wanted, comparator, passIfMissing);

function composite(operator, ...parts) {
  const whole = new TableStore.CompositeCondition(operator);
  for (const part of parts) whole.addSubCondition(part);
  return whole;
}

/// What createTable is given; `types` names the type of each key column.
function table(tableName, types, { defined, indexes, ...options } = {}) {
  return {
    tableMeta: { tableName, primaryKey: Object.entries(types).map(([name, type]) => ({ name, ...(type.type ? type : { type }) })), definedColumn: defined },
    reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
    tableOptions: { timeToLive: -1, maxVersions: 1, ...options },
    indexMetas: indexes,
  };
}

/// The answer of a call, or [status, code, text] of its refusal. The package shows a refusal's body as it came: a protobuf
/// message of two texts, then the request id.
async function outcome(call) {
  try {
    return await call;
  } catch (error) {
    const [, code, text] = /^\n[^](OTS\w+)\x12(?:\ufffd[^]|[^])([^]*) requestId:\S+$/.exec(error.message) ?? [];
    return code === undefined ? ["crash", String(error.stack)] : [error.code, code, text];
  }
}

module.exports = { ABSENT, EXIST, IGNORE, MISSING_TABLE, REFUSED, column, composite, int, invalid, outcome, plain, table, value };
