//! The worker's line splitter: the lines of a stream do not depend on how it is read, and no byte of them is lost.
#![no_main]

use futures::FutureExt as _;
use futures::io::BufReader;
use libfuzzer_sys::fuzz_target;
use temper_proto::v1::LogLine;

// The worker is a program and no library: its file is taken in as it is.
#[expect(dead_code, reason = "of the worker's file not everything is called")]
#[path = "../../worker/src/lines.rs"]
mod lines;

/// What the splitter takes from its neighbour in the worker.
mod redact {
    pub(crate) const LOOK_AHEAD: usize = 512;
}

fn read(text: &[u8], capacity: usize) -> Vec<LogLine> {
    let mut stream = BufReader::with_capacity(capacity, text);
    let mut found = Vec::new();
    while let Some(Ok(Some(line))) = lines::next(&mut stream).now_or_never() {
        found.push(line);
    }
    found
}

fuzz_target!(|data: &[u8]| {
    let Some((first, text)) = data.split_first() else { return };
    let found = read(text, usize::from(*first).max(1));
    assert_eq!(found, read(text, 64 * 1024));
    let unended = usize::from(!text.is_empty() && !text.ends_with(b"\n"));
    assert_eq!(found.len(), text.iter().filter(|byte| **byte == b'\n').count() + unended);
});
