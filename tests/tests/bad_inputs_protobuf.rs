//! Answers that are no message, or not one to the call: each is a typed error, through the real client.
//!
//! The answers are complete and signed, so that nothing but the reading of the message can refuse them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error as _;

use bytes::Bytes;
use campaign_client::{Class, Error, ErrorKind, Operation, Retry, Serve};
use campaign_tablestore::{
    BatchGetRow, BatchWriteRow, BulkExport, BulkImport, CreateTable, DeleteRow, DeleteTable, DescribeTable, GetRange,
    GetRow, ListTable, PrimaryKey, PutRow, RangePage, Row, RowUpdate, RowWrite, TableReads, TableStore, UpdateRow,
    WireFault, Written,
    schema::{CapacityUnit, KeyType, TableMeta},
};
use campaign_tests::tablestore::{Script, client, signed};
use serde_json::Value;

const ENDPOINT: &str = "http://127.0.0.1:1";

fn key(id: &'static str) -> PrimaryKey {
    PrimaryKey::new().with("id", id)
}

fn put() -> PutRow {
    PutRow::new("t", Row::new(key("e")).with("n", 1))
}

/// Sends `call`, which is answered with `status` and `body`.
async fn read<O: Operation<Service = TableStore>>(call: &O, status: u16, body: Bytes) -> Result<O::Output, Error> {
    let script = Script::new([signed(&format!("/{}", O::NAME), status, body)]);
    let result = client(ENDPOINT, script.clone(), Retry::never()).send(call).await;
    assert_eq!(script.left(), 0);
    result
}

/// What is wrong with `body` as an answer to `call`.
async fn fault<O: Operation<Service = TableStore>>(call: &O, body: &Bytes) -> Error {
    let error = read(call, 200, body.clone()).await.map(|_| ()).expect_err(O::NAME);
    assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
    assert_eq!(error.outcome_unknown(), call.class() != Class::Read, "{error}");
    assert!(wire_fault(&error).is_some(), "{error:?}");
    error
}

fn wire_fault(error: &Error) -> Option<&WireFault> {
    error.source()?.downcast_ref()
}

/// A call whose message has no required field: it may be read, or refused as any other.
async fn empty<O: Operation<Service = TableStore>>(call: &O, body: &Bytes) {
    if let Err(error) = read(call, 200, body.clone()).await {
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
    }
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// A field that has a length.
fn field(number: u64, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 12);
    varint(number << 3 | 2, &mut out);
    varint(content.len() as u64, &mut out);
    out.extend_from_slice(content);
    out
}

