// Search indexes through the Node package `tablestore`: definitions, queries, orders, numbers, groups, scans; part of
// tablestore_calls.js.
"use strict";

const TableStore = require("tablestore");

const { IGNORE, int, outcome, plain, table } = require("./tablestore_values");

const { AggregationType, ColumnReturnType, FieldType, GroupByType, QueryType, SortOrder } = TableStore;

const TABLE = "searched";
const INDEX = "found";
const ROWS = 30;

const query = (type, fields) => ({ queryType: QueryType[`${type}_QUERY`], query: fields });
const field = (type) => (fieldName, more) => query(type, { fieldName, ...more });
const [match, phrase, term, terms, prefix, wildcard, range, exists] =
  ["MATCH", "MATCH_PHRASE", "TERM", "TERMS", "PREFIX", "WILDCARD", "RANGE", "EXISTS"].map(field);
const all = query("MATCH_ALL", {});
const bool = (fields) => query("BOOL", fields);
const nested = (inner) => query("NESTED", { path: "inner", query: inner });
const by = (fieldName, order = SortOrder.SORT_ORDER_ASC) => ({ sorters: [{ fieldSort: { fieldName, order } }] });

const schema = () => {
  const shown = { index: true, enableSortAndAgg: true };
  const inner = [
    { fieldName: "x", fieldType: FieldType.LONG, index: true },
    { fieldName: "y", fieldType: FieldType.KEYWORD, index: true },
  ];
  return [
    { fieldName: "k", fieldType: FieldType.KEYWORD, ...shown, store: true },
    { fieldName: "t", fieldType: FieldType.TEXT, index: true, analyzer: "single_word", analyzerParameter: { caseSensitive: false }, enableHighlighting: true },
    { fieldName: "n", fieldType: FieldType.LONG, ...shown },
    { fieldName: "d", fieldType: FieldType.DOUBLE, ...shown },
    { fieldName: "b", fieldType: FieldType.BOOLEAN, ...shown },
    { fieldName: "g", fieldType: FieldType.GEO_POINT, index: true },
    { fieldName: "a", fieldType: FieldType.LONG, isAnArray: true, ...shown },
    { fieldName: "w", fieldType: FieldType.DATE, index: true, dateFormats: ["yyyy-MM-dd"] },
    { fieldName: "inner", fieldType: FieldType.NESTED, fieldSchemas: inner },
  ];
};

async function prepare(client) {
  await client.createTable(table(TABLE, { id: "INTEGER" }));
  for (let i = 0; i < ROWS; i += 1) {
    const attributeColumns = [
      { k: `key${String(i).padStart(3, "0")}` },
      { t: `this is ${i} 菊花茶` },
      { n: int(i % 3) },
      { d: i / 2 },
      { b: i % 2 === 0 },
      { g: `${30 + i / 100},114` },
      { a: JSON.stringify([-1, i]) },
      { w: `2022-05-${String(i + 1).padStart(2, "0")}` },
      { inner: JSON.stringify([{ x: i, y: "a" }, { x: -i, y: "b" }]) },
    ];
    if (i === 0) attributeColumns.pop();
    await client.putRow({ tableName: TABLE, condition: IGNORE, primaryKey: [{ id: int(i) }], attributeColumns });
  }
}

