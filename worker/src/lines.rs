//! Splits a log stream into lines without ever holding much more of one than is kept.

use std::io;

use futures::{AsyncBufRead, AsyncBufReadExt as _};
use temper_proto::v1::LogLine;

use crate::redact::LOOK_AHEAD;

/// Bytes of a line that are kept.
pub(crate) const KEPT: usize = 16 * 1024;

/// Bytes of a line that are read: a secret that begins in what is kept must be seen whole.
const READ: usize = KEPT + LOOK_AHEAD;

/// The runtime's timestamp and the blank after it.
const PREFIX: usize = 64;

/// Reads one line, with its timestamp taken off; none at the end of the stream.
///
/// The text is up to [`LOOK_AHEAD`] longer than what is kept: it is cut where it is redacted.
pub(crate) async fn next(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<LogLine>> {
    let mut kept = Vec::new();
    let mut length = 0_u64;
    loop {
        let available = stream.fill_buf().await?;
        if available.is_empty() {
            // A last line without its end is a line.
            return Ok((length > 0).then(|| line(kept, length)));
        }
        let (part, ended) = match available.iter().position(|byte| *byte == b'\n') {
            Some(at) => (available.get(..at).unwrap_or_default(), true),
            None => (available, false),
        };
        let room = (READ + PREFIX).saturating_sub(kept.len());
        kept.extend_from_slice(part.get(..room).unwrap_or(part));
        length += part.len() as u64;
        let used = part.len() + usize::from(ended);
        stream.consume_unpin(used);
        if ended {
            return Ok(Some(line(kept, length)));
        }
    }
}

fn line(bytes: Vec<u8>, length: u64) -> LogLine {
    let (time_nanos, prefix) = timestamp(&bytes).unwrap_or((0, 0));
    let mut text = bytes;
    text.drain(..prefix);
    let whole = length.saturating_sub(prefix as u64);
    text.truncate(READ);
    let cut_from = if whole > KEPT as u64 { whole } else { 0 };
    LogLine {
        time_nanos,
        text,
        cut_from,
    }
}

/// The time at the beginning of a line, and how many bytes it takes with its blank.
fn timestamp(bytes: &[u8]) -> Option<(i64, usize)> {
    let end = bytes.iter().take(PREFIX).position(|byte| *byte == b' ')?;
    let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let time: jiff::Timestamp = text.parse().ok()?;
    Some((i64::try_from(time.as_nanosecond()).ok()?, end + 1))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use proptest::prelude::*;

    use super::*;

    async fn read(text: &[u8]) -> Vec<LogLine> {
        // A small buffer, so that lines span several reads.
        let mut stream = futures::io::BufReader::with_capacity(7, text);
        let mut lines = Vec::new();
        while let Some(line) = next(&mut stream).await.unwrap() {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn lines_are_split_and_dated() {
        let lines = read(b"2026-01-01T00:00:01.000000005Z one two\n2026-01-01T00:00:02Z \nno date\nlast").await;
        let texts: Vec<&[u8]> = lines.iter().map(|line| line.text.as_slice()).collect();
        assert_eq!(texts, [&b"one two"[..], b"", b"no date", b"last"]);
        assert_eq!(lines[0].time_nanos, 1_767_225_601_000_000_005);
        assert_eq!(lines[2].time_nanos, 0);
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_says_so() {
        let mut text = b"2026-01-01T00:00:01Z ".to_vec();
        text.extend(std::iter::repeat_n(b'x', 1024 * 1024));
        text.extend(b"\nnext\n");
        let lines = read(&text).await;
        assert_eq!((lines[0].text.len(), lines[0].cut_from), (READ, 1024 * 1024));
        assert_eq!(lines[1].text, b"next");
    }

    #[tokio::test]
    async fn any_bytes_are_a_line() {
        let lines = read(b"2026-01-01T00:00:01Z \xff\0\xc3\n2026-01-01T00:00:02Z \0\n\n\xc3").await;
        let texts: Vec<&[u8]> = lines.iter().map(|line| line.text.as_slice()).collect();
        assert_eq!(texts, [&b"\xff\0\xc3"[..], b"\0", b"", b"\xc3"]);
        assert!(lines.iter().all(|line| line.cut_from == 0));
    }

    proptest! {
        /// Lines are what stands between line ends, however the stream comes in, and no byte of them is lost.
        #[test]
        fn lines_do_not_depend_on_reads(
            texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20),
            capacity in 1_usize..200,
            has_end in any::<bool>(),
        ) {
            let clean = |text: &Vec<u8>| text.iter().copied().filter(|byte| *byte != b'\n').collect::<Vec<u8>>();
            let texts: Vec<Vec<u8>> = texts.iter().map(clean).collect();
            let mut log: Vec<u8> = Vec::new();
            for text in &texts {
                log.extend(b"2026-01-01T00:00:01Z ");
                log.extend(text);
                log.push(b'\n');
            }
            if !has_end {
                log.pop();
            }
            let mut stream = futures::io::BufReader::with_capacity(capacity, log.as_slice());
            let mut read = Vec::new();
            while let Some(line) = next(&mut stream).now_or_never().unwrap().unwrap() {
                read.push(line.text);
            }
            prop_assert_eq!(read, texts);
        }
    }
}
