//! The main job in parts: entries through gateway and function into Table Store, the function alone, the client alone.

use std::{cell::Cell, fmt, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{Body, Download, Transport, TransportError, transport::Hyper};
use campaign_core::{Intake, Pepper, Sent, form::Guard};
use campaign_fc::{Runtime, handler};
use campaign_local::{
    Local,
    function::{FunctionSpec, Functions, HostOptions, InProcess},
    gateway::{Model, ModelCheck, Route},
};
use campaign_tablestore::{EntryTable, TableStore};
use http::{Request, Response, StatusCode};

use super::{Run, form::campaign, runtime, tablestore};

const PATH: &str = "/campaigns/double11/entries";

pub(super) fn find(name: &str, server: Option<SocketAddr>) -> Option<Run> {
    Some(match name {
        "all" => all(),
        "function" => function(),
        "client" => client(&format!("http://{}", server?)),
        _ => return None,
    })
}

/// The `n`th entry as a page sends it: no two are the same.
fn entry(n: u64, origin: &str) -> Request<Bytes> {
    let body = format!(
        r#"{{"name":"Example Person {n}","email":"person.{n:08}@mail.example.net","country":"CN","born":"1990-12-10","size":"XL","comment":"One line of a comment.","terms":"tc-2026-11-01","utm_source":"newsletter"}}"#
    );
    let request = Request::post(format!("{origin}{PATH}"))
        .header("content-type", "application/json")
        .header("idempotency-key", format!("5eed0000-0000-4000-8000-{n:012}"))
        .body(body.into());
    request.expect("the request is one")
}

/// The function of the example: takes entries into the table.
fn runtime_of(client: &Client) -> InProcess {
    let store = EntryTable::new(client, "entries_double11");
    let pepper = Pepper::new([7; 32]).expect("it is long enough");
    let intake = Arc::new(Intake::new(campaign(), pepper, Arc::new(store)));
    let answer = handler(move |request: Request<Bytes>| {
        let intake = Arc::clone(&intake);
        async move {
            let key = request.headers().get("idempotency-key").map(|key| key.as_bytes());
            let answer = intake.submit(Sent { key, body: request.body() }).await;
            let mut response = Response::new(answer.body);
            *response.status_mut() =
                StatusCode::from_u16(answer.status).expect("the intake answers with legal statuses");
            for (name, value) in answer.headers {
                response.headers_mut().insert(name, value.try_into().expect("the intake answers with legal headers"));
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    InProcess::new(Runtime::new(answer))
}

type Client = campaign_tablestore::Client;

/// Entries through the gateway, the function and the Table Store of the local cloud, in one thread and in memory.
fn all() -> Run {
    let runtime = runtime();
    let (gateway, cloud) = runtime.block_on(async {
        let cloud = Local::builder().start().await.expect("the cloud starts");
        let (instance, region) = (cloud.settings().instance.clone(), cloud.settings().region.clone());
        let service = TableStore::new("http://127.0.0.1", &instance).and_then(|service| service.v4(&region));
        let client = Client::builder(service.expect("the settings are such"))
            .credentials(cloud.credentials())
            .transport(cloud.table_store_transport())
            .build()
            .expect("the client can be built");
        let table = EntryTable::new(&client, "entries_double11");
        table.create(Duration::from_secs(30 * 86_400)).await.expect("the table can be made");
        let function = FunctionSpec::in_process("intake", runtime_of(&client));
        cloud.functions().set(function).await.expect("the function can be set");
        let model = Model::new(ModelCheck::Loose, campaign().form().draft04(Guard::Loose));
        let route = Route::new("POST", "/campaigns/{id}/entries", "intake").model(model);
        cloud.routes().set(route).expect("the route can be set");
        (Arc::new(cloud.gateway_transport()) as Arc<dyn Transport>, cloud)
    });
    let sent = Cell::new(0);
    Box::new(move |times| {
        let _ = &cloud;
        runtime.block_on(async {
            for _ in 0..times {
                sent.set(sent.get() + 1);
                let request = entry(sent.get(), "http://127.0.0.1").map(Body::from);
                let response = gateway.send(request).await.expect("the gateway answers");
                assert_eq!(response.status(), StatusCode::CREATED);
                response.into_body().collect(1 << 16).await.expect("the answer is whole");
            }
        });
    })
}

/// A Table Store that has every row put: an answer made before, for every request.
struct Canned(Response<Bytes>);

impl fmt::Debug for Canned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canned")
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, _: Request<Body>) -> Result<Response<Download>, TransportError> {
        Ok(self.0.clone().map(Download::from))
    }
}

/// The function alone, called by its host: intake, check, the Table Store client up to its transport.
fn function() -> Run {
    let runtime = runtime();
    let client = Client::builder(tablestore::service("http://127.0.0.1", true))
        .credentials(tablestore::credentials())
        .transport(Canned(tablestore::answer_v4()))
        .build()
        .expect("the client can be built");
    let functions = Functions::new(HostOptions::default());
    let spec = FunctionSpec::in_process("intake", runtime_of(&client));
    runtime.block_on(functions.set(spec)).expect("the function can be set");
    let sent = Cell::new(0);
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                sent.set(sent.get() + 1);
                let request = entry(sent.get(), "http://127.0.0.1");
                let response = functions.http("intake", request).await.expect("the function answers");
                assert_eq!(response.status(), StatusCode::CREATED);
            }
        });
    })
}

/// The client alone: an entry made and sent over a socket, the answer read.
fn client(origin: &str) -> Run {
    let (runtime, transport, origin) = (runtime(), Hyper::new().expect("the client can be built"), origin.to_owned());
    let sent = Rc::new(Cell::new(0));
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                sent.set(sent.get() + 1);
                let response =
                    transport.send(entry(sent.get(), &origin).map(Body::from)).await.expect("the server answers");
                assert_eq!(response.status(), StatusCode::CREATED);
                response.into_body().collect(1 << 16).await.expect("the answer is whole");
            }
        });
    })
}

/// The answer of the server to an entry.
pub(crate) fn answer(request: &http::request::Parts) -> Option<Response<Bytes>> {
    let body = r#"{"receipt":"01K9RQ7V5ZC4T8N2M6P3X1Y0AB","received_at":"2026-11-11T07:00:00Z"}"#;
    let answer =
        Response::builder().status(StatusCode::CREATED).header("content-type", "application/json").body(body.into());
    answer.ok().filter(|_| request.uri.path() == PATH)
}
