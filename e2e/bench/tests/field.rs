//! The labelled recordings that the repository keeps are what they are said to be.

use std::collections::BTreeMap;
use std::path::Path;

use temper_bench::run::{self, Label};

#[test]
fn kept_recordings_are_whole_and_their_labels_repeat() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/field");
    let programs = run::read(&folder).unwrap();
    assert!(programs.len() >= 12, "{}", programs.len());
    for program in &programs {
        let unchanged: Vec<Label> = program.baselines(usize::MAX).iter().map(|run| run.label).collect();
        assert!(unchanged.len() >= 6, "{}: {unchanged:?}", program.name);
        let mut labels = BTreeMap::<&str, Vec<Label>>::new();
        for run in &program.runs {
            labels.entry(&run.hardening).or_default().push(run.label);
        }
        for (hardening, labels) in labels {
            let alike = labels.windows(2).all(|pair| pair[0] == pair[1]);
            assert!(alike && labels.len() >= 2, "{}/{hardening}: {labels:?}", program.name);
        }
    }
    let degraded = programs.iter().flat_map(|program| &program.runs);
    assert!(degraded.filter(|run| run.label == Label::Degraded).count() >= 100);
}
