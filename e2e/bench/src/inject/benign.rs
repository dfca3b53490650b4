//! What a workload that works may look like on another day.

use super::random::Random;
use super::{Change, Subject};
use crate::run::Line;

pub(super) const ROWS: [(&str, Change); 20] = [
    ("nothing", |subject| Some(subject.run.lines.clone())),
    ("interleaving", |subject| Some(interleaved(subject))),
    ("volume -10 %", |subject| thinned(subject, 10)),
    ("volume +20 %", |subject| thickened(subject, 20)),
    ("half the load", |subject| thinned(subject, 50)),
    ("twice the load", |subject| thickened(subject, 100)),
    ("replicas 1 to 3", |subject| Some(replicas(subject))),
    ("slow start", |subject| Some(slow(subject))),
    ("clock jump in the text", |subject| {
        dates(subject, "2026-11-23", "2027-02-14")
    }),
    ("another hour", |subject| dates(subject, " 18:", " 03:")),
    ("another time zone", zone),
    ("other numbers", numbers),
    ("random ids", ids),
    ("names of the clone", names),
    ("new warning of the platform", |subject| Some(platform(subject))),
    ("new harmless line", |subject| {
        Some(subject.with(0.5, "configuration reloaded from the usual place"))
    }),
    ("JSON key order", |subject| json(subject, |fields| fields.reverse())),
    ("JSON key added", |subject| {
        json(subject, |fields| fields.push("\"node\":\"worker-7\"".to_owned()))
    }),
    ("JSON nested value", |subject| {
        json(subject, |fields| {
            fields.push("\"ctx\":{\"span\":\"9f2c44\",\"n\":4}".to_owned());
        })
    }),
    ("logfmt key order", logfmt),
];

/// Lines of threads that race: neighbours within 20 ms change places.
fn interleaved(subject: &Subject<'_>) -> Vec<Line> {
    let mut random = Random(subject.seed);
    let mut lines = subject.run.lines.clone();
    for pair in lines.chunks_exact_mut(2) {
        if let [a, b] = pair
            && (b.at - a.at).abs() < 0.02
            && random.below(2) == 0
        {
            std::mem::swap(&mut a.text, &mut b.text);
        }
    }
    lines
}

/// So many of a hundred lines after readiness are not said.
fn thinned(subject: &Subject<'_>, percent: u64) -> Option<Vec<Line>> {
    let mut random = Random(subject.seed);
    let ready = subject.ready();
    let end = subject.run.lines.last()?.at;
    // What is said at start and at the end does not follow the load.
    let kept = |line: &&Line| line.at <= ready || line.at > end - 0.3 || random.below(100) >= percent;
    Some(subject.run.lines.iter().filter(kept).cloned().collect())
}

/// So many of a hundred lines after readiness are said twice.
fn thickened(subject: &Subject<'_>, percent: u64) -> Option<Vec<Line>> {
    let mut random = Random(subject.seed);
    let ready = subject.ready();
    let end = subject.run.lines.last()?.at;
    let mut lines = Vec::new();
    for line in &subject.run.lines {
        lines.push(line.clone());
        if line.at > ready && line.at <= end - 0.3 && random.below(100) < percent {
            lines.push(line.clone());
        }
    }
    Some(lines)
}

/// Three of them, as one log.
fn replicas(subject: &Subject<'_>) -> Vec<Line> {
    let thrice = |line: &Line| [line.clone(), line.clone(), line.clone()];
    subject.run.lines.iter().flat_map(thrice).collect()
}

/// Everything one second later.
fn slow(subject: &Subject<'_>) -> Vec<Line> {
    subject.each(|line| Line {
        at: line.at + 1.0,
        text: line.text.clone(),
    })
}

fn dates(subject: &Subject<'_>, from: &str, to: &str) -> Option<Vec<Line>> {
    subject.each_text(|text| text.replacen(from, to, 1))
}

