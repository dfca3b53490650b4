//! What a workload looks like that does not work.

use std::collections::BTreeMap;

use temper_core::logs::{Names, Severity, mask};

use super::{Change, Subject};
use crate::run::Line;

/// A message is frequent from this count on.
const FREQUENT: usize = 5;

pub(super) const ROWS: [(&str, Change); 16] = [
    ("one permission-denied line", |subject| {
        Some(subject.with(0.5, "open(/var/lib/app/state): Permission denied"))
    }),
    ("one read-only line", |subject| {
        Some(subject.with(0.3, "cannot write /data/journal: Read-only file system"))
    }),
    ("stack trace", |subject| {
        Some(subject.with(
            0.5,
            "Traceback (most recent call last):\n  File \"/app/main.py\", line 17, in handle\n    store(order)\nOSError: [Errno 28] No space left on device",
        ))
    }),
    ("Java stack trace", |subject| {
        Some(subject.with(
            0.5,
            "Exception in thread \"main\" java.lang.IllegalStateException: no store\n\tat com.app.Store.open(Store.java:42)\nCaused by: java.io.IOException: closed",
        ))
    }),
    ("Go panic", |subject| {
        Some(subject.with(0.5, "panic: runtime error: invalid memory address\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:12 +0x1d"))
    }),
    ("level raised, same text", raised),
    ("status 200 to 500", |subject| {
        subject.each_text(|text| {
            text.replace("\" 200 ", "\" 500 ")
                .replace("\"status\":200", "\"status\":500")
                .replace("status=200", "status=500")
        })
    }),
    ("most frequent message gone", |subject| {
        let frequent = frequent(subject)?;
        Some(
            subject
                .run
                .lines
                .iter()
                .filter(|line| template(line) != frequent)
                .cloned()
                .collect(),
        )
    }),
    ("one message five-fold", |subject| {
        let frequent = frequent(subject)?;
        let times = |line: &Line| if template(line) == frequent { 5 } else { 1 };
        Some(
            subject
                .run
                .lines
                .iter()
                .flat_map(|line| vec![line.clone(); times(line)])
                .collect(),
        )
    }),
    ("most frequent message to a tenth", |subject| {
        let frequent = frequent(subject)?;
        let mut number = 0;
        let kept = |line: &&Line| {
            let is_it = template(line) == frequent;
            number += usize::from(is_it);
            !is_it || number % 10 == 1
        };
        let lines: Vec<Line> = subject.run.lines.iter().filter(kept).cloned().collect();
        (number >= 4 * FREQUENT).then_some(lines)
    }),
    ("a known error ten-fold", |subject| {
        let is_error = |line: &Line| mask(&line.text, &Names::default()).severity >= Severity::Soft;
        let times = |line: &Line| if is_error(line) { 10 } else { 1 };
        let lines: Vec<Line> = subject
            .run
            .lines
            .iter()
            .flat_map(|line| vec![line.clone(); times(line)])
            .collect();
        (lines.len() > subject.run.lines.len()).then_some(lines)
    }),
    ("no line at all", |_| Some(Vec::new())),
    ("start-up without its end", |subject| {
        let ready = subject.ready();
        let start = subject.run.lines.iter().filter(|line| line.at <= ready);
        let mut messages: Vec<String> = Vec::new();
        for line in start {
            let message = template(line);
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
        let gone: Vec<String> = messages.split_off(messages.len() / 3);
        let kept = |line: &&Line| line.at > ready || !gone.contains(&template(line));
        let lines = subject.run.lines.iter().filter(kept).cloned();
        (gone.len() >= 4).then(|| lines.collect())
    }),
    ("cut after 40 %", |subject| {
        let kept = subject.run.lines.len() * 2 / 5;
        Some(subject.run.lines.iter().take(kept).cloned().collect())
    }),
    ("restart: the start-up twice", |subject| {
        let ready = subject.ready();
        let start: Vec<Line> = subject
            .run
            .lines
            .iter()
            .filter(|line| line.at <= ready)
            .cloned()
            .collect();
        let end = subject.run.lines.last()?.at;
        let middle = subject
            .run
            .lines
            .partition_point(|line| line.at <= f64::midpoint(ready, end));
        let mut lines = subject.run.lines.clone();
        let at = lines.get(middle.saturating_sub(1))?.at;
        lines.splice(middle..middle, start.into_iter().map(|line| Line { at, ..line }));
        Some(lines)
    }),
    ("reversed order", |subject| {
        let texts = subject.run.lines.iter().rev();
        Some(
            subject
                .run
                .lines
                .iter()
                .zip(texts)
                .map(|(line, reversed)| Line {
                    at: line.at,
                    text: reversed.text.clone(),
                })
                .collect(),
        )
    }),
];

fn template(line: &Line) -> String {
    mask(&line.text, &Names::default()).template
}

fn frequent(subject: &Subject<'_>) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in &subject.run.lines {
        *counts.entry(template(line)).or_default() += 1;
    }
    let (template, count) = counts
        .into_iter()
        .filter(|(text, _)| !text.is_empty())
        .max_by_key(|(_, count)| *count)?;
    (count >= FREQUENT).then_some(template)
}

/// The level of one line, in the middle of the log, is an error's.
fn raised(subject: &Subject<'_>) -> Option<Vec<Line>> {
    let levels = [
        (" [notice] ", " [error] "),
        (" [Note] ", " [ERROR] "),
        (" LOG: ", " ERROR: "),
        ("level=info", "level=error"),
        ("\"level\":\"info\"", "\"level\":\"error\""),
        (" * ", " # "),
    ];
    let mut lines = subject.run.lines.clone();
    let middle = lines.len() / 2;
    for line in lines.iter_mut().skip(middle) {
        let text = String::from_utf8_lossy(&line.text).into_owned();
        if let Some((from, to)) = levels.iter().find(|(from, _)| text.contains(from)) {
            line.text = text.replacen(from, to, 1).into_bytes();
            return Some(lines);
        }
    }
    None
}
