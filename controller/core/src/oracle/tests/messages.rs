//! The rules of TC-03, one by one.

use super::*;

const START: [(i64, &str); 5] = [
    (0, "[notice] reading the configuration"),
    (0, "[notice] opening the store"),
    (1, "[notice] warming the cache"),
    (1, "[notice] listening on port 80"),
    (1, "[notice] ready"),
];

/// A start, and then a line each second.
fn served(start: &[(i64, &'static str)], line: &'static str) -> Vec<(i64, &'static str)> {
    let served = (3..17).map(|second| (second, line));
    start.iter().copied().chain(served).collect()
}

/// The first failing rule of a run against one that starts and serves as usual, each as a whole recording.
fn rule(lines: &[(i64, &str)]) -> Option<Rule> {
    let usual = run(&served(&START, "[notice] served a page"));
    failing(&judge(&[&usual, &usual], &run(lines)))
}

fn failing(verdict: &Verdict) -> Option<Rule> {
    let first = verdict
        .findings
        .first()
        .filter(|finding| finding.weight == Weight::Fail);
    first.map(|finding| finding.rule)
}

/// A log that is all there is: of a baseline it is known when it was Ready.
fn log(lines: &[(i64, &str)], is_baseline: bool) -> Recording {
    let mut recording = started();
    if is_baseline {
        mark(&mut recording, Moment::Ready, READY);
    }
    let end = lines.iter().map(|(second, _)| *second).max().unwrap_or(0);
    mark(&mut recording, Moment::LogEnd, end * NANOS);
    say(&mut recording, lines);
    recording
}

fn rule_of_log(usual: &[(i64, &str)], lines: &[(i64, &str)]) -> Option<Rule> {
    let usual = log(usual, true);
    failing(&judge(&[&usual, &usual], &log(lines, false)))
}

#[test]
fn the_same_passes() {
    let lines = served(&START, "[notice] served a page");
    assert_eq!(rule(&lines), None);
    assert_eq!(rule_of_log(&lines, &lines), None);
}

#[test]
fn the_same_text_at_a_higher_level_fails() {
    let mut lines = served(&START, "[notice] served a page");
    lines[9].1 = "[error] served a page";
    assert_eq!(rule(&lines), Some(Rule::LevelRaised));
}

#[test]
fn a_message_again_and_again_is_a_flood_unless_everything_is() {
    let mut lines = served(&START, "[notice] served a page");
    lines.extend((3..17).flat_map(|second| [(second, "[notice] served a page"); 5]));
    assert_eq!(rule(&lines), Some(Rule::Flood));
    let work = |times: usize| -> Recording {
        let second = |second| [vec![(second, "read"); times], vec![(second, "wrote"); times]].concat();
        run(&(3..8).flat_map(second).collect::<Vec<_>>())
    };
    let usual = work(1);
    assert_eq!(failing(&judge(&[&usual, &usual], &work(6))), None);
}

#[test]
fn a_start_that_lacks_its_end_fails_and_one_step_less_does_not() {
    let line = "[notice] served a page";
    assert_eq!(rule(&served(&START[..2], line)), Some(Rule::MissingMilestone));
    assert_eq!(rule(&served(&START[..4], line)), None);
}

#[test]
fn a_start_that_is_told_again_fails_and_three_replicas_do_not() {
    let mut lines = served(&START, "[notice] served a page");
    lines.extend(START.map(|(second, line)| (second + 9, line)));
    assert_eq!(rule(&lines), Some(Rule::StartedAgain));
    let thrice: Vec<_> = served(&START, "[notice] served a page")
        .iter()
        .flat_map(|line| [*line; 3])
        .collect();
    assert_eq!(rule(&thrice), None);
}

#[test]
fn the_opposite_order_fails() {
    let mut lines = START.to_vec();
    for (place, line) in lines.iter_mut().enumerate() {
        line.0 = i64::try_from(place).unwrap();
    }
    let reversed: Vec<_> = lines
        .iter()
        .zip(lines.iter().rev())
        .map(|(at, line)| (at.0, line.1))
        .collect();
    assert_eq!(rule_of_log(&lines, &lines), None);
    assert_eq!(rule_of_log(&lines, &reversed), Some(Rule::Reordered));
}

#[test]
fn a_log_that_ends_early_fails_if_it_spoke_steadily_or_takes_leave() {
    let line = "[notice] served a page";
    let usual = served(&START, line);
    assert_eq!(rule_of_log(&usual, &usual[..9]), Some(Rule::EarlyEnd));
    let leave = ["[notice] shutting down", "[notice] closing the store", "[notice] bye"];
    let until =
        |second: i64| -> Vec<(i64, &str)> { START.iter().copied().chain(leave.map(|line| (second, line))).collect() };
    assert_eq!(rule_of_log(&until(16), &until(5)), Some(Rule::EarlyEnd));
    assert_eq!(rule_of_log(&until(16), &until(15)), None);
    // Who says the same in less time was driven faster.
    let faster: Vec<_> = usual.iter().map(|(second, line)| (second / 2, *line)).collect();
    assert_eq!(rule_of_log(&usual, &faster), None);
}

#[test]
fn what_does_its_work_at_once_and_has_not_done_any_fails() {
    // Each job is named once, and all of them in the first half: steady silence would not tell.
    let jobs = ["ran date", "ran id", "ran mktemp", "ran mv", "ran echo"];
    let worked: Vec<(i64, &str)> = START.into_iter().chain(jobs.map(|job| (4, job))).collect();
    let usual = run(&worked);
    let rule = |lines: &[(i64, &str)]| failing(&judge(&[&usual, &usual], &run(lines)));
    assert_eq!(rule(&worked), None);
    assert_eq!(rule(&START), Some(Rule::Silence));
    assert_eq!(rule(&worked[..7]), None, "it did some");
    let few = run(&worked[..8]);
    let verdict = judge(&[&few, &few], &run(&START));
    assert_eq!(failing(&verdict), None, "of three lines all may be missing by chance");
    let early: Vec<(i64, &str)> = START.into_iter().chain(jobs.map(|job| (1, job))).collect();
    assert_eq!(rule(&early), None, "it was only Ready later");
}

#[test]
fn of_a_log_alone_a_complaint_while_it_started_warns_if_it_goes_on_as_ever() {
    let line = "[notice] served a page";
    let usual = served(&START, line);
    let mut lines = usual.clone();
    lines.insert(1, (0, "[error] cannot lower a limit: Operation not permitted"));
    let (baseline, candidate) = (log(&usual, true), log(&lines, false));
    assert_eq!(judge(&[&baseline, &baseline], &candidate).outcome, Outcome::Warned);
    let mut lost = usual.clone();
    let token = "[error] no discovery: open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file";
    lost.insert(1, (0, token));
    assert_eq!(
        judge(&[&baseline, &baseline], &log(&lost, false)).outcome,
        Outcome::Failed,
        "it goes on without the API server"
    );
    let stuck: Vec<_> = lines.iter().copied().filter(|(_, text)| *text != line).collect();
    assert_eq!(
        judge(&[&baseline, &baseline], &log(&stuck, false)).outcome,
        Outcome::Failed
    );
}
