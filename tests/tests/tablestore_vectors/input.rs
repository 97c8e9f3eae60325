//! The arguments of a vector as operations.

use campaign_tablestore::{
    BatchGetRow, BatchWriteRow, CastType, Column, ColumnFilter, Combinator, Comparator, Condition, CreateIndex,
    CreateTable, DeleteRow, DropIndex, Filter, GetRange, GetRow, KeyValue, PrimaryKey, PutRow, ReturnContent, Row,
    RowExistence, RowUpdate, RowWrite, TableReads, TimeRange, UpdateRow, UpdateTable, Value as Cell, ValueTransfer,
    schema::{
        CapacityUnit, ColumnType, IndexMeta, IndexType, KeyType, SseDetails, SseKeyType, TableMeta, TableOptions,
    },
};
use serde_json::Value;

use crate::bytes;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().unwrap()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

pub(crate) fn cell(value: &Value) -> Cell {
    let repeated = |unit: &str| (text(&value["repeat"][unit]), number::<usize>(&value["repeat"]["count"]));
    match text(&value["type"]) {
        "integer" => Cell::Integer(number(&value["value"])),
        "double" => Cell::Double(f64::from_bits(u64::from_str_radix(text(&value["bits_be_hex"]), 16).unwrap())),
        "boolean" => Cell::Boolean(value["value"].as_bool().unwrap()),
        "string" if value["value"].is_string() => Cell::from(text(&value["value"])),
        "string" => {
            let (unit, count) = repeated("unit");
            Cell::String(unit.repeat(count))
        }
        "binary" if value["hex"].is_string() => Cell::Binary(bytes(text(&value["hex"]))),
        "binary" => {
            let (unit, count) = repeated("unit_hex");
            Cell::Binary(bytes(unit).repeat(count))
        }
        other => panic!("a value of type {other}"),
    }
}

fn key_value(value: &Value) -> KeyValue {
    match text(&value["type"]) {
        "inf_min" => KeyValue::InfMin,
        "inf_max" => KeyValue::InfMax,
        "auto_increment" => KeyValue::AutoIncrement,
        _ => match cell(value) {
            Cell::Integer(number) => KeyValue::Integer(number),
            Cell::String(text) => KeyValue::String(text),
            Cell::Binary(bytes) => KeyValue::Binary(bytes),
            other => panic!("no key has a {}", other.type_name()),
        },
    }
}

pub(crate) fn key(columns: &Value) -> PrimaryKey {
    list(columns).fold(PrimaryKey::new(), |key, c| key.with(text(&c["name"]), key_value(&c["value"])))
}

pub(crate) fn columns(columns: &Value) -> Vec<Column> {
    let column = |c: &Value| Column {
        name: text(&c["name"]).into(),
        value: cell(&c["value"]),
        timestamp: (!c["timestamp"].is_null()).then(|| number(&c["timestamp"])),
    };
    list(columns).map(column).collect()
}

fn comparator(name: &str) -> Comparator {
    match name {
        "EQUAL" => Comparator::Equal,
        "NOT_EQUAL" => Comparator::NotEqual,
        "GREATER_THAN" => Comparator::GreaterThan,
        "GREATER_EQUAL" => Comparator::GreaterEqual,
        "LESS_THAN" => Comparator::LessThan,
        "LESS_EQUAL" => Comparator::LessEqual,
        other => panic!("comparator {other}"),
    }
}

fn filter(value: &Value) -> Option<Filter> {
    if value.is_null() {
        return None;
    }
    Some(match text(&value["type"]) {
        "composite" => Filter::Composite {
            combinator: match text(&value["combinator"]) {
                "AND" => Combinator::And,
                "OR" => Combinator::Or,
                "NOT" => Combinator::Not,
                other => panic!("combinator {other}"),
            },
            filters: list(&value["sub_filters"]).map(|f| filter(f).unwrap()).collect(),
        },
        "single" | "single_regex" => {
            let mut column = ColumnFilter::new(
                text(&value["column"]),
                comparator(text(&value["comparator"])),
                cell(&value["value"]),
            );
            column.filter_if_missing = !value["pass_if_missing"].as_bool().unwrap();
            column.latest_version_only = value["latest_version_only"].as_bool().unwrap();
            column.value_transfer = value["regex"].as_str().map(|regex| {
                assert_eq!(value["cast_type"], "VT_INTEGER");
                ValueTransfer { regex: regex.to_owned(), cast: Some(CastType::Integer) }
            });
            column.into()
        }
        other => panic!("filter {other}"),
    })
}

