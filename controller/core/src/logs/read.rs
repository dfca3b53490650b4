//! From bytes to what is read of them: one line of UTF-8, without escape sequences, control characters and runs of
//! blanks, in which control characters stand for what is masked exactly.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::class::{is_separator, part, run};

/// Stands for the Pod's name.
pub(super) const POD: u8 = 1;
/// Stands for the namespace's name.
pub(super) const NAMESPACE: u8 = 2;
/// Stands for a word that is too long to be one.
pub(super) const LONG: u8 = 3;

/// Longer lines are cut; no container runtime and no worker keeps as much of one.
const MAX_LINE: usize = 2 * 1024 * 1024;

/// A word of more bytes is a value, whatever it looks like.
const MAX_WORD: usize = 256;

/// Reads lines into a buffer of its own, if they cannot be read as they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader {
    names: Vec<(Finder<'static>, u8)>,
    text: Vec<u8>,
    spare: Vec<u8>,
}

impl Reader {
    /// Masks these names, the first before the others.
    pub(super) fn new(names: &[(&str, u8)]) -> Self {
        let known = names.iter().filter(|(name, _)| !name.is_empty());
        Self {
            names: known
                .map(|(name, mark)| (Finder::new(name).into_owned(), *mark))
                .collect(),
            ..Self::default()
        }
    }

    /// What is read of a line, without blanks around it.
    pub(super) fn read<'a>(&'a mut self, line: &'a [u8]) -> &'a [u8] {
        let line = line.get(..MAX_LINE).unwrap_or(line);
        let (is_odd, is_padded) = look(line);
        let mut is_line = !is_odd && !is_padded;
        if !is_line {
            self.text.clear();
            if is_odd {
                clean(line, &mut self.text);
            } else {
                squeeze(line, &mut self.text);
            }
        }
        for (name, mark) in &self.names {
            let text = if is_line { line } else { &self.text };
            if name.find(text).is_some() {
                self.spare.clear();
                replace(text, name, *mark, &mut self.spare);
                std::mem::swap(&mut self.text, &mut self.spare);
                is_line = false;
            }
        }
        let text = if is_line { line } else { &self.text };
        if text.len() > MAX_WORD && has_long_word(text) {
            self.spare.clear();
            shorten(text, &mut self.spare);
            std::mem::swap(&mut self.text, &mut self.spare);
            is_line = false;
        }
        if is_line { line } else { &self.text }.trim_ascii()
    }
}

/// Whether a line has bytes other than printable ASCII, and runs of blanks. Without branches, so that it is done for
/// many bytes at once.
fn look(line: &[u8]) -> (bool, bool) {
    let odd = line
        .iter()
        .fold(0, |odd, byte| odd | u8::from(byte.wrapping_sub(b' ') > b'~' - b' '));
    // Two bytes of printable ASCII make a blank together only if both are blanks.
    let next = line.get(1..).unwrap_or_default();
    let runs = line
        .iter()
        .zip(next)
        .fold(0, |runs, (a, b)| runs | u8::from((*a | *b) == b' '));
    (odd > 0, runs > 0)
}

static BLANKS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"  "));

/// Makes one of each run of blanks.
fn squeeze(line: &[u8], text: &mut Vec<u8>) {
    let mut copied = 0;
    for found in BLANKS.find_iter(line) {
        if found >= copied {
            text.extend_from_slice(part(line, copied, found + 1));
            copied = run(line, found, |byte| byte == b' ');
        }
    }
    text.extend_from_slice(part(line, copied, line.len()));
}

/// The line as people read it.
pub(super) fn readable(line: &[u8]) -> String {
    let mut text = Vec::new();
    clean_with(line, char::REPLACEMENT_CHARACTER, &mut text);
    String::from_utf8_lossy(text.trim_ascii()).into_owned()
}

/// What is no text becomes a digit: it stands in a value, and a value with a digit is masked.
fn clean(line: &[u8], text: &mut Vec<u8>) {
    clean_with(line, '0', text);
}

fn clean_with(line: &[u8], broken: char, text: &mut Vec<u8>) {
    // The marks of byte order of UTF-16, whose ASCII characters are those of UTF-8 with a NUL.
    let line = line
        .strip_prefix(&[0xff, 0xfe])
        .or_else(|| line.strip_prefix(&[0xfe, 0xff]))
        .unwrap_or(line);
    let mut state = State::Text;
    for chunk in line.utf8_chunks() {
        for c in chunk.valid().chars() {
            state = state.next(c, broken, text);
        }
        if !chunk.invalid().is_empty() && state == State::Text {
            push(broken, text);
        }
    }
}

/// Where in an escape sequence a character is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// After ESC.
    Escape,
    /// ESC and `[`: ends with a letter or another sign of that range.
    Control,
    /// ESC and `]`, such as a window's title or a link: ends with BEL or ESC and a backslash.
    Command,
}

impl State {
    fn next(self, c: char, broken: char, text: &mut Vec<u8>) -> Self {
        match (self, c) {
            (Self::Text | Self::Command, '\u{1b}') => return Self::Escape,
            (Self::Text, ' ' | '\t') => blank(text),
            (Self::Text, char::REPLACEMENT_CHARACTER) => push(broken, text),
            (Self::Text, '\u{feff}') => {}
            (Self::Text, _) if c.is_control() => {}
            (Self::Text, _) if c.is_whitespace() => blank(text),
            (Self::Text, _) => push(c, text),
            (Self::Escape, '[') => return Self::Control,
            (Self::Escape, ']') => return Self::Command,
            (Self::Escape, _) | (Self::Control, '@'..='~') | (Self::Command, '\u{7}') => return Self::Text,
            (Self::Control | Self::Command, _) => {}
        }
        self
    }
}

fn push(c: char, text: &mut Vec<u8>) {
    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn blank(text: &mut Vec<u8>) {
    if text.last() != Some(&b' ') {
        text.push(b' ');
    }
}

fn replace(text: &[u8], name: &Finder<'_>, mark: u8, out: &mut Vec<u8>) {
    let mut copied = 0;
    for found in name.find_iter(text) {
        out.extend_from_slice(text.get(copied..found).unwrap_or_default());
        out.push(mark);
        copied = found + name.needle().len();
    }
    out.extend_from_slice(text.get(copied..).unwrap_or_default());
}

fn has_long_word(text: &[u8]) -> bool {
    text.split(|byte| is_separator(*byte)).any(|word| word.len() > MAX_WORD)
}

/// Long numbers are short ones, other long words are masked.
fn shorten(text: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < text.len() {
        let end = run(text, at, |byte| !is_separator(byte));
        let word = text.get(at..end).unwrap_or_default();
        if word.len() <= MAX_WORD {
            out.extend_from_slice(word);
        } else if word.iter().all(u8::is_ascii_digit) {
            out.push(b'0');
        } else {
            out.push(LONG);
        }
        let next = run(text, end, is_separator);
        out.extend_from_slice(text.get(end..next).unwrap_or_default());
        at = next;
    }
}
