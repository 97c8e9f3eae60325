//! Compressed bodies: deflate in the wrapping of zlib, its uncompressed length in a header.
//!
//! What is inflated is bounded before anything is allocated: by the length that the header says, which must be no more than
//! the reader takes and no more than the bytes can hold. Sources: service document "HTTP request and response"; the official
//! Java SDK, which alone compresses, for the wrapping.

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use http::HeaderValue;
use thiserror::Error;

/// The only form, as the headers call it.
pub(crate) const NAME: &str = "deflate";

/// Smaller bodies are sent as they are: they fit a packet either way.
const MIN_BYTES: usize = 1024;

/// Deflate makes at most so many bytes of one (RFC 1951: 258 bytes of two bits), give or take the block's head.
const MAX_RATIO: u64 = 1032;

/// Why a compressed body is refused. It is the source of the call's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeflateFault {
    /// It is compressed, which was not asked for.
    #[error("compression was not asked for")]
    NotAsked,
    /// It is compressed in another form.
    #[error("its form is not deflate")]
    Form,
    /// Its uncompressed length is not said, or is no number.
    #[error("its uncompressed length is not said")]
    Length,
    /// It would be longer than is read.
    #[error("it is longer than is read")]
    TooLong,
    /// It is not deflate, its checksum is wrong, it is not as long as it says, or something follows it.
    #[error("it is broken")]
    Broken,
}

/// The body compressed; `None` if that is not worth it.
pub(crate) fn deflate(body: &[u8]) -> Option<Bytes> {
    if body.len() < MIN_BYTES {
        return None;
    }
    // Room for one byte less than it has: what does not fit is not smaller.
    let mut out = Vec::with_capacity(body.len() - 1);
    let status = Compress::new(Compression::fast(), true).compress_vec(body, &mut out, FlushCompress::Finish);
    matches!(status, Ok(Status::StreamEnd)).then(|| Bytes::from(out))
}

/// The body of `form` that becomes `length` bytes, at most `limit`.
pub(crate) fn inflate(
    body: &[u8],
    form: &HeaderValue,
    length: Option<&HeaderValue>,
    limit: u64,
) -> Result<Bytes, DeflateFault> {
    if form != NAME {
        return Err(DeflateFault::Form);
    }
    let digits = length.and_then(|length| length.to_str().ok()).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let length: u64 = digits.and_then(|digits| digits.parse().ok()).ok_or(DeflateFault::Length)?;
    if length > limit {
        return Err(DeflateFault::TooLong);
    }
    let size = usize::try_from(length).map_err(|_| DeflateFault::TooLong)?;
    // What lies about its length does not make us take memory for it.
    if length > MAX_RATIO.saturating_mul(body.len() as u64) {
        return Err(DeflateFault::Broken);
    }
    let mut out = Vec::with_capacity(size);
    let mut stream = Decompress::new(true);
    let status = stream.decompress_vec(body, &mut out, FlushDecompress::Finish);
    let whole = stream.total_in() == body.len() as u64 && out.len() == size;
    match status {
        Ok(Status::StreamEnd) if whole => Ok(out.into()),
        _ => Err(DeflateFault::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// zlib's own: Python's `zlib.compress(b"a" * 2000, 6)`.
    const ZLIB: &[u8] = b"\x78\x9c\x4b\x4c\x1c\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x50\x07\x00\x64\xc6\xf5\xef";

    const DEFLATE: HeaderValue = HeaderValue::from_static(NAME);

    fn read(body: &[u8], length: &str, limit: u64) -> Result<Bytes, DeflateFault> {
        inflate(body, &DEFLATE, Some(&HeaderValue::from_str(length).unwrap()), limit)
    }

    #[test]
    fn what_zlib_wrote_is_read() {
        assert_eq!(read(ZLIB, "2000", 2000).unwrap(), vec![b'a'; 2000]);
    }

    #[test]
    fn what_is_compressed_comes_back_and_what_does_not_shrink_is_left() {
        let text: Vec<u8> = (0..5000_u32).flat_map(|n| (n / 7).to_string().into_bytes()).collect();
        let small = deflate(&text).unwrap();
        assert!(small.len() < text.len() / 2);
        assert_eq!(read(&small, &text.len().to_string(), 1 << 20).unwrap(), text);
        let mut state = 1_u32;
        let noise: Vec<u8> = (0..5000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        assert_eq!(deflate(&noise), None);
        assert_eq!(deflate(&[0; 1023]), None, "it is small already");
    }

    #[test]
    fn a_body_that_is_not_what_its_headers_say_is_refused() {
        // compression-004: 1,000,000 bytes that say they are 10.
        let bomb = deflate(&vec![0; 1_000_000]).unwrap();
        let broken = Err(DeflateFault::Broken);
        assert_eq!(read(&bomb, "10", 1 << 24), broken);
        assert_eq!(read(&bomb, "999999", 1 << 24), broken);
        assert_eq!(read(&bomb, "1000001", 1 << 24), broken);
        assert_eq!(read(&bomb, "16000000", 1 << 24), broken, "more than so few bytes can hold");
        assert_eq!(read(&bomb, "1000000", 999_999), Err(DeflateFault::TooLong));
        assert_eq!(read(&bomb, "18446744073709551616", 1 << 24), Err(DeflateFault::Length));
        assert_eq!(read(&bomb, "-5", 1 << 24), Err(DeflateFault::Length));
        assert_eq!(read(&bomb[..bomb.len() - 1], "1000000", 1 << 24), broken, "cut");
        assert_eq!(read(&[&bomb[..], b"x"].concat(), "1000000", 1 << 24), broken, "something follows");
        let mut wrong = bomb.to_vec();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(read(&wrong, "1000000", 1 << 24), broken, "its checksum is wrong");
        assert_eq!(read(&ZLIB[2..], "2000", 1 << 24), broken, "without the wrapping");
        assert_eq!(read(b"", "0", 1 << 24), broken);
        assert_eq!(inflate(&bomb, &DEFLATE, None, 1 << 24), Err(DeflateFault::Length));
        assert_eq!(inflate(&bomb, &HeaderValue::from_static("gzip"), None, 1 << 24), Err(DeflateFault::Form));
    }
}
