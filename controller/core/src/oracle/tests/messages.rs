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
fn a_start_of_one_message_tells_as_much() {
    let usual = run(&served(&START[3..4], "[notice] served a page"));
    let rule = |lines: &[(i64, &str)]| failing(&judge(&[&usual, &usual], &run(lines)));
    let mut lines = served(&START[3..4], "[notice] served a page");
    assert_eq!(rule(&lines), None);
    lines.push((9, START[3].1));
    assert_eq!(rule(&lines), Some(Rule::StartedAgain));
}

#[test]
fn what_is_tried_again_fails_unless_it_stops() {
    let line = "[error] no answer from the sink, retrying";
    let with = |seconds: &[i64], line: &'static str| {
        let mut lines = served(&START, "[notice] served a page");
        lines.extend(seconds.iter().map(|second| (*second, line)));
        lines
    };
    assert_eq!(rule(&with(&[6, 7], line)), None, "it succeeded");
    assert_eq!(
        rule(&with(&[6, 7, 16], line)),
        Some(Rule::NewMessage),
        "it still tries at the end"
    );
    assert_eq!(
        rule(&with(&[6], "[error] no answer from the sink, no more retries")),
        Some(Rule::NewMessage)
    );
    assert_eq!(
        rule(&with(&[6], "[error] permission denied, retrying")),
        Some(Rule::NewMessage),
        "a refusal is none"
    );
}

#[test]
fn a_warning_that_never_ends_fails() {
    let with = |seconds: std::ops::Range<i64>| {
        let mut lines = served(&START, "[notice] served a page");
        lines.extend(seconds.map(|second| (second, "[warning] the broker does not know us")));
        lines
    };
    assert_eq!(rule(&with(5..17)), Some(Rule::NewMessage));
    assert_eq!(rule(&with(12..17)), None, "five times is not over and over");
    assert_eq!(rule(&with(2..12)), None, "it ended");
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
    // However long it took to start.
    let late: Vec<_> = usual.iter().map(|(second, line)| (second + 9, *line)).collect();
    assert_eq!(rule_of_log(&usual, &late[..9]), Some(Rule::EarlyEnd));
    assert_eq!(rule_of_log(&late, &usual), None);
    // In bursts every six seconds, with the last two of four cut off: as much was said in that time as ever.
    let bursts = |count: i64| -> Vec<(i64, &'static str)> {
        let burst = (0..count).flat_map(|number| [(3 + 6 * number, line); 10]);
        START.into_iter().chain(burst).collect()
    };
    assert_eq!(rule_of_log(&bursts(4), &bursts(2)), Some(Rule::EarlyEnd));
    // Half the load, for as long.
    let half: Vec<_> = bursts(4)
        .into_iter()
        .enumerate()
        .filter(|(place, _)| *place < 5 || place % 2 == 0)
        .map(|(_, line)| line)
        .collect();
    assert_eq!(rule_of_log(&bursts(4), &half), None);
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

/// As many requests, each for a path of its own.
fn asked(number: usize, answer: &'static str) -> Vec<(i64, String)> {
    let path = |n: usize| -> String { (0..4).map(|place| ["a", "b", "c", "d"][n >> (place * 2) & 3]).collect() };
    (0..number)
        .map(|n| (3, format!("10.0.0.1 - - \"GET /{} HTTP/1.1\" {answer} 17", path(n))))
        .collect()
}

fn ran(parts: &[Vec<(i64, String)>]) -> Recording {
    let lines: Vec<(i64, &str)> = parts
        .iter()
        .flatten()
        .map(|(second, line)| (*second, &**line))
        .collect();
    run(&lines)
}

#[test]
fn requests_that_are_refused_as_their_clients_fault_count_together() {
    let usual = ran(&[asked(20, "200"), asked(2, "404")]);
    let rule = |candidate: &Recording| failing(&judge(&[&usual, &usual], candidate));
    assert_eq!(rule(&ran(&[asked(12, "200"), asked(10, "404")])), None);
    assert_eq!(
        rule(&ran(&[asked(2, "200"), asked(20, "404")])),
        Some(Rule::MoreComplaints)
    );
    assert_eq!(
        rule(&ran(&[asked(10, "200"), asked(2, "404"), asked(10, "401")])),
        Some(Rule::MoreComplaints)
    );
}

#[test]
fn complaints_of_which_each_has_words_of_its_own_count_together() {
    let complained = |number: usize| -> Vec<(i64, String)> {
        let lines = asked(number, "200").into_iter();
        lines
            .map(|(second, line)| (second, format!("[error] cannot serve this one now: {line}")))
            .collect()
    };
    let usual = ran(&[complained(3)]);
    let rule = |candidate: &Recording| failing(&judge(&[&usual, &usual], candidate));
    assert_eq!(rule(&ran(&[complained(9)])), None, "three replicas say as much");
    assert_eq!(rule(&ran(&[complained(30)])), Some(Rule::MoreComplaints));
}

#[test]
fn other_requests_are_no_other_words_for_one_that_is_made_no_more() {
    let same = |number: usize, path: &str| -> Vec<(i64, String)> {
        vec![(4, format!("10.0.0.1 - - \"GET /{path} HTTP/1.1\" 200 17")); number]
    };
    let usual = ran(&[asked(20, "200"), same(20, "index")]);
    let rule = |candidate: &Recording| failing(&judge(&[&usual, &usual], candidate));
    assert_eq!(rule(&ran(&[asked(24, "200")])), Some(Rule::MissingMessage));
    assert_eq!(
        rule(&ran(&[asked(20, "200"), same(20, "home")])),
        None,
        "it has another name"
    );
}

#[test]
fn what_every_baseline_says_as_often_is_missed_sooner() {
    let said = |number: usize| -> Vec<(i64, String)> {
        [
            vec![(3, "[notice] looked up a name".to_owned()); number],
            vec![(3, "[notice] read".to_owned()); 24],
        ]
        .concat()
    };
    let fewer = |usual: [usize; 2]| {
        let [a, b] = usual.map(|number| ran(&[said(number)]));
        failing(&judge(&[&a, &b], &ran(&[said(2)])))
    };
    assert_eq!(fewer([24, 24]), Some(Rule::RarerMessage));
    assert_eq!(fewer([22, 26]), None);
}

#[test]
fn two_baselines_that_name_a_thing_otherwise_agree() {
    let named = |name: &str| {
        ran(&[vec![
            (3, format!("worker {name} has read one more page of the book"));
            12
        ]])
    };
    let (a, b) = (named("ada"), named("bob"));
    assert_eq!(agree(&[&a, &b]), Ok(()));
    let said = |number: usize| {
        ran(&[
            vec![(3, "[notice] read".to_owned()); 24],
            vec![(4, "[notice] told".to_owned()); number],
        ])
    };
    let verdict = judge(&[&said(40)], &said(9));
    assert_eq!(failing(&verdict), None, "one alone does not say how little it varies");
}
