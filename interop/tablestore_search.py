"""Search indexes: definitions, queries, orders, numbers, groups, scans."""

import json

from tablestore import (
    Avg,
    BoolQuery,
    CapacityUnit,
    Collapse,
    ColumnReturnType,
    ColumnsToGet,
    Count,
    DateTimeUnit,
    DateTimeValue,
    DistinctCount,
    ExistsQuery,
    FieldSchema,
    FieldSort,
    FieldType,
    FunctionScoreQuery,
    FieldValueFactor,
    GeoBoundingBoxQuery,
    GeoDistanceQuery,
    GeoPolygonQuery,
    GroupByComposite,
    GroupByDateHistogram,
    GroupByField,
    GroupByFilter,
    GroupByGeoGrid,
    GroupByHistogram,
    GroupByRange,
    Highlight,
    HighlightParameter,
    InnerHits,
    KnnVectorQuery,
    MatchAllQuery,
    MatchPhraseQuery,
    MatchQuery,
    Max,
    NestedFilter,
    NestedQuery,
    Percentiles,
    PrefixQuery,
    RangeQuery,
    ReservedThroughput,
    Row,
    ScanQuery,
    ScoreSort,
    SearchIndexMeta,
    SearchQuery,
    Sort,
    SortOrder,
    Sum,
    TableMeta,
    TableOptions,
    TermQuery,
    TermsQuery,
    VectorDataType,
    VectorMetricType,
    VectorOptions,
    WildcardQuery,
)
from tablestore.group_by import FieldRange

TABLE, INDEX = "searched", "found"
ROWS = 30
NO_INDEX = (400, "OTSMetaNotMatch", "search index [none] does not exist")
NO_TABLE = (400, "OTSParameterInvalid", "table [none] does not exist")


def prepare(client):
    meta = TableMeta(TABLE, [("id", "INTEGER")])
    client.create_table(meta, TableOptions(), ReservedThroughput(CapacityUnit(0, 0)))
    for i in range(ROWS):
        columns = [
            ("k", "key%03d" % i),
            ("t", "this is %d 菊花茶" % i),
            ("n", i % 3),
            ("d", i / 2),
            ("g", "%f,%f" % (30 + i / 100, 114)),
            ("a", json.dumps([-1, i])),
            ("w", "2022-05-%02d" % (i + 1)),
            ("v", json.dumps([i, 1])),
            ("inner", json.dumps([{"x": i, "y": "a"}, {"x": -i, "y": "b"}])),
        ]
        client.put_row(TABLE, Row([("id", i)], columns if i else columns[:-1]))


def index():
    return SearchIndexMeta(
        [
            FieldSchema("k", FieldType.KEYWORD, index=True, enable_sort_and_agg=True, store=True),
            FieldSchema("t", FieldType.TEXT, index=True, enable_highlighting=True),
            FieldSchema("n", FieldType.LONG, index=True, enable_sort_and_agg=True),
            FieldSchema("d", FieldType.DOUBLE, index=True, enable_sort_and_agg=True),
            FieldSchema("g", FieldType.GEOPOINT, index=True),
            FieldSchema("a", FieldType.LONG, index=True, is_array=True, enable_sort_and_agg=True),
            FieldSchema("w", FieldType.DATE, index=True, date_formats=["yyyy-MM-dd"]),
            FieldSchema(
                "v", FieldType.VECTOR, vector_options=VectorOptions(VectorDataType.VD_FLOAT_32, VectorMetricType.VM_EUCLIDEAN, 2)
            ),
            FieldSchema(
                "inner",
                FieldType.NESTED,
                sub_field_schemas=[
                    FieldSchema("x", FieldType.LONG, index=True),
                    FieldSchema("y", FieldType.KEYWORD, index=True),
                ],
            ),
        ]
    )


