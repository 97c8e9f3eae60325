//! A cloud with a clock of its own, a wire that counts its requests, and a small table with known content.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use campaign_client::{Body, Clock, Download, Retry, Transport, TransportError};
use campaign_local::{Local, data::Settings, store::Store};
use campaign_tablestore::schema::{KeyType, TableMeta};
use campaign_tablestore::search::{
    Analyzer, FieldSchema, FieldType, IndexSchema, Query, VectorDataType, VectorMetric, VectorOptions,
};
use campaign_tablestore::{
    Client, Code, CreateSearchIndex, CreateTable, DescribeSearchIndex, PrimaryKey, PutRow, Row, Search, TableStore,
};
use chrono::DateTime;
use futures_util::TryStreamExt;

/// 2026-11-11.
const START: i64 = 1_794_355_200_000;
pub(crate) const TABLE: &str = "books";
pub(crate) const INDEX: &str = "by_content";

/// Keeps the name of each request that passes.
#[derive(Debug)]
struct Wire {
    server: Box<dyn Transport>,
    sent: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        self.sent.lock().unwrap().push(request.uri().path().trim_start_matches('/').to_owned());
        self.server.send(request).await
    }
}

pub(crate) struct Bed {
    pub(crate) local: Local,
    pub(crate) client: Client,
    wire: Arc<Wire>,
    now: Arc<AtomicI64>,
}

impl Bed {
    /// An empty cloud in memory.
    pub(crate) async fn empty() -> Self {
        Self::over(Store::in_memory().unwrap(), Settings::generate().unwrap(), Arc::new(AtomicI64::new(START))).await
    }

    /// A cloud over `store`, at the time that `now` holds.
    pub(crate) async fn over(store: Store, settings: Settings, now: Arc<AtomicI64>) -> Self {
        let shown = Arc::clone(&now);
        let clock = Clock::new(move || DateTime::from_timestamp_millis(shown.load(Ordering::SeqCst)).unwrap());
        let local = Local::builder().clock(clock.clone()).settings(settings).store(store).start().await.unwrap();
        let wire = Arc::new(Wire { server: Box::new(local.table_store_transport()), sent: Mutex::new(Vec::new()) });
        let retry = Retry::default().attempts(8).attempt_timeout(Duration::from_millis(300));
        let client = Client::builder(TableStore::new("http://127.0.0.1", &local.settings().instance).unwrap())
            .credentials(local.credentials())
            .transport(Arc::clone(&wire))
            .clock(clock)
            .retry(retry)
            .build()
            .unwrap();
        Self { local, client, wire, now }
    }

    /// A cloud with the books below.
    pub(crate) async fn books() -> Self {
        let bed = Self::empty().await;
        bed.make().await;
        for row in books() {
            bed.client.send(&PutRow::new(TABLE, row)).await.unwrap();
        }
        bed
    }

    /// A cloud whose table has `count` rows that differ in their number only.
    pub(crate) async fn numbered(count: i64) -> Self {
        let bed = Self::empty().await;
        bed.make().await;
        for n in 0..count {
            let row =
                Row::new(key(&format!("{n:05}"))).with("pages", n).with("state", if n % 3 == 0 { "x" } else { "y" });
            bed.client.send(&PutRow::new(TABLE, row)).await.unwrap();
        }
        bed.forget();
        bed
    }

