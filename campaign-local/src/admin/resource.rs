//! [`Resource`]: a kind of thing that can be set.

use async_trait::async_trait;
use serde_json::Value;

/// Why a resource was not set. The message is shown to who asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Refused {
    /// With the words of another error.
    #[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
    pub fn new(why: impl ToString) -> Self {
        Self(why.to_string())
    }
}

/// A kind of thing that the management calls set, by name.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// The path segment of its calls, in the plural.
    fn kind(&self) -> &'static str;

    /// Makes it so. Setting the same again changes nothing.
    ///
    /// # Errors
    /// [`Refused`] when `value` does not describe one; nothing has changed then.
    async fn set(&self, name: &str, value: &Value) -> Result<(), Refused>;

    /// Takes it away, if it is there.
    async fn remove(&self, name: &str);

    /// `value` without its secrets, for whoever reads it back.
    fn shown(&self, value: Value) -> Value {
        value
    }
}
