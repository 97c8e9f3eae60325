//! The result of a row, once it is there.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use campaign_client::{Error, ErrorKind, Result};
use tokio::sync::oneshot;

use crate::Written;

/// Becomes the result of a row that was accepted. Dropping it changes nothing for the row.
#[derive(Debug)]
#[must_use = "a receipt that is dropped tells nobody whether the row succeeded"]
pub struct Receipt(oneshot::Receiver<Result<Written>>);

impl Future for Receipt {
    type Output = Result<Written>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Written>> {
        Pin::new(&mut self.0).poll(context).map(|result| result.unwrap_or_else(|_| Err(stopped())))
    }
}

/// The error of a row whose task was stopped with its runtime.
fn stopped() -> Error {
    Error::new(ErrorKind::Interrupted)
        .with_message("the runtime stopped before the row had a result")
        .with_outcome_unknown(true)
}

/// Who is told the result of a row.
pub(super) enum Then {
    Receipt(oneshot::Sender<Result<Written>>),
    Callback(Box<dyn FnOnce(Result<Written>) + Send>),
}

impl Then {
    pub(super) fn receipt() -> (Self, Receipt) {
        let (sender, receiver) = oneshot::channel();
        (Self::Receipt(sender), Receipt(receiver))
    }

    pub(super) fn tell(self, result: Result<Written>) {
        match self {
            // Nobody may be interested.
            Self::Receipt(sender) => drop(sender.send(result)),
            // A callback that panics must not take the results of other rows along.
            Self::Callback(callback) => drop(catch_unwind(AssertUnwindSafe(|| callback(result)))),
        }
    }
}
