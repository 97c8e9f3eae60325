//! What is refused, and in which words.

use bytes::Bytes;
use campaign_client::{Body, Class, Clock, Credentials, Operation, Result, Retry, Transport};
use campaign_tablestore::plain_buffer::Encode as _;
use campaign_tablestore::schema::{KeyType, TableMeta};
use campaign_tablestore::{
    Client, Code, CreateTable, DescribeTable, GetRow, KeyValue, PrimaryKey, PutRow, Row, TableStore,
};
use chrono::DateTime;
use http::{Request, response};

use crate::{START, bed_with_table, key, put, row, signed};

/// A PutRow that nobody looked at before it was sent.
struct Unchecked(Bytes);

impl Unchecked {
    /// The message by hand (service document "PutRow"): table, row, and a condition that ignores whether the row exists.
    fn put(table: &str, row: &Row) -> Self {
        fn field(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
            out.push(tag << 3 | 2);
            let mut length = content.len();
            while length > 0x7f {
                out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
                length >>= 7;
            }
            out.push(u8::try_from(length).unwrap());
            out.extend(content);
        }
        let mut out = Vec::new();
        field(&mut out, 1, table.as_bytes());
        field(&mut out, 2, &row.to_bytes());
        field(&mut out, 3, &[0x08, 0]);
        Self(out.into())
    }
}

impl Operation for Unchecked {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "PutRow";

    fn class(&self) -> Class {
        Class::Once
    }

    fn request(&self, service: &TableStore) -> Result<Request<Body>> {
        let request = put("a").request(service)?;
        Ok(request.map(|_| Body::from(self.0.clone())))
    }

    fn response(&self, _: &response::Parts, _: Bytes) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_in_the_services_words() {
    let bed = bed_with_table().await;
    let parameter = |text: &str| (Code::ParameterInvalid, text.to_owned());
    let pk = |text: &str| (Code::InvalidPk, text.to_owned());
    let with = |row: Row| PutRow::new("t", row);

    let two = PrimaryKey::new().with("id", "a").with("n", 1);
    assert_eq!(bed.refused(with(Row::new(two))).await, pk("Validate PK size fail. Input: 2, Meta: 1."));
    let other = PrimaryKey::new().with("di", "a");
    assert_eq!(bed.refused(with(Row::new(other))).await, pk("Validate PK name fail. Input: di, Meta: id."));
    let number = PrimaryKey::new().with("id", 1);
    assert_eq!(
        bed.refused(with(Row::new(number))).await,
        pk("Validate PK type fail. Input: VT_INTEGER, Meta: VT_STRING.")
    );
    let long = "x".repeat(1025);
    assert_eq!(
        bed.refused(Unchecked::put("t", &Row::new(key(&long)))).await,
        parameter("The length of primary key column: 'id' exceeds the MaxLength:1024 with CurrentLength:1025.")
    );
    let bound = PrimaryKey::new().with("id", KeyValue::InfMax);
    assert_eq!(
        bed.refused(GetRow::new("t", bound)).await,
        parameter("VT_INF_MAX is an invalid type for the primary key.")
    );
    let value = "x".repeat((2 << 20) + 1);
    assert_eq!(
        bed.refused(Unchecked::put("t", &Row::new(key("a")).with("attr", value))).await,
        parameter("The length of attribute column: 'attr' exceeds the MaxLength:2097152 with CurrentLength:2097153.")
    );
    let wide = (0..1025).fold(Row::new(key("a")), |row, n| row.with(format!("c{n}"), 1));
    assert_eq!(
        bed.refused(Unchecked::put("t", &wide)).await,
        parameter("The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025.")
    );
    assert_eq!(
        bed.refused(with(Row::new(key("a")).with("d", f64::NAN))).await,
        parameter("NaN can't be set to double value.")
    );
    let late = Row::new(key("a")).with_version("v", 1, i64::MAX / 1000);
    assert_eq!(bed.refused(with(late)).await, parameter("Timestamp must be in range [0, INT64_MAX/1000)."));
    assert_eq!(bed.refused(with(row("a")).transaction_id("t-1")).await, parameter("TransactionID is invalid."));
    assert_eq!(
        bed.refused(DescribeTable::new("none")).await,
        (Code::ObjectNotExist, "Requested table does not exist.".to_owned())
    );
    assert_eq!(bed.refused(Unchecked::put("1t", &row("a"))).await, parameter("Invalid table name: '1t'."));
    let again = CreateTable::new(TableMeta::new("t").key("id", KeyType::String));
    assert_eq!(bed.refused(again).await, (Code::ObjectAlreadyExist, "Requested table already exists.".to_owned()));
    let doubled = CreateTable::new(TableMeta::new("u").key("a", KeyType::String).key("a", KeyType::String));
    assert_eq!(bed.refused(doubled).await, parameter("Duplicated primary key name: 'a'."));
    assert_eq!(bed.get("a").await, None, "nothing of all that was kept");
}

#[tokio::test]
async fn only_who_has_the_keys_is_served() {
    let bed = bed_with_table().await;
    let id = bed.cloud.settings().access_key_id.clone();
    for credentials in [Credentials::new(id, "wrong"), Credentials::new("unknown", "wrong")] {
        let client = Client::builder(TableStore::new("http://127.0.0.1", &bed.cloud.settings().instance).unwrap())
            .credentials(credentials)
            .transport(bed.cloud.table_store_transport())
            .clock(Clock::fixed(DateTime::from_timestamp_millis(START).unwrap()))
            .retry(Retry::never())
            .build()
            .unwrap();
        assert_eq!(Code::of(&client.send(&put("a")).await.unwrap_err()), Some(Code::AuthFailed));
    }
    assert_eq!(bed.get("a").await, None);
}

#[tokio::test]
async fn what_is_not_emulated_is_refused_and_every_answer_is_signed() {
    let bed = bed_with_table().await;
    let transport = bed.cloud.table_store_transport();
    for (change, message) in [
        ("/CreateDeliveryTask", "Unsupported operation: CreateDeliveryTask."),
        ("/SQLQuery", "Unsupported operation: SQLQuery."),
        ("/tunnel/create", "Unsupported operation: tunnel/create."),
        ("/PutRow", "Decompress request body failed: its form is not deflate."),
    ] {
        let request = signed(&bed, &put("a"), |request| {
            *request.uri_mut() = format!("http://127.0.0.1{change}").parse().unwrap();
            if change == "/PutRow" {
                request.headers_mut().insert("x-ots-request-compress-type", "gzip".parse().unwrap());
            }
        });
        let response = transport.send(request).await.unwrap();
        assert_eq!(response.status(), 400, "{change}");
        for header in ["x-ots-contentmd5", "x-ots-requestid", "x-ots-date", "x-ots-contenttype", "authorization"] {
            assert!(response.headers().contains_key(header), "{change}: no {header}");
        }
        let body = response.into_body().collect(1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains(message), "{change}: {text}");
    }
}