    /// Makes the table and its index, and waits until it can be searched.
    pub(crate) async fn make(&self) {
        self.client.send(&CreateTable::new(TableMeta::new(TABLE).key("id", KeyType::String))).await.unwrap();
        self.client.send(&CreateSearchIndex::new(TABLE, INDEX, schema())).await.unwrap();
        for _ in 0..100 {
            if self.client.send(&DescribeSearchIndex::new(TABLE, INDEX)).await.unwrap().is_ready() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the index does not come");
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    pub(crate) fn wait(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// How many requests of `operation` were sent.
    pub(crate) fn sent(&self, operation: &str) -> usize {
        self.wire.sent.lock().unwrap().iter().filter(|name| *name == operation).count()
    }

    pub(crate) fn forget(&self) {
        self.wire.sent.lock().unwrap().clear();
    }

    /// The ids of the rows that `query` finds, in the order of the keys.
    pub(crate) async fn find(&self, query: impl Into<Query>) -> String {
        let rows = Search::new(TABLE, INDEX, query).rows(&self.client);
        ids(&rows.try_collect::<Vec<_>>().await.unwrap())
    }

    /// The ids of one page, in its order.
    pub(crate) async fn page(&self, search: Search) -> String {
        ids(&self.client.send(&search).await.unwrap().rows().unwrap())
    }
}

pub(crate) fn search(query: impl Into<Query>) -> Search {
    Search::new(TABLE, INDEX, query)
}

pub(crate) fn key(id: &str) -> PrimaryKey {
    PrimaryKey::new().with("id", id)
}

pub(crate) fn id(row: &Row) -> &str {
    row.key("id").unwrap().as_str().unwrap()
}

pub(crate) fn ids(rows: &[Row]) -> String {
    rows.iter().map(id).collect::<Vec<_>>().join(" ")
}

/// The code of a refusal.
pub(crate) fn code<T>(result: campaign_client::Result<T>) -> Option<Code> {
    match result {
        Ok(_) => None,
        Err(error) => Some(Code::of(&error).unwrap_or_else(|| panic!("no answer of the service: {error:?}"))),
    }
}

pub(crate) fn schema() -> IndexSchema {
    let words = Analyzer::SingleWord { case_sensitive: None, delimit_word: None };
    let sorted = |name, kind| FieldSchema::new(name, kind).sort_and_agg(true);
    let form = VectorOptions {
        data_type: Some(VectorDataType::Float32),
        dimension: Some(2),
        metric_type: Some(VectorMetric::Euclidean),
    };
    let fields = [
        FieldSchema::new("title", FieldType::Text).analyzer(&words).enable_highlighting(true),
        FieldSchema::new("isbn", FieldType::FuzzyKeyword),
        sorted("state", FieldType::Keyword),
        sorted("pages", FieldType::Long),
        sorted("price", FieldType::Double),
        sorted("sold", FieldType::Boolean),
        sorted("place", FieldType::GeoPoint),
        sorted("day", FieldType::Date).date_format("yyyy-MM-dd"),
        sorted("tags", FieldType::Keyword).is_array(true),
        sorted("titles", FieldType::Keyword).source("title"),
        FieldSchema::new("form", FieldType::Vector).vector_options(form),
        FieldSchema::nested("parts", [sorted("name", FieldType::Keyword), sorted("size", FieldType::Long)]),
    ];
    IndexSchema::from_iter(fields)
}

/// Six books: `a` has everything, `f` nothing that is in the index.
pub(crate) fn books() -> [Row; 6] {
    [
        Row::new(key("a"))
            .with("title", "Summer night by the sea")
            .with("isbn", "978-a-1")
            .with("form", "[1.0,0.0]")
            .with("state", "open")
            .with("pages", 20)
            .with("price", 1.5)
            .with("sold", true)
            .with("place", "30.25,120.15")
            .with("day", "2026-11-01")
            .with("tags", r#"["red","blue"]"#)
            .with("parts", r#"[{"name":"x","size":1},{"name":"y","size":5}]"#),
        Row::new(key("b"))
            .with("title", "The sea, a summer and the night")
            .with("isbn", "978-b-2")
            .with("form", "[0.8,0.1]")
            .with("state", "open")
            .with("pages", 35)
            .with("price", 2.5)
            .with("sold", false)
            .with("place", "31.23,121.47")
            .with("day", "2026-11-02")
            .with("tags", r#"["blue"]"#)
            .with("parts", r#"[{"name":"x","size":5}]"#),
        Row::new(key("c"))
            .with("title", "Winter sea")
            .with("isbn", "979-c-1")
            .with("form", "[0.0,1.0]")
            .with("state", "closed")
            .with("pages", 50)
            .with("sold", true)
            .with("place", "39.90,116.40")
            .with("day", "2026-11-11")
            .with("tags", r#"["green"]"#)
            .with("parts", r#"[{"name":"y","size":1}]"#),
        Row::new(key("d"))
            .with("title", "夏の海 at night")
            .with("isbn", "979-d-2")
            .with("state", "closed")
            .with("pages", 18)
            .with("price", 4.0)
            .with("day", "2026-12-24"),
        Row::new(key("e"))
            .with("state", "withdrawn")
            .with("pages", 35)
            .with("price", 2.5)
            .with("sold", false)
            .with("place", "30.30,120.20"),
        Row::new(key("f")).with("note", "in no index"),
    ]
}
