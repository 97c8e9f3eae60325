//! [`Verifier`]: checks a signed request as the gateway does, and closes what the signature leaves open.

use std::time::Duration;

use crate::head::Head;
use crate::listed::{lines, visible};
use crate::nonces::Nonces;
use crate::parameters::ParameterFault;
use crate::refusal::{Doubt, Refusal};
use crate::sign::NONCE;
use crate::string_to_sign::{Line, Path, md5_text, parameters, write};
use crate::timestamp::milliseconds;
use crate::verified::Verified;
use crate::{App, SignatureMethod, header};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderValue, Request};

/// Checks signed requests. A value of rules: pure, so the time, the apps and the memory of nonces
/// come in as arguments.
///
/// The signature itself leaves gaps: of a repeated parameter only the first value is signed, a body
/// only through `Content-MD5`, and the client chooses which headers. By default all of them are
/// closed, and every official client passes with what a campaign sends; the methods open them again.
///
/// The order is: key, signature's form, timestamp, nonce, parameters, `Content-MD5`, signature, and at last,
/// after it proved right, the nonce's use: a forged copy does not spend it. The real gateway's order
/// is not documented.
///
/// ```
/// use campaign_apigw::{App, MemoryNonces, Refusal, Signer, Verifier};
/// use chrono::DateTime;
/// use http::Request;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now = DateTime::from_timestamp(1_794_355_200, 0).expect("a time");
/// let app = App::new("203753385", "not-shown")?;
/// let mut request = Request::post("/v1/entries").body(r#"{"ok":true}"#)?;
/// Signer::new(app.clone()).sign(&mut request, now, "b3f1c8a0-0001")?;
///
/// let nonces = MemoryNonces::new(now);
/// let known = |key: &str| (key == "203753385").then(|| app.clone());
/// let verified = Verifier::new().admit(&request, now, known, &nonces).await?;
/// assert_eq!(verified.app_key, "203753385");
/// let again = Verifier::new().admit(&request, now, known, &nonces).await;
/// assert_eq!(again.unwrap_err(), Refusal::NonceUsed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Verifier {
    window: TimeDelta,
    sha1: bool,
    nonce: bool,
    timestamp: bool,
    repeated: bool,
    form_over_query: bool,
    ambiguous: bool,
    unsigned_body: bool,
    path: Path,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// How far a timestamp may be from now unless it is said otherwise, both ways: 15 minutes.
    pub const WINDOW: Duration = Duration::from_secs(15 * 60);

    /// The strict rules: a window of 15 minutes, HMAC-SHA256 and HMAC-SHA1, nonce and timestamp
    /// required, no parameter in doubt, every body signed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            window: TimeDelta::minutes(15),
            sha1: true,
            nonce: true,
            timestamp: true,
            repeated: false,
            form_over_query: false,
            ambiguous: false,
            unsigned_body: false,
            path: Path::Raw,
        }
    }

    /// Takes timestamps that are at most `window` away, both ways, that moment included. Up to a day.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        let day = TimeDelta::days(1);
        self.window = TimeDelta::from_std(window).unwrap_or(day).min(day);
        self
    }

    /// Refuses HMAC-SHA1.
    #[must_use]
    pub const fn without_sha1(mut self) -> Self {
        self.sha1 = false;
        self
    }

    /// Takes requests without a nonce, which can then be sent again within the window. The real
    /// gateway requires one only where the API says so.
    #[must_use]
    pub const fn without_nonce(mut self) -> Self {
        self.nonce = false;
        self
    }

    /// Takes requests without a nonce and without a timestamp, which can be sent again for ever.
    /// Whether the real gateway looks at the timestamp of a request without a nonce is not known;
    /// here one that is there is always looked at.
    #[must_use]
    pub const fn without_timestamp(mut self) -> Self {
        self.nonce = false;
        self.timestamp = false;
        self
    }

    /// Takes repeated parameters, of which only the first value is signed, as the real gateway does:
    /// the others may be anybody's.
    #[must_use]
    pub const fn repeated_parameters(mut self) -> Self {
        self.repeated = true;
        self
    }

    /// Takes parameters that stand in the query and in the form; the form's value is signed, as all
    /// official clients do. What the real gateway does is not known.
    #[must_use]
    pub const fn form_over_query(mut self) -> Self {
        self.form_over_query = true;
        self
    }

    /// Takes parameters that hold `&`, as the real gateway does: the same signature fits the text
    /// cut into other parameters.
    #[must_use]
    pub const fn ambiguous_parameters(mut self) -> Self {
        self.ambiguous = true;
        self
    }

    /// Takes a body that is no form without `Content-MD5`, as the real gateway does: anybody may
    /// have changed it. The official Node package sends PUT so.
    #[must_use]
    pub const fn unsigned_body(mut self) -> Self {
        self.unsigned_body = true;
        self
    }

    /// Takes the path percent-decoded into the signature. Official clients disagree on paths beyond
    /// ASCII, and what the real gateway does is not known: keep paths to unreserved characters.
    #[must_use]
    pub const fn decoded_path(mut self) -> Self {
        self.path = Path::Decoded;
        self
    }

    /// Checks all but the nonce's use. `app` looks an AppKey up: `None` if nobody has it, or not
    /// any more.
    ///
    /// # Errors
    /// The first [`Refusal`] in the order above.
    pub fn verify<'a, B: AsRef<[u8]>>(
        &self,
        request: &'a Request<B>,
        now: DateTime<Utc>,
        app: impl FnOnce(&str) -> Option<App>,
    ) -> Result<Verified<'a>, Refusal> {
        let (head, body) = (Head::read(request.headers()), request.body().as_ref());
        if let Some(name) = head.repeated {
            return Err(Doubt::Repeated(name.clone()).into());
        }
        // Nobody has a key that is not visible ASCII.
        let key = visible(head.key.ok_or(Refusal::KeyMissing)?).ok_or(Refusal::KeyUnknown)?;
        let app = app(key).ok_or(Refusal::KeyUnknown)?;
        let signature = head.signature.ok_or(Doubt::NoSignature)?;
        let method = self.method(&head)?;
        let lines = lines(request.headers(), &head)?;
        let signed_at = self.timestamp(&head, now)?;
        let nonce = self.nonce(&head)?;
        let parameters = parameters(request.uri(), &head, body).map_err(Doubt::from)?;
        for (found, allowed, fault) in [
            (parameters.in_query_and_form(), self.form_over_query, ParameterFault::InQueryAndForm),
            (parameters.repeated(), self.repeated, ParameterFault::Repeated),
            (parameters.ambiguous(), self.ambiguous, ParameterFault::Ambiguous),
        ] {
            if found && !allowed {
                return Err(Doubt::from(fault).into());
            }
        }
        self.digest(&head, body)?;
        let matches = |lines: &[Line<'_>]| {
            let text = write(request.method(), request.uri(), &head, lines, &parameters, self.path);
            (app.signature(method, &text).matches(signature.as_bytes()), text)
        };
        let (mut right, string) = matches(&lines);
        // One official verifier writes names as they are listed, another in lower case.
        if !right && lines.iter().any(|(name, _)| name.bytes().any(|byte| byte.is_ascii_uppercase())) {
            let mut lower: Vec<_> = lines.iter().map(|(name, value)| (name.to_ascii_lowercase(), *value)).collect();
            lower.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            let lower: Vec<Line<'_>> = lower.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            right = matches(&lower).0;
        }
        if !right {
            return Err(Refusal::Signature(string));
        }
        Ok(Verified { app_key: key, nonce, signed_at, now, window: self.window })
    }

    /// Checks everything, and remembers the nonce.
    ///
    /// # Errors
    /// As [`verify`](Self::verify) and [`Verified::remember`].
    pub async fn admit<'a, B: AsRef<[u8]> + Sync>(
        &self,
        request: &'a Request<B>,
        now: DateTime<Utc>,
        app: impl FnOnce(&str) -> Option<App> + Send,
        nonces: &dyn Nonces,
    ) -> Result<Verified<'a>, Refusal> {
        let verified = self.verify(request, now, app)?;
        verified.remember(nonces).await?;
        Ok(verified)
    }

    fn method(&self, head: &Head<'_>) -> Result<SignatureMethod, Doubt> {
        let method = match head.method.map(HeaderValue::as_bytes) {
            None => SignatureMethod::default(),
            Some(b"HmacSHA256") => SignatureMethod::HmacSha256,
            Some(b"HmacSHA1") => SignatureMethod::HmacSha1,
            Some(_) => return Err(Doubt::Method),
        };
        if method == SignatureMethod::HmacSha1 && !self.sha1 { Err(Doubt::Method) } else { Ok(method) }
    }

    /// The timestamp, if it is near enough.
    fn timestamp(&self, head: &Head<'_>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Refusal> {
        let illegal = || Refusal::HeaderIllegal(header::TIMESTAMP, "must be Unix milliseconds");
        let Some(value) = head.timestamp else {
            return if self.timestamp { Err(Refusal::HeaderMissing(header::TIMESTAMP)) } else { Ok(None) };
        };
        let at = milliseconds(value.as_bytes()).ok_or_else(illegal)?;
        // A number that no clock shows is far away from now.
        let near = at.abs_diff(now.timestamp_millis()) <= self.window.num_milliseconds().unsigned_abs();
        DateTime::from_timestamp_millis(at).filter(|_| near).map(Some).ok_or(Refusal::Expired)
    }

    fn nonce<'a>(&self, head: &Head<'a>) -> Result<Option<&'a str>, Refusal> {
        let Some(value) = head.nonce else {
            return if self.nonce { Err(Refusal::NonceMissing) } else { Ok(None) };
        };
        let nonce = visible(value).filter(|nonce| NONCE.contains(&nonce.len()));
        let illegal = || Refusal::HeaderIllegal(header::NONCE, "must be 8 to 128 visible ASCII characters");
        nonce.map(Some).ok_or_else(illegal)
    }

    /// `Content-MD5` against the body.
    fn digest(&self, head: &Head<'_>, body: &[u8]) -> Result<(), Refusal> {
        match head.content_md5() {
            None if body.is_empty() || head.is_form() || self.unsigned_body => Ok(()),
            None => Err(Refusal::ContentMd5),
            Some(_) if body.is_empty() => Err(Refusal::ContentMd5),
            Some(sent) if sent.as_bytes() == md5_text(body) => Ok(()),
            Some(_) => Err(Refusal::ContentMd5),
        }
    }
}