/// The bytes of a case; `None` for one that is about the meaning of a message.
fn bytes(input: &Value) -> Option<Vec<u8>> {
    if let Some(hex) = input["hex"].as_str() {
        return Some((0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect());
    }
    let made = &input["gen"];
    let number = |name: &str| made[name].as_u64().unwrap();
    let count = |name: &str| usize::try_from(number(name)).unwrap();
    Some(match made["op"].as_str().unwrap() {
        "pb_nest" => (0..number("depth")).fold(Vec::new(), |inside, _| field(number("field"), &inside)),
        "pb_repeat" => field(number("field"), b"").repeat(count("count")),
        "pb_packed" => field(number("field"), &vec![1; count("count")]),
        "pb_unknown" => {
            let real = Serve::write_response(&put(), &Written::default()).unwrap().into_body();
            [field(1000, &vec![0; count("bytes")]), real.to_vec()].concat()
        }
        _ => return None,
    })
}

#[tokio::test]
async fn every_case_of_the_corpus_is_a_typed_error_or_read() {
    let mut ran = 0;
    for case in campaign_tests::bad_inputs("tablestore-protobuf") {
        let id = case["id"].as_str().unwrap().strip_prefix("tablestore-protobuf-").unwrap().to_owned();
        let Some(bytes) = bytes(&case["input"]).map(Bytes::from) else {
            match case["input"]["gen"]["op"].as_str().unwrap() {
                "ots_getrange_back" => a_page_that_leads_back().await,
                "ots_batch_answer" => an_answer_that_is_not_the_batchs(&case["input"]["gen"]).await,
                other => panic!("{id}: no test for {other}"),
            }
            ran += 1;
            continue;
        };
        ran += 1;
        match id.as_str() {
            // Both are the message of an error; in the first its code is not text.
            "018" => {
                let error = read(&put(), 500, bytes.clone()).await.unwrap_err();
                assert_eq!((error.kind(), error.is_code("")), (ErrorKind::Unavailable, true), "{error}");
            }
            "041" => {
                let error = read(&put(), 503, bytes).await.unwrap_err();
                assert!(error.is_throttled() && error.is_code("OTSServerBusy"), "{error}");
                continue;
            }
            _ => {}
        }
        let error = fault(&put(), &bytes).await;
        let shown = format!("{:?}", wire_fault(&error).unwrap());
        match id.as_str() {
            "001" => assert!(matches!(wire_fault(&error), Some(WireFault::Missing("consumed"))), "{shown}"),
            "028" => assert!(matches!(wire_fault(&error), Some(WireFault::Missing(_))), "{shown}"),
            "029" | "030" => assert!(matches!(wire_fault(&error), Some(WireFault::TooLong)), "{shown}"),
            _ => assert!(matches!(wire_fault(&error), Some(WireFault::Malformed(_))), "{id}: {shown}"),
        }
        fault(&UpdateRow::new("t", RowUpdate::new(key("e")).put("n", 1)), &bytes).await;
        fault(&DeleteRow::new("t", key("e")), &bytes).await;
        fault(&GetRow::new("t", key("e")), &bytes).await;
        fault(&GetRange::all("t", ["id"]), &bytes).await;
        fault(&DescribeTable::new("t"), &bytes).await;
        fault(&two_rows(), &bytes).await;
        fault(&BatchGetRow::new(TableReads::new("t", [key("a")])), &bytes).await;
        fault(&BulkImport::new("t", [Row::new(key("a"))]), &bytes).await;
        fault(&BulkExport::all("t", ["id"]), &bytes).await;
        empty(&ListTable, &bytes).await;
        empty(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String)), &bytes).await;
        empty(&DeleteTable::new("t"), &bytes).await;
    }
    assert_eq!(ran, 30);
}

fn two_rows() -> BatchWriteRow {
    BatchWriteRow::new("t", ["a", "b"].map(|id| RowWrite::put(Row::new(key(id)))))
}

/// Cases 031 to 036, of all three calls of many rows.
async fn an_answer_that_is_not_the_batchs(made: &Value) {
    let row = |made: &Value| {
        let ok = made["is_ok"].as_bool().unwrap_or(true);
        let error = made["error"].as_str().map(|code| field(2, &[field(1, code.as_bytes()), field(2, b"x")].concat()));
        let done = if ok { [field(3, &field(1, &[8, 0, 16, 1])), field(4, b"")].concat() } else { Vec::new() };
        field(2, &[vec![8, u8::from(ok)], error.unwrap_or_default(), done].concat())
    };
    let table =
        |name: &str, count: u64| [field(1, name.as_bytes()), (0..count).flat_map(|_| row(made)).collect()].concat();
    let keys = |ids: &'static [&'static str]| ids.iter().map(|id| key(id));
    if made["swap_tables"] == true {
        let swapped = [field(1, &table("u", 1)), field(1, &table("t", 1))].concat().into();
        let write = |id| RowWrite::delete(key(id));
        fault(&BatchWriteRow::new("t", [write("a")]).table("u", [write("b")]), &swapped).await;
        let reads = BatchGetRow::new(TableReads::new("t", keys(&["a"]))).table(TableReads::new("u", keys(&["b"])));
        contradiction(&reads, &swapped).await;
        return;
    }
    let sent = made["sent"].as_u64().unwrap_or(2);
    assert_eq!(sent, 2);
    let table = table(made["table"].as_str().unwrap_or("t"), made["rows"].as_u64().unwrap_or(sent));
    let tables = field(1, &table).into();
    contradiction(&two_rows(), &tables).await;
    contradiction(&BatchGetRow::new(TableReads::new("t", keys(&["a", "b"]))), &tables).await;
    contradiction(&BulkImport::new("t", keys(&["a", "b"]).map(Row::new)), &table.into()).await;
}