module.exports = async function search(report, client) {
  await prepare(client);
  const place = { tableName: TABLE, indexName: INDEX };
  await client.createSearchIndex({ ...place, schema: { fieldSchemas: schema() } });
  const { indices } = await client.listSearchIndex({ tableName: TABLE });
  report.compare("listSearchIndex", [[TABLE, INDEX]], indices.map((index) => [index.tableName, index.indexName]));
  const described = await client.describeSearchIndex(place);
  report.compare(
    "describeSearchIndex", [schema().map(({ fieldName, fieldType }) => [fieldName, fieldType]), "running", 2, false, ["yyyy-MM-dd"]],
    [
      described.schema.fieldSchemas.map(({ fieldName, fieldType }) => [fieldName, fieldType]),
      described.indexStatus.status,
      described.syncStat.syncPhase,
      described.schema.fieldSchemas[1].analyzerParameter.caseSensitive,
      described.schema.fieldSchemas[7].dateFormats,
    ],
  );
  const noIndex = [400, "OTSMetaNotMatch", "search index [none] does not exist"];
  report.compare("describeSearchIndex: none", noIndex, await outcome(client.describeSearchIndex({ ...place, indexName: "none" })));

  const ask = (wanted, options) =>
    client.search({
      ...place,
      searchQuery: { query: wanted, offset: 0, limit: 100, getTotalCount: true, sort: by("k"), ...options },
      columnToGet: { returnType: ColumnReturnType.RETURN_NONE },
    });
  const ids = async (wanted, options) => (await ask(wanted, options)).rows.map((row) => Number(plain(row)[0][0][1]));

  const everything = Array.from({ length: ROWS }, (_, n) => n);
  const queries = [
    ["MatchAllQuery", everything, all],
    ["TermQuery of a number", [0, 3, 6], bool({ mustQueries: [term("n", { term: int(0) }), range("d", { rangeTo: 4 })] })],
    ["TermQuery of a word", [7], term("t", { term: "7" })],
    ["TermQuery of an array", [8], term("a", { term: int(8) })],
    ["TermQuery of a truth", [0, 2, 4], bool({ mustQueries: [term("b", { term: true }), range("d", { rangeTo: 2, includeUpper: true })] })],
    ["TermsQuery", [1, 2], terms("k", { terms: ["key001", "key002", "key999"] })],
    ["MatchQuery of any word", everything, match("t", { text: "this 7" })],
    ["MatchQuery of all words", [7], match("t", { text: "this is 7", operator: TableStore.QueryOperator.AND })],
    ["MatchPhraseQuery", [7], phrase("t", { text: "is 7 菊花" })],
    ["PrefixQuery", everything.slice(10, 20), prefix("k", { prefix: "key01" })],
    ["WildcardQuery", [5, 15, 25], wildcard("k", { value: "key*5" })],
    ["RangeQuery", [4, 5, 6], range("d", { rangeFrom: 2, includeLower: true, rangeTo: 3, includeUpper: true })],
    ["RangeQuery of dates", [1, 2], range("w", { rangeFrom: "2022-05-02", includeLower: true, rangeTo: "2022-05-04", includeUpper: false })],
    [
      "BoolQuery: must not", [1],
      bool({ mustQueries: [term("n", { term: int(1) })], mustNotQueries: [range("k", { rangeFrom: "key002", includeLower: true, rangeTo: "key999" })] }),
    ],
    [
      "BoolQuery: two of three", [4],
      bool({ shouldQueries: [term("a", { term: int(4) }), prefix("k", { prefix: "key004" }), term("a", { term: int(5) })], minimumShouldMatch: 2 }),
    ],
    ["ConstScoreQuery", [7], query("CONST_SCORE", { filter: term("t", { term: "7" }) })],
    ["ExistsQuery", everything.slice(1), nested(exists("inner.x"))],
    [
      "NestedQuery sees one inner row at a time", [5],
      nested(bool({ mustQueries: [term("inner.x", { term: int(5) }), term("inner.y", { term: "a" })] })),
    ],
    ["GeoDistanceQuery", [0, 1, 2], query("GEO_DISTANCE", { fieldName: "g", centerPoint: "30,114", distance: 2500 })],
    ["GeoBoundingBoxQuery", [28, 29], query("GEO_BOUNDING_BOX", { fieldName: "g", topLeft: "31,113", bottomRight: "30.275,115" })],
    ["GeoPolygonQuery", [0, 1], query("GEO_POLYGON", { fieldName: "g", points: ["29.5,113", "29.5,115", "30.015,115", "30.015,113"] })],
  ];
  for (const [name, expected, wanted] of queries) report.compare(name, expected, await ids(wanted));

  const { SORT_ORDER_DESC } = SortOrder;
  const best = { sorters: [{ scoreSort: { order: SORT_ORDER_DESC } }, ...by("k").sorters] };
  const factor = query("FUNCTION_SCORE", { query: terms("k", { terms: ["key001", "key002", "key003"] }), fieldValueFactor: { fieldName: "d" } });
  report.compare("FunctionScoreQuery", [3, 2, 1], await ids(factor, { sort: best }));
  report.compare("sort downwards", [29, 26], await ids(term("n", { term: int(2) }), { sort: by("d", SORT_ORDER_DESC), limit: 2 }));
  const key = { sorters: [{ primaryKeySort: { order: SORT_ORDER_DESC } }] };
  report.compare("sort by the primary key", [29, 28], await ids(all, { sort: key, limit: 2 }));
  const near = { sorters: [{ geoDistanceSort: { fieldName: "g", points: ["30.105,114"], order: SortOrder.SORT_ORDER_ASC } }, ...by("k").sorters] };
  report.compare("sort by distance", [10, 11, 9, 12], await ids(all, { sort: near, limit: 4 }));
  report.compare("offset and limit", [4, 5], await ids(all, { offset: 4, limit: 2 }));
  report.compare("collapse", [0, 1, 2], await ids(all, { collapse: { fieldName: "n" } }));
  report.compare("total count", "10", (await ask(term("n", { term: int(1) }), { limit: 0 })).totalCounts);
  const named = { returnType: ColumnReturnType.RETURN_SPECIFIED, returnNames: ["d", "n"] };
  const { rows } = await client.search({ ...place, searchQuery: { query: term("a", { term: int(7) }), offset: 0, limit: 1 }, columnToGet: named });
  report.compare("columns", [[[["id", 7n]], [["d", 3.5], ["n", 1n]]]], rows.map(plain));

  const pages = [];
  for (let token = null; ; ) {
    const order = token ? { sort: undefined, token } : { sort: by("d", SORT_ORDER_DESC) };
    const page = await ask(all, { limit: 7, ...order });
    pages.push(page.rows.map((row) => Number(plain(row)[0][0][1])));
    token = page.nextToken;
    if (!token?.length) break;
  }
  report.compare("token paging", [[7, 7, 7, 7, 2], everything.slice().reverse()], [pages.map((page) => page.length), pages.flat()]);

  await groups(report, ask);

  const highlightParameters = [{ fieldName: "t", numberOfFragments: 1, fragmentSize: 18, preTag: "<b>", postTag: "</b>" }];
  const marked = await ask(match("t", { text: "花茶 7", minimumShouldMatch: 3 }), { highlight: { highlightParameters } });
  const { highlightFields } = marked.searchHits[0].highlightResultItem;
  report.compare("highlight", ["this is <b>7</b> 菊<b>花茶</b>"], highlightFields.get("t").fragments);
  const keyword = outcome(ask(all, { highlight: { highlightParameters: [{ fieldName: "k" }] } }));
  report.compare("highlight of a keyword", [400, "OTSParameterInvalid", "highlighting is not supported for field[k]"], await keyword);

  const session = await client.computeSplits({ tableName: TABLE, searchIndexSplitsOptions: { indexName: INDEX } });
  const sizes = [];
  const scanned = [];
  for (let token; ; ) {
    const scanQuery = { query: term("n", { term: int(1) }), limit: 7, aliveTime: 60, token, currentParallelId: 0, maxParallel: session.splitsSize };
    const columnToGet = { returnType: ColumnReturnType.RETURN_ALL_FROM_INDEX };
    const page = await client.parallelScan({ ...place, sessionId: session.sessionId, scanQuery, columnToGet });
    sizes.push(page.rows.length);
    scanned.push(...page.rows.map((row) => Number(plain(row)[0][0][1])));
    token = page.nextToken;
    if (!token?.length) break;
  }
  const once = everything.filter((n) => n % 3 === 1);
  report.compare("computeSplits, parallelScan", [1, [7, 3, 0], once], [session.splitsSize, sizes, scanned.sort((a, b) => a - b)]);
  report.compare(
    "computeSplits: no index", noIndex,
    await outcome(client.computeSplits({ tableName: TABLE, searchIndexSplitsOptions: { indexName: "none" } })),
  );
  await client.deleteSearchIndex(place);
  report.compare("deleteSearchIndex", [], (await client.listSearchIndex({ tableName: TABLE })).indices);
  await client.deleteTable({ tableName: TABLE });
};

