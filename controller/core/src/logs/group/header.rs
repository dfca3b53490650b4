//! Where the message of a raw line begins: after the columns that look like a time, a level, a process and the like in
//! nearly all lines of a log.

use super::token::{Kind, kind};

/// Lines of a hundred that must have a column of a kind, for it to be part of the header.
const MOST: u64 = 85;

/// Columns that are looked at.
const MAX_COLUMNS: usize = 12;

/// Columns of no kind, such as a host's name, that may stand between two that have one.
const MAX_GAP: usize = 3;

/// Columns that a line may have more than the others in its header.
const MAX_MORE: usize = 2;

/// What a column of a header can look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Time,
    /// Any other value, such as a process id, or a sign that stands by itself.
    Value,
    Level,
    /// In brackets.
    Bracketed,
    /// A dash that stands by itself.
    Dash,
    /// Who speaks: a word with a colon after it.
    Speaker,
}

const LOOKS: [Look; 6] = [
    Look::Time,
    Look::Dash,
    Look::Value,
    Look::Level,
    Look::Bracketed,
    Look::Speaker,
];

/// How many bytes of each masked line stand before its message.
pub(super) fn lengths(messages: &[(String, u64)]) -> Vec<usize> {
    let columns: Vec<Vec<Column>> = messages.iter().map(|(text, _)| columns(text)).collect();
    let lines: u64 = messages.iter().map(|(_, count)| count).sum();
    let weights: Vec<u64> = messages.iter().map(|(_, count)| *count).collect();
    let share = |place: usize, look: Look| -> u64 {
        // A name of two words moves those after it by one.
        let more = usize::from(matches!(look, Look::Dash | Look::Speaker));
        let has = |columns: &&Vec<Column>| {
            let mut near = columns.iter().skip(place).take(1 + more);
            near.any(|column| column.has(look))
        };
        let with = columns.iter().zip(&weights).filter(|(columns, _)| has(columns));
        with.map(|(_, weight)| weight).sum()
    };
    let mut header: Vec<(usize, Look)> = Vec::new();
    for place in 0..MAX_COLUMNS {
        let is_near = header
            .last()
            .map_or(place == 0, |(last, _)| place - last <= MAX_GAP + 1);
        // Only a dash or a level right behind who speaks does not belong to what is said.
        let speaker = header.iter().find(|(_, look)| *look == Look::Speaker);
        if !is_near || speaker.is_some_and(|(speaker, _)| place > speaker + 1) {
            break;
        }
        let may_be = |look: &Look| speaker.is_none() || matches!(look, Look::Dash | Look::Level);
        let mut looks = LOOKS.into_iter().filter(may_be);
        let common = looks.find(|look| share(place, *look) * 100 >= lines * MOST);
        header.extend(common.map(|look| (place, look)));
    }
    let starts = columns.iter().map(|columns| start(columns, &header));
    starts.collect()
}

/// Where the message of a line begins, given the columns that lines of its log have.
fn start(columns: &[Column], header: &[(usize, Look)]) -> usize {
    let mut more = 0;
    let mut start = 0;
    for (place, look) in header {
        let has = |more: &usize| columns.get(place + more).is_some_and(|column| column.has(*look));
        let Some(found) = (more..=more + MAX_MORE).find(has) else {
            // Without it, what would have stood before it is left out all the same.
            return columns
                .get(place + more)
                .map_or(start, |column| column.start.max(start));
        };
        more = found;
        start = columns.get(place + more).map_or(start, |column| column.next);
    }
    start
}

/// A column of a line.
#[derive(Debug, Clone, Copy)]
struct Column {
    start: usize,
    /// Where the next one begins.
    next: usize,
    is_time: bool,
    is_value: bool,
    is_dash: bool,
    is_level: bool,
    is_bracketed: bool,
    is_speaker: bool,
}

impl Column {
    fn new(start: usize, word: &str, next: usize) -> Self {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let kind = kind(&super::token::wild(word));
        Self {
            start,
            next,
            is_time: word.contains("<ts>"),
            is_value: matches!(kind, Kind::Wild | Kind::Sign),
            is_dash: matches!(word, "-" | "--"),
            is_level: LEVELS.iter().any(|level| bare.eq_ignore_ascii_case(level)),
            is_bracketed: word.starts_with('['),
            is_speaker: word.ends_with(':'),
        }
    }

    fn has(&self, look: Look) -> bool {
        match look {
            Look::Time => self.is_time,
            Look::Value => self.is_value,
            Look::Dash => self.is_dash,
            Look::Level => self.is_level,
            Look::Bracketed => self.is_bracketed,
            Look::Speaker => self.is_speaker,
        }
    }
}

/// Names of levels, and their first letters.
const LEVELS: [&str; 34] = [
    "trace",
    "verbose",
    "debug",
    "dbg",
    "info",
    "inf",
    "information",
    "notice",
    "note",
    "log",
    "config",
    "fine",
    "finer",
    "finest",
    "warn",
    "warning",
    "wrn",
    "error",
    "err",
    "severe",
    "failure",
    "fatal",
    "critical",
    "crit",
    "alert",
    "emerg",
    "panic",
    "V",
    "D",
    "I",
    "N",
    "W",
    "E",
    "F",
];

/// The first columns of a masked line, which blanks and bars separate. What stands in brackets is one.
fn columns(text: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut start = 0;
    while columns.len() < MAX_COLUMNS + MAX_MORE {
        let rest = text.get(start..).unwrap_or_default();
        // A quoted string belongs to the message.
        if rest.is_empty() || rest.starts_with(['"', '{']) {
            break;
        }
        let bracket = if rest.starts_with('[') { closing(rest) } else { 0 };
        let tail = rest.get(bracket..).unwrap_or_default();
        let end = bracket + tail.find([' ', '|']).unwrap_or(tail.len());
        let word = rest.get(..end).unwrap_or_default();
        let after = rest.get(end..).unwrap_or_default();
        let next = start + end + (after.len() - after.trim_start_matches([' ', '|']).len());
        columns.push(Column::new(start, word, next));
        start = next;
    }
    columns
}

/// Where the bracket that a text begins with is closed; 0 if it is not.
fn closing(text: &str) -> usize {
    let mut depth = 0_u32;
    for (place, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return place + 1;
        }
    }
    0
}
