//! What goes to standard error: one event, one line.
//!
//! Values come from outside, so nothing in them may end a line, move the cursor or hide what stands
//! there; and one value is cut, so that nobody fills the disk by a long one.

use std::fmt::{self, Write as _};

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter,
    fmt::{MakeWriter, format},
    util::SubscriberInitExt,
};

/// A value is cut after this many bytes.
pub const VALUE_BYTES: usize = 1024;

/// Begins to log to standard error: events of this project at `info` and above, or what `RUST_LOG`
/// says. A second call does nothing.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // It fails if somebody else logs already, who then goes on to do so.
    let _ = subscriber(filter, std::io::stderr).try_init();
}

/// What [`init`] begins, for any writer and filter.
pub fn subscriber<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .fmt_fields(format::debug_fn(field))
        .finish()
}

fn field(writer: &mut format::Writer<'_>, field: &tracing::field::Field, value: &dyn fmt::Debug) -> fmt::Result {
    let value = format!("{value:?}");
    if field.name() == "message" {
        write!(writer, "{} ", printable(&value))
    } else {
        write!(writer, "{}={} ", field.name(), printable(&value))
    }
}

/// `text` on one line: control and line-separating characters and bidirectional overrides as
/// escapes, cut after [`VALUE_BYTES`].
///
/// ```
/// assert_eq!(campaign_local::log::printable("a\nb\u{1b}[2J"), r"a\nb\u{1b}[2J");
/// ```
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(VALUE_BYTES));
    for c in text.chars() {
        if out.len() >= VALUE_BYTES {
            out.push('…');
            break;
        }
        let hides =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if c.is_control() || hides {
            write!(out, "{}", c.escape_default()).expect("writing to a String does not fail");
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_and_shows_what_it_holds() {
        assert_eq!(printable("a\r\nb\u{85}\u{2028}\u{8}\0\u{1b}"), r"a\r\nb\u{85}\u{2028}\u{8}\u{0}\u{1b}");
        assert_eq!(printable("%s {} ${jndi:ldap://x} 山本"), "%s {} ${jndi:ldap://x} 山本");
    }

    #[test]
    fn a_long_value_is_cut() {
        let cut = printable(&"\u{1b}".repeat(1 << 20));
        assert!(cut.len() < VALUE_BYTES + 16, "{}", cut.len());
    }
}