async function groups(report, ask) {
  const agg = (type, name, body) => ({ name, type: AggregationType[`AGG_${type}`], body });
  const aggs = [
    agg("MAX", "max", { fieldName: "d" }),
    agg("SUM", "sum", { fieldName: "n" }),
    agg("AVG", "avg", { fieldName: "d" }),
    agg("COUNT", "count", { fieldName: "a" }),
    agg("DISTINCT_COUNT", "distinct", { fieldName: "n" }),
  ];
  const numbers = await ask(all, { limit: 0, aggs: { aggs } });
  report.compare(
    "aggregations", [["max", 14.5], ["sum", 30], ["avg", 7.25], ["count", 60], ["distinct", 3]],
    numbers.aggs.aggResults.map(({ name, aggResult }) => [name, Number(aggResult.value)]),
  );
  const least = await ask(all, { limit: 0, aggs: { aggs: [agg("MIN", "min", { fieldName: "d" })] } });
  report.compare("the least", 0, least.aggs.aggResults[0].aggResult.value);
  const percentiles = await ask(all, { limit: 0, aggs: { aggs: [agg("PERCENTILES", "p", { fieldName: "n", percentiles: [90, 50] })] } });
  const { items } = percentiles.aggs.aggResults[0].aggResult;
  report.compare("percentiles", [[50, 1], [90, 2]], items.map(({ item }) => [item.key, Number(item.value.toString(10))]));
  const top = await ask(all, { limit: 0, aggs: { aggs: [agg("TOP_ROWS", "t", { limit: 2, sort: by("k", SortOrder.SORT_ORDER_DESC) })] } });
  report.compare("top rows", [29n, 28n], top.aggs.aggResults[0].aggResult.rows.map((row) => plain(row)[0][0][1]));
  const text = outcome(ask(all, { aggs: { aggs: [agg("MAX", "m", { fieldName: "t" })] } }));
  report.compare("an aggregation of a text", [400, "OTSParameterInvalid", "aggregation is not supported for field[t]"], await text);

  const group = async (type, body) => {
    const groupBys = { groupBys: [{ name: "g", type: GroupByType[`GROUP_BY_${type}`], body }] };
    return (await ask(all, { limit: 0, groupBys })).groupBys.groupByResults[0].groupByResult.items;
  };
  const subAggs = { aggs: [agg("MAX", "m", { fieldName: "d" })] };
  const sort = { sorters: [{ groupKeySort: { order: SortOrder.SORT_ORDER_ASC } }] };
  report.compare(
    "groupByField", [["0", 10, 13.5], ["1", 10, 14], ["2", 10, 14.5]],
    (await group("FIELD", { fieldName: "n", sort, subAggs })).map((item) => [item.key, Number(item.rowCount), item.subAggsResult.aggResults[0].aggResult.value]),
  );
  const ranges = [{ from: 0, to: 5 }, { from: 5, to: 100 }];
  const counts = (found) => found.map((item) => Number(item.rowCount));
  report.compare("groupByRange", [10, 20], counts(await group("RANGE", { fieldName: "d", ranges })));
  report.compare("groupByFilter", [10, 30], counts(await group("FILTER", { filters: [term("n", { term: int(1) }), all] })));
  report.compare(
    "groupByGeoDistance", [5, 25],
    counts(await group("GEO_DISTANCE", { fieldName: "g", origin: { lat: 30, lon: 114 }, ranges: [{ from: 0, to: 5000 }, { from: 5000, to: 1e9 }] })),
  );
  const steps = await group("HISTOGRAM", { fieldName: "n", interval: int(2), fieldRange: { min: int(0), max: int(3) } });
  report.compare("groupByHistogram", [[0, 20], [2, 10]], steps.map((item) => [Number(item.key.toString(10)), Number(item.value)]));
}
