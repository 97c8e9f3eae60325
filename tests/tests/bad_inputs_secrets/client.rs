//! The client of Table Store with canaries as secret, token and row.

use std::{
    error::Error as StdError,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{
    Body, Client, Clock, Credentials, Download, Error, ErrorKind, Operation, ProvideCredentials, Service, Signing,
    Transport, TransportError,
    credentials::{Cached, Profile},
    transport::{Hyper, InProcess},
};
use campaign_core::Pepper;
use campaign_fc::Credentials as FunctionCredentials;
use campaign_local::{
    data::Settings,
    fault::{Fault, FaultSettings, Faults, Hop, Moment, Scripted},
    function::{EnvValue, FunctionSpec, HostOptions, Process},
    store::Store,
    tablestore::Emulator,
};
use campaign_tablestore::{
    ColumnFilter, Condition, CreateTable, GetRow, PrimaryKey, PutRow, Row, TableStore,
    schema::{KeyType, TableMeta},
    sign::{SigningKey, derived_key},
};
use campaign_tests::{
    socket::{Reply, Socket, Then},
    tablestore::{INSTANCE, now},
};

use super::{canary::assert_absent, log};

pub(crate) const SECRET: &str = "sk-c4n4ry/8Gq0+ZrT5w";
const TOKEN: &str = "st-c4n4ry/Xv61+Lm9Yb==";
const ROW: &str = "row-c4n4ry Hd73jsUe 李";

pub(crate) fn keys() -> Credentials {
    Credentials::temporary("LTAI-not-secret", SECRET, TOKEN, None)
}

/// Fails if `text` shows a secret, or a signature of those that were sent.
fn assert_silent(what: &str, text: &str, signatures: &[String]) {
    assert!(!text.is_empty(), "{what}: nothing was written, so nothing was looked at");
    for secret in [SECRET, TOKEN, ROW].into_iter().chain(signatures.iter().map(String::as_str)) {
        assert_absent(secret, text);
    }
}

/// All that an error can be made to say.
pub(crate) fn said(error: &(dyn StdError + 'static)) -> String {
    let mut text = format!("{error} {error:#} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:#} {error:?} {error:#?}"));
        cause = error.source();
    }
    text
}

/// A transport that keeps the signatures of what goes through.
#[derive(Debug)]
struct Kept(Arc<dyn Transport>, Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Transport for Kept {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        for name in ["x-ots-signature", "x-ots-signaturev4"] {
            if let Some(value) = request.headers().get(name) {
                assert!(value.is_sensitive());
                self.1.lock().unwrap().push(value.to_str().unwrap().to_owned());
            }
        }
        self.0.send(request).await
    }
}

fn builder(service: TableStore, transport: impl Transport) -> (Client<TableStore>, Arc<Mutex<Vec<String>>>) {
    let signatures = Arc::<Mutex<Vec<String>>>::default();
    let kept = Kept(Arc::new(transport), Arc::clone(&signatures));
    let retry = service.retry().base(std::time::Duration::ZERO);
    let client = Client::builder(service).transport(kept).credentials(keys()).clock(Clock::fixed(now())).retry(retry);
    (client.build().unwrap(), signatures)
}

fn row() -> Row {
    Row::new(PrimaryKey::new().with("id", ROW)).with("name", ROW)
}

fn put() -> PutRow {
    PutRow::new("t", row()).condition(Condition::expect_not_exist())
}

/// The emulator as `secret` knows it, with a table, and its faults.
async fn emulated(service: TableStore, secret: &str) -> (Client<TableStore>, Arc<Mutex<Vec<String>>>, Faults) {
    let faults = Faults::new();
    let known = Credentials::temporary("LTAI-not-secret", secret, TOKEN, None);
    let store = Store::in_memory().unwrap();
    let clock = Clock::fixed(now());
    let emulator = Emulator::new(INSTANCE, "cn-hangzhou", [known], store, faults.clone(), clock).unwrap();
    assert_silent("the emulator", &format!("{emulator:?} {emulator:#?}"), &[]);
    let (client, signatures) = builder(service, InProcess::new(emulator.router()));
    (client, signatures, faults)
}