fn zone(subject: &Subject<'_>) -> Option<Vec<Line>> {
    subject.each_text(|text| {
        if text.contains("+0000]") {
            text.replacen("+0000]", "+0530]", 1)
        } else if text.contains(" UTC ") {
            text.replacen(" UTC ", " CEST ", 1)
        } else if let Some(at) = text
            .find('Z')
            .filter(|at| text[..*at].ends_with(|c: char| c.is_ascii_digit()))
        {
            format!("{}+02:00{}", &text[..at], &text[at + 1..])
        } else {
            text.to_owned()
        }
    })
}

/// Every number of five and more digits is another one of the same length: ids, ports, times.
fn numbers(subject: &Subject<'_>) -> Option<Vec<Line>> {
    let mut random = Random(subject.seed);
    subject.each_text(|text| {
        let mut out = String::with_capacity(text.len());
        let mut digits = String::new();
        for c in text.chars().chain(['\n']) {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            if digits.len() >= 5 {
                for (place, _) in digits.char_indices() {
                    let digit = if place == 0 {
                        1 + random.below(9)
                    } else {
                        random.below(10)
                    };
                    out.push_str(&digit.to_string());
                }
            } else {
                out.push_str(&digits);
            }
            digits.clear();
            if c != '\n' {
                out.push(c);
            }
        }
        out
    })
}

/// Ids of every type behind a message that is there.
fn ids(subject: &Subject<'_>) -> Option<Vec<Line>> {
    let mut random = Random(subject.seed);
    let mut number = 0_u64;
    subject.each_text(|text| {
        number += 1;
        let mut out = text.to_owned();
        // Where an id stands already, another one of its type.
        for (key, digits) in [("\"request\":\"", 8), ("\"order\":\"", 8), ("\"job\":\"", 8)] {
            if let Some(at) = out.find(key) {
                let from = at + key.len();
                out.replace_range(from..from + digits, &random.hex(digits));
            }
        }
        if let Some(at) = out.find("/nope-") {
            let end = out[at + 6..]
                .find(|c: char| !c.is_ascii_digit())
                .map_or(out.len(), |end| at + 6 + end);
            out.replace_range(at + 6..end, &random.below(1_000_000).to_string());
        }
        out
    })
}

/// The host's name, wherever it stands, becomes that of a Pod of the clone.
fn names(subject: &Subject<'_>) -> Option<Vec<Line>> {
    subject.each_text(|text| text.replace("127.0.0.1", "10.244.17.3"))
}

/// What a kernel or a library newly says and nobody minds.
fn platform(subject: &Subject<'_>) -> Vec<Line> {
    subject.with(
        0.02,
        "WARNING: cgroup v2 memory.high is not set, using the default of the platform",
    )
}

/// Changes the fields of lines that are JSON objects.
fn json(subject: &Subject<'_>, change: impl Fn(&mut Vec<String>)) -> Option<Vec<Line>> {
    subject.each_text(|text| {
        if !matches!(serde_json::from_str(text), Ok(serde_json::Value::Object(_))) {
            return text.to_owned();
        }
        let mut fields = fields(text.trim());
        change(&mut fields);
        format!("{{{}}}", fields.join(","))
    })
}

/// The fields of an object, each as it was written.
fn fields(object: &str) -> Vec<String> {
    let (mut fields, mut field) = (Vec::new(), String::new());
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for c in object.chars() {
        let is_mark = !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '{' | '[' if is_mark => depth += 1,
            '}' | ']' if is_mark => depth -= 1,
            _ => {}
        }
        let is_outside = (c == '{' && depth == 1 && is_mark && field.is_empty()) || depth == 0;
        if c == ',' && depth == 1 && is_mark {
            fields.push(std::mem::take(&mut field));
        } else if !is_outside {
            field.push(c);
        }
    }
    fields.push(field);
    fields
}

/// Moves the last field of a logfmt line without quotes to the front.
fn logfmt(subject: &Subject<'_>) -> Option<Vec<Line>> {
    subject.each_text(|text| match text.rsplit_once(' ') {
        Some((rest, last)) if text.starts_with("ts=") && last.contains('=') && !last.contains('"') => {
            format!("{last} {rest}")
        }
        _ => text.to_owned(),
    })
}
