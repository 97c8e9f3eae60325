//! Sends rows in calls of many until each has its result.

use std::{collections::VecDeque, future::Future, hash::Hash, sync::Arc};

use campaign_client::{Attempt, Class, Effect, Error, ErrorKind, Operation, Pace, Result, Verdict, retry};
use tokio::time::{Instant, sleep};

use super::parts::{occurrences, parts};
use crate::{Client, Code, RowResult, RowResults, TableStore};

/// A kind of call that takes many rows of one table.
pub(crate) trait Many: Send + Sync {
    /// The call.
    type Call: Operation<Service = TableStore, Output = RowResults<Self::Output>>;
    /// A row of it.
    type Row: Send + Sync + 'static;
    /// What becomes of a row.
    type Output: Send + 'static;
    /// What is the same for rows of one key.
    type Key<'a>: Copy + Ord + Hash;
    /// The most rows of one call.
    const MOST: usize;

    /// The row's key; none if it is never another's.
    fn key(row: &Self::Row) -> Option<Self::Key<'_>>;
    /// The row's encoded bytes.
    fn bytes(row: &Self::Row) -> usize;
    /// What a repetition of the row does, were it alone.
    fn class(row: &Self::Row) -> Class;
    /// The call with these rows.
    fn call(&self, rows: Vec<Self::Row>) -> Self::Call;
    /// The rows of the call again.
    fn rows(call: Self::Call) -> Vec<Self::Row>;
    /// Reads back whose effect the conflict is that `row` met after an attempt whose answer was lost.
    fn settle(
        &self,
        client: &Client,
        row: Self::Row,
        conflict: Error,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// A row that has no result yet.
struct Waiting<R> {
    row: R,
    /// Which of the caller's rows it is.
    at: usize,
    attempts: Vec<Attempt>,
    /// An earlier attempt may have had its effect.
    ambiguous: bool,
}

struct Run<'a, M: Many> {
    client: &'a Client,
    many: &'a M,
    results: Vec<Option<Result<M::Output>>>,
}

/// Sends `rows` until each has its result; the results are in their order.
pub(crate) async fn run<M: Many>(client: &Client, many: &M, rows: Vec<M::Row>) -> Vec<Result<M::Output>> {
    let mut run = Run { client, many, results: rows.iter().map(|_| None).collect() };
    let occurrences = occurrences(rows.iter().map(M::key));
    let count = occurrences.iter().max().map_or(0, |most| most + 1);
    let mut layers: Vec<VecDeque<_>> = (0..count).map(|_| VecDeque::new()).collect();
    for ((at, row), layer) in rows.into_iter().enumerate().zip(occurrences) {
        if let Some(layer) = layers.get_mut(layer) {
            layer.push_back(Waiting { row, at, attempts: Vec::new(), ambiguous: false });
        }
    }
    for layer in layers {
        run.settle_all(layer).await;
    }
    run.results.into_iter().map(|result| result.expect("every row of every layer gets a result")).collect()
}

impl<M: Many> Run<'_, M> {
    /// Sends rows that are all different until each has its result.
    async fn settle_all(&mut self, mut rows: VecDeque<Waiting<M::Row>>) {
        let begun = Instant::now();
        for failed in 1.. {
            let mut again = Vec::new();
            let mut parts = parts(rows, M::MOST, |waiting| M::bytes(&waiting.row));
            while let Some(part) = parts.pop_front() {
                self.send(part, &mut parts, &mut again).await;
            }
            // The wait is for the row that needs most patience.
            let Some(most) = again.iter().map(|(_, error)| error).max_by_key(|error| patience(error)) else { return };
            let Some(wait) = self.client.wait_before(most.verdict(), failed, most.retry_after(), begun) else {
                again.into_iter().for_each(|(waiting, error)| self.fail(waiting, error));
                return;
            };
            sleep(wait).await;
            again.sort_by_key(|(waiting, _)| waiting.at);
            rows = again.into_iter().map(|(waiting, _)| waiting).collect();
        }
    }