fn condition(value: &Value) -> Condition {
    if value.is_null() {
        return Condition::ignore();
    }
    Condition {
        row_existence: match text(&value["row_existence"]) {
            "IGNORE" => RowExistence::Ignore,
            "EXPECT_EXIST" => RowExistence::ExpectExist,
            "EXPECT_NOT_EXIST" => RowExistence::ExpectNotExist,
            other => panic!("row existence {other}"),
        },
        column_condition: filter(&value["column_condition"]),
    }
}

fn return_content(value: &Value) -> Option<ReturnContent> {
    value.as_str().map(|kind| {
        assert_eq!(kind, "RT_PK");
        ReturnContent::PrimaryKey
    })
}

fn optional(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn time_range(value: &Value) -> Option<TimeRange> {
    if value.is_null() {
        None
    } else if value["specific"].is_null() {
        Some(TimeRange::Between { start: number(&value["start"]), end: number(&value["end"]) })
    } else {
        Some(TimeRange::At(number(&value["specific"])))
    }
}

pub(crate) fn put_row(input: &Value) -> PutRow {
    PutRow {
        table_name: input["table_name"].as_str().unwrap_or_default().to_owned(),
        row: Row { primary_key: key(&input["primary_key"]), columns: columns(&input["columns"]) },
        condition: condition(&input["condition"]),
        return_content: return_content(&input["return_type"]),
        transaction_id: optional(&input["transaction_id"]),
    }
}

pub(crate) fn update_row(input: &Value) -> UpdateRow {
    UpdateRow {
        table_name: text(&input["table_name"]).to_owned(),
        row: changes(input),
        condition: condition(&input["condition"]),
        return_content: return_content(&input["return_type"]),
        transaction_id: optional(&input["transaction_id"]),
    }
}

fn changes(input: &Value) -> RowUpdate {
    let change = |row: RowUpdate, change: &Value| {
        let (name, time) = (text(&change["name"]), &change["timestamp"]);
        match (text(&change["op"]), time.is_null()) {
            ("PUT", true) => row.put(name, cell(&change["value"])),
            ("PUT", false) => row.put_version(name, cell(&change["value"]), number(time)),
            ("DELETE", false) => row.delete_version(name, number(time)),
            ("DELETE_ALL", true) => row.delete(name),
            ("INCREMENT", true) => row.increment(name, cell(&change["value"]).as_i64().unwrap()),
            other => panic!("change {other:?}"),
        }
    };
    list(&input["updates"]).fold(RowUpdate::new(key(&input["primary_key"])), change)
}

pub(crate) fn batch_write_row(input: &Value) -> BatchWriteRow {
    let row = |input: &Value| {
        let write = match text(&input["op"]) {
            "PUT" => RowWrite::put(put_row(input).row),
            "UPDATE" => RowWrite::update(changes(input)),
            "DELETE" => RowWrite::delete(key(&input["primary_key"])),
            other => panic!("write {other}"),
        };
        let write = write.condition(condition(&input["condition"]));
        RowWrite { return_content: return_content(&input["return_type"]), ..write }
    };
    let mut batch = BatchWriteRow { tables: Vec::new(), transaction_id: None, is_atomic: input["is_atomic"].as_bool() };
    for table in list(&input["tables"]) {
        batch = batch.table(text(&table["table_name"]), list(&table["rows"]).map(row));
    }
    BatchWriteRow { transaction_id: optional(&input["transaction_id"]), ..batch }
}

pub(crate) fn batch_get_row(input: &Value) -> BatchGetRow {
    let table = |input: &Value| TableReads {
        tokens: list(&input["tokens_hex"]).map(|hex| bytes(text(hex)).into()).collect(),
        columns_to_get: list(&input["columns_to_get"]).map(|name| text(name).into()).collect(),
        time_range: time_range(&input["time_range"]),
        max_versions: (!input["max_versions"].is_null()).then(|| number(&input["max_versions"])),
        filter: filter(&input["filter"]),
        start_column: input["start_column"].as_str().map(Into::into),
        end_column: input["end_column"].as_str().map(Into::into),
        ..TableReads::new(text(&input["table_name"]), list(&input["primary_keys"]).map(key))
    };
    BatchGetRow { tables: list(&input["tables"]).map(table).collect() }
}

pub(crate) fn delete_row(input: &Value) -> DeleteRow {
    DeleteRow {
        table_name: text(&input["table_name"]).to_owned(),
        primary_key: key(&input["primary_key"]),
        condition: condition(&input["condition"]),
        return_content: return_content(&input["return_type"]),
        transaction_id: optional(&input["transaction_id"]),
    }
}

pub(crate) fn get_row(input: &Value) -> GetRow {
    GetRow {
        columns_to_get: list(&input["columns_to_get"]).map(|name| text(name).into()).collect(),
        time_range: time_range(&input["time_range"]),
        max_versions: (!input["max_versions"].is_null()).then(|| number(&input["max_versions"])),
        filter: filter(&input["filter"]),
        start_column: input["start_column"].as_str().map(Into::into),
        end_column: input["end_column"].as_str().map(Into::into),
        token: input["token_hex"].as_str().map(|hex| bytes(hex).into()),
        transaction_id: optional(&input["transaction_id"]),
        ..GetRow::new(text(&input["table_name"]), key(&input["primary_key"]))
    }
}

pub(crate) fn get_range(input: &Value) -> GetRange {
    let (start, end) = (key(&input["inclusive_start_primary_key"]), key(&input["exclusive_end_primary_key"]));
    let range = GetRange::new(text(&input["table_name"]), start, end);
    let range = match text(&input["direction"]) {
        "FORWARD" => range,
        "BACKWARD" => range.backward(),
        other => panic!("direction {other}"),
    };
    GetRange {
        columns_to_get: list(&input["columns_to_get"]).map(|name| text(name).into()).collect(),
        time_range: time_range(&input["time_range"]),
        max_versions: (!input["max_versions"].is_null()).then(|| number(&input["max_versions"])),
        limit: (!input["limit"].is_null()).then(|| number(&input["limit"])),
        filter: filter(&input["filter"]),
        start_column: input["start_column"].as_str().map(Into::into),
        end_column: input["end_column"].as_str().map(Into::into),
        token: input["token_hex"].as_str().map(|hex| bytes(hex).into()),
        transaction_id: optional(&input["transaction_id"]),
        ..range
    }
}

pub(crate) fn create_table(input: &Value) -> CreateTable {
    let meta = list(&input["primary_key"]).fold(TableMeta::new(text(&input["table_name"])), |meta, column| {
        let name = text(&column["name"]);
        match (text(&column["type"]), column["option"].as_str()) {
            ("INTEGER", Some("AUTO_INCREMENT")) => meta.auto_increment(name),
            ("INTEGER", None) => meta.key(name, KeyType::Integer),
            ("STRING", None) => meta.key(name, KeyType::String),
            ("BINARY", None) => meta.key(name, KeyType::Binary),
            other => panic!("key column {other:?}"),
        }
    });
    let meta = list(&input["defined_columns"]).fold(meta, |meta, column| {
        let kind = match text(&column["type"]) {
            "INTEGER" => ColumnType::Integer,
            "DOUBLE" => ColumnType::Double,
            "BOOLEAN" => ColumnType::Boolean,
            "STRING" => ColumnType::String,
            "BINARY" => ColumnType::Binary,
            other => panic!("defined column {other}"),
        };
        meta.defined_column(text(&column["name"]), kind)
    });
    let mut table = CreateTable::new(meta)
        .table_options(table_options(input))
        .reserved_throughput(reserved(input))
        .split_points(list(&input["split_points"]).map(key_value));
    for index in list(&input["indexes"]) {
        table = table.index(index_meta(index));
    }
    if let Some(enable) = input["sse"]["enable"].as_bool() {
        assert_eq!(input["sse"]["key_type"], "SSE_KMS_SERVICE");
        let key_type = Some(SseKeyType::KmsService);
        table = table.sse_spec(SseDetails { enable, key_type, key_id: None, role_arn: None });
    }
    table
}

fn table_options(input: &Value) -> TableOptions {
    TableOptions {
        time_to_live: Some(number(&input["time_to_live"])),
        max_versions: Some(number(&input["max_versions"])),
        deviation_cell_version_in_sec: Some(number(&input["deviation_cell_version_in_sec"])),
        allow_update: input["allow_update"].as_bool(),
        update_full_row: None,
    }
}

fn reserved(input: &Value) -> CapacityUnit {
    CapacityUnit::new(number(&input["reserved_read"]), number(&input["reserved_write"]))
}

fn index_meta(index: &Value) -> IndexMeta {
    let kind = match text(&index["type"]) {
        "GLOBAL_INDEX" => IndexType::Global,
        "LOCAL_INDEX" => IndexType::Local,
        other => panic!("index {other}"),
    };
    let meta = IndexMeta::new(text(&index["name"]), kind, list(&index["primary_key"]).map(text));
    list(&index["defined_columns"]).fold(meta, |meta, name| meta.defined_column(text(name)))
}

pub(crate) fn update_table(input: &Value) -> UpdateTable {
    UpdateTable::new(text(&input["table_name"]))
        .table_options(table_options(input))
        .reserved_throughput(reserved(input))
}

pub(crate) fn create_index(input: &Value) -> CreateIndex {
    let index = CreateIndex::new(text(&input["main_table_name"]), index_meta(&input["index"]));
    index.include_base_data(input["include_base_data"].as_bool().unwrap())
}

pub(crate) fn drop_index(input: &Value) -> DropIndex {
    DropIndex::new(text(&input["main_table_name"]), text(&input["index_name"]))
}
