//! The pass over a text: what varies is replaced, everything else is copied in as few pieces as possible.

use super::class::{at, before, is_alnum, is_separator, part, run, run_back};
use super::fields::{self, Field};
use super::keys::{is_message, is_request, key_before};
use super::read::{LONG, NAMESPACE, POD};
use super::severity::{self, Severity};
use super::value;

/// A quoted string that is longer, masked, is a value; section 7.2 of the design.
const MAX_QUOTED: usize = 40;

/// Objects in one line that turn out not to be any.
const MAX_TRIES: u32 = 8;

/// How a byte is met by the pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    Copied,
    Digit,
    Quote,
    Brace,
    Mark,
}

#[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
static MET: [Met; 256] = {
    let mut table = [Met::Copied; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = match byte {
            b'0'..=b'9' => Met::Digit,
            b'"' | b'\'' => Met::Quote,
            b'{' => Met::Brace,
            POD | NAMESPACE | LONG => Met::Mark,
            _ => Met::Copied,
        };
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    table
};

/// What is masked so far.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    text: &'a [u8],
    out: &'a mut Vec<u8>,
    fields: &'a mut Vec<Field>,
    /// What was copied or replaced of the text.
    copied: usize,
    /// The last placeholder and where it ends in the output.
    last: (&'static str, usize),
    tries: u32,
    depth: u32,
}

impl<'a> Pass<'a> {
    /// Of a text, into an empty output.
    pub(super) fn new(text: &'a [u8], out: &'a mut Vec<u8>, fields: &'a mut Vec<Field>) -> Self {
        Self {
            text,
            out,
            fields,
            copied: 0,
            last: ("", 0),
            tries: 0,
            depth: 0,
        }
    }

    /// Masks from one place on and before another. What stands before is context.
    pub(super) fn mask(&mut self, from: usize, to: usize) {
        self.copied = from;
        let mut place = from;
        // Where a quoted string ends, and where in the output it begins if it is long.
        let mut quoted: Option<(usize, Option<usize>)> = None;
        // Quotes that nothing closes: looked for once, whatever their number.
        let mut is_unclosed = [false; 2];
        loop {
            let rest = part(self.text, place, to);
            let Some(next) = rest.iter().position(|byte| met(*byte) != Met::Copied) else {
                break;
            };
            place += next;
            let byte = at(self.text, place);
            place = match met(byte) {
                Met::Digit => value::mask(self, place).clamp(place + 1, to),
                Met::Mark => self.replace(place, place + 1, mark(byte)),
                Met::Brace => self.object(place, to).unwrap_or(place + 1),
                Met::Quote if quoted.is_some_and(|(end, _)| place >= end) => {
                    let opened = quoted.take().and_then(|(_, opened)| opened);
                    self.close(place, opened);
                    place + 1
                }
                Met::Quote => {
                    let slot = is_unclosed.get_mut(usize::from(byte == b'"'));
                    if quoted.is_none()
                        && let Some(slot) = slot.filter(|slot| !**slot)
                        && self.is_opening(place)
                    {
                        match closing(self.text, place, to) {
                            Some(end) => quoted = Some((end, self.open(place, end))),
                            None => *slot = true,
                        }
                    }
                    place + 1
                }
                Met::Copied => place + 1,
            };
        }
        self.copy(to);
    }

    /// The text.
    pub(super) fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Before which nothing may be replaced any more.
    pub(super) fn floor(&self) -> usize {
        self.copied
    }

    /// Puts a placeholder in the place of a part of the text; where to go on.
    pub(super) fn replace(&mut self, from: usize, to: usize, placeholder: &'static str) -> usize {
        self.copy(from);
        let (last, end) = self.last;
        // A list of values of one kind has no fixed length.
        let gap = self.out.get(end..).unwrap_or_default();
        let is_list = matches!(
            gap,
            [] | [b' ' | b',' | b'.' | b':' | b';' | b'/' | b'_' | b'-' | b'@'] | [b',' | b';', b' '] | [b' ', b'@']
        );
        let is_repeated = is_list && last == placeholder;
        if is_repeated {
            self.out.truncate(end);
        } else {
            self.out.extend_from_slice(placeholder.as_bytes());
            self.last = (placeholder, self.out.len());
        }
        self.copied = to;
        to
    }

    /// Copies the text up to a place.
    fn copy(&mut self, to: usize) {
        if to > self.copied {
            self.out.extend_from_slice(part(self.text, self.copied, to));
            self.copied = to;
        }
    }

    /// Not an apostrophe, nor a quote within a quoted string.
    fn is_opening(&self, place: usize) -> bool {
        let previous = before(self.text, place);
        let is_start = at(self.text, place) == b'"' || is_separator(previous) || previous == b':';
        previous != b'\\' && is_start
    }

    /// Where in the output a quoted string begins, if it is long and no message.
    fn open(&mut self, place: usize, end: usize) -> Option<usize> {
        if end - place <= MAX_QUOTED + 1 || is_request(part(self.text, place + 1, end)) {
            return None;
        }
        let (key, is_given) = key_before(self.text, place);
        if is_given && is_message(key) {
            return None;
        }
        self.copy(place + 1);
        Some(self.out.len())
    }

    /// A long quoted string is a value, unless it complains.
    fn close(&mut self, place: usize, opened: Option<usize>) {
        let Some(opened) = opened else { return };
        self.copy(place);
        let string = self.out.get(opened..).unwrap_or_default();
        if string.len() > MAX_QUOTED && severity::of_words(&String::from_utf8_lossy(string)) == Severity::Plain {
            self.out.truncate(opened);
            self.last = ("", 0);
            self.replace(place, place, "<str>");
        }
    }

    /// Masks a JSON object that begins here, by field and in the order of the fields' names; where it ends.
    fn object(&mut self, place: usize, to: usize) -> Option<usize> {
        let inner = run(self.text, place + 1, |byte| byte == b' ');
        if at(self.text, inner) != b'"' || self.tries >= MAX_TRIES || self.depth >= fields::MAX_DEPTH {
            return None;
        }
        let first = self.fields.len();
        let Some(end) = fields::object(self.text, place, to, self.fields) else {
            self.fields.truncate(first);
            self.tries += 1;
            return None;
        };
        self.copy(place);
        self.out.push(b'{');
        self.depth += 1;
        self.emit(first, b',', b':');
        self.depth -= 1;
        self.out.push(b'}');
        self.copied = end;
        Some(end)
    }

    /// Masks the fields from one on, in the order of their names.
    pub(super) fn emit(&mut self, first: usize, between: u8, given: u8) {
        let text = self.text;
        if let Some(fields) = self.fields.get_mut(first..) {
            fields.sort_by_key(|field| part(text, field.key.start, field.key.end));
        }
        let last = self.fields.len();
        for number in first..last {
            let Some(Field { key, value }) = self.fields.get(number).cloned() else {
                break;
            };
            if number > first {
                self.out.push(between);
            }
            self.out.extend_from_slice(part(text, key.start, key.end));
            self.out.push(given);
            self.last = ("", 0);
            let name = part(text, key.start, key.end);
            let name = name
                .strip_prefix(b"\"")
                .and_then(|name| name.strip_suffix(b"\""))
                .unwrap_or(name);
            if fields::is_time(name, part(text, value.start, value.end)) {
                self.out.extend_from_slice(b"<ts>");
                self.copied = value.end;
            } else {
                self.mask(value.start, value.end);
            }
        }
        self.fields.truncate(first);
    }
}

/// Where the quoted string that begins at a place ends.
pub(super) fn closing(text: &[u8], open: usize, to: usize) -> Option<usize> {
    let quote = at(text, open);
    let mut place = open + 1;
    loop {
        place += memchr::memchr(quote, part(text, place, to))?;
        let slashes = place - run_back(text, open + 1, place, |byte| byte == b'\\');
        let is_apostrophe = quote == b'\'' && is_alnum(at(text, place + 1)) && place + 1 < to;
        if slashes.is_multiple_of(2) && !is_apostrophe {
            return Some(place);
        }
        place += 1;
    }
}

fn met(byte: u8) -> Met {
    MET.get(usize::from(byte)).copied().unwrap_or(Met::Copied)
}

fn mark(byte: u8) -> &'static str {
    match byte {
        POD => "<pod>",
        NAMESPACE => "<namespace>",
        _ => "<long>",
    }
}
