//! Lines of one log on their way into one message.

use temper_proto::v1::{self, LogLine};

use crate::recorder::Instance;

/// A chunk is published with this many lines or this many bytes of text at the latest: far below the 1 MiB that NATS
/// takes, and little to hold while NATS is away.
const LINES: usize = 256;
const BYTES: usize = 64 * 1024;

/// Consecutive lines that wait to be published.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Time of the log's first line, from which positions count.
    origin: Option<i64>,
    /// Position of the first line; once all are published, of the next.
    first: u64,
    lines: Vec<LogLine>,
    bytes: usize,
}

impl Chunk {
    /// Goes on at a position of the log that begins at `origin`; none if no line of it was read yet.
    pub(super) fn new(origin: Option<i64>, first: u64) -> Self {
        Self {
            origin,
            first,
            lines: Vec::new(),
            bytes: 0,
        }
    }

    pub(super) fn push(&mut self, line: LogLine) {
        self.origin.get_or_insert(line.time_nanos);
        self.bytes += line.text.len();
        self.lines.push(line);
    }

    pub(super) fn is_full(&self) -> bool {
        self.lines.len() >= LINES || self.bytes >= BYTES
    }

    /// The lines with the name of their part of the recording, if there are any.
    ///
    /// The name holds where positions count from: what a worker reads at the same position of a log that was rotated
    /// in the meantime is another part, and arrives.
    pub(super) fn take(&mut self, instance: &Instance) -> Option<(String, v1::LogLines)> {
        if self.lines.is_empty() {
            return None;
        }
        let (first, lines) = (self.first, std::mem::take(&mut self.lines));
        self.first += lines.len() as u64;
        self.bytes = 0;
        let Instance {
            pod_uid,
            container,
            restart,
            ..
        } = instance;
        let origin_nanos = self.origin.unwrap_or_default();
        let part = format!(
            "log/{pod_uid}/{container}/{restart}/{origin_nanos}/{first}-{}",
            lines.len()
        );
        let logs = v1::LogLines {
            source: Some(instance.clone()),
            first,
            lines,
            origin_nanos,
        };
        Some((part, logs))
    }
}

#[cfg(test)]
mod tests {
    use temper_proto::Message as _;

    use super::*;
    use crate::lines::KEPT;
    use crate::redact::Redactor;

    fn line(text: &[u8]) -> LogLine {
        LogLine {
            time_nanos: i64::MAX,
            text: text.to_vec(),
            cut_from: u64::MAX,
        }
    }

    fn filled(lines: impl IntoIterator<Item = LogLine>) -> v1::LogLines {
        let mut chunk = Chunk::new(Some(i64::MIN), u64::MAX / 2);
        for line in lines {
            assert!(!chunk.is_full());
            chunk.push(line);
        }
        assert!(chunk.is_full());
        chunk.take(&Instance::default()).unwrap().1
    }

    #[test]
    fn no_chunk_is_larger_than_nats_takes() {
        let short = std::iter::repeat_n(line(b""), LINES);
        assert!(filled(short).encoded_len() < 16 * 1024);
        // A mask may be longer than what it hides: here is as much of it as a kept line can hold.
        let secrets = b"api_key=a ".repeat(KEPT.div_ceil(10));
        let masked = Redactor::new([]).unwrap().redact_cut(&secrets, KEPT).into_owned();
        assert!(masked.len() > KEPT);
        let almost = std::iter::repeat_n(line(&[b'x'; BYTES / LINES]), LINES - 1);
        let largest = filled(almost.chain([line(&masked)]));
        assert!(largest.encoded_len() < 128 * 1024, "{}", largest.encoded_len());
        let long = std::iter::repeat_n(line(&masked), BYTES.div_ceil(masked.len()));
        assert!(filled(long).encoded_len() < 128 * 1024);
    }

    #[test]
    fn positions_go_on_and_name_the_part() {
        let instance = Instance {
            pod_uid: "u".into(),
            container: "app".into(),
            ..Instance::default()
        };
        let mut chunk = Chunk::new(None, 0);
        assert_eq!(chunk.take(&instance), None);
        let at = |time_nanos: i64| LogLine {
            time_nanos,
            ..LogLine::default()
        };
        chunk.push(at(7));
        chunk.push(at(8));
        let (part, first) = chunk.take(&instance).unwrap();
        chunk.push(at(9));
        let (next, second) = chunk.take(&instance).unwrap();
        assert_eq!(
            (part.as_str(), next.as_str()),
            ("log/u/app/0/7/0-2", "log/u/app/0/7/2-1")
        );
        assert_eq!((first.first, second.first, second.origin_nanos), (0, 2, 7));
        let mut rotated = Chunk::new(None, 0);
        rotated.push(at(8));
        rotated.push(at(9));
        assert_ne!(rotated.take(&instance).unwrap().0, part);
    }
}