    /// Makes one call. Its rows get results, or go into `again`, or are put back in halves.
    async fn send(
        &mut self,
        part: Vec<Waiting<M::Row>>,
        parts: &mut VecDeque<Vec<Waiting<M::Row>>>,
        again: &mut Vec<(Waiting<M::Row>, Error)>,
    ) {
        let (heads, rows): (Vec<_>, Vec<_>) =
            part.into_iter().map(|waiting| ((waiting.at, waiting.attempts, waiting.ambiguous), waiting.row)).unzip();
        let call = self.many.call(rows);
        let sent = self.client.send(&call).await;
        let once = call.class() == Class::Once;
        let mut part: Vec<_> = heads
            .into_iter()
            .zip(M::rows(call))
            .map(|((at, attempts, ambiguous), row)| Waiting { row, at, attempts, ambiguous })
            .collect();
        let error = match sent {
            Ok(results) => {
                for (waiting, result) in part.into_iter().zip(results.into_rows()) {
                    self.judge(waiting, result, again).await;
                }
                return;
            }
            Err(error) => error,
        };
        if part.len() > 1 && is_refusal(&error) {
            let half = part.split_off(part.len() / 2);
            parts.push_front(half);
            parts.push_front(part);
            return;
        }
        // The client has repeated the call as far as it may be; some rows may be repeated without the others.
        let unknown = once && error.verdict().effect() == Some(Effect::Ambiguous);
        let error = Arc::new(error);
        for mut waiting in part {
            waiting.attempts.extend_from_slice(error.attempts());
            waiting.ambiguous |= error.outcome_unknown();
            let own = error_of_row(&error);
            if unknown && retry::allows(M::class(&waiting.row), error.verdict()) {
                again.push((waiting, own));
            } else {
                self.fail(waiting, own);
            }
        }
    }

    /// What becomes of a row that the service gave a result.
    async fn judge(
        &mut self,
        mut waiting: Waiting<M::Row>,
        result: RowResult<M::Output>,
        again: &mut Vec<(Waiting<M::Row>, Error)>,
    ) {
        let error = match result {
            Ok(output) => return self.end(waiting.at, Ok(output)),
            Err(error) => Error::from_service(error).with_operation(M::Call::NAME),
        };
        waiting.attempts.push(error.as_attempt());
        let class = M::class(&waiting.row);
        if waiting.ambiguous
            && class == Class::Conditional
            && error.is_conflict()
            && Code::of(&error) == Some(Code::ConditionCheckFail)
        {
            let error = error.with_attempts(waiting.attempts).with_outcome_unknown(true);
            let settled = self.many.settle(self.client, waiting.row, error).await;
            return self.end(waiting.at, settled);
        }
        waiting.ambiguous |= error.verdict().effect() == Some(Effect::Ambiguous);
        if retry::allows(class, error.verdict()) {
            again.push((waiting, error));
        } else {
            self.fail(waiting, error);
        }
    }

    fn fail(&mut self, waiting: Waiting<M::Row>, error: Error) {
        let unknown = waiting.ambiguous && M::class(&waiting.row) != Class::Read;
        let error = error.with_operation(M::Call::NAME).with_attempts(waiting.attempts).with_outcome_unknown(unknown);
        self.end(waiting.at, Err(error));
    }

    fn end(&mut self, at: usize, result: Result<M::Output>) {
        if let Some(place) = self.results.get_mut(at) {
            *place = Some(result);
        }
    }
}

/// Whether the call was refused for what is in it, which may be one row.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused | ErrorKind::Invalid) && error.is_unexecuted()
}

/// The error of a whole call as one of its rows has it.
fn error_of_row(error: &Arc<Error>) -> Error {
    let own = match error.service_error() {
        Some(answer) => Error::from_service(answer.clone()),
        None => Error::new(error.kind()).with_verdict(error.verdict()),
    };
    own.with_source(Arc::clone(error))
}

/// The order of failures by how long they are waited for.
fn patience(error: &Error) -> u8 {
    match error.verdict() {
        Verdict::Again { pace: Pace::Moving, .. } => 3,
        Verdict::Again { pace: Pace::Throttled, .. } => 2,
        Verdict::Again { pace: Pace::Transient, .. } => 1,
        _ => 0,
    }
}
