//! Requests by hand: any bytes, signed as if they were a call.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use campaign_client::{Body, Place, Service, Signing, Transport};
use campaign_tablestore::TableStore;
use chrono::DateTime;
use http::{Request, response};

use crate::Bed;

/// Answers are no longer than this.
const ANSWER: u64 = 16 << 20;

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

/// A protobuf field that is a number.
pub(crate) fn field(tag: u8, value: u64) -> Vec<u8> {
    let mut out = vec![tag << 3];
    varint(value, &mut out);
    out
}

/// A number as protobuf writes it, negative ones as ten bytes.
pub(crate) const fn number(value: i64) -> u64 {
    value.cast_unsigned()
}

/// A protobuf field that is bytes, a text or a message.
pub(crate) fn bytes(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag << 3 | 2];
    varint(content.len() as u64, &mut out);
    out.extend(content);
    out
}

/// The answer to a request that is signed as it should be, whatever its body.
pub(crate) async fn call(bed: &Bed, operation: &str, body: Vec<u8>) -> (response::Parts, Bytes) {
    call_with(bed, operation, body, |_| {}).await
}

/// The same with a request that is changed before it is signed.
pub(crate) async fn call_with(
    bed: &Bed,
    operation: &str,
    body: Vec<u8>,
    change: impl FnOnce(&mut Request<Body>),
) -> (response::Parts, Bytes) {
    let service = TableStore::new("http://127.0.0.1", &bed.cloud.settings().instance).unwrap();
    let uri = format!("http://127.0.0.1/{operation}");
    let mut request = Request::post(uri).body(Body::from(Bytes::from(body))).unwrap();
    change(&mut request);
    let now = DateTime::from_timestamp_millis(bed.now.load(Ordering::SeqCst)).unwrap();
    let signing = Signing { credentials: &bed.cloud.credentials(), now, nonce: "", place: Place::Header };
    service.sign(&mut request, &signing).unwrap();
    let (parts, body) = bed.cloud.table_store_transport().send(request).await.unwrap().into_parts();
    (parts, body.collect(ANSWER).await.unwrap())
}
