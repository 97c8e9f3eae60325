//! What a function's program writes goes to our stderr, a line at a time, with the function's name.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};

use crate::log::printable;

/// A longer line is cut into lines of this many bytes: the service's own limit of a log line.
const LINE_LIMIT: usize = 32 * 1024;

/// Forwards `output` until it ends.
pub(super) async fn forward(name: String, output: impl AsyncRead + Unpin) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        let chunk = match output.fill_buf().await {
            Ok(chunk) if !chunk.is_empty() => chunk,
            _ => break,
        };
        let room = LINE_LIMIT - line.len();
        let end = chunk.iter().take(room).position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(chunk.len().min(room));
        line.extend_from_slice(&chunk[..taken]);
        output.consume(taken + usize::from(end.is_some()));
        if end.is_some() || line.len() == LINE_LIMIT {
            write(&name, &line).await;
            line.clear();
        }
    }
    if !line.is_empty() {
        write(&name, &line).await;
    }
}

async fn write(name: &str, line: &[u8]) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // One write for each line, so that lines of several functions do not mix. Nobody can be told
    // that stderr is gone.
    let line = format!("[{name}] {}\n", printable(&String::from_utf8_lossy(line)));
    let _ = tokio::io::stderr().write_all(line.as_bytes()).await;
}
