//! Reads a file for its upload, and nothing but what was planned.

use std::{
    fs::File as Open,
    io::{self, Read as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use campaign_client::{
    Body,
    body::{ByteStream, Replayable},
};
use futures_util::stream;
use md5::Digest as _;

use crate::site::{
    SiteError,
    digest::{CHUNK, Stamp, open},
    folder::File,
    md5::Md5,
};

/// The body of an upload.
pub(crate) struct Content {
    pub(crate) body: Body,
    changed: Arc<AtomicBool>,
}

impl Content {
    /// Of a file. A small one is read here and once; a larger one is read for each attempt, a piece at a time, and its last
    /// piece is not given away before all of it was found to be what was planned: the object is then never stored.
    ///
    /// # Errors
    /// [`SiteError::FileChanged`], [`SiteError::Io`].
    pub(crate) async fn of(file: &File) -> Result<Self, SiteError> {
        let changed = Arc::new(AtomicBool::new(false));
        let reader = Reader { file: file.clone(), opened: None, left: file.stamp.size, md5: md5::Md5::new() };
        if file.stamp.size <= CHUNK as u64 {
            let (_, piece) = blocking(reader).await?;
            return Ok(Self { body: Body::Bytes(piece.unwrap_or_default()), changed });
        }
        let told = changed.clone();
        let open = move || -> ByteStream {
            let told = told.clone();
            Box::pin(stream::try_unfold(reader.clone(), move |reader| {
                let told = told.clone();
                async move {
                    let (reader, piece) = blocking(reader).await.map_err(|error| {
                        told.store(matches!(error, SiteError::FileChanged { .. }), Ordering::Relaxed);
                        io::Error::other(error)
                    })?;
                    Ok(piece.map(|piece| (piece, reader)))
                }
            }))
        };
        Ok(Self { body: Body::Replayable(Replayable::new(file.stamp.size, open)), changed })
    }

    /// True if an attempt found the file changed.
    pub(crate) fn changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }
}

/// Where the reading of a file is.
struct Reader {
    file: File,
    opened: Option<Open>,
    left: u64,
    md5: md5::Md5,
}

impl Clone for Reader {
    /// A reader that has not begun.
    fn clone(&self) -> Self {
        Self { file: self.file.clone(), opened: None, left: self.file.stamp.size, md5: md5::Md5::new() }
    }
}

async fn blocking(reader: Reader) -> Result<(Reader, Option<Bytes>), SiteError> {
    let path = reader.file.path.clone();
    let read = tokio::task::spawn_blocking(move || reader.next()).await;
    read.map_err(|error| SiteError::Io { path, source: io::Error::other(error) })?
}

impl Reader {
    /// The next piece; `None` at the end.
    fn next(mut self) -> Result<(Self, Option<Bytes>), SiteError> {
        let path = &self.file.path;
        let mut opened = match self.opened.take() {
            Some(opened) => opened,
            None => open(path, &self.file.stamp)?,
        };
        let length = usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK));
        let mut piece = vec![0; length];
        opened.read_exact(&mut piece).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => SiteError::FileChanged { path: path.clone() },
            _ => SiteError::Io { path: path.clone(), source },
        })?;
        self.md5.update(&piece);
        self.left -= length as u64;
        let last = self.left == 0 && (length > 0 || self.file.stamp.size == 0);
        if last {
            let after = opened.metadata().map_err(|source| SiteError::Io { path: path.clone(), source })?;
            let planned = Md5(self.md5.clone().finalize().into()) == self.file.md5;
            if !planned || !self.file.stamp.same(&Stamp::of(&after)) {
                return Err(SiteError::FileChanged { path: path.clone() });
            }
        }
        self.opened = Some(opened);
        Ok((self, (length > 0).then(|| piece.into())))
    }
}
