//! What a kubelet answers: no answer ends the worker, and the same answer has nothing new.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;

// The worker is a program and no library: its file is taken in as it is.
#[path = "../../worker/src/kubelet/summary.rs"]
mod summary;

/// What the parser takes from its neighbour in the worker.
mod pods {
    pub(crate) fn nanos(time: jiff::Timestamp) -> i64 {
        i64::try_from(time.as_nanosecond()).unwrap_or_default()
    }
}

fuzz_target!(|data: &[u8]| {
    let pods = BTreeSet::from(["u".to_owned()]);
    let mut told = summary::Told::default();
    let read = || serde_json::from_slice::<summary::Summary>(data).ok();
    let (Some(once), Some(again)) = (read(), read()) else { return };
    let containers = once.fresh(&pods, &mut told);
    let _ = containers.len();
    let _ = again.fresh(&pods, &mut told);
});
