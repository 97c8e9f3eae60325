//! The table of a service's error codes: each row says a code once, and [`codes!`](crate::codes!) makes the enum, the lookups
//! and what each means for another attempt.

use http::StatusCode;

use crate::{ErrorKind, Verdict, retry};

/// Makes the enum of a service's error codes from a table.
///
/// A row is `Name = "text on the wire", status, kind, verdict;` with its documentation. A variant `Other` is added for codes
/// that the table lacks; `or path::to::function` names a `fn(&str) -> Code` that is asked about them first.
///
/// ```
/// use campaign_client::{ErrorKind, Verdict, codes};
///
/// codes! {
///     /// An error code of a service.
///     pub enum Code;
///
///     /// There are too many requests.
///     TooMany = "TooMany", 503, ErrorKind::Throttled, Verdict::THROTTLED;
///     /// There is nothing of this name.
///     Missing = "NotFound.Thing", 404, ErrorKind::NotFound, Verdict::Final;
/// }
///
/// assert_eq!(Code::from_text("NotFound.Thing"), Code::Missing);
/// assert_eq!(Code::from_text("Unheard"), Code::Other);
/// assert_eq!(Code::TooMany.status().as_u16(), 503);
/// ```
#[macro_export]
macro_rules! codes {
    (
        $(#[$meta:meta])* $visibility:vis enum $Code:ident $(or $otherwise:path)?;
        $($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $kind:expr, $verdict:expr;)*
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $visibility enum $Code {
            $($(#[$doc])* $name,)*
            /// A code that this version does not know; its text is in
            /// [`Error::service_error`](::campaign_client::Error::service_error).
            Other,
        }

        #[allow(dead_code, reason = "a table that is not exported need not use all of it")]
        impl $Code {
            /// Every code of the table, without `Other`.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code of this text.
            #[must_use]
            pub fn from_text(text: &str) -> Self {
                match text {
                    $($text => Self::$name,)*
                    _ => $crate::codes!(@otherwise text $(, $otherwise)?),
                }
            }

            /// The text on the wire; empty for `Other`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Other => "" }
            }

            /// The status that the service answers it with; 500 for `Other`.
            #[must_use]
            pub fn status(self) -> $crate::codes::Status {
                let status: u16 = match self { $(Self::$name => $status,)* Self::Other => 500 };
                $crate::codes::Status::from_u16(status).unwrap_or($crate::codes::Status::INTERNAL_SERVER_ERROR)
            }

            /// What an answer with this code means; one with a code that is not in the table means what its `status` does.
            pub(crate) fn meaning(self, status: $crate::codes::Status) -> ($crate::ErrorKind, $crate::Verdict) {
                match self {
                    $(Self::$name => ($kind, $verdict),)*
                    Self::Other => $crate::codes::unknown(status),
                }
            }
        }
    };
    (@otherwise $text:ident) => { Self::Other };
    (@otherwise $text:ident, $otherwise:path) => { $otherwise($text) };
}

#[doc(hidden)]
pub use http::StatusCode as Status;

/// What an error with a code that no table has means, by its status.
///
/// ```
/// use campaign_client::{ErrorKind, Verdict, codes};
/// use http::StatusCode;
///
/// assert_eq!(codes::unknown(StatusCode::NOT_FOUND), (ErrorKind::NotFound, Verdict::Final));
/// // An error that came as a success: whatever it was, it may have been done.
/// assert_eq!(codes::unknown(StatusCode::OK), (ErrorKind::Unavailable, Verdict::AMBIGUOUS));
/// ```
#[must_use]
pub fn unknown(status: StatusCode) -> (ErrorKind, Verdict) {
    if status.is_success() { (ErrorKind::Unavailable, Verdict::AMBIGUOUS) } else { retry::by_status(status) }
}

/// True if a service's message says that the security token has ended. No document has the text; the services of the family
/// say "security token" and "expired" in it.
///
/// ```
/// assert!(campaign_client::codes::is_expired_token("The security token you provided has expired."));
/// assert!(!campaign_client::codes::is_expired_token("The security token is invalid."));
/// ```
#[must_use]
pub fn is_expired_token(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("token") && message.contains("expire")
}
