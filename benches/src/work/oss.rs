//! OSS: signing with V4, objects of 1 KiB, the floor under them, and peers.

use std::{net::SocketAddr, rc::Rc, sync::LazyLock};

use bytes::Bytes;
use campaign_client::{Body, Client, Credentials, Operation, Place, Service, Signing};
use campaign_oss::{GetObject, Oss, PutObject};
use chrono::Utc;
use http::{HeaderValue, Method, Response};

use super::{Run, repeat_async};

const KEY_ID: &str = "LTAI5tExampleExample0001";
const SECRET: &str = "anExampleSecretOfThirtyCharacters";
const REGION: &str = "cn-hangzhou";
const BUCKET: &str = "campaign-site";
const KEY: &str = "assets/app.3f1c9b.js";
const KIND: &str = "text/javascript; charset=utf-8";

/// What is put and got.
static OBJECT: LazyLock<Bytes> = LazyLock::new(|| (0..1024_u32).map(|n| n.to_le_bytes()[0]).collect());

pub(super) fn find(name: &str, server: Option<SocketAddr>) -> Option<Run> {
    let at = server.map(|at| format!("http://{at}"));
    Some(match name {
        "sign" => sign(),
        "put" => put(&at?),
        "get" => get(&at?),
        "floor-put" => floor_put(&at?),
        "floor-get" => floor_get(&at?),
        #[cfg(feature = "peers")]
        name => return peer::find(name, server),
        #[cfg(not(feature = "peers"))]
        _ => return None,
    })
}

fn put_object() -> PutObject {
    PutObject::new(BUCKET, KEY, OBJECT.clone()).content_type(KIND)
}

/// One PUT signed again and again within a day, as a client does it: the key of the day is kept.
fn sign() -> Run {
    let oss = Oss::new("https://oss-cn-hangzhou.aliyuncs.com", REGION).expect("the endpoint is one");
    let call = put_object().metadata("campaign", "double11");
    let mut request = call.request(&oss).expect("the object can be put");
    let credentials = Credentials::new(KEY_ID, SECRET);
    let now = Utc::now();
    Box::new(move |times| {
        let signing = Signing { credentials: &credentials, now, nonce: "", place: Place::Header };
        for _ in 0..times {
            oss.sign(std::hint::black_box(&mut request), &signing).expect("the request can be signed");
        }
    })
}

fn client(endpoint: &str) -> Client<Oss> {
    let oss = Oss::new(endpoint, REGION).expect("the endpoint is one");
    Client::builder(oss).credentials(Credentials::new(KEY_ID, SECRET)).build().expect("the client can be built")
}

fn put(endpoint: &str) -> Run {
    let (client, call) = (client(endpoint), Rc::new(put_object()));
    repeat_async(1, move || {
        let (client, call) = (client.clone(), Rc::clone(&call));
        async move {
            client.send(&*call).await.expect("the object is put");
        }
    })
}

fn get(endpoint: &str) -> Run {
    let (client, call) = (client(endpoint), Rc::new(GetObject::new(BUCKET, KEY)));
    repeat_async(1, move || {
        let (client, call) = (client.clone(), Rc::clone(&call));
        async move {
            let object = client.send(&*call).await.expect("the object is got");
            assert_eq!(object.body.len(), OBJECT.len());
        }
    })
}

