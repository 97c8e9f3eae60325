//! What a function's program writes goes to our stderr, a line at a time, with the function's name.

use std::fmt::Write as _;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};

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
    // One write for each line, so that lines of several functions do not mix. Nobody can be told
    // that stderr is gone.
    let line = format!("[{name}] {}\n", escaped(line));
    let _ = tokio::io::stderr().write_all(line.as_bytes()).await;
}

/// The text on one line and without power over a terminal: control characters, line and paragraph
/// separators and direction marks are written as escapes.
fn escaped(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.strip_suffix('\r').unwrap_or(&text);
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let hidden = matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character == '\t' || !(character.is_control() || hidden) {
            out.push(character);
        } else {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_power_over_the_terminal_and_stays_one_line() {
        for (line, shown) in [
            ("a\tb", "a\tb"),
            ("a\r", "a"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{2028}b\u{85}c\u{202e}d", "a\\u{2028}b\\u{85}c\\u{202e}d"),
            ("名\0\u{8}", "名\\u{0}\\u{8}"),
        ] {
            assert_eq!(escaped(line.as_bytes()), shown);
        }
        assert_eq!(escaped(&[b'a', 0xff]), "a\u{fffd}");
    }
}
