use std::collections::BTreeSet;

use super::samples::{chunk, chunk_of, gap};
use super::*;

fn ending(attempt: u32, published: u64, moment: Moment) -> Sample {
    Sample::Mark(Mark {
        moment,
        time_nanos: 9,
        message: String::new(),
        published,
        lost: 0,
        attempt,
    })
}

/// The messages of one attempt that ends after so many others, at scattered sequences.
fn attempt(number: u32, published: u64, moment: Moment) -> Vec<Delivery> {
    let sequence = |n: u64| 1000 * u64::from(number) + 7 * n;
    let mut messages: Vec<Delivery> = (0..published)
        .map(|n| (number, sequence(n), samples::event(i64::try_from(n).unwrap(), 1)))
        .collect();
    messages.push((number, sequence(published), ending(number, published, moment)));
    messages
}

proptest! {
    /// A recording is whole if and only if every message of every attempt that ended was delivered.
    #[test]
    fn what_the_stream_lost_is_missed(
        first in 0_u64..20,
        second in 0_u64..20,
        lost in proptest::collection::btree_set(0_usize..42, 0..4),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let mut all = attempt(1, first, Moment::Interrupted);
        all.extend(attempt(2, second, Moment::Complete));
        let is_mark = |message: &Delivery| matches!(message.2, Sample::Mark(_));
        let kept: Vec<Delivery> = all
            .iter()
            .enumerate()
            .filter(|(index, message)| is_mark(message) || !lost.contains(index))
            .map(|(_, message)| message.clone())
            .collect();
        let recording = delivered(order.iter().map(|index| index.get(&kept)).chain(&kept));
        prop_assert_eq!(recording.missing().is_none(), kept.len() == all.len());
        let gone = (kept.len() < all.len()).then_some(Missing::Gone);
        prop_assert_eq!(recording.missing(), gone);
    }

    /// Lines are a whole log if and only if they are all from the first one on.
    #[test]
    fn holes_in_a_log_are_missed(chunks in proptest::collection::vec((0_u64..30, 1_u64..10), 1..12)) {
        let recording = folded(chunks.iter().map(|(first, count)| chunk(*first, *count)));
        let positions: BTreeSet<u64> = chunks.iter().flat_map(|(first, count)| *first..first + count).collect();
        let is_prefix = positions.iter().copied().eq(0..positions.len() as u64);
        prop_assert_eq!(recording.missing().is_none(), is_prefix);
    }
}

#[test]
fn a_worker_that_was_killed_owes_nothing() {
    let mut messages = attempt(2, 3, Moment::Complete);
    messages.push((1, 5, samples::pod(1, true)));
    assert!(delivered(&messages).missing().is_none());
}

#[test]
fn sequences_of_one_attempt_do_not_count_for_another() {
    let mut messages = attempt(2, 1, Moment::Complete);
    messages.remove(0);
    messages.push((1, 5, samples::pod(1, true)));
    assert_eq!(delivered(&messages).missing(), Some(Missing::Gone));
}

#[test]
fn a_log_that_begins_elsewhere_for_the_next_worker_was_rotated() {
    let whole = folded([chunk(0, 6), chunk(0, 9)]);
    assert!(whole.missing().is_none());
    let rotated = folded([chunk(0, 6), chunk_of(4, 0, 9)]);
    assert_eq!(rotated.missing(), Some(Missing::Rotated(&source())));
    let sentence = rotated.missing().map(|missing| missing.sentence());
    assert_eq!(
        sentence.as_deref(),
        Some("the log of container `app` in Pod `web-1` was rotated before all of it was read")
    );
}

#[test]
fn another_instance_has_another_beginning() {
    let Sample::Logs(mut next) = chunk_of(4, 0, 3) else {
        unreachable!()
    };
    next.source.restart = 1;
    assert!(folded([chunk(0, 4), Sample::Logs(next)]).missing().is_none());
}

#[test]
fn what_a_worker_could_not_read_is_missing_and_told() {
    let recording = folded([chunk(0, 4), gap(Cause::Unread, 4)]);
    let sentence = recording.missing().map(|missing| missing.sentence());
    assert_eq!(
        sentence.as_deref(),
        Some("the log of container `app` in Pod `web-1` was not read to its end: the Pod is gone")
    );
    let rotated = folded([chunk(0, 4), gap(Cause::Unread, 4), gap(Cause::Rotated, 9)]);
    assert_eq!(rotated.missing(), Some(Missing::Rotated(&source())));
}

#[test]
fn what_a_worker_gave_up_is_lost_also_where_it_leaves_a_hole() {
    let Sample::Mark(mut mark) = mark(Moment::Interrupted, 5) else {
        unreachable!()
    };
    mark.lost = 1;
    let mut recording = folded([chunk(0, 4), chunk(6, 2), Sample::Mark(mark)]);
    recording.received(1, 1);
    assert_eq!(recording.missing(), Some(Missing::Lost(None)));
}