def run(client, report):
    prepare(client)
    report.call("CreateSearchIndex", None, client.create_search_index, TABLE, INDEX, index())
    report.call("ListSearchIndex", [(TABLE, INDEX)], client.list_search_index, TABLE)

    def described():
        meta, sync = client.describe_search_index(TABLE, INDEX)
        return [field.field_name for field in meta.fields], sync.sync_phase.name

    report.call("DescribeSearchIndex", (["k", "t", "n", "d", "g", "a", "w", "v", "inner"], "INCR"), described)
    report.call("DescribeSearchIndex of none", NO_INDEX, client.describe_search_index, TABLE, "none")

    order = Sort([FieldSort("k", SortOrder.ASC)])

    def search(query, **options):
        options.setdefault("sort", order)
        options.setdefault("limit", 100)
        query = SearchQuery(query, get_total_count=True, **options)
        return client.search(TABLE, INDEX, query, ColumnsToGet(return_type=ColumnReturnType.NONE))

    def ids(query, **options):
        found = search(query, **options)
        assert found.is_all_succeed
        return [row[0][0][1] for row in found.rows]

    def total(query):
        return search(query, limit=0).total_count

    everything = list(range(ROWS))
    for name, expected, query in [
        ("MatchAllQuery", everything, MatchAllQuery()),
        ("TermQuery of a number", [0, 3, 6], BoolQuery([TermQuery("n", 0), RangeQuery("d", range_to=4.0)])),
        ("TermQuery of a word", [7], TermQuery("t", "7")),
        ("TermQuery of an array", [8], TermQuery("a", 8)),
        ("TermsQuery", [1, 2], TermsQuery("k", ["key001", "key002", "key999"])),
        ("MatchQuery of any word", everything, MatchQuery("t", "this 7")),
        ("MatchQuery of all words", [7], MatchQuery("t", "this is 7", minimum_should_match=3)),
        ("MatchPhraseQuery", [7], MatchPhraseQuery("t", "is 7 菊花")),
        ("PrefixQuery", list(range(10, 20)), PrefixQuery("k", "key01")),
        ("WildcardQuery", [5, 15, 25], WildcardQuery("k", "key*5")),
        ("RangeQuery", [4, 5, 6], RangeQuery("d", 2.0, 3.0, include_lower=True, include_upper=True)),
        ("RangeQuery of dates", [1, 2], RangeQuery("w", "2022-05-02", "2022-05-04")),
        ("BoolQuery", [1], BoolQuery([TermQuery("n", 1)], [RangeQuery("k", "key002", "key999")])),
        ("ExistsQuery", everything[1:], NestedQuery("inner", ExistsQuery("inner.x"))),
        (
            "NestedQuery sees one inner row at a time",
            [5],
            NestedQuery("inner", BoolQuery([TermQuery("inner.x", 5), TermQuery("inner.y", "a")])),
        ),
        ("GeoDistanceQuery", [0, 1, 2], GeoDistanceQuery("g", "30,114", 2500)),
        ("GeoBoundingBoxQuery", [28, 29], GeoBoundingBoxQuery("g", "31,113", "30.275,115")),
        ("GeoPolygonQuery", [0, 1], GeoPolygonQuery("g", ["29.5,113", "29.5,115", "30.015,115", "30.015,113"])),
    ]:
        report.call(name, expected, ids, query)

    best = Sort([ScoreSort(SortOrder.DESC), FieldSort("k", SortOrder.ASC)])
    factor = FunctionScoreQuery(TermsQuery("k", ["key001", "key002", "key003"]), FieldValueFactor("d"))
    report.call("FunctionScoreQuery", [3, 2, 1], ids, factor, sort=best)
    nearest = KnnVectorQuery("v", 3, [20.2, 1.0], filter=TermQuery("n", 2))
    report.call("KnnVectorQuery with a filter", [20, 23, 17], ids, nearest, sort=best, limit=3)
    second = Sort([FieldSort("inner.x", SortOrder.ASC, nested_filter=NestedFilter("inner", TermQuery("inner.y", "b")))])
    report.call("Sort by inner rows that fit", [29, 28, 27], ids, MatchAllQuery(), sort=second, limit=3)

    def inner_hits():
        told = InnerHits(Sort([FieldSort("inner.x", SortOrder.ASC)]), 0, 10, None)
        query = NestedQuery("inner", RangeQuery("inner.x", -3, 3, True, True), inner_hits=told)
        found = search(query, limit=2, offset=1).search_hits
        return [[(hits.path, [hit.nested_doc_offset for hit in hits.search_hits]) for hits in hit.search_inner_hits] for hit in found]

    report.call("inner hits", [[("inner", [1, 0])], [("inner", [1, 0])]], inner_hits)
    report.call("Sort downwards", [29, 26], ids, TermQuery("n", 2), sort=Sort([FieldSort("d", SortOrder.DESC)]), limit=2)
    report.call("offset and limit", [4, 5], ids, MatchAllQuery(), offset=4, limit=2)
    report.call("Collapse", [0, 1, 2], ids, MatchAllQuery(), collapse_field=Collapse("n"))
    report.call("total count", 10, total, TermQuery("n", 1))

    def pages():
        found, token = [], None
        while True:
            sort = None if token else Sort([FieldSort("d", SortOrder.DESC)])
            page = search(MatchAllQuery(), limit=7, next_token=token, sort=sort)
            found.append([row[0][0][1] for row in page.rows])
            token = page.next_token
            if not token:
                return [len(page) for page in found], sum(found, [])

    report.call("token paging", ([7, 7, 7, 7, 2], everything[::-1]), pages)

    def numbers():
        aggs = [Max("d"), Sum("n"), Avg("d"), Count("a"), DistinctCount("n")]
        return [result.value for result in search(MatchAllQuery(), limit=0, aggs=aggs).agg_results]

    report.call("aggregations", [14.5, 30.0, 7.25, 60, 3], numbers)

    def percentiles():
        result = search(MatchAllQuery(), limit=0, aggs=[Percentiles("n", [90, 50])]).agg_results[0]
        return [(item.key, item.value) for item in result.value]

    report.call("percentiles", [(50.0, 1), (90.0, 2)], percentiles)

    def groups(group_by, of):
        return [of(item) for item in search(MatchAllQuery(), limit=0, group_bys=[group_by]).group_by_results[0].items]

    inside = GroupByField("n", sub_aggs=[Max("d")])
    report.call(
        "GroupByField",
        [("0", 10, 13.5), ("1", 10, 14.0), ("2", 10, 14.5)],
        groups,
        inside,
        lambda item: (item.key, item.row_count, item.sub_aggs[0].value),
    )
    ranged = GroupByRange("d", [(0, 5), (5, 100)])
    report.call("GroupByRange", [10, 20], groups, ranged, lambda item: item.row_count)
    filtered = GroupByFilter([TermQuery("n", 1), MatchAllQuery()])
    report.call("GroupByFilter", [10, 30], groups, filtered, lambda item: item.row_count)
    steps = GroupByHistogram("n", 2, FieldRange(0, 3))
    report.call("GroupByHistogram", [(0, 20), (2, 10)], groups, steps, lambda item: (item.key, item.value))

    days = GroupByDateHistogram("w", DateTimeValue(1, DateTimeUnit.WEEK), time_zone="+08:00")
    monday = 1650844800000 - 8 * 3600 * 1000  # 2022-04-25 in Shanghai
    weeks = [(monday + i * 7 * 86400000, rows) for i, rows in enumerate([1, 7, 7, 7, 7, 1])]
    report.call("GroupByDateHistogram with a zone", weeks, groups, days, lambda item: (item.timestamp, item.row_count))
    grid = GroupByGeoGrid("g", 4)
    report.call("GroupByGeoGrid", [("wt35", 18), ("wt34", 6), ("wt3h", 6)], groups, grid, lambda item: (item.key, item.row_count))

    def composite():
        found, token = [], None
        while True:
            both = GroupByComposite([GroupByField("n"), GroupByHistogram("d", 10.0, FieldRange(0.0, 20.0))], 4, token)
            result = search(MatchAllQuery(), limit=0, group_bys=[both]).group_by_results[0]
            found.append([(item.keys, item.row_count) for item in result.items])
            token = result.next_token
            if not token:
                return found

    pairs = [(["0", "0.0"], 7), (["0", "10.0"], 3), (["1", "0.0"], 7), (["1", "10.0"], 3)]
    report.call("GroupByComposite page by page", [pairs, [(["2", "0.0"], 6), (["2", "10.0"], 4)]], composite)

    def highlighted():
        marks = Highlight([HighlightParameter("t", 1, 18, "<b>", "</b>")])
        hit = search(MatchQuery("t", "花茶 7", minimum_should_match=3), highlight=marks).search_hits[0]
        return hit.highlight_result.highlight_fields[0].field_fragments[0]

    report.call("highlight", "this is <b>7</b> 菊<b>花茶</b>", highlighted)
    refused = (400, "OTSParameterInvalid", "highlighting is not supported for field[k]")
    report.call("highlight of a keyword", refused, search, MatchAllQuery(), highlight=Highlight([HighlightParameter("k")]))
    refused = (400, "OTSParameterInvalid", "aggregation is not supported for field[t]")
    report.call("an aggregation of a text", refused, search, MatchAllQuery(), aggs=[Max("t")])

    def scan():
        session = client.compute_splits(TABLE, INDEX)
        found, token = [], None
        while True:
            query = ScanQuery(TermQuery("n", 1), 7, token, 0, session.splits_size, 60)
            columns = ColumnsToGet(return_type=ColumnReturnType.ALL_FROM_INDEX)
            page = client.parallel_scan(TABLE, INDEX, query, session.session_id, columns)
            found.append(len(page.rows))
            token = page.next_token
            if not token:
                return session.splits_size, found

    report.call("ComputeSplits, ParallelScan", (1, [7, 3, 0]), scan)
    report.call("ComputeSplits of no index", NO_INDEX, client.compute_splits, TABLE, "none")
    report.call("ComputeSplits of no table", NO_TABLE, client.compute_splits, "none", INDEX)
    report.call("DeleteSearchIndex", None, client.delete_search_index, TABLE, INDEX)
    report.call("ListSearchIndex of none", [], client.list_search_index, TABLE)
    client.delete_table(TABLE)