async fn contradiction<O: Operation<Service = TableStore>>(call: &O, body: &Bytes) {
    let error = fault(call, body).await;
    assert!(matches!(wire_fault(&error), Some(WireFault::Contradiction(_))), "{error:?}");
}

/// Case 038, both ways, and the page that was just given.
async fn a_page_that_leads_back() {
    let forward = GetRange::new("t", key("m"), key("z"));
    let backward = GetRange::new("t", key("m"), key("a")).backward();
    for (range, next) in [(&forward, "a"), (&forward, "m"), (&backward, "z"), (&backward, "m")] {
        let page = RangePage::new(CapacityUnit::new(1, 0), &[], Some(key(next)));
        let error = fault(range, &range.write_response(&page).unwrap().into_body()).await;
        assert!(matches!(wire_fault(&error), Some(WireFault::Contradiction(_))), "{error:?}");
    }
}

#[tokio::test]
async fn a_number_where_the_message_has_it_is_checked_too() {
    // Case 021 with the message around the capacity unit; case 019 where an enumeration stands.
    let negative = field(1, &field(1, &[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]));
    let error = fault(&put(), &negative.into()).await;
    assert!(matches!(wire_fault(&error), Some(WireFault::OutOfRange { value: -1, .. })), "{error:?}");

    let capacity = field(1, &[8, 0, 16, 0]);
    let kind = field(2, &[field(1, b"id"), vec![0x10, 99]].concat());
    let table =
        [field(1, &[field(1, b"t"), kind].concat()), field(2, &[capacity, vec![16, 0]].concat()), field(3, b"")];
    let error = fault(&DescribeTable::new("t"), &table.concat().into()).await;
    assert!(matches!(wire_fault(&error), Some(WireFault::OutOfRange { value: 99, .. })), "{error:?}");
}

#[tokio::test]
async fn an_answer_with_any_bit_turned_is_unreadable_and_cut_anywhere_too() {
    let rows = [Row::new(key("b")).with_version("name", "李", 5), Row::new(key("c")).with_version("n", 2, 6)];
    let range = GetRange::all("t", ["id"]);
    let page = RangePage::new(CapacityUnit::new(1, 0), &rows, Some(key("d")));
    let whole = range.write_response(&page).unwrap().into_body();
    let good = signed("/GetRange", 200, whole.clone());
    let client = |body: Bytes| {
        let script = Script::new([good.clone().map(|_| body)]);
        client(ENDPOINT, script, Retry::never())
    };
    assert_eq!(client(whole.clone()).send(&range).await.unwrap(), page);
    for at in 0..whole.len() {
        let error = client(whole.slice(..at)).send(&range).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        for bit in 0..8 {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 1 << bit;
            let error = client(bytes.into()).send(&range).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unreadable);
        }
    }
}

#[tokio::test]
async fn a_row_with_any_bit_turned_is_refused_by_its_own_checksums() {
    // The digest and the signature are right, as if the service itself had stored it so.
    let row = Row::new(key("b")).with_version("name", "李", 5).with_version("n", 2, 6);
    let call = GetRow::new("t", key("b"));
    let output = campaign_tablestore::op::get_row::GetRowOutput { row: Some(row.clone()), ..Default::default() };
    let whole = call.write_response(&output).unwrap().into_body();
    let parts = http::Response::new(()).into_parts().0;
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 1 << bit;
            match call.response(&parts, bytes.into()) {
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unreadable),
                // The bit stood in what was consumed, or made the row a field that nobody knows.
                Ok(read) => assert!(read.row.is_none() || read.row == Some(row.clone()), "{at}.{bit}: {read:?}"),
            }
        }
    }
}
