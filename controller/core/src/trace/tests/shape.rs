//! Whatever the facts are, and however clocks differ, the spans of a run are a tree without a gap.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn times() -> impl Strategy<Value = Option<i64>> {
    proptest::option::of(0..100_i64)
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let one = (times(), times(), 0..100_i64);
    let one = one.prop_map(|(cloned, ready, lost)| attempt(1, cloned, ready, Some(lost)));
    proptest::collection::vec(one, 1..4).prop_map(|mut attempts| {
        for (number, attempt) in (1..).zip(&mut attempts) {
            attempt.number = number;
        }
        // Every attempt but the last was lost, whatever else is known of it.
        if let Some(decisive) = attempts.last_mut() {
            decisive.lost = None;
        }
        attempts
    })
}

fn runs() -> impl Strategy<Value = Run> {
    (0..100_i64, times(), attempts(), times(), 0..100_i64).prop_map(|(created, started, attempts, recorded, ended)| {
        Run {
            created: at(created),
            started: started.map(at),
            attempts,
            recorded: recorded.map(at),
            ended: at(ended),
            ..passed()
        }
    })
}

fn told() -> impl Strategy<Value = Vec<Mark>> {
    let moments = proptest::sample::select(vec![
        Moment::Started,
        Moment::Ready,
        Moment::Complete,
        Moment::Interrupted,
        Moment::NeverReady,
    ]);
    proptest::collection::vec((1..4_u32, moments, 0..100_i64), 0..12).prop_map(|told| marks(&told))
}

proptest! {
    #[test]
    fn phases_fill_the_run(run in runs()) {
        let phases = phases(&run);
        prop_assert_eq!(phases[0].start_nanos, run.created);
        prop_assert_eq!(phases[phases.len() - 1].end_nanos, run.ended.max(run.created));
        for pair in phases.windows(2) {
            prop_assert_eq!(pair[0].end_nanos, pair[1].start_nanos);
        }
        prop_assert!(phases.iter().all(|phased| phased.start_nanos <= phased.end_nanos));
    }

    #[test]
    fn spans_are_a_tree_and_children_lie_within_their_parents(run in runs(), told in told()) {
        let spans = super::super::run(&run, &told);
        let ids: BTreeSet<SpanId> = spans.iter().map(|span| span.id).collect();
        prop_assert_eq!(ids.len(), spans.len(), "an id stands for two spans");
        for span in &spans[1..] {
            let parent = spans.iter().find(|parent| Some(parent.id) == span.parent);
            prop_assert!(parent.is_some(), "{:?} has no parent", span);
            let parent = parent.unwrap();
            prop_assert!(parent.start_nanos <= span.start_nanos, "{:?} begins before {:?}", span, parent);
            prop_assert!(span.end_nanos <= parent.end_nanos, "{:?} ends after {:?}", span, parent);
            prop_assert!(span.start_nanos <= span.end_nanos);
            prop_assert!(span.links.iter().all(|link| ids.contains(link)));
            for event in &span.events {
                prop_assert!((span.start_nanos..=span.end_nanos).contains(&event.time_nanos));
            }
        }
    }

    #[test]
    fn what_is_written_twice_is_the_same(run in runs(), told in told()) {
        prop_assert_eq!(super::super::run(&run, &told), super::super::run(&run, &told));
    }

    #[test]
    fn cleaning_up_begins_within_the_run(run in runs(), gone in 0..200_i64) {
        let span = cleaned(&run, at(gone));
        prop_assert_eq!(span.parent, Some(Run::span_id(&run.uid)));
        prop_assert!((run.created..=run.ended.max(run.created)).contains(&span.start_nanos));
        prop_assert!(span.start_nanos <= span.end_nanos);
    }
}