fn service() -> TableStore {
    TableStore::new("http://127.0.0.1:1", INSTANCE).unwrap()
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let cached = Cached::new(keys());
    cached.credentials(None).await.unwrap();
    let key = SigningKey::v2(SECRET);
    let v4 = SigningKey::v4(SECRET, "20261111", "cn-hangzhou");
    let derived = derived_key(SECRET, "20261111", "cn-hangzhou");
    let (client, ..) = emulated(service().v4("cn-hangzhou").unwrap(), SECRET).await;
    client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String))).await.unwrap();
    let mut request = put().request(client.service()).unwrap();
    let signing = Signing { credentials: &keys(), now: now(), nonce: "n", place: campaign_client::Place::Header };
    client.service().sign(&mut request, &signing).unwrap();
    let mut options = HostOptions::default();
    options.credentials = Some(FunctionCredentials::new("LTAI", SECRET, TOKEN));
    let mut process = Process::new("/bin/true");
    process.env.insert("KEY".to_owned(), EnvValue::from(SECRET));
    let mut settings = Settings::generate().unwrap();
    settings.access_key_secret = SECRET.into();
    settings.admin_token = TOKEN.into();
    let pepper = Pepper::new(SECRET.repeat(2)).unwrap();
    let shown = [
        format!("{:?} {:#?}", keys(), keys()),
        format!("{cached:?} {:?}", Profile::new("/f", "p")),
        format!("{key:?} {v4:?} {client:?} {:?}", client.service()),
        format!("{signing:?} {request:?} {request:#?}"),
        format!("{options:?} {:?} {settings:?} {pepper:?}", FunctionSpec::process("f", process)),
    ];
    for shown in shown {
        assert_silent("Debug", &shown, &[derived.to_string()]);
    }
}

#[tokio::test]
async fn what_a_transport_says_holds_no_token() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let reset = Socket::new(vec![Reply { bytes: Bytes::from("HTTP/1.1 200 x\r\n"), then: Then::Reset }; 3]).await;
    let nonsense = Socket::new(vec![Reply { bytes: Bytes::from("no HTTP\r\n\r\n"), then: Then::Close }; 3]).await;
    for endpoint in [closed.as_str(), reset.endpoint(), nonsense.endpoint()] {
        let service = TableStore::new(endpoint, INSTANCE).unwrap();
        let (client, signatures) = builder(service, Hyper::new().unwrap());
        let error = client.send(&put()).await.unwrap_err();
        assert!(error.source().is_some_and(|cause| cause.is::<TransportError>()), "{error:?}");
        assert_silent(endpoint, &said(&error), &signatures.lock().unwrap());
    }

    // A token that no header can hold is refused unseen.
    let broken = Credentials::temporary("id", SECRET, format!("{TOKEN}\n"), None);
    let client = Client::builder(service()).transport(Hyper::new().unwrap()).credentials(broken).build().unwrap();
    let error = client.send(&put()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_silent("a broken token", &said(&error), &[]);
}

/// Calls that fail in every layer: the arguments, the connection, the service, the answer; and all signatures sent.
async fn failures() -> (Vec<Error>, Vec<String>) {
    let (mut errors, mut sent) = (Vec::new(), Vec::new());
    for service in [|| service(), || service().v4("cn-hangzhou").unwrap()] {
        let (client, signatures, faults) = emulated(service(), SECRET).await;
        errors.push(client.send(&put()).await.unwrap_err());
        client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String))).await.unwrap();
        client.send(&put()).await.unwrap();
        let read = client.send(&GetRow::new("t", row().primary_key)).await.unwrap().row.unwrap();
        assert_eq!(read.get("name"), Some(&ROW.into()));

        errors.push(client.send(&put()).await.unwrap_err());
        let other = ColumnFilter::equal("name", format!("{ROW}, not"));
        errors.push(client.send(&put().condition(Condition::ignore().column(other))).await.unwrap_err());
        errors.push(client.send(&PutRow::new(ROW.repeat(20), row())).await.unwrap_err());
        errors.push(client.send(&PutRow::new("t", row().with("long", ROW.repeat(200_000)))).await.unwrap_err());
        errors.push(client.send(&PutRow::new("t", Row::new(PrimaryKey::new().with("other", ROW)))).await.unwrap_err());
        let cut = Fault::Cut(Moment::AfterCommit);
        let script = vec![Scripted { hop: Hop::TableStore, operation: None, key: None, fault: cut }; 3];
        faults.set(FaultSettings { plan: None, script }).unwrap();
        errors.push(client.send(&put().condition(Condition::ignore())).await.unwrap_err());
        let (wrong, refused, _) = emulated(service(), "another secret").await;
        errors.push(wrong.send(&put()).await.unwrap_err());
        sent.extend(signatures.lock().unwrap().iter().chain(refused.lock().unwrap().iter()).cloned());
    }
    assert_eq!(errors.len(), 16);
    (errors, sent)
}

