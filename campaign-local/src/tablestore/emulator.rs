//! From an HTTP request to an HTTP answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use campaign_client::transport::Dropped;
use campaign_client::{Clock, Credentials};
use campaign_tablestore::server::{Caller, Known, Refusal, admit, complete, deflate_answer, inflate_request};
use campaign_tablestore::sign::header::SIGN_REGION;
use campaign_tablestore::{Code, TableStore};
use http::{HeaderValue, Uri, header, request};

use crate::fault::Faults;
use crate::store::{Store, StoreError};
use crate::tablestore::check::invalid;
use crate::tablestore::index::calls::fill_indexes;
use crate::tablestore::operations::{Cloud, Stop, find};
use crate::tablestore::options::TableStoreOptions;
use crate::tablestore::partition::Partitions;
use crate::tablestore::table::calls::finish_removals;

/// Bytes of a request (service document "General limits").
pub const MAX_REQUEST_BYTES: usize = 5 << 20;

/// The emulated service: one instance.
#[derive(Clone, Debug)]
pub struct Emulator {
    cloud: Arc<Cloud>,
    instance: Arc<str>,
    region: Arc<str>,
    keys: Arc<[Credentials]>,
}

impl Emulator {
    /// The instance `instance` in `region` over `store`, for whoever signs with one of `keys`.
    ///
    /// # Errors
    /// When `instance` is not the name of one.
    pub fn new(
        instance: &str,
        region: &str,
        keys: impl IntoIterator<Item = Credentials>,
        store: Store,
        faults: Faults,
        clock: Clock,
    ) -> campaign_client::Result<Self> {
        // Operations are read and written as this service's; it is never called.
        let service = Arc::new(TableStore::new("http://127.0.0.1", instance)?);
        let (options, transactions) = (TableStoreOptions::default(), Arc::default());
        let partitions = Partitions::new(options);
        let cloud = Arc::new(Cloud {
            service,
            store,
            faults,
            clock,
            options,
            transactions,
            partitions,
            writing: Arc::default(),
        });
        Ok(Self { cloud, instance: instance.into(), region: region.into(), keys: keys.into_iter().collect() })
    }

    /// The same hurting as `options` say. To be called before there are clones.
    #[must_use]
    pub fn options(mut self, options: TableStoreOptions) -> Self {
        let cloud = &self.cloud;
        self.cloud = Arc::new(Cloud {
            service: Arc::clone(&cloud.service),
            store: cloud.store.clone(),
            faults: cloud.faults.clone(),
            clock: cloud.clock.clone(),
            options,
            transactions: Arc::clone(&cloud.transactions),
            partitions: Partitions::new(options),
            writing: Arc::clone(&cloud.writing),
        });
        self
    }

    /// Ends what an earlier process began: the rows of deleted tables, indexes that lack rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn restore(&self) -> Result<(), StoreError> {
        finish_removals(&self.cloud.store).await?;
        fill_indexes(self.cloud.store.clone(), Arc::clone(&self.cloud.service), Duration::ZERO).await;
        Ok(())
    }

    /// The service: all paths and methods are its own to judge.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    fn known(&self, id: &str) -> Known {
        let found = self.keys.iter().find(|key| key.access_key_id() == id);
        found.map_or(Known::No, |key| Known::Key(key.clone()))
    }

    /// Who sent the request, if it may be served.
    fn admit(&self, parts: &request::Parts, body: &[u8]) -> Result<Caller, Refusal> {
        let caller = admit(&self.instance, parts, body, self.cloud.clock.now(), |id| self.known(id))?;
        let region = parts.headers.get(SIGN_REGION).map(HeaderValue::as_bytes);
        if region.is_some_and(|region| region != self.region.as_bytes()) {
            return Err(Refusal::new(Code::AuthFailed, "Signature mismatch."));
        }
        Ok(caller)
    }

    async fn run(&self, parts: request::Parts, body: Bytes) -> Result<http::Response<Bytes>, Stop> {
        let name = parts.uri.path().trim_start_matches('/').to_owned();
        let Some(run) = find(&name) else {
            return Err(invalid(format!("Unsupported operation: {}.", crate::log::printable(&name))).into());
        };
        let body = inflate_request(&parts, body, MAX_REQUEST_BYTES as u64)?;
        run(Arc::clone(&self.cloud), parts, body).await
    }
}

async fn answer(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (path, headers) = (parts.uri.clone(), parts.headers.clone());
    let Ok(body) = to_bytes(body, MAX_REQUEST_BYTES).await else {
        let refusal = Refusal::new(Code::RequestBodyTooLarge, "The request body is larger than 5 MB.");
        return finish(&emulator, refusal.response(), &path, None);
    };
    let caller = match emulator.admit(&parts, &body) {
        Ok(caller) => caller,
        Err(refusal) => {
            tracing::debug!(%refusal, "a Table Store request was not admitted");
            return finish(&emulator, refusal.response(), &path, None);
        }
    };
    let mut response = match emulator.run(parts, body).await {
        Ok(response) => response,
        Err(Stop::Refused(refusal)) => refusal.response(),
        Err(Stop::Busy { retry_after }) => {
            let mut response = Refusal::new(Code::ServerBusy, "Server is busy.").response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            response
        }
        Err(Stop::Cut) => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Dropped);
            return response;
        }
    };
    deflate_answer(&headers, &mut response);
    finish(&emulator, response, &path, Some(&caller))
}

fn finish(emulator: &Emulator, mut response: http::Response<Bytes>, uri: &Uri, caller: Option<&Caller>) -> Response {
    complete(&mut response, uri.path(), caller, &request_id(), emulator.cloud.clock.now());
    response.map(Body::from)
}

/// An id that no other request has.
fn request_id() -> String {
    let mut id = [0_u8; 16];
    // Without random numbers the id says nothing; the request is none the worse.
    let _ = getrandom::fill(&mut id);
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
