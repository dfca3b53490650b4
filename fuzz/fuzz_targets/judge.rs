//! The verdict on one log against another: total, the same each time, and never against itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temper_core::oracle::{Outcome, agree, judge};
use temper_core::recording::{LogLine, LogLines, Mark, Moment, Recording, Sample, Source};

/// A tenth of a second.
const STEP: i64 = 100_000_000;

fn recorded(log: &[u8]) -> Recording {
    let texts: Vec<&[u8]> = log.split(|byte| *byte == b'\n').collect();
    let mark = |moment, time_nanos| {
        Sample::Mark(Mark {
            moment,
            time_nanos,
            message: String::new(),
            published: 0,
            lost: 0,
            attempt: 1,
        })
    };
    let line = |(at, text): (i64, &&[u8])| LogLine {
        time_nanos: at * STEP,
        text: text.to_vec(),
        cut_from: 0,
    };
    let end = i64::try_from(texts.len()).unwrap_or(i64::MAX).saturating_mul(STEP);
    let mut recording = Recording::new("temper-web");
    recording.received(1, 1);
    recording.fold(mark(Moment::Started, 0));
    recording.fold(mark(Moment::Ready, 3 * STEP));
    recording.fold(mark(Moment::Complete, end.max(4 * STEP)));
    recording.fold(Sample::Logs(LogLines {
        source: Source {
            pod: "web".to_owned(),
            pod_uid: "u".to_owned(),
            container: "app".to_owned(),
            restart: 0,
            init: false,
        },
        first: 0,
        lines: (0..).zip(&texts).map(line).collect(),
        origin_nanos: 0,
    }));
    recording
}

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len() / 2);
    let (usual, log) = data.split_at(at);
    let (usual, candidate) = (recorded(usual), recorded(log));
    assert_eq!(judge(&[&usual], &candidate), judge(&[&usual], &candidate));
    let itself = judge(&[&candidate, &candidate], &candidate);
    assert_ne!(itself.outcome, Outcome::Failed, "{:?}", itself.findings);
    let _ = agree(&[&usual, &candidate]);
});