/// The headers that our client sends, signed once.
fn headers(endpoint: &str, request: http::Request<Body>) -> Vec<(String, String)> {
    let oss = Oss::new(endpoint, REGION).expect("the endpoint is one");
    let (credentials, mut request) = (Credentials::new(KEY_ID, SECRET), request);
    let signing = Signing { credentials: &credentials, now: Utc::now(), nonce: "", place: Place::Header };
    oss.sign(&mut request, &signing).expect("the request can be signed");
    let text = |value: &HeaderValue| value.to_str().expect("it is text").to_owned();
    request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn floor_put(endpoint: &str) -> Run {
    let oss = Oss::new(endpoint, REGION).expect("the endpoint is one");
    let headers = headers(endpoint, put_object().request(&oss).expect("the object can be put"));
    floor(reqwest::Method::PUT, endpoint, headers, Some(OBJECT.clone()))
}

fn floor_get(endpoint: &str) -> Run {
    let oss = Oss::new(endpoint, REGION).expect("the endpoint is one");
    let headers = headers(endpoint, GetObject::new(BUCKET, KEY).request(&oss).expect("the object can be got"));
    floor(reqwest::Method::GET, endpoint, headers, None)
}

/// The floor: reqwest with the same bytes and headers, as commonly written.
fn floor(method: reqwest::Method, endpoint: &str, headers: Vec<(String, String)>, body: Option<Bytes>) -> Run {
    let (client, url) = (reqwest::Client::new(), format!("{endpoint}/{BUCKET}/{KEY}"));
    repeat_async(1, move || {
        let mut request = client.request(method.clone(), &url);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        if let Some(body) = &body {
            request = request.body(body.clone());
        }
        let sent = request.send();
        async move {
            let response = sent.await.and_then(reqwest::Response::error_for_status).expect("the answer comes");
            response.bytes().await.expect("the answer is whole");
        }
    })
}

/// The answer of the server to a request.
pub(crate) fn answer(request: &http::request::Parts) -> Option<Response<Bytes>> {
    static CRC: LazyLock<String> = LazyLock::new(|| campaign_oss::crc64::checksum(&OBJECT).to_string());
    if !request.uri.path().ends_with(KEY) {
        return None;
    }
    let response = Response::builder()
        .header("x-oss-request-id", "5C3D9175B6FC201293AD0003")
        .header("etag", "\"5D41402ABC4B2A76B9719D911017C592\"")
        .header("x-oss-hash-crc64ecma", CRC.as_str());
    let response = match request.method {
        Method::PUT => response.body(Bytes::new()),
        _ => response
            .header("content-type", KIND)
            .header("last-modified", "Wed, 11 Nov 2026 07:00:00 GMT")
            .header("x-oss-object-type", "Normal")
            .header("x-oss-storage-class", "Standard")
            .body(OBJECT.clone()),
    };
    response.ok()
}

#[cfg(feature = "peers")]
mod peer {
    //! ali-oss-rs, opendal, and reqsign, which signs for opendal.

    use std::{net::SocketAddr, rc::Rc};

    use ali_oss_rs::{
        Client, ClientBuilder,
        object::ObjectOperations,
        request::{OssRequest, RequestMethod},
    };
    use opendal::{Operator, services};
    use reqsign_aliyun_oss::{RequestSigner, SigningVersion, StaticCredentialProvider};
    use reqsign_core::{Context, Signer};

    use super::{BUCKET, KEY, KEY_ID, KIND, OBJECT, REGION, Run, SECRET, repeat_async};
    use crate::work::{repeat, runtime};

    pub(super) fn find(name: &str, server: Option<SocketAddr>) -> Option<Run> {
        Some(match name {
            "reqsign-clone" => {
                let head = head();
                repeat(move || head.clone())
            }
            // It signs a head in place and takes none that is signed already, so that the head has to be cloned first.
            "reqsign-clone-sign" => {
                let (head, runtime) = (head(), runtime());
                let keys = StaticCredentialProvider::new(KEY_ID, SECRET);
                let signer = RequestSigner::new(BUCKET).with_region(REGION).with_signing_version(SigningVersion::V4);
                let signer = Signer::new(Context::new(), keys, signer);
                Box::new(move |times| {
                    runtime.block_on(async {
                        for _ in 0..times {
                            let mut head = head.clone();
                            signer.sign(&mut head, None).await.expect("the head can be signed");
                            std::hint::black_box(head);
                        }
                    });
                })
            }
            "ali-make" => repeat(request),
            // Its request is used up by being signed and is no `Clone`, so that it has to be made first.
            "ali-make-sign" => {
                let client = client(server?);
                repeat(move || client.presign_raw_request(request()))
            }
            "opendal-put" => {
                let operator = operator(server?);
                repeat_async(1, move || {
                    let operator = operator.clone();
                    async move {
                        let put = operator.write_with(KEY, OBJECT.clone()).content_type(KIND);
                        put.await.expect("the object is put");
                    }
                })
            }
            "opendal-get" => {
                let operator = operator(server?);
                repeat_async(1, move || {
                    let operator = operator.clone();
                    async move {
                        let object = operator.read(KEY).await.expect("the object is got");
                        assert_eq!(object.len(), OBJECT.len());
                    }
                })
            }
            "ali-put" => {
                let client = Rc::new(client(server?));
                repeat_async(1, move || {
                    let client = Rc::clone(&client);
                    async move {
                        let put = client.put_object_from_buffer(BUCKET, KEY, OBJECT.to_vec(), None);
                        put.await.expect("the object is put");
                    }
                })
            }
            "ali-get" => {
                let client = Rc::new(client(server?));
                repeat_async(1, move || {
                    let client = Rc::clone(&client);
                    async move {
                        client.get_object_to_buffer(BUCKET, KEY, None).await.expect("the object is got");
                    }
                })
            }
            _ => return None,
        })
    }

    fn head() -> http::request::Parts {
        let head = http::Request::put(format!("https://{BUCKET}.oss-cn-hangzhou.aliyuncs.com/{KEY}"))
            .header("content-type", KIND)
            .header("x-oss-meta-campaign", "double11")
            .body(());
        head.expect("the head is one").into_parts().0
    }

    /// The same head as ali-oss-rs has it.
    fn request() -> OssRequest {
        let request = OssRequest::new().method(RequestMethod::Put).bucket(BUCKET).object(KEY).content_type(KIND);
        request.add_header("x-oss-meta-campaign", "double11")
    }

    fn operator(server: SocketAddr) -> Operator {
        let oss = services::Oss::default().endpoint(&format!("http://{server}")).addressing_style("path");
        let oss = oss.bucket(BUCKET).access_key_id(KEY_ID).access_key_secret(SECRET);
        Operator::new(oss).expect("the operator can be built").finish()
    }

    /// It puts the bucket before the host, whose name is therefore resolved to the server here.
    fn client(server: SocketAddr) -> Client {
        let host = format!("{BUCKET}.oss.example");
        let http =
            ali_oss_rs::reqwest::Client::builder().resolve(&host, server).build().expect("the client can be built");
        let client = ClientBuilder::new(KEY_ID, SECRET, format!("http://oss.example:{}", server.port()));
        client.region(REGION).scheme("http").client(http).build().expect("the client can be built")
    }
}
