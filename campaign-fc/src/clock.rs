//! Time as a value: what the crate needs to know of the time of day.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// Tells the time. Deadlines are compared with it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The clock of this computer.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(SystemTime::now))
    }

    /// A clock that stands still at `time`.
    #[must_use]
    pub fn fixed(time: SystemTime) -> Self {
        Self(Arc::new(move || time))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
