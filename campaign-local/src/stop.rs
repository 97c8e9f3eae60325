//! Why a request has no answer of its operation, and the fault that befalls one request, the same in every service that keeps
//! something.

use crate::fault::{Fault, Moment};

/// Why a request has no answer of its operation. `R` is a refusal of the service.
#[derive(Debug)]
pub(crate) enum Stop<R> {
    /// It is refused.
    Refused(R),
    /// A fault: nobody is at the gate.
    Busy {
        /// Seconds.
        retry_after: u64,
    },
    /// A fault: the connection is cut.
    Cut,
}

impl<R> From<R> for Stop<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

/// When the connection of one request is cut, if it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    cut: Option<Moment>,
}

impl Fate {
    /// Lets `fault` happen as far as it happens before the request is handled.
    pub(crate) async fn meet<R>(fault: Option<Fault>) -> Result<Self, Stop<R>> {
        match fault {
            Some(Fault::Cut(Moment::BeforeHandling)) => Err(Stop::Cut),
            Some(Fault::Busy { retry_after }) => Err(Stop::Busy { retry_after }),
            Some(Fault::Stall(time)) => {
                tokio::time::sleep(time).await;
                Ok(Self { cut: None })
            }
            Some(Fault::Cut(moment)) => Ok(Self { cut: Some(moment) }),
            None => Ok(Self { cut: None }),
        }
    }

    /// Stops a commit that is not to happen.
    pub(crate) fn at_commit<R>(self) -> Result<(), Stop<R>> {
        if self.cut == Some(Moment::BeforeCommit) { Err(Stop::Cut) } else { Ok(()) }
    }

    /// Stops the answer, where it is to be lost.
    pub(crate) const fn at_answer<R>(self) -> Result<(), Stop<R>> {
        if self.cut.is_some() { Err(Stop::Cut) } else { Ok(()) }
    }
}
