//! Signing a request: the headers it needs, then the signature over them.

use campaign_client::{Body, Credentials, Error, ErrorKind, Place, Result, Signing};
use http::HeaderValue;

use super::{Signature, SigningKey, canonical, date, header, key};

/// The most headers that are added here, and the two that the transport adds.
const MOST_HEADERS: usize = 11;

/// Puts the headers of the protocol and the signature into `request`; what an earlier call put there is replaced.
pub(crate) fn sign_request(
    request: &mut http::Request<Body>,
    signing: &Signing<'_>,
    instance: &HeaderValue,
    signature: &Signature,
    signing_key: &SigningKey,
) -> Result<()> {
    if !matches!(signing.place, Place::Header) {
        return Err(Error::invalid("Table Store has no signed URLs: its requests are bodies, signed in headers"));
    }
    if signing.credentials.is_anonymous() {
        return Err(Error::new(ErrorKind::Credentials).with_message("Table Store takes no anonymous requests"));
    }
    let Some(body) = request.body().bytes() else {
        return Err(Error::invalid("a Table Store request is one message in memory, not a stream"));
    };
    let md5 = text(&canonical::content_md5(body));
    let date = text(&date::date_text(signing.now));
    let (id, token) = identity(signing.credentials)?;

    let headers = request.headers_mut();
    headers.reserve(MOST_HEADERS);
    for old in [header::SIGNATURE, header::SIGNATURE_V4, header::SIGN_DATE, header::SIGN_REGION, header::STS_TOKEN] {
        headers.remove(old);
    }
    headers.insert(header::ACCESS_KEY_ID, id);
    headers.insert(header::VERSION, HeaderValue::from_static(header::API_VERSION));
    headers.insert(header::CONTENT_MD5, md5);
    headers.insert(header::DATE, date);
    headers.insert(header::INSTANCE, instance.clone());
    if let Some(token) = token {
        headers.insert(header::STS_TOKEN, token);
    }
    let place = match signature {
        Signature::V2 => header::SIGNATURE,
        Signature::V4 { region } => {
            headers.insert(header::SIGN_DATE, text(&key::sign_date(signing.now)));
            headers.insert(header::SIGN_REGION, text(region));
            header::SIGNATURE_V4
        }
    };
    let to_sign = canonical::string_to_sign(request.uri().path(), request.headers());
    let mut value = text(&signing_key.sign_request(&to_sign));
    value.set_sensitive(true);
    request.headers_mut().insert(place, value);
    Ok(())
}

fn identity(credentials: &Credentials) -> Result<(HeaderValue, Option<HeaderValue>)> {
    let unfit = |what: &'static str| {
        // The source would show the value.
        move |_| Error::new(ErrorKind::Credentials).with_message(format!("the {what} holds characters no header can"))
    };
    let id = HeaderValue::from_str(credentials.access_key_id()).map_err(unfit("AccessKey id"))?;
    let token = credentials
        .token()
        .map(|token| {
            let mut token = HeaderValue::from_str(token).map_err(unfit("security token"))?;
            token.set_sensitive(true);
            Ok::<_, Error>(token)
        })
        .transpose()?;
    Ok((id, token))
}

/// A value made here from digits, letters and punctuation.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("base64, dates and checked names are visible ASCII")
}
