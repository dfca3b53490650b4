//! From the wire to a recording: whatever a message holds, and however often it comes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temper_core::oracle::{agree, judge};
use temper_core::recording::{Recording, curves};
use temper_proto::Message as _;
use temper_proto::v1::Chunk;

fuzz_target!(|data: &[u8]| {
    let (mut rest, mut samples) = (data, Vec::new());
    while let Ok(chunk) = Chunk::decode_length_delimited(&mut rest) {
        samples.extend(temper_archive::sample(chunk, 1));
    }
    let mut recording = Recording::new("temper-web");
    for (sequence, sample) in (1..).zip(&samples) {
        recording.received(1, sequence);
        recording.fold(sample.clone());
    }
    let once = recording.clone();
    samples.into_iter().for_each(|sample| recording.fold(sample));
    assert_eq!(recording, once);
    let _ = (curves(&once), once.missing().map(|missing| missing.sentence()));
    let _ = (judge(&[&once], &once), agree(&[&once, &once]));
});