#[tokio::test]
async fn no_error_and_none_of_its_causes_holds_a_secret() {
    let (errors, sent) = failures().await;
    for error in errors {
        assert_silent("an error", &said(&error), &sent);
    }
}

#[tokio::test]
async fn the_log_at_its_finest_holds_no_secret() {
    let log = log();
    let (_, mut sent) = failures().await;
    // The same over a socket, where the HTTP library logs too.
    let garbled = Reply {
        bytes: Bytes::from("HTTP/1.1 503 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
        then: Then::Close,
    };
    let socket = Socket::new(vec![garbled; 3]).await;
    let (client, signatures) = builder(TableStore::new(socket.endpoint(), INSTANCE).unwrap(), Hyper::new().unwrap());
    client.send(&put()).await.unwrap_err();
    sent.append(&mut signatures.lock().unwrap());
    let text = log.text();
    assert!(text.contains("operation=\"PutRow\"") && text.contains("TRACE"), "the log is not at its finest: {text}");
    assert_silent("the log", &text, &sent);
}

#[tokio::test]
async fn a_panic_says_no_secret() {
    /// Panics with a signed request in its hands.
    #[derive(Debug)]
    struct Panicking;

    #[async_trait]
    impl Transport for Panicking {
        async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
            panic!("a bug with {request:?}");
        }
    }

    let said = |panic: tokio::task::JoinError| *panic.into_panic().downcast::<String>().unwrap();
    let (client, signatures) = builder(service(), Panicking);
    let one = said(tokio::spawn(async move { client.send(&put()).await }).await.unwrap_err());
    let (client, more, _) = emulated(service(), "another secret").await;
    let two = said(tokio::spawn(async move { drop(client.send(&put()).await.unwrap()) }).await.unwrap_err());
    let three = said(tokio::spawn(async { panic!("unexpected: {:?}", keys()) }).await.unwrap_err());
    let sent = [signatures.lock().unwrap().clone(), more.lock().unwrap().clone()].concat();
    assert_eq!(sent.len(), 2);
    for panic in [one, two, three] {
        assert_silent("a panic", &panic, &sent);
    }
}

/// Ambiguous, and so not compiled, for a type that can be serialised.
macro_rules! assert_not_serialisable {
    ($($type:ty),+) => {
        $({
            trait Ambiguous<A> {
                const NONE: usize = 1;
            }
            impl<T> Ambiguous<()> for T {}
            struct Serialisable;
            impl<T: serde::Serialize> Ambiguous<Serialisable> for T {}
            assert_eq!(<$type as Ambiguous<_>>::NONE, 1);
        })+
    };
}

#[test]
fn what_holds_a_secret_cannot_be_serialised() {
    assert_not_serialisable!(Credentials, FunctionCredentials, Settings, EnvValue, FunctionSpec, Pepper, SigningKey);
}

#[test]
fn a_credentials_file_that_is_broken_is_not_quoted() {
    use std::io::Write as _;
    for line in [
        format!("access_key_secret={SECRET}\u{1}"),
        format!("access_key_secret {SECRET}"),
        SECRET.to_owned(),
        format!("access_key_secret={SECRET}\u{feff}"),
        format!("[{SECRET}"),
    ] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "[default]\naccess_key_id={TOKEN}\n{line}\n").unwrap();
        match Profile::new(file.path(), "default").read() {
            Err(error) => assert_silent(&line, &said(&error), &[]),
            Ok(keys) => assert_silent(&line, &format!("{keys:?}"), &[]),
        }
    }
    let error = Profile::new("/dev/null", "default").read();
    assert_silent("an empty file", &said(&error.unwrap_err()), &[]);
}
