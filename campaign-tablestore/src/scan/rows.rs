//! A range as a stream of rows.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use campaign_client::{Error, ErrorKind, Paginate, Result};
use futures_core::{Stream, future::BoxFuture};
use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use tokio::{runtime::Handle, task::JoinHandle};

use super::{
    cursor::RangeCursor,
    decode::Decode,
    page::{Page, Place, Wide},
};
use crate::{Client, GetRange, RangePage, Row, schema::CapacityUnit};

/// The rows of a range in order, made by [`GetRange::rows`], [`GetRange::rows_as`] and [`Table::rows`](crate::Table::rows).
///
/// While the rows of one page are handed out, the next page is read: two pages are in memory at most, each of up to 4 MB as
/// it came. The stream ends after its first error. Dropping it gives up what is being read.
///
/// [`cursor`](Self::cursor) says where it stands, also after an error, so that reading can go on there:
///
/// ```
/// use campaign_tablestore::{Client, GetRange, RangeCursor};
/// use futures_util::TryStreamExt;
///
/// # async fn example(client: &Client, kept: Option<RangeCursor>) -> campaign_client::Result<()> {
/// let mut range = GetRange::all("entries", ["id"]);
/// if let Some(cursor) = kept {
///     range = range.resume(&cursor)?;
/// }
/// let mut rows = range.rows(client);
/// while let Some(row) = rows.try_next().await? {
///     println!("{:?}", row.key("id"));
///     let keep: Option<RangeCursor> = rows.cursor();
///     # let _ = keep;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Rows<T> {
    client: Client,
    decode: Decode<T>,
    range: GetRange,
    page: Page<T>,
    wide: Option<Wide>,
    ahead: Ahead,
    prefetch: bool,
    /// Set by the error that ended it: the row that could not be made, or `None` if a page could not be read.
    ended: Option<Option<Place>>,
    consumed: CapacityUnit,
}

/// What follows the rows at hand. `range` is the call for it.
enum Ahead {
    /// It is to be read.
    Due,
    /// It is being read.
    Reading(BoxFuture<'static, Result<RangePage>>),
    /// There is nothing.
    Nothing,
}

// Nothing is pinned inside but what is boxed.
impl<T> Unpin for Rows<T> {}

impl Rows<Row> {
    pub(crate) fn untyped(client: &Client, range: GetRange) -> Self {
        Self::new(client, range, Decode::untyped())
    }
}

impl<T: DeserializeOwned> Rows<T> {
    pub(crate) fn typed(client: &Client, range: GetRange) -> Self {
        Self::new(client, range, Decode::typed())
    }
}

impl<T> Rows<T> {
    pub(super) fn new(client: &Client, range: GetRange, decode: Decode<T>) -> Self {
        Self {
            client: client.clone(),
            decode,
            range,
            page: Page::default(),
            wide: None,
            ahead: Ahead::Due,
            prefetch: true,
            ended: None,
            consumed: CapacityUnit::default(),
        }
    }

    /// The same reading a page only when its first row is asked for: for a reader that often stops early.
    #[must_use]
    pub fn without_prefetch(mut self) -> Self {
        self.prefetch = false;
        self
    }

    /// The place of the next row; `None` when all have been handed out. What this stream has handed out is not read again by
    /// one that goes on there.
    #[must_use]
    pub fn cursor(&self) -> Option<RangeCursor> {
        let place = match &self.ended {
            Some(failed) => failed.as_ref(),
            None => self.page.next_place(),
        };
        let key = place.and_then(|place| self.page.key(place));
        let key = key.or_else(|| self.wide.as_ref().map(|wide| wide.row.primary_key.clone()));
        let key = match (key, &self.ahead) {
            (Some(key), _) => key,
            (None, Ahead::Nothing) if self.ended.is_none() => return None,
            (None, _) => self.range.inclusive_start_primary_key.clone(),
        };
        Some(RangeCursor { table_name: self.range.table_name.clone(), direction: self.range.direction, key })
    }

    /// The capacity units of all pages read so far.
    #[must_use]
    pub const fn consumed(&self) -> CapacityUnit {
        self.consumed
    }

    /// The call for what is left to read; `None` when all have been handed out.
    pub(super) fn rest(&self) -> Option<GetRange> {
        let cursor = self.cursor()?;
        Some(GetRange { inclusive_start_primary_key: cursor.key, token: None, ..self.range.clone() })
    }

    /// Begins to read beside its owner, if that is not done only when rows are asked for.
    pub(super) fn start(&mut self) {
        if !self.prefetch || !matches!(self.ahead, Ahead::Due) {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            self.ahead = Ahead::Reading(Task(runtime.spawn(read(&self.client, &self.range))).boxed());
        }
    }

    /// Takes over a page that has been read.
    fn accept(&mut self, page: &RangePage) -> Result<()> {
        let next = self.range.next(page)?;
        if next.as_ref() == Some(&self.range) {
            return Err(Error::unreadable("the answer continues with the page it just gave"));
        }
        self.consumed.read = self.consumed.read.saturating_add(page.consumed.read);
        self.consumed.write = self.consumed.write.saturating_add(page.consumed.write);
        self.page = Page::read(page, self.decode, &mut self.wide);
        self.ahead = Ahead::Nothing;
        if let Some(next) = next {
            self.range = next;
            self.ahead = Ahead::Due;
            self.start();
        } else {
            // If more was promised, and the range ends, what there is of it is whole.
            self.page.push_whole(self.wide.take(), self.decode);
        }
        Ok(())
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<RangePage>> {
        loop {
            match &mut self.ahead {
                Ahead::Reading(reading) => return reading.poll_unpin(context),
                // Its owner waits for it, so that it ends at once when the owner does.
                Ahead::Due | Ahead::Nothing => {
                    self.ahead = Ahead::Reading(read(&self.client, &self.range).boxed());
                }
            }
        }
    }
}

impl<T> Stream for Rows<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = &mut *self;
        loop {
            if this.ended.is_some() {
                return Poll::Ready(None);
            }
            match this.page.pop() {
                Some((_, Ok(value))) => return Poll::Ready(Some(Ok(value))),
                Some((place, Err(error))) => {
                    this.ended = Some(Some(place));
                    return Poll::Ready(Some(Err(error)));
                }
                None if matches!(this.ahead, Ahead::Nothing) => return Poll::Ready(None),
                None => {}
            }
            let read = ready!(this.poll_page(context));
            if let Err(error) = read.and_then(|page| this.accept(&page)) {
                this.ended = Some(None);
                this.ahead = Ahead::Nothing;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("range", &self.range).field("consumed", &self.consumed).finish_non_exhaustive()
    }
}

/// Reads a page.
fn read(client: &Client, range: &GetRange) -> impl Future<Output = Result<RangePage>> + Send + use<> {
    let (client, range) = (client.clone(), range.clone());
    async move { client.send(&range).await }
}

/// Runs beside its owner and is given up with it.
struct Task(JoinHandle<Result<RangePage>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Future for Task {
    type Output = Result<RangePage>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.0.poll_unpin(context)) {
            Ok(read) => read,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::new(ErrorKind::Interrupted).with_message("the runtime is being shut down")),
            },
        })
    }
}
