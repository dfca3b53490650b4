//! How much of a run's logs the stream really has.

use std::collections::BTreeSet;

use serde::Serialize;
use temper_proto::v1::Chunk;
use temper_proto::v1::chunk::Body;

use super::rounded;

/// What the stream has of one run's logs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Recorded {
    /// Lines, each counted once.
    pub lines: usize,
    /// Bytes of their texts.
    pub bytes: usize,
    /// From the first one to the last, by the clock of the node.
    pub lines_per_second: f64,
    /// How often lines are said to be missing.
    pub gaps: usize,
}

impl Recorded {
    /// Counts what these chunks hold.
    pub fn of(chunks: &[Chunk]) -> Self {
        let mut seen = BTreeSet::new();
        let mut recorded = Self::default();
        let mut times: Option<(i64, i64)> = None;
        for body in chunks.iter().filter_map(|chunk| chunk.body.as_ref()) {
            let logs = match body {
                Body::Logs(logs) => logs,
                Body::Gap(_) => {
                    recorded.gaps += 1;
                    continue;
                }
                _ => continue,
            };
            let source = logs.source.clone().unwrap_or_default();
            for (position, line) in (logs.first..).zip(&logs.lines) {
                let log = (source.pod_uid.clone(), source.container.clone(), source.restart);
                if seen.insert((log, logs.origin_nanos, position)) {
                    recorded.bytes += line.text.len();
                    let (first, last) = times.unwrap_or((line.time_nanos, line.time_nanos));
                    times = Some((first.min(line.time_nanos), last.max(line.time_nanos)));
                }
            }
        }
        recorded.lines = seen.len();
        if let Some((first, last)) = times
            && last > first
        {
            #[expect(clippy::cast_precision_loss, reason = "a rate")]
            let rate = recorded.lines as f64 / ((last - first) as f64 / 1e9);
            recorded.lines_per_second = rounded(rate);
        }
        recorded
    }
}

#[cfg(test)]
mod tests {
    use temper_proto::v1::{LogGap, LogLine, LogLines, Source};

    use super::*;

    fn logs(first: u64, seconds: &[i64]) -> Chunk {
        let line = |second: &i64| LogLine {
            time_nanos: second * 1_000_000_000,
            text: b"ab".to_vec(),
            cut_from: 0,
        };
        let logs = LogLines {
            source: Some(Source::default()),
            first,
            lines: seconds.iter().map(line).collect(),
            origin_nanos: 0,
        };
        Chunk {
            body: Some(Body::Logs(logs)),
        }
    }

    #[test]
    fn a_line_that_two_workers_read_is_one() {
        let gap = Chunk {
            body: Some(Body::Gap(LogGap::default())),
        };
        let recorded = Recorded::of(&[logs(0, &[1, 2]), logs(1, &[2, 3]), gap]);
        let wanted = Recorded {
            lines: 3,
            bytes: 6,
            lines_per_second: 1.5,
            gaps: 1,
        };
        assert_eq!(recorded, wanted);
    }
}
