//! What the gateway passes to the function and what it passes back.

use bytes::Bytes;
use campaign_apigw::{Code, header};
use campaign_fc::{GatewayEvent, GatewayResult};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};

use super::refusal::Refusal;
use super::route::{Mode, Route};
use crate::function::{Functions, InvokeError};

/// The caller: nothing but this computer reaches the gateway.
const CLIENT: HeaderValue = HeaderValue::from_static("127.0.0.1");

/// Calls the route's function.
pub(super) async fn forward(
    functions: &Functions,
    route: &Route,
    request: Request<Bytes>,
    parameters: Vec<(String, String)>,
) -> Result<Response<Bytes>, InvokeError> {
    match route.mode {
        Mode::HttpPassThrough => functions.http(&route.function, request).await,
        Mode::Event => {
            let event = GatewayEvent::from_request(&request, parameters);
            let event = serde_json::to_vec(&event).expect("texts in maps are always JSON");
            let result = functions.event(&route.function, event.into()).await?;
            GatewayResult::read(&result).and_then(GatewayResult::into_response).map_err(|_| InvokeError::BadAnswer {
                name: route.function.clone(),
                reason: "it is not a result for API Gateway",
            })
        }
    }
}

/// The gateway's headers for the function; what a caller sent under these names is not its to say.
pub(super) fn mark(headers: &mut HeaderMap, request_id: &HeaderValue) {
    remove(headers, |name| {
        name.starts_with("x-ca-proxy-signature") || name == "x-ca-request-id" || name == "x-ca-api-gateway"
    });
    headers.insert(header::API_GATEWAY, request_id.clone());
    headers.append(HeaderName::from_static("x-forwarded-for"), CLIENT);
    headers.insert(HeaderName::from_static("x-real-ip"), CLIENT);
    headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("http"));
    if let Some(host) = headers.get(http::header::HOST).cloned() {
        headers.insert(HeaderName::from_static("ca-host"), host);
    }
}

/// The function's answer as the caller gets it. The error headers are the gateway's alone: by them
/// a caller tells who answered.
pub(super) fn answer(mut response: Response<Bytes>, limit: usize) -> Result<Response<Bytes>, Refusal> {
    if response.body().len() > limit {
        return Err(Refusal::new(Code::D502FC, &format!("body over {limit} bytes")));
    }
    remove(response.headers_mut(), |name| name.starts_with("x-ca-error-") || name == "x-ca-request-id");
    Ok(response)
}

/// A failed call as the gateway reports it.
pub(super) fn failed(error: &InvokeError) -> Refusal {
    match error {
        InvokeError::Timeout(_) => Refusal::new(Code::D504TO, ""),
        other => Refusal::new(Code::D502FC, &other.to_string()),
    }
}

fn remove(headers: &mut HeaderMap, which: impl Fn(&str) -> bool) {
    let names: Vec<HeaderName> = headers.keys().filter(|name| which(name.as_str())).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}
